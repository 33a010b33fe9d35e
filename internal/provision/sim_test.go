package provision_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
	"github.com/stackhand/stackhand/internal/provision"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// the real client has to fit what the flows ask for.
var _ provision.Cloud = (*cloud.Client)(nil)

// onSimulator makes an engine that works through the real client on a simulated OpenStack.
func onSimulator(t testing.TB, latency, build time.Duration) (*openstack.Cloud, *jobs.Engine, chan string, stackhand.CreateSpec) {
	t.Helper()
	sim := openstack.New(openstack.Options{Build: build, Latency: latency})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	entry := cloud.Entry{Name: "lab", AuthURL: srv.URL + "/identity", Region: "RegionOne", Interface: "public"}
	c, err := cloud.NewPool(map[string]cloud.Entry{"lab": entry}, cloud.Options{}).Client(t.Context(), "lab", stackhand.Login{
		Username: "alice", Password: "alice-secret", ProjectName: "team-a", UserDomain: "Default", ProjectDomain: "Default",
	})
	if err != nil {
		t.Fatal(err)
	}
	recs := (&jobstest.Records{OneProcess: true, Delay: 2 * time.Millisecond}).Open()
	changed := make(chan string, 10000)
	e := jobs.New(recs, provision.Flows(provision.Deps{
		Open: func(context.Context, string, string, stackhand.Scope) (provision.Cloud, error) { return c, nil },
		Book: recs, Conflict: jobstest.ErrConflict,
	}), jobs.Options{Conflict: jobstest.ErrConflict, Log: slog.New(slog.DiscardHandler), Changed: func(id string) { changed <- id }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return sim, e, changed, simSpec(t, c)
}

// simSpec asks for a small server, with ids from the simulator's lists.
func simSpec(t testing.TB, c *cloud.Client) stackhand.CreateSpec {
	t.Helper()
	images, err1 := c.Images(t.Context())
	flavors, err2 := c.Flavors(t.Context())
	networks, err3 := c.Networks(t.Context())
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	s := spec()
	s.ProjectID = c.Identity().ProjectID
	s.ImageID = images[slices.IndexFunc(images, func(i stackhand.Image) bool { return strings.HasPrefix(i.Name, "Ubuntu") })].ID
	s.FlavorID = flavors[slices.IndexFunc(flavors, func(f stackhand.Flavor) bool { return f.Name == "m1.small" })].ID
	s.External = networks[slices.IndexFunc(networks, func(n stackhand.Network) bool { return n.External })].ID
	return s
}

// TestOnTheSimulator runs all flows through the real client.
func TestOnTheSimulator(t *testing.T) {
	sim, e, changed, s := onSimulator(t, 0, 300*time.Millisecond)
	count := func() (n int) {
		for _, kind := range []string{"servers", "networks", "routers", "ports", "floating-ips"} {
			n += sim.Count(kind, "team-a")
		}
		return n
	}
	before := count()
	for i, network := range []string{"auto", "new"} {
		s.Network = network
		j := finish(t, e, changed, jobOf(fmt.Sprint("simjob", i), provision.FlowCreate, s))
		if j.State != stackhand.JobDone || sim.Count("servers", "team-a") != 1 {
			t.Fatal(story(j))
		}
		server := madeServer(j)
		b := finish(t, e, changed, jobOf(fmt.Sprint("simboot", i), provision.FlowReboot, stackhand.RebootSpec{Cloud: "lab", Stack: j.Stacks[0], Server: server, Name: "web"}))
		if b.State != stackhand.JobDone {
			t.Error(story(b))
		}
		d := finish(t, e, changed, deleteOf(fmt.Sprint("simdel", i), j.Stacks[0]))
		if d.State != stackhand.JobDone || len(d.Notes) > 0 || count() != before {
			t.Errorf("%d things are left: %s", count()-before, story(d))
		}
	}
}

func madeServer(j stackhand.Job) string {
	at := slices.IndexFunc(j.Made, func(r stackhand.Resource) bool { return r.Kind == stackhand.KindServer })
	return j.Made[at].ID
}

// TestALyingSimulator does what it is asked and answers 500: nothing may be made twice.
func TestALyingSimulator(t *testing.T) {
	for i, path := range []string{"/networks", "/subnets", "/routers", "/ports", "/security-groups", "/floatingips", "/servers"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			sim, e, changed, s := onSimulator(t, 0, 100*time.Millisecond)
			rule, err := openstack.ParseRule([]string{"POST", path, "500", "after"})
			if err != nil {
				t.Fatal(err)
			}
			rule.Times = 1
			before := sim.Count("ports", "team-a")
			if err := sim.Fault(rule); err != nil {
				t.Fatal(err)
			}
			j := finish(t, e, changed, jobOf(fmt.Sprint("liejob", i), provision.FlowCreate, s))
			if j.State != stackhand.JobDone || sim.Count("servers", "team-a") != 1 || sim.Count("floating-ips", "team-a") != 1 || sim.Count("networks", "team-a") != 1 {
				t.Error(story(j))
			}
			again := slices.ContainsFunc(j.Steps, func(s stackhand.JobStep) bool { return s.Attempt > 1 })
			if !again {
				t.Errorf("the fault did not strike: %s", story(j))
			}
			d := finish(t, e, changed, deleteOf(fmt.Sprint("liedel", i), j.Stacks[0]))
			if d.State != stackhand.JobDone || sim.Count("networks", "team-a") != 0 || sim.Count("ports", "team-a") != before || sim.Count("security-groups", "team-a") > 1 {
				t.Errorf("left: %s", story(d))
			}
		})
	}
}

// BenchmarkCreateOnSimulator measures whole creates with 50 ms per call and builds of 2 s through
// the real client; ms is the wall time of one from its acceptance on.
func BenchmarkCreateOnSimulator(b *testing.B) {
	for i := range b.N {
		_, e, changed, s := onSimulator(b, 50*time.Millisecond, 2*time.Second)
		j := finish(b, e, changed, jobOf(fmt.Sprint("bench", i), provision.FlowCreate, s))
		if j.State != stackhand.JobDone {
			b.Fatal(story(j))
		}
		for _, step := range j.Steps {
			b.Logf("%-14s %5d → %5d ms", step.Name, step.Started.Sub(j.Created).Milliseconds(), step.Ended.Sub(j.Created).Milliseconds())
		}
		b.ReportMetric(float64(j.Ended.Sub(j.Created).Milliseconds()), "ms")
	}
}
