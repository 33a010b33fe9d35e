package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

type offerArgs struct {
	Offer string `arg:"offer" required:"true" help:"id of the offer, as its buttons have it; or the server"`
	inCloud
	Line Line
}

var _ = add(Command[offerArgs]{
	Name: "transfer accept", Help: "take over a server that somebody gives you", Examples: []string{"transfer accept web-1"},
	Role: stackhand.Member, Hidden: true, Run: acceptTransfer,
})

var _ = add(Command[offerArgs]{
	Name: "transfer decline", Help: "leave a server that somebody would give you", Examples: []string{"transfer decline web-1"},
	Role: stackhand.Member, Hidden: true, Run: declineTransfer,
})

var _ = add(Command[offerArgs]{
	Name: "transfer withdraw", Help: "take back the offer of a server", Examples: []string{"transfer withdraw web-1"},
	Role: stackhand.Member, Hidden: true, Run: withdrawTransfer,
})

// offered finds the stack of an offer, by the offer's id or by the server. The offer is the stack's last one.
func (env *Env) offered(ctx context.Context, user stackhand.User, a offerArgs, verb string) (stackhand.Stack, error) {
	id, _, isOffer := strings.Cut(a.Offer, ".")
	if isOffer && stackID.MatchString(id) {
		st, err := env.Stacks.Stack(ctx, id)
		switch {
		case stackhand.KindOf(err) == stackhand.NotFound:
			return st, noOffer()
		case err != nil:
			return st, err
		case st.Transfer == nil:
			return st, noOffer()
		case st.Transfer.ID != a.Offer:
			return st, stackhand.Errorf(stackhand.Conflict, "That offer of %s is over.", st.Name).Do("`show %s` tells where it stands.", quote(st.Name))
		}
		return st, nil
	}
	_, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Offer, func(id string) string { a.Offer = id; return format(verb, a) })
	if err != nil {
		return stackhand.Stack{}, err
	}
	if t.stack == nil || t.stack.Transfer == nil {
		return stackhand.Stack{}, stackhand.Errorf(stackhand.NotFound, "%s is not offered to anybody.", t.name()).Do("There is nothing to do.")
	}
	return *t.stack, nil
}

func noOffer() error {
	return stackhand.Errorf(stackhand.NotFound, "There is no such offer.").Do("`show NAME` tells whose a server is.")
}

// settled tells what became of an offer that is not open any more; nil while it is, and for the line of a key by which it was accepted
// and that had to wait for an approval.
func (env *Env) settled(ctx context.Context, user stackhand.User, st stackhand.Stack, key string) error {
	t := st.Transfer
	when := func(what string) error {
		return stackhand.Errorf(stackhand.Conflict, "%s.", what).Do("`show %s` tells whose it is now.", quote(st.Name))
	}
	to := env.person(ctx, t.To)
	if t.To == user.ID {
		to = "You"
	}
	switch {
	case st.State == stackhand.StackGone, st.State == stackhand.StackDeleting:
		return stackhand.Errorf(stackhand.Conflict, "%s is being deleted, or is gone.", st.Name).Do("There is nothing left to take over.")
	case t.State == stackhand.TransferAccepted:
		return when(fmt.Sprintf("%s accepted %s already, %s", to, st.Name, ago(t.Closed, env.Now())))
	case t.State == stackhand.TransferDeclined:
		return when(fmt.Sprintf("%s declined %s already, %s", to, st.Name, ago(t.Closed, env.Now())))
	case t.State == stackhand.TransferWithdrawn:
		return when(fmt.Sprintf("The offer of %s was taken back, %s", st.Name, ago(t.Closed, env.Now())))
	case t.State == stackhand.TransferVoid:
		return when(fmt.Sprintf("%s accepted %s, %s, and nothing came of it: %s", to, st.Name, ago(t.Closed, env.Now()), strings.TrimSuffix(t.Why, ".")))
	case t.State == stackhand.TransferWaiting && t.Waits != JobID(key, 0):
		return stackhand.Errorf(stackhand.Conflict, "%s accepted %s already, %s, and that waits for an approval (request %s).", to, st.Name, ago(t.Closed, env.Now()), t.Waits).
			Do("Wait for the decision; `cancel %s` takes the acceptance back.", t.Waits)
	case t.State == stackhand.TransferOpen && !t.Open(env.Now()):
		return when(fmt.Sprintf("The offer of %s ended unanswered, %s", st.Name, ago(t.Ends, env.Now())))
	case t.From != st.Lease.Owner:
		return when(fmt.Sprintf("%s belongs to somebody else since, so this offer is void", st.Name))
	}
	return nil
}

