package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// fakeBook is the record of requests: copies, with revisions.
type fakeBook struct {
	all     map[string]stackhand.Request
	rev     int64
	threads map[string][]string // channel/thread → ids
	meddle  func()              // what somebody else does before the next save
	fail    func() error        // of the next save
}

func newBook(env *Env) *fakeBook {
	b := &fakeBook{all: map[string]stackhand.Request{}, threads: map[string][]string{}}
	env.Requests = b
	env.Name = func(_ context.Context, id string) string { return strings.ToLower(strings.TrimPrefix(id, "U0")) }
	return b
}

func copyRequest(r stackhand.Request) (out stackhand.Request) {
	raw, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(err)
	}
	out.Rev = r.Rev
	return out
}

func (b *fakeBook) Ask(_ context.Context, r stackhand.Request) (stackhand.Request, error) {
	if old, ok := b.all[r.ID]; ok {
		return copyRequest(old), nil
	}
	b.rev++
	r.Rev, r.Needed = b.rev, max(1, r.Needed)
	if r.Ends.IsZero() {
		r.Ends = r.Created.Add(72 * time.Hour)
	}
	b.all[r.ID] = copyRequest(r)
	return r, nil
}

func (b *fakeBook) Request(_ context.Context, id string) (stackhand.Request, error) {
	r, ok := b.all[id]
	switch {
	case !ok:
		return r, stackhand.Errorf(stackhand.NotFound, "no request %s", id)
	case len(r.Args) > 0 && r.Args[0] == '"':
		return r, stackhand.Errorf(stackhand.NeedsHuman, "sealed with another keyset")
	}
	return copyRequest(r), nil
}

func (b *fakeBook) SaveRequest(_ context.Context, r *stackhand.Request) error {
	if f := b.meddle; f != nil {
		b.meddle = nil
		f()
	}
	if b.fail != nil {
		if err := b.fail(); err != nil {
			return err
		}
	}
	if b.all[r.ID].Rev != r.Rev {
		return fmt.Errorf("somebody else was faster")
	}
	b.rev++
	r.Rev = b.rev
	b.all[r.ID] = copyRequest(*r)
	return nil
}

func (b *fakeBook) pick(keep func(stackhand.Request) bool) (out []stackhand.Request) {
	for _, id := range slices.Sorted(maps.Keys(b.all)) {
		if r := copyRequest(b.all[id]); keep(r) {
			out = append(out, r)
		}
	}
	return out
}

func (b *fakeBook) OpenRequests(context.Context) ([]stackhand.Request, error) {
	return b.pick(func(r stackhand.Request) bool { return r.State == stackhand.RequestOpen }), nil
}

func (b *fakeBook) RecentRequests(_ context.Context, user string, _ int) ([]stackhand.Request, error) {
	return b.pick(func(r stackhand.Request) bool { return user == "" || r.Job.User.ID == user }), nil
}

func (b *fakeBook) RequestsInThread(_ context.Context, channel, thread string) ([]stackhand.Request, error) {
	return b.pick(func(r stackhand.Request) bool { return slices.Contains(b.threads[channel+"/"+thread], r.ID) }), nil
}

// only is the one request that there is.
func (b *fakeBook) only(t *testing.T) stackhand.Request {
	t.Helper()
	all := b.pick(func(stackhand.Request) bool { return true })
	if len(all) != 1 {
		t.Fatalf("there are %d requests", len(all))
	}
	return all[0]
}

// askWorld is a world in which alice has asked for something that a rule wants an approval of.
func askWorld(t *testing.T, line string, rule policy.Rule) (*world, *Env, *fakeBook, string) {
	t.Helper()
	w, env := newWorld()
	w.give("U0ALICE", "db-1")
	w.give("U0ALICE", "db-2")
	b := newBook(env)
	rule.Then = policy.Approve
	rules(t, env, rule)
	if r, err := say(t, env, alice, line); err != nil || len(w.jobs) != 0 {
		t.Fatalf("%s: %s", line, told(r, err))
	}
	id := ""
	for _, r := range b.pick(func(stackhand.Request) bool { return true }) {
		id = r.ID
	}
	return w, env, b, id
}

// decide types a line that is a new delivery each time.
var deliveries int

func decide(t *testing.T, env *Env, u stackhand.User, line string, want ...string) Reply {
	t.Helper()
	deliveries++
	r, err := Do(t.Context(), env, u, Line{Text: line, Key: fmt.Sprint(deliveries), Place: stackhand.Place{Channel: "C1"}})
	expect(t, told(r, err), want...)
	return r
}

