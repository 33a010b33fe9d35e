package slack_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestBrowser uses the page as people do, in Debian's chromium.
func TestBrowser(t *testing.T) {
	ctx := browser(t)
	for name, run := range map[string]func(*testing.T, context.Context){
		"conversation": conversation, "keyboard": keyboardAlone, "phone": phone, "people": people, "trouble": trouble, "views": views,
	} {
		t.Run(name, func(t *testing.T) { run(t, ctx) })
	}
}

func conversation(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1200, 800)
	p.see(id("banner"), "this is not Slack")
	p.say("composer", "/stack list")
	p.see(id("message")+"[data-ephemeral]", "Only visible to you")
	p.see(id("message")+"[data-ephemeral] code", "web-1")

	p.say("composer", "/stack login")
	p.see(id("modal-title"), "Log in")
	p.click(id("modal-submit"))
	p.see(id("input-username"), "Please fill in this field.")
	p.click(id("action-username"))
	p.keys("alice\t")
	p.keys("wrong")
	p.click(id("modal-submit"))
	p.see(id("input-password"), "wrong password")
	p.shot("modal")
	p.click(id("action-password"))
	p.keys("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	p.keys("secret")
	p.choose("project_name", "team-b")
	p.choose("groups", "ssh")
	p.click(id("modal-submit"))
	p.gone(id("modal"))
	p.see(id("message"), `{"groups":1,"project":"team-b"}`)
	p.see(id("message")+" .mention-me", "@alice")
	p.see(id("message")+" time", "at ")

	p.click(id("action-reboot"))
	p.see(id("confirm"), "Everyone on web-1 is thrown out.")
	p.click(id("confirm-cancel"))
	p.gone(id("confirm"))
	p.say("composer", "/stack later") // the app takes things in order: a press would be done before this
	p.see(id("message"), "(later)")
	if n := p.calls("chat.update"); n != 0 {
		t.Error("what was not confirmed was done")
	}
	p.click(id("action-reboot"))
	p.click(id("confirm-ok"))
	p.see(id("message"), "web-1 was rebooted by alice")
	p.see(id("message"), "(edited)")

	p.click(`.message:has(` + id("action-reboot") + `) ` + id("reply-in-thread"))
	p.say("thread-composer", "@stackhand reboot, please & thank you")
	p.see(id("thread-messages"), "On it, @alice.")
	p.see(id("thread-messages"), "@stackhand reboot, please & thank you")
	p.see(id("messages")+" "+id("open-thread"), "2 replies")
	p.shot("light")
	p.colours("dark")
	p.shot("dark")
	p.colours("light")
}

// choose picks an entry of a select by its label.
func (p *tab) choose(action, label string) {
	p.t.Helper()
	p.click(id("action-" + action))
	row := fmt.Sprintf(`.picker-list:popover-open [data-value=%q]`, label)
	p.see(row, label)
	p.click(row)
	if evaluate[bool](p, `Boolean(document.querySelector(".picker-list:popover-open"))`) { // of several choices
		p.keys(kb.Escape)
	}
	p.gone(".picker-list:popover-open")
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
	return evaluate[string](p, `document.activeElement?.dataset.testid ?? document.activeElement?.tagName ?? ""`)
}

// walk presses a key until the focus is on a test id, at most 25 times.
func (p *tab) walk(to, key string, options ...chromedp.KeyOption) {
	p.t.Helper()
	for range 25 {
		if p.focused() == to {
			return
		}
		p.keys(key, options...)
	}
	p.shot("failed")
	p.t.Fatalf("the focus never came to %s, it is on %s", to, p.focused())
}

func keyboardAlone(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1000, 760)
	back := chromedp.KeyModifiers(chromedp.ModifierShift)
	p.keys(kb.F6)
	p.walk("channel-C0TEAMB", kb.ArrowDown)
	p.keys(kb.Enter)
	p.until(`location.hash.endsWith("/C0TEAMB")`)
	p.walk("composer", kb.Tab)

	p.keys("/st")
	p.see(".hint.active", "/stack")
	p.keys(kb.Tab)
	p.keys("login")
	p.keys(kb.Enter)
	p.see(id("modal"), "User name")
	p.until(`document.activeElement.dataset.actionId === "username"`)
	p.keys("bob")
	p.walk("modal-submit", kb.Tab)
	p.keys(kb.Tab)
	p.until(`document.querySelector("dialog[open]").contains(document.activeElement)`)
	p.walk("action-password", kb.Tab)
	p.keys("secret")
	p.keys(kb.Enter)
	p.gone(id("modal"))
	p.see(id("message"), "web-1 is ready")
	p.until(`document.activeElement.dataset.testid === "composer"`)

	p.walk("action-reboot", kb.Tab, back)
	p.keys(kb.Enter)
	p.until(`document.activeElement.dataset.testid === "confirm-cancel"`)
	p.walk("confirm-ok", kb.Tab)
	p.keys(kb.Enter)
	p.see(id("message"), "web-1 was rebooted by alice")
	p.until(`document.activeElement.dataset.testid === "action-reboot"`)

	p.walk("reply-in-thread", kb.Tab)
	p.keys(kb.Enter)
	p.until(`document.activeElement.dataset.testid === "thread-composer"`)
	p.keys("first")
	p.keys(kb.Enter, back)
	p.keys("second")
	p.keys(kb.Enter)
	p.see(id("thread-messages"), "first\nsecond")
	p.keys(kb.ArrowUp)
	p.until(`document.activeElement.value === "first\nsecond"`)
	p.keys(kb.Escape)
	p.gone(id("thread"))
	p.until(`document.activeElement.dataset.testid === "open-thread"`)
}

