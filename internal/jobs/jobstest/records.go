// Package jobstest keeps the records of jobs and stacks in memory, for tests of the engine
// and of flows. Like a database it outlives engines: each engine gets a Session, which can be
// killed.
package jobstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stackhand/stackhand"
)

// ErrConflict is a lost race of a save.
var ErrConflict = errors.New("jobstest: somebody else wrote first")

// ErrKilled is the answer to every call of a session that was killed.
var ErrKilled = errors.New("jobstest: the process is dead")

// Records are jobs, stacks and locks. The zero value is empty and ready.
type Records struct {
	// OneProcess makes Exclusive answer true.
	OneProcess bool
	// Delay is how long a write takes.
	Delay time.Duration

	mu     sync.Mutex
	rev    int64
	jobs   map[string]entry
	stacks map[string]entry
	locks  map[string]string
	writes int
	order  []string // ids of jobs, oldest first
}

type entry struct {
	raw   []byte
	rev   int64
	rests bool // of a job, so that those that wait for that need not read it all
}

// Session is one process's access to the records.
type Session struct {
	*Records
	dead atomic.Bool
	fail atomic.Pointer[func(call string) error]
}

// SetFail sets what is asked before every call and may fail it; nil: nothing.
func (s *Session) SetFail(fail func(call string) error) { s.fail.Store(&fail) }

// Open begins a session.
func (r *Records) Open() *Session { return &Session{Records: r} }

// Kill ends the session: nothing is written by it any more.
func (s *Session) Kill() { s.dead.Store(true) }

// Writes counts the writes so far.
func (r *Records) Writes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.writes
}

// Locks lists the names of the locks that are held.
func (r *Records) Locks() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for name := range r.locks {
		out = append(out, name)
	}
	return out
}

func (s *Session) enter(call string, write bool) error {
	if write && s.Delay > 0 {
		time.Sleep(s.Delay)
	}
	if fail := s.fail.Load(); fail != nil && *fail != nil {
		if err := (*fail)(call); err != nil {
			return err
		}
	}
	s.mu.Lock()
	if s.dead.Load() {
		s.mu.Unlock()
		return ErrKilled
	}
	if s.jobs == nil {
		s.jobs, s.stacks, s.locks = map[string]entry{}, map[string]entry{}, map[string]string{}
	}
	if write {
		s.writes++
	}
	return nil
}

func notFound(what, id string) error {
	return stackhand.Errorf(stackhand.NotFound, "There is no %s %s.", what, id)
}

// put stores v under id if the revision is still rev; the lock is held.
func (r *Records) put(in map[string]entry, id string, rev int64, v any) (int64, error) {
	if in[id].rev != rev {
		return 0, ErrConflict
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return 0, err
	}
	r.rev++
	j, is := v.(*stackhand.Job)
	in[id] = entry{raw: raw, rev: r.rev, rests: is && j.State.Rests()}
	return r.rev, nil
}

func (r *Records) job(id string) (stackhand.Job, error) {
	var j stackhand.Job
	e, ok := r.jobs[id]
	if !ok {
		return j, notFound("job", id)
	}
	err := json.Unmarshal(e.raw, &j)
	j.Rev = e.rev
	return j, err
}

// Rests tells whether a job is over; false if there is none.
func (r *Records) Rests(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.jobs[id].rests
}

func (r *Records) stack(id string) (stackhand.Stack, error) {
	var st stackhand.Stack
	e, ok := r.stacks[id]
	if !ok {
		return st, notFound("stack", id)
	}
	err := json.Unmarshal(e.raw, &st)
	st.Rev = e.rev
	return st, err
}