func TestApprove(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1 --flavor m1.medium --for 8h", policy.Rule{Name: "large", Why: "it costs"})
	decide(t, env, bob, "approve "+id, `not one of those who decide about Create web-1: that is for an approver`)
	decide(t, env, alice, "approve "+id, `You asked for Create web-1 yourself`, "cancel "+id)
	decide(t, env, carol, "approve nonsense", `There is no request nonsense`)
	decide(t, env, carol, "approve", `Which request do you mean`)
	if len(w.jobs) != 0 || b.all[id].State != stackhand.RequestOpen {
		t.Fatal("somebody got through")
	}
	w.now = w.now.Add(time.Hour)
	decide(t, env, carol, "approve "+id, `You approved Create web-1: job `+id+` is at work\. Alice is told`)
	job := w.jobs[id]
	if len(w.jobs) != 1 || job.User.ID != "U0ALICE" || job.State != stackhand.JobQueued || len(job.Approvals) != 1 || job.Approvals[0].User != "U0CAROL" || !job.Created.Equal(w.now) {
		t.Fatalf("%+v", w.jobs)
	}
	if st := w.stacks[id+"-1"]; st.Lease.For != 8*time.Hour || st.Lease.Owner != "U0ALICE" || !st.Lease.Until.IsZero() {
		t.Errorf("stack %+v", st)
	}
	for _, u := range []struct {
		user stackhand.User
		want string
	}{{carol, "was approved by you already"}, {dana, "was approved by carol already"}, {bob, "was approved by carol"}} {
		decide(t, env, u.user, "approve "+id, u.want, "job show "+id)
		decide(t, env, u.user, "deny "+id+" no", "was approved by")
	}
	if len(w.order) != 1 || !b.all[id].Started {
		t.Errorf("%d jobs, %+v", len(w.order), b.all[id])
	}
	if got := decide(t, env, alice, "job show "+id, "Approved: by @U0CAROL"); got.Table != nil && len(got.Table.Rows) > 0 {
		t.Errorf("steps: %v", got.Table)
	}
}

// TestWhoDecides goes through who may decide by which rule. The rights are those of the moment.
func TestWhoDecides(t *testing.T) {
	inOps := bob
	inOps.Groups = []string{"S0OPS"}
	for _, c := range []struct {
		rule policy.Rule
		user stackhand.User
		may  bool
	}{
		{policy.Rule{}, carol, true},
		{policy.Rule{}, dana, true},
		{policy.Rule{}, bob, false},
		{policy.Rule{}, inOps, false},
		{policy.Rule{}, guest, false},
		{policy.Rule{Approvers: []string{"S0OPS"}}, inOps, true},
		{policy.Rule{Approvers: []string{"S0OPS"}}, bob, false},
		{policy.Rule{Approvers: []string{"S0OPS"}}, carol, false}, // an approver, but not one of the rule's
		{policy.Rule{Approvers: []string{"S0OPS"}}, dana, true},   // administrators stand in
		{policy.Rule{Approvers: []string{"U0BOB"}}, bob, true},
		{policy.Rule{Approvers: []string{"U0ALICE"}}, alice, false}, // named, but the asker
		{policy.Rule{Approvers: []string{"U0ALICE"}, Own: true}, alice, true},
		{policy.Rule{Own: true}, alice, false}, // may be one of them, but is none
	} {
		for _, verb := range []string{"approve %s", "deny %s too large"} {
			w, env, b, id := askWorld(t, "create web-1", c.rule)
			decide(t, env, c.user, fmt.Sprintf(verb, id))
			if done := b.all[id].State != stackhand.RequestOpen; done != c.may || (len(w.jobs) == 1) != (c.may && verb[0] == 'a') {
				t.Errorf("%+v, %s, %q: %v, %d jobs", c.rule, c.user.Name, verb, b.all[id].State, len(w.jobs))
			}
		}
	}
	// An administrator never approves what they asked for themselves.
	w, env, _, _ := askWorld(t, "create web-1", policy.Rule{})
	say(t, env, dana, "create web-2")
	id := JobID("U0DANAcreate web-2", 0)
	decide(t, env, dana, "approve "+id, "somebody else has to decide")
	if len(w.jobs) != 0 {
		t.Error("dana approved her own request")
	}
}

