package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// plants is a conversation that is full of secrets, and the list of them.
type plants struct {
	t   *testing.T
	st  *stage
	p   *player
	log buffer
	// disk is the store's file after every line and form: what was deleted lies in it until it is written over.
	disk []byte

	mu      sync.Mutex
	secrets map[string]string // what it is, by the secret itself
}

// buffer is a log that may be written and read at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}

func newPlants(t *testing.T) *plants {
	x := &plants{t: t, secrets: map[string]string{}}
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 100 * time.Millisecond, LogLevel: slog.LevelDebug}, streams{err: &x.log})
	x.must(err)
	t.Cleanup(st.close)
	x.st, x.p = st, newPlayer(st, io.Discard)
	st.tap = x.tap
	x.plant("the keyset", st.keyset)
	raw, err := base64.StdEncoding.DecodeString(st.keyset)
	x.must(err)
	x.plant("the key in the keyset", regexp.MustCompile(`"value":"([^"]+)"`).FindStringSubmatch(string(raw))[1])
	x.plant("the app token", st.slack.AppToken())
	x.plant("the bot token", st.slack.BotToken())
	for _, u := range st.cloud.Users() {
		x.plant("the password of "+u.Name, u.Password)
	}
	x.must(st.start(t.Context()))
	x.must(x.p.connected(t.Context()))
	return x
}

func (x *plants) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *plants) plant(what, secret string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(secret) < 8 {
		x.t.Errorf("%s %q is too short to be looked for", what, secret)
	}
	x.secrets[secret] = what
}

var (
	appSecret = regexp.MustCompile(`"secret":\s*"([^"]+)"`)
	ticketURL = regexp.MustCompile(`"url":\s*"wss?:[^"]*ticket=([^"&]+)`)
)

// tap learns the secrets that come over the network: tokens, application credentials, tickets of Socket Mode.
func (x *plants) tap(net http.RoundTripper, _ *atomic.Bool) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := net.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		if token := resp.Header.Get("X-Subject-Token"); token != "" {
			x.plant("a cloud's token", token)
		}
		what, find := "the secret of an application credential", appSecret
		switch {
		case strings.HasSuffix(req.URL.Path, "/application_credentials"):
		case strings.HasSuffix(req.URL.Path, "/apps.connections.open"):
			what, find = "the ticket of a connection", ticketURL
		default:
			return resp, nil
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		for _, m := range find.FindAllSubmatch(body, -1) {
			x.plant(what, string(m[1]))
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, nil
	})
}

func (x *plants) say(user, channel, text string) {
	x.t.Helper()
	x.p.typed = x.st.slack.Mark()
	x.act(func() error { return x.st.slack.Type(user, channel, "", text) })
}

func (x *plants) submit(user string, values map[string]string) {
	x.t.Helper()
	x.act(func() error { return x.st.slack.Submit(user, values) })
}

func (x *plants) act(do func() error) {
	x.t.Helper()
	x.must(x.p.act(x.t.Context(), do))
	x.keepDisk()
}

func (x *plants) keepDisk() {
	x.t.Helper()
	data, err := os.ReadFile(filepath.Join(x.st.dir, "stackhand.db"))
	x.must(err)
	x.disk = append(x.disk, data...)
}

func (x *plants) fault(rule string) {
	x.t.Helper()
	r, err := openstack.ParseRule(strings.Fields(rule))
	x.must(err)
	x.must(x.st.cloud.Fault(r))
}

func (x *plants) see(want string) {
	x.t.Helper()
	if err := x.p.expect(x.t.Context(), scriptLine{match: regexp.MustCompile(want)}); err != nil {
		for _, s := range x.st.slack.Since(x.p.typed) {
			x.t.Logf("[%s] %s", s.Kind, s.Text)
		}
		x.t.Fatalf("%s: %v", want, err)
	}
}

