package slack_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// TestBrowser uses the page as people do, in Debian's chromium.
func TestBrowser(t *testing.T) {
	ctx := browse.Browser(t)
	for name, run := range map[string]func(*testing.T, context.Context){
		"conversation": conversation, "keyboard": keyboardAlone, "phone": phone, "people": people, "trouble": trouble, "views": views,
	} {
		t.Run(name, func(t *testing.T) { run(t, ctx) })
	}
}

func conversation(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1200, 800)
	p.See(browse.ID("banner"), "this is not Slack")
	p.Say("composer", "/stack list")
	p.See(browse.ID("message")+"[data-ephemeral]", "Only visible to you")
	p.See(browse.ID("message")+"[data-ephemeral] code", "web-1")

	p.Say("composer", "/stack login")
	p.See(browse.ID("modal-title"), "Log in")
	p.Click(browse.ID("modal-submit"))
	p.See(browse.ID("input-username"), "Please fill in this field.")
	p.Click(browse.ID("action-username"))
	p.Keys("alice\t")
	p.Keys("wrong")
	p.Click(browse.ID("modal-submit"))
	p.See(browse.ID("input-password"), "wrong password")
	p.Shot("modal")
	p.Click(browse.ID("action-password"))
	p.Keys("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	p.Keys("secret")
	p.choose("project_name", "team-b")
	p.choose("groups", "ssh")
	p.Click(browse.ID("modal-submit"))
	p.Gone(browse.ID("modal"))
	p.See(browse.ID("message"), `{"groups":1,"project":"team-b"}`)
	p.See(browse.ID("message")+" .mention-me", "@alice")
	p.See(browse.ID("message")+" time", "at ")

	p.Click(browse.ID("action-reboot"))
	p.See(browse.ID("confirm"), "Everyone on web-1 is thrown out.")
	p.Click(browse.ID("confirm-cancel"))
	p.Gone(browse.ID("confirm"))
	p.Say("composer", "/stack later") // the app takes things in order: a press would be done before this
	p.See(browse.ID("message"), "(later)")
	if n := p.calls("chat.update"); n != 0 {
		t.Error("what was not confirmed was done")
	}
	p.Click(browse.ID("action-reboot"))
	p.Click(browse.ID("confirm-ok"))
	p.See(browse.ID("message"), "web-1 was rebooted by alice")
	p.See(browse.ID("message"), "(edited)")

	p.Click(`.message:has(` + browse.ID("action-reboot") + `) ` + browse.ID("reply-in-thread"))
	p.Say("thread-composer", "@stackhand reboot, please & thank you")
	p.See(browse.ID("thread-messages"), "On it, @alice.")
	p.See(browse.ID("thread-messages"), "@stackhand reboot, please & thank you")
	p.See(browse.ID("messages")+" "+browse.ID("open-thread"), "2 replies")
	p.Shot("light")
	p.Colours("dark")
	p.Shot("dark")
	p.Colours("light")
}

// choose picks an entry of a select by its label.
func (p *tab) choose(action, label string) {
	p.t.Helper()
	p.Click(browse.ID("action-" + action))
	row := fmt.Sprintf(`.picker-list:popover-open [data-value=%q]`, label)
	p.See(row, label)
	p.Click(row)
	if browse.Evaluate[bool](p.Tab, `Boolean(document.querySelector(".picker-list:popover-open"))`) { // of several choices
		p.Keys(kb.Escape)
	}
	p.Gone(".picker-list:popover-open")
}

// calls counts what the app asked of the workspace.
func (p *tab) calls(method string) int {
	n := 0
	for _, call := range p.w.Calls() {
		if call.Method == method {
			n++
		}
	}
	return n
}

func (p *tab) focused() string {
	p.t.Helper()
	return browse.Evaluate[string](p.Tab, `document.activeElement?.dataset.testid ?? document.activeElement?.tagName ?? ""`)
}

// walk presses a key until the focus is on a test id, at most 25 times.
func (p *tab) walk(to, key string, options ...chromedp.KeyOption) {
	p.t.Helper()
	for range 25 {
		if p.focused() == to {
			return
		}
		p.Keys(key, options...)
	}
	p.Shot("failed")
	p.t.Fatalf("the focus never came to %s, it is on %s", to, p.focused())
}

func keyboardAlone(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1000, 760)
	back := chromedp.KeyModifiers(chromedp.ModifierShift)
	p.Keys(kb.F6)
	p.walk("channel-C0TEAMB", kb.ArrowDown)
	p.Keys(kb.Enter)
	p.Until(`location.hash.endsWith("/C0TEAMB")`)
	p.walk("composer", kb.Tab)

	p.Keys("/st")
	p.See(".hint.active", "/stack")
	p.Keys(kb.Tab)
	p.Keys("login")
	p.Keys(kb.Enter)
	p.See(browse.ID("modal"), "User name")
	p.Until(`document.activeElement.dataset.actionId === "username"`)
	p.Keys("bob")
	p.walk("modal-submit", kb.Tab)
	p.Keys(kb.Tab)
	p.Until(`document.querySelector("dialog[open]").contains(document.activeElement)`)
	p.walk("action-password", kb.Tab)
	p.Keys("secret")
	p.Keys(kb.Enter)
	p.Gone(browse.ID("modal"))
	p.See(browse.ID("message"), "web-1 is ready")
	p.Until(`document.activeElement.dataset.testid === "composer"`)

	p.walk("action-reboot", kb.Tab, back)
	p.Keys(kb.Enter)
	p.Until(`document.activeElement.dataset.testid === "confirm-cancel"`)
	p.walk("confirm-ok", kb.Tab)
	p.Keys(kb.Enter)
	p.See(browse.ID("message"), "web-1 was rebooted by alice")
	p.Until(`document.activeElement.dataset.testid === "action-reboot"`)

	p.walk("reply-in-thread", kb.Tab)
	p.Keys(kb.Enter)
	p.Until(`document.activeElement.dataset.testid === "thread-composer"`)
	p.Keys("first")
	p.Keys(kb.Enter, back)
	p.Keys("second")
	p.Keys(kb.Enter)
	p.See(browse.ID("thread-messages"), "first\nsecond")
	p.Keys(kb.ArrowUp)
	p.Until(`document.activeElement.value === "first\nsecond"`)
	p.Keys(kb.Escape)
	p.Gone(browse.ID("thread"))
	p.Until(`document.activeElement.dataset.testid === "open-thread"`)
}

