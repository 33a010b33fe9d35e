package provision_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
	"github.com/stackhand/stackhand/internal/jobs/jobstest"
	"github.com/stackhand/stackhand/internal/provision"
)

// lab is a cloud and the records, which outlive the processes that work on them.
type lab struct {
	t     *testing.T
	cloud *fakeCloud
	recs  *jobstest.Records
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	ended atomic.Bool // nobody's login is accepted any more
	own   func() (stackhand.Identity, error)
	used  atomic.Bool // the bot's own login
}

func newLab(t *testing.T) *lab {
	return &lab{t: t, cloud: newCloud(), recs: &jobstest.Records{OneProcess: true}}
}

// process is an engine at work.
type process struct {
	*jobs.Engine
	lab     *lab
	dead    atomic.Bool
	severed atomic.Bool // from the cloud: only once nothing can be recorded any more
	rec     *jobstest.Session
	stop    func() // gracefully
	kill    func() // at once; does not wait
	done    chan struct{}
	changed chan struct{}
}

func (l *lab) start() *process {
	p := &process{lab: l, rec: l.recs.Open(), done: make(chan struct{}), changed: make(chan struct{}, 1)}
	deps := provision.Deps{
		Open: func(context.Context, string, string, stackhand.Scope) (provision.Cloud, error) {
			if l.ended.Load() {
				return nil, stackhand.Errorf(stackhand.Unauthorized, "lab no longer accepts your login.").Do("Log in again.")
			}
			return session{l.cloud, &p.severed}, nil
		},
		Own:  l.openOwn(p),
		Book: p.rec, Conflict: jobstest.ErrConflict, Dial: l.dial, Home: "home", Orphaned: p.orphaned,
	}
	p.Engine = jobs.New(p.rec, provision.Flows(deps), jobs.Options{
		Conflict: jobstest.ErrConflict, Log: slog.New(slog.DiscardHandler), Changed: p.notice,
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(p.done)
		if err := p.Run(ctx); err != nil && !p.dead.Load() {
			l.t.Errorf("Run: %v", err)
		}
	}()
	p.stop = sync.OnceFunc(func() { cancel(); <-p.done })
	p.kill = sync.OnceFunc(func() {
		p.dead.Store(true)
		p.rec.Kill()
		p.severed.Store(true)
		cancel()
	})
	l.t.Cleanup(p.stop)
	return p
}

func spec() stackhand.CreateSpec {
	return stackhand.CreateSpec{
		Name: "web", Count: 1, Cloud: "lab", ProjectID: "p1", Project: "team-a", Owner: "U1", ImageID: "img", FlavorID: "small",
		Network: "auto", External: external, Open: []int{22}, Floating: true, For: 2 * time.Hour,
	}
}

func jobOf(id, flow string, input any) stackhand.Job {
	raw, err := json.Marshal(input)
	if err != nil {
		panic(err)
	}
	return stackhand.Job{ID: id, Flow: flow, User: stackhand.User{ID: "U1"}, Cloud: "lab", Title: flow, Input: raw}
}

// notice hears of changed records.
func (p *process) notice(string) {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// stacksOf makes the stacks of a create job, as the commands do.
func stacksOf(j stackhand.Job) []stackhand.Stack {
	for _, f := range provision.Flows(provision.Deps{}) {
		if f.Name == j.Flow && f.Stacks != nil {
			return f.Stacks(j)
		}
	}
	return nil
}

// begin starts a job.
func (p *process) begin(j stackhand.Job) {
	p.lab.t.Helper()
	if _, err := p.Start(context.Background(), j, stacksOf(j)...); err != nil && !p.dead.Load() {
		p.lab.t.Fatal(err)
	}
}

// rested waits until the job rests, or the process is dead.
func (p *process) rested(id string) stackhand.Job {
	p.lab.t.Helper()
	for !p.dead.Load() && !p.rec.Rests(id) { // a job is read once only: there are thousands of them
		select {
		case <-p.changed:
		case <-p.done:
			if !p.dead.Load() {
				p.lab.t.Fatalf("the engine ended before %s did", id)
			}
		}
	}
	if p.dead.Load() {
		<-p.done
	}
	j, err := p.Job(context.Background(), id)
	if err != nil && !p.dead.Load() {
		p.lab.t.Fatal(err)
	}
	return j
}

func (p *process) run(j stackhand.Job) stackhand.Job {
	p.lab.t.Helper()
	p.begin(j)
	return p.rested(j.ID)
}

func (p *process) stack(id string) stackhand.Stack {
	p.lab.t.Helper()
	st, err := p.rec.Stack(context.Background(), id)
	if err != nil {
		p.lab.t.Fatal(err)
	}
	return st
}

func story(j stackhand.Job) string {
	var b strings.Builder
	b.WriteString(string(j.State))
	for _, s := range j.Steps {
		b.WriteString("\n   " + s.Name + " " + string(s.State) + " " + s.Note)
		if s.Problem != nil {
			b.WriteString(": " + s.Problem.Msg)
		}
	}
	if j.Problem != nil {
		b.WriteString("\n   problem: " + j.Problem.Msg)
	}
	return b.String() + "\n   " + strings.Join(j.Notes, " ")
}

// want checks the job's state and what the cloud holds.
func (l *lab) want(j stackhand.Job, state stackhand.JobState, left ...string) {
	l.t.Helper()
	if j.State != state {
		l.t.Errorf("job %s is %s, want %s", j.ID, story(j), state)
	}
	slices.Sort(left)
	if diff := cmp.Diff(left, l.cloud.left()); diff != "" {
		l.t.Errorf("in the cloud (-want +got):\n%s job %s", diff, story(j))
	}
}

// whole is what one stack named web needs, with a network of the given name.
func whole(network string, servers ...string) []string {
	out := []string{"network " + network, "subnet " + network, "router " + network, "port network:router_interface", "group stackhand-open-22"}
	for _, s := range servers {
		out = append(out, "server "+s, "floating ip", "port "+s+"compute:nova")
	}
	return out
}

func deleteOf(id, stack string) stackhand.Job {
	return jobOf(id, provision.FlowDelete, stackhand.DeleteSpec{Cloud: "lab", Stack: stack})
}
