package bot

import (
	"strings"
	"testing"
	"time"

	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

func TestReadingAnswersTheAskerAlone(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	got := w.see(w.typed("alice", "#team-a", "", "/stack list"), "web-1 +ACTIVE")
	if got.Kind != "ephemeral" || got.For != "U0ALICE" {
		t.Errorf("shown as %s for %q", got.Kind, got.For)
	}
	got = w.see(w.clicked("alice", "share"), "web-1 +ACTIVE")
	if got.Kind != "message" || got.For != "" || got.Channel != "C0TEAMA" {
		t.Errorf("shared as %s for %q in %s", got.Kind, got.For, got.Channel)
	}
}

func TestTheSameWordsEverywhere(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	root := w.see(w.typed("bob", "#team-a", "", "hello"), "hello")
	for _, c := range []struct{ name, channel, thread, text, want, kind string }{
		{"slash", "#team-a", "", "/stack where", "direct=false thread=false", "ephemeral"},
		{"mention", "#team-a", "", "@stackhand where", "direct=false thread=false", "ephemeral"},
		{"thread", "#team-a", root.TS, "@stackhand where", "direct=false thread=true", "ephemeral"},
		{"direct", "@stackhand", "", "where", "direct=true thread=false", "message"},
		{"slash in direct", "@stackhand", "", "/stack where", "direct=true thread=false", "message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.see(w.typed("alice", c.channel, c.thread, c.text), c.want)
			if got.Kind != c.kind || got.Thread != c.thread {
				t.Errorf("answered as %s in thread %q", got.Kind, got.Thread)
			}
		})
	}
	w.until("idle", func() bool { return !w.bot.Busy() })
	if n := w.done("alice where"); n != 5 {
		t.Errorf("%d lines carried out of 5", n)
	}
	if w.mem.pending() != 0 {
		t.Error("the inbox is not empty")
	}
}

func TestErrorsAreSentences(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	for line, want := range map[string]string{
		"fail":   "Something went wrong here, and it is not your fault \\(ref [0-9a-f]{8}\\)",
		"boom":   "Something went wrong here, and it is not your fault \\(ref [0-9a-f]{8}\\)",
		"secret": "(?s)You are not logged in.*Log in first.*\\[Log in\\]",
	} {
		got := w.see(w.typed("alice", "#team-a", "", "/stack "+line), want)
		if strings.Contains(got.Text, "hidden") {
			t.Errorf("%s shows %s", line, got.Text)
		}
	}
	if !strings.Contains(w.log.String(), "hidden words") {
		t.Error("the log does not have the cause")
	}
	w.see(w.typed("alice", "#team-a", "", "/stack list"), "web-1")
}

func TestSlowCommandsAreAnsweredWithinASecond(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	mark := w.typed("alice", "#team-a", "", "/stack slow")
	w.see(mark, "On it")
	other := w.typed("bob", "#team-a", "", "/stack list")
	w.see(other, "1 server of bob")
	w.typed("alice", "#team-a", "", "/stack second")
	if w.done("alice second") != 0 {
		t.Error("alice's second line overtook her first")
	}
	close(w.hold)
	w.see(mark, "slow is done")
	w.see(mark, "did second")
}

func TestModalLogin(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.see(w.typed("bob", "#team-a", "", "/stack login"), "User name")
	submit := func(user, password string) int {
		t.Helper()
		mark := w.slack.Mark()
		if err := w.slack.Submit("bob", map[string]string{"username": user, "password": password}); err != nil {
			t.Fatal(err)
		}
		return mark
	}
	w.see(submit("nobody", "bob-secret"), "User name: Nobody is called that")
	w.see(submit("bob", "wrong-secret"), "lab does not accept this password")
	if v, ok := w.slack.Modal("bob"); !ok || strings.Contains(v.Text, "Nobody") {
		t.Errorf("the earlier problem is still there: %+v", v)
	}
	w.see(submit("many", "bob-secret"), "(?s)Project:.*Send")
	mark := w.slack.Mark()
	if err := w.slack.Submit("bob", map[string]string{"project_name": "team-b"}); err != nil {
		t.Fatal(err)
	}
	w.see(mark, "You are logged in to lab, project team-b")
	w.until("idle", func() bool { return !w.bot.Busy() })
	for _, s := range w.slack.Since(0) {
		if strings.Contains(s.Text+s.Raw, "-secret") {
			t.Errorf("the password was shown: %s", s.Raw)
		}
	}
	if strings.Contains(w.log.String(), "-secret") {
		t.Error("the password is in the log")
	}
}

