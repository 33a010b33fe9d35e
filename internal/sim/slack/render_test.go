package slack

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is written down for scripts is what people read.
func TestReadable(t *testing.T) {
	a := start(t, Options{})
	for in, want := range map[string]string{
		"*web-1* is `up_and_running` at <http://x.org|x.org>": "web-1 is up_and_running at x.org (http://x.org)",
		"<|x> <>":                             "x <>",
		"<https://x.org>":                     "https://x.org",
		"<mailto:a@b.c|a@b.c>":                "a@b.c (mailto:a@b.c)",
		"<@U0ALICE> <@U0NONE> <#C0OPS|ops>":   "@alice @U0NONE #ops",
		"<!subteam^S0OPS> <!here>":            "@ops @here",
		"until <!date^1^{time}|03:00 UTC>":    "until 03:00 UTC",
		"a &lt;b&gt; &amp;amp;":               "a <b> &amp;",
		"my_server_1 2*3*4":                   "my_server_1 2*3*4",
		"_*both*_ ~gone~":                     "both gone",
		"```\nssh a@b\n*as it is*\n``` after": "ssh a@b\n*as it is* after",
		"`<@U0BOB>` and `*x*`":                "@bob and *x*",
		"(*bold*) \"_it_\"":                   "(bold) \"it\"",
	} {
		if got := a.w.readable(in); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
	}
}

func TestBlocksRead(t *testing.T) {
	a := start(t, Options{})
	for _, c := range []struct{ name, blocks, want string }{
		{"fields", `[{"type":"section","text":{"type":"mrkdwn","text":"*x*"},"fields":[{"type":"mrkdwn","text":"*Image*\nUbuntu"},{"type":"plain_text","text":"b"}],
			"accessory":{"type":"button","text":{"type":"plain_text","text":"Go"}}}]`, "x\nImage Ubuntu\nb\n[Go]"},
		{"no line twice", `[{"type":"section","text":{"type":"mrkdwn","text":"x"}},{"type":"header","text":{"type":"plain_text","text":"x"}}]`, "x"},
		{"context", `[{"type":"context","elements":[{"type":"mrkdwn","text":"a\nb"},{"type":"image","alt_text":"pic"}]},{"type":"divider"}]`, "a b pic"},
		{"table", `[{"type":"table","rows":[[{"type":"raw_text","text":"web-1"},{"type":"raw_number","value":3}],
			[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"db"},{"type":"user","user_id":"U0BOB"}]}]},{"type":"raw_number","value":2,"text":"two"}]]}]`, "web-1 | 3\ndb@bob | two"},
		{"rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"elements":[{"type":"text","text":"one"},{"type":"emoji","name":"eyes"}]}]},
			{"type":"rich_text_preformatted","elements":[{"type":"text","text":"a\nb"},{"type":"link","url":"http://x","text":"x"},{"type":"broadcast","range":"here"},{"type":"date","fallback":"now"}]}]}]`, "• one:eyes:\na\nbx (http://x)@herenow"},
		{"card", `[{"type":"carousel","elements":[{"type":"card","title":{"type":"mrkdwn","text":"T"},"body":{"type":"mrkdwn","text":"B"},"actions":[{"type":"button","text":{"type":"plain_text","text":"A"}}]}]}]`, "T\nB\n[A]"},
		{"container", `[{"type":"container","title":{"type":"plain_text","text":"T"},"child_blocks":[{"type":"markdown","text":"# m"}]}]`, "T\n# m"},
		{"layout", `[{"type":"layout","rows":[{"items":[{"block":{"type":"header","text":{"type":"plain_text","text":"H"}}}]}]}]`, "H"},
		{"plan", `[{"type":"plan","title":"P","tasks":[{"type":"task_card","title":"net","status":"complete"}]}]`, "P\nnet complete"},
		{"bars", `[{"type":"data_visualization","title":"Use","chart":{"type":"bar","series":[{"name":"alice","data":[{"label":"Mo","value":3},{"label":"Tu","value":4.5}]}],"axis_config":{"categories":["Mo","Tu"]}}}]`, "[chart] Use\nalice: Mo 3, Tu 4.5"},
		{"chart", `[{"type":"data_visualization","title":"Use","chart":{"type":"pie","segments":[{"label":"cpu","value":3}]}}]`, "[chart] Use\ncpu 3"},
		{"image", `[{"type":"image","title":{"type":"plain_text","text":"T"},"alt_text":"a picture"}]`, "T\na picture"},
		{"inputs", `[{"type":"input","label":{"type":"plain_text","text":"Size"},"hint":{"type":"plain_text","text":"how big"},"element":{"type":"static_select","initial_option":{"text":{"type":"plain_text","text":"Small"}}}},
			{"type":"input","label":{"type":"plain_text","text":"When"},"element":{"type":"datepicker","initial_date":"2026-01-01"}},
			{"type":"input","label":{"type":"plain_text","text":"Who"},"element":{"type":"users_select","placeholder":{"type":"plain_text","text":"anybody"}}},
			{"type":"input","label":{"type":"plain_text","text":"How"},"element":{"type":"radio_buttons","options":[{"text":{"type":"plain_text","text":"so"}},{"text":{"type":"mrkdwn","text":"*or* so"}}]}}]`,
			"Size: [Small]\nhow big\nWhen: 2026-01-01\nWho: [anybody]\nHow: [so] [or so]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var blocks []any
			if err := json.Unmarshal([]byte(c.blocks), &blocks); err != nil {
				t.Fatal(err)
			}
			r := renderer{w: a.w, seen: map[string]bool{}}
			r.blocks(blocks)
			if diff := cmp.Diff(c.want, r.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
