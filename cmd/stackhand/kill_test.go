package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/internal/sim/openstack"
	"github.com/stackhand/stackhand/internal/sim/slack"
)

// outside is a workspace and a cloud in this process, for a bot in a process of its own.
type outside struct {
	t     testing.TB
	slack *slack.Workspace
	cloud *openstack.Cloud
	env   []string
	dir   string
	bin   string // the program
	bot   *exec.Cmd
	log   io.Writer // nil: what is a warning, or worse, goes to the test's own output
}

func newOutside(t testing.TB) *outside {
	o := &outside{t: t, bin: "stackhand", dir: t.TempDir(), slack: slack.New(slack.Options{Clocks: slack.Clocks{Trigger: time.Minute}}), cloud: openstack.New(openstack.Options{Build: time.Second})}
	workspace, cloud := httptest.NewServer(o.slack), httptest.NewServer(o.cloud)
	t.Cleanup(func() { o.slack.Close(); workspace.Close(); cloud.Close() })
	o.write("stackhand.yaml", fmt.Sprintf("slack:\n  api_url: %s/api/\nclouds:\n  file: clouds.yaml\n  default: lab\n  lab: {flavor: m1.small, image: Ubuntu 22.04}\n", workspace.URL))
	o.write("clouds.yaml", fmt.Sprintf("clouds:\n  lab:\n    auth: {auth_url: %s/identity/v3}\n    region_name: RegionOne\n", cloud.URL))
	keyset, err := secret.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	o.env = append(os.Environ(), "SLACK_APP_TOKEN="+o.slack.AppToken(), "SLACK_BOT_TOKEN="+o.slack.BotToken(), "STACKHAND_KEYSET="+keyset)
	return o
}

func (o *outside) write(name, text string) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// start runs `stackhand serve` and returns when it is connected.
func (o *outside) start() {
	o.t.Helper()
	o.bot = exec.CommandContext(o.t.Context(), o.bin, "serve", "--config", "stackhand.yaml", "--log-level", "warn")
	o.bot.Dir, o.bot.Env, o.bot.Stderr = o.dir, o.env, os.Stderr
	if o.log != nil {
		o.bot.Args[len(o.bot.Args)-1], o.bot.Stderr = "info", o.log
	}
	if err := o.bot.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.until("the bot connects", func() bool { return o.slack.Connections() > 0 })
}

// kill is kill -9.
func (o *outside) kill() {
	o.t.Helper()
	if err := o.bot.Process.Kill(); err != nil {
		o.t.Fatal(err)
	}
	if err := o.bot.Wait(); err == nil {
		o.t.Fatal("a killed process ended well")
	}
	o.until("the sockets are closed", func() bool { return o.slack.Connections() == 0 })
}

func (o *outside) until(what string, ok func() bool) {
	o.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(3 * time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			for _, s := range o.slack.Since(0) {
				o.t.Logf("shown: %s %s", s.Kind, s.Text)
			}
			o.t.Fatalf("waited three minutes until %s", what)
		}
	}
}

func (o *outside) shown(mark int, expr string) int {
	n, re := 0, regexp.MustCompile(expr)
	for _, s := range o.slack.Since(mark) {
		if re.MatchString(s.Text) {
			n++
		}
	}
	return n
}

// writes counts the calls that change something in the cloud.
func (o *outside) writes() int {
	n := 0
	for _, r := range o.cloud.Requests() {
		if r.Method != http.MethodGet && !strings.Contains(r.Path, "/identity/") {
			n++
		}
	}
	return n
}

func (o *outside) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// A real process is killed again and again, each time some cloud calls later, while it builds a server
// and while it takes it down. In the end all is there once, then nothing is, and each was said once.
func TestKill9(t *testing.T) {
	o := newOutside(t)
	o.start()
	o.must(o.slack.Type("bob", "team-b", "", "/stack login"))
	o.until("the modal opens", func() bool { _, open := o.slack.Modal("bob"); return open })
	o.must(o.slack.Submit("bob", map[string]string{"username": "bob", "password": "bob-secret"}))
	o.until("bob is logged in", func() bool { return o.shown(0, "logged in to lab as bob") > 0 })

	rounds := func(line, final string) {
		mark, calls := o.slack.Mark(), o.writes()
		o.must(o.slack.Type("bob", "team-b", "", line))
		for round := 1; round <= 5 && o.shown(mark, final) == 0; round++ {
			o.until("the bot calls the cloud", func() bool {
				return o.writes() >= calls+2 || o.shown(mark, final) > 0
			})
			o.kill()
			calls = o.writes()
			o.start()
		}
		o.until("it is over: "+line, func() bool { return o.shown(mark, final) > 0 })
		if n := o.shown(mark, final); n != 1 {
			t.Errorf("%s: %d final replies, want 1", line, n)
		}
	}
	count := func(want int, kinds ...string) {
		t.Helper()
		for _, k := range kinds {
			if n := o.cloud.Count(k, "team-b"); n != want {
				t.Errorf("the cloud holds %d %s, want %d", n, k, want)
			}
		}
	}
	rounds("/stack create web-1", finalCreated)
	count(1, "servers", "networks", "routers", "floating-ips", "security-groups")
	rounds("/stack delete web-1", finalDeleted)
	count(0, "servers", "networks", "routers", "floating-ips", "security-groups", "ports")
	o.kill()
	a, closed := onFile(t, filepath.Join(o.dir, "stackhand.db"))
	a.must(t, a.noteEndings(t.Context())) // the last one, where it was killed before
	a.onTrail(t, 2)
	closed()
}

// What the final replies of a build and of a deletion look like.
const (
	finalCreated = `^@bob web-1 ACTIVE 203\.0\.113\.`
	finalDeleted = `^@bob web-1 is deleted`
)
