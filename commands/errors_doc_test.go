package commands

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What docs/errors.md tells people to type is there: each command, and each option of some command.
func TestNextStepsExist(t *testing.T) {
	text, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(text), "\n## ")
	checked := 0
	for _, m := range regexp.MustCompile("`([a-z-][^`]+)`").FindAllStringSubmatch(tables, -1) {
		words := strings.Fields(m[1])
		if words[0] == "stackhand" || len(words[0]) < 2 {
			continue
		}
		checked++
		options := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !strings.HasPrefix(w, "--") })
		var of *entry
		if !isOption(words[0]) {
			if of, _ = literal(slices.Clone(words)); of == nil {
				t.Errorf("%s: there is no such command", m[1])
				continue
			}
		}
		for _, o := range options {
			if !anyHas(of, strings.TrimPrefix(o, "--")) {
				t.Errorf("%s: there is no option %s", m[1], o)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d next steps were found", checked)
	}
}

// anyHas tells whether the command, or with nil any, has the option.
func anyHas(of *entry, option string) bool {
	for _, e := range table {
		for _, s := range e.specs {
			if (of == nil || of == e) && (slices.Contains(s.opts, option) || slices.Contains(s.opts, strings.TrimPrefix(option, "no-"))) {
				return true
			}
		}
	}
	return false
}
