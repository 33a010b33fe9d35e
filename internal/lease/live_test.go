package lease

import (
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// Rules that change while it runs hold from the next sweep on. What was said of a milder step does not count for a harder one, and the
// other way round it does.
func TestRulesChange(t *testing.T) {
	stop := Ladder{First: stackhand.StepStop, Grace: 72 * time.Hour}
	at := func(l Ladder) func(*Rules) { return func(r *Rules) { r.Ladders = []Ladder{l} } }
	for name, c := range map[string]struct {
		was    Ladder
		change func(*Rules)
		told   string // by another warning; "": none is needed
		flow   string // of the step that is taken at the end
		verb   string
	}{
		"nothing":                      {stop, func(*Rules) {}, "", "ladder", `"verb":"stop"`},
		"shelve instead of stop":       {stop, at(Ladder{First: stackhand.StepShelve, Grace: time.Hour}), "", "ladder", `"verb":"shelve"`},
		"delete instead of stop":       {stop, at(Ladder{First: stackhand.StepDelete}), "will then be deleted", "delete", `"why":"expired"`},
		"stop instead of delete":       {Ladder{First: stackhand.StepDelete}, at(stop), "", "ladder", `"verb":"stop"`},
		"delete without an image":      {Ladder{First: stackhand.StepDelete, Snapshot: true}, at(Ladder{First: stackhand.StepDelete}), "web-1 expires in 58 minutes", "delete", `"why":"expired"`},
		"an image before it":           {Ladder{First: stackhand.StepDelete}, at(Ladder{First: stackhand.StepDelete, Snapshot: true}), "", "ladder", `"verb":"archive"`},
		"an earlier warning as well":   {stop, func(r *Rules) { r.Warn = []time.Duration{time.Hour, 100 * time.Minute} }, "", "ladder", `"verb":"stop"`},
		"another warning, still ahead": {stop, func(r *Rules) { r.Warn = []time.Duration{time.Hour, 10 * time.Minute} }, "web-1 expires in 10 minutes", "ladder", `"verb":"stop"`},
		"a dry run":                    {stop, func(r *Rules) { yes := true; r.Dry = &yes }, "This is a dry run", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, b, now := world(2 * time.Hour)
			st := b.stacks["j-1"]
			st.Server = "v-1"
			b.stacks["j-1"] = st
			inForce := rules
			inForce.Dry = never()
			at(c.was)(&inForce)
			s.Rules, s.Live, s.Guard, s.Conflict = Rules{}, func() Rules { return inForce }, &Guard{Book: &brakes{}}, errFaster
			*now = t0.Add(61 * time.Minute)
			sweeps(t, s, 2)
			if len(b.notices) != 1 {
				t.Fatalf("%d warnings at first", len(b.notices))
			}
			c.change(&inForce)
			for *now = t0.Add(62 * time.Minute); now.Before(t0.Add(2*time.Hour + 5*time.Minute)); *now = now.Add(time.Minute) {
				sweeps(t, s, 1)
			}
			more := 0
			for id, n := range b.notices {
				if c.told != "" && strings.Contains(n.Text.String(), c.told) {
					more++
				}
				if n.Delivered.IsZero() {
					t.Errorf("%s was not delivered", id)
				}
			}
			if want := map[bool]int{false: 1, true: 2}[c.told != ""]; len(b.notices) != want || more != want-1 {
				t.Errorf("%d notices, %d of them say %q: %v", len(b.notices), more, c.told, b.notices)
			}
			if c.flow == "" {
				if len(b.started) > 0 {
					t.Errorf("%+v", b.started)
				}
				return
			}
			if len(b.started) != 1 || b.started[0].Flow != c.flow || !strings.Contains(string(b.started[0].Input), c.verb) {
				t.Errorf("jobs %+v", b.started)
			}
		})
	}
}
