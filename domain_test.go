package stackhand_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

func TestJobStates(t *testing.T) {
	for state, rests := range map[stackhand.JobState]bool{
		stackhand.JobQueued: false, stackhand.JobRunning: false, stackhand.JobUndoing: false,
		stackhand.JobDone: true, stackhand.JobUndone: true, stackhand.JobFailed: true, stackhand.JobKept: true, stackhand.JobStuck: true,
	} {
		if state.Rests() != rests {
			t.Errorf("%s rests: %v, want %v", state, state.Rests(), rests)
		}
	}
	j := stackhand.Job{Steps: []stackhand.JobStep{{Name: "a"}, {Name: "b"}}}
	j.Step("b").Note = "seen"
	if j.Steps[1].Note != "seen" || j.Step("c") != nil {
		t.Errorf("Step does not find the record: %+v", j)
	}
}

func TestRoles(t *testing.T) {
	if !(stackhand.Guest < stackhand.Member && stackhand.Member < stackhand.Approver && stackhand.Approver < stackhand.Admin) {
		t.Error("each role includes those before it: their order must not change")
	}
	for r, want := range map[stackhand.Role]string{stackhand.Guest: "guest", stackhand.Member: "member", stackhand.Approver: "approver", stackhand.Admin: "admin"} {
		if r.String() != want {
			t.Errorf("String() = %q, want %q", r, want)
		}
	}
}

// A login does not show its secrets, however it is printed.
func TestLoginHides(t *testing.T) {
	l := stackhand.Login{Username: "bob", Password: "hunter2", AppCredSecret: "hush", Token: "gAAAA"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{l, &l, []stackhand.Login{l}} {
			if s := fmt.Sprintf(verb, v); strings.Contains(s, "hunter2") || strings.Contains(s, "hush") || strings.Contains(s, "gAAAA") {
				t.Errorf("%s prints %s", verb, s)
			}
		}
	}
}

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		limit stackhand.Limit
		n     int
		want  bool
	}{
		{stackhand.Limit{Used: 8, Max: 10}, 2, true}, {stackhand.Limit{Used: 9, Max: 10}, 2, false},
		{stackhand.Limit{Used: 1000, Max: -1}, 1000, true}, {stackhand.Limit{}, 0, true}, {stackhand.Limit{}, 1, false},
	} {
		if got := c.limit.Room(c.n); got != c.want {
			t.Errorf("%+v has room for %d: %v, want %v", c.limit, c.n, got, c.want)
		}
	}
}
