package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// world is a Keeper on a real store, with a cloud that remembers which of its servers run, and a clock that the test moves.
type world struct {
	*Keeper
	t       testing.TB
	store   *store.Store
	mem     *storetest.Memory
	now     time.Time
	servers map[string]*stackhand.Server
	actions map[string][]stackhand.ServerAction
	mu      sync.Mutex
	done    []string // what was done to servers, with the time
	shut    error    // why no cloud can be opened
	own     error    // … with the bot's own login, which there is if lend
	lend    bool
	out     error           // what every read with the owner's login answers
	sick    error           // what every read of the cloud answers
	owns    []bool          // … by a job of the bot's own
	hang    bool            // jobs stay at work
	fail    map[string]bool // jobs about these stacks fail
	held    map[string]bool
}

var monday = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	w := &world{t: t, mem: storetest.NewMemory(), now: monday, servers: map[string]*stackhand.Server{}, actions: map[string][]stackhand.ServerAction{},
		fail: map[string]bool{}, held: map[string]bool{}}
	s, err := store.New(t.Context(), w.mem, store.Options{Now: func() time.Time { return w.now }})
	w.must(err)
	w.store = s
	w.Keeper = w.keeper()
	return w
}

// keeper is another process on the same store.
func (w *world) keeper() *Keeper {
	return New(Options{
		Book: w.store, Jobs: w, NewID: func(key string) string { return key }, Now: func() time.Time { return w.now },
		Log: slog.New(slog.DiscardHandler), Noticed: func() {}, Conflict: store.ErrConflict, Ahead: 15 * time.Minute,
		Open: func(_ context.Context, user, _ string, _ stackhand.Scope) (Cloud, error) { return ownerView{w}, w.shut },
		Own: func(context.Context, string, stackhand.Scope) (Cloud, error) {
			if !w.lend {
				return nil, stackhand.Errorf(stackhand.Unauthorized, "The bot has no login of its own there.")
			}
			return w, w.own
		},
		Held: func(s stackhand.Stack) bool { return w.held[s.ID] },
	})
}

// ownerView is the cloud with the owner's login.
type ownerView struct{ *world }

func (v ownerView) Server(ctx context.Context, id string) (stackhand.Server, error) {
	if v.out != nil {
		return stackhand.Server{}, v.out
	}
	return v.world.Server(ctx, id)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// give makes a ready stack with a server that runs.
func (w *world) give(owner, name string, props map[string]string) stackhand.Stack {
	w.t.Helper()
	st := stackhand.Stack{ID: name + "-1", Name: name, Cloud: "lab", ProjectID: "p1", Project: "team-a", State: stackhand.StackReady, Server: "srv-" + name,
		Job: "j-" + name, Place: stackhand.Place{Channel: "C1", Thread: "17." + name}, Lease: stackhand.Lease{Owner: owner}, Created: w.now}
	w.must(w.store.SaveStack(w.t.Context(), &st))
	w.servers[st.Server] = &stackhand.Server{ID: st.Server, Name: name, Status: "ACTIVE", Metadata: props}
	return st
}

func (w *world) Server(_ context.Context, id string) (stackhand.Server, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sick != nil {
		return stackhand.Server{}, w.sick
	}
	sv, ok := w.servers[id]
	if !ok {
		return stackhand.Server{}, stackhand.Errorf(stackhand.NotFound, "There is no server %s.", id)
	}
	return *sv, nil
}

func (w *world) ServerActions(_ context.Context, id string) ([]stackhand.ServerAction, error) {
	return w.actions[id], w.sick
}

// Start writes a job down as the engine does, and does its work at once unless jobs hang.
func (w *world) Start(ctx context.Context, job stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	created, err := w.store.CreateJob(ctx, &job, nil)
	if err != nil || !created {
		return job, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owns = append(w.owns, job.Own)
	w.done = append(w.done, fmt.Sprintf("%s %s %s", w.now.Format("Mon 15:04"), strings.Fields(job.Title)[0], strings.Fields(job.Title)[1]))
	if w.hang {
		return job, nil
	}
	st, err := w.store.Stack(ctx, job.Stacks[0])
	if err != nil {
		return job, err
	}
	job.State = stackhand.JobDone
	if w.fail[st.ID] {
		job.State, job.Problem = stackhand.JobFailed, &stackhand.Problem{Msg: "the hypervisor is on fire."}
	} else {
		w.servers[st.Server].Status = map[bool]string{true: "SHUTOFF", false: "ACTIVE"}[strings.HasPrefix(job.Title, "Stop")]
	}
	return job, w.store.SaveJob(ctx, &job)
}

// live lets time pass by the minute, with a sweep in each.
func (w *world) live(until time.Time) {
	w.t.Helper()
	for ; w.now.Before(until); w.now = w.now.Add(time.Minute) {
		w.must(w.Sweep(w.t.Context()))
	}
	w.must(w.Sweep(w.t.Context()))
}

// set makes the schedule of a working week.
func (w *world) set(s stackhand.Schedule) stackhand.Schedule {
	w.t.Helper()
	if s.Stop == "" && s.Start == "" {
		s.Stop, s.Start, s.Days = "20:00", "08:00", "mon-fri"
	}
	s.Owner, s.Cloud, s.Zone = "U1", "lab", "UTC"
	if s.Several() {
		s.Scope.ProjectID, s.Project = "p1", "team-a"
	}
	s, err := w.Set(w.t.Context(), s)
	w.must(err)
	return s
}

// said are the words of all notices so far.
func (w *world) said() []string {
	w.t.Helper()
	all, err := w.store.OpenNotices(w.t.Context())
	w.must(err)
	var out []string
	for _, n := range all {
		out = append(out, n.Text.String())
	}
	return out
}

// told counts the notices with these words.
func (w *world) told(words string) int {
	n := 0
	for _, s := range w.said() {
		if strings.Contains(s, words) {
			n++
		}
	}
	return n
}

func (w *world) want(what string, done ...string) {
	w.t.Helper()
	if got, want := strings.Join(w.done, ", "), strings.Join(done, ", "); got != want {
		w.t.Errorf("%s: %s; want %s", what, got, want)
	}
}

func at(day int, hour, minute int) time.Time {
	return time.Date(2026, 11, 30+day, hour, minute, 0, 0, time.UTC)
}