func TestWhatIsWrittenDownHoldsNoSecret(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.boot()
	w.typed("bob", "#team-a", "", "/stack login")
	w.see(0, "User name")
	if err := w.slack.Submit("bob", map[string]string{"username": "bob", "password": "bob-secret"}); err != nil {
		t.Fatal(err)
	}
	w.see(0, "You are logged in to lab as bob")
	w.updatesAfterTheAck(t)
	w.mem.mu.Lock()
	defer w.mem.mu.Unlock()
	if len(w.mem.history) != 2 {
		t.Errorf("%d things were written down of 2", len(w.mem.history))
	}
	for _, in := range w.mem.history {
		if s := string(in.Body); strings.Contains(s, "bob-secret") || strings.Contains(s, "/hooks/") {
			t.Errorf("%s holds it in clear: %s", in.Kind, s)
		}
	}
}

// updatesAfterTheAck checks that a modal is updated only some time after "Checking…" was sent,
// which goes another way and would overwrite what came before it.
func (w *world) updatesAfterTheAck(t *testing.T) {
	t.Helper()
	var acked, updated time.Time
	for _, f := range w.slack.Frames() {
		if !f.Out && strings.Contains(string(f.Data), "Checking") {
			acked = f.At
		}
	}
	for _, c := range w.slack.Calls() {
		if c.Method == "views.update" {
			updated = c.At
		}
	}
	if acked.IsZero() || updated.Sub(acked) < ackTravels/2 {
		t.Errorf("acknowledged at %v, updated at %v", acked, updated)
	}
}

func TestFormWithoutTriggerOpensByButton(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.see(w.typed("bob", "#team-a", "", "@stackhand login"), `\[Log in\]`)
	w.see(w.clicked("bob", "login"), "User name")
	if _, open := w.slack.Modal("bob"); !open {
		t.Error("no modal")
	}
}

func TestAFormWhoseTriggerEndedOpensByButton(t *testing.T) {
	w := newWorld(t, sim.Options{Clocks: sim.Clocks{Trigger: time.Nanosecond}}).boot()
	got := w.see(w.typed("bob", "#team-a", "", "/stack login"), `\[Log in\]`)
	if got.Kind != "ephemeral" || got.For != "U0BOB" {
		t.Errorf("answered as %+v", got)
	}
}

func TestSecretLinesAreNotKept(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.see(w.typed("bob", "#team-a", "", "@stackhand login --password hunter2"), "(?s)seems to hold.*Delete your message")
	w.mem.mu.Lock()
	defer w.mem.mu.Unlock()
	for _, in := range w.mem.history {
		if strings.Contains(string(in.Body), "hunter2") {
			t.Errorf("it is kept: %s", in.Body)
		}
	}
	if strings.Contains(w.log.String(), "hunter2") {
		t.Error("it is in the log")
	}
}

func TestChoicesAreButtons(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	w.see(w.typed("alice", "#team-a", "", "/stack which"), "Which one")
	if err := w.slack.ClickValue("alice", "choose", "show b"); err != nil {
		t.Fatal(err)
	}
	w.see(0, "did show b")
}

func TestFilesComeAndGo(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	if err := w.slack.TypeWithFile("alice", "@stackhand", "", "cat", "init.yaml", []byte("#cloud-config")); err != nil {
		t.Fatal(err)
	}
	w.see(0, "init.yaml holds #cloud-config")
	got := w.see(w.typed("alice", "#team-a", "", "/stack log"), "booted fine|console.txt")
	if got.Channel == "C0TEAMA" {
		t.Error("a private file was shown to the channel")
	}
}
