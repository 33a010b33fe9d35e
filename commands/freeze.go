package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type freezeArgs struct {
	Why  []string `arg:"why" required:"true" free:"true" help:"everybody who is stopped by it reads it"`
	Line Line
}

var _ = add(Command[freezeArgs]{
	Name:     "freeze",
	Help:     "stop every change but those of administrators; what is at work is finished, and no server ends",
	Examples: []string{`freeze "the storage is being moved, until 18:00"`},
	Role:     stackhand.Admin,
	Run:      freeze,
})

type unfreezeArgs struct{ Line Line }

var _ = add(Command[unfreezeArgs]{
	Name: "unfreeze", Help: "let everybody change things again", Examples: []string{"unfreeze"},
	Role: stackhand.Admin, Run: unfreeze,
})

const maxWhy = 500

func freeze(ctx context.Context, env *Env, user stackhand.User, a freezeArgs) (Reply, error) {
	f, err := env.freezable(ctx)
	if err != nil {
		return Reply{}, err
	}
	why := strings.Join(a.Why, " ")
	switch {
	case len([]rune(why)) > maxWhy:
		return Reply{}, find("freeze").misuse("A reason has at most %d characters.", maxWhy)
	case f.On() && (f.By != user.ID || f.Why != why):
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "Changes are stopped already, since %s, by %s: %s", stackhand.At(f.At), env.person(ctx, f.By), ended(f.Why)).
			Do("`unfreeze` lets everybody change things again.")
	}
	if err := env.meansServer(ctx, user, a); err != nil {
		return Reply{}, err
	}
	if !f.On() {
		f = stackhand.Freeze{Why: why, By: user.ID, At: env.Now()}
		if err := env.setFreeze(ctx, f, "freeze"); err != nil {
			return Reply{}, err
		}
	}
	text := stackhand.Textf("Changes are stopped from now on, by %s: %s Only administrators change things until one says %s. What is at work is finished.",
		stackhand.To(user.ID), ended(why), stackhand.AsCode("unfreeze"))
	return Reply{Text: text, Public: true}, nil
}

// meansServer refuses what was meant for one server: its name alone is no reason to stop everything.
func (env *Env) meansServer(ctx context.Context, user stackhand.User, a freezeArgs) error {
	if len(a.Why) != 1 {
		return nil
	}
	mine, err := env.Stacks.OfOwner(ctx, user.ID)
	if err != nil || !slices.ContainsFunc(mine, func(st stackhand.Stack) bool { return st.Name == a.Why[0] }) {
		return err
	}
	return stackhand.Errorf(stackhand.Invalid, "freeze stops every change of everybody, and %s is a server of yours.", a.Why[0]).
		Do("`pause %s` stops that server. To stop all changes give a reason in more words.", quote(a.Why[0]))
}

func unfreeze(ctx context.Context, env *Env, user stackhand.User, _ unfreezeArgs) (Reply, error) {
	f, err := env.freezable(ctx)
	if err != nil {
		return Reply{}, err
	}
	if !f.On() {
		return Reply{Text: stackhand.Textf("Changes are not stopped: there is nothing to do.")}, nil
	}
	if err := env.setFreeze(ctx, stackhand.Freeze{}, "unfreeze"); err != nil {
		return Reply{}, err
	}
	text := stackhand.Textf("Everybody may change things again. %s had stopped that at %s: %s Owners of servers whose time is over meanwhile are told once more, a quarter of an hour before anything happens to these.",
		stackhand.To(f.By), stackhand.At(f.At), ended(f.Why))
	return Reply{Text: text, Public: true}, nil
}

// freezable reads the freeze that is on, where there can be one.
func (env *Env) freezable(ctx context.Context) (stackhand.Freeze, error) {
	if env.Freeze == nil || env.SetFreeze == nil {
		return stackhand.Freeze{}, stackhand.Errorf(stackhand.Invalid, "Changes cannot be stopped here.").Do("Talk to whoever runs this bot.")
	}
	return env.Freeze(ctx)
}

// setFreeze begins or ends a freeze, which is written to the audit trail before.
func (env *Env) setFreeze(ctx context.Context, f stackhand.Freeze, what string) error {
	if env.trail != nil {
		err := env.trail.within(ctx, what, func(r *stackhand.AuditRecord) { r.What, r.Why = stackhand.AuditOperator, f.Why })
		if err != nil {
			return err
		}
	}
	return env.SetFreeze(ctx, f)
}

// freezeNote is the line that says that there is a freeze, for lists; empty while there is none.
func (env *Env) freezeNote(ctx context.Context) (stackhand.Text, error) {
	if env.Freeze == nil {
		return nil, nil
	}
	f, err := env.Freeze(ctx)
	if err != nil || !f.On() {
		return nil, err
	}
	return FreezeText(f), nil
}

// FreezeText says that there is a freeze.
func FreezeText(f stackhand.Freeze) stackhand.Text {
	return stackhand.Textf("Changes are stopped since %s, by %s: %s", stackhand.At(f.At), stackhand.To(f.By), ended(f.Why))
}
