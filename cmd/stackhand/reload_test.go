package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/config"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// spoken is what a process wrote.
type spoken struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *spoken) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.b.String(), text)
}

// A real process takes new rules, roles and prices over while it builds a server, refuses a configuration with a mistake, and
// says what needs a restart.
func TestReload(t *testing.T) {
	o := newOutside(t)
	log := &spoken{}
	o.log = log
	o.start()
	old, err := os.ReadFile(filepath.Join(o.dir, "stackhand.yaml"))
	o.must(err)
	hup := func(more, logged string) {
		t.Helper()
		o.write("stackhand.yaml", string(old)+more)
		o.must(o.bot.Process.Signal(syscall.SIGHUP))
		o.until("the log says "+logged, func() bool { return log.has(logged) })
	}
	types := func(who, line, want string) {
		t.Helper()
		mark := o.slack.Mark()
		o.must(o.slack.Type(who, "team-b", "", line))
		o.until(who+" reads "+want, func() bool { return o.shown(mark, want) > 0 })
	}
	types("bob", "/stack login", "Log in")
	o.must(o.slack.Submit("bob", map[string]string{"username": "bob", "password": "bob-secret"}))
	o.until("bob is logged in", func() bool { return o.shown(0, "logged in to lab as bob") > 0 })

	building := o.slack.Mark()
	types("bob", "/stack create web-1", "Create web-1")
	deny := "policy:\n  - {name: closed, when: request.verb == \"create\", then: deny, why: \"not today\"}\n"
	hup(deny+"roles: {admin: [U0BOB]}\nlisten: 127.0.0.1:1\n", `changed="[roles policy]" after_a_restart=[listen]`)
	types("bob", "/stack create web-2", `The rule "closed" does not allow that: not today`)
	types("bob", "/stack freeze for a while", "Changes are stopped from now on")
	types("bob", "/stack unfreeze", "Everybody may change things again")
	o.until("what was at work is done", func() bool { return o.shown(building, finalCreated) > 0 })

	hup("policy:\n  - {name: closed, when: request.vreb == 1, then: allow}\n", "the new configuration is refused; the old one stays in force")
	if !log.has("policy, closed, line 8, column 33: undefined field 'vreb'") {
		t.Errorf("the mistake is not told: %s", log.b.String())
	}
	types("bob", "/stack create web-2", `The rule "closed" does not allow that`)
	hup("leases: {default: 2h}\n", `changed="[roles policy leases.default]"`)
	types("bob", "/stack freeze once more", "is not for a member")
	types("bob", "/stack create web-2 --dry-run", "2h")
	o.kill()

	db, err := bolt.Open(filepath.Join(o.dir, "stackhand.db"), bolt.Options{})
	o.must(err)
	defer db.Close()
	st, err := store.New(t.Context(), db, store.Options{})
	o.must(err)
	trail, err := st.AuditTrail(t.Context(), stackhand.AuditQuery{})
	o.must(err)
	var reloads []string
	for _, r := range trail {
		if r.Command == "reload" {
			reloads = append(reloads, r.What+" "+r.Result)
		}
	}
	if diff := cmp.Diff([]string{"operator ok", "operator invalid", "operator ok"}, reloads); diff != "" {
		t.Error(diff)
	}
}

