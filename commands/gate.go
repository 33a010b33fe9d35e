package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// matter is a change that somebody wants, before the gate.
type matter struct {
	user  stackhand.User
	line  Line
	job   stackhand.Job // that would begin; zero for a change that is done at once
	at    stackhand.Scope
	facts facts
	// session is where it is looked for what only the cloud tells; nil opens one when a rule asks for that.
	session *session
}

// decide asks whether there is a freeze, and then the rules. A refusal is an error; what is answered besides is a verdict to
// allow, or to ask for approval. All of it goes into the line's audit record.
func (env *Env) decide(ctx context.Context, m matter) (policy.Verdict, error) {
	v, err := env.judge(ctx, m)
	if err != nil && v.Then != policy.Deny {
		env.judged(m, policy.Verdict{})
	} else {
		env.judged(m, v)
	}
	return v, err
}

func (env *Env) judge(ctx context.Context, m matter) (policy.Verdict, error) {
	if err := env.frozen(ctx, m.user); err != nil {
		return policy.Verdict{}, err
	}
	return env.ruled(ctx, m)
}

// ruled asks the rules.
func (env *Env) ruled(ctx context.Context, m matter) (policy.Verdict, error) {
	var rules *policy.Policy
	if env.Policy != nil {
		rules = env.Policy()
	}
	if rules.Empty() {
		return policy.Verdict{Then: policy.Allow}, nil
	}
	in, err := env.input(ctx, rules, m)
	if err != nil {
		return policy.Verdict{}, err
	}
	v, cause := rules.Decide(ctx, in)
	if v.Then == policy.Deny {
		return v, denied(v, m.facts, cause)
	}
	return v, nil
}

// frozen refuses everybody but administrators while there is a freeze.
func (env *Env) frozen(ctx context.Context, user stackhand.User) error {
	if env.Freeze == nil || user.Role >= stackhand.Admin {
		return nil
	}
	f, err := env.Freeze(ctx)
	if err != nil || !f.On() {
		return err
	}
	return stackhand.Errorf(stackhand.Forbidden, "Changes are stopped since %s, by %s: %s", stackhand.At(f.At), env.person(ctx, f.By), ended(f.Why)).
		Do("Reading commands such as `list` work. Try again when the freeze is over; until then only administrators change things.")
}

// ended ends words with a full stop.
func ended(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// denied is what the asker is told of a rule that refuses.
func denied(v policy.Verdict, f facts, cause error) error {
	switch {
	case cause != nil:
		return stackhand.Errorf(stackhand.Forbidden, "The rule %q cannot be evaluated for this, so it is refused.", v.Rule).
			Do("Tell whoever runs this bot the rule's name; the log says what is wrong with it.").Because(cause)
	case v.Beyond == policy.BeyondCount:
		next := fmt.Sprintf("Say --count %d, or less.", v.MaxCount)
		if f.Verb != "create" {
			next = fmt.Sprintf("Name %d of them, or less.", v.MaxCount)
		}
		return stackhand.Errorf(stackhand.Forbidden, "The rule %q allows at most %d at once, and you ask for %d.", v.Rule, v.MaxCount, f.Count).Do("%s", next)
	case v.Beyond == policy.BeyondFor:
		next := "Say --for " + short(v.MaxFor) + ", or less."
		if f.Verb != "create" {
			next = "Ask for less time."
		}
		return stackhand.Errorf(stackhand.Forbidden, "The rule %q allows at most %s from now, and you ask for %s.", v.Rule, short(v.MaxFor), short(f.Lifetime.Round(time.Minute))).Do("%s", next)
	}
	return stackhand.Errorf(stackhand.Forbidden, "The rule %q does not allow that: %s", v.Rule, ended(v.Why)).
		Do("Ask for something that it allows, or talk to whoever runs this bot about the rule.")
}

// approvers says in words who may approve.
func (env *Env) approvers(ctx context.Context, v policy.Verdict) string {
	var names []string
	for _, id := range v.Approvers {
		if strings.HasPrefix(id, "S") {
			name := env.person(ctx, id)
			if name == id {
				name = "the group " + id
			}
			names = append(names, "somebody of "+name)
		} else {
			names = append(names, env.person(ctx, id))
		}
	}
	who := strings.Join(names, ", ")
	if len(names) == 0 {
		who = "an approver"
	} else if n := len(names) - 1; n > 0 {
		who = strings.Join(names[:n], ", ") + " or " + names[n]
	}
	if v.Needed > 1 {
		return fmt.Sprintf("%s (%d of them)", who, v.Needed)
	}
	return who
}

// judged notes in the line's audit record what it came to, and the verdict. What begins then says more of it by itself.
func (env *Env) judged(m matter, v policy.Verdict) {
	env.note(func(r *stackhand.AuditRecord) {
		r.Verdict, r.Rule, r.Why = string(v.Then), v.Rule, v.Why
		if raw, err := json.Marshal(m.facts); err == nil {
			r.Resolved = resolved(raw)
		}
		r.About = nil
		for _, word := range append(slices.Clone(m.job.Stacks), m.facts.Name, m.facts.ServerID, m.facts.ThingID, m.facts.Thing) {
			if word != "" && !slices.Contains(r.About, word) {
				r.About = append(r.About, word)
			}
		}
	})
}
