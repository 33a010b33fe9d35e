package provision_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/provision"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// onDisk makes an engine on a real store, in real time.
func onDisk(tb testing.TB, c *fakeCloud) (*jobs.Engine, chan string) {
	tb.Helper()
	db, err := bolt.Open(filepath.Join(tb.TempDir(), "jobs.db"), bolt.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	st, err := store.New(tb.Context(), db, store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	changed := make(chan string, 10000)
	e := jobs.New(st, provision.Flows(provision.Deps{
		Open: func(context.Context, string, string, stackhand.Scope) (provision.Cloud, error) {
			return session{c, new(atomic.Bool)}, nil
		},
		Book: st, Conflict: store.ErrConflict,
	}), jobs.Options{Conflict: store.ErrConflict, Log: slog.New(slog.DiscardHandler), Changed: func(id string) { changed <- id }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e, changed
}

// finish runs a job to its end.
func finish(tb testing.TB, e *jobs.Engine, changed chan string, j stackhand.Job) stackhand.Job {
	tb.Helper()
	if _, err := e.Start(tb.Context(), j, stacksOf(j)...); err != nil {
		tb.Fatal(err)
	}
	for range changed {
		got, err := e.Job(tb.Context(), j.ID)
		if err != nil {
			tb.Fatal(err)
		}
		if got.State.Rests() {
			return got
		}
	}
	return stackhand.Job{}
}

// critical is the longest way through the cloud's calls of a create on a new shared network:
// routers and subnets, network, subnet, port, server, its build, a last look.
func critical(c *fakeCloud) time.Duration { return 6*c.delay + c.build }

// BenchmarkCreate measures creates on a cloud with 50 ms per call and builds of 2 s, with a real
// store; over is the time beyond the cloud's own, in percent (budget: 10).
func BenchmarkCreate(b *testing.B) {
	var over float64
	for i := range b.N {
		c := newCloud()
		e, changed := onDisk(b, c)
		s := spec()
		s.Open = nil
		j := finish(b, e, changed, jobOf(fmt.Sprintf("bench%03d", i), provision.FlowCreate, s))
		if j.State != stackhand.JobDone {
			b.Fatal(story(j))
		}
		over += (float64(j.Ended.Sub(j.Created))/float64(critical(c)) - 1) * 100
	}
	b.ReportMetric(over/float64(b.N), "%over")
}

// TestOnARealStore runs a stack's life on the real store, whose records the engine and the flows
// share with the rest of the program.
func TestOnARealStore(t *testing.T) {
	c := newCloud()
	c.delay, c.build, c.removal = time.Millisecond, 20*time.Millisecond, 5*time.Millisecond
	c.look = 5 * time.Millisecond
	e, changed := onDisk(t, c)
	j := finish(t, e, changed, jobOf("realjob1", provision.FlowCreate, spec()))
	if j.State != stackhand.JobDone {
		t.Fatal(story(j))
	}
	many := spec()
	many.Count = 20
	if m := finish(t, e, changed, jobOf("realjob3", provision.FlowCreate, many)); m.State != stackhand.JobDone {
		t.Fatal(story(m))
	}
	for n := range 20 {
		id := fmt.Sprintf("realjob3-%d", n+1)
		if d := finish(t, e, changed, deleteOf(fmt.Sprintf("deljob%02d", n), id)); d.State != stackhand.JobDone {
			t.Fatal(story(d))
		}
	}
	d := finish(t, e, changed, deleteOf("realjob2", j.Stacks[0]))
	if left := c.left(); d.State != stackhand.JobDone || len(left) > 0 {
		t.Errorf("left %q, %s", left, story(d))
	}
}
