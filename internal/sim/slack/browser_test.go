package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/stackhand/stackhand/internal/sim/slack"
)

// patience is how long something may take to appear on the page.
const patience = 10 * time.Second

// tool finds a program that a test needs. Without it the test is skipped, or fails where all tools
// are required.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("STACKHAND_REQUIRE_TOOLS") == "1" {
		t.Fatalf("none of %v is installed, and STACKHAND_REQUIRE_TOOLS=1", names)
	}
	t.Skipf("none of %v is installed", names)
	return ""
}

// tab is a page of the workspace in a real browser.
type tab struct {
	t      *testing.T
	ctx    context.Context
	w      *slack.Workspace
	server *httptest.Server
	cut    atomic.Bool // the network fails on purpose, and the browser may say so
}

// browser starts Chromium with an empty profile; it is gone when the test ends.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := tool(t, "chromium", "chromium-browser", "google-chrome")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("stop the browser: %v", err)
		}
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// open shows a new workspace with the scripted app in a new tab. Whatever the page complains about
// on its console fails the test.
func open(t *testing.T, parent context.Context, width, height int64) *tab {
	t.Helper()
	w, server := startScripted(t)
	ctx, cancel := chromedp.NewContext(parent)
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	p := &tab{t: t, ctx: ctx, w: w, server: server}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	console := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for message, err := range console {
			if err != nil {
				return
			}
			if message.Source == "network" && p.cut.Load() {
				continue
			}
			if message.IsException() || message.Type == "error" || message.Type == "warning" {
				t.Errorf("the page complains: %s", message)
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		cancel()
		<-done
	})
	p.colours("light")
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(server.URL+"/"))
	p.until(`document.activeElement?.dataset.testid === "composer"`)
	return p
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.shot("failed")
		p.t.Fatalf("%v; the page shows:\n%s", err, p.text("body"))
	}
}

func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits in the page for a condition in JavaScript to hold.
func (p *tab) until(condition string) {
	p.t.Helper()
	const loop = `new Promise((resolve) => {
		const end = Date.now() + %d;
		const look = () => { if (%s) resolve(true); else if (Date.now() > end) resolve(false); else setTimeout(look, 20); };
		look();
	})`
	if !evaluate[bool](p, fmt.Sprintf(loop, patience.Milliseconds(), condition)) {
		p.shot("failed")
		p.t.Fatalf("never true: %s; the page shows:\n%s", condition, p.text("body"))
	}
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings can always be quoted
	}
	return string(quoted)
}

// see waits until the parts of the page that the selector finds show a text.
func (p *tab) see(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`[...document.querySelectorAll(%s)].some((node) => node.checkVisibility({ visibilityProperty: true }) && node.innerText.includes(%s))`, quote(selector), quote(text)))
}

// gone waits until nothing of the selector is visible.
func (p *tab) gone(selector string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`![...document.querySelectorAll(%s)].some((node) => node.checkVisibility({ visibilityProperty: true }))`, quote(selector)))
}

func (p *tab) text(selector string) string {
	p.t.Helper()
	return evaluate[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, quote(selector)))
}

// id is the selector of a test id.
func id(name string) string { return fmt.Sprintf("[data-testid=%q]", name) }

// click presses what the selector finds first. What is redrawn between being found and being
// pressed is looked for again.
func (p *tab) click(selector string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
	for err != nil && strings.Contains(err.Error(), "Could not find node") {
		err = chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
	}
	if err != nil {
		p.shot("failed")
		p.t.Fatalf("click %s: %v; the page shows:\n%s", selector, err, p.text("body"))
	}
}

func (p *tab) keys(keys string, modifiers ...chromedp.KeyOption) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, modifiers...))
}

func (p *tab) say(field, text string) {
	p.t.Helper()
	p.click(id(field))
	p.keys(text)
	p.keys(kb.Enter)
}

// shot writes a picture of the page where STACKHAND_SCREENSHOTS names a folder.
func (p *tab) shot(name string) {
	p.t.Helper()
	folder := os.Getenv("STACKHAND_SCREENSHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, strings.ReplaceAll(p.t.Name(), "/", "-")+"-"+name+".png"), picture, 0o600)
	}
	if err != nil {
		p.t.Errorf("screenshot %s: %v", name, err)
	}
}

// colours asks for "light" or "dark", and for little motion, so that nothing moves away from a click.
func (p *tab) colours(scheme string) {
	p.t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, params); err != nil {
		p.t.Fatal(err)
	}
}
