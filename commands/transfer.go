package commands

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

type transferArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	To     string `arg:"who" help:"the new owner: a mention or a name"`
	inCloud
	Line Line
}

var _ = add(Command[transferArgs]{
	Name:     "transfer",
	Help:     "give a server of yours to somebody, who has to accept it",
	Examples: []string{"transfer web-1 @bob"},
	Role:     stackhand.Member,
	Run:      transfer,
})

// transferFor is how long an offer may be accepted.
const transferFor = 3 * 24 * time.Hour

func transfer(ctx context.Context, env *Env, user stackhand.User, a transferArgs) (Reply, error) {
	if err := shift(&a.Server, &a.To, a.Line, "transfer", "the new owner"); err != nil {
		return Reply{}, err
	}
	s, st, err := ownStack(ctx, env, user, a.Line, a.Cloud, a.Server, "transfer", func(id string) string { a.Server = id; return format("transfer", a) })
	if err != nil {
		return Reply{}, err
	}
	to, err := env.somebody(ctx, a.To, func(id string) string { a.To = id; return format("transfer", a) })
	if err == nil {
		err = heir(st, to)
	}
	if err != nil {
		return Reply{}, err
	}
	if r, waits, err := env.pass(ctx, s.giving(a.Line, "transfer", st, "Offer "+st.Name+" to "+to.Name, to.Name)); waits || err != nil {
		return r, err
	}
	if to.ID == user.ID { // an administrator takes it over: asking and accepting are the same person's word
		return env.takeOver(ctx, user, st)
	}
	if env.Notices == nil {
		return Reply{}, stackhand.Errorf(stackhand.Unavailable, "Nobody can be asked here.").Do("Try it in Slack.")
	}
	return env.offer(ctx, user, st, to, a.Line.Key)
}

// heir refuses new owners that cannot be.
func heir(st stackhand.Stack, to Person) error {
	switch {
	case to.Group:
		return stackhand.Errorf(stackhand.Invalid, "%s is a user group, and a server has one owner.", to.Name).Do("Name one of them, or `share %s %s`.", quote(st.Name), to.Name)
	case to.ID == st.Lease.Owner:
		return stackhand.Errorf(stackhand.Conflict, "%s belongs to %s already.", st.Name, to.Name).Do("There is nothing to do.")
	}
	return to.welcome()
}

// offer writes an offer down and tells the one whom it is for, in the server's thread and directly.
func (env *Env) offer(ctx context.Context, by stackhand.User, st stackhand.Stack, to Person, key string) (Reply, error) {
	now := env.Now()
	id := st.ID + "." + JobID(key, 0)
	st, err := env.Stacks.ChangeStack(ctx, st.ID, func(st *stackhand.Stack) error {
		if err := mayGive(ctx, env, by, *st, "transfer"); err != nil {
			return err
		}
		if st.State != stackhand.StackReady {
			return stackhand.Errorf(stackhand.Conflict, "%s is not ready yet.", st.Name).Do("Offer it when its card says so.")
		}
		old := st.Transfer
		switch {
		case old != nil && old.ID == id: // the same line, delivered again
			return nil
		case old.Pending(now):
			whom, what := env.person(ctx, old.To), "who has not answered yet"
			if old.Waits != "" {
				what = "who accepted it; that waits for an approval (request " + old.Waits + ")"
			}
			return stackhand.Errorf(stackhand.Conflict, "%s is offered to %s already, %s.", st.Name, whom, what).
				Do("Wait for the answer, or take it back with `transfer withdraw %s`.", quote(st.Name))
		}
		st.Transfer = &stackhand.Transfer{
			ID: id, From: st.Lease.Owner, To: to.ID, By: by.ID, State: stackhand.TransferOpen, Asked: now, Ends: now.Add(transferFor),
		}
		return nil
	})
	if err != nil {
		return Reply{}, err
	}
	if err := env.tellOffer(ctx, st, to); err != nil {
		return Reply{}, err
	}
	r := Reply{
		Text:    stackhand.Textf("%s was asked to take %s over, and has time for an answer until %s. Until then nothing changes.", to.span(), st.Name, stackhand.At(st.Transfer.Ends)),
		Actions: []stackhand.Action{{ID: "withdraw", Label: "Take it back", Value: id}},
		Public:  true,
	}
	if lacks := env.lacksLogin(ctx, to, st); lacks != "" {
		r.Text = r.Text.Add("\n%s", lacks)
	}
	return r, nil
}

// offerNotice is the id of the notice of an offer.
func offerNotice(t *stackhand.Transfer) string { return "offer/" + t.ID }