func phone(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 360, 720)
	p.Gone("nav")
	p.Click(browse.ID("drawer"))
	p.See("nav", "team-b")
	p.Shot("drawer")
	p.Click(browse.ID("channel-C0TEAMB"))
	p.Gone("nav")
	p.Say("composer", "@stackhand hello")
	p.See(browse.ID("open-thread"), "1 reply")
	p.Click(browse.ID("open-thread"))
	p.See(browse.ID("thread-messages"), "On it")
	p.Until(`document.querySelector("[data-testid=thread]").getBoundingClientRect().width >= 359`)
	p.Shot("thread")
	p.Click(browse.ID("thread-close"))
	p.Say("composer", "/stack login")
	p.See(browse.ID("modal"), "Password")
	p.Shot("modal")
	if width := browse.Evaluate[int](p.Tab, `document.documentElement.scrollWidth`); width > 360 {
		t.Errorf("the page is %d pixels wide on a screen of 360", width)
	}
	p.Click(browse.ID("modal-close"))
	p.Gone(browse.ID("modal"))
	p.Click(browse.ID("drawer"))
	p.Click(browse.ID("channel-D0ALICE"))
	p.Click(browse.ID("tab-home"))
	p.See(browse.ID("home"), "web-1 is yours")
	p.Shot("home")
}

// people are switched between, see what is theirs, and get what the others write at once.
func people(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1100, 760)
	p.Say("composer", "/stack list")
	p.See(browse.ID("message"), "Only visible to you")
	p.Become("U0BOB")
	p.Gone(browse.ID("message") + "[data-ephemeral]")
	p.Say("composer", "good morning <b>all</b>")
	p.See(browse.ID("message"), "good morning <b>all</b>")
	if err := p.w.Type("carol", "ops", "", "hello @bob"); err != nil {
		t.Fatal(err)
	}
	p.See(browse.ID("channel-C0OPS")+" .count", "1")
	p.Click(browse.ID("channel-C0OPS"))
	p.See(browse.ID("message")+" .mention-me", "@bob")
	p.Gone(browse.ID("channel-C0OPS") + " .count")
	if err := p.w.TypeWithFile("carol", "ops", "", "the log", "boot.log", []byte("[ 0.0] Linux\nlogin:")); err != nil {
		t.Fatal(err)
	}
	p.See(browse.ID("message"), "boot.log")
	p.Click(browse.ID("file-preview") + " summary")
	p.See(browse.ID("file-preview"), "login:")
	p.attach("user-data.yaml", "#cloud-config\n")
	p.Say("composer", "with this")
	p.See(browse.ID("message"), "user-data.yaml")
}

// attach chooses a file as the dialog of the operating system would.
func (p *tab) attach(name, content string) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.Do(chromedp.SetUploadFiles(chromedp.CSS(browse.ID("composer-file")), []string{path}))
	p.See(".composer .chip", name)
}

// trouble is what the page says when the app is silent, and that it catches up after a break.
func trouble(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1100, 760)
	p.Say("composer", "/stack silence")
	p.See(browse.ID("notice"), "/stack failed")
	p.Say("composer", "/unknown")
	p.See(browse.ID("notice"), "/unknown")
	p.Click(browse.ID("channel-C0TEAMB"))
	p.Say("composer", "@stackhand hello")
	p.Click(browse.ID("open-thread"))
	p.Say("thread-composer", "/stack list")
	p.See(browse.ID("thread")+" "+browse.ID("notice"), "thread")

	p.Cut()
	p.server.CloseClientConnections()
	if err := p.w.Type("carol", "team-b", "", "said while you were away"); err != nil {
		t.Fatal(err)
	}
	p.See(browse.ID("message"), "said while you were away")
	p.Gone(".status")
	if n := browse.Evaluate[int](p.Tab, `[...document.querySelectorAll(".message")].filter((node) => node.innerText.includes("while you were away")).length`); n != 1 {
		t.Errorf("the message is shown %d times", n)
	}
}

// views lie on top of each other, come back as they were left, and keep what was entered.
func views(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 900, 700)
	p.Say("composer", "/stack login")
	p.See(browse.ID("modal"), "User name")
	p.Click(browse.ID("action-username"))
	p.Keys("alice")
	p.choose("groups", "default")
	p.Click(browse.ID("action-explain"))
	p.See(browse.ID("modal-title"), "Your password")
	p.Gone(browse.ID("action-username"))
	p.Keys(kb.Escape)
	p.See(browse.ID("modal-title"), "Log in")
	p.Until(`document.querySelector("[data-testid=action-username]").value === "alice"`)
	p.Click(browse.ID("action-wider"))
	p.See(browse.ID("modal-title"), "Log in, wider")
	p.Until(`document.querySelector("[data-testid=action-username]").value === "alice"`)
	p.See(".chip", "default")
	p.Click(browse.ID("modal-x"))
	p.Gone(browse.ID("modal"))
	if _, open := p.w.Modal("alice"); open {
		t.Error("the workspace still has the modal open")
	}
}
