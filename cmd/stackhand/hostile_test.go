package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
)

// hostile puts words of an attacker into every text that the cloud answers with, and looks at all that Slack gets.
type hostile struct {
	t    *testing.T
	st   *stage
	p    *player
	out  bytes.Buffer
	base string // of the workspace

	mu     sync.Mutex
	words  string // behind every name and text of the cloud; "": as they are
	refuse bool   // every change is refused, in these words
	found  []string
	seen   int // texts that were looked at
}

func newHostile(t *testing.T) *hostile {
	x := &hostile{t: t}
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond}, streams{err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.close)
	x.st, x.p, x.base = st, newPlayer(st, &x.out), st.page
	st.tap = x.tap
	if err := st.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

// play plays lines, all of which must hold.
func (x *hostile) play(talk string) {
	x.t.Helper()
	var lines []scriptLine
	for _, text := range strings.Split(strings.TrimSpace(talk), "\n") {
		l, err := parseLine(text)
		if err != nil {
			x.t.Fatal(err)
		}
		l.text = text
		lines = append(lines, l)
	}
	failed := x.p.failed
	if err := x.p.play(x.t.Context(), lines); err != nil || x.p.failed > failed {
		x.t.Fatalf("%v\n%s", err, x.out.String())
	}
}

func (x *hostile) say(words string, refuse bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.words, x.refuse = words, refuse
}

func (x *hostile) tap(net http.RoundTripper, _ *atomic.Bool) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if strings.HasPrefix(req.URL.String(), x.base) {
			x.look(req)
			return net.RoundTrip(req)
		}
		x.mu.Lock()
		words, refuse := x.words, x.refuse
		x.mu.Unlock()
		if refuse && req.Method != http.MethodGet && !strings.Contains(req.URL.Path, "/auth/") {
			body, _ := json.Marshal(map[string]any{"forbidden": map[string]any{"code": 403, "message": words}})
			return &http.Response{StatusCode: 403, Status: "403 Forbidden", Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
		}
		resp, err := net.RoundTrip(req)
		if err == nil && words != "" && strings.Contains(resp.Header.Get("Content-Type"), "json") && !strings.Contains(req.URL.Path, "/identity") {
			err = twist(resp, words)
		}
		return resp, err
	})
}

// texts are the keys of the cloud's answers whose values people choose.
var texts = []string{"name", "display_name", "description", "display_description", "key_name", "message", "output", "original_name", "fingerprint",
	"availability_zone", "OS-EXT-AZ:availability_zone", "zoneName", "os_distro", "volume_type", "hypervisor_hostname", "user_id", "container_format"}

// twist puts words into an answer.
func twist(resp *http.Response, words string) error {
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var doc any
	if json.Unmarshal(raw, &doc) == nil {
		raw, err = json.Marshal(twisted("", doc, words))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	resp.Header.Del("Content-Length")
	return err
}

func twisted(key string, v any, words string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if key == "addresses" {
				k += words
			}
			if s, ok := e.(string); ok && key == "metadata" && !strings.HasPrefix(k, "stackhand") {
				e = s + words
			}
			out[k] = twisted(k, e, words)
		}
		return out
	case []any:
		for i := range v {
			v[i] = twisted(key, v[i], words)
		}
	case string:
		if slices.Contains(texts, key) {
			return v + words
		}
	}
	return v
}