// logins are by a wrong password, a right one, with a choice of projects, and by application credentials.
func (x *plants) logins() {
	x.plant("a wrong password", `wr0ng-pl4nted "p&w"`)
	x.say("bob", "team-b", "/stack login")
	x.submit("bob", map[string]string{"username": "bob", "password": `wr0ng-pl4nted "p&w"`})
	x.see("does not accept this login")
	for _, f := range []string{"POST /auth/tokens 503", "POST /application_credentials drop after"} {
		x.fault(f)
	}
	x.submit("bob", map[string]string{"username": "bob", "password": "bob-secret"})
	x.see("logged in to lab as bob")
	x.must(x.st.slack.CloseModal("bob"))

	x.say("carol", "ops", "/stack login")
	x.submit("carol", map[string]string{"username": "carol", "password": "carol-secret"})
	x.see("Choose a project")
	x.submit("carol", map[string]string{"project_name": "team-b"})
	x.see("logged in to lab as carol")

	login := stackhand.Login{Username: "alice", Password: "alice-secret", ProjectName: "team-a"}
	own, id, err := x.st.on.app.pool.Exchange(x.t.Context(), demoCloud, login, "alice's own", x.st.clock.Now().Add(time.Hour))
	x.must(err)
	x.plant("a wrong secret", "wr0ng-app-cr3d-secret")
	x.say("alice", "team-a", "/stack login")
	for _, secret := range []string{"wr0ng-app-cr3d-secret", own.AppCredSecret} {
		x.submit("alice", map[string]string{"auth_type": "v3applicationcredential", "application_credential_id": id, "application_credential_secret": secret})
	}
	x.see("logged in to lab as alice")
}

// lines are messages that ought not to have been sent, in every way of sending one.
func (x *plants) lines() {
	for n, line := range []string{
		"/stack create web-9 --property password=pl4nted-%d-word", "@stackhand my token is xoxb-pl4nted-%d-0000-abcdef",
		"@stackhand ```-----BEGIN OPENSSH PRIVATE KEY-----\npl4nted-%d-key-body\n-----END OPENSSH PRIVATE KEY-----```",
		"@stackhand create https://dana:pl4nted-%d-url@example.org/x",
	} {
		x.plant("a secret in a message", regexp.MustCompile(`pl4nted-\d-[a-z0-9]+`).FindString(fmt.Sprintf(line, n)))
		x.say("dana", "team-a", fmt.Sprintf(line, n))
		x.see("seems to hold")
	}
}

// troubles builds and takes down a server while everything goes wrong, the bot's own life included.
func (x *plants) troubles() {
	for _, f := range []string{"POST /servers 500 after", "POST /floatingips drop after", "GET /networks 503", "token expire"} {
		x.fault(f)
	}
	for _, f := range [][]string{{"api", "chat.postMessage", "500", "after"}, {"api", "response_url", "500"}} {
		x.must(x.st.slack.Fault(f[0], f[1:]...))
	}
	x.say("alice", "team-a", "/stack create web-1 --for 2h")
	x.st.kill()
	for _, f := range []string{"open_status", "upgrade_status"} {
		x.must(x.st.slack.Fault(f, "500"))
	}
	x.must(x.st.start(x.t.Context()))
	x.must(x.p.connected(x.t.Context()))
	x.must(x.p.wait(x.t.Context(), time.Minute))
	x.see("web-1 ACTIVE")
	x.must(x.st.slack.Fault("refresh_requested"))
	x.say("alice", "team-a", "/stack show web-1")
	x.say("alice", "team-a", "/stack delete web-1")
	x.must(x.p.wait(x.t.Context(), time.Minute))
	x.see("web-1 is deleted")
	x.say("bob", "team-b", "/stack logout")
}

