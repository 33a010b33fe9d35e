package commands

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// transferWaits notes that an offer was accepted in time and waits for an approval since, and tells whoever is to know. It may be
// called again for the same line.
func (env *Env) transferWaits(ctx context.Context, st stackhand.Stack, key string) error {
	id, offer, now := JobID(key, 0), st.Transfer.ID, env.Now()
	if env.rehearsing != nil || env.Notices == nil {
		return nil
	}
	if r, err := env.readRequest(ctx, id); err != nil || r.State != stackhand.RequestOpen && st.Transfer.Waits != id {
		return err // where it was noted, and cut short before the decision, SettleOffers has to find it
	}
	st, err := env.Stacks.ChangeStack(ctx, st.ID, func(st *stackhand.Stack) error {
		if t := st.Transfer; t != nil && t.ID == offer && t.Open(now) {
			waits := *t
			waits.State, waits.Closed, waits.Waits = stackhand.TransferWaiting, now, id
			st.Transfer = &waits
		}
		return nil
	})
	t := st.Transfer
	if err != nil || t == nil || t.ID != offer || t.Waits != id {
		return err
	}
	says := stackhand.Textf("%s accepted the server %s, which waits for an approval now (request %s). Until then it stays with %s.",
		stackhand.To(t.To), stackhand.AsBold(st.Name), stackhand.AsCode(id), stackhand.To(t.From))
	if err := env.sayOfOffer(ctx, offerNotice(t), says, id); err != nil {
		return err
	}
	for _, who := range t.Offerers() {
		if err := env.tellSomebody(ctx, who, "waits/"+t.ID+"/"+who, st, says); err != nil {
			return err
		}
	}
	return nil
}

// sayOfOffer has the messages of an offer say something else, without buttons, and notes for which request it waits: "" for none.
func (env *Env) sayOfOffer(ctx context.Context, id string, says stackhand.Text, waits string) error {
	_, err := env.Notices.ChangeNotice(ctx, id, func(n *stackhand.Notice) error {
		n.Text, n.Actions, n.Stale, n.Waits = says, nil, true, waits
		return nil
	})
	if stackhand.KindOf(err) == stackhand.NotFound {
		return nil
	}
	return err
}

// outcome is what came of an offer that was accepted.
type outcome struct {
	over bool   // false: it waits, or is at work
	why  string // nothing came of it: a sentence; "": it is fulfilled
	gate bool   // since an approval that it needed was not given
}

