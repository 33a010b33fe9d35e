package cloud_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// meters is a simulated cloud with one server that has run for two hours, and a clock that the test moves.
type meters struct {
	*world
	now time.Time
	id  string
}

func newMeters(t *testing.T, o openstack.Options) *meters {
	m := &meters{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	o.Now = func() time.Time { return m.now }
	m.world = newWorld(t, o, cloud.Options{Now: o.Now})
	m.id = boots(t, m.as(t, alice), "web-1")[0]
	m.now = m.now.Add(2 * time.Hour)
	return m
}

func (m *meters) numbers(t *testing.T, who stackhand.Login) stackhand.Numbers {
	t.Helper()
	n, err := m.as(t, who).Numbers(t.Context(), m.id, m.now.Add(-time.Hour), cloud.MostCalls)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func about(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.05+want/50 {
		t.Errorf("%s: %.2f, want %.2f", what, got, want)
	}
}

// In both forms an hour of diagnostics tells how busy the server was, and a start begins its counters anew.
func TestDiagnosticsAreRead(t *testing.T) {
	for _, profile := range []string{"today", "zed", "2014"} {
		t.Run(profile, func(t *testing.T) {
			m := newMeters(t, openstack.Options{Profile: profile})
			admin := person("admin", "admin")
			m.rule(t, "load web-1 20")
			a := m.numbers(t, admin)
			m.now = m.now.Add(time.Hour)
			b := m.numbers(t, admin)
			if a.Source != stackhand.SourceDiagnostics || a.Calls != 1 || a.Counters.CPUs == 0 || !b.Counters.At.Equal(m.now) || a.Missing != "" || a.Status != "" {
				t.Fatalf("%+v", a)
			}
			about(t, "processors", float64(b.Counters.CPU-a.Counters.CPU)/float64(time.Hour)/float64(a.Counters.CPUs)*100, 20)
			about(t, "network", float64(b.Counters.Net-a.Counters.Net)/3600, 20_000)
			about(t, "disk", float64(b.Counters.Disk-a.Counters.Disk)/3600, 20*2048)
			if err := m.as(t, alice).RebootServer(t.Context(), m.id, true); err != nil {
				t.Fatal(err)
			}
			m.now = m.now.Add(time.Minute)
			if c := m.numbers(t, admin); c.Counters.CPU >= b.Counters.CPU {
				t.Errorf("after a hard reboot the counters go on: %s, %s", b.Counters.CPU, c.Counters.CPU)
			}
		})
	}
}

func TestNoNumbers(t *testing.T) {
	m := newMeters(t, openstack.Options{})
	n := m.numbers(t, alice)
	if n.Source != stackhand.SourceNone || !strings.Contains(n.Missing, "administrators only") || n.Status != "" || n.Calls != 2 {
		t.Errorf("a member: %+v", n)
	}
	m.rule(t, "numbers members")
	if n = m.numbers(t, alice); n.Source != stackhand.SourceDiagnostics {
		t.Errorf("where the policy lets members: %+v", n)
	}
	m.rule(t, "GET /diagnostics 501")
	if n = m.numbers(t, alice); n.Source != stackhand.SourceNone || !strings.Contains(n.Missing, "hypervisor") {
		t.Errorf("a hypervisor without: %+v", n)
	}
	m.rule(t, "GET /diagnostics 500")
	if n, err := m.as(t, alice).Numbers(t.Context(), m.id, m.now, cloud.MostCalls); !stackhand.Temporary(err) || n.Calls != 1 {
		t.Errorf("a cloud in trouble: %+v, %v: it is asked once", n, err)
	}
	if err := m.as(t, alice).ActOnServer(t.Context(), m.id, "stop"); err != nil {
		t.Fatal(err)
	}
	m.now = m.now.Add(time.Minute)
	for _, who := range []stackhand.Login{alice, person("admin", "admin")} {
		if n := m.numbers(t, who); n.Status != "SHUTOFF" || n.Calls != 2 {
			t.Errorf("a stopped server: %+v", n)
		}
	}
	if _, err := m.as(t, alice).Numbers(t.Context(), "00000000-0000-0000-0000-000000000000", m.now, cloud.MostCalls); stackhand.KindOf(err) != stackhand.NotFound {
		t.Errorf("a server that is not there: %v", err)
	}
}

// A member reads Gnocchi, whatever Nova stands beside it; where it does not know the server, it is the diagnostics' turn.
func TestGnocchiIsRead(t *testing.T) {
	for _, profile := range []string{"today", "zed", "2014"} {
		t.Run(profile, func(t *testing.T) {
			gnocchiIsRead(t, newMeters(t, openstack.Options{Profile: profile, Metrics: true}))
		})
	}
}

func gnocchiIsRead(t *testing.T, m *meters) {
	m.rule(t, "load web-1 20")
	m.now = m.now.Add(time.Hour)
	n := m.numbers(t, alice)
	if n.Source != stackhand.SourceMetrics || len(n.Loads) != 11 || n.Calls > cloud.MostCalls || n.Status != "" {
		t.Fatalf("%d loads: %+v", len(n.Loads), n)
	}
	for _, l := range n.Loads {
		about(t, "processors", l.CPU, 20)
		about(t, "network", l.Net, 20_000)
		if l.Disk >= 0 || l.To.Sub(l.From) != 5*time.Minute {
			t.Errorf("%+v", l)
		}
	}
	for most := range n.Calls {
		if cut, err := m.as(t, alice).Numbers(t.Context(), m.id, m.now, most); err != nil || !cut.Cut || cut.Calls != most {
			t.Errorf("with %d calls: %+v, %v", most, cut, err)
		}
	}
	if err := m.as(t, alice).ActOnServer(t.Context(), m.id, "stop"); err != nil {
		t.Fatal(err)
	}
	m.now = m.now.Add(20 * time.Minute)
	if n := m.numbers(t, alice); n.Status != "SHUTOFF" || n.Calls != 1 {
		t.Errorf("a stopped server: %+v", n)
	}
	if err := m.as(t, alice).ActOnServer(t.Context(), m.id, "start"); err != nil {
		t.Fatal(err)
	}
	m.now = m.now.Add(20 * time.Minute)
	n = m.numbers(t, alice)
	for _, l := range n.Loads {
		if l.CPU < 0 || l.CPU > 25 || l.To.Sub(l.From) > 5*time.Minute {
			t.Errorf("over the gap: %+v", l)
		}
	}
	m.rule(t, "GET /resource/instance/* 404")
	if n := m.numbers(t, alice); n.Source != stackhand.SourceNone {
		t.Errorf("unknown to Gnocchi: %+v", n)
	}
	m.rule(t, "GET /resource/instance/* 503")
	if _, err := m.as(t, alice).Numbers(t.Context(), m.id, m.now, cloud.MostCalls); !stackhand.Temporary(err) {
		t.Errorf("Gnocchi in trouble: %v", err)
	}
}
