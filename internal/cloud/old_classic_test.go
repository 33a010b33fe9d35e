package cloud_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// of is alice on a cloud of another time.
func of(t *testing.T, profile string) (*world, *cloud.Client) {
	t.Helper()
	w := newWorld(t, openstack.Options{Build: time.Millisecond, Profile: profile}, cloud.Options{})
	return w, w.as(t, alice)
}

func TestFeatures(t *testing.T) {
	today := stackhand.Features{Network: true, Volumes: true, Images: true, Users: true, Tags: true, Compute: "2.79"}
	for profile, want := range map[string]stackhand.Features{
		"today": today, "zed": today,
		"2014": {Network: true, Images: true, Personality: true},
		"2011": {Personality: true},
	} {
		_, c := of(t, profile)
		if got, err := c.Features(t.Context()); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", profile, got, err, want)
		}
	}
}

// A Nova of today does not speak for Neutron any more: what is missing then is a line of the catalogue, and the message says
// which key of clouds.yaml mends it.
func TestCatalogues(t *testing.T) {
	for _, c := range []struct {
		name, rule, profile string
		change              func(*cloud.Entry)
		msg, next           string
	}{
		{"empty", "catalogue empty", "", nil, "Cloud lab, region RegionOne: its catalogue is empty", "compute_endpoint_override"},
		{"empty, with Nova overridden", "catalogue empty", "", func(e *cloud.Entry) {
			e.Overrides = map[string]string{"compute": "http://cloud.test/compute/v2.1"}
		}, "its catalogue is empty", "network_endpoint_override"},
		{"empty, with an old Nova overridden", "catalogue empty", "2011", func(e *cloud.Entry) {
			e.Overrides = map[string]string{"compute": "http://cloud.test/compute/v1.1"}
		}, "", ""},
		{"empty, with Neutron overridden", "catalogue empty", "", func(e *cloud.Entry) {
			e.Overrides = map[string]string{"network": "http://cloud.test/network"}
		}, "", ""},
		{"of other regions", "catalogue regions North South", "", nil, "only in North, South", "region_name"},
		{"of two regions", "catalogue regions North RegionOne", "", nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, openstack.Options{Profile: c.profile}, cloud.Options{})
			if c.change != nil {
				c.change(&w.entry)
			}
			w.pool = cloud.NewPool(w.entries(), cloud.Options{Transport: w.net})
			w.rule(t, c.rule)
			_, err := w.as(t, alice).Networks(t.Context())
			e, _ := err.(*stackhand.Error)
			if c.msg == "" && err != nil || c.msg != "" && (e == nil || !strings.Contains(e.Msg, c.msg) || !strings.Contains(e.Next, c.next)) {
				t.Errorf("got %v (%+v), want %q, then %q", err, e, c.msg, c.next)
			}
		})
	}
}

