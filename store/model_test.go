package store_test

import (
	"cmp"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
	"github.com/stackhand/stackhand/store/storetest"
)

// model is what a Store should hold, kept in maps and searched from end to end.
type model struct {
	s      *store.Store
	reopen func(t *rapid.T) *store.Store
	clock  *clock
	fail   func(bool) // makes every commit fail; nil where the driver cannot

	jobs    map[string]stackhand.Job
	stacks  map[string]stackhand.Stack
	reports map[string]stackhand.Report
	asked   map[string]stackhand.Request
	inbox   map[string]stackhand.Inbound
	seen    map[string]time.Time
	locks   map[string]string
}

// The names are few, so that they meet, and odd, so that keys have to be escaped.
var (
	someID   = rapid.SampledFrom([]string{"a", "a/b", "a%2Fb", "b", "b/"})
	someUser = rapid.SampledFrom([]string{"U1", "U1/a", "U2"})
	someTime = rapid.Custom(func(t *rapid.T) time.Time {
		return start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "minutes")) * time.Minute)
	})
	someState = rapid.SampledFrom([]stackhand.JobState{stackhand.JobQueued, stackhand.JobRunning, stackhand.JobDone, stackhand.JobStuck})
	someHeld  = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) stackhand.Resource {
		return stackhand.Resource{Kind: "port", ID: someID.Draw(t, "resource")}
	}), 0, 3)
)

func TestModelInMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, c := storetest.NewMemory(), &clock{start}
		o := store.Options{Now: c.now}
		run(t, &model{clock: c, reopen: func(t *rapid.T) *store.Store { return open(t, m, o) }, fail: func(on bool) {
			m.FailCommits(nil)
			if on {
				m.FailCommits(func([]store.Op) error { return errBroken })
			}
		}})
	})
}

func TestModelInBolt(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		path, c := filepath.Join(dir, rapid.StringMatching("[a-z]{16}").Draw(t, "file")), &clock{start}
		var s *store.Store
		defer func() { s.Close() }()
		run(t, &model{clock: c, reopen: func(t *rapid.T) *store.Store {
			if s != nil {
				must(t, s.Close())
			}
			d, err := bolt.Open(path, bolt.Options{NoSync: true})
			must(t, err)
			s = open(t, d, store.Options{Now: c.now})
			return s
		}})
	})
}

var errBroken = errors.New("the disk is broken")

