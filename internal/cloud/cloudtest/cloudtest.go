// Package cloudtest says what Stackhand relies on in an OpenStack, as one suite. The
// simulator and real clouds pass the same one; where they differ, the simulator is wrong.
package cloudtest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// Target is the cloud that the suite runs on. What it makes there it removes.
type Target struct {
	Entries map[string]cloud.Entry
	Cloud   string          // name of the entry
	Login   stackhand.Login // a member of a project, by password
	Other   stackhand.Login // somebody of another project; zero leaves isolation out
	Admin   stackhand.Login // an administrator of the cloud; zero leaves what only they may do out
	Options cloud.Options

	Image    string // names of what servers are built from; "" takes the first
	Flavor   string
	External string // name of the external network; "" takes the only one

	ExpireTokens func()                            // ends all tokens at once; nil leaves that out
	FailBuild    func(t *testing.T, server string) // makes builds of this name end in ERROR; nil leaves that out
}

// Run runs the whole suite.
func Run(t *testing.T, target Target) {
	for _, part := range []struct {
		name string
		run  func(*suite)
	}{
		{"login", login},
		{"projects", projects},
		{"application credentials", appCreds},
		{"features", features},
		{"what there is", shelf},
		{"nothing there", nothingThere},
		{"key pairs", keyPairs},
		{"networks", networks},
		{"odd names", oddNames},
		{"subnets", subnets},
		{"rules", rules},
		{"security groups", securityGroups},
		{"ports", ports},
		{"floating IPs", floatingIPs},
		{"order of removal", removalOrder},
		{"server", server},
		{"reboot", reboot},
		{"server refusals", serverRefusals},
		{"no server", noServer},
		{"power", power},
		{"locking", locking},
		{"resizing", resizing},
		{"rebuilding", rebuilding},
		{"properties", properties},
		{"groups of a server", serverGroups},
		{"interfaces", interfaces},
		{"consoles", consoles},
		{"images", images},
		{"volumes", volumes},
		{"snapshots", snapshots},
		{"attaching", attaching},
		{"boot from a volume", bootVolume},
		{"usage", usage},
		{"members", members},
		{"administrators", admins},
		{"waiting", waiting},
		{"failed build", failedBuild},
		{"quota of servers", serverQuota},
		{"quota of groups", groupQuota},
		{"isolation", isolation},
		{"paging", paging},
		{"tokens end", tokensEnd},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(start(t, target)) })
	}
}

// suite is one part under way.
type suite struct {
	*testing.T
	Target
	pool *cloud.Pool
	c    *cloud.Client
	mark string // begins all names of this part
}

func start(t *testing.T, target Target) *suite {
	s := &suite{T: t, Target: target}
	s.pool = s.newPool()
	s.mark = "sht-" + strings.ToLower(rand.Text()[:6])
	c, err := s.pool.Client(t.Context(), target.Cloud, target.Login)
	s.ok(err)
	s.c = c
	return s
}

func (s *suite) newPool() *cloud.Pool { return cloud.NewPool(s.Entries, s.Options) }

// ctx outlives the test's own context, which ends before its clean-ups run.
func (s *suite) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	s.Cleanup(cancel)
	return ctx
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%v (%s)", err, cause(err))
	}
}

// refused checks the kind of an error, and that it says something.
func (s *suite) refused(err error, kinds ...stackhand.Kind) {
	s.Helper()
	got := stackhand.KindOf(err)
	for _, k := range kinds {
		if got == k {
			if msg := err.Error(); len(msg) < 10 || len(msg) > 700 || strings.Contains(msg, s.Login.Password) {
				s.Errorf("unfit message %q", msg)
			}
			s.Logf("%s: %v", got, err)
			return
		}
	}
	s.Errorf("got %q error %v (%s), want kind %v", got, err, cause(err), kinds)
}

func cause(err error) string {
	if e, ok := err.(*stackhand.Error); ok && e.Err != nil {
		return e.Err.Error()
	}
	return "no cause"
}

// later removes something when the part ends; that it is gone already is fine.
func (s *suite) later(what string, remove func(context.Context) error) {
	s.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := remove(ctx); err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			s.Errorf("left behind: %s: %v (%s)", what, err, cause(err))
		}
	})
}