func phone(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 360, 720)
	p.gone("nav")
	p.click(id("drawer"))
	p.see("nav", "team-b")
	p.shot("drawer")
	p.click(id("channel-C0TEAMB"))
	p.gone("nav")
	p.say("composer", "@stackhand hello")
	p.see(id("open-thread"), "1 reply")
	p.click(id("open-thread"))
	p.see(id("thread-messages"), "On it")
	p.until(`document.querySelector("[data-testid=thread]").getBoundingClientRect().width >= 359`)
	p.shot("thread")
	p.click(id("thread-close"))
	p.say("composer", "/stack login")
	p.see(id("modal"), "Password")
	p.shot("modal")
	if width := evaluate[int](p, `document.documentElement.scrollWidth`); width > 360 {
		t.Errorf("the page is %d pixels wide on a screen of 360", width)
	}
	p.click(id("modal-close"))
	p.gone(id("modal"))
	p.click(id("drawer"))
	p.click(id("channel-D0ALICE"))
	p.click(id("tab-home"))
	p.see(id("home"), "web-1 is yours")
	p.shot("home")
}

// people are switched between, see what is theirs, and get what the others write at once.
func people(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1100, 760)
	p.say("composer", "/stack list")
	p.see(id("message"), "Only visible to you")
	p.click(id("person-U0BOB"))
	p.until(`document.querySelector("[data-testid=person-U0BOB]").getAttribute("aria-checked") === "true"`)
	p.gone(id("message") + "[data-ephemeral]")
	p.say("composer", "good morning <b>all</b>")
	p.see(id("message"), "good morning <b>all</b>")
	if err := p.w.Type("carol", "ops", "", "hello @bob"); err != nil {
		t.Fatal(err)
	}
	p.see(id("channel-C0OPS")+" .count", "1")
	p.click(id("channel-C0OPS"))
	p.see(id("message")+" .mention-me", "@bob")
	p.gone(id("channel-C0OPS") + " .count")
	if err := p.w.TypeWithFile("carol", "ops", "", "the log", "boot.log", []byte("[ 0.0] Linux\nlogin:")); err != nil {
		t.Fatal(err)
	}
	p.see(id("message"), "boot.log")
	p.click(id("file-preview") + " summary")
	p.see(id("file-preview"), "login:")
	p.attach("user-data.yaml", "#cloud-config\n")
	p.say("composer", "with this")
	p.see(id("message"), "user-data.yaml")
}

// attach chooses a file as the dialog of the operating system would.
func (p *tab) attach(name, content string) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.SetUploadFiles(chromedp.CSS(id("composer-file")), []string{path}))
	p.see(".composer .chip", name)
}

// trouble is what the page says when the app is silent, and that it catches up after a break.
func trouble(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 1100, 760)
	p.say("composer", "/stack silence")
	p.see(id("notice"), "/stack failed")
	p.say("composer", "/unknown")
	p.see(id("notice"), "/unknown")
	p.click(id("channel-C0TEAMB"))
	p.say("composer", "@stackhand hello")
	p.click(id("open-thread"))
	p.say("thread-composer", "/stack list")
	p.see(id("thread")+" "+id("notice"), "thread")

	p.cut.Store(true)
	p.server.CloseClientConnections()
	if err := p.w.Type("carol", "team-b", "", "said while you were away"); err != nil {
		t.Fatal(err)
	}
	p.see(id("message"), "said while you were away")
	p.gone(".status")
	if n := evaluate[int](p, `[...document.querySelectorAll(".message")].filter((node) => node.innerText.includes("while you were away")).length`); n != 1 {
		t.Errorf("the message is shown %d times", n)
	}
}

// views lie on top of each other, come back as they were left, and keep what was entered.
func views(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 900, 700)
	p.say("composer", "/stack login")
	p.see(id("modal"), "User name")
	p.click(id("action-username"))
	p.keys("alice")
	p.choose("groups", "default")
	p.click(id("action-explain"))
	p.see(id("modal-title"), "Your password")
	p.gone(id("action-username"))
	p.keys(kb.Escape)
	p.see(id("modal-title"), "Log in")
	p.until(`document.querySelector("[data-testid=action-username]").value === "alice"`)
	p.click(id("action-wider"))
	p.see(id("modal-title"), "Log in, wider")
	p.until(`document.querySelector("[data-testid=action-username]").value === "alice"`)
	p.see(".chip", "default")
	p.click(id("modal-x"))
	p.gone(id("modal"))
	if _, open := p.w.Modal("alice"); open {
		t.Error("the workspace still has the modal open")
	}
}
