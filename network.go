package stackhand

// Network is a Neutron network.
type Network struct {
	ID          string
	Name        string
	Description string
	Status      string
	External    bool
	Shared      bool
	ProjectID   string
	Subnets     []string
}

// Subnet is a Neutron subnet.
type Subnet struct {
	ID          string
	Name        string
	Description string
	NetworkID   string
	CIDR        string
	Gateway     string
	Version     int // 4 or 6
	DHCP        bool
	DNS         []string
	Pools       []string // "10.0.0.10-10.0.0.99"
	ProjectID   string
}

// SubnetSpec is what CreateSubnet takes; with DHCP unless it says otherwise.
type SubnetSpec struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	NetworkID   string   `json:"network_id"`
	CIDR        string   `json:"cidr"`
	Gateway     string   `json:"gateway,omitempty"` // "" lets Neutron take the first address; "none" is without
	NoDHCP      bool     `json:"no_dhcp,omitempty"`
	DNS         []string `json:"dns,omitempty"`
	Pools       []string `json:"pools,omitempty"` // "10.0.0.10-10.0.0.99"
}

// Router is a Neutron router; External is the network of its gateway, "" without one.
type Router struct {
	ID          string
	Name        string
	Description string
	External    string
	Status      string
	ProjectID   string
}

// Port is a Neutron port.
type Port struct {
	ID          string
	Name        string
	Description string
	NetworkID   string
	Status      string
	DeviceID    string
	DeviceOwner string
	ProjectID   string
	MAC         string
	IPs         []FixedIP
	Groups      []string
}

// FixedIP is an address of a port.
type FixedIP struct{ SubnetID, IP string }

// PortSpec is what CreatePort takes.
type PortSpec struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	NetworkID   string   `json:"network_id"`
	FixedIP     string   `json:"fixed_ip,omitempty"` // "" for any
	Groups      []string `json:"groups,omitempty"`   // nil: the project's default group
}

// PortFilter picks ports; empty fields pick all.
type PortFilter struct{ DeviceID, NetworkID, Name string }

// SecurityGroup is a Neutron security group with its rules.
type SecurityGroup struct {
	ID          string
	Name        string
	Description string
	ProjectID   string
	Rules       []Rule
}

// Rule is a rule of a security group. Ports are 0 where any will do.
type Rule struct {
	ID        string
	Direction string // ingress, egress
	Protocol  string // tcp, udp, icmp, "" for any
	PortMin   int
	PortMax   int
	EtherType string // IPv4, IPv6
	RemoteIP  string

	RemoteGroup string // id of the group whose servers alone it admits; "" for anybody's
}

// FloatingIP is a floating IP; PortID is "" while it serves nobody.
type FloatingIP struct {
	ID          string
	IP          string
	Description string
	Status      string
	NetworkID   string // the external network
	PortID      string
	FixedIP     string
	ServerID    string // where the cloud has no ports of Neutron
	ProjectID   string
}
