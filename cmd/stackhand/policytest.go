package main

import (
	"context"
	"fmt"
	"os"

	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/internal/policy"
)

type policyTestCmd struct {
	File string `arg:"positional,required" file:"read" help:"Examples in YAML: see docs/policy.md."`
}

// Run asks the rules of the configuration about each example, and tells which of them hold. The exit status is 0 when all do.
func (p policyTestCmd) Run(ctx context.Context, s streams, c *cli) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	rules, err := cfg.Rules()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(p.File)
	if err != nil {
		return fmt.Errorf("cannot read the examples: %w", err)
	}
	examples, err := config.ParseExamples(data)
	if err != nil {
		return fmt.Errorf("%s: %w", p.File, err)
	}
	failed := 0
	for i, e := range examples {
		if e.Name == "" {
			e.Name = fmt.Sprintf("example %d", i+1)
		}
		got, wrong := cfg.Try(ctx, rules, e)
		if wrong != "" {
			failed++
			fmt.Fprintf(s.out, "FAILED  %s: %s; %s\n", e.Name, told(got), wrong)
			continue
		}
		fmt.Fprintf(s.out, "ok      %s: %s\n", e.Name, told(got))
	}
	fmt.Fprintf(s.out, "%d of %d examples hold\n", len(examples)-failed, len(examples))
	if failed > 0 {
		return exitCode(1)
	}
	return nil
}

// told is a verdict in words.
func told(v policy.Verdict) string {
	if v.Rule == "" {
		return fmt.Sprintf("%s, no rule decided", v.Then)
	}
	out := fmt.Sprintf("%s by the rule %q", v.Then, v.Rule)
	if v.Why != "" {
		out += " (" + v.Why + ")"
	}
	return out
}
