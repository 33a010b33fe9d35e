package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// here puts the outside's environment and folder around this process.
func (o *outside) here() {
	for _, kv := range o.env {
		if k, v, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "SLACK_") || strings.HasPrefix(k, "STACKHAND_KEYSET") {
			o.t.Setenv(k, v)
		}
	}
	o.t.Chdir(o.dir)
}

// listen adds a free port to the configuration, and returns its address. It is none of those that systems give to whoever asks for any, or
// another process might have it before the bot does.
func (o *outside) listen() string {
	o.t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", 20000+rand.IntN(10000)))
		if err != nil {
			continue
		}
		addr := l.Addr().String()
		o.add("listen: " + addr + "\n")
		o.must(l.Close())
		return addr
	}
	o.t.Fatal("no port is free")
	return ""
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// The bot as an operator runs it: it answers for its health, a second one on the same store is refused at
// once, and it stops when it is told to.
func TestServe(t *testing.T) {
	o := newOutside(t)
	addr := o.listen()
	o.here()
	if code, _, errs := command(t, "", "health"); code != 1 || !strings.Contains(errs, "does not answer") {
		t.Errorf("health without a bot: status %d, %q", code, errs)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"serve", "--log-json", "--log-level", "error"}, streams{strings.NewReader(""), io.Discard, os.Stderr})
	}()
	o.until("the bot is ready, with both of its connections", func() bool {
		code, body := fetch(t, "http://"+addr+"/readyz")
		return code == http.StatusOK && strings.HasPrefix(body, "ok: 2 ")
	})
	if code, out, errs := command(t, "", "health"); code != 0 || !strings.HasPrefix(out, "ok: ") {
		t.Errorf("health: status %d, %q%s", code, out, errs)
	}
	var page string
	o.until("both connections are up", func() bool { // it is ready with the first
		_, page = fetch(t, "http://"+addr+"/metrics")
		return strings.Contains(page, "stackhand_slack_connections 2")
	})
	for _, want := range []string{"stackhand_jobs_open 0", "stackhand_inbox_pending 0", "go_goroutines"} {
		if !strings.Contains(page, want) {
			t.Errorf("/metrics lacks %q", want)
		}
	}
	if code, _, errs := command(t, "", "serve"); code != 1 || !strings.Contains(errs, "stackhand.db") {
		t.Errorf("a second bot on the same store: status %d, %q", code, errs)
	}
	if code, out, _ := command(t, "", "doctor"); code != 0 || !strings.Contains(out, "warning  store") {
		t.Errorf("doctor beside a running bot: status %d\n%s", code, out)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the bot ended with status %d", code)
	}
	if code, out, _ := command(t, "", "doctor"); code != 0 || !strings.Contains(out, "ok       store") {
		t.Errorf("doctor after it: status %d\n%s", code, out)
	}
	_, other, _ := command(t, "", "keyset", "new")
	t.Setenv("STACKHAND_KEYSET", other)
	if code, out, _ := command(t, "", "doctor"); code != 1 || !strings.Contains(out, "error    keyset") || !strings.Contains(out, "not the one that the store was sealed with") {
		t.Errorf("doctor with another keyset: status %d\n%s", code, out)
	}
}