func (s *suite) network(name string) stackhand.Network {
	s.Helper()
	n, err := s.c.CreateNetwork(s.ctx(), name, "made by a test")
	s.ok(err)
	s.later("network "+name, func(ctx context.Context) error { return s.c.DeleteNetwork(ctx, n.ID) })
	return n
}

func (s *suite) subnet(network, cidr string) stackhand.Subnet {
	s.Helper()
	sub, err := s.c.CreateSubnet(s.ctx(), stackhand.SubnetSpec{Name: s.mark, NetworkID: network, CIDR: cidr})
	s.ok(err)
	s.later("subnet "+cidr, func(ctx context.Context) error { return s.c.DeleteSubnet(ctx, sub.ID) })
	return sub
}

func (s *suite) port(network string, groups ...string) stackhand.Port {
	s.Helper()
	p, err := s.c.CreatePort(s.ctx(), stackhand.PortSpec{Name: s.mark, Description: s.mark, NetworkID: network, Groups: groups})
	s.ok(err)
	s.later("port", func(ctx context.Context) error { return s.c.DeletePort(ctx, p.ID) })
	return p
}

// router makes a router to the outside that serves the subnet.
func (s *suite) router(subnet string) stackhand.Router {
	s.Helper()
	r, err := s.c.CreateRouter(s.ctx(), s.mark, "made by a test", s.external().ID)
	s.ok(err)
	s.later("router", func(ctx context.Context) error { return s.c.DeleteRouter(ctx, r.ID) })
	s.ok(s.c.AddRouterInterface(s.ctx(), r.ID, subnet))
	s.later("interface", func(ctx context.Context) error { return s.c.RemoveRouterInterface(ctx, r.ID, subnet) })
	return r
}

func (s *suite) floatingIP() stackhand.FloatingIP {
	s.Helper()
	f, err := s.c.CreateFloatingIP(s.ctx(), s.external().ID, s.mark)
	s.ok(err)
	s.later("floating IP", func(ctx context.Context) error { return s.c.DeleteFloatingIP(ctx, f.ID) })
	return f
}

func (s *suite) external() stackhand.Network {
	s.Helper()
	all, err := s.c.Networks(s.ctx())
	s.ok(err)
	for _, n := range all {
		if n.External && (s.External == "" || n.Name == s.External) {
			return n
		}
	}
	s.Fatalf("no external network %q among %d networks", s.External, len(all))
	return stackhand.Network{}
}

// spec is a server on a port of its own, on a network of its own where none is given.
func (s *suite) spec(name string, ports ...string) stackhand.ServerSpec {
	s.Helper()
	spec := stackhand.ServerSpec{Name: name, Ports: ports, Metadata: map[string]string{"stackhand_job": s.mark}}
	images, err := s.c.Images(s.ctx())
	s.ok(err)
	for _, i := range images {
		if spec.ImageID == "" && (s.Image == "" || i.Name == s.Image) {
			spec.ImageID = i.ID
		}
	}
	flavors, err := s.c.Flavors(s.ctx())
	s.ok(err)
	for _, f := range flavors {
		if spec.FlavorID == "" && (s.Flavor == "" || f.Name == s.Flavor) {
			spec.FlavorID = f.ID
		}
	}
	if spec.ImageID == "" || spec.FlavorID == "" {
		s.Fatalf("no image %q or no flavor %q", s.Image, s.Flavor)
	}
	return spec
}

// boot starts a server and takes it away at the end, port and network staying until it is gone.
func (s *suite) boot(spec stackhand.ServerSpec) string {
	s.Helper()
	id, err := s.c.CreateServer(s.ctx(), spec)
	s.ok(err)
	s.later("server "+spec.Name, func(ctx context.Context) error { return s.takeDown(ctx, id) })
	return id
}

func (s *suite) takeDown(ctx context.Context, id string) error {
	if err := s.c.DeleteServer(ctx, id); err != nil {
		return err
	}
	_, err := s.c.Await(ctx, id, func(stackhand.Server) bool { return false })
	return err
}

// active waits for a build to end and fails the test where it ends in ERROR.
func (s *suite) active(id string) stackhand.Server {
	s.Helper()
	got, err := s.c.Await(s.ctx(), id, settled)
	s.ok(err)
	if got.Status != "ACTIVE" {
		s.Fatalf("server is %s: %s", got.Status, got.Fault)
	}
	return got
}

func settled(v stackhand.Server) bool {
	return v.Task == "" && (v.Status == "ACTIVE" || v.Status == "ERROR")
}
