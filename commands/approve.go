package commands

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

type approveArgs struct {
	Request string        `arg:"request" help:"its id; in the thread of its card, that one"`
	For     time.Duration `opt:"for" help:"for so long, instead of what was asked"`
	Flavor  string        `opt:"flavor" help:"another size"`
	Count   int           `opt:"count" help:"so many, instead of what was asked"`
	Change  bool          `opt:"change" hidden:"true" help:"ask in a form what should be otherwise"`
	Line    Line
}

var _ = add(Command[approveArgs]{
	Name:     "approve",
	Help:     "let a request go ahead that waits for you; as it is, or with another lifetime, size or number",
	Examples: []string{"approve k3v9x2ab", "approve k3v9x2ab --for 1d --flavor m1.tiny --count 2"},
	Role:     stackhand.Member, // whose rule names them, or who is an approver: see entitled
	Run:      approve,
})

func approve(ctx context.Context, env *Env, user stackhand.User, a approveArgs) (Reply, error) {
	r, err := env.findRequest(ctx, a.Line, a.Request, "approve")
	if err != nil {
		return Reply{}, err
	}
	if err := env.mayApprove(ctx, user, r); err != nil {
		return Reply{}, err
	}
	if a.Change && (instead{a.For, a.Flavor, a.Count}).empty() {
		return env.askChange(ctx, r)
	}
	if r, err = env.approveOnce(ctx, user, a, r.ID); err != nil {
		return Reply{}, err
	}
	if r.State != stackhand.RequestApproved {
		n := r.Needed - r.Approved()
		return Reply{Text: stackhand.Textf("You approved %s. It still needs %s.", stackhand.AsBold(r.Job.Title), count(n, "more approval"))}, nil
	}
	if _, err := env.Begin(ctx, r); err != nil {
		return Reply{}, stackhand.Errorf(stackhand.Unavailable, "You approved %s, but it could not be begun at once.", r.Job.Title).
			Do("It is tried again by itself within a minute; `job show %s` tells.", r.ID).Because(err)
	}
	return Reply{Text: stackhand.Textf("You approved %s: job %s is at work. %s is told.", stackhand.AsBold(r.Job.Title), stackhand.AsCode(r.ID), capital(env.person(ctx, r.Job.User.ID)))}, nil
}

// mayApprove refuses who may not, who comes too late, and who did already.
func (env *Env) mayApprove(ctx context.Context, user stackhand.User, r stackhand.Request) error {
	if r.State != stackhand.RequestOpen {
		return env.decided(ctx, user, r)
	}
	if !env.Now().Before(r.Ends) { // the sweep is only late
		r.State = stackhand.RequestEnded
		return env.decided(ctx, user, r)
	}
	return env.entitled(ctx, user, r)
}

// approveOnce adds somebody's approval to a request, as a plan that is as approvers saw it. Whatever somebody else does at
// the same moment, it is decided once: this begins anew with what they left.
func (env *Env) approveOnce(ctx context.Context, user stackhand.User, a approveArgs, id string) (stackhand.Request, error) {
	var refusal error // of a request that is saved all the same
	r, err := env.amend(ctx, id, func(r *stackhand.Request) (err error) {
		refusal = nil
		if err := env.mayApprove(ctx, user, *r); err != nil {
			return err
		}
		if refusal, err = env.anew(ctx, user, r, instead{a.For, a.Flavor, a.Count}); err != nil || refusal != nil {
			return err
		}
		if err := env.entitled(ctx, user, *r); err != nil { // by the rules of now
			return err
		}
		for _, v := range r.Approvals {
			if v.User == user.ID {
				return stackhand.Errorf(stackhand.Conflict, "You approved %s already; %d of %d approvals are there.", r.Job.Title, r.Approved(), r.Needed).
					Do("It waits for somebody else.")
			}
		}
		r.Approvals = append(r.Approvals[:len(r.Approvals):len(r.Approvals)], stackhand.Approval{User: user.ID, Approved: true, At: env.Now()})
		if r.Approved() >= r.Needed {
			r.State, r.Closed = stackhand.RequestApproved, env.Now()
		}
		env.decision("approve", "")
		return nil
	})
	if err == nil {
		err = refusal
	}
	return r, err
}

