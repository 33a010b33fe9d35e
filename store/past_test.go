package store_test

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// TestStacksEverInProject holds the stacks that are gone against the moment from which on they are asked for.
func TestStacksEverInProject(t *testing.T) {
	s, _, _ := memory(t)
	for i, name := range []string{"web-1", "web-2", "web-3", "other"} {
		st := newStack(name, "U1")
		st.Created = start.Add(time.Duration(i) * time.Minute)
		if name == "other" {
			st.ProjectID = "p2"
		}
		save(t, s, st)
		if name != "web-3" {
			st.State, st.Gone = stackhand.StackGone, start.Add(time.Duration(i+1)*time.Hour)
			save(t, s, st)
		}
	}
	for since, want := range map[time.Duration][]string{0: {"web-1", "web-2", "web-3"}, 90 * time.Minute: {"web-2", "web-3"}, 2 * time.Hour: {"web-2", "web-3"}, 9 * time.Hour: {"web-3"}} {
		got, err := s.StacksEverInProject(t.Context(), "lab", "p1", start.Add(since))
		ok(t, err)
		same(t, since.String(), want, stackIDs(got))
	}
}
