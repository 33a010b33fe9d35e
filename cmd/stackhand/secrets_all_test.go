package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand/commands"
)

// echoing is a network between the bot and the cloud that, when it is told to, answers whatever changes something with a refusal
// that repeats all that was sent: the body, and the token.
type echoing struct {
	*plants
	next   http.RoundTripper
	status *atomic.Int64 // 0: nothing is refused
	said   *atomic.Int64 // how often it was
}

var adminPass = regexp.MustCompile(`"adminPass":\s*"([^"]+)"`)

func (e echoing) RoundTrip(req *http.Request) (*http.Response, error) {
	status := int(e.status.Load())
	if strings.Contains(req.URL.Path, "/api/") || !strings.HasPrefix(e.st.auth, "http://"+req.URL.Host) {
		return e.next.RoundTrip(req)
	}
	if status == 0 || req.Method == http.MethodGet {
		resp, err := e.next.RoundTrip(req)
		if err != nil || !strings.Contains(req.URL.Path, "/servers") || req.Method != http.MethodPost {
			return resp, err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		for _, m := range adminPass.FindAllSubmatch(body, -1) {
			e.plant("a password that the cloud gave a server", string(m[1]))
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, err
	}
	sent := []byte{}
	if req.Body != nil {
		sent, _ = io.ReadAll(req.Body)
		req.Body.Close()
	}
	e.said.Add(1)
	text := fmt.Sprintf(`{"badRequest": {"message": %q, "code": %d}}`, fmt.Sprintf("What is %s with %s?", sent, req.Header.Get("X-Auth-Token")), status)
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text)), ContentLength: int64(len(text)),
	}, nil
}

// pages remembers every page that the store's file ever had, with the beginning of the next one.
type pages struct{ seen map[[32]byte]bool }

func (p *pages) look(x *plants) {
	x.t.Helper()
	const page, over = 4096, 512
	data, err := os.ReadFile(filepath.Join(x.st.dir, "stackhand.db"))
	x.must(err)
	for at := 0; at < len(data); at += page {
		piece := data[at:min(len(data), at+page+over)]
		if sum := sha256.Sum256(piece); !p.seen[sum] {
			p.seen[sum] = true
			x.disk = append(x.disk, piece...)
		}
	}
}

// last are commands after which others could not do their work.
var last = []string{"freeze", "unfreeze", "logout"}

// everyLine is an example of every command, which the help shows too; those of last are apart.
func everyLine() (lines, end []string) {
	for _, c := range commands.Commands() {
		line := c.Name
		if len(c.Examples) > 0 {
			line = c.Examples[0]
		}
		if slices.Contains(last, c.Name) {
			end = append(end, line)
			continue
		}
		lines = append(lines, line)
	}
	return lines, end
}

// changing are lines whose calls a cloud may refuse and repeat, also with a secret in them.
var changing = []string{
	"keypair create k1 --public-key \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ3Hq0Zk7mXo0nq3Yw3k0lZ5m4f6y8Q1w2e3r4t5y6u7 a\"",
	"network create n1", "security group create g1", "floating ip create", "stop data-0", "set data-0 --property a=b", "rebuild data-0 --yes",
}

// TestNoSecretShowsInAnyCommand plays every command, with a cloud that does its work and with one that refuses and repeats what it was
// sent, and then looks for the secrets in the log at its most talkative, in all that Slack was sent, in every page that the store
// ever had, and in the metrics.
func TestNoSecretShowsInAnyCommand(t *testing.T) {
	t.Parallel()
	x := &plants{t: t, secrets: map[string]string{}}
	var status, said atomic.Int64
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 10 * time.Millisecond, LogLevel: -8}, streams{err: &x.log})
	x.must(err)
	t.Cleanup(st.close)
	x.st, x.p = st, newPlayer(st, io.Discard)
	st.tap = func(net http.RoundTripper, dead *atomic.Bool) http.RoundTripper {
		return x.tap(echoing{x, net, &status, &said}, dead)
	}
	x.plant("the keyset", st.keyset)
	x.plant("the bot token", st.slack.BotToken())
	for _, u := range st.cloud.Users() {
		x.plant("the password of "+u.Name, u.Password)
	}
	x.must(st.start(t.Context()))
	x.must(x.p.connected(t.Context()))
	p := &pages{map[[32]byte]bool{}}
	do := func(act func() error) {
		t.Helper()
		x.p.typed = st.slack.Mark()
		x.must(x.p.act(t.Context(), act))
		p.look(x)
	}
	const data = "#cloud-config\npassword: pl4nted-in-user-data\nkey: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n  pl4nted-key-material\n"
	x.plant("user data", "pl4nted-in-user-data")
	x.plant("a key in user data", "pl4nted-key-material")
	x.plant("a new password", "pl4nted-new-password")
	var end []string
	for _, code := range []int{0, 400, 403, 409} {
		status.Store(int64(code))
		do(func() error {
			return st.slack.TypeWithFile("alice", "team-a", "", fmt.Sprintf("@stackhand create data-%d --user-data", code), "cloud.yaml", []byte(data))
		})
		x.must(x.p.wait(t.Context(), time.Minute))
		do(func() error { return st.slack.Type("alice", "team-a", "", "/stack password data-0") })
		x.see("The new password of the administrator")
		do(func() error { return st.slack.Submit("alice", map[string]string{"password": "pl4nted-new-password"}) })
		do(func() error { return st.slack.Type("bob", "team-b", "", "/stack login") })
		x.see("Your login to")
		do(func() error {
			return st.slack.Submit("bob", map[string]string{"username": "bob", "password": "bob-secret", "project_name": "team-b"})
		})
		_ = st.slack.CloseModal("bob")
		lines := changing
		if code == 0 {
			lines, end = everyLine()
		}
		for _, line := range lines {
			do(func() error { return st.slack.Type("alice", "team-a", "", "/stack "+line) })
			_ = st.slack.CloseModal("alice") // most lines open none
		}
	}
	status.Store(0)
	for _, line := range end {
		do(func() error { return st.slack.Type("alice", "team-a", "", "/stack "+line) })
	}
	x.must(x.p.wait(t.Context(), 2*time.Minute))
	if said.Load() < 20 {
		t.Errorf("the cloud repeated what it was sent %d times only", said.Load())
	}
	places := map[string][]byte{"Slack": x.sentWithout("alice", "bob"), "/metrics": x.metrics()}
	st.kill()
	p.look(x)
	places["the log"], places["the store"] = x.log.bytes(), x.disk
	x.search(places)
}
