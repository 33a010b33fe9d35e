package stackhand

import "time"

// Identity is who a credential is in a cloud, and what it may do there.
type Identity struct {
	UserID    string    `json:"user_id"`
	User      string    `json:"user"`
	ProjectID string    `json:"project_id"`
	Project   string    `json:"project"`
	Region    string    `json:"region,omitempty"`
	Roles     []string  `json:"roles,omitempty"`
	Expires   time.Time `json:"expires,omitzero"` // of the token
}

// Project is a project (tenant) of a cloud.
type Project struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Login is what somebody proves who they are with, in the words of clouds.yaml. It holds
// secrets: it is never logged, and stored only sealed.
type Login struct {
	AuthType      string `json:"auth_type,omitempty"` // password, token, v3applicationcredential; "" is guessed from the rest
	AppCredID     string `json:"application_credential_id,omitempty"`
	AppCredSecret string `json:"application_credential_secret,omitempty"`
	Username      string `json:"username,omitempty"`
	Password      string `json:"password,omitempty"`
	Token         string `json:"token,omitempty"`
	ProjectName   string `json:"project_name,omitempty"`
	ProjectID     string `json:"project_id,omitempty"`
	UserDomain    string `json:"user_domain_name,omitempty"`
	ProjectDomain string `json:"project_domain_name,omitempty"`
}

// String hides everything: a Login must not get into a log by accident.
func (Login) String() string { return "[login]" }

// GoString is String, for %#v.
func (Login) GoString() string { return "[login]" }

// Server is a server as Nova tells it, its flavor and image named where the cloud does.
type Server struct {
	ID         string
	Name       string
	Status     string // ACTIVE, BUILD, ERROR, SHUTOFF …
	Task       string // OS-EXT-STS:task_state
	Fault      string // Nova's words on why it is in ERROR
	FlavorID   string // "" where the cloud gives the flavor's name only
	Flavor     string
	ImageID    string
	Image      string
	KeyName    string
	Zone       string
	UserID     string
	ProjectID  string
	Addresses  []Address
	Metadata   map[string]string
	Groups     []string // names of its security groups
	Created    time.Time
	Updated    time.Time
	Progress   int
	LaunchedAt time.Time
}

// Address is one address of a server.
type Address struct {
	Network  string
	IP       string
	Version  int
	MAC      string
	Floating bool
}

// ServerAction is one entry of Nova's own record of what was done to a server.
type ServerAction struct {
	Action    string // create, reboot, stop …
	RequestID string
	UserID    string
	Start     time.Time
	Message   string // "Error" when it went wrong
}

// ServerSpec is what CreateServer takes.
type ServerSpec struct {
	Name      string
	ImageID   string
	FlavorID  string
	Ports     []string // ids
	KeyName   string
	Metadata  map[string]string
	UserData  []byte
	Zone      string
	ConfigDrv bool
}

// Flavor is a size of server. RAM in MiB, Disk in GiB.
type Flavor struct {
	ID    string
	Name  string
	VCPUs int
	RAM   int
	Disk  int
}

// Image is an image. Size in bytes, MinDisk in GiB, MinRAM in MiB.
type Image struct {
	ID         string
	Name       string
	Status     string
	Size       int64
	MinDisk    int
	MinRAM     int
	Visibility string
	Owner      string
	Properties map[string]string // os_distro, os_version, os_admin_user … as far as set
	Created    time.Time
}

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
	ProjectID   string
}

// SubnetSpec is what CreateSubnet takes; IPv4, with DHCP.
type SubnetSpec struct {
	Name        string
	Description string
	NetworkID   string
	CIDR        string
	DNS         []string
}

// Router is a Neutron router; External is the network of its gateway, "" without one.
type Router struct {
	ID          string
	Name        string
	Description string
	External    string
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
	IPs         []FixedIP
	Groups      []string
}

// FixedIP is an address of a port.
type FixedIP struct{ SubnetID, IP string }

// PortSpec is what CreatePort takes.
type PortSpec struct {
	Name        string
	Description string
	NetworkID   string
	FixedIP     string   // "" for any
	Groups      []string // nil: the project's default group
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
	ProjectID   string
}

// KeyPair is a public key that Nova puts into servers. It belongs to a user, not a project.
type KeyPair struct {
	Name        string
	Fingerprint string
	PublicKey   string
	Type        string
}

// Limit is how much of something is used; Max is -1 where there is no limit.
type Limit struct{ Used, Max int }

// Room tells whether n more fit.
func (l Limit) Room(n int) bool { return l.Max < 0 || l.Used+n <= l.Max }

// Limits are a project's quotas. RAM in MiB. Those that the cloud does not tell have Max -1.
type Limits struct {
	Servers, Cores, RAM, KeyPairs                                        Limit
	Networks, Subnets, Routers, Ports, Groups, GroupRules, FloatingIPs   Limit
	MaxMetadata, MaxPersonality, MaxPersonalityBytes, MaxPersonalityPath int
}