func open(t *rapid.T, d store.Driver, o store.Options) *store.Store {
	s, err := store.New(t.Context(), d, o)
	must(t, err)
	return s
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *rapid.T, what string, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

func run(t *rapid.T, m *model) {
	m.s = m.reopen(t)
	m.jobs, m.stacks, m.reports = map[string]stackhand.Job{}, map[string]stackhand.Stack{}, map[string]stackhand.Report{}
	m.asked = map[string]stackhand.Request{}
	m.inbox, m.seen, m.locks = map[string]stackhand.Inbound{}, map[string]time.Time{}, map[string]string{}
	t.Repeat(map[string]func(*rapid.T){
		"create job":  m.createJob,
		"save job":    m.saveJob,
		"save stack":  m.saveStack,
		"save report": m.saveReport,
		"ask":         m.ask,
		"decide":      m.saveRequest,
		"receive":     m.receive,
		"handled":     m.handled,
		"purge":       m.purge,
		"lock":        m.lock,
		"reopen":      func(t *rapid.T) { m.s = m.reopen(t) },
		"":            m.check,
	})
}

// write does a write that may meet a broken disk, and tells whether it should have been done.
func (m *model) write(t *rapid.T, want error, do func() error) bool {
	t.Helper()
	if m.fail != nil && rapid.IntRange(0, 9).Draw(t, "disk") == 0 {
		m.fail(true)
		defer m.fail(false)
		if want == nil {
			want = errBroken
		}
	}
	if err := do(); !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	return want == nil
}

func (m *model) createJob(t *rapid.T) {
	id := someID.Draw(t, "id")
	j := newJob(id, someUser.Draw(t, "user"), someTime.Draw(t, "created"))
	j.Place.Thread = rapid.SampledFrom([]string{"", "1.1"}).Draw(t, "thread")
	st := newStack(id+"-1", j.User.ID)
	was, exists := m.jobs[id]
	var want error
	if _, taken := m.stacks[st.ID]; taken && !exists {
		want = store.ErrConflict
	}
	if exists { // read only, so that no disk can break it
		created, err := m.s.CreateJob(t.Context(), j, []*stackhand.Stack{st})
		if err != nil || created || j.Rev != was.Rev {
			t.Fatalf("created %v, rev %d, %v; there is one of rev %d", created, j.Rev, err, was.Rev)
		}
		return
	}
	if !m.write(t, want, func() error { _, err := m.s.CreateJob(t.Context(), j, []*stackhand.Stack{st}); return err }) {
		return
	}
	m.jobs[id], m.stacks[st.ID] = *j, *st
	m.toldAgain(id, j.Rev)
}

// stale sometimes gives another revision than the one there is.
func stale(t *rapid.T, rev int64) (int64, error) {
	if rapid.IntRange(0, 4).Draw(t, "stale") == 0 {
		return rev + rapid.SampledFrom([]int64{-1, 1, -rev}).Draw(t, "by"), store.ErrConflict
	}
	return rev, nil
}

func (m *model) saveJob(t *rapid.T) {
	j, exists := m.jobs[someID.Draw(t, "id")]
	if !exists {
		t.Skip("no such job")
	}
	j.State, j.Made = someState.Draw(t, "state"), someHeld.Draw(t, "made")
	var want error
	j.Rev, want = stale(t, j.Rev)
	if m.write(t, want, func() error { return m.s.SaveJob(t.Context(), &j) }) {
		m.jobs[j.ID] = j
	}
}

func (m *model) saveStack(t *rapid.T) {
	st := *newStack(someID.Draw(t, "id")+rapid.SampledFrom([]string{"", "-1"}).Draw(t, "number"), someUser.Draw(t, "owner"))
	st.ProjectID, st.Ledger = someID.Draw(t, "project"), someHeld.Draw(t, "ledger")
	st.State = rapid.SampledFrom([]stackhand.StackState{stackhand.StackReady, stackhand.StackGone}).Draw(t, "state")
	if rapid.Bool().Draw(t, "ends") {
		st.Lease.Until = someTime.Draw(t, "until")
	}
	var want error
	st.Rev, want = stale(t, m.stacks[st.ID].Rev)
	if st.Rev == m.stacks[st.ID].Rev {
		want = nil // one that is not there, and said not to be
	}
	if m.write(t, want, func() error { return m.s.SaveStack(t.Context(), &st) }) {
		m.stacks[st.ID] = st
	}
}

func (m *model) saveReport(t *rapid.T) {
	r, exists := m.reports[someID.Draw(t, "id")]
	if !exists {
		t.Skip("no such report")
	}
	r.Open = rapid.Bool().Draw(t, "open")
	r.Card = stackhand.Posted{Channel: "C1", TS: rapid.SampledFrom([]string{"", "1.1", "2.2"}).Draw(t, "ts")}
	r.Copies = []stackhand.Copy{{Key: "channel", Posted: stackhand.Posted{Channel: "C1", TS: rapid.SampledFrom([]string{"", "1.1", "2.2"}).Draw(t, "copy")}}}
	var want error
	r.Rev, want = stale(t, r.Rev)
	if m.write(t, want, func() error { return m.s.SaveReport(t.Context(), &r) }) {
		m.reports[r.Job] = r
	}
}

func (m *model) receive(t *rapid.T) {
	in := inbound(someID.Draw(t, "id"), someTime.Draw(t, "received"))
	_, seen := m.seen[in.ID]
	_, waits := m.inbox[in.ID]
	if seen || waits {
		if fresh, err := m.s.Receive(t.Context(), in); fresh || err != nil {
			t.Fatalf("received again: %v, %v", fresh, err)
		}
		return
	}
	if m.write(t, nil, func() error { _, err := m.s.Receive(t.Context(), in); return err }) {
		m.seen[in.ID], m.inbox[in.ID] = m.clock.at, in
	}
}

func (m *model) handled(t *rapid.T) {
	id := someID.Draw(t, "id")
	must(t, m.s.Handled(t.Context(), id))
	delete(m.inbox, id)
}

func (m *model) purge(t *rapid.T) {
	m.clock.at = m.clock.at.Add(time.Duration(rapid.IntRange(0, 25).Draw(t, "hours")) * time.Hour)
	n, err := m.s.PurgeSeen(t.Context())
	must(t, err)
	before := len(m.seen)
	maps.DeleteFunc(m.seen, func(_ string, at time.Time) bool { return m.clock.at.Sub(at) > 24*time.Hour })
	if want := before - len(m.seen); n != want {
		t.Fatalf("purged %d, want %d", n, want)
	}
}

func (m *model) lock(t *rapid.T) {
	name, holder := someID.Draw(t, "name"), someUser.Draw(t, "holder")
	if rapid.Bool().Draw(t, "unlock") {
		err := m.s.Unlock(t.Context(), name, holder)
		if has := m.locks[name]; (err == nil) != (has == "" || has == holder) {
			t.Fatalf("unlock by %s of what %q holds: %v", holder, has, err)
		}
		if m.locks[name] == holder {
			delete(m.locks, name)
		}
		return
	}
	if m.locks[name] == "" {
		m.locks[name] = holder
	}
	got, err := m.s.TryLock(t.Context(), name, holder)
	must(t, err)
	equal(t, "holder", []string{m.locks[name]}, []string{got})
}

// ids tells which of the model's records fit, ordered.
func ids[T any](all map[string]T, fits func(T) bool, order func(a, b T) int) []string {
	keys := slices.Collect(maps.Keys(all))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !fits(all[k]) })
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(order(all[a], all[b]), strings.Compare(a, b)) })
	return keys
}
