package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

func newJob(id, user string, at time.Time) *stackhand.Job {
	return &stackhand.Job{ID: id, Flow: "create", Version: 1, User: stackhand.User{ID: user, Role: stackhand.Member},
		Cloud: "lab", Place: stackhand.Place{Channel: "C1"}, Title: "Create " + id, Input: json.RawMessage(`{"name":"web"}`),
		State: stackhand.JobQueued, Created: at}
}

func newStack(id, owner string) *stackhand.Stack {
	return &stackhand.Stack{ID: id, Name: id, Cloud: "lab", ProjectID: "p1", State: stackhand.StackBuilding,
		Lease: stackhand.Lease{Owner: owner, For: time.Hour}, Created: start}
}

func create(t testing.TB, s *store.Store, j *stackhand.Job, stacks ...*stackhand.Stack) {
	t.Helper()
	created, err := s.CreateJob(t.Context(), j, stacks)
	ok(t, err)
	if !created || j.Rev == 0 {
		t.Fatalf("CreateJob(%s): created %v, rev %d", j.ID, created, j.Rev)
	}
}

func jobIDs(jobs []stackhand.Job) []string {
	ids := []string{}
	for _, j := range jobs {
		ids = append(ids, j.ID)
	}
	return ids
}

func TestCreateJob(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	j, a, b := newJob("aaaa1111", "U1", start), newStack("aaaa1111-1", "U1"), newStack("aaaa1111-2", "U1")
	create(t, s, j, a, b)
	got, err := s.Job(ctx, j.ID)
	ok(t, err)
	same(t, "job", *j, got)
	for _, st := range []*stackhand.Stack{a, b} {
		got, err := s.Stack(ctx, st.ID)
		ok(t, err)
		same(t, "stack", *st, got)
	}
	r, err := s.Report(ctx, j.ID)
	ok(t, err)
	same(t, "report", stackhand.Report{Job: j.ID, Rev: j.Rev, Open: true}, r)

	// The same id again: nothing is written, the first one is read.
	j.State = stackhand.JobRunning
	ok(t, s.SaveJob(ctx, j))
	again := newJob(j.ID, "U2", start.Add(time.Hour))
	created, err := s.CreateJob(ctx, again, []*stackhand.Stack{newStack("aaaa1111-3", "U2")})
	ok(t, err)
	same(t, "created", false, created)
	same(t, "the first job", *j, *again)
	_, err = s.Stack(ctx, "aaaa1111-3")
	notFound(t, err)
}

func TestCreateJobIsAllOrNone(t *testing.T) {
	s, m, _ := memory(t)
	ctx := t.Context()
	create(t, s, newJob("first000", "U1", start), newStack("taken", "U1"))
	job := newJob("second00", "U1", start)
	_, err := s.CreateJob(ctx, job, []*stackhand.Stack{newStack("free", "U1"), newStack("taken", "U1")})
	lost(t, err)
	full := errors.New("disk full")
	m.FailCommits(func([]store.Op) error { return full })
	if _, err := s.CreateJob(ctx, job, []*stackhand.Stack{newStack("free", "U1")}); !errors.Is(err, full) {
		t.Errorf("CreateJob: %v", err)
	}
	m.FailCommits(nil)
	for name, read := range map[string]func() error{
		"job":    func() error { _, err := s.Job(ctx, job.ID); return err },
		"report": func() error { _, err := s.Report(ctx, job.ID); return err },
		"stack":  func() error { _, err := s.Stack(ctx, "free"); return err },
	} {
		t.Run(name, func(t *testing.T) { notFound(t, read()) })
	}
	same(t, "rev of what was not stored", int64(0), job.Rev)
}

func TestCreateJobTakesManyStacks(t *testing.T) {
	s, _, _ := memory(t)
	var stacks []*stackhand.Stack
	for i := range store.MaxStacks + 1 {
		stacks = append(stacks, newStack(fmt.Sprintf("many-%d", i), "U1"))
	}
	j := newJob("many0000", "U1", start)
	j.Place.Thread = "1.2"
	_, err := s.CreateJob(t.Context(), j, stacks)
	if stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("one too many: %v", err)
	}
	create(t, s, j, stacks[:store.MaxStacks]...)
	got, err := s.StacksOfOwner(t.Context(), "U1")
	ok(t, err)
	same(t, "stacks", store.MaxStacks, len(got))
}

