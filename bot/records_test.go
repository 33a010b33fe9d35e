package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

var errLost = errors.New("somebody else wrote first")

// memory is a store in memory that behaves as the real one: records are copies, saves
// compare revisions, what was received is remembered.
type memory struct {
	mu      sync.Mutex
	rev     int64
	seen    map[string]bool
	inbox   map[string]stackhand.Inbound
	jobs    map[string]stackhand.Job
	asked   map[string]stackhand.Request
	reports map[string]stackhand.Report
	notices map[string]stackhand.Notice
	stacks  map[string]stackhand.Stack
	history []stackhand.Inbound // all that was ever written down
	broken  error               // answered by every call while set
	saved   func(stackhand.Report)
}

func newMemory() *memory {
	return &memory{
		seen: map[string]bool{}, inbox: map[string]stackhand.Inbound{}, jobs: map[string]stackhand.Job{},
		asked: map[string]stackhand.Request{}, reports: map[string]stackhand.Report{}, notices: map[string]stackhand.Notice{}, stacks: map[string]stackhand.Stack{},
	}
}

// copied passes a record through JSON, as the store does.
func copied[T any](t T) T {
	var out T
	raw, err := json.Marshal(t)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}

func (m *memory) Receive(_ context.Context, in stackhand.Inbound) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return false, m.broken
	}
	if m.seen[in.Key] {
		return false, nil
	}
	m.seen[in.Key] = true
	m.rev++
	in.Rev = m.rev
	m.inbox[in.ID] = in
	m.history = append(m.history, in)
	return true, nil
}

func (m *memory) Pending(context.Context) ([]stackhand.Inbound, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Collect(maps.Values(m.inbox))
	slices.SortFunc(out, func(a, b stackhand.Inbound) int { return cmp.Compare(a.Rev, b.Rev) })
	return out, m.broken
}

func (m *memory) SaveInbound(_ context.Context, in *stackhand.Inbound) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.inbox[in.ID].Rev != in.Rev {
		return errLost
	}
	m.inbox[in.ID] = *in
	return m.broken
}

func (m *memory) Handled(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.inbox, id)
	return m.broken
}

func (m *memory) Job(_ context.Context, id string) (stackhand.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, ok := m.jobs[id]
	if !ok {
		return j, stackhand.Errorf(stackhand.NotFound, "no job %s", id)
	}
	return copied(j), m.broken
}

func (m *memory) Report(_ context.Context, id string) (stackhand.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.reports[id]
	if !ok {
		return r, stackhand.Errorf(stackhand.NotFound, "no report %s", id)
	}
	rev := r.Rev
	r = copied(r)
	r.Rev = rev
	return r, m.broken
}

func (m *memory) Request(_ context.Context, id string) (stackhand.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.asked[id]
	if !ok {
		return r, stackhand.Errorf(stackhand.NotFound, "no request %s", id)
	}
	return copied(r), m.broken
}

// ask keeps a request and opens its report, as the store does whenever one is saved.
func (m *memory) ask(r stackhand.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rev++
	m.asked[r.ID] = copied(r)
	rep := m.reports[r.ID]
	rep.Job, rep.Open, rep.Rev = r.ID, true, m.rev
	m.reports[r.ID] = rep
}

func (m *memory) OpenReports(context.Context) ([]stackhand.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []stackhand.Report
	for _, r := range m.reports {
		if r.Open {
			out = append(out, r)
		}
	}
	return out, m.broken
}

func (m *memory) LaterReports(context.Context) ([]stackhand.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []stackhand.Report
	for _, r := range m.reports {
		if !r.Later.IsZero() {
			out = append(out, r)
		}
	}
	return out, m.broken
}

func (m *memory) SaveReport(_ context.Context, r *stackhand.Report) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	if m.reports[r.Job].Rev != r.Rev {
		return errLost
	}
	m.rev++
	r.Rev = m.rev
	m.reports[r.Job] = *r
	if m.saved != nil {
		m.saved(*r)
	}
	return nil
}

func (m *memory) OpenNotices(context.Context) ([]stackhand.Notice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []stackhand.Notice
	for _, n := range m.notices {
		if n.Delivered.IsZero() || n.Stale {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b stackhand.Notice) int { return strings.Compare(a.ID, b.ID) })
	return out, m.broken
}

func (m *memory) Notice(_ context.Context, id string) (stackhand.Notice, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notices[id], m.broken
}

func (m *memory) SaveNotice(_ context.Context, n *stackhand.Notice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.notices[n.ID].Rev != n.Rev {
		return errLost
	}
	m.rev++
	n.Rev = m.rev
	m.notices[n.ID] = *n
	return m.broken
}

