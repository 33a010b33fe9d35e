package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// holding is something that Stackhand made in a real cloud.
type holding struct {
	kind, id, name string
	drop           func(context.Context, string) error
}

// between is what is known of the real projects between two tests, which come one after the other: each ends by looking that nothing
// is left, so that only the first has to look at its beginning.
var between struct {
	clients []*cloud.Client
	empty   bool
}

// realProjects are clients with the logins of the entries that OS_CLOUD, OS_CLOUD_OTHER and OS_CLOUD_ADMIN name: of alice, of bob,
// and of an administrator.
func realProjects(t testing.TB) []*cloud.Client {
	t.Helper()
	if between.clients != nil {
		return between.clients
	}
	var names []string
	for _, variable := range []string{"OS_CLOUD", "OS_CLOUD_OTHER", "OS_CLOUD_ADMIN"} {
		if name := os.Getenv(variable); name != "" {
			names = append(names, name)
		}
	}
	entries, err := cloud.LoadEntries(os.Getenv("OS_CLIENT_CONFIG_FILE"), names...)
	if err != nil {
		t.Fatal(err)
	}
	pool := cloud.NewPool(entries, cloud.Options{})
	var out []*cloud.Client
	for _, name := range names {
		c, err := pool.Service(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	between.clients = out
	return out
}

// nothingLeft takes away what an earlier run left of ours in the projects, one that was killed for instance: tests count what is
// there. It fails at the test's end if something is there again, but for kinds of which the test is to leave some.
func nothingLeft(t *testing.T, but ...string) {
	t.Helper()
	clients := realProjects(t)
	clear := func(patience int, found func(c *cloud.Client, h holding, err error)) {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		for _, c := range clients {
			clearOut(t, ctx, c, patience, found)
		}
	}
	if !between.empty {
		clear(0, func(c *cloud.Client, h holding, err error) {
			t.Logf("an earlier run left %s %s (%s) in %s; taking it away: %v", h.kind, h.name, h.id, c.Identity().Project, err)
		})
	}
	between.empty = false
	t.Cleanup(func() {
		clear(6, func(c *cloud.Client, h holding, err error) {
			if slices.Contains(but, h.kind) {
				return
			}
			t.Errorf("left behind in %s: %s %s (%s); taking it away: %v", c.Identity().Project, h.kind, h.name, h.id, err)
		})
		between.empty = true
	})
}

// clearOut takes away what is there, and tells what it found after so many rounds of patience: what is only late in going is no find.
func clearOut(t *testing.T, ctx context.Context, c *cloud.Client, patience int, found func(c *cloud.Client, h holding, err error)) {
	t.Helper()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for round := 0; ; round++ {
		left := held(t, ctx, c)
		if len(left) == 0 {
			return
		}
		for _, h := range left {
			if round < patience {
				continue
			}
			err := h.drop(ctx, h.id)
			if round == patience {
				found(c, h, err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("cannot take away what is left in %s: %v", c.Identity().Project, left)
		}
	}
}

// held lists what Stackhand made in the client's project, by its marks, and the login's key pairs; in the order in which it can be
// taken away.
func held(t *testing.T, ctx context.Context, c *cloud.Client) []holding {
	t.Helper()
	marked := func(description string) bool { return strings.HasPrefix(description, "stackhand ") }
	own := func(metadata map[string]string) bool { return metadata["stackhand_job"] != "" }
	var out []holding
	gather(t, &out, "server", c.DeleteServer, ctx, c.Servers, func(s stackhand.Server) (string, string, bool) { return s.ID, s.Name, own(s.Metadata) })
	gather(t, &out, "floating ip", c.DeleteFloatingIP, ctx, c.FloatingIPs, func(f stackhand.FloatingIP) (string, string, bool) { return f.ID, f.IP, marked(f.Description) })
	gather(t, &out, "router", dropRouter(c), ctx, c.Routers, func(r stackhand.Router) (string, string, bool) { return r.ID, r.Name, marked(r.Description) })
	gather(t, &out, "port", c.DeletePort, ctx, func(ctx context.Context) ([]stackhand.Port, error) { return c.Ports(ctx, stackhand.PortFilter{}) },
		func(p stackhand.Port) (string, string, bool) { return p.ID, p.Name, marked(p.Description) })
	gather(t, &out, "network", c.DeleteNetwork, ctx, c.Networks, func(n stackhand.Network) (string, string, bool) { return n.ID, n.Name, marked(n.Description) })
	gather(t, &out, "security group", c.DeleteSecurityGroup, ctx, c.SecurityGroups, func(g stackhand.SecurityGroup) (string, string, bool) { return g.ID, g.Name, marked(g.Description) })
	gather(t, &out, "snapshot", c.DeleteVolumeSnapshot, ctx, c.VolumeSnapshots, func(s stackhand.VolumeSnapshot) (string, string, bool) {
		return s.ID, s.Name, own(s.Metadata) || strings.HasPrefix(s.Name, "snapshot for ") // Nova's own, of a server on volumes
	})
	gather(t, &out, "volume", c.DeleteVolume, ctx, c.Volumes, func(v stackhand.Volume) (string, string, bool) { return v.ID, v.Name, own(v.Metadata) })
	gather(t, &out, "image", c.DeleteImage, ctx, c.Images, func(i stackhand.Image) (string, string, bool) {
		return i.ID, i.Name, own(i.Properties) && i.Owner == c.Identity().ProjectID
	})
	gather(t, &out, "key pair", c.DeleteKeyPair, ctx, c.KeyPairs, func(k stackhand.KeyPair) (string, string, bool) { return k.Name, k.Name, true })
	return out
}

// gather adds what is ours of one kind.
func gather[T any](t *testing.T, out *[]holding, kind string, drop func(context.Context, string) error, ctx context.Context,
	list func(context.Context) ([]T, error), of func(T) (id, name string, ours bool)) {
	t.Helper()
	all, err := list(ctx)
	if err != nil {
		t.Fatalf("list each %s: %v", kind, err)
	}
	for _, x := range all {
		if id, name, ours := of(x); ours {
			*out = append(*out, holding{kind, id, name, drop})
		}
	}
}

// dropRouter takes a router away with its interfaces.
func dropRouter(c *cloud.Client) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: id})
		if err != nil {
			return err
		}
		for _, p := range ports {
			if len(p.IPs) > 0 && strings.HasPrefix(p.DeviceOwner, "network:router_interface") {
				if err := c.RemoveRouterInterface(ctx, id, p.IPs[0].SubnetID); err != nil {
					return err
				}
			}
		}
		return c.DeleteRouter(ctx, id)
	}
}