// TestSeveralApprovers needs two different ones.
func TestSeveralApprovers(t *testing.T) {
	w, env, b, id := askWorld(t, "create web-1", policy.Rule{Needed: 2})
	decide(t, env, carol, "approve "+id, `You approved Create web-1\. It still needs 1 more approval\.`)
	decide(t, env, carol, "approve "+id, "You approved Create web-1 already; 1 of 2")
	if len(w.jobs) != 0 || b.all[id].Approved() != 1 {
		t.Fatalf("%+v", b.all[id])
	}
	decide(t, env, dana, "approve "+id, "is at work")
	if len(w.order) != 1 || len(w.jobs[id].Approvals) != 2 {
		t.Errorf("%+v", w.jobs)
	}
	// One denial ends it, whoever approved before.
	_, env, b, id = askWorld(t, "create web-1", policy.Rule{Needed: 2})
	decide(t, env, carol, "approve "+id)
	decide(t, env, dana, "deny "+id+" not today", "You denied Create web-1")
	if b.all[id].State != stackhand.RequestDenied {
		t.Errorf("%+v", b.all[id])
	}
}

// TestTwoAtOnce lets a second decision in between what the first reads and writes.
func TestTwoAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		needed int
		second string
		want   string
		state  stackhand.RequestState
		jobs   int
	}{
		"both approve":   {1, "approve", "was approved by dana already", stackhand.RequestApproved, 1},
		"both of two":    {2, "approve", "is at work", stackhand.RequestApproved, 1},
		"one denies":     {1, "deny no", "was denied by dana already: no", stackhand.RequestDenied, 0},
		"asker takes it": {1, "cancel", "was withdrawn", stackhand.RequestWithdrawn, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, env, b, id := askWorld(t, "create web-1", policy.Rule{Needed: c.needed})
			b.meddle = func() {
				verb, why, _ := strings.Cut(c.second, " ")
				decide(t, env, dana, strings.TrimSpace(verb+" "+id+" "+why))
			}
			decide(t, env, carol, "approve "+id, c.want)
			if r := b.all[id]; r.State != c.state || len(w.order) != c.jobs {
				t.Errorf("%s, %d jobs: %+v", r.State, len(w.order), r)
			}
		})
	}
}

// TestApproveThroughCrashes fails each write in turn, as the end of the program does. The click is delivered again then, and
// the sweep begins what is approved: in the end there is one job, however it went.
func TestApproveThroughCrashes(t *testing.T) {
	for at := range 4 {
		for _, lost := range []bool{false, true} { // the write was done before the end, or not
			w, env, b, id := askWorld(t, "create web-1", policy.Rule{})
			writes, records := 0, map[string]int{}
			dies := func() error {
				if writes++; writes-1 == at {
					return fmt.Errorf("the disk is gone")
				}
				return nil
			}
			b.fail = dies
			env.Audit = func(_ context.Context, rec stackhand.AuditRecord) error {
				records[rec.What+rec.Verdict]++
				return dies()
			}
			if at == 3 {
				w.fail["Start"] = fmt.Errorf("the disk is gone")
			}
			if lost && at == 0 {
				b.fail = func() error { // done, and the program ended before it knew
					b.fail = nil
					r := b.all[id]
					r.State, r.Closed, r.Approvals = stackhand.RequestApproved, w.now, []stackhand.Approval{{User: "U0CAROL", Approved: true, At: w.now}}
					b.rev++
					r.Rev = b.rev
					b.all[id] = r
					return fmt.Errorf("the program ended")
				}
			}
			click := func() {
				r, err := Do(t.Context(), env, carol, Line{Text: "approve " + id, Key: "click", Place: stackhand.Place{Channel: "C1"}})
				t.Log(told(r, err))
			}
			click()
			b.fail = nil
			delete(w.fail, "Start")
			env.Audit = func(_ context.Context, rec stackhand.AuditRecord) error { records[rec.What+rec.Verdict]++; return nil }
			click() // the same one, delivered again
			for _, r := range b.pick(func(r stackhand.Request) bool { return r.State == stackhand.RequestApproved && !r.Started }) {
				if _, err := env.Begin(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			if len(w.order) != 1 || !b.all[id].Started || records["decidedapprove"] == 0 {
				t.Errorf("write %d, lost %v: %d jobs, %v, %+v", at, lost, len(w.order), records, b.all[id])
			}
		}
	}
}
