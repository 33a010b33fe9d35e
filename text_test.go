package stackhand_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestTextf(t *testing.T) {
	part := stackhand.Textf("ask %s", stackhand.To("U1"))
	for _, c := range []struct {
		text  stackhand.Text
		want  stackhand.Text
		words string
	}{
		{stackhand.Textf("plain"), stackhand.Text{{S: "plain"}}, "plain"},
		{stackhand.Textf(""), nil, ""},
		{stackhand.Textf("%d of %s", 2, "three"), stackhand.Text{{S: "2 of three"}}, "2 of three"},
		{stackhand.Textf("%s is yours until %s.", stackhand.AsBold("web-1"), stackhand.At(noon)),
			stackhand.Text{{Kind: stackhand.Bold, S: "web-1"}, {S: " is yours until "}, {Kind: stackhand.Moment, T: noon}, {S: "."}},
			"web-1 is yours until 2026-11-21 12:00 UTC."},
		{stackhand.Textf("%s, or %s", part, stackhand.AsLink("https://x.test", "here")),
			stackhand.Text{{S: "ask "}, {Kind: stackhand.Mention, S: "U1"}, {S: ", or "}, {Kind: stackhand.Link, URL: "https://x.test", S: "here"}},
			"ask @U1, or here (https://x.test)"},
		{stackhand.Textf("%v", errors.New("broken\x1b[31m")), stackhand.Text{{S: "broken[31m"}}, "broken[31m"},
		{stackhand.Textf("%s", time.Minute), stackhand.Text{{S: "1m0s"}}, "1m0s"},
		{stackhand.Textf("a").Add(" %s", stackhand.AsCode("b")), stackhand.Text{{S: "a"}, {S: " "}, {Kind: stackhand.Code, S: "b"}}, "a b"},
		{stackhand.Text{stackhand.AsBlock("x\ny")}, stackhand.Text{{Kind: stackhand.Block, S: "x\ny"}}, "x\ny"},
	} {
		if diff := cmp.Diff(c.want, c.text); diff != "" {
			t.Errorf("%q: %s", c.words, diff)
		}
		if c.text.String() != c.words {
			t.Errorf("String() = %q, want %q", c.text.String(), c.words)
		}
	}
}

// No name can smuggle in a span, whatever is in it; and a text survives its record.
func TestTextfKeepsNamesPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		text := stackhand.Textf("%s and %s", name, stackhand.To("U1"))
		last := text[len(text)-1]
		if last.Kind != stackhand.Mention || last.S != "U1" {
			t.Fatalf("%q moved the mention: %+v", name, text)
		}
		for _, s := range text[:len(text)-1] {
			if s.Kind != stackhand.Plain {
				t.Fatalf("%q became %+v", name, s)
			}
		}
		data, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var back stackhand.Text
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if back.String() != text.String() {
			t.Fatalf("%q came back as %q", text, back)
		}
	})
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"web-1": "web-1", "two\nlines\tand a tab": "two\nlines\tand a tab", "\x00\x01bell\x07": "bell",
		"\u202eevil\u2066": "evil", "Zürich 東京": "Zürich 東京",
		"web\u200b-\u200d1\ufeff\u00ad": "web-1", "a\u2028b\u0085c": "a\nb\nc", "\u200e\u061c\U000e0041x": "x",
		"می\u200cخواهم": "می\u200cخواهم", "👩\u200d💻 ⚠️": "👩\u200d💻 ⚠️", "\u200d👩": "👩", "\u3164": "",
	} {
		if got := stackhand.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// Moments that went through a record as words are moments again.
func TestRetold(t *testing.T) {
	text := stackhand.Textf("%s until %s, not %s", "web-1", stackhand.At(noon), stackhand.At(noon.Add(time.Hour)))
	if diff := cmp.Diff(text, stackhand.Retold(text.String())); diff != "" {
		t.Error(diff)
	}
	for _, plain := range []string{"", "web-1", "2026-13-41 12:00 UTC", "2026-11-21 12:00", "a2026-11-21 12:00 UTC", "0001-01-01 00:00 UTC"} {
		if got := stackhand.Retold(plain); len(got) > 1 || got.String() != plain || len(got) == 1 && got[0].Kind != stackhand.Plain {
			t.Errorf("%q became %+v", plain, got)
		}
	}
	if got := text.In(time.FixedZone("EST", -5*60*60)); got != "web-1 until 2026-11-21 07:00 EST, not 2026-11-21 08:00 EST" {
		t.Error(got)
	}
}
