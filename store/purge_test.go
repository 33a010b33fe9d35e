package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// attic is a store in which things came to their end at start, a year before the moment at which it is purged.
type attic struct {
	*store.Store
	t   testing.TB
	mem *storetest.Memory
}

var purged = start.Add(365 * 24 * time.Hour)

// job writes one that came to rest at start, with a stack of its own, and what the chat was shown.
func (a attic) job(id string, edit func(*stackhand.Job), stack func(*stackhand.Stack)) {
	a.t.Helper()
	ctx := a.t.Context()
	j := newJob(id, "U1", start.Add(-time.Hour))
	var stacks []*stackhand.Stack
	if stack != nil {
		st := newStack(id+"-1", "U1")
		st.Job = id
		stacks = append(stacks, st)
		j.Stacks = []string{st.ID}
	}
	create(a.t, a.Store, j, stacks...)
	j.State, j.Ended = stackhand.JobDone, start
	if edit != nil {
		edit(j)
	}
	ok(a.t, a.SaveJob(ctx, j))
	for _, st := range stacks {
		st.State, st.Gone = stackhand.StackGone, start
		stack(st)
		save(a.t, a.Store, st)
	}
	r, err := a.Report(ctx, id)
	ok(a.t, err)
	r.Open, r.Card = false, stackhand.Posted{Channel: "C1", TS: "ts-" + id}
	ok(a.t, a.SaveReport(ctx, &r))
	ends, err := a.Endings(ctx, 0)
	ok(a.t, err)
	for _, e := range ends { // it is on the audit trail
		ok(a.t, a.Noted(ctx, e))
	}
}

func (a attic) notice(id, job string, edit func(*stackhand.Notice)) {
	a.t.Helper()
	n := stackhand.Notice{ID: id, Job: job, User: "U1", Created: start, Delivered: start, Public: stackhand.Posted{Channel: "C1", TS: "n-" + id}}
	if edit != nil {
		edit(&n)
	}
	_, err := a.AddNotice(a.t.Context(), n)
	ok(a.t, err)
}

func (a attic) request(id string, edit func(*stackhand.Request)) {
	a.t.Helper()
	r := ask(a.t, a.Store, newRequest(id, "U1", start))
	edit(&r)
	ok(a.t, a.SaveRequest(a.t.Context(), &r))
	shown, err := a.Report(a.t.Context(), id)
	ok(a.t, err)
	shown.Open = false
	ok(a.t, a.SaveReport(a.t.Context(), &shown))
}

// records are the keys of records, without those of indexes.
func (a attic) records() (out []string) {
	a.t.Helper()
	for _, kind := range []string{"stack/", "job/", "report/", "request/", "notice/", "activity/"} {
		items, err := a.mem.Scan(a.t.Context(), kind, kind+"\xff", 0)
		ok(a.t, err)
		for _, i := range items {
			out = append(out, i.Key)
		}
	}
	return out
}

func newAttic(t testing.TB) attic {
	s, m, _ := memory(t)
	return attic{s, t, m}
}

// fill puts into it what goes (its names begin with "go") and what stays ("stay").
func (a attic) fill() {
	gone := func(*stackhand.Stack) {}
	a.job("go-1", nil, gone)
	a.job("go-2", func(j *stackhand.Job) { j.State = stackhand.JobFailed }, gone)
	a.job("go-3", func(j *stackhand.Job) {
		j.Made = []stackhand.Resource{{Kind: stackhand.KindServer, ID: "s", Job: "go-3"}}
	}, gone)
	a.job("go-4", nil, nil)
	ok(a.t, a.SaveActivity(a.t.Context(), &stackhand.Activity{Stack: "go-1-1", Next: start}))
	a.notice("go-n1", "", nil)
	a.notice("go-n2", "go-1", nil)
	a.request("go-r1", func(r *stackhand.Request) { r.State = stackhand.RequestDenied })

	a.job("stay-young", nil, func(st *stackhand.Stack) { st.Gone = purged })
	a.job("stay-there", nil, func(st *stackhand.Stack) { st.State, st.Gone = stackhand.StackReady, time.Time{} })
	a.job("stay-image", nil, func(st *stackhand.Stack) {
		st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepSnapshot, Job: "stay-image", At: start, Image: "img"})
	})
	a.job("stay-late", func(j *stackhand.Job) { j.Ended = purged }, nil)
	a.job("stay-stuck", func(j *stackhand.Job) { j.State = stackhand.JobStuck }, nil)
	a.job("stay-busy", func(j *stackhand.Job) { j.State, j.Ended = stackhand.JobRunning, time.Time{} }, nil)
	a.job("stay-made", func(j *stackhand.Job) {
		j.Flow, j.Made = "make", []stackhand.Resource{{Kind: stackhand.KindVolume, ID: "v"}}
	}, nil)
	a.job("stay-left", func(j *stackhand.Job) {
		j.State, j.Made = stackhand.JobFailed, []stackhand.Resource{{Kind: stackhand.KindPort, ID: "p"}}
	}, nil)
	a.notice("stay-open", "", func(n *stackhand.Notice) { n.Delivered = time.Time{} })
	a.notice("stay-stale", "", func(n *stackhand.Notice) { n.Stale = true })
	a.notice("stay-answer", "", func(n *stackhand.Notice) { n.Ends, n.Actions = purged.Add(time.Hour), []stackhand.Action{{ID: "ok"}} })
	a.notice("stay-new", "", func(n *stackhand.Notice) { n.Created = purged })
	a.notice("stay-lease", "stay-there", nil)
	a.request("stay-asked", func(*stackhand.Request) {})
	a.request("stay-begins", func(r *stackhand.Request) { r.State = stackhand.RequestApproved })
	a.unaudited("stay-unaudited")
	a.unshown("stay-unshown")
}