// usable refuses an owner-to-be who could do nothing with the server: who has no login to its project.
func (env *Env) usable(ctx context.Context, user stackhand.User, st stackhand.Stack) (*session, error) {
	s, err := openAt(ctx, env, user, st.Cloud, st.Scope())
	var missing NoLogin
	switch {
	case errors.As(err, &missing):
		return nil, stackhand.Errorf(stackhand.Unauthorized, "%s is in the project %s of %s, and you have no login there, so you could do nothing with it.", st.Name, st.Project, st.Cloud).
			Do("Log in to that project, then try again. Where the cloud does not let you in, ask its administrator for a role there.").Because(missing)
	case err != nil:
		return nil, err
	case s.who.ProjectID != st.ProjectID && user.Role < stackhand.Admin:
		return nil, stackhand.Errorf(stackhand.Forbidden, "%s is in the project %s of %s, and your login there is to %s.", st.Name, st.Project, st.Cloud, s.who.Project).
			Do("Log in to the project %s, then try again.", st.Project)
	}
	if err := s.reaches(ctx, st.Name, st.Region); err != nil {
		return nil, err
	}
	stacks, err := env.Stacks.InProject(ctx, st.Cloud, st.ProjectID)
	for _, other := range stacks {
		if other.ID != st.ID && other.Name == st.Name && other.Lease.Owner == user.ID {
			return nil, stackhand.Errorf(stackhand.Conflict, "You own a server called %s in %s already.", st.Name, st.Project).
				Do("One of the two needs another name first: `rename`.")
		}
	}
	return s, err
}

func acceptTransfer(ctx context.Context, env *Env, user stackhand.User, a offerArgs) (Reply, error) {
	st, err := env.offered(ctx, user, a, "transfer accept")
	if err == nil {
		err = env.answerable(ctx, user, st, a.Line.Key)
	}
	var s *session
	if err == nil {
		s, err = env.usable(ctx, user, st)
	}
	if err != nil {
		return Reply{}, err
	}
	d := s.giving(a.Line, "transfer", st, "Take "+st.Name+" over", "")
	d.ends, d.once = st.Transfer.Ends, true // once the offer has ended there is nothing to approve
	if r, waits, err := env.pass(ctx, d); waits || err != nil {
		if err == nil {
			err = env.transferWaits(ctx, st, a.Line.Key)
		}
		return r, err
	}
	st, err = env.close(ctx, st.ID, st.Transfer.ID, stackhand.TransferAccepted, func(st *stackhand.Stack) error {
		if err := env.answerable(ctx, user, *st, a.Line.Key); err != nil {
			return err
		}
		give(st, user.ID)
		return nil
	})
	if err != nil {
		return Reply{}, err
	}
	if err := env.answered(ctx, st, "accepted"); err != nil {
		return Reply{}, err
	}
	r := Reply{Text: stackhand.Textf("%s is yours now", st.Name), Public: true, Cards: []string{st.Job}}
	if !st.Lease.Until.IsZero() {
		r.Text = r.Text.Add(", until %s", stackhand.At(st.Lease.Until))
	}
	r.Text = r.Text.Add(".")
	return r, nil
}

