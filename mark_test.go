package stackhand_test

import (
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

func TestMarks(t *testing.T) {
	for text, want := range map[string]struct {
		m    stackhand.Mark
		said string
	}{
		"stackhand job j":                               {stackhand.Mark{Job: "j"}, ""},
		"stackhand job j stack j-1":                     {stackhand.Mark{Job: "j", Stack: "j-1"}, ""}, // from before there were homes
		"stackhand job j stack j-1 home h":              {stackhand.Mark{Job: "j", Stack: "j-1", Home: "h"}, ""},
		"stackhand auto job j home h":                   {stackhand.Mark{Share: "auto", Job: "j", Home: "h"}, ""},
		"stackhand open job j":                          {stackhand.Mark{Share: "open", Job: "j"}, ""},
		"stackhand job j home h - home of the database": {stackhand.Mark{Job: "j", Home: "h"}, "home of the database"},
		"stackhand job j - for the database":            {stackhand.Mark{Job: "j"}, "for the database"},
	} {
		m, said, ok := stackhand.ParseMark(text)
		if !ok || m != want.m || said != want.said {
			t.Errorf("ParseMark(%q) = %+v, %q, %v", text, m, said, ok)
		}
		if again := m.With(said); again != text {
			t.Errorf("%q is written as %q", text, again)
		}
	}
	for _, text := range []string{"", "stackhand", "stackhand job", "my stackhand job j", "stackhand auto j", "job j stack s"} {
		if m, _, ok := stackhand.ParseMark(text); ok {
			t.Errorf("ParseMark(%q) = %+v", text, m)
		}
	}
	if got := (stackhand.Mark{Job: "j"}).With(strings.Repeat("ü", 300)); len([]rune(got)) != 255 {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

func TestMarksAsMetadata(t *testing.T) {
	want := stackhand.Mark{Job: "j", Stack: "j-1", Owner: "U1", Home: "h"}
	if m, ok := stackhand.MarkOf(want.Metadata()); !ok || m != want {
		t.Errorf("%+v, %v", m, ok)
	}
	if m, ok := stackhand.MarkOf(map[string]string{"stackhand_owner": "U1"}); ok {
		t.Errorf("%+v is taken for a mark", m)
	}
	if (stackhand.Mark{Home: "a"}).Of("b") || !(stackhand.Mark{}).Of("b") || !(stackhand.Mark{Home: "b"}).Of("b") {
		t.Error("the mark of another installation counts as ours, or ours as another's")
	}
}