func (a attic) unaudited(id string) {
	j := newJob(id, "U1", start.Add(-time.Hour))
	create(a.t, a.Store, j)
	j.State, j.Ended = stackhand.JobDone, start
	ok(a.t, a.SaveJob(a.t.Context(), j))
	r, err := a.Report(a.t.Context(), id)
	ok(a.t, err)
	r.Open = false
	ok(a.t, a.SaveReport(a.t.Context(), &r))
}

func (a attic) unshown(id string) {
	a.t.Helper()
	j := newJob(id, "U1", start.Add(-time.Hour))
	create(a.t, a.Store, j)
	j.State, j.Ended = stackhand.JobDone, start
	ok(a.t, a.SaveJob(a.t.Context(), j))
	ends, err := a.Endings(a.t.Context(), 0)
	ok(a.t, err)
	for _, e := range ends {
		if e.Job.ID == id {
			ok(a.t, a.Noted(a.t.Context(), e))
		}
	}
}

func staying(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.Contains(k, "/stay") })
}

// What came to its end long ago goes, with all that leads to it; what something refers to stays, word for word.
func TestPurge(t *testing.T) {
	a := newAttic(t)
	a.fill()
	before := a.records()
	got, err := a.Purge(t.Context(), purged, 1000)
	ok(t, err)
	same(t, "counted", store.Purged{Stacks: 3, Jobs: 4, Requests: 1, Notices: 2}, got)
	same(t, "what stays", staying(before), a.records())
	all, err := a.mem.Scan(t.Context(), "", "\xff", 0)
	ok(t, err)
	for _, i := range all {
		if strings.Contains(i.Key+string(i.Value), "go-") {
			t.Errorf("left behind: %s %s", i.Key, i.Value)
		}
	}
	again, err := a.Purge(t.Context(), purged, 1000)
	ok(t, err)
	same(t, "a second run", store.Purged{}, again)
}

// In small batches it comes to the same, and no batch takes more than it may.
func TestPurgeInBatches(t *testing.T) {
	a := newAttic(t)
	a.fill()
	before := a.records()
	sum := 0
	for range 20 {
		got, err := a.Purge(t.Context(), purged, 2)
		ok(t, err)
		if got.Sum() > 2 {
			t.Fatalf("%+v in one batch", got)
		}
		if sum += got.Sum(); got.Sum() == 0 {
			break
		}
	}
	same(t, "what stays", staying(before), a.records())
	if sum != 10 {
		t.Errorf("%d records in all", sum)
	}
}

// A purge that dies at any write has only done less: the next one does the rest, and nothing else.
func TestPurgeDiesAtEveryWrite(t *testing.T) {
	for n := 0; ; n++ {
		a := newAttic(t)
		a.fill()
		want := staying(a.records())
		left := n
		a.mem.FailCommits(func([]store.Op) error {
			if left--; left < 0 {
				return errors.New("the process died")
			}
			return nil
		})
		_, err := a.Purge(t.Context(), purged, 1000)
		a.mem.FailCommits(nil)
		if got := staying(a.records()); !slices.Equal(got, want) {
			t.Fatalf("died at write %d: %v", n, got)
		}
		if _, again := a.Purge(t.Context(), purged, 1000); again != nil {
			t.Fatal(again)
		}
		same(t, fmt.Sprintf("died at write %d", n), want, a.records())
		if err == nil {
			if n < 10 {
				t.Fatalf("only %d writes", n)
			}
			return
		}
	}
}

// A record that somebody writes at that moment stays.
func TestPurgeLosesTheRace(t *testing.T) {
	a := newAttic(t)
	a.job("go-1", nil, nil)
	once := true
	a.mem.FailCommits(func(ops []store.Op) error {
		if once {
			once = false
			return store.ErrConflict
		}
		return nil
	})
	got, err := a.Purge(t.Context(), purged, 10)
	ok(t, err)
	if got.Sum() != 0 || len(a.records()) != 2 {
		t.Errorf("%+v, %v", got, a.records())
	}
}

// What is there, and what went not long ago, is not read for it.
func TestPurgeReadsWhatIsOld(t *testing.T) {
	a := newAttic(t)
	for i := range 300 {
		st := newStack(fmt.Sprintf("web-%d", i), "U1")
		if i%2 == 0 {
			st.State, st.Gone = stackhand.StackGone, purged.Add(time.Hour)
		}
		save(t, a.Store, st)
		create(t, a.Store, newJob(fmt.Sprintf("job-%d", i), "U1", purged.Add(time.Hour)))
	}
	a.job("go-1", nil, func(*stackhand.Stack) {})
	a.mem.Calls()
	got, err := a.Purge(t.Context(), purged, 100)
	ok(t, err)
	if reads := a.mem.Calls().Items; got.Stacks != 1 || got.Jobs != 1 || reads > 30 {
		t.Errorf("%+v with %d keys read", got, reads)
	}
}
