package cloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2"

	"github.com/stackhand/stackhand"
)

var update = flag.Bool("update", false, "write what is said now into testdata/messages_*.json and docs/errors.md")

// message is an answer of a service, and what people read instead of it. Status -1: a server with a fault.
type message struct {
	Name    string  `json:"name"`
	Service service `json:"service"`
	Method  string  `json:"method"`
	Path    string  `json:"path"`
	Status  int     `json:"status"`
	Body    string  `json:"body"`
	Want    spoken  `json:"want"`
}

type spoken struct {
	Row  string         `json:"row,omitempty"` // "": no row knows the message, and it is shown as it is
	Kind stackhand.Kind `json:"kind,omitempty"`
	Msg  string         `json:"msg"`
	Next string         `json:"next,omitempty"`
}

// files hold messages that real services sent (Keystone 22, Nova 26, Neutron 21, Glance 25, Cinder 21; long runs of one letter are
// shortened), and messages that their source and documents have.
var files = []string{"testdata/messages_zed.json", "testdata/messages_told.json"}

func messagesOf(t *testing.T, file string) []message {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []message
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// say runs a message through what a call of the adapter would run it through.
func (m message) say(t *testing.T) (spoken, string) {
	t.Helper()
	if m.Status == inServer {
		var w struct{ Server wireServer }
		if err := json.Unmarshal([]byte(m.Body), &w); err != nil {
			t.Fatal(err)
		}
		s := w.Server.server(nil)
		row, _ := (&answer{Service: compute, Status: inServer, Message: tidy(w.Server.Fault.Message)}).inWords("")
		return spoken{Row: row.row, Msg: s.Fault, Next: s.FaultNext}, s.FaultSaid
	}
	err := testCaller(m.Service).classify(t.Context(), m.Method, "http://cloud.example:8774"+m.Path, gophercloud.ErrUnexpectedResponseCode{
		Actual: m.Status, Body: []byte(m.Body), ResponseHeader: http.Header{"X-Openstack-Request-Id": {"req-1"}},
	})
	var e *stackhand.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T %v", err, err)
	}
	return spoken{answerOf(err).row, e.Kind, e.Msg, e.Next}, e.Detail
}

// Every message of a real service is said in these words, and the words of the service are kept.
func TestMessages(t *testing.T) {
	for _, file := range files {
		all := messagesOf(t, file)
		for i, m := range all {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+m.Name, func(t *testing.T) {
				got, detail := m.say(t)
				if d := cmp.Diff(m.Want, got); d != "" && !*update {
					t.Errorf("%s\nis said otherwise (-want +got):\n%s", m.Body, d)
				}
				all[i].Want = got
				if got.Row == "" {
					return
				}
				if detail == "" || strings.Contains(got.Msg+got.Next, "${") {
					t.Errorf("detail %q, message %q, next %q", detail, got.Msg, got.Next)
				}
				checkSentences(t, got)
			})
		}
		if *update {
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := errors.Join(enc.Encode(all), os.WriteFile(file, b.Bytes(), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// checkSentences holds what is said to whole sentences that a person can do something with.
func checkSentences(t *testing.T, s spoken) {
	t.Helper()
	for _, text := range []string{s.Msg, s.Next} {
		if !strings.HasSuffix(text, ".") || strings.HasSuffix(text, "..") || strings.Contains(text, "  ") || strings.Contains(text, " ,") {
			t.Errorf("%q is no whole sentence", text)
		}
	}
	for _, jargon := range []string{"vm_state", "NeutronError", "instance", "tenant", "could not be found"} {
		if strings.Contains(s.Msg, jargon) {
			t.Errorf("%q holds %q", s.Msg, jargon)
		}
	}
}

// Each row has a message that a real service sent, or says why there is none and has one that is known otherwise.
func TestEveryRowIsHeld(t *testing.T) {
	held := map[string]string{}
	for i := len(files) - 1; i >= 0; i-- {
		for _, m := range messagesOf(t, files[i]) {
			held[m.Want.Row] = files[i]
		}
	}
	var names []string
	for _, p := range table() {
		switch from := held[p.name]; {
		case slices.Contains(names, p.name):
			t.Errorf("two rows are called %q", p.name)
		case from == "":
			t.Errorf("no message in testdata is said by row %q", p.name)
		case from == files[1] && p.unheld == "":
			t.Errorf("row %q has no message of a real service, and does not say why", p.name)
		case from == files[0] && p.unheld != "":
			t.Errorf("row %q has a message of a real service, and says that it cannot (%s)", p.name, p.unheld)
		}
		names = append(names, p.name)
		if p.msg == "" || p.next == "" {
			t.Errorf("row %q says nothing, or leaves its reader alone", p.name)
		}
	}
}

const docFile = "../../docs/errors.md"

// docs/errors.md is made of the table: go test ./internal/cloud -run TestErrorsDoc -update
func TestErrorsDoc(t *testing.T) {
	var b strings.Builder
	b.WriteString(docHead)
	heads := map[service]string{"": "Any service", compute: "Nova", network: "Neutron", image: "Glance", volume: "Cinder", identity: "Keystone"}
	for _, s := range []service{compute, network, volume, image, identity, ""} {
		fmt.Fprintf(&b, "\n## %s\n\n| about | status | people read | and are told |\n|---|---|---|---|\n", heads[s])
		for _, p := range table() {
			if p.of == s {
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.name, statusWord(p.status), readable(p.msg), readable(p.next))
			}
		}
	}
	if *update {
		if err := os.WriteFile(docFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(b.String(), string(is)); d != "" {
		t.Errorf("%s is not what the table says; run this test with -update:\n%s", docFile, d)
	}
}

const docHead = `# What the cloud says, and what people read

OpenStack's services word their errors for developers. Where a row below knows such a message, people read a plain sentence and the next
step; the service's own words are behind the button "What the cloud said", and together with the request's id in the log. What no row
knows is shown in the service's own words. The table is in internal/cloud/words*.go; this page is made from it by
` + "`go test ./internal/cloud -run TestErrorsDoc -update`" + `. Words in *italics* come from the message.
`

func statusWord(status int) string {
	switch status {
	case 0:
		return "any"
	case inServer:
		return "fault of a server"
	}
	return fmt.Sprint(status)
}

func readable(s string) string {
	return strings.ReplaceAll(slot.ReplaceAllString(s, "*$1*"), "|", "\\|")
}

// No message, however odd, makes the words fail, and what is caught of it stays short.
func FuzzWords(f *testing.F) {
	for _, m := range []string{"Quota exceeded for cores: Requested 8, but already used 16 of 20 cores", "Cannot 'stop' instance x while it is in vm_state ${state}",
		"No valid host", "", "Invalid value for port " + strings.Repeat("9", 400)} {
		f.Add(400, m)
		f.Add(inServer, m)
	}
	f.Fuzz(func(t *testing.T, status int, text string) {
		for _, s := range []service{compute, network, image, volume, identity} {
			a := &answer{Service: s, Status: status, Message: tidy(text)}
			e := a.explain("h")
			if e.Msg == "" || len(e.Msg) > maxMessage+200 || strings.ContainsAny(e.Msg, "\n\x00") {
				t.Errorf("%q", e.Msg)
			}
			if w, ok := a.inWords("h"); ok && (e.Detail == "" || e.Msg != w.msg) {
				t.Errorf("row %q: %+v", w.row, e)
			}
		}
	})
}
