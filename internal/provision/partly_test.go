package provision_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// A deletion that gets stuck halfway says what is left, and the stack's record claims nothing that is gone.
func TestADeletionThatFailsHalfway(t *testing.T) {
	for _, tt := range []struct {
		call    string
		state   stackhand.StackState
		server  bool
		address bool
		note    string
	}{
		{"DeletePort", stackhand.StackKept, false, false, "Still there: port web, "},
		{"DeleteServer", stackhand.StackReady, true, true, ", server web, "},
		{"DeleteFloatingIP", stackhand.StackKept, false, false, "floating ip 203.0.113."},
	} {
		t.Run(tt.call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				p.run(jobOf("job1", provision.FlowCreate, spec()))
				l.cloud.arm(func(_ int, call string) fault {
					if call == tt.call {
						return fault{before: stackhand.Errorf(stackhand.Forbidden, "Not you.")}
					}
					return fault{}
				})
				j := p.run(deleteOf("del1", "job1-1"))
				if j.State != stackhand.JobFailed || !slices.ContainsFunc(j.Notes, func(n string) bool { return strings.Contains(n, tt.note) }) {
					t.Errorf("job %s", story(j))
				}
				st := p.stack("job1-1")
				if st.State != tt.state || st.Busy != "" || (st.Server != "") != tt.server || (st.Address != "") != tt.address {
					t.Errorf("stack %+v", st)
				}
				j = p.run(jobOf("boot1", provision.FlowReboot, stackhand.RebootSpec{Cloud: "lab", Stack: st.ID, Server: "gone", Name: "web"}))
				if !tt.server && (j.State != stackhand.JobFailed || !strings.Contains(j.Problem.Msg, "no server any more")) {
					t.Errorf("reboot %s", story(j))
				}
				l.cloud.arm(nil)
				j = p.run(deleteOf("del2", "job1-1"))
				l.want(j, stackhand.JobDone)
				if len(j.Notes) > 0 {
					t.Errorf("a deletion of everything says %q", j.Notes)
				}
			})
		})
	}
}
