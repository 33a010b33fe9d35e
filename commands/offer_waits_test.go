package commands

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// waitingOffer is a world in which alice offered web-1, or dana a server of bob's, and bob accepted it, for which a rule wants an approval.
func waitingOffer(t *testing.T, adoption bool) (w *world, env *Env, b *fakeBook, r stackhand.Request) {
	t.Helper()
	w, env = strayOf("U0BOB")
	b = newBook(env)
	env.Settings.Deciders = true
	w.login["U0BOB"] = "bob"
	name, who, line := "web-1", alice, "transfer web-1 bob"
	if adoption {
		name, who, line = "stray", dana, "adopt stray"
	} else {
		w.give("U0ALICE", name)
	}
	w.talk(t, env, []hears{{who, line, "was asked"}})
	rules(t, env, policy.Rule{Name: "four eyes", When: `request.verb in ["transfer", "adopt"]`, Then: policy.Approve})
	decide(t, env, bob, clicked("accept", w.lastNotice("U0BOB").Actions[0].Value), "waits for the approval of")
	return w, env, b, b.only(t)
}

// settle looks after the offers as often as the bot may.
func (w *world) settle(t *testing.T, env *Env) {
	t.Helper()
	for range 3 {
		if err := env.SettleOffers(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// toldOf counts what somebody was told with such words.
func (w *world) toldOf(user, words string) (n int) {
	for _, notice := range w.notices {
		if notice.User == user && strings.Contains(notice.Text.String(), words) && !strings.HasPrefix(notice.ID, "offer/") && notice.Adoption == nil {
			n++
		}
	}
	return n
}

// Who offered is told once that nothing came of it, with the reason and what to do next.
func TestAcceptedOfferIsNotApproved(t *testing.T) {
	for name, c := range map[string]struct {
		ends func(t *testing.T, w *world, env *Env, b *fakeBook, id string)
		why  string
	}{
		"denied": {func(t *testing.T, _ *world, env *Env, _ *fakeBook, id string) {
			decide(t, env, carol, "deny "+id+" too large", "denied")
		},
			"Denied by carol: too large."},
		"withdrawn": {func(t *testing.T, _ *world, env *Env, _ *fakeBook, id string) {
			decide(t, env, bob, "cancel "+id, "withdrawn")
		}, "Bob withdrew it."},
		"run out": {func(_ *testing.T, w *world, _ *Env, b *fakeBook, id string) {
			w.now = w.now.Add(transferFor + time.Minute)
			r := b.all[id]
			r.State, r.Closed, r.Note = stackhand.RequestEnded, w.now, "Nobody decided in time."
			b.all[id] = r
		}, "Nobody decided in time."},
	} {
		for _, adoption := range []bool{false, true} {
			w, env, b, r := waitingOffer(t, adoption)
			by, next, again := "U0ALICE", "It stays with @U0ALICE. When that is settled, transfer web-1 @bob offers it anew", "transfer accept web-1"
			if adoption {
				by, next, again = "U0DANA", "It stays as it is, under no lease. When that is settled, adopt stray --owner @bob offers it anew", clicked("accept", w.lastNotice("U0BOB").ID)
			}
			w.settle(t, env)
			if w.toldOf(by, "which waits for an approval now (request "+r.ID) != 1 || w.toldOf(by, "nothing came of it") != 0 {
				t.Errorf("%s: %s was told %q", name, by, w.lastNotice(by).Text)
			}
			c.ends(t, w, env, b, r.ID)
			w.settle(t, env)
			if w.toldOf(by, "but nothing came of it, since that needed an approval. "+c.why+" "+next) != 1 || w.toldOf("U0BOB", "nothing came of it") != 0 {
				t.Errorf("%s: %s was told %q", name, by, w.lastNotice(by).Text)
			}
			if open, _ := env.Notices.WaitingNotices(t.Context()); len(open) > 0 {
				t.Errorf("%s: %d offers wait still", name, len(open))
			}
			decide(t, env, bob, again, "You accepted .*, and nothing came of it: "+strings.TrimSuffix(c.why, "."))
			if !adoption {
				w.talk(t, env, []hears{{alice, "transfer web-1 bob", "waits for the approval of"}}) // the rule is for offers too
			}
		}
	}
}

// An offer that waits stands beyond its own time, for its line alone; and ends with its withdrawal, as does the request.
func TestAcceptedTransferStands(t *testing.T) {
	w, env, _, r := waitingOffer(t, false)
	id := r.Job.Stacks[0]
	w.talk(t, env, []hears{
		{alice, "show web-1", "Offered to: @U0BOB, who accepted; that waits for an approval (request " + r.ID},
		{bob, "transfer accept web-1", "You accepted web-1 already, just now, and that waits for an approval (request " + r.ID},
		{bob, "transfer decline web-1", "`cancel " + r.ID + "` takes the acceptance back"},
	})
	if n := w.notices["offer/"+w.stacks[id].Transfer.ID]; len(n.Actions) > 0 || n.Waits != r.ID {
		t.Errorf("%+v", n)
	}
	decide(t, env, carol, "approve "+r.ID, "You approved")
	w.now = w.now.Add(2 * transferFor) // the bot was off
	w.settle(t, env)
	if _, err := w.carry(t, env, r.ID); err != nil || w.stacks[id].Lease.Owner != "U0BOB" {
		t.Errorf("%v: it is of %s", err, w.stacks[id].Lease.Owner)
	}
	job := w.jobs[r.ID]
	job.State = stackhand.JobDone
	w.jobs[r.ID] = job
	w.settle(t, env)
	if w.toldOf("U0ALICE", "nothing came of it") > 0 || w.toldOf("U0ALICE", "accepted the server web-1.") != 1 {
		t.Errorf("alice was told %q", w.lastNotice("U0ALICE").Text)
	}
	for who, line := range map[string]string{"alice": "transfer withdraw web-1", "dana": "transfer web-1 dana"} {
		w, env, b, r := waitingOffer(t, false)
		env.Policy = nil
		user := map[string]stackhand.User{"alice": alice, "dana": dana}[who]
		decide(t, env, user, line, "no longer offered|is yours now")
		if got := b.all[r.ID]; got.State != stackhand.RequestWithdrawn || !strings.HasPrefix(got.Note, strings.ToUpper(who[:1])+who[1:]+" took") {
			t.Errorf("%s: the request is %s: %s", line, got.State, got.Note)
		}
		w.settle(t, env)
		if w.toldOf("U0ALICE", "nothing came of it") > 0 {
			t.Errorf("alice was told %q", w.lastNotice("U0ALICE").Text)
		}
	}
}

// What was approved and failed can be tried again while the offer would have lasted, and is told of then.
func TestAcceptedTransferFails(t *testing.T) {
	w, env, _, r := waitingOffer(t, false)
	decide(t, env, carol, "approve "+r.ID, "You approved")
	job := w.jobs[r.ID]
	job.State = stackhand.JobFailed
	w.jobs[r.ID] = job
	w.settle(t, env)
	if w.toldOf("U0ALICE", "nothing came of it") > 0 || !w.stacks[r.Job.Stacks[0]].Transfer.Pending(w.now) {
		t.Errorf("it ended at once: %q", w.lastNotice("U0ALICE").Text)
	}
	w.now = w.now.Add(transferFor)
	w.settle(t, env)
	if w.toldOf("U0ALICE", "but nothing came of it. Job "+r.ID+" failed. It stays with @U0ALICE") != 1 {
		t.Errorf("alice was told %q", w.lastNotice("U0ALICE").Text)
	}
}

// The job of an adoption that fails is told to who offered it, whether or not it needed an approval; one that is done is not.
func TestAcceptedAdoptionFails(t *testing.T) {
	for _, approved := range []bool{false, true} {
		for state, want := range map[stackhand.JobState]int{stackhand.JobUndone: 1, stackhand.JobDone: 0} {
			w, env := strayOf("U0BOB")
			b := newBook(env)
			env.Settings.Deciders = true
			w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
			if approved {
				rules(t, env, policy.Rule{Name: "four eyes", Then: policy.Approve})
			}
			decide(t, env, bob, clicked("accept", w.lastNotice("U0BOB").ID), "Adopt stray")
			if approved {
				decide(t, env, carol, "approve "+b.only(t).ID, "You approved")
			}
			w.settle(t, env)
			if w.toldOf("U0DANA", "nothing came of it") > 0 {
				t.Errorf("told while the job is at work: %q", w.lastNotice("U0DANA").Text)
			}
			for id, job := range w.jobs {
				if job.Flow == "adopt" && job.User.ID == bob.ID {
					job.State, job.Problem = state, &stackhand.Problem{Msg: "The server is locked"}
					w.jobs[id] = job
				}
			}
			w.settle(t, env)
			if got := w.toldOf("U0DANA", "but nothing came of it. Job "); got != want || want > 0 && !strings.Contains(w.lastNotice("U0DANA").Text.String(), "failed, and everything it made is removed. The server is locked. It stays as it is, under no lease") {
				t.Errorf("approved %v, %s: told %d times, %q", approved, state, got, w.lastNotice("U0DANA").Text)
			}
			if open, _ := env.Notices.WaitingNotices(t.Context()); len(open) > 0 {
				t.Errorf("%s: %d offers wait still", state, len(open))
			}
		}
	}
}

// lostNotices writes nothing of what changes.
type lostNotices struct{ Notices }

var errLost = errors.New("lost")

func (lostNotices) ChangeNotice(context.Context, string, func(*stackhand.Notice) error) (stackhand.Notice, error) {
	return stackhand.Notice{}, errLost
}

// An acceptance that was cut short after it was noted on the server, and about which was decided before it went on, ends with its request.
func TestAcceptedTransferIsDecidedBeforeItGoesOn(t *testing.T) {
	w, env := strayOf("U0BOB")
	b := newBook(env)
	env.Settings.Deciders = true
	w.login["U0BOB"] = "bob"
	st := w.give("U0ALICE", "web-1")
	w.talk(t, env, []hears{{alice, "transfer web-1 bob", "was asked"}})
	rules(t, env, policy.Rule{Name: "four eyes", When: `request.verb == "transfer"`, Then: policy.Approve})
	accept := Line{Text: clicked("accept", w.lastNotice("U0BOB").Actions[0].Value), Key: "cut", Place: stackhand.Place{Channel: "C1"}}
	whole := env.Notices
	env.Notices = lostNotices{whole}
	if _, err := Do(t.Context(), env, bob, accept); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	env.Notices = whole
	decide(t, env, carol, "deny "+b.only(t).ID+" too large", "denied")
	if r, err := Do(t.Context(), env, bob, accept); err != nil {
		t.Fatal(told(r, err))
	}
	w.settle(t, env)
	if w.stacks[st.ID].Transfer.Pending(w.now) || w.toldOf("U0ALICE", "but nothing came of it, since that needed an approval. Denied by carol: too large.") != 1 {
		t.Errorf("%+v; alice was told %q", w.stacks[st.ID].Transfer, w.lastNotice("U0ALICE").Text)
	}
}

// A line that accepts at the last moment is given the time to begin; one that never does is told as that.
func TestAcceptedAdoptionNeverBegins(t *testing.T) {
	w, env := strayOf("U0BOB")
	w.talk(t, env, []hears{{dana, "adopt stray", "was asked"}})
	w.now = w.lastNotice("U0BOB").Ends.Add(-time.Second)
	decide(t, env, bob, clicked("accept", w.lastNotice("U0BOB").ID), "Adopt stray")
	clear(w.jobs)
	for told, after := range []time.Duration{2 * time.Second, 2 * time.Hour} {
		w.now = w.now.Add(after)
		w.settle(t, env)
		if got := w.toldOf("U0DANA", "but nothing came of it. It never began. It stays as it is, under no lease"); got != told {
			t.Errorf("after %s: told %d times, %q", after, got, w.lastNotice("U0DANA").Text)
		}
	}
}
