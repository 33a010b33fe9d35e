package bot

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// most is the highest number of times within any window.
func most(times []time.Time, window time.Duration) (n int) {
	for i := range times {
		j := i
		for j < len(times) && times[j].Sub(times[i]) < window {
			j++
		}
		n = max(n, j-i)
	}
	return n
}

func TestLimiterStaysBelowSlacksRates(t *testing.T) {
	for method, perMinute := range map[string]int{"chat.update": 50, "conversations.history": 50, "chat.postEphemeral": 100, "views.update": 100, "usergroups.users.list": 20} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(0)
				var times []time.Time
				for range 4 * perMinute {
					if err := l.wait(t.Context(), method, ""); err != nil {
						t.Fatal(err)
					}
					times = append(times, time.Now())
				}
				if n := most(times, time.Minute); n > perMinute || n < perMinute/2 {
					t.Errorf("%d calls in a minute of %d", n, perMinute)
				}
			})
		})
	}
}

func TestLimiterCountsMessagesByChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0)
		sent := map[string][]time.Time{}
		for range 60 {
			for _, c := range []string{"C1", "C2"} {
				if l.ready("chat.postMessage", c) == 0 {
					sent[c] = append(sent[c], time.Now())
				}
			}
			sleep(t.Context(), 250*time.Millisecond)
		}
		for c, times := range sent {
			if n := most(times, 5*time.Second); n > 5 || len(times) < 12 {
				t.Errorf("%s: %d in five seconds, %d in all", c, n, len(times))
			}
		}
	})
}

func TestLimiterHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(0)
		l.block("chat.update", 7*time.Second)
		if d := l.ready("chat.postMessage", "C1"); d != 0 {
			t.Errorf("another method waits %v", d)
		}
		began := time.Now()
		if err := l.wait(t.Context(), "chat.update", ""); err != nil || time.Since(began) != 7*time.Second {
			t.Errorf("waited %v, %v", time.Since(began), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l.block("chat.update", time.Hour)
		if err := l.wait(ctx, "chat.update", ""); err == nil {
			t.Error("waits although nobody wants it any more")
		}
	})
}

type counter struct{ times []time.Time }

func (c *counter) RoundTrip(*http.Request) (*http.Response, error) {
	c.times = append(c.times, time.Now())
	return httptest.NewRecorder().Result(), nil
}

func TestBreakerStopsAStormOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &counter{}
		b := &breaker{next: next}
		began := time.Now()
		for time.Since(began) < 10*time.Minute {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/api/apps.connections.open", nil)
			if res, err := b.RoundTrip(req); err != nil || res == nil {
				t.Fatal(err)
			}
		}
		if n := most(next.times, time.Minute); n > 12 {
			t.Errorf("%d connections opened in a minute", n)
		}
		if d := next.times[3].Sub(next.times[0]); d != 0 {
			t.Errorf("the first four took %v", d)
		}
		sleep(t.Context(), 2*time.Minute)
		if d := b.delay(time.Now()); d != 0 {
			t.Errorf("after a quiet time it still waits %v", d)
		}
	})
}

func TestQueueKeepsEachUsersOrderAndServesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		got := map[string][]string{}
		now, most, at := 0, 0, map[string]int{}
		var order []string
		q := newQueue(3, func(ctx context.Context, in stackhand.Inbound) {
			mu.Lock()
			now++
			most = max(most, now)
			if at[in.User]++; at[in.User] > 1 {
				t.Errorf("two lines of %s at once", in.User)
			}
			got[in.User] = append(got[in.User], in.ID)
			order = append(order, in.User)
			mu.Unlock()
			sleep(ctx, time.Second)
			mu.Lock()
			now--
			at[in.User]--
			mu.Unlock()
		})
		q.start(t.Context())
		ids := strings.Split("abcdefghijklmnop", "")
		for _, id := range ids {
			q.add(stackhand.Inbound{ID: id, User: "hog"})
		}
		for _, u := range []string{"u1", "u2", "u3", "u4"} {
			q.add(stackhand.Inbound{ID: "x", User: u})
		}
		if !q.busy() {
			t.Error("not busy")
		}
		q.finish(time.Hour)
		if !slices.Equal(got["hog"], ids) {
			t.Errorf("one user's order: %v", got["hog"])
		}
		if most != 3 {
			t.Errorf("%d at once of 3", most)
		}
		if last := slices.Index(order, "u4"); last > 9 {
			t.Errorf("others waited for the %dth place", last)
		}
		if q.busy() || len(q.lines) != 0 {
			t.Error("something is left")
		}
	})
}

func TestManifestHasWhatTheBotUses(t *testing.T) {
	text, err := Manifest(ManifestOptions{Name: "Servers", Command: "/srv"})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Features struct {
			Commands []struct{ Command string } `yaml:"slash_commands"`
		}
		OAuth struct {
			Scopes struct{ Bot []string }
		} `yaml:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `yaml:"bot_events"`
			} `yaml:"event_subscriptions"`
			Socket bool `yaml:"socket_mode_enabled"`
		}
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"app_home_opened", "app_mention", "message.im", "subteam_members_changed", "subteam_updated", "user_change"}, doc.Settings.Events.Bot); diff != "" {
		t.Error(diff)
	}
	if !doc.Settings.Socket || doc.Features.Commands[0].Command != "/srv" || !slices.Contains(doc.OAuth.Scopes.Bot, "chat:write") {
		t.Errorf("%+v", doc)
	}
	if link := ManifestLink(text); !strings.HasPrefix(link, "https://api.slack.com/apps?new_app=1&manifest_yaml=_metadata%3A") || strings.Contains(link, "+") || !strings.Contains(link, "name%3A%20Servers") {
		t.Error(link)
	}
}

// Where a workspace takes more, waits are shorter by as much.
func TestPace(t *testing.T) {
	took := func(pace float64) (d time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			l, began := newLimiter(pace), time.Now()
			for range 3 * postBurst {
				if err := l.wait(t.Context(), "chat.postMessage", "C1"); err != nil {
					t.Fatal(err)
				}
			}
			d = time.Since(began)
		})
		return d
	}
	if one, ten := took(0), took(10); one != 2*postWindow || ten != one/10 {
		t.Errorf("%s at Slack's pace, %s at ten times", one, ten)
	}
}
