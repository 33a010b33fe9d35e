package blockkit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rep(n int) string { return strings.Repeat("ä", n) } // limits count characters, not bytes

func many(n int, item string) string {
	return strings.TrimSuffix(strings.Repeat(item+",", n), ",")
}

func numbered(n int, format string) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return strings.Join(all, ",")
}

const (
	okSection = `{"type":"section","text":{"type":"mrkdwn","text":"x"}}`
	okButton  = `{"type":"button","action_id":"a%d","text":{"type":"plain_text","text":"x"}}`
	okOption  = `{"text":{"type":"plain_text","text":"x"},"value":"v%d"}`
	okInput   = `{"type":"input","label":{"type":"plain_text","text":"x"},"element":{"type":"plain_text_input"}}`
	okImage   = `"image_url":"https://example.org/a.png"`
)

func plainText(n int) string  { return `{"type":"plain_text","text":"` + rep(n) + `"}` }
func mrkdwnText(n int) string { return `{"type":"mrkdwn","text":"` + rep(n) + `"}` }

// Each limit is tried at its edge and one beyond: the first must pass, the second be refused at
// that place for that reason.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		surface Surface
		at      func(n int) string // the blocks, without the brackets
		limit   int
		want    string // pointer and code of what is refused beyond the limit
	}{
		{"message blocks", Message, func(n int) string { return many(n, okSection) }, 50, " too_many"},
		{"modal blocks", Modal, func(n int) string { return many(n, okSection) }, 100, " too_many"},
		{"home blocks", Home, func(n int) string { return many(n, okSection) }, 100, " too_many"},
		{"section text", Message, func(n int) string { return `{"type":"section","text":` + mrkdwnText(n) + `}` }, 3000, "/0/text/text too_long"},
		{"section fields", Message, func(n int) string { return `{"type":"section","fields":[` + many(n, mrkdwnText(1)) + `]}` }, 10, "/0/fields too_many"},
		{"section field", Message, func(n int) string { return `{"type":"section","fields":[` + mrkdwnText(n) + `]}` }, 2000, "/0/fields/0/text too_long"},
		{"header", Message, func(n int) string { return `{"type":"header","text":` + plainText(n) + `}` }, 150, "/0/text/text too_long"},
		{"context", Message, func(n int) string { return `{"type":"context","elements":[` + many(n, mrkdwnText(1)) + `]}` }, 10, "/0/elements too_many"},
		{"actions", Message, func(n int) string { return `{"type":"actions","elements":[` + numbered(n, okButton) + `]}` }, 25, "/0/elements too_many"},
		{"image alt", Message, func(n int) string { return `{"type":"image",` + okImage + `,"alt_text":"` + rep(n) + `"}` }, 2000, "/0/alt_text too_long"},
		{"input label", Modal, func(n int) string {
			return `{"type":"input","label":` + plainText(n) + `,"element":{"type":"plain_text_input"}}`
		}, 2000, "/0/label/text too_long"},
		{"block id", Message, func(n int) string { return `{"type":"divider","block_id":"` + rep(n) + `"}` }, 255, "/0/block_id too_long"},
		{"button text", Message, func(n int) string {
			return `{"type":"actions","elements":[{"type":"button","text":` + plainText(n) + `}]}`
		}, 75, "/0/elements/0/text/text too_long"},
		{"button value", Message, func(n int) string {
			return `{"type":"actions","elements":[{"type":"button","text":` + plainText(1) + `,"value":"` + rep(n) + `"}]}`
		}, 2000, "/0/elements/0/value too_long"},
		{"action id", Message, func(n int) string {
			return `{"type":"actions","elements":[{"type":"button","text":` + plainText(1) + `,"action_id":"` + rep(n) + `"}]}`
		}, 255, "/0/elements/0/action_id too_long"},
		{"select options", Modal, func(n int) string { return sel(`"options":[` + numbered(n, okOption) + `]`) }, 100, "/0/element/options too_many"},
		{"option value", Modal, func(n int) string { return sel(`"options":[{"text":` + plainText(1) + `,"value":"` + rep(n) + `"}]`) }, 75, "/0/element/options/0/value too_long"},
		{"option text", Modal, func(n int) string { return sel(`"options":[{"text":` + plainText(n) + `,"value":"v"}]`) }, 75, "/0/element/options/0/text/text too_long"},
		{"confirm title", Message, func(n int) string { return confirmed(n, 1, 1) }, 100, "/0/elements/0/confirm/title/text too_long"},
		{"confirm text", Message, func(n int) string { return confirmed(1, n, 1) }, 300, "/0/elements/0/confirm/text/text too_long"},
		{"confirm button", Message, func(n int) string { return confirmed(1, 1, n) }, 30, "/0/elements/0/confirm/confirm/text too_long"},
		{"markdown", Message, func(n int) string { return `{"type":"markdown","text":"` + rep(n) + `"}` }, 12000, "/0/text too_long"},
		{"markdown together", Message, func(n int) string {
			return `{"type":"markdown","text":"` + rep(n-6000) + `"},{"type":"markdown","text":"` + rep(6000) + `"}`
		}, 12000, "/1/text too_long"},
		{"table rows", Message, func(n int) string {
			return `{"type":"table","rows":[` + many(n, `[{"type":"raw_text","text":"x"}]`) + `]}`
		}, 100, "/0/rows too_many"},
		{"table cells", Message, func(n int) string {
			return `{"type":"table","rows":[[` + many(n, `{"type":"raw_text","text":"x"}`) + `]]}`
		}, 20, "/0/rows/0 too_many"},
		{"tables", Message, func(n int) string { return many(n, `{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}`) }, 1, "/1 too_many"},
		{"carousel", Message, func(n int) string {
			return `{"type":"carousel","elements":[` + many(n, `{"type":"card","title":`+mrkdwnText(1)+`}`) + `]}`
		}, 10, "/0/elements too_many"},
		{"container", Message, func(n int) string {
			return `{"type":"container","child_blocks":[` + many(n, `{"type":"divider"}`) + `]}`
		}, 10, "/0/child_blocks too_many"},
		{"card body", Message, func(n int) string { return `{"type":"card","body":` + mrkdwnText(n) + `}` }, 200, "/0/body/text too_long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Validate(c.surface, []byte("["+c.at(c.limit)+"]")); got != nil {
				t.Errorf("at the limit of %d: %v", c.limit, got)
			}
			got := codes(Validate(c.surface, []byte("["+c.at(c.limit+1)+"]")))
			if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Errorf("beyond the limit of %d (-want +got):\n%s", c.limit, diff)
			}
		})
	}
}

