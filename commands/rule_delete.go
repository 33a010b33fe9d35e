package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

// heldRule is a rule with the group that it is of.
type heldRule struct {
	rule  stackhand.Rule
	group stackhand.SecurityGroup
}

var ruleKind = kindOf[heldRule]{"security group rule", stackhand.KindRule,
	func(ctx context.Context, s *session) ([]heldRule, error) {
		groups, err := s.SecurityGroups(ctx)
		var out []heldRule
		for _, g := range groups {
			for _, r := range g.Rules {
				out = append(out, heldRule{r, g})
			}
		}
		return out, err
	},
	// Rules have no names: their ids stand for them.
	func(r heldRule) thing {
		return thing{r.rule.ID, r.rule.ID, r.group.Name + ": " + ruleWords(r.group, r.rule, nil)}
	},
}

var _ = addRemove(removal[heldRule]{
	kind: ruleKind, name: "security group rule delete", help: "delete rules of a security group, by their ids",
	example: "security group rule delete 8f9a6d2e-6f1c-4b0e-9c55-0c0e1b1f2a3b",
	parent:  func(r heldRule) (string, string) { return r.group.ID, r.group.Name },
	job:     func(r heldRule) string { job, _ := markedBy(r.group.Description); return job },
	free: func(ctx context.Context, s *session, r heldRule) error {
		return s.mayTake(ctx, "the security group "+r.group.Name, func(l stackhand.Resource) bool {
			return l.Kind == stackhand.KindSecurityGroup && l.ID == r.group.ID
		})
	},
})