// A real process that is told of another ladder warns by it at once, of servers that came to be due by it, and again where the step that
// was warned of has become a harder one.
func TestReloadLadder(t *testing.T) {
	o := newOutside(t)
	log := &spoken{}
	o.log = log
	old, err := os.ReadFile(filepath.Join(o.dir, "stackhand.yaml"))
	o.must(err)
	const leases = "leases: {sweep: \"@every 1s\", default: 2h, max: 3h"
	o.write("stackhand.yaml", string(old)+leases+"}\n")
	o.start()
	shows := func(what string) {
		t.Helper()
		o.until("it is said: "+what, func() bool { return o.shown(0, what) > 0 })
	}
	o.must(o.slack.Type("bob", "team-b", "", "/stack login"))
	shows("Log in")
	o.must(o.slack.Submit("bob", map[string]string{"username": "bob", "password": "bob-secret"}))
	shows("logged in to lab as bob")
	o.must(o.slack.Type("bob", "team-b", "", "/stack create web-1"))
	shows(finalCreated)
	if n := o.shown(0, "web-1 expires in"); n > 0 {
		t.Fatalf("warned %d times two hours before the end", n)
	}
	for _, step := range []struct{ more, logged, told string }{
		{", warn: [7199s], ladder: [{end: shelve, grace: 1d}]", `changed="[leases.warn leases.ladder]"`, "It will then be shelved. Nothing of it is lost then"},
		{", warn: [7199s], ladder: [{end: delete, snapshot: true}]", `changed=[leases.ladder] after_a_restart=[]`, "It will then be deleted with everything that was made for it, after an image of it is made."},
	} {
		o.write("stackhand.yaml", string(old)+leases+step.more+"}\n")
		o.must(o.bot.Process.Signal(syscall.SIGHUP))
		o.until("the log says "+step.logged, func() bool { return log.has(step.logged) })
		shows(step.told)
	}
	o.kill()
}

// What is taken over, and what waits for a restart.
func TestDifferences(t *testing.T) {
	parse := func(text string) config.Config {
		t.Helper()
		c, err := config.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const same = "clouds: {file: a.yaml, default: lab, lab: {flavor: m1.small, credentials: user}, west: {}}\nroles: {admin: [U1]}\n"
	old := parse(same)
	for text, want := range map[string][2]string{
		"clouds: {file: a.yaml, default: lab, lab: {flavor: m1.small, credentials: user}, west: {}}\n\nroles: {admin: [U1]}\n":                                                                    {"", ""},
		"clouds: {file: a.yaml, default: lab, lab: {flavor: m1.tiny, credentials: service, prices: {m1.tiny: 1}}, west: {}}\nroles: {admin: [U1]}\n":                                              {"clouds.lab", "clouds.lab.credentials"},
		"clouds: {file: b.yaml, default: east, lab: {flavor: m1.small, credentials: user}, east: {}}\nroles: {admin: [U1]}\n":                                                                     {"", "clouds.file clouds.default clouds.east clouds.west"},
		"clouds: {file: a.yaml, default: lab, lab: {flavor: m1.small, credentials: user}, west: {}}\nroles: {admin: [U2]}\nstore: bolt:x\nleases: {warn: [2h], max: 21d}\nslack: {command: /x}\n": {"roles leases.max leases.warn", "slack store"},
		same + "leases: {sweep: \"@every 5m\", timezone: Europe/Berlin, dry_run: false, idle: {}}\n":                                                                                              {"leases.timezone leases.dry_run leases.idle", "leases.sweep"},
		same + "leases: {timezone: Asia/Tokyo, again: 2h, brake: {hour: 3}, extensions: {times: 1}, away: {wait: 1d}, days_off: {weekdays: [sat]}}\n":                                             {"leases.timezone leases.again leases.days_off leases.away leases.extensions leases.brake", ""},
		same + "leases: {ladder: [{end: shelve}]}\norphans: {tz: Asia/Tokyo}\ndigest: {off: true}\n":                                                                                              {"leases.ladder", "orphans digest"},
		"clouds: {file: a.yaml, default: lab, lab: {flavor: m1.small, credentials: user}, west: {}}\nroles: {admin: [U1]}\napprovals: {end: 1d, channel: C0OPS}\n":                                {"approvals", ""},
	} {
		next := parse(text)
		changed, later := differences(old, next)
		if got := [2]string{strings.Join(changed, " "), strings.Join(later, " ")}; got != want {
			t.Errorf("%s\ngot  %q\nwant %q", text, got, want)
		}
		took := onlyLive(old, next)
		if again, _ := differences(took, next); len(again) > 0 {
			t.Errorf("%s\nnot taken over: %v", text, again)
		}
		if _, kept := differences(old, took); len(kept) > 0 {
			t.Errorf("%s\ntaken over although it needs a restart: %v", text, kept)
		}
	}
}
