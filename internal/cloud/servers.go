package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// wireServer is a server as Nova tells it: https://docs.openstack.org/api-ref/compute/
type wireServer struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Status   string            `json:"status"`
	Task     string            `json:"OS-EXT-STS:task_state"`
	Zone     string            `json:"OS-EXT-AZ:availability_zone"`
	Launched wireTime          `json:"OS-SRV-USG:launched_at"`
	UserID   string            `json:"user_id"`
	Project  string            `json:"tenant_id"`
	KeyName  string            `json:"key_name"`
	Progress int               `json:"progress"`
	Created  wireTime          `json:"created"`
	Updated  wireTime          `json:"updated"`
	Image    json.RawMessage   `json:"image"` // {"id": …}, or "" where the server boots from a volume
	Flavor   flavorRef         `json:"flavor"`
	Metadata map[string]string `json:"metadata"`
	Fault    struct {
		Message string `json:"message"`
	} `json:"fault"`
	Groups []struct {
		Name string `json:"name"`
	} `json:"security_groups"`
	Volumes []struct {
		ID string `json:"id"`
	} `json:"os-extended-volumes:volumes_attached"`
	AccessIPv4 string                   `json:"accessIPv4"`
	AccessIPv6 string                   `json:"accessIPv6"`
	Locked     bool                     `json:"locked"`
	Host       string                   `json:"OS-EXT-SRV-ATTR:hypervisor_hostname"` // administrators only
	Addresses  map[string][]wireAddress `json:"addresses"`
}

type wireAddress struct {
	IP      string `json:"addr"`
	Version int    `json:"version"`
	MAC     string `json:"OS-EXT-IPS-MAC:mac_addr"`
	Type    string `json:"OS-EXT-IPS:type"`
}

// flavorRef is {"id": …} before microversion 2.47 and {"original_name": …} from there on.
type flavorRef struct {
	ID   string `json:"id"`
	Name string `json:"original_name"`
}

// plainName are the names that Nova may filter by: it takes them for regular expressions of its
// database's dialect.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Servers lists the servers of the project.
func (c *Client) Servers(ctx context.Context) ([]stackhand.Server, error) {
	return c.servers(ctx, nil, patient)
}

// ServersNamed lists the project's servers of exactly this name.
func (c *Client) ServersNamed(ctx context.Context, name string) ([]stackhand.Server, error) {
	q := query{}
	if plainName.MatchString(name) {
		q["name"] = "^" + name + "$"
	}
	all, err := c.servers(ctx, q, patient)
	return slices.DeleteFunc(all, func(s stackhand.Server) bool { return s.Name != name }), err
}

func (c *Client) servers(ctx context.Context, q query, how patience) ([]stackhand.Server, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	n.patience = how
	all, err := list(ctx, n, "servers/detail", "servers", q, func(s wireServer) string { return s.ID })
	if err != nil {
		return nil, err
	}
	return c.toServers(ctx, all)
}

// Server reads one server.
func (c *Client) Server(ctx context.Context, id string) (stackhand.Server, error) {
	return c.server(ctx, id, patient)
}

func (c *Client) server(ctx context.Context, id string, how patience) (stackhand.Server, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return stackhand.Server{}, err
	}
	n.patience = how
	w, err := get[struct {
		Server wireServer `json:"server"`
	}](ctx, n, "servers", id)
	if err != nil {
		return stackhand.Server{}, err
	}
	all, err := c.toServers(ctx, []wireServer{w.Server})
	if err != nil {
		return stackhand.Server{}, err
	}
	return all[0], nil
}

func (c *Client) toServers(ctx context.Context, wires []wireServer) ([]stackhand.Server, error) {
	var names map[string]string
	out := make([]stackhand.Server, 0, len(wires))
	images := map[string]string{} // by how they are written: many servers have few images
	for _, w := range wires {
		if w.Flavor.Name == "" && w.Flavor.ID != "" && names == nil {
			var err error
			if names, err = c.flavorNames(ctx); err != nil {
				return nil, err
			}
		}
		id, known := images[string(w.Image)]
		if !known {
			var err error
			if id, err = imageID(w.Image); err != nil {
				return nil, err
			}
			images[string(w.Image)] = id
		}
		s := w.server(names)
		s.ImageID = id
		out = append(out, s)
	}
	return out, nil
}

