package cloud

import (
	"context"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// TestShelfIsOfProjectAndRoles: who may see more, or something else, has a memory of their own.
func TestShelfIsOfProjectAndRoles(t *testing.T) {
	s := &site{shelves: map[shelfKey]*shelf{}}
	of := func(project string, roles ...string) *shelf {
		return (&Client{site: s, grant: grant{identity: stackhand.Identity{ProjectID: project, Roles: roles}}}).shelf()
	}
	mine := of("p1", "member", "reader")
	if of("p1", "reader", "member") != mine {
		t.Error("the order of roles matters")
	}
	for what, other := range map[string]*shelf{"project": of("p2", "member", "reader"), "more roles": of("p1", "admin", "member", "reader"), "fewer": of("p1", "reader")} {
		if other == mine {
			t.Errorf("another %s sees the same", what)
		}
	}
}

// TestOvertakenRead: a list that was read while somebody changed something serves its reader only.
func TestOvertakenRead(t *testing.T) {
	r := newRemembered[int]()
	reads := 0
	get := func(during func()) {
		t.Helper()
		list, err := r.get(t.Context(), time.Now, func(context.Context) ([]int, error) {
			reads++
			during()
			return []int{reads}, nil
		}, func([]int) bool { return true })
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
	}
	get(r.forget)
	get(func() {})
	get(func() {})
	if reads != 2 {
		t.Errorf("read %d times, want 2", reads)
	}
}

// TestCinderAddress: the project is part of it, in one way or the other, and without Cinder words say so.
func TestCinderAddress(t *testing.T) {
	for _, c := range []struct {
		name, listed, override, want string
		kind                         stackhand.Kind
	}{
		{"whole", "http://c:8776/v3/p1", "", "http://c:8776/v3/p1/", ""},
		{"without a project", "http://c:8776/v3", "", "http://c:8776/v3/p1/", ""},
		{"without a version", "http://c/volume", "", "http://c/volume/v3/p1/", ""},
		{"v2", "http://c:8776/v2/p1", "", "http://c:8776/v2/p1/", ""},
		{"set by hand", "http://wrong/v3/p1", "http://c/v3/%(project_id)s", "http://c/v3/p1/", ""},
		{"set by hand, short", "", "http://c/v3", "http://c/v3/p1/", ""},
		{"none", "", "", "", stackhand.NotFound},
		{"of no use", "/v3/p1", "", "", stackhand.Invalid},
	} {
		e := Entry{Name: "lab", Interface: "public", Overrides: map[string]string{"volumev3": c.override}}
		client := &Client{site: &site{entry: e}, grant: grant{identity: stackhand.Identity{ProjectID: "p1"}}}
		cat := catalog{{"compute", "", "public", "http://n/v2.1"}}
		if c.listed != "" {
			cat = append(cat, endpoint{"volumev3", "", "public", c.listed})
		}
		got, err := client.address(cat, volume)
		if got != c.want && c.kind == "" || stackhand.KindOf(err) != c.kind {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}
