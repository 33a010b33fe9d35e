package approval_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/approval"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// world is requests on a store in memory, with a clock.
type world struct {
	mem     *storetest.Memory
	store   *store.Store
	book    *approval.Book
	sweeper *approval.Sweeper
	now     time.Time
	rules   approval.Rules
	changed []string
	begun   []string
	fail    error // of Begin
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{mem: storetest.NewMemory(), now: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	w.rules = approval.Rules{Remind: 4 * time.Hour, Escalate: 24 * time.Hour, End: 72 * time.Hour}
	w.open(t, newBox(t))
	return w
}

func newBox(t *testing.T) *secret.Box {
	t.Helper()
	k, err := secret.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	box, err := secret.Open(k)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func (w *world) open(t *testing.T, box *secret.Box) {
	t.Helper()
	var err error
	if w.store, err = store.New(t.Context(), w.mem, store.Options{Now: func() time.Time { return w.now }}); err != nil {
		t.Fatal(err)
	}
	w.book = &approval.Book{Records: w.store, Seal: box, Rules: func() approval.Rules { return w.rules },
		Changed: func(id string) { w.changed = append(w.changed, id) }, Now: func() time.Time { return w.now }}
	w.sweeper = &approval.Sweeper{Book: w.book, Conflict: store.ErrConflict, Log: slog.New(slog.DiscardHandler),
		Begin: func(ctx context.Context, r stackhand.Request) error {
			w.begun = append(w.begun, r.ID+" "+string(r.Job.Input))
			if w.fail != nil {
				return w.fail
			}
			r.Started = true
			return w.book.SaveRequest(ctx, &r)
		}}
}

func wish(id string) stackhand.Request {
	return stackhand.Request{ID: id, Command: "create", Args: json.RawMessage(`{"password":"hunter2"}`),
		Job: stackhand.Job{ID: id, User: stackhand.User{ID: "U0ALICE"}, Input: json.RawMessage(`{"user_data":"hunter2"}`)}}
}

func (w *world) ask(t *testing.T, id string) stackhand.Request {
	t.Helper()
	r, err := w.book.Ask(t.Context(), wish(id))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) request(t *testing.T, id string) stackhand.Request {
	t.Helper()
	r, err := w.book.Request(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) sweep(t *testing.T) {
	t.Helper()
	if err := w.sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// onDisk is all that lies in the store.
func (w *world) onDisk(t *testing.T) string {
	t.Helper()
	items, err := w.mem.Scan(t.Context(), "", "\xff", 0)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, i := range items {
		b.WriteString(i.Key + " " + string(i.Value) + "\n")
	}
	return b.String()
}

func TestWhatWasTypedIsSealed(t *testing.T) {
	w := newWorld(t)
	r := w.ask(t, "aaaa1111")
	if string(r.Job.Input) != `{"user_data":"hunter2"}` || string(r.Args) != `{"password":"hunter2"}` {
		t.Fatalf("asked, and got %s, %s", r.Job.Input, r.Args)
	}
	r = w.request(t, r.ID)
	if string(r.Job.Input) != `{"user_data":"hunter2"}` || string(r.Args) != `{"password":"hunter2"}` {
		t.Fatalf("read %s, %s", r.Job.Input, r.Args)
	}
	r.Held = "wait"
	if err := w.book.SaveRequest(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	// One of a list is sealed, and saving it seals nothing twice.
	open, err := w.book.OpenRequests(t.Context())
	if err != nil || len(open) != 1 || strings.Contains(string(open[0].Args), "hunter2") {
		t.Fatalf("open: %v, %v", open, err)
	}
	if err := w.book.SaveRequest(t.Context(), &open[0]); err != nil {
		t.Fatal(err)
	}
	if got := w.request(t, r.ID); string(got.Args) != `{"password":"hunter2"}` || got.Held != "wait" {
		t.Fatalf("read %+v", got)
	}
	if disk := w.onDisk(t); strings.Contains(disk, "hunter2") || !strings.Contains(disk, "U0ALICE") {
		t.Fatalf("on disk:\n%s", disk)
	}
	if len(w.changed) != 3 {
		t.Errorf("told of %v", w.changed)
	}
}

// What is sealed for one request opens for no other, and with no other keyset.
func TestSealedForOneRequest(t *testing.T) {
	w := newWorld(t)
	w.ask(t, "aaaa1111")
	stolen, err := w.store.Request(t.Context(), "aaaa1111")
	if err != nil {
		t.Fatal(err)
	}
	stolen.ID = "bbbb1111"
	if _, err := w.store.Ask(t.Context(), stolen); err != nil {
		t.Fatal(err)
	}
	_, err = w.book.Request(t.Context(), "bbbb1111")
	if stackhand.KindOf(err) != stackhand.NeedsHuman {
		t.Fatalf("another request's: %v", err)
	}
	w.open(t, newBox(t))
	_, err = w.book.Request(t.Context(), "aaaa1111")
	var e *stackhand.Error
	if !errors.As(err, &e) || !strings.Contains(e.Next, "keyset") || !strings.Contains(e.Next, "cancel aaaa1111") {
		t.Fatalf("another keyset: %v", err)
	}
}

// Each thing is done once, at its time, however often and late the sweeps are.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	w.ask(t, "aaaa1111")
	asked := w.now
	for _, step := range []struct {
		after               time.Duration
		reminded, escalated time.Duration // since it was asked; 0: not yet
		state               stackhand.RequestState
	}{
		{time.Hour, 0, 0, stackhand.RequestOpen},
		{5 * time.Hour, 5 * time.Hour, 0, stackhand.RequestOpen},
		{6 * time.Hour, 5 * time.Hour, 0, stackhand.RequestOpen},
		{25 * time.Hour, 5 * time.Hour, 25 * time.Hour, stackhand.RequestOpen},
		{71 * time.Hour, 5 * time.Hour, 25 * time.Hour, stackhand.RequestOpen},
		{72 * time.Hour, 5 * time.Hour, 25 * time.Hour, stackhand.RequestEnded},
		{99 * time.Hour, 5 * time.Hour, 25 * time.Hour, stackhand.RequestEnded},
	} {
		w.now = asked.Add(step.after)
		for range 2 {
			w.sweep(t)
		}
		r := w.request(t, "aaaa1111")
		at := func(d time.Duration) time.Time {
			if d == 0 {
				return time.Time{}
			}
			return asked.Add(d)
		}
		if r.State != step.state || !r.Reminded.Equal(at(step.reminded)) || !r.Escalated.Equal(at(step.escalated)) {
			t.Errorf("after %s: %s, reminded %v, escalated %v", step.after, r.State, r.Reminded, r.Escalated)
		}
	}
	if r := w.request(t, "aaaa1111"); r.Note == "" || !r.Closed.Equal(asked.Add(72*time.Hour)) {
		t.Errorf("ended: %+v", r)
	}
	if len(w.changed) != 4 {
		t.Errorf("told of it %d times", len(w.changed))
	}
}

// A request with an end of its own is reminded of and escalated in time for that; it never lasts longer than others.
func TestSweepOfAShortOne(t *testing.T) {
	w := newWorld(t)
	for id, ends := range map[string]time.Duration{"aaaa1111": 4 * time.Hour, "bbbb1111": 200 * time.Hour} {
		r := wish(id)
		r.Ends = w.now.Add(ends)
		if _, err := w.book.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.request(t, "bbbb1111").Ends.Sub(w.now); got != 72*time.Hour {
		t.Errorf("the long one ends after %s", got)
	}
	asked := w.now
	w.now = asked.Add(59 * time.Minute)
	w.sweep(t)
	if r := w.request(t, "aaaa1111"); !r.Reminded.IsZero() || !r.Escalated.IsZero() {
		t.Errorf("before: %+v", r)
	}
	w.now = asked.Add(61 * time.Minute)
	w.sweep(t)
	if r := w.request(t, "aaaa1111"); r.Reminded.IsZero() || !r.Escalated.IsZero() {
		t.Errorf("after an hour: %+v", r)
	}
	w.now = asked.Add(2*time.Hour + time.Minute)
	w.sweep(t)
	if r := w.request(t, "aaaa1111"); r.Escalated.IsZero() || r.State != stackhand.RequestOpen {
		t.Errorf("after two: %+v", r)
	}
	w.now = asked.Add(4 * time.Hour)
	w.sweep(t)
	if r := w.request(t, "aaaa1111"); r.State != stackhand.RequestEnded {
		t.Errorf("after four: %+v", r)
	}
}

// A bot that was away for days ends what is over, and reminds nobody of it.
func TestSweepLate(t *testing.T) {
	w := newWorld(t)
	w.ask(t, "aaaa1111")
	w.now = w.now.Add(100 * time.Hour)
	w.sweep(t)
	if r := w.request(t, "aaaa1111"); r.State != stackhand.RequestEnded || !r.Reminded.IsZero() || !r.Escalated.IsZero() {
		t.Errorf("got %+v", r)
	}
}

// An approved request is begun by the next sweep, until its job is there.
func TestSweepBegins(t *testing.T) {
	w := newWorld(t)
	r := w.ask(t, "aaaa1111")
	r.State = stackhand.RequestApproved
	if err := w.book.SaveRequest(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	w.fail = errors.New("the disk is full")
	if err := w.sweeper.Sweep(t.Context()); !errors.Is(err, w.fail) {
		t.Fatalf("got %v", err)
	}
	w.fail = nil
	w.sweep(t)
	w.sweep(t)
	if len(w.begun) != 2 || w.begun[1] != `aaaa1111 {"user_data":"hunter2"}` {
		t.Errorf("begun %q", w.begun)
	}
}

// Who decides at the very moment of a sweep wins.
func TestSweepLosesToADecision(t *testing.T) {
	w := newWorld(t)
	r := w.ask(t, "aaaa1111")
	w.now = w.now.Add(100 * time.Hour)
	once := true
	w.mem.FailCommits(func([]store.Op) error {
		if !once {
			return nil
		}
		once = false
		return store.ErrConflict
	})
	due, err := w.store.RequestsDue(t.Context(), w.now)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	r.State = stackhand.RequestDenied
	if err := w.book.SaveRequest(t.Context(), &r); err != nil { // tries again after the conflict
		t.Fatal(err)
	}
	w.sweep(t)
	if got := w.request(t, r.ID); got.State != stackhand.RequestDenied {
		t.Errorf("state %s", got.State)
	}
}

// A request over which the program stumbles does not keep the others from being begun, nor from being looked at.
func TestARequestThatPanics(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"aaaa1111", "bbbb2222"} {
		r := w.ask(t, id)
		r.State = stackhand.RequestApproved
		if err := w.book.SaveRequest(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
	}
	w.ask(t, "cccc3333")
	begin := w.sweeper.Begin
	w.sweeper.Begin = func(ctx context.Context, r stackhand.Request) error {
		if r.ID == "aaaa1111" {
			panic("no such thing")
		}
		return begin(ctx, r)
	}
	w.now = w.now.Add(5 * time.Hour)
	err := w.sweeper.Sweep(t.Context())
	if found := stackhand.Panics(err); len(found) != 1 || found[0].Of != "the request aaaa1111" {
		t.Errorf("the sweep says %v", err)
	}
	if len(w.begun) != 1 || !strings.HasPrefix(w.begun[0], "bbbb2222") || w.request(t, "cccc3333").Reminded.IsZero() {
		t.Errorf("begun %q, reminded %s", w.begun, w.request(t, "cccc3333").Reminded)
	}
}
