package main

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// monthRules are how the month's servers end.
const monthRules = `
leases:
  default: 48h
  warn: [24h, 1h]
  ladder:
    - for: {flavors: [m1.tiny]}
      end: shelve
      floating_ip: free
      grace: 48h
    - {end: stop, grace: 48h, snapshot: true}
  days_off: {weekdays: [sat, sun]}
  brake: {sweep: 5, hour: 12}
roles: {admin: [U0DANA]}
`

// month is the whole product on a stage, for a month of its clock: the bot with its store on disk, its flows, the real adapter, and
// the simulators behind HTTP and web sockets.
type month struct {
	t       *testing.T
	st      *stage
	p       *player
	rnd     *rand.Rand
	began   time.Time
	made    int
	names   map[string][]string // of each person's servers
	asked   map[string]bool     // names whose owner deleted them, by the bot or by hand
	foreign map[string]string   // servers that are not ours any more, or never were: name by id
	kills   int
}

func newMonth(t *testing.T) *month {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(monthRules), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &month{
		t: t, rnd: rand.New(rand.NewPCG(7, 7)), names: map[string][]string{}, asked: map[string]bool{}, foreign: map[string]string{},
	}
	st, err := newStage(t.Context(), demoCmd{ // summer time begins within it
		Dir: t.TempDir(), Policy: rules, ClockRate: 1, ClockAt: "2027-03-08T08:00:00Z", SlackPace: 1000, Build: 20 * time.Millisecond, LogLevel: 12,
	}, streams{err: io.Discard})
	m.must(err)
	t.Cleanup(st.close)
	m.st, m.p, m.began = st, newPlayer(st, io.Discard), st.clock.Now()
	m.must(st.start(t.Context()))
	m.must(m.p.connected(t.Context()))
	m.play("bob #team-b: /stack login", "bob submit username=bob password=bob-secret", "wait")
	return m
}

func (m *month) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// play has people do what a conversation's lines say.
func (m *month) play(lines ...string) {
	m.t.Helper()
	for _, text := range lines {
		l, err := parseLine(text)
		m.must(err)
		if err := m.p.do(m.t.Context(), l); err != nil {
			m.t.Fatalf("%s: %v", text, err)
		}
	}
}

// create makes three servers of a person's.
func (m *month) create(user, team string) {
	m.made++
	name := fmt.Sprintf("%s%d", user[:1], m.made)
	flavor := []string{"m1.tiny", "m1.small"}[m.made%2]
	m.play(fmt.Sprintf("%s #%s: /stack create %s --count 3 --flavor %s --for %dh", user, team, name, flavor, 20+m.rnd.IntN(90)), "wait")
	for i := range 3 {
		m.names[user] = append(m.names[user], fmt.Sprintf("%s-%d", name, i+1))
	}
}

// hours lets time pass, a few hours at once, with a sweep at the end of them; now and then the bot is killed in the middle of that.
func (m *month) hours(n int) {
	ctx := m.t.Context()
	m.must(m.p.pass(ctx, m.st.clock.Now().Add(time.Duration(n)*time.Hour)))
	if m.rnd.IntN(8) == 0 {
		if err := m.st.on.app.sweeper.Sweep(ctx); err != nil && stackhand.KindOf(err) != stackhand.Conflict {
			m.t.Fatal(err)
		}
		m.kills++
		m.play("restart")
	}
	m.must(m.p.sweep(ctx))
}

// life is what one of the two does with one of their servers; much of it is refused, as the servers are.
func (m *month) life() {
	user, team := "alice", "team-a"
	if m.rnd.IntN(2) == 0 {
		user, team = "bob", "team-b"
	}
	mine := m.names[user]
	name := mine[max(0, len(mine)-12+m.rnd.IntN(12))]
	if slices.Contains(slices.Collect(maps.Values(m.foreign)), name) {
		return
	}
	say := func(line string) { m.play(fmt.Sprintf("%s #%s: /stack %s", user, team, line)) }
	switch m.rnd.IntN(16) {
	case 0:
		say("extend " + name + " 30h")
	case 1:
		say("start " + name)
	case 2:
		say("keep " + name + " --until 2d")
	case 3:
		m.asked[name] = true
		say("delete " + name)
	case 4:
		m.play("dana @stackhand: freeze --why maintenance")
	case 5:
		m.play("dana @stackhand: unfreeze")
	case 6:
		m.play("dana @stackhand: ladder go")
	case 7:
		m.rule("any / 503 times 5")
	case 8:
		m.rule("DELETE /servers 500 after")
	case 9:
		m.must(m.st.slack.Fault("api", "chat.postMessage", "503", "times", "3"))
	}
}

func (m *month) rule(line string) {
	r, err := openstack.ParseRule(strings.Fields(line))
	m.must(err)
	m.must(m.st.cloud.Fault(r))
}

func (m *month) alice() *cloud.Client {
	c, err := m.st.on.app.sessions.Client(m.t.Context(), "U0ALICE", demoCloud, stackhand.Scope{})
	m.must(err)
	return c
}

func (m *month) server(name string) stackhand.Server {
	found, err := m.alice().ServersNamed(m.t.Context(), name)
	m.must(err)
	if len(found) != 1 {
		m.t.Fatalf("%d servers %s", len(found), name)
	}
	return found[0]
}

