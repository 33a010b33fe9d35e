package lease

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

const (
	yearPeople = 40
	yearWait   = 14 * 24 * time.Hour // for owners who are away
	yearTick   = 10 * time.Minute
	yearNotice = 15 * time.Minute
)

var (
	yearLimits = Limits{Sweep: 10, Hour: 30, Percent: 8}
	yearBudget = stackhand.Extensions{Times: 3, Total: 8 * 24 * time.Hour}
	yearSeed   = flag.Uint64("year.seed", 1, "seed of the simulated year; 0: another one each time")
	yearOf     = flag.String("year.of", "", "stack of the simulated year of which everything is told")
	yearDays   = flag.Int("year.days", 365, "how long the simulated year is")
)

// yearOff are the days off in Berlin, weekends apart, as a calendar on the wall has them.
var yearOff = strings.Fields("2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-10-03 2026-12-24 2026-12-25 2026-12-26 2027-01-01 2027-03-26 2027-03-29 2027-05-01 2027-05-06 2027-05-17")

// verdicts are the rules that were broken, and what is needed to tell.
type verdicts struct {
	t       *testing.T
	faults  []string
	zone    *time.Location
	inSweep int
	counts  []int       // of servers, at the last ticks
	started []time.Time // steps of the last hour, by the bot's clock
	thawed  time.Time   // when the last freeze was lifted
	taken   int
}

func (v *verdicts) broken(format string, args ...any) {
	if len(v.faults) < 20 {
		v.faults = append(v.faults, fmt.Sprintf(format, args...))
	}
}

// yearHappens is what a year must have seen.
var yearHappens = []string{
	"a list was read", "stopped", "shelved", "deleted", "an address was given back", "an image was made", "started again", "started by hand", "data was kept", "foreign",
	"asked: idle", "asked: stopped", "needed", "the budget was used up", "extended by an approver", "an owner was waited for",
	"told the owner", "told a co-owner", "told the channel", "told the administrators", "told nobody", "go", "held", "frozen", "dry", "a backup was restored",
	"the clock jumped", "killed", "two sweeps at once", "It was extended.", "It is locked.", "It was held up.", "The cloud does not answer.", "The server is not the one of the record.",
}

// yearLadder is how a server ends, as its owner was told when it was made.
type yearLadder struct {
	first string // what becomes of it first
	grace time.Duration
	frees bool // the address goes when it is put away
	image bool
}

func (y *year) ladder(st stackhand.Stack) yearLadder {
	r, parked := st.Lease.Ladder.Parked()
	switch {
	case st.Lease.Ladder.Reason == stackhand.ReasonIdle, parked && r.Reason == stackhand.ReasonIdle:
		return yearLadder{first: "shelved", grace: 24 * time.Hour, frees: true}
	case st.Flavor == "large":
		return yearLadder{first: "stopped", grace: 72 * time.Hour, image: true}
	case st.Flavor == "huge":
		return yearLadder{first: "shelved", grace: 48 * time.Hour, frees: true}
	}
	return yearLadder{first: "deleted"}
}

func yearLadders() []Ladder {
	return []Ladder{
		{Reasons: []stackhand.Reason{stackhand.ReasonIdle}, First: stackhand.StepShelve, FreeIP: true, Grace: 24 * time.Hour},
		{Flavors: []string{"large"}, First: stackhand.StepStop, Grace: 72 * time.Hour, Snapshot: true},
		{Flavors: []string{"huge"}, First: stackhand.StepShelve, FreeIP: true, Grace: 48 * time.Hour},
	}
}

