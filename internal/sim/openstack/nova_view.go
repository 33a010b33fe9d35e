package openstack

import (
	"maps"
	"strings"
)

// serverView is a server as Nova shows it. Fields of later microversions are pointers, left
// out before: a list of a thousand is encoded often, so it is a struct and no map.
type serverView struct {
	ID          string                `json:"id"`
	Name        string                `json:"name"`
	Status      string                `json:"status"`
	TenantID    string                `json:"tenant_id"`
	UserID      string                `json:"user_id"`
	Metadata    map[string]string     `json:"metadata"`
	HostID      string                `json:"hostId"`
	Image       any                   `json:"image"`
	Flavor      any                   `json:"flavor"`
	Created     string                `json:"created"`
	Updated     string                `json:"updated"`
	Addresses   map[string][]addrView `json:"addresses"`
	AccessV4    string                `json:"accessIPv4"`
	AccessV6    string                `json:"accessIPv6"`
	Links       []link                `json:"links"`
	DiskConfig  string                `json:"OS-DCF:diskConfig"`
	Progress    *int                  `json:"progress,omitempty"`
	Zone        string                `json:"OS-EXT-AZ:availability_zone"`
	ConfigDrive string                `json:"config_drive"`
	KeyName     *string               `json:"key_name"`
	Launched    *string               `json:"OS-SRV-USG:launched_at"`
	Terminated  *string               `json:"OS-SRV-USG:terminated_at"`
	Task        *string               `json:"OS-EXT-STS:task_state"`
	VM          string                `json:"OS-EXT-STS:vm_state"`
	Power       int                   `json:"OS-EXT-STS:power_state"`
	Volumes     []diskView            `json:"os-extended-volumes:volumes_attached"`
	Groups      []nameView            `json:"security_groups,omitempty"`
	Fault       *faultView            `json:"fault,omitempty"`
	Locked      *bool                 `json:"locked,omitempty"`
	LockedWhy   **string              `json:"locked_reason,omitempty"`
	Description **string              `json:"description,omitempty"`
	Tags        *[]string             `json:"tags,omitempty"`
	Trusted     **string              `json:"trusted_image_certificates,omitempty"`
	Siblings    *[]string             `json:"server_groups,omitempty"`
	PinnedZone  **string              `json:"pinned_availability_zone,omitempty"`
	Hostname    string                `json:"OS-EXT-SRV-ATTR:hostname,omitempty"`
	HostStatus  string                `json:"host_status,omitempty"`
	*adminView
}

// adminView is what only administrators get to see of a server.
type adminView struct {
	Host        *string  `json:"OS-EXT-SRV-ATTR:host"`
	Instance    string   `json:"OS-EXT-SRV-ATTR:instance_name"`
	Hypervisor  *string  `json:"OS-EXT-SRV-ATTR:hypervisor_hostname"`
	Reservation string   `json:"OS-EXT-SRV-ATTR:reservation_id,omitempty"`
	LaunchIndex *int     `json:"OS-EXT-SRV-ATTR:launch_index,omitempty"`
	RootDevice  string   `json:"OS-EXT-SRV-ATTR:root_device_name,omitempty"`
	Kernel      *string  `json:"OS-EXT-SRV-ATTR:kernel_id,omitempty"`
	Ramdisk     *string  `json:"OS-EXT-SRV-ATTR:ramdisk_id,omitempty"`
	UserData    **string `json:"OS-EXT-SRV-ATTR:user_data,omitempty"`
}

// reference is how Nova names something that it does not show.
type reference struct {
	ID    string `json:"id"`
	Links []link `json:"links"`
}

type addrView struct {
	Version int    `json:"version"`
	Addr    string `json:"addr"`
	Type    string `json:"OS-EXT-IPS:type"`
	MAC     string `json:"OS-EXT-IPS-MAC:mac_addr"`
}

type nameView struct {
	Name string `json:"name"`
}

type faultView struct {
	Code    int    `json:"code"`
	Created string `json:"created"`
	Message string `json:"message"`
}

