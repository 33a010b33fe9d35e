package provision_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// A step for which nobody asked was decided for a time. The bot was off until that was over, or its clock ran ahead when it
// was decided and has been put right: the step is not taken.
func TestStepsKeepToTheirTime(t *testing.T) {
	const never = time.Duration(0)
	for _, c := range []struct {
		name             string
		earliest, latest time.Duration // from now; 0: not said
		want             string        // in the problem; "": it is taken
	}{
		{"in time", -time.Minute, time.Hour, ""},
		{"nobody says when", never, never, ""},
		{"too late", -time.Hour, -time.Minute, "is over"},
		{"too early", time.Minute, time.Hour, "not come yet"},
	} {
		for _, verb := range []string{stackhand.StepDelete, stackhand.ActStop, stackhand.LadderArchive} {
			t.Run(c.name+"/"+verb, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					p := l.start()
					l.want(p.run(jobOf("job0", provision.FlowCreate, spec())), stackhand.JobDone, whole("stackhand-auto", "web")...)
					at := func(d time.Duration) time.Time {
						if d == never {
							return time.Time{}
						}
						return time.Now().Add(d)
					}
					until := p.stack("job0-1").Lease.Until
					job := jobOf("job1", provision.FlowDelete, stackhand.DeleteSpec{
						Cloud: "lab", Stack: "job0-1", Why: "expired", Until: until, Earliest: at(c.earliest), Latest: at(c.latest),
					})
					if verb != stackhand.StepDelete {
						job = aimed(step(verb, func(s *stackhand.LadderSpec) {
							s.Until, s.Earliest, s.Latest, s.Image = until, at(c.earliest), at(c.latest), "web-end"
						}), l)
					}
					j := p.run(job)
					if c.want == "" {
						if j.State != stackhand.JobDone {
							t.Fatal(story(j))
						}
						return
					}
					l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
					if j.Problem == nil || !strings.Contains(j.Problem.Msg, c.want) {
						t.Errorf("problem %+v", j.Problem)
					}
					if st := p.stack("job0-1"); st.State != stackhand.StackReady || st.Busy != "" || len(st.Lease.Ladder.Rungs) > 0 {
						t.Errorf("stack %+v", st)
					}
				})
			})
		}
	}
}

// An end for which nobody asked that was cut short before the server was told to go, and is taken up again when its time is over, leaves the
// server; one that was cut short afterwards comes to its end.
func TestWhatIsTakenUpAgainKeepsToItsTime(t *testing.T) {
	for name, c := range map[string]struct {
		at    string // the call in which the bot dies
		stays bool
	}{
		"before":    {"FloatingIPs", true},
		"afterward": {"DeleteServer", false},
	} {
		for _, verb := range []string{stackhand.StepDelete, stackhand.LadderArchive} {
			t.Run(name+"/"+verb, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t)
					l.cloud.removal = 2*time.Hour + 5*time.Minute
					p := l.start()
					ready()(p)
					until, latest := p.stack("job0-1").Lease.Until, time.Now().Add(time.Hour)
					job := jobOf("job1", provision.FlowDelete, stackhand.DeleteSpec{Cloud: "lab", Stack: "job0-1", Why: "expired", Until: until, Latest: latest})
					if verb != stackhand.StepDelete {
						job = aimed(step(verb, func(s *stackhand.LadderSpec) { s.Until, s.Latest, s.Image = until, latest, "web-end" }), l)
					}
					l.cloud.arm(func(_ int, call string) fault {
						if call == c.at {
							return fault{after: errors.New("killed"), then: p.kill}
						}
						return fault{}
					})
					p.run(job)
					l.cloud.arm(nil)
					<-time.After(2 * time.Hour) // of the bubble
					p = l.start()
					j, left := p.rested("job1"), l.cloud.left()
					if stays := slices.Contains(left, "server web"); stays != c.stays || (j.State == stackhand.JobDone) == c.stays {
						t.Fatalf("%s\nleft %v", story(j), left)
					}
					if st := p.stack("job0-1"); c.stays && (!strings.Contains(j.Problem.Msg, "is over") || st.State != stackhand.StackReady || st.Busy != "") {
						t.Errorf("%s\nstack %+v", story(j), st)
					}
				})
			})
		}
	}
}

// What a schedule asked for is not done when it is too late for it.
func TestSchedulesKeepToTheirTime(t *testing.T) {
	for latest, status := range map[time.Duration]string{time.Hour: "SHUTOFF small", -time.Minute: "ACTIVE small"} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t)
			p := l.start()
			ready()(p)
			j := p.run(aimed(on(stackhand.ActStop, func(s *stackhand.ActSpec) { s.Latest = time.Now().Add(latest) }), l))
			is(status)(l, stackhand.Stack{})
			if late := latest < 0; late != (j.State == stackhand.JobFailed && strings.Contains(j.Problem.Msg, "is over")) {
				t.Errorf("%s from now: %s", latest, story(j))
			}
			if st := p.stack("job0-1"); st.Busy != "" {
				t.Errorf("busy %q", st.Busy)
			}
			if latest > 0 {
				return
			}
			again, err := p.Retry(t.Context(), j.ID, "U1", false)
			if err != nil {
				t.Fatal(err)
			}
			if j = p.rested(again.ID); j.State != stackhand.JobDone {
				t.Errorf("somebody wants it all the same: %s", story(j))
			}
		})
	}
}
