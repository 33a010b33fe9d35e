package slack_test

import (
	"bufio"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/sim/slack"
)

// needTools skips a test that needs something besides Go, unless it is said to be there.
func needTools(t *testing.T, missing string) {
	t.Helper()
	if os.Getenv("STACKHAND_REQUIRE_TOOLS") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// TestBolt lets an app on Slack's own framework (@slack/bolt, npm) talk to the workspace.
func TestBolt(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		needTools(t, "node is not installed")
	}
	if _, err := os.Stat(filepath.Join("bolttest", "node_modules", "@slack", "bolt")); err != nil {
		needTools(t, "@slack/bolt is not installed: run npm ci in internal/sim/slack/bolttest")
	}
	w := slack.New(slack.Options{})
	srv := httptest.NewServer(w)
	t.Cleanup(func() {
		w.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	startApp(t, node, w, srv.URL)

	mark := w.Mark()
	must(t, w.Type("alice", "team-a", "", "/stack create web-1"))
	await(t, w, mark, "ephemeral", "You said: create web-1\n[Open]")
	must(t, w.Click("alice", "open"))
	await(t, w, mark, "modal", "Name:")
	await(t, w, mark, "update", "The form is open.")
	must(t, w.Submit("alice", map[string]string{"name": "two words"}))
	await(t, w, mark, "modal", "Name: No spaces, please")
	must(t, w.Submit("alice", map[string]string{"name": "web-1"}))
	await(t, w, mark, "message", "@alice took web-1 with 7")
	if _, open := w.Modal("alice"); open {
		t.Error("the modal is still open")
	}
	must(t, w.Type("bob", "team-a", "", "@stackhand are you there?"))
	s := await(t, w, mark, "message", "I heard: @stackhand are you there?")
	if s.Thread == "" {
		t.Errorf("the answer is not in the thread: %+v", s)
	}
	for changed := w.Changed(); w.Unacked() != 0; changed = w.Changed() {
		<-changed // an answer may overtake the acknowledgement
	}
}

// startApp runs the app until the test ends, and returns when it is connected.
func startApp(t *testing.T, node string, w *slack.Workspace, url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, node, "app.js")
	cmd.Dir = "bolttest"
	cmd.Env = append(os.Environ(), "SLACK_API_URL="+url+"/api/", "SLACK_BOT_TOKEN="+w.BotToken(), "SLACK_APP_TOKEN="+w.AppToken())
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if lines.Text() == "ready" {
				ready <- true
			}
			t.Log("app:", lines.Text())
		}
		close(ready)
	}()
	t.Cleanup(func() {
		cancel()
		for range ready { // until its output has ended
		}
		_ = cmd.Wait() // it was killed
	})
	select {
	case ok := <-ready:
		if !ok {
			t.Fatal("the app ended:", problems.String())
		}
	case <-time.After(time.Minute):
		t.Fatal("the app did not start:", problems.String())
	}
	for changed := w.Changed(); w.Connections() == 0; changed = w.Changed() {
		<-changed
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await waits for something shown after mark, of that kind, that contains text.
func await(t *testing.T, w *slack.Workspace, mark int, kind, text string) slack.Shown {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		changed := w.Changed()
		for _, s := range w.Since(mark) {
			if s.Kind == kind && strings.Contains(s.Text, text) {
				return s
			}
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("no %s with %q was shown, only %+v", kind, text, w.Since(mark))
		}
	}
}
