package bot

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
)

func TestMrkdwn(t *testing.T) {
	at := time.Date(2026, 11, 21, 3, 40, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		text stackhand.Text
		want string
	}{
		{"plain", stackhand.Textf("web-1 ACTIVE 203.0.113.5"), "web-1 ACTIVE 203.0.113.5"},
		{"escapes", stackhand.Textf("a<b & c>d"), "a&lt;b &amp; c&gt;d"},
		{"no broadcast", stackhand.Textf("%s", "<!channel> <@U0BOB>"), "&lt;!channel&gt; &lt;@U0BOB&gt;"},
		{"no date", stackhand.Textf("%s", "<!date^1^x|y>"), "&lt;!date^1^x|y&gt;"},
		{"no bold from a name", stackhand.Textf("%s is up", "*web*"), "∗web∗ is up"},
		{"no italics from a name", stackhand.Textf("%s", "_web_1_"), "＿web_1＿"},
		{"no strike", stackhand.Textf("%s", "~web~"), "∼web∼"},
		{"no quote", stackhand.Textf("%s", "> web"), "› web"},
		{"inside words as they are", stackhand.Textf("%s", "a_b*c~d"), "a_b*c~d"},
		{"ticks are code", stackhand.Textf("try `list <x>` now"), "try `list &lt;x&gt;` now"},
		{"a lone tick is none", stackhand.Textf("%s", "a`b"), "aˋb"},
		{"code", stackhand.Textf("run %s", stackhand.AsCode("ssh ubuntu@1.2.3.4")), "run `ssh ubuntu@1.2.3.4`"},
		{"code cannot break out", stackhand.Textf("%s", stackhand.AsCode("a`<!here>\nb")), "`aˋ&lt;!here&gt; b`"},
		{"bold", stackhand.Textf("%s", stackhand.AsBold("a*b")), "*a∗b*"},
		{"mention", stackhand.Textf("%s hi", stackhand.To("U0BOB")), "<@U0BOB> hi"},
		{"no mention of what is no id", stackhand.Textf("%s", stackhand.To("U0BOB> <!channel")), "@U0BOB&gt; &lt;!channel"},
		{"moment", stackhand.Textf("until %s", stackhand.At(at)),
			"until <!date^1795232400^{date_short_pretty} at {time}|2026-11-21 03:40 UTC>"},
		{"moment in a record", stackhand.Textf("%s", "Kept until 2026-11-21 03:40 UTC, *at most*"),
			"Kept until <!date^1795232400^{date_short_pretty} at {time}|2026-11-21 03:40 UTC>, ∗at most∗"},
		{"moment in a title", stackhand.Textf("%s: done", stackhand.AsBold("Keep web-1 until 2026-11-21 03:40 UTC")),
			"*Keep web-1 until <!date^1795232400^{date_short_pretty} at {time}|2026-11-21 03:40 UTC>*: done"},
		{"moment in code", stackhand.Textf("%s", "say `keep web-1 --until 2026-11-21 03:40 UTC`"), "say `keep web-1 --until 2026-11-21 03:40 UTC`"},
		{"link", stackhand.Textf("%s", stackhand.AsLink("https://x/?a=1&b=2", "docs|<x>")), "<https://x/?a=1&amp;b=2|docs¦&lt;x&gt;>"},
		{"link cannot break out", stackhand.Textf("%s", stackhand.AsLink("https://x/|y> <!here>", "docs")), "<https://x/%7Cy%3E%20%3C!here%3E|docs>"},
		{"no script link", stackhand.Textf("%s", stackhand.AsLink("javascript:x", "docs")), "docs (javascript:x)"},
		{"block", stackhand.Textf("rows:\n%s", stackhand.AsBlock("a  b\nc  <d>")), "rows:\n```\na  b\nc  &lt;d&gt;\n```"},
		{"block cannot be closed", stackhand.Textf("%s", stackhand.AsBlock("a ``` <!here>")), "```\na ˋˋˋ &lt;!here&gt;\n```"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := mrkdwn(c.text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Whatever a cloud calls its things, no mention, broadcast or link comes of it, no chunk is
// too long, and no row of a table is lost.
func TestChunksHoldTheirLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("ab <>&*_~`|\n!@#^é漢")), 0, 900, -1)
		var text stackhand.Text
		for range rapid.IntRange(1, 12).Draw(t, "spans") {
			kind := rapid.SampledFrom([]stackhand.SpanKind{stackhand.Plain, stackhand.Block, stackhand.Code, stackhand.Bold}).Draw(t, "kind")
			s := word.Draw(t, "s")
			text = append(text, stackhand.Span{Kind: kind, S: s})
		}
		for _, c := range chunks(atomsOf(text), maxSection) {
			if n := utf8.RuneCountInString(c); n > 3000 {
				t.Fatalf("a chunk of %d characters", n)
			}
			for _, bad := range []string{"<!", "<@", "<#", "<http"} {
				if strings.Contains(c, bad) {
					t.Fatalf("%q in %q", bad, c)
				}
			}
			if strings.Count(c, fence)%2 != 0 {
				t.Fatalf("an open fence in %q", c)
			}
		}
	})
}

func FuzzMrkdwn(f *testing.F) {
	f.Add("web-1 <!channel> `x` *b*")
	f.Add("U00ALICE")
	f.Add("S00")
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []stackhand.SpanKind{stackhand.Plain, stackhand.Code, stackhand.Bold, stackhand.Block, stackhand.Mention} {
			out := mrkdwn(stackhand.Text{{Kind: kind, S: s}})
			if i := strings.IndexAny(out, "<>"); i >= 0 && !(kind == stackhand.Mention && (userID.MatchString(s) || groupID.MatchString(s))) {
				t.Fatalf("%s %q became %q", kind, s, out)
			}
		}
	})
}