func TestCreateJobOnce(t *testing.T) {
	s, _, _ := memory(t)
	var made atomic.Int32
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			j := newJob("same0000", fmt.Sprintf("U%d", n), start)
			created, err := s.CreateJob(t.Context(), j, []*stackhand.Stack{newStack("same0000-1", j.User.ID)})
			if err != nil || j.Rev == 0 {
				t.Errorf("CreateJob: rev %d, %v", j.Rev, err)
			}
			if created {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	same(t, "made", int32(1), made.Load())
}

func TestSaveJob(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	j := newJob("aaaa1111", "U1", start)
	create(t, s, j)
	stale := *j
	j.State = stackhand.JobRunning
	j.Steps = []stackhand.JobStep{{Name: "port", State: stackhand.StepRunning, Attempt: 1, Started: start}}
	rev := j.Rev
	ok(t, s.SaveJob(ctx, j))
	if j.Rev <= rev {
		t.Errorf("rev %d after %d", j.Rev, rev)
	}
	lost(t, s.SaveJob(ctx, &stale))
	stale.Rev = 0
	lost(t, s.SaveJob(ctx, &stale))
	lost(t, s.SaveJob(ctx, &stackhand.Job{ID: "nobody00", Rev: 3}))
	got, err := s.Job(ctx, j.ID)
	ok(t, err)
	same(t, "job", *j, got)
}

func TestJobLists(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	for i, id := range []string{"aaaa0000", "bbbb0000", "bbbb1111", "cccc0000"} {
		create(t, s, newJob(id, []string{"U1", "U2"}[i%2], start.Add(time.Duration(i)*time.Minute)))
	}
	list := func(what string, want []string, got []stackhand.Job, err error) {
		t.Helper()
		ok(t, err)
		same(t, what, want, jobIDs(got))
	}
	got, err := s.RecentJobs(ctx, "", 3)
	list("recent", []string{"cccc0000", "bbbb1111", "bbbb0000"}, got, err)
	got, err = s.RecentJobs(ctx, "U1", 0)
	list("of U1", []string{"bbbb1111", "aaaa0000"}, got, err)
	got, err = s.RecentJobs(ctx, "U3", 5)
	list("of U3", []string{}, got, err)
	got, err = s.OpenJobs(ctx)
	list("open", []string{"aaaa0000", "bbbb0000", "bbbb1111", "cccc0000"}, got, err)

	for _, state := range []stackhand.JobState{stackhand.JobDone, stackhand.JobUndone, stackhand.JobFailed, stackhand.JobKept, stackhand.JobStuck} {
		got[1].State = state
		ok(t, s.SaveJob(ctx, &got[1]))
		open, err := s.OpenJobs(ctx)
		list("open with one "+string(state), []string{"aaaa0000", "bbbb1111", "cccc0000"}, open, err)
		got[1].State = stackhand.JobRunning
		ok(t, s.SaveJob(ctx, &got[1]))
	}
	open, err := s.OpenJobs(ctx)
	list("open again", []string{"aaaa0000", "bbbb0000", "bbbb1111", "cccc0000"}, open, err)
}

func TestJobByPrefix(t *testing.T) {
	s, _, _ := memory(t)
	for _, id := range []string{"aaaa0000", "aaab0000", "b", "bc"} {
		create(t, s, newJob(id, "U1", start))
	}
	for prefix, want := range map[string]string{"aaaa": "aaaa0000", "aaab0000": "aaab0000", "b": "b", "bc": "bc"} {
		got, err := s.JobByPrefix(t.Context(), prefix)
		ok(t, err)
		same(t, prefix, want, got.ID)
	}
	for prefix, want := range map[string]stackhand.Kind{"aaa": stackhand.Ambiguous, "x": stackhand.NotFound,
		"aaaa00000": stackhand.NotFound, "": stackhand.Invalid, "%": stackhand.NotFound} {
		if _, err := s.JobByPrefix(t.Context(), prefix); stackhand.KindOf(err) != want {
			t.Errorf("%q: %v, want %s", prefix, err, want)
		}
	}
}

func TestThreads(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	thread := func(channel, ts string, want ...string) {
		t.Helper()
		got, err := s.JobsInThread(ctx, channel, ts)
		ok(t, err)
		same(t, channel+" "+ts, want, got)
	}
	first, later := newJob("first000", "U1", start), newJob("later000", "U1", start.Add(time.Hour))
	later.Place.Thread = "10.1"
	create(t, s, first)
	thread("C1", "10.1")
	r, err := s.Report(ctx, first.ID)
	ok(t, err)
	r.Card = stackhand.Posted{Op: "op", Channel: "C1"} // sent, but nobody knows yet whether it is there
	ok(t, s.SaveReport(ctx, &r))
	thread("C1", "10.1")
	r.Card.TS = "10.1"
	ok(t, s.SaveReport(ctx, &r))
	thread("C1", "10.1", "first000")
	create(t, s, later)
	thread("C1", "10.1", "later000", "first000")
	// A card in the thread that the job was asked for in counts once.
	r2, err := s.Report(ctx, later.ID)
	ok(t, err)
	r2.Card = stackhand.Posted{Channel: "C1", TS: "10.1"}
	ok(t, s.SaveReport(ctx, &r2))
	thread("C1", "10.1", "later000", "first000")
	thread("C2", "10.1")
	thread("C1", "10")
	// People answer where they were warned, too.
	_, err = s.AddNotice(ctx, stackhand.Notice{ID: "ends/first000-1", Job: "first000", User: "U1"})
	ok(t, err)
	n, err := s.Notice(ctx, "ends/first000-1")
	ok(t, err)
	n.Public, n.Direct, n.Delivered = stackhand.Posted{Channel: "C1", TS: "20.1"}, stackhand.Posted{Channel: "D1", TS: "20.2"}, start
	ok(t, s.SaveNotice(ctx, &n))
	thread("C1", "20.1", "first000")
	thread("D1", "20.2", "first000")
	// A message that tells of several servers belongs to none of them.
	n.Direct = stackhand.Posted{Channel: "D1", TS: "30.1", Shared: true}
	ok(t, s.SaveNotice(ctx, &n))
	thread("D1", "30.1")
}

func TestReports(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	create(t, s, newJob("aaaa0000", "U1", start))
	create(t, s, newJob("bbbb0000", "U1", start))
	open, err := s.OpenReports(ctx)
	ok(t, err)
	same(t, "open", 2, len(open))
	open[0].Open, open[0].FinalOf = false, "done"
	stale := open[0]
	ok(t, s.SaveReport(ctx, &open[0]))
	lost(t, s.SaveReport(ctx, &stale))
	now, err := s.OpenReports(ctx)
	ok(t, err)
	same(t, "open", open[1:], now)
	got, err := s.Report(ctx, "aaaa0000")
	ok(t, err)
	same(t, "closed", open[0], got)
}
