package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

var start = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newStore(t testing.TB, d store.Driver, o store.Options) *store.Store {
	t.Helper()
	s, err := store.New(t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func memory(t testing.TB) (*store.Store, *storetest.Memory, *clock) {
	m, c := storetest.NewMemory(), &clock{start}
	return newStore(t, m, store.Options{Now: c.now}), m, c
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func notFound(t testing.TB, err error) {
	t.Helper()
	if stackhand.KindOf(err) != stackhand.NotFound || !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v, want NotFound", err)
	}
}

func lost(t testing.TB, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrConflict) {
		t.Errorf("%v, want ErrConflict", err)
	}
}

func TestNewRefusesNewerSchema(t *testing.T) {
	m := storetest.NewMemory()
	_, err := m.Commit(t.Context(), store.Op{Key: "meta/schema", Value: []byte("99")})
	ok(t, err)
	if _, err := store.New(t.Context(), m, store.Options{}); stackhand.KindOf(err) != stackhand.Invalid {
		t.Errorf("New: %v", err)
	}
}

func TestMissing(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	for name, read := range map[string]func() error{
		"job":        func() error { _, err := s.Job(ctx, "x"); return err },
		"prefix":     func() error { _, err := s.JobByPrefix(ctx, "x"); return err },
		"report":     func() error { _, err := s.Report(ctx, "x"); return err },
		"notice":     func() error { _, err := s.Notice(ctx, "x"); return err },
		"stack":      func() error { _, err := s.Stack(ctx, "x"); return err },
		"server":     func() error { _, err := s.StackByServer(ctx, "lab", "x"); return err },
		"no server":  func() error { _, err := s.StackByServer(ctx, "lab", ""); return err },
		"credential": func() error { _, err := s.Credential(ctx, "U1", "lab", "p1"); return err },
		"logout":     func() error { return s.DeleteCredential(ctx, "U1", "lab", "p1") },
		"setting":    func() error { _, err := s.Setting(ctx, "x"); return err },
	} {
		t.Run(name, func(t *testing.T) { notFound(t, read()) })
	}
}

func TestNoID(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	for name, write := range map[string]func() error{
		"job":        func() error { return s.SaveJob(ctx, &stackhand.Job{}) },
		"new job":    func() error { _, err := s.CreateJob(ctx, &stackhand.Job{}, nil); return err },
		"new stack":  func() error { _, err := s.CreateJob(ctx, &stackhand.Job{ID: "a"}, []*stackhand.Stack{{}}); return err },
		"report":     func() error { return s.SaveReport(ctx, &stackhand.Report{}) },
		"stack":      func() error { return s.SaveStack(ctx, &stackhand.Stack{}) },
		"notice":     func() error { return s.SaveNotice(ctx, &stackhand.Notice{}) },
		"new notice": func() error { _, err := s.AddNotice(ctx, stackhand.Notice{}); return err },
		"credential": func() error { return s.SaveCredential(ctx, &stackhand.Credential{User: "U1", Cloud: "lab"}) },
		"choice":     func() error { return s.SaveChoice(ctx, &stackhand.Choice{}) },
		"login try":  func() error { return s.AddLoginTry(ctx, stackhand.LoginTry{User: "U1", Cloud: "lab"}) },
		"inbound":    func() error { return s.SaveInbound(ctx, &stackhand.Inbound{}) },
		"receive":    func() error { _, err := s.Receive(ctx, stackhand.Inbound{ID: "a"}); return err },
		"lock":       func() error { _, err := s.TryLock(ctx, "l", ""); return err },
		"setting":    func() error { return s.SetSetting(ctx, "", nil) },
		"no prefix":  func() error { _, err := s.JobByPrefix(ctx, ""); return err },
	} {
		if err := write(); err == nil {
			t.Errorf("%s without an id was taken", name)
		}
	}
}

func TestLocksOutliveTheProcess(t *testing.T) {
	s, m, _ := memory(t)
	ctx := t.Context()
	try := func(holder, want string) {
		t.Helper()
		got, err := s.TryLock(ctx, "net/lab", holder)
		ok(t, err)
		same(t, "holder", want, got)
	}
	try("job1", "job1")
	try("job2", "job1")
	try("job1", "job1")
	s = newStore(t, m, store.Options{})
	try("job2", "job1")
	if err := s.Unlock(ctx, "net/lab", "job2"); stackhand.KindOf(err) != stackhand.Conflict {
		t.Errorf("Unlock by another: %v", err)
	}
	ok(t, s.Unlock(ctx, "net/lab", "job1"))
	ok(t, s.Unlock(ctx, "net/lab", "job1"))
	try("job2", "job2")
	if held, err := s.TryLock(ctx, "net", "job3"); err != nil || held != "job3" {
		t.Errorf("another lock: %q, %v", held, err)
	}
}

func TestSettings(t *testing.T) {
	s, _, _ := memory(t)
	ctx := t.Context()
	for _, v := range []string{"lab", "", "other"} {
		ok(t, s.SetSetting(ctx, "U1/cloud", []byte(v)))
		got, err := s.Setting(ctx, "U1/cloud")
		ok(t, err)
		same(t, "setting", v, string(got))
	}
	notFoundSetting := func(name string) { _, err := s.Setting(ctx, name); notFound(t, err) }
	notFoundSetting("U1")
	if !s.Exclusive() {
		t.Error("not exclusive")
	}
	ok(t, s.Close())
	if err := s.SetSetting(ctx, "x", nil); err == nil {
		t.Error("written after Close")
	}
}

func TestNotices(t *testing.T) {
	s, m, _ := memory(t)
	ctx := t.Context()
	n := stackhand.Notice{ID: "warn/s1/24h", User: "U1", Text: stackhand.Textf("web-1 ends %s", stackhand.At(start)), Created: start}
	for _, want := range []bool{true, false} {
		fresh, err := s.AddNotice(ctx, n)
		ok(t, err)
		same(t, "fresh", want, fresh)
	}
	open, err := s.OpenNotices(ctx)
	ok(t, err)
	if len(open) != 1 || open[0].Rev == 0 {
		t.Fatalf("open: %+v", open)
	}
	n.Rev = open[0].Rev
	same(t, "notice", n, open[0])
	n.Public.Op, n.Tries = "op1", 1
	ok(t, s.SaveNotice(ctx, &n))
	lost(t, s.SaveNotice(ctx, &open[0]))
	n.Delivered = start
	ok(t, s.SaveNotice(ctx, &n))
	m.Calls()
	open, err = s.OpenNotices(ctx)
	ok(t, err)
	same(t, "open", 0, len(open))
	same(t, "calls", storetest.Calls{Scans: 1}, m.Calls()) // what is delivered is not even looked at
	got, err := s.Notice(ctx, n.ID)
	ok(t, err)
	same(t, "notice", n, got)
	fresh, err := s.AddNotice(ctx, n)
	ok(t, err)
	same(t, "fresh after delivery", false, fresh)
}
