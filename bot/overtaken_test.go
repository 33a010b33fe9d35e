package bot

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// during does something once, while a message of the bot's is on its way.
type during struct {
	next http.RoundTripper
	do   func()
	once sync.Once
}

func (d *during) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "chat.postMessage") {
		d.once.Do(d.do)
	}
	return d.next.RoundTrip(req)
}

// A notice that says something else while it is being told is told as it is then, once, and that is no trouble for the log.
func TestANoticeIsOvertaken(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.mem.notices["n1"] = stackhand.Notice{ID: "n1", User: "U0BOB", Place: stackhand.Place{Channel: "C0TEAMA"}, Text: stackhand.Textf("an offer")}
	w.wrap = func(next http.RoundTripper) http.RoundTripper {
		return &during{next: next, do: func() {
			n := w.notice("n1")
			n.Text, n.Stale = stackhand.Textf("it came to nothing"), true
			if err := w.mem.SaveNotice(t.Context(), &n); err != nil {
				t.Error(err)
			}
		}}
	}
	w.boot()
	w.bot.Noticed()
	w.until("told as it is now", func() bool { n := w.notice("n1"); return !n.Delivered.IsZero() && !n.Stale && !w.bot.Busy() })
	for _, channel := range []string{"C0TEAMA", "D0BOB"} {
		if got := w.card(channel); !strings.Contains(got, "it came to nothing") {
			t.Errorf("%s shows %q", channel, got)
		}
	}
	if strings.Contains(w.log.String(), "cannot be delivered") {
		t.Errorf("the log has %s", w.log)
	}
}
