package bot

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

func closed(u *sim.User) { u.Deleted = true }

// A warning goes to the owner; else to the co-owners; else it counts where it stands in the channel; else the administrators get it.
// Whom it reached is on record.
func TestChainOfThoseWhoAreTold(t *testing.T) {
	team := stackhand.Place{Channel: "C0TEAMA"}
	nowhere := stackhand.Place{Channel: "C0GONE"}
	for _, c := range []struct {
		name   string
		place  stackhand.Place
		others []string
		closed []string
		want   string
	}{
		{"the owner", team, []string{"U0BOB"}, nil, "C0TEAMA U0ALICE"},
		{"the owner alone", nowhere, []string{"U0BOB"}, nil, "U0ALICE"},
		{"a co-owner", team, []string{"U0BOB"}, []string{"alice"}, "C0TEAMA U0BOB"},
		{"a co-owner, and no channel", nowhere, []string{"U0BOB", "U0CAROL"}, []string{"alice"}, "U0BOB U0CAROL"},
		{"the channel", team, nil, []string{"alice"}, "C0TEAMA"},
		{"the administrators", nowhere, []string{"U0BOB"}, []string{"alice", "bob"}, "U0DANA"},
		{"nobody", nowhere, nil, []string{"alice", "dana"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			for _, name := range c.closed {
				if err := w.slack.ChangeUser(name, closed); err != nil {
					t.Fatal(err)
				}
			}
			w.mem.notices["n1"] = stackhand.Notice{ID: "n1", User: "U0ALICE", Others: c.others, Admins: true, Place: c.place, Text: stackhand.Textf("web-1 ends soon")}
			w.boot()
			w.until("tried", func() bool { n := w.notice("n1"); return !n.Delivered.IsZero() || n.Tries == 1 })
			n := w.notice("n1")
			var got []string
			for _, d := range n.Told {
				got = append(got, d.Who)
				if d.At.IsZero() || !strings.Contains(d.Link, "/archives/") {
					t.Errorf("told without a time or a link: %+v", d)
				}
			}
			if sorted(got) != c.want || n.Delivered.IsZero() != (c.want == "") {
				t.Errorf("told %q, delivered %s, problem %q; want %q", sorted(got), n.Delivered, n.Problem, c.want)
			}
			if len(c.closed) > 0 && c.want != "" && w.count("message", "cannot be reached any more.*web-1 ends soon") == 0 {
				t.Error("it is not said that the owner cannot be reached")
			}
		})
	}
}

// What only administrators are to decide goes to them, and to nobody else.
func TestAdministratorsAreAsked(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.mem.notices["n1"] = stackhand.Notice{ID: "n1", Admins: true, Text: stackhand.Textf("I stopped")}
	w.boot()
	w.until("delivered", func() bool { return !w.notice("n1").Delivered.IsZero() })
	if n := w.notice("n1"); len(n.Told) != 1 || n.Told[0].Who != "U0DANA" || w.count("message", "I stopped") != 1 {
		t.Errorf("%+v", n.Told)
	}
}

// What somebody says of themselves is known also where Slack does not tell who is in a group.
func TestZoneAndStatus(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.wrap = func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if strings.Contains(req.URL.Path, "usergroups") {
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
					Body: io.NopCloser(strings.NewReader(`{"ok":false,"error":"missing_scope"}`))}, nil
			}
			return next.RoundTrip(req)
		})
	}
	back := time.Date(2026, 12, 7, 8, 0, 0, 0, time.UTC)
	if err := w.slack.ChangeUser("alice", func(u *sim.User) {
		u.Status = sim.Status{Emoji: ":palm_tree:", Text: "by the sea", Expires: back.Unix()}
	}); err != nil {
		t.Fatal(err)
	}
	w.boot()
	s, err := w.bot.Status(t.Context(), "U0ALICE")
	if err != nil || s != (Status{Emoji: ":palm_tree:", Text: "by the sea", Until: back}) || w.bot.Zone(t.Context(), "U0ALICE") != "Europe/Berlin" {
		t.Errorf("%+v, %v, %s", s, err, w.bot.Zone(t.Context(), "U0ALICE"))
	}
}

func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}
