package cloud_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// people is a Keystone with 40 groups, each with two users, of which the last went meanwhile.
type people struct {
	http.Handler
	hidden     bool // the groups may not be read
	most, here atomic.Int32
}

func (p *people) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	path, ok := strings.CutPrefix(req.URL.Path, "/identity/v3/")
	switch {
	case ok && path == "users":
		says(200, `{"users": [{"id": "u0", "name": "ada", "email": "ada@example.org", "domain_id": "default", "enabled": true}, {"id": "u1", "name": "bo"}]}`)(rw)
	case ok && path == "groups" && p.hidden:
		says(403, `{"error": {"code": 403, "message": "You are not authorized to perform the requested action: identity:list_groups.", "title": "Forbidden"}}`)(rw)
	case ok && path == "groups":
		var groups []string
		for i := range 40 {
			groups = append(groups, fmt.Sprintf(`{"id": "g%d", "name": "group %02d"}`, i, i))
		}
		says(200, `{"groups": [`+strings.Join(groups, ",")+`], "links": {"next": null}}`)(rw)
	case ok && path == "groups/g39/users":
		says(404, `{"error": {"code": 404, "message": "Could not find group: g39.", "title": "Not Found"}}`)(rw)
	case ok && strings.HasPrefix(path, "groups/"):
		p.most.Store(max(p.most.Load(), p.here.Add(1)))
		defer p.here.Add(-1)
		select { // for so long that the others come, too
		case <-time.After(time.Second):
		case <-req.Context().Done():
		}
		says(200, `{"users": [{"id": "u0", "name": "ada"}]}`)(rw)
	default:
		p.Handler.ServeHTTP(rw, req)
	}
}

func TestUsersWithGroups(t *testing.T) {
	for hidden, groups := range map[bool]int{false: 39, true: 0} {
		synctest.Test(t, func(t *testing.T) { usersWithGroups(t, hidden, groups) })
	}
}

func usersWithGroups(t *testing.T, hidden bool, groups int) {
	w := newWorld(t, openstack.Options{}, cloud.Options{})
	keystone := &people{Handler: w.Cloud, hidden: hidden}
	w.net.Handler = keystone
	users, err := w.as(t, person("admin", "admin")).Users(t.Context())
	if err != nil || len(users) != 2 {
		t.Fatalf("%+v, %v", users, err)
	}
	if u := users[0]; len(u.Groups) != groups || !slices.IsSorted(u.Groups) || u.Email != "ada@example.org" || !u.Enabled || u.Domain != "default" {
		t.Errorf("hidden %v: %+v", hidden, u)
	}
	if len(users[1].Groups) != 0 || users[1].Enabled {
		t.Errorf("%+v", users[1])
	}
	if most := keystone.most.Load(); !hidden && most != 8 || hidden && most != 0 {
		t.Errorf("%d groups were read at once", most)
	}
}

// TestUsersOfABrokenKeystone: groups that cannot be read for another reason than rights are an error.
func TestUsersOfABrokenKeystone(t *testing.T) {
	_, c := withAnswers(t, false, map[string]func(http.ResponseWriter){
		"GET /identity/v3/users":  says(200, `{"users": []}`),
		"GET /identity/v3/groups": says(200, `{"groups": 7}`),
	})
	if _, err := c.Users(t.Context()); err == nil {
		t.Error("nonsense for groups is no error")
	}
	_, c = withAnswers(t, false, map[string]func(http.ResponseWriter){"GET /identity/v3/projects": says(200, `{}`)})
	if _, err := c.Projects(t.Context()); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("no list of projects at all: %v", err)
	}
}

// TestAdminsOfKeystoneV2: administrators have an address of their own there.
func TestAdminsOfKeystoneV2(t *testing.T) {
	w := newWorld(t, openstack.Options{Profile: "2014"}, cloud.Options{})
	can := &canned{Handler: w.Cloud, answers: map[string]func(http.ResponseWriter){
		"GET /v2.0/tenants": says(200, `{"tenants": [{"id": "t1", "name": "one", "description": "d", "enabled": false}, {"id": "t2", "name": "two", "enabled": true}]}`),
		"GET /v2.0/users":   says(200, `{"users": [{"id": "u1", "name": "ada", "enabled": true}]}`),
	}}
	w.net.Handler = can
	w.entry.Overrides = map[string]string{}
	c := w.as(t, alice)
	own, err := c.OwnProjects(t.Context())
	if err != nil || len(own) != 1 || own[0].Name != "team-a" {
		t.Errorf("own projects %+v, %v", own, err)
	}
	cloud.SetAdminAddress(c, "http://admin.test:35357/v2.0")
	all, err := c.Projects(t.Context())
	want := []stackhand.Project{{ID: "t1", Name: "one", Description: "d", Disabled: true}, {ID: "t2", Name: "two"}}
	if d := cmp.Diff(want, all); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
	users, err := c.Users(t.Context())
	if d := cmp.Diff([]stackhand.CloudUser{{ID: "u1", Name: "ada", Enabled: true}}, users); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
}

// TestRegions: each region has its own addresses, clients and memory; clouds.yaml's is the usual one.
func TestRegions(t *testing.T) {
	w := newWorld(t, openstack.Options{}, cloud.Options{})
	w.rule(t, "catalogue regions North RegionOne")
	usual := w.as(t, alice)
	if got, err := usual.Regions(t.Context()); err != nil || !slices.Equal(got, []string{"North", "RegionOne"}) {
		t.Errorf("regions %v, %v", got, err)
	}
	in := func(region string) *cloud.Client {
		t.Helper()
		c, err := w.pool.ClientIn(t.Context(), "lab", region, alice)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	north := in("North")
	if in("RegionOne") != usual || in("") != usual || in("North") != north || north == usual {
		t.Error("regions share clients, or one has several")
	}
	if north.Identity().Region != "North" || usual.Identity().Region != "RegionOne" {
		t.Errorf("regions %q and %q", north.Identity().Region, usual.Identity().Region)
	}
	if _, err := north.Servers(t.Context()); err != nil {
		t.Error(err)
	}
	_, err := in("Atlantis").Servers(t.Context())
	if stackhand.KindOf(err) != stackhand.Invalid || !strings.Contains(err.Error(), "North, RegionOne") {
		t.Errorf("in a region that is not there: %v", err)
	}
	if _, err := in("Atlantis").Volumes(t.Context()); stackhand.KindOf(err) != stackhand.NotFound || !strings.Contains(err.Error(), "region Atlantis") {
		t.Errorf("volumes in a region that is not there: %v", err)
	}
	w.pool.Forget("lab", alice)
	if in("North") == north {
		t.Error("a login that is forgotten is remembered in another region")
	}
}
