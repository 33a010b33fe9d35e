package bot

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// TestLink holds the addresses that are put together here against those that Slack gives, and follows them.
func TestLink(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	if got := (&Bot{}).Link("C0TEAMA", "1.2", ""); got != "" {
		t.Errorf("a link without a workspace: %q", got)
	}
	first, err := w.bot.web.post(t.Context(), "C0TEAMA", "", "", message{Text: "first"})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := w.bot.web.post(t.Context(), "C0TEAMA", first, "", message{Text: "a reply"})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for ts, thread := range map[string]string{first: "", reply: first} {
		want, err := w.bot.web.api.GetPermalinkContext(t.Context(), &slack.PermalinkParameters{Channel: "C0TEAMA", Ts: ts})
		got := w.bot.Link("C0TEAMA", ts, thread)
		if err != nil || got != want {
			t.Errorf("%q, Slack says %q, %v", got, want, err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, got, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		to, err := url.Parse(resp.Header.Get("Location"))
		if q := to.Query(); err != nil || q.Get("channel") != "C0TEAMA" || q.Get("ts") != ts || q.Get("thread_ts") != thread {
			t.Errorf("%s leads to %s", got, to)
		}
	}
	if got := w.bot.Link("C0TEAMA", "", ""); !strings.HasSuffix(got, "/archives/C0TEAMA") {
		t.Errorf("the channel is at %q", got)
	}
}