// starts holds a step that is decided now against what administrators and owners have said.
func (y *year) starts(j stackhand.Job) {
	now, st := y.clock(), y.read(j.Stacks[0])
	y.started = slices.DeleteFunc(append(y.started, now), func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	y.inSweep++
	hour, most := len(y.started), slices.Max(y.counts)
	if y.now.Sub(y.jump) < 10*24*time.Hour { // they were counted when it seemed to be now already
		most = max(most, y.disk.brake.Servers)
	}
	over := y.inSweep > yearLimits.Sweep || hour > yearLimits.Hour || hour > 10 && hour*100 > yearLimits.Percent*most
	if over && !now.Before(y.disk.brake.Free) {
		y.broken("%s: the brake let %d steps through in a sweep, %d in an hour, of %d servers; it knows of %d, and of %d at %s", now, y.inSweep, hour, most,
			y.disk.brake.Since(now.Add(-time.Hour)), y.disk.brake.Servers, y.disk.brake.Counted)
	}
	switch away, is := y.absent[st.Lease.Owner]; {
	case y.disk.frozen:
		y.broken("%s: %s in a freeze", now, j.ID)
	case !y.servers[st.Server].deleted && y.thawed.After(y.jump) && !y.toldSince(st.ID, y.thawed):
		y.broken("%s: %s, of which nobody was told since a freeze was lifted at %s: %+v", now, j.ID, y.thawed, y.said[st.ID])
	case y.disk.brake.Held.On():
		y.broken("%s: %s although somebody holds the ladder", now, j.ID)
	case *y.dryNow():
		y.broken("%s: %s in a dry run", now, j.ID)
	case is && away.since.After(y.jump) && y.waits(st, away, now):
		y.broken("%s: %s while its owner is away", now, j.ID)
	case st.State != stackhand.StackReady || st.Busy != "":
		y.broken("%s: %s of a stack that is %s, busy %q", now, j.ID, st.State, st.Busy)
	}
}

// thaw lifts a freeze.
func (y *year) thaw() {
	if y.disk.frozen {
		y.disk.frozen, y.thawed = false, y.now
	}
}

// toldSince tells whether somebody was told of what comes since a moment, in time to answer.
func (y *year) toldSince(id string, since time.Time) bool {
	return slices.ContainsFunc(y.said[id], func(s saying) bool { return !s.at.Before(since) && y.now.Sub(s.at) >= yearNotice })
}

// waits tells whether a step must wait for an owner who was away before its end came.
func (y *year) waits(st stackhand.Stack, away absence, now time.Time) bool {
	end := y.ends[st.ID]
	_, parked := st.Lease.Ladder.Parked()
	if sv := y.servers[st.Server]; parked && sv.parked.Add(sv.grace).After(end) {
		end = sv.parked.Add(sv.grace)
	}
	return away.since.Before(end) && now.Before(end.Add(yearWait)) && (away.until.IsZero() || now.Before(away.until))
}

// changes holds what is done to a server now against the rules.
func (y *year) changes(st stackhand.Stack, sv *yearServer, what string) {
	now := y.clock()
	y.taken++
	y.count(what)
	y.tell(st.ID, "is %s by the ladder", what)
	day := now.In(y.zone)
	off := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday || slices.Contains(yearOff, day.Format(time.DateOnly))
	switch {
	case sv.ours != st.ID:
		y.broken("%s: the server of %s was %s, and is not ours", now, st.ID, what)
	case !y.heard(st.ID, what, nil):
		y.broken("%s: %s was %s, and nobody was told of that since %s: %+v", y.now, st.ID, what, y.signs[st.ID], y.said[st.ID])
	case now.Before(y.ends[st.ID]):
		y.broken("%s: %s was %s before its end at %s", now, st.ID, what, y.ends[st.ID])
	case what == "deleted" && off:
		y.broken("%s: %s was deleted on a day off, %s", day, st.ID, day.Weekday())
	}
}

// ended holds a deletion against the ladder: what was to come first has come, and the time of grace is over.
func (y *year) ended(j yearJob, st stackhand.Stack, sv *yearServer) {
	l, image := y.ladder(st), j.spec.Verb == stackhand.LadderArchive
	switch {
	case l.first != "deleted" && sv.state == "ACTIVE":
		y.broken("%s: %s was deleted while it ran, and was to be %s first", y.now, st.ID, l.first)
	case l.first != "deleted" && !sv.parked.IsZero() && y.clock().Before(sv.parked.Add(sv.grace)):
		y.broken("%s: %s was deleted although it has time until %s", y.now, st.ID, sv.parked.Add(sv.grace))
	case l.image != image:
		y.broken("%s: %s was deleted; an image was made: %v", y.now, st.ID, image)
	}
	if image {
		y.count("an image was made")
	}
	if j.spec.KeepVolumes {
		y.count("data was kept")
	}
	if volume := "vol-" + st.ID; len(st.Ledger) > 1 && !j.spec.KeepVolumes {
		if !y.heard(st.ID, "deleted", func(s saying) bool { return strings.Contains(s.text, volume) }) {
			y.broken("%s: the data of %s was deleted, of which nobody was told", y.now, st.ID)
		}
	}
}

// frees holds the loss of an address against what was told.
func (y *year) frees(st stackhand.Stack) {
	y.count("an address was given back")
	if !y.ladder(st).frees || !y.heard(st.ID, "shelved", func(s saying) bool { return strings.Contains(s.text, "its floating IP goes back to the cloud") }) {
		y.broken("%s: %s lost its address, and nobody was told", y.now, st.ID)
	}
}

// newYear is a world with the rules that the sweeps follow, on the evening before the first of March.
func newYear(t *testing.T, seed uint64, servers int) *year {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := NewCalendar(zone, []string{"sat", "sun"}, "de", []string{"12-24"})
	if err != nil {
		t.Fatal(err)
	}
	y := &year{
		rnd: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		disk:      yearDisk{stacks: map[string]stackhand.Stack{}, notices: map[string]stackhand.Notice{}, jobs: map[string]yearJob{}},
		yearCloud: yearCloud{servers: map[string]*yearServer{}},
		yearChat:  yearChat{said: map[string][]saying{}, closed: map[string]bool{}, gone: map[string]bool{}},
		yearLife: yearLife{
			absent: map[string]absence{}, signs: map[string]time.Time{}, ends: map[string]time.Time{},
			extended: map[string]stackhand.Extensions{}, happened: map[string]int{},
		},
		verdicts: verdicts{t: t, zone: zone},
		crowd:    servers, twins: 40,
	}
	y.takes = 20
	y.installed = y.now
	y.rules = Rules{
		Default: 72 * time.Hour, Max: 14 * 24 * time.Hour, Warn: []time.Duration{24 * time.Hour, time.Hour}, Notice: yearNotice, Calendar: calendar,
		Ladders: yearLadders(), Budget: yearBudget, Again: 24 * time.Hour,
	}
	for range servers {
		y.create()
	}
	y.bots = []*Sweeper{y.newBot(), y.newBot()}
	return y
}

func TestYear(t *testing.T) {
	seed := *yearSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test ./internal/lease -run TestYear -year.seed %d", seed, seed)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // what it keeps is small, and all else is garbage at once
	y := newYear(t, seed, 500)
	y.live(t.Context(), *yearDays, true)
	// Some weeks without anything new, after which nothing may be left but what is not ours.
	y.quiet = true
	y.unlock()
	y.setDry(new(bool))
	y.live(t.Context(), 60, true)
	for _, st := range y.left() {
		y.broken("%s, which ended at %s, is there still: %s, due %s", st.ID, st.Lease.Until, y.rules.StateOf(st, y.now), y.rules.Due(st))
	}
	t.Logf("%d servers, %d messages, %d steps; the sweeps read %d records", y.made, y.sent, y.taken, y.reads)
	for _, what := range slices.Sorted(maps.Keys(y.happened)) {
		t.Logf("%6d %s", y.happened[what], what)
	}
	for _, f := range y.faults {
		t.Error(f)
	}
	for _, what := range yearHappens {
		if y.happened[what] == 0 && *yearDays >= 365 {
			t.Errorf("%q never happened: the year tells little", what)
		}
	}
}
