// Package policy decides by rules what a request may do: allow it, deny it with a reason, or ask somebody first. A
// rule's condition is a CEL expression (https://github.com/google/cel-spec/blob/master/doc/langdef.md), checked when the
// rules are compiled; evaluating one costs a bounded amount of work, however it is written.
package policy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
)

// Then is what a rule says about the requests that it fits.
type Then string

// The verdicts of rules.
const (
	Allow   Then = "allow"
	Deny    Then = "deny"
	Approve Then = "approve"
	Limit   Then = "limit" // decides nothing: it bounds what may be asked for
)

// Rule is one rule, as it is written.
type Rule struct {
	Name      string // how it is called in refusals; "" is its number
	When      string // a condition in CEL; "" fits always
	Then      Then
	Why       string
	Approvers []string // ids of people or of user groups; none: everybody with the role approver
	Needed    int      // how many of them; at least 1
	Own       bool     // the asker may be one of them
	MaxCount  int      // of Limit: servers in one request; 0: no bound
	MaxFor    time.Duration
}

// Verdict is what the rules say about a request.
type Verdict struct {
	Then      Then          `json:"then"` // never Limit
	Rule      string        `json:"rule"` // the rule that decided, by name; "" where none fitted
	Why       string        `json:"why,omitempty"`
	Approvers []string      `json:"approvers,omitempty"`
	Needed    int           `json:"needed,omitempty"`
	Own       bool          `json:"own,omitempty"`
	MaxCount  int           `json:"max_count,omitempty"` // the smallest of the limits that fit; 0: none
	MaxFor    time.Duration `json:"max_for,omitempty"`
	Limits    []string      `json:"limits,omitempty"` // the rules that they come from
	Beyond    string        `json:"beyond,omitempty"` // which limit denies: BeyondCount or BeyondFor; "" where none does
}

// What of a request is beyond a limit.
const (
	BeyondCount = "count"
	BeyondFor   = "lifetime"
)

// Error is what is wrong with a rule. Line and Column are within its condition, from 1; 0 where it is not
// the condition.
type Error struct {
	Rule         int // its index
	Line, Column int
	Msg          string
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("rule %d, line %d, column %d of its condition: %s", e.Rule+1, e.Line, e.Column, e.Msg)
	}
	return fmt.Sprintf("rule %d: %s", e.Rule+1, e.Msg)
}

// Policy is rules that are ready to be asked. It is safe for concurrent use; the zero value allows everything.
type Policy struct {
	rules []compiled
	uses  map[string]bool // the variables that some condition names
}

type compiled struct {
	Rule
	program cel.Program // nil fits always
}

const (
	// costLimit bounds the work of one condition. A comparison costs 1 or 2; comparing all pairs of 100 things costs some
	// 50,000.
	costLimit = 100_000
	// evalFor bounds its time, for what costs more than it seems.
	evalFor = 250 * time.Millisecond
	maxWhen = 4000 // letters of a condition
)

// Compile checks rules, and answers all that is wrong with them as *Error, joined.
func Compile(rules []Rule) (*Policy, error) {
	p := &Policy{uses: map[string]bool{}}
	var wrong []error
	for i, r := range rules {
		if r.Name == "" {
			r.Name = fmt.Sprintf("rule %d", i+1)
		}
		if slices.ContainsFunc(p.rules, func(c compiled) bool { return c.Name == r.Name }) {
			wrong = append(wrong, &Error{Rule: i, Msg: fmt.Sprintf("there is another rule called %q", r.Name)})
		}
		if msg := r.fault(); msg != "" {
			wrong = append(wrong, &Error{Rule: i, Msg: msg})
		}
		program, names, errs := condition(r.When)
		for _, name := range names {
			p.uses[name] = true
		}
		for _, e := range errs {
			e.Rule = i
			wrong = append(wrong, e)
		}
		r.Needed = max(1, r.Needed)
		p.rules = append(p.rules, compiled{r, program})
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return p, nil
}

// fault is what is wrong with a rule besides its condition.
func (r Rule) fault() string {
	switch {
	case r.Then != Allow && r.Then != Deny && r.Then != Approve && r.Then != Limit:
		return fmt.Sprintf("then is %q; write allow, deny, approve or limit", r.Then)
	case r.Then != Approve && (len(r.Approvers) > 0 || r.Needed != 0 || r.Own):
		return "approvers, needed and own belong to `then: approve`"
	case r.Then != Limit && (r.MaxCount != 0 || r.MaxFor != 0):
		return "max_count and max_for belong to `then: limit`"
	case r.Then == Limit && r.MaxCount <= 0 && r.MaxFor <= 0:
		return "a limit needs max_count or max_for"
	case r.Then == Deny && strings.TrimSpace(r.Why) == "":
		return "a denial needs its `why`: it is what the asker reads"
	case r.Needed < 0:
		return "needed is how many have to approve: 1 or more"
	}
	return ""
}

// environment is what conditions may speak of. It is made for the first condition there is, and once: without rules, a
// start does nothing of it, and most of what checks them does not come into memory.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	object := func(name, kind string) cel.EnvOption { return cel.Variable(name, cel.ObjectType("policy."+kind)) }
	return cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[User](), reflect.TypeFor[Channel](), reflect.TypeFor[Request](), reflect.TypeFor[Flavor](),
			reflect.TypeFor[Image](), reflect.TypeFor[Amounts](), reflect.TypeFor[Quota](), reflect.TypeFor[Of](), reflect.TypeFor[Cost](), ext.ParseStructTags(true)),
		object("user", "User"), object("channel", "Channel"), object("request", "Request"), object("flavor", "Flavor"), object("image", "Image"),
		object("usage", "Amounts"), object("quota", "Quota"), object("cost", "Cost"), cel.Variable("now", cel.TimestampType),
		ext.Strings(), ext.Sets(),
		cel.CrossTypeNumericComparisons(true),
	)
})