func TestClassicServer(t *testing.T) {
	w, c := of(t, "2011")
	ctx := t.Context()
	must := mustOf(t)
	g, err := c.CreateSecurityGroup(ctx, "open-22", "a mark")
	must(err)
	nets, err := c.Networks(ctx)
	must(err)
	want := []stackhand.Network{{Name: "private", Status: "ACTIVE", Shared: true}, {ID: "public", Name: "public", Status: "ACTIVE", External: true}}
	if diff := cmp.Diff(want, nets, cmp.FilterPath(isID, cmp.Comparer(func(a, b string) bool { return a == b || a == "" || b == "" }))); diff != "" {
		t.Errorf("networks (-want +got):\n%s", diff)
	}
	images, err := c.Images(ctx)
	must(err)
	flavors, err := c.Flavors(ctx)
	must(err)
	id, err := c.CreateServer(ctx, stackhand.ServerSpec{
		Name: "web-1", ImageID: images[0].ID, FlavorID: flavors[1].ID, Groups: []string{"open-22"}, Networks: []string{nets[0].ID},
		Files: map[string][]byte{"/etc/motd": []byte("hello")}, Metadata: map[string]string{"a": "b"},
	})
	must(err)
	s, err := c.Await(ctx, id, active)
	must(err)
	if s.Flavor != flavors[1].Name || !slices.Equal(s.Groups, []string{"open-22"}) || len(s.Addresses) != 1 || s.Addresses[0].Network != "private" {
		t.Errorf("server %+v", s)
	}
	if l, err := c.Limits(ctx); err != nil || l.Servers.Used != 1 || l.Cores.Used != flavors[1].VCPUs || l.RAM.Used != flavors[1].RAM {
		t.Errorf("limits %+v, %v", l, err)
	}
	f, err := c.CreateFloatingIP(ctx, "public", "nobody reads this")
	must(err)
	must(c.AddFloatingIP(ctx, id, f.IP, s.Addresses[0].IP))
	f, err = c.FloatingIP(ctx, f.ID)
	must(err)
	if f.ServerID != id || f.FixedIP != s.Addresses[0].IP || f.NetworkID != "public" || f.PortID != "" {
		t.Errorf("floating IP %+v", f)
	}
	if err := c.DeleteSecurityGroup(ctx, g.ID); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("a group that is in use: %v", err)
	}
	if zones, err := c.Zones(ctx); err != nil || zones != nil {
		t.Errorf("zones %v, %v", zones, err)
	}
	if done, err := c.ServerActions(ctx, id); err != nil || done != nil {
		t.Errorf("actions %v, %v", done, err)
	}
	if _, err := c.ServerActions(ctx, "11111111-1111-1111-1111-111111111111"); err != nil {
		t.Errorf("actions of a server that is not there: %v", err)
	}
	if err := c.ActOnServer(ctx, id, stackhand.ActShelve); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "too old") {
		t.Errorf("shelve: %v", err)
	}
	must(c.RemoveFloatingIP(ctx, id, f.IP))
	must(c.DeleteFloatingIP(ctx, f.ID))
	must(c.DeleteServer(ctx, id))
	_, err = c.Await(ctx, id, func(stackhand.Server) bool { return false })
	if stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("after the end: %v", err)
	}
	must(c.DeleteSecurityGroup(ctx, g.ID))
	for _, kind := range []string{"servers", "floating-ips", "security-groups", "ports"} {
		if n := w.Count(kind, "team-a"); n != 0 {
			t.Errorf("%d %s are left", n, kind)
		}
	}
}

func isID(p cmp.Path) bool { return p.Last().String() == ".ID" }

func mustOf(t *testing.T) func(error) {
	return func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestClassicRules(t *testing.T) {
	_, c := of(t, "2011")
	ctx := t.Context()
	must := mustOf(t)
	g, err := c.CreateSecurityGroup(ctx, "g", "")
	must(err)
	if _, err := c.CreateSecurityGroup(ctx, "g", ""); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("a second group of the name: %v", err)
	}
	good := []stackhand.Rule{
		{Direction: "ingress", Protocol: "tcp", PortMin: 22, PortMax: 22, EtherType: "IPv4", RemoteIP: "0.0.0.0/0"},
		{Direction: "ingress", Protocol: "udp", PortMin: 1, PortMax: 65535, EtherType: "IPv4", RemoteIP: "10.0.0.0/8"},
		{Direction: "ingress", Protocol: "icmp", EtherType: "IPv4", RemoteIP: "0.0.0.0/0"},
		{Direction: "ingress", EtherType: "IPv4", RemoteGroup: g.ID},
	}
	asked := slices.Clone(good)
	asked[0].RemoteIP, asked[1].PortMin, asked[1].PortMax = "", 0, 0
	for _, r := range asked {
		must(c.CreateRule(ctx, g.ID, r))
		if err := c.CreateRule(ctx, g.ID, r); stackhand.KindOf(err) != stackhand.Conflict {
			t.Errorf("the same again, %+v: %v", r, err)
		}
	}
	for _, r := range []stackhand.Rule{{Direction: "egress", Protocol: "tcp"}, {Direction: "ingress"}, {Direction: "ingress", Protocol: "tcp", PortMin: 5, PortMax: 4}} {
		if err := c.CreateRule(ctx, g.ID, r); stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("%+v: %v", r, err)
		}
	}
	all, err := c.SecurityGroups(ctx)
	must(err)
	at := slices.IndexFunc(all, func(x stackhand.SecurityGroup) bool { return x.ID == g.ID })
	if diff := cmp.Diff(good, all[at].Rules, cmpopts.IgnoreFields(stackhand.Rule{}, "ID")); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, r := range all[at].Rules {
		must(c.DeleteRule(ctx, r.ID))
		if err := c.DeleteRule(ctx, r.ID); stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("deleted twice: %v", err)
		}
	}
}