func (s *Session) CreateJob(_ context.Context, job *stackhand.Job, stacks []*stackhand.Stack) (bool, error) {
	if err := s.enter("CreateJob", true); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	if _, ok := s.jobs[job.ID]; ok {
		old, err := s.job(job.ID)
		*job = old
		return false, err
	}
	for _, st := range stacks {
		rev, err := s.put(s.stacks, st.ID, 0, st)
		if err != nil {
			return false, err
		}
		st.Rev = rev
	}
	rev, err := s.put(s.jobs, job.ID, 0, job)
	job.Rev = rev
	s.order = append(s.order, job.ID)
	return true, err
}

func (s *Session) Job(_ context.Context, id string) (stackhand.Job, error) {
	if err := s.enter("Job", false); err != nil {
		return stackhand.Job{}, err
	}
	defer s.mu.Unlock()
	return s.job(id)
}

func (s *Session) SaveJob(_ context.Context, job *stackhand.Job) error {
	if err := s.enter("SaveJob", true); err != nil {
		return err
	}
	defer s.mu.Unlock()
	rev, err := s.put(s.jobs, job.ID, job.Rev, job)
	if err == nil {
		job.Rev = rev
	}
	return err
}

func (s *Session) OpenJobs(context.Context) ([]stackhand.Job, error) {
	return s.list("OpenJobs", true, func(stackhand.Job) bool { return true })
}

func (s *Session) RecentJobs(_ context.Context, user string, limit int) ([]stackhand.Job, error) {
	out, err := s.list("RecentJobs", false, func(j stackhand.Job) bool { return user == "" || j.User.ID == user })
	slices.Reverse(out)
	return out[:min(limit, len(out))], err
}

func (s *Session) list(call string, open bool, want func(stackhand.Job) bool) ([]stackhand.Job, error) {
	if err := s.enter(call, false); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var out []stackhand.Job
	for _, id := range s.order {
		if open && s.jobs[id].rests {
			continue
		}
		j, err := s.job(id)
		if err != nil {
			return nil, err
		}
		if want(j) {
			out = append(out, j)
		}
	}
	return out, nil
}

func (s *Session) TryLock(_ context.Context, name, holder string) (string, error) {
	if err := s.enter("TryLock", true); err != nil {
		return "", err
	}
	defer s.mu.Unlock()
	if s.locks[name] == "" {
		s.locks[name] = holder
	}
	return s.locks[name], nil
}

func (s *Session) Unlock(_ context.Context, name, holder string) error {
	if err := s.enter("Unlock", true); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.locks[name] == holder {
		delete(s.locks, name)
	}
	return nil
}

func (s *Session) Exclusive() bool { return s.OneProcess }

func (s *Session) Stack(_ context.Context, id string) (stackhand.Stack, error) {
	if err := s.enter("Stack", false); err != nil {
		return stackhand.Stack{}, err
	}
	defer s.mu.Unlock()
	return s.stack(id)
}

func (s *Session) SaveStack(_ context.Context, st *stackhand.Stack) error {
	if err := s.enter("SaveStack", true); err != nil {
		return err
	}
	defer s.mu.Unlock()
	rev, err := s.put(s.stacks, st.ID, st.Rev, st)
	if err == nil {
		st.Rev = rev
	}
	return err
}

func (s *Session) UsersOfResource(_ context.Context, cloud, resourceID string) ([]string, error) {
	if err := s.enter("UsersOfResource", false); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	holds := func(rs []stackhand.Resource) bool {
		return slices.ContainsFunc(rs, func(r stackhand.Resource) bool { return r.ID == resourceID })
	}
	may := func(e entry) bool { return !e.rests && bytes.Contains(e.raw, []byte(resourceID)) } // the others need not be read
	var out []string
	for id, e := range s.stacks {
		if !may(e) {
			continue
		}
		if st, err := s.stack(id); err == nil && st.Cloud == cloud && st.State != stackhand.StackGone && holds(st.Ledger) {
			out = append(out, id)
		}
	}
	for id, e := range s.jobs {
		if !may(e) {
			continue
		}
		if j, err := s.job(id); err == nil && j.Cloud == cloud && holds(j.Made) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out, nil
}