// condition checks one condition, and tells the variables that it names.
func condition(when string) (cel.Program, []string, []*Error) {
	if strings.TrimSpace(when) == "" {
		return nil, nil, nil
	}
	one := func(format string, args ...any) []*Error {
		return []*Error{{Line: 1, Column: 1, Msg: fmt.Sprintf(format, args...)}}
	}
	if len(when) > maxWhen {
		return nil, nil, one("the condition is longer than %d letters", maxWhen)
	}
	env, err := environment()
	if err != nil {
		return nil, nil, one("%s", err)
	}
	ast, issues := env.Compile(when)
	var wrong []*Error
	for _, e := range issues.Errors() {
		wrong = append(wrong, &Error{Line: e.Location.Line(), Column: e.Location.Column() + 1, Msg: e.Message})
	}
	if len(wrong) > 0 {
		return nil, nil, wrong
	}
	if kind := ast.OutputType(); kind != cel.BoolType {
		return nil, nil, one("the condition is a %s; it must be true or false", kind)
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit), cel.InterruptCheckFrequency(100), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, nil, one("%s", err)
	}
	var names []string
	for _, ref := range ast.NativeRep().ReferenceMap() {
		names = append(names, ref.Name)
	}
	return program, names, nil
}

// Empty tells whether there are no rules. A nil Policy has none.
func (p *Policy) Empty() bool { return p == nil || len(p.rules) == 0 }

// Uses tells whether a condition names a variable, such as "quota": what no rule asks about need not be found out.
func (p *Policy) Uses(variable string) bool { return p != nil && p.uses[variable] }

// UsesAny tells whether a condition names one of the variables.
func (p *Policy) UsesAny(variables ...string) bool { return slices.ContainsFunc(variables, p.Uses) }

// Decide asks the rules in their order. The first that fits decides, and limits that fit are gathered; without a rule
// that fits the request is allowed. A condition that cannot be evaluated denies: the error tells the operator why.
func (p *Policy) Decide(ctx context.Context, in Input) (Verdict, error) {
	var v Verdict
	vars := in.vars()
	for _, r := range p.rules {
		if v.Then != "" && r.Then != Limit {
			continue
		}
		fits, err := r.fits(ctx, vars)
		if err != nil {
			return Verdict{Then: Deny, Rule: r.Name, Why: "The rule cannot be evaluated for this request."},
				fmt.Errorf("policy: %s: %w", r.Name, err)
		}
		switch {
		case !fits:
		case r.Then == Limit:
			v.bound(r.Rule)
		default:
			v.Then, v.Rule, v.Why = r.Then, r.Name, r.Why
			if r.Then == Approve {
				v.Approvers, v.Needed, v.Own = r.Approvers, r.Needed, r.Own
			}
		}
	}
	if v.Then == "" {
		v.Then = Allow
	}
	return v.within(in.Request), nil
}

func (r compiled) fits(ctx context.Context, vars map[string]any) (bool, error) {
	if r.program == nil {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, evalFor)
	defer cancel()
	out, _, err := r.program.ContextEval(ctx, vars)
	if err != nil {
		return false, err
	}
	return out == types.True, nil
}

// bound takes the narrower of the limits.
func (v *Verdict) bound(r Rule) {
	v.Limits = append(v.Limits, r.Name)
	if r.MaxCount > 0 && (v.MaxCount == 0 || r.MaxCount < v.MaxCount) {
		v.MaxCount = r.MaxCount
	}
	if r.MaxFor > 0 && (v.MaxFor == 0 || r.MaxFor < v.MaxFor) {
		v.MaxFor = r.MaxFor
	}
}

// within denies what is beyond a limit, unless it is denied already.
func (v Verdict) within(r Request) Verdict {
	why := ""
	switch {
	case v.Then == Deny:
		return v
	case v.MaxCount > 0 && r.Count > v.MaxCount:
		why, v.Beyond = fmt.Sprintf("At most %d at once.", v.MaxCount), BeyondCount
	case v.MaxFor > 0 && r.Lifetime > v.MaxFor && r.Verb != "resize": // which asks for no time: it has what it had
		why, v.Beyond = fmt.Sprintf("For at most %s.", v.MaxFor), BeyondFor
	default:
		return v
	}
	v.Then, v.Rule, v.Why, v.Approvers, v.Needed = Deny, strings.Join(v.Limits, ", "), why, nil, 0
	return v
}
