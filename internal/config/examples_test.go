package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The configuration and the examples in the documentation are ones that work.
func TestExamplesOfTheDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of YAML", len(blocks))
	}
	c, err := Parse([]byte(blocks[0][1]))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := c.Rules()
	if err != nil {
		t.Fatal(err)
	}
	examples, err := ParseExamples([]byte(blocks[1][1]))
	if err != nil || len(examples) != 5 {
		t.Fatal(len(examples), err)
	}
	for _, e := range examples {
		if got, wrong := c.Try(t.Context(), rules, e); wrong != "" {
			t.Errorf("%s: %+v, %s", e.Name, got, wrong)
		}
	}
}

// What is wrong with an example is told.
func TestExamplesThatDoNotHold(t *testing.T) {
	c, err := Parse([]byte(`
clouds: {default: lab, lab: {prices: {m1.small: 0.5}}}
policy:
  - {name: dear, when: cost.known && cost.total > 1.0, then: approve, approvers: [U0CAROL], needed: 2}
  - {name: broken, when: '1 / (request.count - 3) == 1', then: allow}
`))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := c.Rules()
	if err != nil {
		t.Fatal(err)
	}
	const dear = "- request: {lifetime: 3h}\n  flavor: {name: m1.small}\n  expect: "
	for text, want := range map[string]string{
		dear + "{then: approve, rule: dear, needed: 2, approvers: [U0CAROL]}": "",
		dear + "allow":                                      "expected allow",
		dear + "{then: approve, rule: cheap}":               `expected the rule "cheap"`,
		dear + "{then: approve, needed: 1}":                 "expected that 1 have to approve, not 2",
		dear + "{then: approve, approvers: [U0A]}":          "expected the approvers [U0A], not [U0CAROL]",
		dear + "approve\n  cost: {known: true, total: 0.5}": "expected approve",
		"- request: {count: 3}\n  expect: deny":             "division by zero",
	} {
		examples, err := ParseExamples([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if _, wrong := c.Try(t.Context(), rules, examples[0]); wrong != want && (want == "" || !strings.Contains(wrong, want)) {
			t.Errorf("%s: %q, want %q", text, wrong, want)
		}
	}
	for text, want := range map[string]string{
		"- request: {vreb: x}\n  expect: allow":        `unknown field "vreb"`,
		"- expect: maybe":                              `the verdict is "maybe"`,
		"- expect: {then: deny, rul: x}":               `unknown field "rul"`,
		"- request: {lifetime: soon}\n  expect: allow": `"soon" is not a length of time`,
		"- name: x": "example 1 (x) does not say what to expect",
		"":          "no examples",
	} {
		if _, err := ParseExamples([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
