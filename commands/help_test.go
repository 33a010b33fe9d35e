package commands

import (
	"strings"
	"testing"
)

// TestHelpGroups checks that every command stands in the overview once, and that each group can be asked for.
func TestHelpGroups(t *testing.T) {
	_, env := newWorld()
	r, err := say(t, env, dana, "help")
	if err != nil {
		t.Fatal(told(r, err))
	}
	if n := len(r.Table.Rows); n > 24 {
		t.Errorf("the overview has %d lines", n)
	}
	shown := map[string]int{}
	for _, row := range r.Table.Rows {
		if row[0] == "other" && strings.Contains(row[1], " ") {
			t.Errorf("without a group: %s", row[1])
		}
		for _, name := range strings.Split(row[1], ", ") {
			if find(name) == nil || groupFor(name) != row[0] {
				name = row[0] + " " + name
			}
			shown[name]++
		}
	}
	for _, i := range Commands() {
		if shown[i.Name] != 1 && i.Name != "help" {
			t.Errorf("%s is shown %d times", i.Name, shown[i.Name])
		}
	}
	for line, want := range map[string]string{
		"help network":         `About network.*network create .*network list .*network show`,
		"help security groups": `security group rule create`,
		"help volumes":         `volume snapshot create`,
		"help servers":         `About server.*rebuild`,
		"help account":         `whoami`,
		"help network create":  `Usage: network create NAME`,
		"help create":          `Usage: create`,
		"help jobs":            `Usage: jobs`,
	} {
		r, err := say(t, env, alice, line)
		if err != nil || len(r.Notice) > 0 {
			t.Errorf("%s: %s", line, told(r, err))
			continue
		}
		expect(t, told(r, err), "(?s)"+want)
	}
}