// SettleOffers looks after the offers that were accepted, and that wait for an approval or whose job is at work since. Of one from which
// nothing comes whoever offered is told, with the reason: once, however often and whenever this is called.
func (env *Env) SettleOffers(ctx context.Context) error {
	if env.Notices == nil {
		return nil
	}
	all, err := env.Notices.WaitingNotices(ctx)
	errs := []error{err}
	for _, n := range all {
		o, err := env.outcomeOf(ctx, n)
		if err == nil && o.over {
			err = env.settleOffer(ctx, n, o)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// beginsWithin is how long after the end of an offer a line may still be at work that accepted it at the last moment.
const beginsWithin = time.Hour

func (env *Env) outcomeOf(ctx context.Context, n stackhand.Notice) (outcome, error) {
	asked := env.Requests != nil
	if asked {
		r, err := env.readRequest(ctx, n.Waits)
		switch {
		case stackhand.KindOf(err) == stackhand.NotFound:
			asked = false
		case err != nil, r.State == stackhand.RequestOpen:
			return outcome{}, err
		case r.State != stackhand.RequestApproved:
			return outcome{over: true, why: ended(r.Note), gate: true}, nil
		}
	}
	late := !env.Now().Before(n.Ends)
	job, err := env.Jobs.Job(ctx, n.Waits)
	switch {
	case stackhand.KindOf(err) == stackhand.NotFound:
		// The line that accepts was interrupted before it asked, and goes on; for ever it does not.
		return outcome{over: !asked && !env.Now().Before(n.Ends.Add(beginsWithin)), why: "It never began."}, nil
	case err != nil || !job.State.Rests():
		return outcome{}, err
	case job.State == stackhand.JobDone:
		return outcome{over: true}, nil
	}
	why := "Job " + job.ID + " " + ended(stands(job))
	if job.Problem != nil {
		why += " " + ended(job.Problem.Msg)
	}
	// A transfer can be tried again as long as its offer would have stood.
	return outcome{over: late || n.Adoption != nil, why: why}, nil
}

// settleOffer ends the waiting of an offer.
func (env *Env) settleOffer(ctx context.Context, n stackhand.Notice, o outcome) error {
	switch {
	case o.why == "":
		_, err := env.Notices.ChangeNotice(ctx, n.ID, func(n *stackhand.Notice) error { n.Waits = ""; return nil })
		return err
	case n.Adoption != nil:
		return env.voidAdoption(ctx, n, o)
	}
	return env.voidTransfer(ctx, n, o)
}

// says tells what did not come of an offer that was accepted.
func (o outcome) says(to, name string) stackhand.Text {
	text := stackhand.Textf("%s accepted the server %s, but nothing came of it", stackhand.To(to), stackhand.AsBold(name))
	if o.gate {
		text = text.Add(", since that needed an approval")
	}
	return text.Add(". %s", o.why)
}

func (env *Env) voidAdoption(ctx context.Context, n stackhand.Notice, out outcome) error {
	o := n.Adoption
	says := out.says(o.To, o.Name).Add(" It stays as it is, under no lease.")
	if o.By != o.To {
		next := says.Add(" When that is settled, %s offers it anew.", stackhand.AsCode("adopt "+quote(o.Name)+" --owner @"+strings.TrimPrefix(env.person(ctx, o.To), "@")))
		if err := env.tellSomebody(ctx, o.By, "void/"+n.ID, stackhand.Stack{}, next); err != nil {
			return err
		}
	}
	_, err := env.Notices.ChangeNotice(ctx, n.ID, func(n *stackhand.Notice) error {
		o := *n.Adoption
		o.State, o.Closed, o.Why = stackhand.TransferVoid, env.Now(), out.why
		n.Adoption, n.Text, n.Stale, n.Waits = &o, says, true, ""
		return nil
	})
	return err
}

// voidTransfer tells nobody of an offer that ended in another way meanwhile: that was told.
func (env *Env) voidTransfer(ctx context.Context, n stackhand.Notice, out outcome) error {
	stack, _, _ := strings.Cut(strings.TrimPrefix(n.ID, "offer/"), ".")
	void := false
	st, err := env.Stacks.ChangeStack(ctx, stack, func(st *stackhand.Stack) error {
		t := st.Transfer
		if void = t != nil && t.Waits == n.Waits && (t.State == stackhand.TransferWaiting || t.State == stackhand.TransferVoid); void {
			over := *t
			over.State, over.Closed, over.Why = stackhand.TransferVoid, env.Now(), out.why
			st.Transfer = &over
		}
		return nil
	})
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	if err != nil || !void || st.State == stackhand.StackGone {
		return env.settleOffer(ctx, n, outcome{over: true})
	}
	t := st.Transfer
	says := out.says(t.To, st.Name).Add(" It stays with %s.", stackhand.To(st.Lease.Owner))
	next := says.Add(" When that is settled, %s offers it anew.", stackhand.AsCode("transfer "+quote(st.Name)+" @"+strings.TrimPrefix(env.person(ctx, t.To), "@")))
	for _, who := range t.Offerers() {
		if err := env.tellSomebody(ctx, who, "void/"+t.ID+"/"+who, st, next); err != nil {
			return err
		}
	}
	return env.sayOfOffer(ctx, n.ID, says, "")
}

// unask takes back the request of a transfer that was accepted, once there is nothing to accept any more.
func (env *Env) unask(ctx context.Context, t *stackhand.Transfer, why string) error {
	if t.Waits == "" || env.Requests == nil {
		return nil
	}
	_, err := env.amend(ctx, t.Waits, func(r *stackhand.Request) error {
		if r.State != stackhand.RequestOpen {
			return errDecided
		}
		r.State, r.Closed, r.Note = stackhand.RequestWithdrawn, env.Now(), why
		env.decision("withdraw", "")
		return nil
	})
	if errors.Is(err, errDecided) || stackhand.KindOf(err) == stackhand.NotFound {
		return nil
	}
	return err
}

var errDecided = errors.New("it was decided already")
