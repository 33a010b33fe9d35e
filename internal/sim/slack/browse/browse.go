// Package browse drives the page of the workspace in a real browser, for tests.
package browse

import (
	"context"
	"encoding/json"
	"fmt"
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
)

// patience is how long something may take to appear on the page.
const patience = time.Minute

// Tool finds a program that a test needs. Without it the test is skipped, or fails where all tools
// are required.
func Tool(t *testing.T, names ...string) string {
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

// Tab is a page of the workspace in a real browser.
type Tab struct {
	t   *testing.T
	ctx context.Context
	cut atomic.Bool
}

// Browser starts Chromium with an empty profile; it is gone when the test ends.
func Browser(t *testing.T) context.Context {
	t.Helper()
	path := Tool(t, "chromium", "chromium-browser", "google-chrome")
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

// Open shows the page at a base URL in a new tab, as large as said. Whatever the page complains about on its console
// fails the test.
func Open(t *testing.T, parent context.Context, url string, width, height int64) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	p := &Tab{t: t, ctx: ctx}
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
	p.Colours("light")
	p.Do(chromedp.EmulateViewport(width, height), chromedp.Navigate(url+"/"))
	p.Until(`document.activeElement?.dataset.testid === "composer"`)
	return p
}

// Context is the tab's own, for what the other methods do not do.
func (p *Tab) Context() context.Context { return p.ctx }

// Cut tells that the network fails on purpose from now on, so that the browser may complain about it.
func (p *Tab) Cut() { p.cut.Store(true) }

// Do carries out actions of chromedp, within the patience of the package.
func (p *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.Shot("failed")
		p.t.Fatalf("%v; the page shows:\n%s", err, p.Text("body"))
	}
}

// Evaluate gives the value of a JavaScript expression; promises are awaited.
func Evaluate[T any](p *Tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Until waits in the page for a condition in JavaScript to hold.
func (p *Tab) Until(condition string) {
	p.t.Helper()
	const loop = `new Promise((resolve) => {
		const end = Date.now() + %d;
		const look = () => { if (%s) resolve(true); else if (Date.now() > end) resolve(false); else setTimeout(look, 20); };
		look();
	})`
	if !Evaluate[bool](p, fmt.Sprintf(loop, patience.Milliseconds(), condition)) {
		p.Shot("failed")
		p.t.Fatalf("never true: %s; the page shows:\n%s", condition, p.Text("body"))
	}
}

// Quote is a text as a JavaScript string.
func Quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings can always be quoted
	}
	return string(quoted)
}

// See waits until the parts of the page that the selector finds show a text.
func (p *Tab) See(selector, text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf(`[...document.querySelectorAll(%s)].some((node) => node.checkVisibility({ visibilityProperty: true }) && node.innerText.includes(%s))`, Quote(selector), Quote(text)))
}

// Gone waits until nothing of the selector is visible.
func (p *Tab) Gone(selector string) {
	p.t.Helper()
	p.Until(fmt.Sprintf(`![...document.querySelectorAll(%s)].some((node) => node.checkVisibility({ visibilityProperty: true }))`, Quote(selector)))
}

// Text is what the first part that the selector finds shows.
func (p *Tab) Text(selector string) string {
	p.t.Helper()
	return Evaluate[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ""`, Quote(selector)))
}

// ID is the selector of a test id.
func ID(name string) string { return fmt.Sprintf("[data-testid=%q]", name) }

// Click presses what the selector finds first. What is redrawn between being found, being pressed and being let go is looked for again: the
// press of it is lost then.
func (p *Tab) Click(selector string) {
	p.t.Helper()
	const listen = `(window.pressed = false,
		document.addEventListener("click", (event) => { window.pressed ||= Boolean(event.target.closest(%s)); }, { capture: true, once: true }), true)`
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		Evaluate[bool](p, fmt.Sprintf(listen, Quote(selector)))
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
		switch {
		case err == nil && Evaluate[bool](p, "window.pressed"):
			return
		case ctx.Err() == nil && (err == nil || strings.Contains(err.Error(), "Could not find node")):
			continue
		}
		p.Shot("failed")
		p.t.Fatalf("click %s: %v; the page shows:\n%s", selector, err, p.Text("body"))
	}
}

// Become has the page show the workspace as somebody sees it, by their user id. What is pressed before it does is pressed by who was there before.
func (p *Tab) Become(user string) {
	p.t.Helper()
	is := fmt.Sprintf(`document.querySelector(%s)?.getAttribute("aria-checked") === "true"`, Quote(ID("person-"+user)))
	if !Evaluate[bool](p, is) {
		p.Click(ID("person-" + user))
	}
	p.Until(is)
}

// Keys presses keys.
func (p *Tab) Keys(keys string, modifiers ...chromedp.KeyOption) {
	p.t.Helper()
	p.Do(chromedp.KeyEvent(keys, modifiers...))
}

// Say types a line into a composer and sends it.
func (p *Tab) Say(field, text string) {
	p.t.Helper()
	p.Click(ID(field))
	p.Keys(text)
	p.Keys(kb.Enter)
}

// Shot writes a picture of the page where STACKHAND_SCREENSHOTS names a folder.
func (p *Tab) Shot(name string) {
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

// Colours asks for "light" or "dark", and for little motion, so that nothing moves away from a click.
func (p *Tab) Colours(scheme string) {
	p.t.Helper()
	params := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, params); err != nil {
		p.t.Fatal(err)
	}
}
