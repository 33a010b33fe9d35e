package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[struct{ Line Line }]{
	Name:     "approvals",
	Help:     "what waits for you or for others: requests to decide, servers that you are offered, and what you asked for",
	Examples: []string{"approvals"},
	Role:     stackhand.Member,
	Run:      approvals,
})

func approvals(ctx context.Context, env *Env, user stackhand.User, a struct{ Line Line }) (Reply, error) {
	var open []stackhand.Request
	if env.Requests != nil {
		var err error
		if open, err = env.Requests.OpenRequests(ctx); err != nil {
			return Reply{}, err
		}
	}
	open = slices.DeleteFunc(open, func(r stackhand.Request) bool {
		return r.Job.User.ID != user.ID && !env.decides(ctx, user, r)
	})
	slices.SortStableFunc(open, func(a, b stackhand.Request) int { return a.Created.Compare(b.Created) })
	offers, actions, err := env.offers(ctx, user)
	if err != nil {
		return Reply{}, err
	}
	r := env.requestList(ctx, user, open)
	switch {
	case len(open) == 0 && len(offers) == 0:
		r.Text = stackhand.Textf("Nothing waits for you to decide, and nothing of yours waits for others.")
	case len(offers) > 0 && len(open) > 0:
		r.Text, r.Actions = lineOf(offers, r.Text), append(r.Actions, actions...)
	case len(offers) > 0:
		r.Text, r.Actions = offers, actions
	}
	return r, nil
}

