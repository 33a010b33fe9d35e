package bot

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
)

const leaked = "xoxb-pl4nted-000-secret"

// wary is a redactor: Redact hides more than Strict.
type wary struct{}

var (
	beyondDoubt = regexp.MustCompile(`xoxb-[a-z0-9-]+|k3yset-of-ours`)
	doubtful    = regexp.MustCompile(`pl4nted-\d`)
)

func (wary) Strict(s string) string { return beyondDoubt.ReplaceAllString(s, "[hidden]") }
func (wary) Redact(s string) string { return doubtful.ReplaceAllString(s, "[hidden]") }

// leaky are a message and a view with a secret in every place that has words.
func leaky() (message, slack.ModalViewRequest) {
	s := sheet{
		{Text: stackhand.Textf("a server called %s", leaked), Actions: []stackhand.Action{{ID: "delete", Label: "Delete " + leaked, Value: "s1", Confirm: "Delete " + leaked + "?"}}},
		{Text: stackhand.Textf("small: %s", stackhand.AsCode("k3yset-of-ours")), Small: true},
	}
	view := slack.ModalViewRequest{Type: slack.VTModal, Title: words75(leaked), PrivateMetadata: `{"x":"` + leaked + `"}`, Blocks: slack.Blocks{BlockSet: s.message().Blocks}}
	return s.message(), view
}

// Nothing that is a secret leaves for Slack, in whatever part of a message or a view it stands; all else stays as it is.
func TestMask(t *testing.T) {
	w := &web{hide: wary{}}
	m, view := leaky()
	m = w.masked(m)
	w.mask(&view)
	for what, v := range map[string]any{"message": m, "view": view} {
		sent, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(sent), "pl4nted") || strings.Contains(string(sent), "k3yset") {
			t.Errorf("the %s shows it: %s", what, sent)
		}
		if !strings.Contains(string(sent), "a server called") || !strings.Contains(string(sent), "[hidden]") {
			t.Errorf("the %s lost its words: %s", what, sent)
		}
	}
	same := "Set it: password: NAME, --password x, https://console/?token=abc-def"
	if got := w.strict(same); got != same {
		t.Errorf("%q became %q", same, got)
	}
	if got := (&web{}).strict(leaked); got != leaked {
		t.Errorf("without a redactor %q", got)
	}
}

// Secrets are found wherever Go can keep words, and nothing else is changed.
func TestMaskLooksEverywhere(t *testing.T) {
	type deep struct {
		Any    any
		Map    map[string]string
		Nested map[string]any
		Of     map[string][]string
		Shapes map[string]struct{ S string }
		Where  *map[string]any
		kept   map[string]string
	}
	inner := map[string]any{"at last": []any{leaked, 3, nil, map[string]any{"k": leaked}}}
	v := deep{
		Any: leaked, Map: map[string]string{"a": leaked, leaked: "b", "c": "d"}, Nested: map[string]any{"list": []string{leaked}, "n": 7, "nil": nil, "p": &inner},
		Of: map[string][]string{"x": {leaked, "y"}}, Shapes: map[string]struct{ S string }{"z": {leaked}}, Where: &inner, kept: map[string]string{"q": "r"},
	}
	(&web{hide: wary{}}).mask(&v)
	sent, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sent), "pl4nted") || strings.Count(string(sent), "[hidden]") != 10 {
		t.Errorf("%s", sent)
	}
	if v.Map["c"] != "d" || len(v.Map) != 3 || v.Nested["n"] != 7 || v.Nested["nil"] != nil || v.Of["x"][1] != "y" || v.kept["q"] != "r" {
		t.Errorf("changed: %+v", v)
	}
	var none map[string]string
	(&web{hide: wary{}}).mask(none)
}

// What is told of a failure is looked at more sharply.
func TestHarmless(t *testing.T) {
	e := stackhand.Errorf(stackhand.Failed, `The cloud says {"adminPass": "pl4nted-1"}`).Do("Use --password pl4nted-2 no more.").Because(errors.New("cause"))
	e.Detail = "password=pl4nted-3"
	b := &Bot{o: Options{Redact: wary{}}}
	got := b.harmless(e)
	if s := got.Msg + got.Next + got.Detail; strings.Contains(s, "pl4nted") || strings.Count(s, "[hidden]") != 3 {
		t.Errorf("it says %s", s)
	}
	if !strings.Contains(e.Msg, "pl4nted") || got.Kind != e.Kind {
		t.Error("the error itself was changed, or its kind")
	}
	if (&Bot{}).harmless(e) != e {
		t.Error("without a redactor it is another error")
	}
}
