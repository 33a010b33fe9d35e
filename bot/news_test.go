package bot

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
)

// What Slack tells of people and groups counts from the next line on, whatever is remembered.
func TestRightsAreRevokedAtOnce(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	asked := func() int { return w.calls("users.info") + w.calls("usergroups.users.list") }
	role := func(who, want string) {
		t.Helper()
		w.see(w.typed(who, "#team-a", "", "/stack role"), want)
	}
	group := func(f func([]string) []string) {
		t.Helper()
		n := w.bot.people.news.now()
		if err := w.slack.ChangeGroup("S0OPS", func(g *sim.Group) { g.Members = f(g.Members) }); err != nil {
			t.Fatal(err)
		}
		w.until("the news is heard", func() bool { return w.bot.people.news.now() >= n+2 })
	}
	person := func(who string, f func(*sim.User)) {
		t.Helper()
		n := w.bot.people.news.now()
		if err := w.slack.ChangeUser(who, f); err != nil {
			t.Fatal(err)
		}
		w.until("the news is heard", func() bool { return w.bot.people.news.now() > n })
	}
	role("carol", "you are approver")
	role("bob", "you are member")
	before := asked()
	role("carol", "you are approver")
	if asked() != before {
		t.Error("nothing is remembered, so the rest proves nothing")
	}
	group(func(ids []string) []string {
		return slices.DeleteFunc(ids, func(id string) bool { return id == "U0CAROL" })
	})
	role("carol", "you are member")
	group(func(ids []string) []string { return append(ids, "U0BOB") })
	role("bob", "you are approver")
	person("bob", func(u *sim.User) { u.Restricted = true })
	role("bob", "Guests cannot use")
	person("carol", func(u *sim.User) { u.Deleted = true })
	u, err := w.bot.user(t.Context(), "U0CAROL")
	if err != errNobody {
		t.Errorf("somebody deactivated is %+v, %v", u, err)
	}
	person("carol", func(u *sim.User) { u.Deleted = false })
	if u, err := w.bot.user(t.Context(), "U0CAROL"); err != nil || len(u.Groups) != 0 {
		t.Errorf("carol is back: %+v, %v", u, err)
	}
	if u, err := w.bot.user(t.Context(), "U0DANA"); err != nil || !slices.Equal(u.Groups, []string{"S0OPS"}) {
		t.Errorf("groups of dana: %+v, %v", u, err)
	}
}

// An answer that Slack gave before the news came is not remembered, and not used.
func TestNewsWhileAsking(t *testing.T) {
	w := newWorld(t, sim.Options{})
	news := map[string]func(){
		"/users.info":            func() { w.bot.people.forget("U0CAROL") },
		"/usergroups.users.list": func() { w.bot.people.forget("S0OPS") },
	}
	w.wrap = func(rt http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			resp, err := rt.RoundTrip(req)
			for path, f := range news {
				if f != nil && strings.HasSuffix(req.URL.Path, path) {
					body, _ := io.ReadAll(resp.Body)
					resp.Body = io.NopCloser(strings.NewReader(string(body)))
					news[path] = nil
					f()
				}
			}
			return resp, err
		})
	}
	w.boot()
	if _, err := w.bot.user(t.Context(), "U0CAROL"); err != nil {
		t.Fatal(err)
	}
	if a, b := w.calls("users.info"), w.calls("usergroups.users.list"); a != 2 || b != 2 {
		t.Errorf("asked %d and %d times, want each once more after the news", a, b)
	}
}

// Where too many have changed to tell which, everything that is being asked for is old.
func TestMuchNews(t *testing.T) {
	p := newPeople(nil, Options{})
	for i := range maxKnown {
		p.forget(fmt.Sprint("U", i))
	}
	before := p.news.now()
	p.forget("U-one-more")
	p.forget("U-another")
	if p.remember(person{facts: UserFacts{ID: "U7"}}, before) {
		t.Error("an old answer is remembered")
	}
	if !p.remember(person{facts: UserFacts{ID: "U7"}}, p.news.now()) || len(p.news.of) > 2 {
		t.Errorf("%d changes are kept", len(p.news.of))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A group of the configuration that Slack does not know has nobody in it, and keeps nobody from working.
func TestUnknownGroup(t *testing.T) {
	w := newWorld(t, sim.Options{Groups: []sim.Group{{ID: "S0ELSE", Handle: "else"}}}).boot()
	w.see(w.typed("carol", "#team-a", "", "/stack role"), "you are member")
	if !strings.Contains(w.log.String(), "a user group is not there, and counts as empty") {
		t.Error("the log does not say so")
	}
	if got := w.bot.o.Env.Channel("C0TEAMA"); got != "team-a" {
		t.Errorf("C0TEAMA is called %q", got)
	}
}

// The home tab says that there is a freeze.
func TestHomeInAFreeze(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	f := stackhand.Freeze{Why: "the hall is moved", By: "U0DANA", At: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)}
	raw, err := json.Marshal(w.bot.home(nil, "U0BOB", f))
	if err != nil || !strings.Contains(string(raw), "the hall is moved") {
		t.Errorf("%s, %v", raw, err)
	}
	if raw, err = json.Marshal(w.bot.home(nil, "U0BOB", stackhand.Freeze{})); err != nil || strings.Contains(string(raw), "stopped") {
		t.Errorf("%s, %v", raw, err)
	}
}