// offers are the servers that somebody is offered, or offers, and that wait for an answer, a line each, with their buttons.
func (env *Env) offers(ctx context.Context, user stackhand.User) (said stackhand.Text, actions []stackhand.Action, err error) {
	if env.Notices == nil {
		return nil, nil, nil
	}
	all, err := env.Notices.AnswerableNotices(ctx, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	for _, n := range all {
		if n.User != user.ID && n.By != user.ID || !env.Now().Before(n.Ends) {
			continue
		}
		name, err := env.offeredName(ctx, n)
		if err != nil {
			return nil, nil, err
		}
		if n.User != user.ID {
			said = lineOf(said, stackhand.Textf("You offer %s the server %s, until %s.", stackhand.To(n.User), stackhand.AsBold(name), stackhand.At(n.Ends)))
			actions = append(actions, stackhand.Action{ID: "withdraw", Label: clip("Take back "+name, 70), Value: n.Actions[0].Value})
			continue
		}
		said = lineOf(said, stackhand.Textf("%s offers you the server %s, until %s.", stackhand.To(n.By), stackhand.AsBold(name), stackhand.At(n.Ends)))
		for _, a := range n.Actions {
			a.Label = clip(a.Label+" "+name, 70)
			actions = append(actions, a)
		}
	}
	return said, actions[:min(len(actions), maxButtons)], nil
}

// offeredName is what the server of an offer is called.
func (env *Env) offeredName(ctx context.Context, n stackhand.Notice) (string, error) {
	if n.Adoption != nil {
		return n.Adoption.Name, nil
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(n.ID, "offer/"), ".")
	st, err := env.Stacks.Stack(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return id, nil
	}
	return st.Name, err
}

// requestList shows requests: one in full, several in a table.
func (env *Env) requestList(ctx context.Context, user stackhand.User, open []stackhand.Request) Reply {
	switch len(open) {
	case 0:
		return Reply{}
	case 1:
		return env.showRequest(ctx, user, open[0])
	}
	t := &Table{Columns: []string{"Request", "What", "Asked by", "Since", "Waits for", "Until"}}
	r := Reply{Text: stackhand.Textf("%s for a decision, oldest first:", countOf(len(open), "request waits", "requests wait")), Table: t}
	for _, q := range open {
		t.Rows = append(t.Rows, []string{q.ID, q.Job.Title, env.person(ctx, q.Job.User.ID), humanize.RelTime(q.Created, env.Now(), "ago", "from now"),
			env.waitsFor(ctx, q), "in " + roughly(q.Ends.Sub(env.Now()))})
		if len(r.Actions) < maxButtons {
			r.Actions = append(r.Actions, stackhand.Action{ID: "choose", Label: clip(q.Job.Title, 60), Value: "job show " + q.ID})
		}
	}
	return r
}

// showRequest shows a request in full, with the buttons for what the reader may do about it.
func (env *Env) showRequest(ctx context.Context, user stackhand.User, q stackhand.Request) Reply {
	r := Reply{Text: stackhand.Textf("%s %s: %s, asked for by %s", q.ID, requestState(q), q.Job.Title, stackhand.To(q.Job.User.ID))}
	field := func(name, format string, args ...any) {
		r.Fields = append(r.Fields, Field{name, stackhand.Textf(format, args...)})
	}
	for _, f := range q.Plan {
		r.Fields = append(r.Fields, Field(f))
	}
	field("Rule", "%s", q.Rule)
	if q.Why != "" {
		field("Why", "%s", q.Why)
	}
	field("Asked", "%s", stackhand.At(q.Created))
	for _, c := range q.Changed {
		field("Changed", "%s", c)
	}
	for _, v := range q.Approvals {
		verb := "Approved"
		if !v.Approved {
			verb = "Denied"
		}
		why := ""
		if v.Why != "" {
			why = ": " + v.Why
		}
		field(verb, "by %s, %s%s", stackhand.To(v.User), stackhand.At(v.At), why)
	}
	if q.State != stackhand.RequestOpen {
		if q.Note != "" {
			field("End", "%s", q.Note)
		}
		return r
	}
	if q.Held != "" {
		field("In the way", "%s", q.Held)
	}
	field("Waits for", "%s, until %s", env.waitsFor(ctx, q), stackhand.At(q.Ends))
	if env.decides(ctx, user, q) {
		r.Actions = append(r.Actions, stackhand.Action{ID: "approve", Label: "Approve", Value: q.ID})
		if changeable(q) {
			r.Actions = append(r.Actions, stackhand.Action{ID: "change", Label: "Change…", Value: q.ID})
		}
		r.Actions = append(r.Actions, stackhand.Action{ID: "deny", Label: "Deny…", Value: q.ID, Danger: true})
	}
	if q.Job.User.ID == user.ID || user.Role >= stackhand.Admin {
		r.Actions = append(r.Actions, stackhand.Action{ID: "cancel", Label: "Withdraw", Value: q.ID, Confirm: "Withdraw " + q.Job.Title + "?"})
	}
	return r
}

// requestState is how lists call where a request stands.
func requestState(q stackhand.Request) string {
	switch {
	case q.State == stackhand.RequestOpen && q.Needed > 1:
		return fmt.Sprintf("%s (%d of %d approved)", stackhand.JobAsked, q.Approved(), q.Needed)
	case q.State == stackhand.RequestOpen:
		return string(stackhand.JobAsked)
	}
	return string(q.State)
}

// withdraw ends a request of the user's own; administrators may do so for others.
func (env *Env) withdraw(ctx context.Context, user stackhand.User, r stackhand.Request) (Reply, error) {
	who := env.person(ctx, user.ID)
	r, err := env.amend(ctx, r.ID, func(r *stackhand.Request) error {
		switch {
		case r.Job.User.ID != user.ID && user.Role < stackhand.Admin:
			owner := env.person(ctx, r.Job.User.ID)
			return stackhand.Errorf(stackhand.Forbidden, "%s asked for %s, so you cannot withdraw it.", capital(owner), r.Job.Title).
				Do("Ask %s. Approvers deny with `deny %s` and a reason.", owner, r.ID)
		case r.State != stackhand.RequestOpen:
			return env.decided(ctx, user, *r)
		}
		r.State, r.Closed, r.Note = stackhand.RequestWithdrawn, env.Now(), capital(who)+" withdrew it."
		env.decision("withdraw", "")
		return nil
	})
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("%s is withdrawn; nothing was done.", stackhand.AsBold(r.Job.Title))}, nil
}

// unbegun finds the request that a line is about where there is no job of it: nil where there is one, or neither.
func (env *Env) unbegun(ctx context.Context, line Line, id string) (*stackhand.Request, error) {
	if env.Requests == nil {
		return nil, nil
	}
	if id == "" && line.Place.Thread != "" {
		found, err := env.Requests.RequestsInThread(ctx, line.Place.Channel, line.Place.Thread)
		if err != nil {
			return nil, err
		}
		open := slices.DeleteFunc(found, func(r stackhand.Request) bool { return r.State != stackhand.RequestOpen })
		if len(open) != 1 {
			return nil, nil
		}
		id = open[0].ID
	}
	if id == "" {
		return nil, nil
	}
	r, err := env.readRequest(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound || err == nil && r.Started {
		return nil, nil
	}
	return &r, err
}