func declineTransfer(ctx context.Context, env *Env, user stackhand.User, a offerArgs) (Reply, error) {
	st, err := env.offered(ctx, user, a, "transfer decline")
	if err != nil {
		return Reply{}, err
	}
	st, err = env.close(ctx, st.ID, st.Transfer.ID, stackhand.TransferDeclined, func(st *stackhand.Stack) error { return env.answerable(ctx, user, *st, "") })
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("%s stays with %s.", st.Name, env.called(ctx, st.Lease.Owner))}, env.answered(ctx, st, "declined")
}

func withdrawTransfer(ctx context.Context, env *Env, user stackhand.User, a offerArgs) (Reply, error) {
	st, err := env.offered(ctx, user, a, "transfer withdraw")
	if err != nil {
		return Reply{}, err
	}
	st, err = env.close(ctx, st.ID, st.Transfer.ID, stackhand.TransferWithdrawn, func(st *stackhand.Stack) error {
		if err := mayGive(ctx, env, user, *st, "take back the offer of"); err != nil {
			return err
		}
		if st.Transfer.State == stackhand.TransferWaiting {
			return nil
		}
		return env.settled(ctx, user, *st, "")
	})
	if err == nil {
		err = env.unask(ctx, st.Transfer, capital(env.person(ctx, user.ID))+" took back the offer.")
	}
	if err != nil {
		return Reply{}, err
	}
	err = env.reviseOffer(ctx, st, stackhand.Textf("%s took back the offer of %s.", stackhand.To(user.ID), stackhand.AsBold(st.Name)))
	return Reply{Text: stackhand.Textf("%s is no longer offered to %s.", st.Name, env.called(ctx, st.Transfer.To)), Public: true}, err
}

// answerable refuses whom an offer is not for, and one that is over.
func (env *Env) answerable(ctx context.Context, user stackhand.User, st stackhand.Stack, key string) error {
	if st.Transfer.To != user.ID {
		to := env.person(ctx, st.Transfer.To)
		return stackhand.Errorf(stackhand.Forbidden, "%s is offered to %s, and nobody else can answer that.", st.Name, to).Do("Ask %s.", to)
	}
	return env.settled(ctx, user, st, key)
}

// close ends an offer in one way, if it is still the stack's last one.
func (env *Env) close(ctx context.Context, stack, offer string, how stackhand.TransferState, may func(*stackhand.Stack) error) (stackhand.Stack, error) {
	return env.Stacks.ChangeStack(ctx, stack, func(st *stackhand.Stack) error {
		if st.Transfer == nil || st.Transfer.ID != offer {
			return stackhand.Errorf(stackhand.Conflict, "That offer of %s is over.", st.Name).Do("`show %s` tells where it stands.", quote(st.Name))
		}
		if err := may(st); err != nil {
			return err
		}
		t := *st.Transfer
		t.State, t.Closed = how, env.Now()
		st.Transfer = &t
		return nil
	})
}

// answered takes the buttons off an offer, and tells who made it and who owned the server what was answered.
func (env *Env) answered(ctx context.Context, st stackhand.Stack, how string) error {
	t := st.Transfer
	text := stackhand.Textf("%s %s the server %s.", stackhand.To(t.To), how, stackhand.AsBold(st.Name))
	err := env.reviseOffer(ctx, st, text)
	for _, who := range []string{t.From, t.By} {
		if err == nil && who != t.To {
			err = env.tellSomebody(ctx, who, how+"/"+t.ID+"/"+who, st, text)
		}
	}
	return err
}

func ago(t, now time.Time) string {
	if now.Sub(t) < time.Minute {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// reviseOffer has the messages of the stack's last offer say what became of it.
func (env *Env) reviseOffer(ctx context.Context, st stackhand.Stack, text stackhand.Text) error {
	if env.Notices == nil || st.Transfer == nil {
		return nil
	}
	err := env.Notices.ReviseNotice(ctx, offerNotice(st.Transfer), text)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return nil
	}
	return err
}