// look reads what is sent to Slack: as form, as JSON, or as a file.
func (x *hostile) look(req *http.Request) {
	if req.Body == nil {
		return
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	req.Body = io.NopCloser(bytes.NewReader(raw))
	var doc any
	where := req.URL.Path
	if strings.Contains(req.Header.Get("Content-Type"), "json") {
		if json.Unmarshal(raw, &doc) == nil {
			x.value(where, "", doc, "")
		}
		return
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil || strings.Contains(req.Header.Get("Content-Type"), "multipart") {
		return // a file: its content is no markup
	}
	if form.Get("link_names") == "true" || form.Get("link_names") == "1" || form.Get("parse") == "full" {
		x.find("%s has names linked", where)
	}
	for _, k := range slices.Sorted(maps.Keys(form)) {
		if v := form.Get(k); json.Unmarshal([]byte(v), &doc) == nil && strings.ContainsAny(v, "{[") {
			x.value(where, k, doc, "")
		} else {
			x.value(where, k, v, "mrkdwn")
		}
	}
}

// value looks at a piece of what is sent; kind is the type of the text object that it is in.
func (x *hostile) value(where, key string, v any, kind string) {
	switch v := v.(type) {
	case map[string]any:
		of, _ := v["type"].(string)
		if of == "mrkdwn" && v["verbatim"] != true {
			x.find("%s: a text in which Slack makes links of words: %v", where, v)
		}
		for k, e := range v {
			under := ""
			if of == "mrkdwn" || k == "text" && of == "" || k == "initial_comment" {
				under = "mrkdwn"
			}
			x.value(where, k, e, under)
		}
	case []any:
		for _, e := range v {
			x.value(where, key, e, kind)
		}
	case string:
		x.text(where, key, v, kind == "mrkdwn")
	}
}

var (
	// active is what Slack would make a mention or a link of; what the bot means by itself is not among these words.
	active = regexp.MustCompile(`<!(channel|here|everyone|subteam)|<@U0MALLORY|<#C0EVIL|<(https?|mailto):/*evil`)
	// unseen are the characters that nobody sees and that change what is seen.
	unseen = regexp.MustCompile("[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]")
)

func (x *hostile) text(where, key, s string, markup bool) {
	x.mu.Lock()
	x.seen++
	x.mu.Unlock()
	if key == "value" || key == "private_metadata" || key == "metadata" || key == "token" {
		return // comes back to us, and is shown to nobody
	}
	if markup && active.MatchString(s) {
		x.find("%s: %s is active: %q", where, key, s)
	}
	if unseen.MatchString(s) {
		x.find("%s: %s holds what nobody sees: %q", where, key, s)
	}
}

func (x *hostile) find(format string, args ...any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.found = append(x.found, fmt.Sprintf(format, args...))
}

// check answers what was wrong since the last time.
func (x *hostile) check() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	found := x.found
	x.found = nil
	for _, c := range x.st.slack.Calls() {
		if slices.Contains([]string{"invalid_blocks", "msg_too_long", "invalid_arguments", "view_too_large", "no_text"}, c.Error) {
			found = append(found, c.Method+": "+c.Error)
		}
	}
	return found
}

// fragments are what attackers make names of.
var fragments = []string{
	"<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S0EVIL>", "<@U0MALLORY>", "<@U0MALLORY|bob>", "<#C0EVIL|x>", "<http://evil.example|click>", "<mailto:evil@x>",
	"http://evil.example/a", "@everyone", "@channel", "&lt;!channel&gt;", "&amp;lt;!here&amp;gt;", "<", ">", "|", "&", "*", "_", "~", "`", "```", "*`_", "\n", "\r\n", "\t", "\x00", "\x01" + "0\x02",
	"\x1b[31m", "\u202e", "\u2066", "\u2069", "\u200b", "\u200f", "\u2060", "\ufeff", "%s%d%!v(MISSING)", `"`, `\`, "'", "{}", "$(x)", "日本", "😀", "עברית", " ", "a",
}

func hostileWords() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 8).Draw(t, "fragments"), "")
		return strings.Repeat(s, rapid.SampledFrom([]int{1, 1, 1, 1, 2, 40, 400}).Draw(t, "times"))
	})
}

// readings are lines that show what the cloud says, in every kind of answer: tables, fields, files, choices, forms.
var readings = []string{
	"alice #team-a: /stack list", "alice #team-a: /stack list --long --public", "alice #team-a: /stack image list", "alice #team-a: /stack image show Ubuntu",
	"alice #team-a: /stack flavor list", "alice #team-a: /stack network list", "alice #team-a: /stack subnet list", "alice #team-a: /stack router list",
	"alice #team-a: /stack port list", "alice #team-a: /stack security group list", "alice #team-a: /stack security group rule list default", "alice #team-a: /stack floating ip list",
	"alice #team-a: /stack volume list", "alice #team-a: /stack keypair list", "alice #team-a: /stack limits", "alice #team-a: /stack usage", "alice #team-a: /stack show web-1",
	"alice thread: @stackhand show", "alice thread: @stackhand console log", "alice thread: @stackhand events", "alice #team-a: /stack rebuild", "alice #team-a: /stack whoami",
	"alice #team-a: /stack create web-9 --dry-run", "alice @stackhand: show nothing", "alice #team-a: /stack network show stackhand-auto", "alice #team-a: /stack jobs",
}

// changes are lines that the cloud refuses in an attacker's words.
var changes = []string{"alice thread: @stackhand stop", "alice thread: @stackhand reboot", "alice #team-a: /stack volume create v --size 1",
	"alice #team-a: /stack keypair delete laptop", "alice #team-a: /stack network create n"}

// TestHostileWords: whatever the cloud's names, properties, logs and errors hold, Slack gets nothing that acts.
func TestHostileWords(t *testing.T) {
	x := newHostile(t)
	x.play(`alice #team-a: /stack keypair create laptop --public-key "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA6xv0dCeWzT1f0yH0YpR3cX8f2bXJ3hGqYc6o0yq1pT"
alice #team-a: /stack volume create data --size 1
alice #team-a: /stack create web-1 --property team=web
wait
alice #team-a: /stack create web-2
wait`)
	// A server of which no record tells the name: as one that was made elsewhere.
	foreign := x.stack("web-2")
	foreign.State = stackhand.StackGone
	if err := x.st.on.app.store.SaveStack(t.Context(), &foreign); err != nil {
		t.Fatal(err)
	}
	of := func(verbs ...string) (lines []string) {
		for _, v := range verbs {
			lines = append(lines, "alice #team-a: /stack "+v+" "+foreign.Server)
		}
		return lines
	}
	reads := append(of("show", "console log", "events", "delete", "transfer", "share", "rebuild", "image create"), readings...)
	acts := append(of("reboot", "stop", "lock", "add floating ip"), changes...)
	rapid.Check(t, func(rt *rapid.T) {
		words := hostileWords().Draw(rt, "words")
		lines, refuse := reads, rapid.IntRange(0, 3).Draw(rt, "refused") == 0
		if refuse {
			lines = acts
		}
		line := rapid.SampledFrom(lines).Draw(rt, "line")
		x.say(words, refuse)
		x.play(line + "\nwait")
		if refuse && strings.HasSuffix(line, "stop") {
			if err := x.st.slack.Click("alice", "detail"); err == nil {
				x.play("wait")
			}
		}
		x.say("", false)
		if found := x.check(); len(found) > 0 {
			rt.Fatalf("%s with %q behind every name:\n%s", line, words, strings.Join(found, "\n"))
		}
	})
	if x.seen < 1000 {
		t.Errorf("only %d texts were looked at", x.seen)
	}
}
