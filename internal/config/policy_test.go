package config

import (
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/stackhand/stackhand/internal/policy"
)

// rulesOf reads the section alone.
func rulesOf(t *testing.T, text string) (*policy.Policy, error) {
	t.Helper()
	var c Config
	if err := yaml.UnmarshalWithOptions([]byte(text), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return c.Rules()
}

func TestGroups(t *testing.T) {
	c, err := Parse([]byte(`
roles: {admin: [U0A, S0ADM], approver: [S0OPS]}
policy:
  - {when: '"S0DEV" in user.groups || user.name == "SHUTOFF"', then: approve, approvers: [S0OPS, S0LEAD, U0B]}
`))
	if got := strings.Join(c.Groups(), " "); err != nil || got != "S0ADM S0DEV S0LEAD S0OPS" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRules(t *testing.T) {
	p, err := rulesOf(t, `
policy:                        # first rule that matches decides
  - when: request.verb == "create" && request.count > 5
    then: deny
    why: "at most 5 at once"
  - name: big
    when: |
      request.verb == "create" &&
      flavor.vcpus > 4
    then: approve
    approvers: [S0OPS]
    needed: 2
  - then: limit
    max_for: 3d
`)
	if err != nil {
		t.Fatal(err)
	}
	in := policy.Input{Request: policy.Request{Verb: "create", Count: 1}, Flavor: policy.Flavor{VCPUs: 8}}
	if v, err := p.Decide(t.Context(), in); err != nil || v.Then != policy.Approve || v.Rule != "big" || v.Needed != 2 || v.MaxFor != 72*time.Hour {
		t.Errorf("%+v, %v", v, err)
	}
	in.Request.Count = 6
	if v, err := p.Decide(t.Context(), in); err != nil || v.Rule != "rule 1" || v.Why != "at most 5 at once" {
		t.Errorf("%+v, %v", v, err)
	}
}

// What is wrong is found where it stands in the file.
func TestRulesWrong(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":  {"policy:\n  - then: allow\n    when: request.vreb == \"create\"\n", "policy, rule 1, line 3, column 18: undefined field 'vreb'"},
		"quoted": {"policy:\n  - when: 'request.vreb == \"create\"'\n    then: allow\n", "line 2, column 19: undefined field 'vreb'"},
		"block":  {"policy:\n  - name: b\n    when: |\n      true &&\n      request.vreb == 1\n    then: allow\n", "policy, b, line 5: undefined field 'vreb'"},
		"then":   {"policy:\n  - then: allow\n\n  - when: \"true\"\n    then: perhaps\n", `policy, rule 2, line 4, column 5: then is "perhaps"`},
		"both":   {"policy:\n  - then: deny\n  - when: \"1\"\n    then: allow\n", "its `why`: it is what the asker reads\npolicy, rule 2"},
	} {
		if _, err := rulesOf(t, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	var c Config
	if err := yaml.UnmarshalWithOptions([]byte("policy:\n  - whem: x\n"), &c, yaml.Strict()); err == nil {
		t.Error("an unknown key was taken")
	}
}
