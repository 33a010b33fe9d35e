package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

type ladderArgs struct{ Line Line }

var _ = add(Command[ladderArgs]{
	Name:     "ladder",
	Help:     "how servers are ended here: whether that is held, dry or braked, and how many came to a step lately",
	Examples: []string{"ladder"},
	Role:     stackhand.Admin,
	Reads:    true,
	Run:      ladder,
})

var _ = add(Command[ladderArgs]{
	Name:     "ladder go",
	Help:     "let the ladder go on after the brake stopped it, or somebody held it; for an hour there is no limit then",
	Examples: []string{"ladder go"},
	Role:     stackhand.Admin,
	Run: func(ctx context.Context, env *Env, user stackhand.User, _ ladderArgs) (Reply, error) {
		if env.Leases == nil {
			return Reply{}, noLadder()
		}
		b, err := env.Leases.Go(ctx, user.ID)
		if err != nil {
			return Reply{}, err
		}
		return Reply{Text: stackhand.Textf("The ladder goes on, without limits until %s.", stackhand.At(b.Free)), Public: true}, nil
	},
})

type ladderHoldArgs struct {
	Why  string `opt:"why" help:"for those who ask later"`
	Line Line
}

var _ = add(Command[ladderHoldArgs]{
	Name:     "ladder hold",
	Help:     "end no server until somebody says ladder go; warnings are still given",
	Examples: []string{"ladder hold", `ladder hold --why "the audit goes on"`},
	Role:     stackhand.Admin,
	Run: func(ctx context.Context, env *Env, user stackhand.User, a ladderHoldArgs) (Reply, error) {
		if env.Leases == nil {
			return Reply{}, noLadder()
		}
		if _, err := env.Leases.Hold(ctx, user.ID, a.Why); err != nil {
			return Reply{}, err
		}
		return Reply{
			Text:    stackhand.Textf("No server is ended until an administrator says %s. Warnings are still given.", stackhand.AsCode("ladder go")),
			Actions: []stackhand.Action{{ID: "choose", Label: "Go on", Value: "ladder go", Confirm: "Let the ladder go on without limits for an hour?"}}, Public: true,
		}, nil
	},
})

func noLadder() error {
	return stackhand.Errorf(stackhand.NotFound, "There is no ladder here.").Do("Look at the section leases of the configuration.")
}

// ladder tells how the ladder stands.
func ladder(ctx context.Context, env *Env, _ stackhand.User, _ ladderArgs) (Reply, error) {
	if env.Leases == nil {
		return Reply{}, noLadder()
	}
	b, dry, err := env.Leases.Brake(ctx)
	if err != nil {
		return Reply{}, err
	}
	now := env.Now()
	r := Reply{Text: stackhand.Textf("Servers are ended as their leases say.")}
	switch {
	case b.Held.On():
		r.Text = stackhand.Textf("No server is ended: %s held it at %s.", stackhand.To(b.Held.By), stackhand.At(b.Held.At))
		if b.Held.Why != "" {
			r.Text = r.Text.Add(" %s", ended(b.Held.Why))
		}
	case dry:
		r.Text = stackhand.Textf("This is a dry run: it is said what would be done, and nothing is.")
	case now.Before(b.Free):
		r.Text = stackhand.Textf("Servers are ended without limits until %s: %s said so.", stackhand.At(b.Free), stackhand.To(b.By))
	}
	r.Fields = []Field{
		{"Steps in the last hour", stackhand.Textf("%s", fmt.Sprint(b.Since(now.Add(-time.Hour))))},
	}
	if !b.Swept.IsZero() {
		r.Fields = append(r.Fields, Field{"Last sweep", stackhand.Textf("%s, to within five minutes", stackhand.At(b.Swept))})
	}
	if b.Held.On() || !b.Asked.IsZero() && now.Sub(b.Asked) < day {
		r.Actions = []stackhand.Action{{ID: "choose", Label: "Go on", Value: "ladder go", Confirm: "Let the ladder go on without limits for an hour?"}}
	}
	if !b.Held.On() {
		r.Actions = append(r.Actions, stackhand.Action{ID: "choose", Label: "Hold", Value: "ladder hold", Danger: true, Confirm: "End no server until somebody says go on?"})
	}
	return r, nil
}
