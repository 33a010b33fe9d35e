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