// server converts all but the image; names are those of flavors by id.
func (w wireServer) server(names map[string]string) stackhand.Server {
	s := stackhand.Server{
		ID: w.ID, Name: w.Name, Status: w.Status, Task: w.Task,
		FlavorID: w.Flavor.ID, Flavor: w.Flavor.Name, KeyName: w.KeyName, Zone: w.Zone,
		UserID: w.UserID, ProjectID: w.Project, Metadata: w.Metadata, Progress: w.Progress,
		Created: w.Created.Time, Updated: w.Updated.Time, LaunchedAt: w.Launched.Time,
		AccessIPv4: w.AccessIPv4, AccessIPv6: w.AccessIPv6, Locked: w.Locked, Host: w.Host,
	}
	tellFault(&s, w.Fault.Message)
	if s.Flavor == "" {
		s.Flavor = names[s.FlavorID]
	}
	for _, g := range w.Groups {
		if !slices.Contains(s.Groups, g.Name) {
			s.Groups = append(s.Groups, g.Name) // once, though Nova repeats it for every port
		}
	}
	for _, v := range w.Volumes {
		s.Volumes = append(s.Volumes, v.ID)
	}
	for net, list := range w.Addresses {
		net, _ := unfold(net, "")
		for _, a := range list {
			s.Addresses = append(s.Addresses, stackhand.Address{
				Network: net, IP: a.IP, Version: a.Version, MAC: a.MAC, Floating: a.Type == "floating",
			})
		}
	}
	slices.SortStableFunc(s.Addresses, func(a, b stackhand.Address) int {
		switch {
		case a.Network < b.Network:
			return -1
		case a.Network > b.Network:
			return 1
		}
		return 0
	})
	return s
}

// CreateServer starts a build and answers the server's id. Unavailable may mean that it was
// started all the same: look for its metadata or its port before trying again.
func (c *Client) CreateServer(ctx context.Context, spec stackhand.ServerSpec) (string, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return "", err
	}
	body := struct {
		Name      string            `json:"name"`
		Image     string            `json:"imageRef"` // "" where it boots from a volume
		Flavor    string            `json:"flavorRef"`
		Networks  any               `json:"networks,omitempty"`
		KeyName   string            `json:"key_name,omitempty"`
		Metadata  map[string]string `json:"metadata,omitempty"`
		UserData  []byte            `json:"user_data,omitempty"` // encoding/json makes the base64 that Nova wants
		Zone      string            `json:"availability_zone,omitempty"`
		ConfigDrv bool              `json:"config_drive,omitempty"`
		Disks     []wireDisk        `json:"block_device_mapping_v2,omitempty"`
		Groups    []groupRef        `json:"security_groups,omitempty"`
		Files     []wireFile        `json:"personality,omitempty"`
	}{
		spec.Name, spec.ImageID, spec.FlavorID, n.netRefs(spec), spec.KeyName, spec.Metadata, spec.UserData, spec.Zone, spec.ConfigDrv,
		bootDisk(spec.BootVolume), groupRefs(spec.Groups), wireFiles(spec.Files),
	}
	if n.atLeast(57) && spec.Files != nil {
		return "", noFiles()
	}
	n.secrets = append(n.secrets, handed(spec.UserData, spec.Files)...)
	made, err := send[struct {
		Server struct {
			ID       string `json:"id"`
			Password string `json:"adminPass"`
		} `json:"server"`
	}](ctx, n, http.MethodPost, map[string]any{"server": body}, "servers")
	if err != nil {
		return "", noHost(err, spec.Zone)
	}
	if spec.TellPassword != nil && made.Server.Password != "" {
		spec.TellPassword(made.Server.Password)
	}
	return made.Server.ID, n.made("server", made.Server.ID)
}

// noHost says in other words that a zone is not available where nobody named one: Nova then means its default zone, in which
// no host is up and takes new servers.
func noHost(err error, zone string) error {
	var own *stackhand.Error
	var a *answer
	if zone != "" || !errors.As(err, &own) || !errors.As(err, &a) || a.row != zoneRow {
		return err
	}
	e := *own
	e.Kind, e.Msg, e.Next = stackhand.Failed, "No host of the cloud takes new servers just now.", tellAdmin
	return &e
}

