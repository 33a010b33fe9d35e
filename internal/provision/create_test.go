package provision_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

func TestCreateAndDelete(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*stackhand.CreateSpec)
		left []string
	}{
		{"auto", func(*stackhand.CreateSpec) {}, whole("stackhand-auto", "web")},
		{"new", func(s *stackhand.CreateSpec) { s.Network = "new" }, whole("web", "web")},
		{"new for several", func(s *stackhand.CreateSpec) { s.Network, s.Count = "new", 3 }, whole("web", "web-1", "web-2", "web-3")},
		{"auto for several", func(s *stackhand.CreateSpec) { s.Count = 2 }, whole("stackhand-auto", "web-1", "web-2")},
		{"no outside", func(s *stackhand.CreateSpec) { s.External, s.Floating, s.Open = "", false, nil },
			[]string{"network stackhand-auto", "subnet stackhand-auto", "port webcompute:nova", "server web"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				s := spec()
				tt.edit(&s)
				begun := time.Now()
				j := p.run(jobOf("job1", provision.FlowCreate, s))
				l.want(j, stackhand.JobDone, tt.left...)
				synctest.Wait()
				if locks := l.recs.Locks(); len(locks) > 0 {
					t.Errorf("locks are held: %q", locks)
				}
				for n, id := range j.Stacks {
					st := p.stack(id)
					if st.State != stackhand.StackReady || st.Server == "" || st.Address == "" || !st.Lease.Until.Equal(st.Lease.Ready.Add(2*time.Hour)) || st.Lease.Ready.Before(begun.Add(2*time.Second)) {
						t.Errorf("stack %+v", st)
					}
					if n < len(j.Stacks)-1 {
						if d := p.run(deleteOf("del"+id, id)); d.State != stackhand.JobDone {
							t.Fatal(story(d))
						}
					}
				}
				last := j.Stacks[len(j.Stacks)-1]
				l.want(p.run(deleteOf("dellast", last)), stackhand.JobDone)
				if st := p.stack(last); st.State != stackhand.StackGone || len(st.Ledger) != 0 || st.Gone.IsZero() {
					t.Errorf("stack %+v", st)
				}
			})
		})
	}
}
