package provision_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// A login that is withdrawn while a server is asked for leaves pieces that the bot can neither see nor remove. They are
// named, and the job is not tried again before they are gone.
func TestNothingIsTriedAgainBesideItsRests(t *testing.T) {
	revoked := stackhand.Errorf(stackhand.Unauthorized, "Your login ended.")
	lost := stackhand.Errorf(stackhand.Unavailable, "The connection was lost.")
	for _, c := range []struct {
		name, call string
		keep       bool
		state      stackhand.JobState
		said       string
	}{
		{"server", "CreateServer", false, stackhand.JobFailed, "the cloud did not say: Server web."},
		{"server, kept", "CreateServer", true, stackhand.JobKept, "the cloud did not say: Server web."},
		{"build", "Await", false, stackhand.JobFailed, "server web"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				over := false
				l.cloud.arm(func(_ int, call string) fault {
					switch {
					case over:
						return fault{before: revoked}
					case call == c.call:
						over = true
						return fault{after: lost}
					}
					return fault{}
				})
				job := jobOf("job1", provision.FlowCreate, spec())
				job.Keep = c.keep
				j := p.run(job)
				if said := strings.Join(j.Notes, " "); j.State != c.state || !strings.Contains(said, c.said) {
					t.Errorf("%s", story(j))
				}
				l.cloud.arm(nil)
				_, err := p.Retry(context.Background(), "job1", "U1", false)
				if stackhand.KindOf(err) != stackhand.Conflict || !strings.Contains(err.Error(), "twice") {
					t.Fatalf("retry: %v", err)
				}
				tidy, err := p.Cleanup(context.Background(), "job1", "U1")
				if err != nil {
					t.Fatal(err)
				}
				l.want(p.rested(tidy.ID), stackhand.JobDone)
				again, err := p.Retry(context.Background(), "job1", "U1", false)
				if err != nil {
					t.Fatal(err)
				}
				l.want(p.rested(again.ID), stackhand.JobDone, whole("stackhand-auto", "web")...)
			})
		})
	}
}

// What was undone is in nobody's way, also where a step ended without an answer: its stack is gone, and the next try begins at once.
func TestWhatWasUndoneIsTriedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		l.cloud.arm(func(_ int, call string) fault {
			if call == "AttachFloatingIP" {
				return fault{before: stackhand.Errorf(stackhand.Unavailable, "Not now.")}
			}
			return fault{}
		})
		j := p.run(jobOf("job1", provision.FlowCreate, spec()))
		l.want(j, stackhand.JobUndone)
		if st := p.stack("job1-1"); st.State != stackhand.StackGone {
			t.Errorf("the stack is %s", st.State)
		}
		l.cloud.arm(nil)
		again, err := p.Retry(context.Background(), "job1", "U1", false)
		if err != nil {
			t.Fatal(err)
		}
		l.want(p.rested(again.ID), stackhand.JobDone, whole("stackhand-auto", "web")...)
	})
}
