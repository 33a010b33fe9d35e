package stackhand

import (
	"slices"
	"time"
)

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
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Domain      string `json:"domain,omitempty"` // id
	Disabled    bool   `json:"disabled,omitempty"`
}

// Scope is where in a cloud somebody works. The zero Scope is what they chose last; with a project and no region
// it is the cloud's usual region, and with a region alone the project that they chose.
type Scope struct {
	ProjectID string `json:"project_id,omitempty"`
	Region    string `json:"region,omitempty"`
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
	// The domains' ids, instead of their names.
	UserDomainID    string `json:"user_domain_id,omitempty"`
	ProjectDomainID string `json:"project_domain_id,omitempty"`
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
	Fault      string // why it is in ERROR, in plain sentences
	FaultNext  string // what to do about that; "" where nothing is known
	FaultSaid  string // Nova's own words, where Fault is in others
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
	Volumes    []string // ids of the volumes that are attached to it
	AccessIPv4 string
	AccessIPv6 string
	Locked     bool
	Host       string // the hypervisor, where the cloud tells: administrators only
	Created    time.Time
	Updated    time.Time
	Progress   int
	LaunchedAt time.Time
}

// Runs tells whether a server runs, or somebody is just starting it. One in ERROR does not count: it may have come there by itself.
func (s Server) Runs() bool {
	switch s.Status {
	case "SHUTOFF", "PAUSED", "SUSPENDED", "SHELVED", "SHELVED_OFFLOADED":
		return slices.Contains(risingTasks, s.Task)
	case "ERROR", "DELETED", "SOFT_DELETED", "UNKNOWN", "":
		return false
	}
	return true
}

// risingTasks are what Nova does on the way to ACTIVE.
var risingTasks = []string{"powering-on", "unpausing", "resuming", "unshelving", "scheduling", "networking", "block_device_mapping", "spawning", "reboot_started_hard", "rebooting_hard"}

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
	// BootVolume is the id of the volume that it boots from; ImageID is "" then.
	BootVolume string
	// Groups are names of security groups, and Networks ids of networks, for clouds whose servers have no ports of
	// Neutron: see Features.Network.
	Groups   []string
	Networks []string
	// Files are put into it by Nova itself, by path: a cloud with Features.Personality only.
	Files map[string][]byte
	// TellPassword is told the password of the administrator that Nova chose, where it chose one; nil: nobody wants to know.
	TellPassword func(password string) `json:"-"`
}

// Features tells what a cloud can do. Which ones there are is found out once for a session.
type Features struct {
	Network     bool   // Neutron; without it Nova's own networks, security groups and floating IPs
	Volumes     bool   // Cinder
	Images      bool   // Glance v2; without it Nova's own /images
	Users       bool   // Keystone v3: domains, groups, application credentials
	Personality bool   // Nova takes files at creation (microversions before 2.57)
	Tags        bool   // descriptions on network resources, so that they can carry a mark
	Compute     string // the microversion in use; "" for a Nova that knows none
}

// ServerChange is what UpdateServer changes; nil leaves a thing as it is, "" empties an address.
type ServerChange struct {
	Name       *string `json:"name,omitempty"`
	AccessIPv4 *string `json:"access_ipv4,omitempty"`
	AccessIPv6 *string `json:"access_ipv6,omitempty"`
}

// RebuildSpec is what RebuildServer takes. Metadata nil leaves it as it is.
type RebuildSpec struct {
	ImageID  string
	Name     string // "" leaves it
	Password string // "" lets the cloud make one
	Metadata map[string]string
	UserData []byte // needs microversion 2.57; nil leaves it
	Files    map[string][]byte
	// TellPassword is told the password that Nova chose where Password is ""; nil: nobody wants to know.
	TellPassword func(password string) `json:"-"`
}

// ImageChange is what UpdateImage changes; nil and "" leave a thing as it is.
type ImageChange struct {
	Name       string            `json:"name,omitempty"`
	Visibility string            `json:"visibility,omitempty"` // private, shared, community, public
	Protected  *bool             `json:"protected,omitempty"`
	MinDisk    *int              `json:"min_disk,omitempty"` // GiB
	MinRAM     *int              `json:"min_ram,omitempty"`  // MiB
	Set        map[string]string `json:"set,omitempty"`
	Unset      []string          `json:"unset,omitempty"` // what is not there is no error
}

// Hypervisor is a compute host. RAM in MiB, Disk in GiB; -1 where the cloud does not tell.
type Hypervisor struct {
	ID        string
	Name      string
	State     string // up, down
	Status    string // enabled, disabled
	Type      string
	Host      string // its address
	VCPUs     Limit
	RAM, Disk Limit
	Servers   int
}

// CloudUser is a user of the cloud, as its identity service tells.
type CloudUser struct {
	ID      string
	Name    string
	Email   string
	Domain  string // id
	Enabled bool
	Groups  []string // names; as far as the asker may read them
}

// ServerUsage is how long a server was there within a period: Nova's os-simple-tenant-usage.
type ServerUsage struct {
	ServerID  string
	ProjectID string
	Name      string
	Flavor    string
	VCPUs     int
	RAM       int // MiB
	Disk      int // GiB
	State     string
	Started   time.Time
	Ended     time.Time // zero: still there
	Hours     float64   // within the period
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
	Format     string // of the disk: qcow2, raw …
	Protected  bool
	Updated    time.Time
	Properties map[string]string // os_distro, os_version, os_admin_user … as far as set
	Created    time.Time
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
	Volumes, VolumeGB, Snapshots                                         Limit // Max -1 without Cinder
	MaxMetadata, MaxPersonality, MaxPersonalityBytes, MaxPersonalityPath int
}