func (c *Cloud) serverView(q *call, s *server) serverView {
	v := serverView{
		ID: s.id, Name: s.name, Status: s.status(), TenantID: s.tenant.id, UserID: s.user.id, Metadata: s.metadata,
		Created: stamp(s.created), Updated: stamp(s.updated), Addresses: c.addresses(s), AccessV4: s.accessV4, AccessV6: s.accessV6,
		Links: q.links("servers", s.id), DiskConfig: s.diskConfig, Zone: s.zone, VM: s.vm, Power: s.power,
		Task: textOrNil(s.task), KeyName: textOrNil(s.keyName), Volumes: s.diskViews(q), Groups: c.groupNames(s),
		Flavor: s.flavor.ofServer(q), Image: "",
	}
	if s.imageID != "" {
		v.Image = reference{s.imageID, q.links("images", s.imageID)[1:]}
	}
	if s.host != "" {
		v.HostID = s.hostID()
	}
	if s.vm == "shelved_offloaded" {
		v.Zone = ""
	}
	if s.configDrive {
		v.ConfigDrive = "True"
	}
	if !s.launched.IsZero() {
		v.Launched = textOrNil(micro(s.launched))
	}
	if !s.terminated.IsZero() {
		v.Terminated = textOrNil(micro(s.terminated))
	}
	if s.vm == "active" || s.vm == "building" || s.vm == "resized" {
		progress := 0
		v.Progress = &progress
	}
	if s.fault != nil && (s.vm == "error" || s.vm == "deleted") {
		v.Fault = &faultView{s.fault.code, stamp(s.fault.created), s.fault.message}
	}
	s.addLater(q, &v)
	if q.tok.admin() {
		v.adminView = s.adminView(q)
	}
	return v
}

// hostID is an opaque name of the host, another one for each project.
func (s *server) hostID() string { return strings.Repeat(s.tenant.id, 2)[:56] }

// addLater adds what microversions brought after 2.1.
func (s *server) addLater(q *call, v *serverView) {
	if q.minor >= 9 {
		locked := s.locked != ""
		v.Locked = &locked
	}
	if q.minor >= 19 {
		d := textOrNil(s.description)
		v.Description = &d
	}
	if q.minor >= 26 {
		tags := append([]string{}, s.tags...)
		v.Tags = &tags
	}
	if q.minor >= 63 {
		var none *string
		v.Trusted = &none
	}
	if q.minor >= 71 {
		v.Siblings = &[]string{}
	}
	if q.minor >= 73 {
		why := textOrNil(s.lockedWhy)
		v.LockedWhy = &why
	}
	if q.minor >= 96 {
		zone := textOrNil(s.pinned)
		v.PinnedZone = &zone
	}
	if q.minor >= 90 || q.minor >= 3 && q.tok.admin() {
		v.Hostname = hostOf(s.name)
	}
	if q.minor >= 16 && q.tok.admin() && s.host != "" {
		v.HostStatus = "UP"
	}
}

func (s *server) adminView(q *call) *adminView {
	v := &adminView{Instance: "instance-" + s.id[:8], Host: textOrNil(s.host), Hypervisor: textOrNil(s.host)}
	if q.minor >= 3 {
		v.Reservation, v.LaunchIndex, v.RootDevice = s.reservation, &s.launchIndex, "/dev/vda"
		data, none := textOrNil(s.userData), ""
		v.UserData, v.Kernel, v.Ramdisk = &data, &none, &none
	}
	return v
}

// hostOf is the host name that Nova makes of a server's name.
func hostOf(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ', r == '_':
			return '-'
		}
		return -1
	}, name), "-.")
}

func textOrNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// addresses of a server by network, floating ones included.
func (c *Cloud) addresses(s *server) map[string][]addrView {
	out := map[string][]addrView{}
	for _, p := range s.ports {
		for _, f := range p.ips {
			v := addrView{Version: f.subnet.version(), Addr: f.addr.String(), Type: "fixed", MAC: p.mac}
			out[p.net.name] = append(out[p.net.name], v)
		}
		for _, f := range p.floating {
			out[p.net.name] = append(out[p.net.name], addrView{Version: 4, Addr: f.addr.String(), Type: "floating", MAC: p.mac})
		}
	}
	return out
}

// groupNames are the security groups of the server's ports.
func (c *Cloud) groupNames(s *server) []nameView {
	if len(s.ports) == 0 {
		var out []nameView
		for _, name := range s.groups {
			out = append(out, nameView{name})
		}
		return out
	}
	var out []nameView
	seen := map[*group]bool{}
	for _, p := range s.ports {
		for _, g := range p.groups {
			if !seen[g] {
				seen[g] = true
				out = append(out, nameView{g.name})
			}
		}
	}
	return out
}

// brief is a server in the short list.
func (s *server) brief(q *call) object {
	return object{"id": s.id, "name": s.name, "links": q.links("servers", s.id)}
}

// metadataView is a copy that may be encoded later.
func (s *server) metadataView() object { return object{"metadata": maps.Clone(s.metadata)} }