func TestClassicImages(t *testing.T) {
	_, c := of(t, "2011")
	ctx := t.Context()
	must := mustOf(t)
	images, err := c.Images(ctx)
	must(err)
	flavors, err := c.Flavors(ctx)
	must(err)
	id, err := c.CreateServer(ctx, stackhand.ServerSpec{Name: "web-1", ImageID: images[0].ID, FlavorID: flavors[1].ID})
	must(err)
	_, err = c.Await(ctx, id, active)
	must(err)
	snap, err := c.SnapshotServer(ctx, id, "mine", map[string]string{"stackhand_job": "j1", "empty": ""})
	must(err)
	must(c.UpdateImage(ctx, snap, stackhand.ImageChange{Set: map[string]string{"k": "v", "l": "w"}, Unset: []string{"empty", "never there"}}))
	must(c.UpdateImage(ctx, snap, stackhand.ImageChange{Unset: []string{"l"}}))
	i, err := c.Image(ctx, snap)
	must(err)
	if i.Name != "mine" || i.Properties["stackhand_job"] != "j1" || i.Properties["k"] != "v" || i.Properties["l"] != "" || i.Created.IsZero() {
		t.Errorf("image %+v", i)
	}
	if err := c.UpdateImage(ctx, snap, stackhand.ImageChange{Name: "other"}); stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "Glance") {
		t.Errorf("another name: %v", err)
	}
	if err := c.UpdateImage(ctx, images[0].ID, stackhand.ImageChange{Set: map[string]string{"k": "v"}}); stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("somebody else's image: %v", err)
	}
	must(c.DeleteImage(ctx, snap))
	for _, err := range []error{
		c.DeleteImage(ctx, snap), second(c.Image(ctx, snap)),
		c.UpdateImage(ctx, snap, stackhand.ImageChange{Unset: []string{"k"}}),
	} {
		if stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("of an image that is gone: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// What only Neutron and Cinder have is refused in words; lists of it are empty.
func TestClassicLacks(t *testing.T) {
	_, c := of(t, "2011")
	ctx := t.Context()
	for what, err := range map[string]error{
		"network":   second(c.CreateNetwork(ctx, "n", "")),
		"subnet":    second(c.CreateSubnet(ctx, stackhand.SubnetSpec{CIDR: "10.0.0.0/24"})),
		"router":    second(c.CreateRouter(ctx, "r", "", "")),
		"port":      second(c.CreatePort(ctx, stackhand.PortSpec{})),
		"interface": c.AddRouterInterface(ctx, "a", "b"),
	} {
		if stackhand.KindOf(err) != stackhand.NotFound || !strings.Contains(err.Error(), "no network service (Neutron)") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := second(c.Volumes(ctx)); stackhand.KindOf(err) != stackhand.NotFound || !strings.Contains(err.Error(), "Cinder") {
		t.Errorf("volumes: %v", err)
	}
	for what, n := range map[string]int{
		"subnets": count(c.Subnets(ctx, "")), "routers": count(c.Routers(ctx)), "ports": count(c.Ports(ctx, stackhand.PortFilter{})),
		"networks": count(c.NetworksNamed(ctx, "private")),
	} {
		if n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	l, err := c.Limits(ctx)
	if err != nil || l.Servers.Max != 10 || l.Networks.Max != -1 || l.Volumes.Max != -1 || l.MaxPersonality != 5 {
		t.Errorf("limits %+v, %v", l, err)
	}
}

// count is the length of a list, −1 where there was an error.
func count[T any](list []T, err error) int {
	if err != nil {
		return -1
	}
	return len(list)
}

// An old Neutron describes security groups only: marks of others stand in their names there, and nobody sees them.
func TestNoDescriptions(t *testing.T) {
	w, c := of(t, "2014")
	ctx := t.Context()
	must := mustOf(t)
	const mark = "stackhand auto job k3v9aaaa stack k3v9aaaa-1"
	made, err := c.CreateNetwork(ctx, "net", mark)
	must(err)
	s, err := c.CreateSubnet(ctx, stackhand.SubnetSpec{Name: "net", Description: mark, NetworkID: made.ID, CIDR: "10.0.0.0/24"})
	must(err)
	r, err := c.CreateRouter(ctx, "net", mark, "")
	must(err)
	p, err := c.CreatePort(ctx, stackhand.PortSpec{Name: "web-1", Description: mark, NetworkID: made.ID})
	must(err)
	named, err := w.as(t, alice).NetworksNamed(ctx, "net")
	must(err)
	ports, err := c.Ports(ctx, stackhand.PortFilter{Name: "web-1"})
	must(err)
	if len(named) != 1 || len(ports) != 1 {
		t.Fatalf("networks %+v, ports %+v", named, ports)
	}
	for what, got := range map[string][2]string{
		"network": {made.Name, made.Description}, "subnet": {s.Name, s.Description}, "router": {r.Name, r.Description},
		"port": {strings.Replace(p.Name, "web-1", "net", 1), p.Description}, "network by name": {named[0].Name, named[0].Description},
	} {
		if got != [2]string{"net", mark} {
			t.Errorf("%s is %q", what, got)
		}
	}
	plain, err := c.CreateNetwork(ctx, "other", "just words")
	must(err)
	if plain.Name != "other" || plain.Description != "" {
		t.Errorf("network %+v", plain)
	}
	if got := w.net.count("POST /network/v2.0/networks"); got != 3 {
		t.Errorf("%d calls for two networks and one refusal", got)
	}
	g, err := c.CreateSecurityGroup(ctx, "g", mark)
	must(err)
	if g.Name != "g" || g.Description != mark {
		t.Errorf("group %+v", g)
	}
	images, err := c.Images(ctx)
	must(err)
	id, err := c.CreateServer(ctx, stackhand.ServerSpec{Name: "web-1", ImageID: images[0].ID, FlavorID: "2", Ports: []string{p.ID}})
	must(err)
	if server, err := c.Await(ctx, id, active); err != nil || server.Addresses[0].Network != "net" {
		t.Errorf("server %+v, %v", server, err)
	}
}

// A token of Keystone v2.0 logs in as well: with a tenant it leads there.
func TestTokenOfV2(t *testing.T) {
	w, _ := of(t, "2011")
	body := `{"auth": {"passwordCredentials": {"username": "carol", "password": "carol-secret"}}}`
	resp, err := (&http.Client{Transport: w.net}).Post("http://cloud.test/identity/v2.0/tokens", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Access struct {
			Token struct {
				ID string `json:"id"`
			} `json:"token"`
		} `json:"access"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	login := stackhand.Login{AuthType: "token", Token: doc.Access.Token.ID}
	tenants, err := w.pool.Projects(t.Context(), "lab", login)
	if err != nil || len(tenants) != 2 {
		t.Errorf("tenants %v, %v", tenants, err)
	}
	login.ProjectName = "team-b"
	if id := w.as(t, login).Identity(); id.Project != "team-b" || id.User != "carol" {
		t.Errorf("identity %+v", id)
	}
}