// wireDisk is a disk of a new server.
type wireDisk struct {
	ID     string `json:"uuid"`
	Source string `json:"source_type"`
	Kind   string `json:"destination_type"`
	Boot   int    `json:"boot_index"`
	Drop   bool   `json:"delete_on_termination"`
}

// bootDisk is the disk of a server that boots from a volume. The volume outlives the server: who made it removes it.
func bootDisk(volumeID string) []wireDisk {
	if volumeID == "" {
		return nil
	}
	return []wireDisk{{ID: volumeID, Source: "volume", Kind: "volume"}}
}

// made checks that the answer to a create names what was made.
func (c caller) made(what, id string) error {
	if id != "" {
		return nil
	}
	return stackhand.Errorf(stackhand.Unavailable, "The cloud's %s service said yes to a new %s but did not name it.", c.service, what)
}

// DeleteServer asks Nova to delete a server; Await tells when it is gone.
func (c *Client) DeleteServer(ctx context.Context, id string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	return remove(ctx, n, "servers", id)
}

// RebootServer restarts a server, hard like pulling the plug, or else through its system.
func (c *Client) RebootServer(ctx context.Context, id string, hard bool) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	how := map[bool]string{true: "HARD", false: "SOFT"}[hard]
	return do(ctx, n, http.MethodPost, map[string]any{"reboot": map[string]string{"type": how}}, "servers", id, "action")
}

// ConsoleLog reads the last lines of a server's console; 0 lines means all that Nova keeps.
func (c *Client) ConsoleLog(ctx context.Context, id string, lines int) (string, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return "", err
	}
	how := map[string]int{}
	if lines > 0 {
		how["length"] = lines
	}
	body := map[string]any{"os-getConsoleOutput": how}
	return retryRead(ctx, c.site.opts, func() (string, error) { // a POST, but it changes nothing
		out, err := send[struct {
			Output string `json:"output"`
		}](ctx, n, http.MethodPost, body, "servers", id, "action")
		return out.Output, err
	})
}

// ServerActions lists what was done to a server, newest first.
func (c *Client) ServerActions(ctx context.Context, id string) ([]stackhand.ServerAction, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	type wire struct {
		Action    string   `json:"action"`
		RequestID string   `json:"request_id"`
		UserID    string   `json:"user_id"`
		Start     wireTime `json:"start_time"`
		Message   string   `json:"message"`
	}
	u, err := n.url("servers", id, "os-instance-actions")
	if err != nil {
		return nil, err
	}
	p := page[wire]{key: "instanceActions"} // newer Novas page it only where a limit is given
	if err := n.read(ctx, u, &p); absent(err) {
		return nil, nil // a Nova of before 2013 keeps no record
	} else if err != nil {
		return nil, err
	}
	out := make([]stackhand.ServerAction, 0, len(p.items))
	for _, a := range p.items {
		out = append(out, stackhand.ServerAction{
			Action: a.Action, RequestID: a.RequestID, UserID: a.UserID, Start: a.Start.Time, Message: a.Message,
		})
	}
	slices.SortStableFunc(out, func(a, b stackhand.ServerAction) int { return b.Start.Compare(a.Start) })
	return out, nil
}

// wireTime reads times as the services write them: RFC 3339, or the same without a zone, which is
// UTC (Nova, and Keystone for tokens of application credentials that end); or null. One that nobody can read counts as unknown, since the rest of the answer is good.
type wireTime struct{ time.Time }

// UnmarshalJSON hides that of time.Time, which knows RFC 3339 only.
func (t *wireTime) UnmarshalJSON(b []byte) error {
	t.Time = time.Time{}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05.999999"} {
		if v, err := time.Parse(layout, strings.Trim(string(b), `"`)); err == nil {
			t.Time = v.UTC()
			break
		}
	}
	return nil
}

// imageID reads the id of a server's image; "" where there is none.
func imageID(raw json.RawMessage) (string, error) {
	if len(raw) == 0 || raw[0] != '{' {
		return "", nil
	}
	var image struct {
		ID string `json:"id"`
	}
	err := unmarshal(raw, &image)
	return image.ID, err
}
