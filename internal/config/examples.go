package config

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/xhit/go-str2duration/v2"

	"github.com/stackhand/stackhand/internal/policy"
)

// Example is a request together with what the rules should say about it. What it leaves out is as with most requests: a
// member asks for one server, at this moment, in the default cloud, and it costs what the prices say.
type Example struct {
	Name    string         `yaml:"name"`
	User    policy.User    `yaml:"user"`
	Channel policy.Channel `yaml:"channel"`
	Request policy.Request `yaml:"request"`
	Flavor  policy.Flavor  `yaml:"flavor"`
	Image   policy.Image   `yaml:"image"`
	Usage   policy.Amounts `yaml:"usage"`
	Quota   policy.Quota   `yaml:"quota"`
	Cost    *policy.Cost   `yaml:"cost"`
	Now     time.Time      `yaml:"now"`
	Expect  Expected       `yaml:"expect"`
}

// Expected is the verdict that an example should get: in YAML the word alone, or with more of it. What is left out may be
// anything.
type Expected struct {
	Then      policy.Then `yaml:"then"`
	Rule      string      `yaml:"rule"`
	Approvers []string    `yaml:"approvers"`
	Needed    int         `yaml:"needed"`
}

// UnmarshalYAML reads `allow`, or `{then: deny, rule: NAME}`.
func (e *Expected) UnmarshalYAML(node ast.Node) error {
	type plain Expected
	var err error
	if _, ok := node.(ast.MapNode); ok {
		err = yaml.NodeToValue(node, (*plain)(e), yaml.Strict())
	} else {
		err = yaml.NodeToValue(node, (*string)(&e.Then))
	}
	if err == nil && !slices.Contains([]policy.Then{policy.Allow, policy.Deny, policy.Approve}, e.Then) {
		return &yaml.SyntaxError{Message: fmt.Sprintf("the verdict is %q; write allow, deny or approve", e.Then), Token: node.GetToken()}
	}
	return err
}

// ParseExamples reads a list of examples. Unknown keys and nonsense are errors that show the line.
func ParseExamples(data []byte) ([]Example, error) {
	var all []Example
	days := yaml.CustomUnmarshaler(func(d *time.Duration, raw []byte) error {
		text := strings.Trim(string(raw), `"' `)
		v, err := str2duration.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a length of time: write 90m, 12h, 3d or 1w", text)
		}
		*d = v
		return nil
	})
	if err := yaml.UnmarshalWithOptions(data, &all, yaml.Strict(), days); err != nil {
		return nil, errors.New(strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	if len(all) == 0 {
		return nil, errors.New("there are no examples in it")
	}
	for i, e := range all {
		if e.Expect.Then == "" {
			return nil, fmt.Errorf("example %d (%s) does not say what to expect: allow, deny or approve", i+1, e.Name)
		}
	}
	return all, nil
}

// Try asks the rules about an example, and answers what they say and in what that is not what was expected, "" if it is.
func (c Config) Try(ctx context.Context, rules *policy.Policy, e Example) (got policy.Verdict, wrong string) {
	got, err := rules.Decide(ctx, e.input(c))
	x := e.Expect
	switch {
	case err != nil:
		return got, err.Error() // such a rule denies, which nobody means
	case got.Then != x.Then:
		return got, fmt.Sprintf("expected %s", x.Then)
	case x.Rule != "" && got.Rule != x.Rule:
		return got, fmt.Sprintf("expected the rule %q", x.Rule)
	case x.Needed != 0 && got.Needed != x.Needed:
		return got, fmt.Sprintf("expected that %d have to approve, not %d", x.Needed, got.Needed)
	case x.Approvers != nil && !slices.Equal(x.Approvers, got.Approvers):
		return got, fmt.Sprintf("expected the approvers %v, not %v", x.Approvers, got.Approvers)
	}
	return got, ""
}

// input fills in what an example leaves out.
func (e Example) input(c Config) policy.Input {
	in := policy.Input{
		User: e.User, Channel: e.Channel, Request: e.Request, Flavor: e.Flavor, Image: e.Image, Usage: e.Usage, Quota: e.Quota, Now: e.Now,
	}
	fill := func(to *string, with string) {
		if *to == "" {
			*to = with
		}
	}
	fill(&in.User.Role, "member")
	fill(&in.Request.Verb, "create")
	fill(&in.Request.Noun, "server")
	fill(&in.Request.Cloud, c.Clouds.Default)
	fill(&in.Request.Owner, in.User.ID)
	in.Request.Count = max(1, in.Request.Count)
	if in.Now.IsZero() {
		in.Now = time.Now()
	}
	price, ok := c.Clouds.Entries[in.Request.Cloud].Prices[in.Flavor.Name]
	switch {
	case e.Cost != nil:
		in.Cost = *e.Cost
	case ok:
		in.Cost = policy.CostOf(price, in.Request)
	}
	return in
}
