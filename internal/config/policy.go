package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/stackhand/stackhand/internal/policy"
)

// Rule is one rule of the policy.
type Rule struct {
	Name      string   `yaml:"name"`
	When      string   `yaml:"when"`
	Then      string   `yaml:"then"`
	Why       string   `yaml:"why"`
	Approvers []string `yaml:"approvers"`
	Needed    int      `yaml:"needed"`
	Own       bool     `yaml:"own"` // the asker's own approval counts
	MaxCount  int      `yaml:"max_count"`
	MaxFor    Duration `yaml:"max_for"`

	at, when *token.Token // where the rule and its condition begin
}

// UnmarshalYAML notes where the rule stands, for errors that are found later.
func (r *Rule) UnmarshalYAML(node ast.Node) error {
	type plain Rule
	if err := yaml.NodeToValue(node, (*plain)(r), yaml.Strict()); err != nil {
		return err
	}
	r.at = node.GetToken()
	m, ok := node.(ast.MapNode)
	if !ok {
		return nil
	}
	for it := m.MapRange(); it.Next(); {
		if first := it.Key().GetToken(); first.Position.Offset < r.at.Position.Offset {
			r.at = first
		}
		if it.Key().String() == "when" {
			r.when = it.Value().GetToken()
		}
	}
	return nil
}

// Rules makes the policy ready, and answers all that is wrong with it, each with its line and column in the file.
func (c Config) Rules() (*policy.Policy, error) {
	var rules []policy.Rule
	for _, r := range c.Policy {
		rules = append(rules, policy.Rule{
			Name: r.Name, When: r.When, Then: policy.Then(r.Then), Why: r.Why, Approvers: r.Approvers, Needed: r.Needed, Own: r.Own,
			MaxCount: r.MaxCount, MaxFor: time.Duration(r.MaxFor),
		})
	}
	if len(rules) == 0 {
		return &policy.Policy{}, nil
	}
	out := c.approverIDs()
	p, err := policy.Compile(rules)
	if err == nil {
		return p, errors.Join(out...)
	}
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, err
	}
	for _, e := range all.Unwrap() {
		var at *policy.Error
		if errors.As(e, &at) {
			e = c.Policy[at.Rule].placed(at)
		}
		out = append(out, e)
	}
	return nil, errors.Join(out...)
}

// personOrGroup is the id of somebody in Slack, or of a user group.
var personOrGroup = regexp.MustCompile(`^[UWS][A-Z0-9]{2,}$`)

// approverIDs tells what is no id where approvers are named: names and handles change.
func (c Config) approverIDs() (wrong []error) {
	for i, r := range c.Policy {
		for _, id := range r.Approvers {
			if !personOrGroup.MatchString(id) {
				wrong = append(wrong, r.placed(&policy.Error{Rule: i, Msg: fmt.Sprintf("%q among the approvers is no id: people have ids such as U0123ABCD, user groups such as S0123ABCD", id)}))
			}
		}
	}
	return wrong
}

// groupID is the id of a user group as it stands in a condition.
var groupID = regexp.MustCompile(`["'](S[0-9][A-Z0-9]+)["']`)

// Groups are the ids of the user groups that the roles and the rules refer to: only those are looked up.
func (c Config) Groups() []string {
	ids := slices.Concat(c.Roles.Admin, c.Roles.Approver)
	for _, r := range c.Policy {
		ids = append(ids, r.Approvers...)
		for _, m := range groupID.FindAllStringSubmatch(r.When, -1) {
			ids = append(ids, m[1])
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, "S") })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// placed says where in the file something is wrong with the rule. A condition that is written as a block begins in
// the line below its mark, and is indented by the block's column.
func (r Rule) placed(e *policy.Error) error {
	name := r.Name
	if name == "" {
		name = fmt.Sprintf("rule %d", e.Rule+1)
	}
	if e.Line == 0 || r.when == nil {
		return fmt.Errorf("policy, %s%s: %s", name, position(r.at, 0, 0), e.Msg)
	}
	line, column := e.Line-1, e.Column-1
	switch r.when.Type {
	case token.LiteralType, token.FoldedType:
		return fmt.Errorf("policy, %s, line %d: %s", name, r.when.Position.Line+e.Line, e.Msg)
	case token.SingleQuoteType, token.DoubleQuoteType:
		column++
	}
	return fmt.Errorf("policy, %s%s: %s", name, position(r.when, line, column), e.Msg)
}

func position(t *token.Token, line, column int) string {
	switch {
	case t == nil:
		return ""
	case line > 0: // of a plain text over several lines only the line is known
		return fmt.Sprintf(", line %d", t.Position.Line+line)
	}
	return fmt.Sprintf(", line %d, column %d", t.Position.Line, t.Position.Column+column)
}