// What is wrong is named, with the mend, a line each.
func TestDoctor(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, o *outside)
		code  int
		want  []string
	}{
		{"all is well", func(*testing.T, *outside) {}, 0,
			[]string{"ok       config", "ok       keyset", "ok       bot token", "ok       app token", "ok       cloud lab", "0 errors, 0 warnings"}},
		{"rules and groups", func(_ *testing.T, o *outside) {
			o.add("roles: {approver: [S0OPS]}\npolicy:\n  - {then: approve, approvers: [S0GONE]}\n")
		}, 1, []string{"ok       policy         rules: 1", "ok       user groups    S0OPS is there", "error    user groups    Slack knows no user group S0GONE"}},
		{"wrong tokens", func(t *testing.T, _ *outside) { t.Setenv("SLACK_BOT_TOKEN", "xoxb-wrong") }, 1,
			[]string{"error    bot token", "invalid_auth"}},
		{"no tokens", func(t *testing.T, _ *outside) { t.Setenv("SLACK_APP_TOKEN", "") }, 1,
			[]string{"error    app token", "SLACK_APP_TOKEN is not set"}},
		{"garbled keyset", func(t *testing.T, _ *outside) { t.Setenv("STACKHAND_KEYSET", "xyz") }, 1, []string{"error    keyset"}},
		{"cloud away", func(_ *testing.T, o *outside) {
			o.write("clouds.yaml", "clouds:\n  lab:\n    auth: {auth_url: \"http://127.0.0.1:1/v3\"}\n    region_name: RegionOne\n")
		}, 1, []string{"error    cloud lab", "127.0.0.1:1"}},
		{"service credentials", func(_ *testing.T, o *outside) { o.service("", "bob-secret") }, 0,
			[]string{"ok       cloud lab", "logged in as bob, project team-b"}},
		{"service credentials that are wrong", func(_ *testing.T, o *outside) { o.service("", "nope") }, 1, []string{"error    cloud lab"}},
		{"no such external network", func(_ *testing.T, o *outside) { o.service("moon", "bob-secret") }, 1,
			[]string{`external_network "moon" is not there`, "public"}},
		{"quota used up", func(_ *testing.T, o *outside) {
			o.service("", "bob-secret")
			o.fault("quota team-b instances 0")
		}, 0, []string{"warning  cloud lab", "quota of servers is used up"}},
		{"nova is down", func(_ *testing.T, o *outside) {
			o.service("", "bob-secret")
			o.fault("any /compute 500 always")
		}, 1, []string{"error    cloud lab", "compute: A part of the cloud's compute service"}},
		{"no folder for the store", func(_ *testing.T, o *outside) { o.add("store: bolt:nowhere/x.db\n") }, 1, []string{"error    store"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOutside(t)
			o.here()
			c.spoil(t, o)
			code, out, _ := command(t, "", "doctor")
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if code != c.code {
				t.Errorf("status %d, want %d\n%s", code, c.code, out)
			}
		})
	}
}

func (o *outside) add(yaml string) {
	o.t.Helper()
	old, err := os.ReadFile(filepath.Join(o.dir, "stackhand.yaml"))
	o.must(err)
	o.write("stackhand.yaml", string(old)+yaml)
}

// service gives the cloud's entry credentials of its own, which serve everyone.
func (o *outside) service(external, password string) {
	o.t.Helper()
	old, err := os.ReadFile(filepath.Join(o.dir, "stackhand.yaml"))
	o.must(err)
	o.write("stackhand.yaml", strings.Replace(string(old), "lab: {", fmt.Sprintf("lab: {credentials: service, external_network: %q, ", external), 1))
	clouds, err := os.ReadFile(filepath.Join(o.dir, "clouds.yaml"))
	o.must(err)
	o.write("clouds.yaml", strings.Replace(string(clouds), "auth: {", fmt.Sprintf("auth: {username: bob, password: %q, project_name: team-b, user_domain_name: Default, project_domain_name: Default, ", password), 1))
}

func (o *outside) fault(rule string) {
	o.t.Helper()
	l, err := parseLine("fault " + rule)
	o.must(err)
	o.must(o.cloud.Fault(l.rule))
}

// The link of the manifest creates the very app that the manifest describes.
func TestManifestLink(t *testing.T) {
	o := newOutside(t)
	o.here()
	_, text, _ := command(t, "", "manifest")
	_, link, _ := command(t, "", "manifest", "--link")
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		t.Fatal(err)
	}
	if m := u.Query().Get("manifest_yaml"); m == "" || !strings.HasPrefix(text, m) || !strings.Contains(text, strings.TrimSpace(link)) {
		t.Errorf("the link carries\n%s\nand the manifest is\n%s", m, text)
	}
}

// What lies in deploy/ is what the command prints for a configuration without a word on Slack.
func TestManifestInDeploy(t *testing.T) {
	lies, err := os.ReadFile("../../deploy/slack-manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := newOutside(t)
	o.here()
	if _, text, _ := command(t, "", "manifest"); text != string(lies) {
		t.Error("deploy/slack-manifest.yaml is not what `stackhand manifest` prints: write it anew")
	}
}