func sel(options string) string {
	return `{"type":"input","label":` + plainText(1) + `,"element":{"type":"static_select",` + options + `}}`
}

func confirmed(title, text, button int) string {
	return `{"type":"actions","elements":[{"type":"button","text":` + plainText(1) + `,"confirm":{"title":` + plainText(title) +
		`,"text":` + plainText(text) + `,"confirm":` + plainText(button) + `,"deny":` + plainText(1) + `}}]}`
}

func codes(ps []Problem) []string {
	var all []string
	for _, p := range ps {
		all = append(all, p.Pointer+" "+p.Code)
	}
	return all
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		surface Surface
		blocks  string
		want    string
	}{
		{"not JSON", Message, `[`, " malformed"},
		{"not an array", Message, `{"type":"divider"}`, " malformed"},
		{"unknown block", Message, `[{"type":"sparkle"}]`, "/0/type unknown_type"},
		{"unknown field", Message, `[{"type":"divider","colour":"red"}]`, "/0/colour unknown_field"},
		{"empty text", Message, `[{"type":"section","text":{"type":"mrkdwn","text":""}}]`, "/0/text/text too_short"},
		{"nothing in it", Message, `[{"type":"section"}]`, "/0/text missing_field"},
		{"header in mrkdwn", Message, `[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "/0/text/type unknown_type"},
		{"alert in a message", Message, `[{"type":"alert","text":` + plainText(1) + `}]`, "/0/type not_allowed"},
		{"table in a modal", Modal, `[{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}]`, "/0/type not_allowed"},
		{"file", Message, `[{"type":"file","external_id":"x","source":"remote"}]`, "/0/type not_allowed"},
		{"a button in context", Message, `[{"type":"context","elements":[{"type":"button"}]}]`, "/0/elements/0/type unknown_type"},
		{"an input element in actions", Modal, `[{"type":"actions","elements":[{"type":"plain_text_input"}]}]`, "/0/elements/0/type not_allowed"},
		{"same block id", Message, `[{"type":"divider","block_id":"b"},{"type":"divider","block_id":"b"}]`, "/1/block_id duplicate_id"},
		{"same action id", Message, `[{"type":"actions","elements":[` + many(2, fmt.Sprintf(okButton, 1)) + `]}]`, "/0/elements/1/action_id duplicate_id"},
		{"a style of its own", Message, `[{"type":"actions","elements":[{"type":"button","style":"blue","text":` + plainText(1) + `}]}]`, "/0/elements/0/style invalid_value"},
		{"an initial option from nowhere", Modal, `[` + sel(`"options":[{"text":`+plainText(1)+`,"value":"a"}],"initial_option":{"text":`+plainText(1)+`,"value":"b"}`) + `]`, "/0/element/initial_option invalid_value"},
		{"a date", Modal, `[{"type":"input","label":` + plainText(1) + `,"element":{"type":"datepicker","initial_date":"tomorrow"}}]`, "/0/element/initial_date invalid_value"},
		{"rich text", Message, `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"user"}]}]}]`, "/0/elements/0/elements/0/user_id missing_field"},
		{"min over max", Modal, `[{"type":"input","label":` + plainText(1) + `,"element":{"type":"plain_text_input","min_length":5,"max_length":4}}]`, "/0/element/min_length invalid_value"},
		{"image without address", Message, `[{"type":"image","alt_text":"x"}]`, "/0/image_url missing_field"},
		{"a URL without host", Message, `[{"type":"image","alt_text":"x","image_url":"here"}]`, "/0/image_url invalid_value"},
		{"pie without value", Message, `[{"type":"data_visualization","title":"x","chart":{"type":"pie","segments":[{"label":"a"}]}}]`, "/0/chart/segments/0/value missing_field"},
		{"an empty slice", Message, `[{"type":"data_visualization","title":"x","chart":{"type":"pie","segments":[{"label":"a","value":0}]}}]`, "/0/chart/segments/0/value invalid_value"},
		{"a chart's title", Message, bars(rep(51), `"a"`, `{"name":"x","data":[{"label":"a","value":1}]}`), "/0/title too_long"},
		{"a long category", Message, bars("x", `"`+rep(21)+`"`, `{"name":"x","data":[{"label":"`+rep(21)+`","value":1}]}`), "/0/chart/axis_config/categories/0 too_long, /0/chart/series/0/data/0/label too_long"},
		{"a category twice", Message, bars("x", `"a","a"`, `{"name":"x","data":[{"label":"a","value":1}]}`), "/0/chart/axis_config/categories/1 duplicate_id"},
		{"a category without point", Message, bars("x", `"a","b"`, `{"name":"x","data":[{"label":"a","value":1}]}`), "/0/chart/series/0/data invalid_value"},
		{"a point without category", Message, bars("x", `"a"`, `{"name":"x","data":[{"label":"c","value":1}]}`), "/0/chart/series/0/data/0/label invalid_value"},
		{"a point twice", Message, bars("x", `"a","b"`, `{"name":"x","data":[{"label":"a","value":1},{"label":"a","value":1}]}`), "/0/chart/series/0/data/1/label duplicate_id"},
		{"a series twice", Message, bars("x", `"a"`, many(2, `{"name":"x","data":[{"label":"a","value":1}]}`)), "/0/chart/series/1/name duplicate_id"},
		{"seven series", Message, bars("x", `"a"`, numbered(7, `{"name":"%d","data":[{"label":"a","value":1}]}`)), "/0/chart/series too_many"},
		{"21 categories", Message, bars("x", numbered(21, `"%d"`), `{"name":"x","data":[`+numbered(21, `{"label":"%d","value":1}`)+`]}`), "/0/chart/axis_config/categories too_many, /0/chart/series/0/data too_many"},
		{"three charts", Message, `[` + many(3, strings.Trim(bars("x", `"a"`, `{"name":"x","data":[{"label":"a","value":-1}]}`), "[]")) + `]`, "/2 too_many"},
		{"task status", Message, `[{"type":"plan","title":"x","tasks":[{"type":"task_card","task_id":"1","title":"t","status":"lost"}]}]`, "/0/tasks/0/status invalid_value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.Split(c.want, ", "), codes(Validate(c.surface, []byte(c.blocks)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// bars is a message with a bar chart.
func bars(title, categories, series string) string {
	return `[{"type":"data_visualization","title":"` + title + `","chart":{"type":"bar","series":[` + series + `],"axis_config":{"categories":[` + categories + `]}}}]`
}

func TestOptions(t *testing.T) {
	one := func(value string) string { return `{"text":` + plainText(75) + `,"value":"` + value + `"}` }
	group := func(label, options string) string { return `{"label":` + label + `,"options":[` + options + `]}` }
	for _, c := range []struct{ name, answer, want string }{
		{"none", `{"options":[]}`, ""},
		{"100", `{"options":[` + many(100, one(rep(75))) + `]}`, ""},
		{"groups", `{"option_groups":[` + group(plainText(75), one("a")) + `]}`, ""},
		{"101", `{"options":[` + many(101, one("a")) + `]}`, "/options too_many"},
		{"a long value", `{"options":[` + one(rep(76)) + `]}`, "/options/0/value too_long"},
		{"an empty group", `{"option_groups":[` + group(plainText(1), "") + `]}`, "/option_groups/0/options too_few"},
		{"a long label", `{"option_groups":[` + group(plainText(76), one("a")) + `]}`, "/option_groups/0/label/text too_long"},
		{"both", `{"options":[],"option_groups":[]}`, "/options missing_field"},
		{"neither", `{}`, "/options missing_field"},
		{"nothing", ``, " malformed"},
		{"a list", `[]`, " malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(codes(ValidateOptions([]byte(c.answer))), ", "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestViews(t *testing.T) {
	modal := func(title, rest string) string {
		return `{"type":"modal","title":` + title + rest + `}`
	}
	for _, c := range []struct{ name, view, want string }{
		{"good", modal(plainText(24), `,"submit":`+plainText(24)+`,"blocks":[`+okInput+`]`), ""},
		{"home", `{"type":"home","blocks":[` + okSection + `]}`, ""},
		{"title", modal(plainText(25), `,"blocks":[]`), "/title/text too_long"},
		{"no submit", modal(plainText(1), `,"blocks":[`+okInput+`]`), "/submit missing_submit"},
		{"metadata", modal(plainText(1), `,"blocks":[],"private_metadata":"`+rep(3001)+`"`), "/private_metadata too_long"},
		{"callback", modal(plainText(1), `,"blocks":[],"callback_id":"`+rep(256)+`"`), "/callback_id too_long"},
		{"no blocks", modal(plainText(1), ``), "/blocks missing_field"},
		{"a home title", `{"type":"home","title":"x","blocks":[]}`, "/title unknown_field"},
		{"workflow step", `{"type":"workflow_step","blocks":[]}`, "/type unknown_type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(codes(ValidateView([]byte(c.view))), ", ")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAssign(t *testing.T) {
	var blocks []any
	src := `[{"type":"section","text":{"type":"mrkdwn","text":"x"},"accessory":{"type":"button"}},
		{"type":"actions","block_id":"mine","elements":[{"type":"button","action_id":"go"},{"type":"overflow"}]}]`
	if err := json.Unmarshal([]byte(src), &blocks); err != nil {
		t.Fatal(err)
	}
	n := 0
	Assign(blocks, func() string { n++; return fmt.Sprint("id", n) })
	got, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"accessory":{"action_id":"id2","type":"button"},"block_id":"id1","text":{"text":"x","type":"mrkdwn"},"type":"section"},` +
		`{"block_id":"mine","elements":[{"action_id":"go","type":"button"},{"action_id":"id3","type":"overflow"}],"type":"actions"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever comes in, the checks must end and must not call something valid that is not an array.
func FuzzValidate(f *testing.F) {
	f.Add(`[` + okSection + `]`)
	f.Add(`[{"type":"actions","elements":[null,1,{"type":"static_select","option_groups":[{}]}]}]`)
	f.Add(`[{"type":"container","child_blocks":[{"type":"container"}]}]`)
	f.Add(`[{"type":"table","rows":[[],3]}]`)
	f.Add(`{"type":"modal","blocks":[{"type":"input"}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, surface := range []Surface{Message, Modal, Home} {
			problems := Validate(surface, []byte(s))
			var list []any
			if json.Unmarshal([]byte(s), &list) != nil && len(problems) == 0 {
				t.Errorf("%q passes as blocks", s)
			}
		}
		ValidateView([]byte(s))
	})
}
