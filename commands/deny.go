package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

type denyArgs struct {
	Request string   `arg:"request" help:"its id; in the thread of its card, that one"`
	Reason  []string `arg:"reason" free:"true" help:"why; without it a form asks for it"`
	Why     string   `opt:"why" hidden:"true" help:"the reason, as the form gives it"`
	Line    Line
}

var _ = add(Command[denyArgs]{
	Name:     "deny",
	Help:     "refuse a request that waits for you, with a reason",
	Examples: []string{"deny k3v9x2ab too large for a test"},
	Role:     stackhand.Member, // whose rule names them, or who is an approver: see entitled
	Run:      deny,
})

// maxReason is how many characters a reason has at most, so that it fits on a card.
const maxReason = 500

func deny(ctx context.Context, env *Env, user stackhand.User, a denyArgs) (Reply, error) {
	words := a.Reason
	if a.Line.Place.Thread != "" && a.Request != "" {
		// In the card's thread the reason may stand alone.
		if _, err := env.findRequest(ctx, a.Line, a.Request, "deny"); stackhand.KindOf(err) == stackhand.NotFound {
			if _, err := env.findRequest(ctx, a.Line, "", "deny"); err == nil {
				words, a.Request = append([]string{a.Request}, words...), ""
			}
		}
	}
	why := strings.TrimSpace(first(a.Why, strings.Join(words, " ")))
	r, err := env.findRequest(ctx, a.Line, a.Request, "deny")
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayApprove(ctx, user, r); err != nil {
		return Reply{}, err
	}
	switch {
	case why == "":
		return Reply{
			Text: stackhand.Textf("Say why in the form, or in a line: %s and the reason.", stackhand.AsCode("deny "+r.ID)),
			Form: lineForm("deny "+r.ID, "Deny a request", "Deny", stackhand.Textf("%s of %s will not be done. Your reason is shown to whoever asked, and on the card.", stackhand.AsBold(r.Job.Title), stackhand.To(r.Job.User.ID)),
				Input{ID: "why", Label: "Why", Multiline: true}),
		}, nil
	case len([]rune(why)) > maxReason:
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "A reason has at most %d characters, this one has %d.", maxReason, len([]rune(why))).Do("Say it shorter.")
	}
	r, err = env.amend(ctx, r.ID, func(r *stackhand.Request) error {
		if err := env.mayApprove(ctx, user, *r); err != nil {
			return err
		}
		r.Approvals = append(r.Approvals[:len(r.Approvals):len(r.Approvals)], stackhand.Approval{User: user.ID, Why: why, At: env.Now()})
		r.State, r.Closed, r.Note = stackhand.RequestDenied, env.Now(), "Denied by "+env.person(ctx, user.ID)+": "+why
		env.decision("deny", why)
		return nil
	})
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("You denied %s. %s is told why.", stackhand.AsBold(r.Job.Title), capital(env.person(ctx, r.Job.User.ID)))}, nil
}