// anew plans a request once more, with what the approver wants otherwise. What came out differently by itself refuses the
// approval: the new plan is shown, and they decide again. A refusal is to be told, and the request saved.
func (env *Env) anew(ctx context.Context, user stackhand.User, r *stackhand.Request, w instead) (refusal, err error) {
	fresh, err := env.replan(ctx, *r, instead{})
	if err != nil && w.empty() {
		held, told := env.cannot(ctx, *r, err)
		if held == "" || held == r.Held {
			return nil, told
		}
		r.Held = held
		return told, nil
	}
	if err == nil && fresh.Print != r.Print {
		what := differences(r.Plan, fresh.Plan)
		replace(r, fresh)
		r.Changed = append(r.Changed, "Since it was asked something changed: "+what+".")
		return stackhand.Errorf(stackhand.Conflict, "Your approval of %s did not pass, because the plan is not the one that was shown any more: %s.", r.Job.Title, what).
			Do("Look at its card, which shows the new plan, and decide again."), nil
	}
	if err == nil {
		renew(r, fresh)
	}
	if w.empty() {
		return nil, nil
	}
	if fresh, err = env.replan(ctx, *r, w); err != nil {
		return nil, err
	}
	if fresh.Print != r.Print {
		what := differences(r.Plan, fresh.Plan)
		replace(r, fresh)
		r.Changed = append(r.Changed, fmt.Sprintf("%s changed it. %s.", capital(env.person(ctx, user.ID)), what))
	}
	return nil, nil
}

// changeable tells whether approvers may change what a request asks for: what is made, a size, or how much longer a server lasts.
func changeable(r stackhand.Request) bool {
	return r.Command == "create" || r.Command == "resize" || longerAsked(r)
}

// longerAsked tells whether a request is for a longer time.
func longerAsked(r stackhand.Request) bool { return r.Command == "keep" && r.Job.Flow == flowLine }

// askChange opens the form in which approvers change a request and approve it. The sizes to choose from are those that
// whoever asked may have.
func (env *Env) askChange(ctx context.Context, r stackhand.Request) (Reply, error) {
	if longerAsked(r) {
		return changeForm(r, Input{ID: "for", Label: "How much longer", Hint: "Than it ends now: such as 8h, 3d or 1w"}), nil
	}
	size := Input{ID: "flavor", Label: "Flavor", Hint: "Leave it empty to keep it", Optional: true}
	s, err := openAt(ctx, env, r.Job.User, r.Job.Cloud, r.Job.Scope)
	if err == nil {
		size.Options, err = s.sizesToChoose(ctx)
	}
	if err != nil {
		_, err = env.cannot(ctx, r, err)
		return Reply{}, err
	}
	in := []Input{size}
	if r.Command == "create" {
		in = []Input{
			{ID: "for", Label: "For how long", Hint: "Such as 8h, 3d or 1w; leave it empty to keep it", Optional: true}, size,
			{ID: "count", Label: "How many", Hint: "Leave it empty to keep it", Optional: true},
		}
	}
	return changeForm(r, in...), nil
}

// changeForm asks for what should be otherwise, and shows what it is now.
func changeForm(r stackhand.Request, in ...Input) Reply {
	intro := stackhand.Textf("%s of %s. What you enter replaces what was asked; the rest stays. It is planned anew and approved by you; approvals of another plan do not count any more.",
		stackhand.AsBold(r.Job.Title), stackhand.To(r.Job.User.ID))
	for _, f := range r.Plan {
		if slices.Contains([]string{factFlavor, factEnds, factServers, factCost, factEndsNow, factWouldEnd, factExtended}, f.Name) {
			intro = append(intro.Add("\n%s ", stackhand.AsBold(f.Name+":")), f.Value...)
		}
	}
	return Reply{
		Text: stackhand.Textf("Say in the form what should be otherwise, or for example %s.", stackhand.AsCode("approve "+r.ID+" --for 1d")),
		Form: lineForm("approve "+r.ID, "Change and approve", "Approve", intro, in...),
	}
}

// maxSizes is how many flavors a form can list; the others can be typed.
const maxSizes = 100

// sizesToChoose are the flavors, smallest first, with what they cost.
func (s *session) sizesToChoose(ctx context.Context) ([]Option, error) {
	all, err := flavorsBySize(ctx, s)
	var out []Option
	for _, f := range all[:min(len(all), maxSizes)] {
		label := f.Name + ": " + flavorThing(f).note
		if price, ok := s.settings.Prices[f.Name]; ok {
			label += ", " + costOf(f.Name, price, true, 1, 0)
		}
		out = append(out, Option{Label: clip(label, 75), Value: f.Name})
	}
	return out, err
}