// put keeps a job with an open report, as the store does when a job is created.
func (m *memory) put(j stackhand.Job, stacks ...stackhand.Stack) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rep := m.reports[j.ID]; !rep.Open {
		m.rev++
		rep.Job, rep.Open, rep.Rev = j.ID, true, m.rev
		m.reports[j.ID] = rep
	}
	m.jobs[j.ID] = copied(j)
	for _, s := range stacks {
		m.stacks[s.ID] = copied(s)
	}
}

func (m *memory) report(id string) stackhand.Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reports[id]
}

func (m *memory) pending() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.inbox)
}

// The rest makes memory the commands' record of stacks.

func (m *memory) Stack(_ context.Context, id string) (stackhand.Stack, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.stacks[id]
	if !ok {
		return s, stackhand.Errorf(stackhand.NotFound, "no stack %s", id)
	}
	return s, m.broken
}

func (m *memory) OfOwner(_ context.Context, user string) ([]stackhand.Stack, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []stackhand.Stack
	for _, s := range m.stacks {
		if s.Lease.Owner == user && s.State != stackhand.StackGone {
			out = append(out, s)
		}
	}
	return out, m.broken
}

func (m *memory) StacksSharedWith(_ context.Context, ids ...string) ([]stackhand.Stack, error) {
	return m.pick(func(s stackhand.Stack) bool {
		return slices.ContainsFunc(s.Shared, func(id string) bool { return slices.Contains(ids, id) })
	}), m.broken
}

func (m *memory) ChangeStack(ctx context.Context, id string, change func(*stackhand.Stack) error) (stackhand.Stack, error) {
	s, err := m.Stack(ctx, id)
	if err == nil {
		err = change(&s)
	}
	if err == nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.stacks[id] = s
	}
	return s, err
}

// rot is a Sealer whose output does not contain its input, and which checks the binding.
type rot struct{}

func (rot) Seal(plain []byte, user, purpose string) ([]byte, error) {
	out := []byte(digest(user+"\x00"+purpose) + ":")
	for _, c := range plain {
		out = append(out, c^0x5a)
	}
	return out, nil
}

func (rot) Open(sealed []byte, user, purpose string) ([]byte, error) {
	lead := digest(user+"\x00"+purpose) + ":"
	if len(sealed) < len(lead) || string(sealed[:len(lead)]) != lead {
		return nil, errors.New("sealed for somebody else")
	}
	var out []byte
	for _, c := range sealed[len(lead):] {
		out = append(out, c^0x5a)
	}
	return out, nil
}

func TestRotRefusesOthers(t *testing.T) {
	sealed, err := rot{}.Seal([]byte("x"), "U1", "slack")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (rot{}).Open(sealed, "U2", "slack"); err == nil {
		t.Error("opened for another user")
	}
}

func (m *memory) pick(fits func(stackhand.Stack) bool) (out []stackhand.Stack) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.stacks {
		if fits(s) {
			out = append(out, s)
		}
	}
	return out
}

func (m *memory) ByServer(_ context.Context, cloud, id string) (stackhand.Stack, error) {
	for _, s := range m.pick(func(s stackhand.Stack) bool { return s.Cloud == cloud && s.Server == id }) {
		return s, nil
	}
	return stackhand.Stack{}, stackhand.Errorf(stackhand.NotFound, "not ours")
}

func (m *memory) InProject(_ context.Context, cloud, project string) ([]stackhand.Stack, error) {
	return m.pick(func(s stackhand.Stack) bool { return s.Cloud == cloud && s.ProjectID == project }), nil
}

func (m *memory) Ever(context.Context, time.Time) ([]stackhand.Stack, error) { return nil, nil }

func (m *memory) EverInProject(ctx context.Context, cloud, project string, _ time.Time) ([]stackhand.Stack, error) {
	return m.InProject(ctx, cloud, project)
}

func (m *memory) InThread(_ context.Context, channel, thread string) ([]stackhand.Stack, error) {
	return m.pick(func(s stackhand.Stack) bool {
		return m.reports[s.Job].Card.Channel == channel && m.reports[s.Job].Card.TS == thread
	}), nil
}

func (m *memory) JobsInThread(_ context.Context, channel, thread string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []stackhand.Job
	for id, j := range m.jobs {
		if card := m.reports[id].Card; card.Channel == channel && card.TS == thread || j.Place.Channel == channel && j.Place.Thread == thread {
			found = append(found, j)
		}
	}
	slices.SortFunc(found, func(a, b stackhand.Job) int { return b.Created.Compare(a.Created) })
	var ids []string
	for _, j := range found {
		ids = append(ids, j.ID)
	}
	return ids, nil
}

func (m *memory) Extend(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error) {
	s, err := m.Stack(ctx, id)
	if err == nil && s.Lease.Extended != key {
		m.mu.Lock()
		defer m.mu.Unlock()
		s.Lease.Until, s.Lease.Extended = until, key
		m.stacks[id] = s
	}
	return s, err
}
