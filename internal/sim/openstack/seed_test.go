package openstack

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seeds lists the ids that the cloud was born with, by what they name.
func seeds(c *Cloud) map[string]string {
	out := map[string]string{}
	for _, p := range c.identity.projects {
		out["project "+p.name] = p.id
	}
	for _, u := range c.identity.users {
		out["user "+u.name] = u.id
	}
	for name, id := range c.identity.roles {
		out["role "+name] = id
	}
	for _, e := range c.offered() {
		out["service "+e.name] = e.id
		for i, id := range e.endpoints {
			out["endpoint "+e.name+" "+i] = id
		}
	}
	for id, i := range c.images {
		out["image "+i.name] = id
	}
	for id, n := range c.network.networks.byID {
		out["network "+n.name] = id
	}
	for id, s := range c.network.subnets.byID {
		out["subnet "+s.name] = id
	}
	return out
}

// Who remembers a project, an image or a network of the cloud finds it again after a restart.
func TestTheSeedIsTheSameAtEachStart(t *testing.T) {
	first, second := seeds(New(Options{})), seeds(New(Options{}))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second start is another world (-first +second):\n%s", diff)
	}
	hex := regexp.MustCompile(`^[0-9a-f]{32}$`)
	dashed := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	neutral := regexp.MustCompile(`^(image|network|subnet) `)
	used := map[string]string{}
	for what, id := range first {
		form := hex
		if neutral.MatchString(what) {
			form = dashed
		}
		if !form.MatchString(id) {
			t.Errorf("%s has the id %q", what, id)
		}
		if other, twice := used[id]; twice {
			t.Errorf("%s and %s have the same id", what, other)
		}
		used[id] = what
	}
	if len(first) != 38 {
		t.Errorf("%d things, want 38: %v", len(first), first)
	}
}