// byHand is what alice does in the cloud: a server is made anew under its name, one loses our mark, and one gets a copy of another's.
func (m *month) byHand() {
	m.st.cloud.ClearFaults()
	mine := slices.DeleteFunc(slices.Clone(m.names["alice"]), func(name string) bool { return m.asked[name] })
	anew, taken, like := mine[len(mine)-1], mine[len(mine)-2], mine[len(mine)-3]
	m.asked[anew] = true
	m.play("elsewhere alice delete server "+anew, "elsewhere alice make server "+anew, "elsewhere alice make server lone")
	t := m.server(taken)
	m.must(m.alice().ChangeServerMetadata(m.t.Context(), t.ID, nil, slices.Collect(maps.Keys(t.Metadata))))
	m.must(m.alice().ChangeServerMetadata(m.t.Context(), m.server("lone").ID, m.server(like).Metadata, nil))
	for _, name := range []string{anew, "lone", taken} {
		m.foreign[m.server(name).ID] = name
	}
}

// A month goes by, with thirty servers of two people, restarts, faults of the cloud and of Slack, a freeze, and what people do
// without the bot. In the end nothing of ours is left, all that is not ours is, and nothing went of which nobody was told.
func TestMonth(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	for day := range 24 {
		if day%5 == 0 {
			m.create("alice", "team-a")
			m.create("bob", "team-b")
		}
		if day == 5 {
			m.byHand()
		}
		for range 3 {
			m.life()
			m.hours(8)
		}
	}
	m.st.cloud.ClearFaults()
	m.must(m.st.slack.Fault("none"))
	m.play("dana @stackhand: unfreeze", "dana @stackhand: ladder go", "wait")
	for range 3 * 12 {
		m.hours(8)
	}
	m.left()
	m.told()
	t.Logf("%d servers, %d kills, %d messages", 3*m.made, m.kills, len(m.st.slack.Since(0)))
	if m.kills < 5 {
		t.Errorf("the bot was killed %d times only", m.kills)
	}
}

// left holds what is there in the end against what may be.
func (m *month) left() {
	ctx, stuck := m.t.Context(), 0
	stacks, err := m.st.on.app.store.StacksEver(ctx, m.began)
	m.must(err)
	for _, s := range stacks {
		switch _, foreign := m.foreign[s.Server]; {
		case s.State == stackhand.StackGone:
		case foreign:
			stuck++
		default:
			m.t.Errorf("%s is %s, until %s, busy %q: %+v", s.Name, s.State, s.Lease.Until, s.Busy, s.Ledger)
		}
	}
	servers, err := m.alice().Servers(ctx)
	m.must(err)
	for _, s := range servers {
		if m.foreign[s.ID] == "" {
			m.t.Errorf("%s is in the cloud, and has no lease", s.Name)
		}
	}
	if len(servers) != len(m.foreign) || m.st.cloud.Count("servers", "team-b") != 0 {
		m.t.Errorf("%d servers of alice's, %d of bob's; %d are not ours: %v", len(servers), m.st.cloud.Count("servers", "team-b"), len(m.foreign), m.foreign)
	}
	if n := m.st.cloud.Count("floating-ips", "team-a", "team-b"); n != stuck {
		m.t.Errorf("%d floating IPs, want those of the %d servers that were taken for something else", n, stuck)
	}
}

var (
	deleted  = regexp.MustCompile(`/servers/([0-9a-f-]+)$`)
	foretold = regexp.MustCompile(`(?m)(\S+) (?:is (?:stopped|shelved), .*(?: It|, and) will be deleted|is not in the cloud any more)`) // of one server, or of several in lines
)

// told holds each deletion in the cloud against what the workspace took before it, and against the days off.
func (m *month) told() {
	stacks, err := m.st.on.app.store.StacksEver(m.t.Context(), m.began)
	m.must(err)
	name := map[string]string{}
	for _, s := range stacks {
		name[s.Server] = s.Name
	}
	said := map[string]time.Time{}
	for _, s := range m.st.slack.Since(0) {
		for _, f := range foretold.FindAllStringSubmatch(s.Text, -1) {
			if said[f[1]].IsZero() {
				said[f[1]] = s.At
			}
		}
	}
	ended := 0
	for _, r := range m.st.cloud.Requests() {
		id := deleted.FindStringSubmatch(r.Path)
		if r.Method != http.MethodDelete || id == nil {
			continue
		}
		n := name[id[1]]
		switch at, told := said[n]; {
		case m.asked[n] || n == "" && m.foreign[id[1]] == "":
		case m.foreign[id[1]] != "":
			m.t.Errorf("%s was to be deleted at %s, and is not ours", n, r.At)
		case !told || r.At.Before(at):
			m.t.Errorf("%s was deleted at %s, and nobody was told; told at %s", n, r.At, at)
		case r.At.Weekday() == time.Saturday || r.At.Weekday() == time.Sunday:
			m.t.Errorf("%s was deleted on a %s", n, r.At.Weekday())
		default:
			ended++
		}
	}
	if ended < 10 {
		m.t.Errorf("the ladder deleted %d servers only", ended)
	}
}
