package cloud_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/cloud/cloudtest"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// sim is a simulated OpenStack on loopback.
type sim struct {
	*openstack.Cloud
	entry cloud.Entry
}

func newSim(t testing.TB, o openstack.Options) sim {
	t.Helper()
	c := openstack.New(o)
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return sim{c, cloud.Entry{
		Name: "lab", File: "clouds.yaml", AuthURL: srv.URL + "/identity", Region: "RegionOne", Interface: "public",
	}}
}

func (s sim) entries() map[string]cloud.Entry { return map[string]cloud.Entry{s.entry.Name: s.entry} }

// fault adds a rule, in the words of scripts.
func (s sim) fault(t testing.TB, words ...string) {
	t.Helper()
	r, err := openstack.ParseRule(words)
	if err == nil {
		err = s.Fault(r)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// rule is fault for lines without spaces inside words.
func (s sim) rule(t testing.TB, line string) {
	t.Helper()
	s.fault(t, strings.Fields(line)...)
}

func person(name, project string) stackhand.Login {
	return stackhand.Login{
		Username: name, Password: name + "-secret", ProjectName: project, UserDomain: "Default", ProjectDomain: "Default",
	}
}

var alice = person("alice", "team-a")

// client logs alice in.
func (s sim) client(t testing.TB, o cloud.Options) *cloud.Client {
	t.Helper()
	c, err := cloud.NewPool(s.entries(), o).Client(t.Context(), "lab", alice)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSimulator(t *testing.T) {
	s := newSim(t, openstack.Options{Build: 300 * time.Millisecond})
	cloudtest.Run(t, cloudtest.Target{
		Entries: s.entries(), Cloud: "lab", Login: alice, Other: person("bob", "team-b"), Admin: person("admin", "admin"),
		ExpireTokens: func() { s.rule(t, "token expire") },
		FailBuild: func(t *testing.T, server string) {
			s.fault(t, "build", "error", server, "No valid host was found. There are not enough hosts available.")
		},
	})
	for _, kind := range []string{"servers", "networks", "subnets", "routers", "ports", "floating-ips", "security-groups", "keypairs"} {
		if n := s.Count(kind, "team-a"); n != 0 {
			t.Errorf("the suite left %d %s", n, kind)
		}
	}
}