// tellOffer asks the new owner, and tells an owner whose server somebody else gives away.
func (env *Env) tellOffer(ctx context.Context, st stackhand.Stack, to Person) error {
	t := st.Transfer
	text := stackhand.Textf("%s would give you the server %s (%s, %s). Its lease, its cost and its warnings would be yours. Do you accept it? There is time until %s; until then nothing changes.",
		stackhand.To(t.By), stackhand.AsBold(st.Name), env.placed(st), first(st.Flavor, "server"), stackhand.At(t.Ends))
	if !st.Lease.Until.IsZero() {
		text = text.Add("\nIt ends %s.", stackhand.At(st.Lease.Until))
	}
	if lacks := env.lacksLogin(ctx, to, st); lacks != "" {
		text = text.Add("\nYou need a login to that project for it: %s.", stackhand.AsCode("login"))
	}
	_, err := env.tell(ctx, stackhand.Notice{
		ID: offerNotice(t), Job: st.Job, User: t.To, By: t.By, Place: st.Place, Ends: t.Ends,
		Over: stackhand.Textf("%s did not answer in time, so the offer of %s has ended. It stays with %s.", stackhand.To(t.To), stackhand.AsBold(st.Name), stackhand.To(t.From)),
		Text: append(stackhand.Textf("%s: ", stackhand.To(t.To)), text...),
		Actions: []stackhand.Action{
			{ID: "accept", Label: "Accept", Value: t.ID, Confirm: "Take " + st.Name + " over? It is yours then, with its cost and its end."},
			{ID: "decline", Label: "Decline", Value: t.ID},
		},
	})
	if err != nil || t.By == t.From {
		return err
	}
	return env.tellSomebody(ctx, t.From, "offered/"+t.ID, st,
		stackhand.Textf("%s, an administrator, offers your server %s to %s. It stays yours until that is accepted.", stackhand.To(t.By), stackhand.AsBold(st.Name), stackhand.To(t.To)))
}

// tellSomebody tells a person directly, unless they get nothing here any more.
func (env *Env) tellSomebody(ctx context.Context, user, id string, st stackhand.Stack, text stackhand.Text, actions ...stackhand.Action) error {
	if env.Who == nil || user == "" {
		return nil
	}
	found, err := env.Who(ctx, "@"+user)
	if err != nil || len(found) != 1 || found[0].Refused != nil {
		return err
	}
	_, err = env.tell(ctx, stackhand.Notice{ID: id, Job: st.Job, User: user, Text: text, Actions: actions})
	return err
}

// takeOver gives a stack to an administrator who asks for it.
func (env *Env) takeOver(ctx context.Context, user stackhand.User, st stackhand.Stack) (Reply, error) {
	from := st.Lease.Owner
	if _, err := env.usable(ctx, user, st); err != nil {
		return Reply{}, err
	}
	now, void := env.Now(), false
	st, err := env.Stacks.ChangeStack(ctx, st.ID, func(st *stackhand.Stack) error {
		if err := mayGive(ctx, env, user, *st, "transfer"); err != nil {
			return err
		}
		from = st.Lease.Owner
		if void = st.Transfer.Pending(now); void {
			t := *st.Transfer
			t.State, t.Closed = stackhand.TransferWithdrawn, now
			st.Transfer = &t
		}
		give(st, user.ID)
		return nil
	})
	if err != nil {
		return Reply{}, err
	}
	if void {
		if err := env.unask(ctx, st.Transfer, capital(env.person(ctx, user.ID))+" took the server over."); err != nil {
			return Reply{}, err
		}
		if err := env.reviseOffer(ctx, st, stackhand.Textf("%s took %s over, so this offer is void.", stackhand.To(user.ID), stackhand.AsBold(st.Name))); err != nil {
			return Reply{}, err
		}
	}
	err = env.tellSomebody(ctx, from, "taken/"+st.ID+"/"+user.ID+"/"+now.UTC().Format(time.RFC3339), st,
		stackhand.Textf("%s, an administrator, took your server %s over.", stackhand.To(user.ID), stackhand.AsBold(st.Name)))
	return Reply{Text: stackhand.Textf("%s is yours now; it was %s's.", st.Name, env.called(ctx, from)), Public: true, Cards: []string{st.Job}}, err
}

// give makes somebody the owner. Who owned it before has no part in it any more, and the new owner is warned anew.
func give(st *stackhand.Stack, to string) {
	var rest []string
	for _, id := range st.Shared {
		if id != to {
			rest = append(rest, id)
		}
	}
	if !slices.Contains(st.Lease.Past, st.Lease.Owner) {
		st.Lease.Past = append(st.Lease.Past, st.Lease.Owner)
	}
	st.Lease.Owner, st.Lease.Warned, st.Lease.Moved, st.Shared = to, nil, time.Time{}, rest
}