// metrics is what /metrics, /healthz and /readyz answer.
func (x *plants) metrics() []byte {
	a := x.st.on.app
	a.watch(x.t.Context())
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(x.t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	a.answer(w, r, true)
	if !strings.Contains(w.Body.String(), "stackhand_jobs_open") {
		x.t.Errorf("no metrics: %s", w.Body)
	}
	return w.Body.Bytes()
}

// sent is everything that the bot told Slack, and everything that was seen there but what dana typed herself.
func (x *plants) sent() []byte { return x.sentWithout("dana") }

func (x *plants) sentWithout(typists ...string) []byte {
	x.t.Helper()
	var b bytes.Buffer
	for _, f := range x.st.slack.Frames() {
		if !f.Out {
			b.Write(f.Data)
			continue
		}
		for _, m := range regexp.MustCompile(`"response_url":\s*"([^"]+)"`).FindAllSubmatch(f.Data, -1) {
			x.plant("a response_url", string(m[1]))
		}
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, c := range x.st.slack.Calls() {
		x.must(enc.Encode(c.Args))
	}
	for _, s := range x.st.slack.Since(0) {
		if !slices.Contains(typists, strings.ToLower(strings.TrimPrefix(s.User, "U0"))) {
			x.must(enc.Encode(s))
		}
	}
	return b.Bytes()
}

// forms are the ways in which a secret may lie in bytes: as it is, escaped, and in base64, at any place in what was encoded.
func forms(secret string) []string {
	marshalled, _ := json.Marshal(secret) // a string can always be written
	quoted := strings.Trim(string(marshalled), `"`)
	all := []string{secret, quoted, url.QueryEscape(secret), fmt.Sprintf("%x", secret)}
	for _, s := range []string{secret, quoted} {
		for n := range 3 {
			whole := s[:(len(s)+n)/3*3-n] // up to the last full group of three bytes
			coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", n) + whole))
			if core := coded[min(4, 4*n):]; len(core) >= 8 {
				all = append(all, core)
			}
		}
	}
	return all
}

// TestNoSecretShows plants secrets of every sort and then looks for them wherever they could have got to.
func TestNoSecretShows(t *testing.T) {
	t.Parallel()
	x := newPlants(t)
	x.logins()
	x.lines()
	x.troubles()
	places := map[string][]byte{"Slack": x.sent(), "/metrics": x.metrics()}
	x.st.kill()
	x.keepDisk()
	places["the log"], places["the store"] = x.log.bytes(), x.disk
	if !bytes.Contains(places["the log"], []byte("level=DEBUG")) {
		t.Error("the log is not that of level debug")
	}
	kinds := x.search(places)
	for _, what := range []string{"a cloud's token", "the secret of an application credential", "the ticket of a connection", "a response_url"} {
		if kinds[what] < 2 {
			t.Errorf("only %d times %s was planted", kinds[what], what)
		}
	}
}

// search looks for the secrets in every place, and tells how many there are of each sort.
func (x *plants) search(places map[string][]byte) map[string]int {
	x.t.Helper()
	kinds := map[string]int{}
	for secret, what := range x.secrets {
		kinds[what]++
		for place, data := range places {
			for _, form := range forms(secret) {
				if at := bytes.Index(data, []byte(form)); at >= 0 {
					x.t.Errorf("%s is in %s: …%q…", what, place, data[max(0, at-80):min(len(data), at+len(form)+40)])
					break
				}
			}
		}
	}
	return kinds
}

// TestForms shows that what is looked for is found, wherever it stands in an encoded text.
func TestForms(t *testing.T) {
	const secret = `s3cret "w&rd" of some length`
	for n := range 7 {
		text := strings.Repeat("a", n) + secret + strings.Repeat("z", n)
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range []string{text, string(quoted), url.QueryEscape(text), fmt.Sprintf("%x", text), base64.StdEncoding.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString(quoted)} {
			found := false
			for _, f := range forms(secret) {
				found = found || strings.Contains(data, f)
			}
			if !found {
				t.Errorf("%s is not found in %s", secret, data)
			}
		}
	}
}
