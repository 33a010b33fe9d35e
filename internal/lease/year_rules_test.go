package lease

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

const (
	yearServers = 500
	yearPeople  = 40
	yearWait    = 14 * 24 * time.Hour // for owners who are away
	yearTick    = 10 * time.Minute
)

var (
	yearLimits = Limits{Sweep: 10, Hour: 30}
	yearSeed   = flag.Uint64("year.seed", 1, "seed of the simulated year; 0: another one each time")
	yearDays   = flag.Int("year.days", 365, "how long the simulated year is")
)

// verdicts are the rules that were broken, and what is needed to tell.
type verdicts struct {
	faults   []string
	calendar *Calendar
	inSweep  int
	starts   []time.Time     // of the last hour, by the bot's clock
	once     map[string]bool // steps that were taken, by stack, step and moment
	taken    int
}

func (v *verdicts) broken(format string, args ...any) {
	if len(v.faults) < 20 {
		v.faults = append(v.faults, fmt.Sprintf(format, args...))
	}
}

// Start is where a sweep takes a step: everything about it must be as the rules say.
func (y *year) Start(_ context.Context, j stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	if old, ok := y.jobs[j.ID]; ok {
		return old.Job, nil
	}
	if err := y.write(); err != nil {
		return j, err
	}
	st, now := y.read(j.Stacks[0]), y.clock()
	n, _ := y.rules.Next(st)
	var spec stackhand.LadderSpec
	if err := json.Unmarshal(j.Input, &spec); err != nil {
		y.broken("the input of %s: %v", j.ID, err)
	}
	y.held(st, n, now, j)
	y.starts = slices.DeleteFunc(append(y.starts, now), func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	if y.inSweep++; y.inSweep > 2*yearLimits.Sweep || len(y.starts) > yearLimits.Hour { // two sweeps may run at once
		y.broken("%s: the brake let %d steps through in an hour, %d in a sweep", now, len(y.starts), y.inSweep)
	}
	j.State, j.Flow, j.Input = stackhand.JobRunning, n.Step, nil
	y.jobs[j.ID] = &yearJob{Job: j, spec: spec, ends: y.now.Add(time.Duration(1+y.rnd.IntN(20)) * time.Minute)}
	y.work = append(y.work, j.ID)
	st.Busy, st.Rev = j.ID, st.Rev+1
	y.put(st)
	return j, nil
}

func (y *year) Job(_ context.Context, id string) (stackhand.Job, error) {
	if j, ok := y.jobs[id]; ok {
		return j.Job, nil
	}
	return stackhand.Job{}, stackhand.Errorf(stackhand.NotFound, "no job %s", id)
}

// held tells whether a step that is taken now keeps the rules.
func (y *year) held(st stackhand.Stack, n Next, now time.Time, j stackhand.Job) {
	told := false
	for _, w := range st.Lease.Warned {
		if at := y.notices[w.Notice].Delivered; w.Until.Equal(n.At) && !at.IsZero() {
			told = true
		}
	}
	switch {
	case !told:
		y.broken("%s: %s of %s at %s without a delivered warning", now, n.Step, st.ID, n.At)
	case n.Step == stackhand.StepDelete && y.calendar.Off(now):
		y.broken("%s %s: %s is deleted on a day off", now.Weekday(), now, st.ID)
	case y.now.Before(y.frozenTo):
		y.broken("%s: %s of %s in a freeze", now, n.Step, st.ID)
	case now.Before(y.absent[st.Lease.Owner]) && now.Before(n.Base.Add(yearWait)) && !st.Lease.Ladder.Hold.End.Equal(n.Base):
		y.broken("%s: %s of %s while its owner is away", now, n.Step, st.ID)
	case now.Before(st.Lease.End()):
		y.broken("%s: %s of %s before its end at %s", now, n.Step, st.ID, st.Lease.End())
	case st.State != stackhand.StackReady || st.Busy != "":
		y.broken("%s: job %s of a stack that is %s, busy %q", now, j.ID, st.State, st.Busy)
	}
}

// cloudWorks ends the jobs whose time has come, as the flows do: each looks first whether it still holds what it was started for.
func (y *year) cloudWorks() {
	if y.now.Before(y.cloudUp) {
		return
	}
	y.work = slices.DeleteFunc(y.work, func(id string) bool {
		j := y.jobs[id]
		if y.now.Before(j.ends) {
			return false
		}
		st := y.read(j.Stacks[0])
		j.State, j.Ended, st.Busy, st.Rev = stackhand.JobFailed, y.now, "", st.Rev+1
		sv := y.servers[st.Server]
		switch {
		case st.State != stackhand.StackReady || !st.Lease.End().Equal(j.spec.Until):
			j.Problem = &stackhand.Problem{Msg: "It was extended."}
		case sv.stack != st.ID:
			j.Problem = &stackhand.Problem{Msg: "The server was not made for this stack."}
		case !y.quiet && y.chance(30):
			j.Problem = &stackhand.Problem{Msg: "The cloud could not."}
		default:
			j.State = stackhand.JobDone
			y.done(j, &st, sv)
		}
		y.put(st)
		return true
	})
}

// done is what a step comes to.
func (y *year) done(j *yearJob, st *stackhand.Stack, sv *yearServer) {
	key := fmt.Sprint(st.ID, j.Flow, j.spec.Until)
	if j.Flow != stackhand.StepStop && (y.once[key] || sv.deleted) {
		y.broken("%s: %s of %s was done twice", y.now, j.Flow, st.ID)
	}
	y.once[key] = true
	y.taken++
	st.Lease.Ladder.Take(stackhand.Rung{Step: j.Flow, Job: j.ID, At: y.clock()})
	if j.Flow == stackhand.StepDelete {
		sv.deleted = true
		if len(sv.volumes) > 0 && !j.spec.KeepVolumes && !y.named(*st, sv.volumes[0]) {
			y.broken("%s: the data of %s was deleted, of which nobody was told", y.now, st.ID)
		}
		st.State, st.Gone = stackhand.StackGone, y.now
	}
}

// named tells whether a delivered warning named a volume.
func (y *year) named(st stackhand.Stack, volume string) bool {
	return slices.ContainsFunc(st.Lease.Warned, func(w stackhand.Warning) bool {
		return !y.notices[w.Notice].Delivered.IsZero() && slices.Contains(w.Volumes, volume)
	})
}

// newYear is a world with the rules that the sweeps follow; days off are those of the calendar.
func newYear(t *testing.T, seed uint64) *year {
	zone, err := time.LoadLocation("Europe/Istanbul")
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := NewCalendar(zone, []string{"sat", "sun"}, "", []string{"01-01", "04-23", "05-01", "05-19", "07-15", "08-30", "10-29"})
	if err != nil {
		t.Fatal(err)
	}
	y := &year{
		rnd: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		stacks: map[string]stackhand.Stack{}, notices: map[string]stackhand.Notice{}, jobs: map[string]*yearJob{},
		servers: map[string]*yearServer{}, gone: map[string]bool{}, absent: map[string]time.Time{}, verdicts: &verdicts{calendar: calendar, once: map[string]bool{}},
	}
	y.rules = Rules{
		Default: 72 * time.Hour, Max: 14 * 24 * time.Hour, Warn: []time.Duration{24 * time.Hour, time.Hour}, Notice: 15 * time.Minute, Calendar: calendar,
		Ladders: []Ladder{{Flavors: []string{"large"}, First: stackhand.StepStop, Grace: 72 * time.Hour, Snapshot: true}},
	}
	for range yearServers {
		y.create()
	}
	return y
}

// over ends the year: some weeks without anything new, after which nothing may be left but what is not ours.
func (y *year) over(s *Sweeper) {
	y.quiet = true
	y.live(context.Background(), 60, s)
	for _, id := range y.ids {
		st := y.stacks[id]
		if st.State != stackhand.StackGone && y.servers[st.Server].stack == id {
			y.broken("%s, which ended at %s, is there still: %s, due %s", id, st.Lease.Until, y.rules.StateOf(st, y.now), y.rules.Due(st))
		}
	}
	for id, sv := range y.servers {
		if sv.stack == "" && sv.deleted {
			y.broken("%s was deleted, and is not ours", id)
		}
	}
}

func TestYear(t *testing.T) {
	seed := *yearSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: go test ./internal/lease -run TestYear -year.seed %d", seed, seed)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // what it keeps is small, and all else is garbage at once
	y := newYear(t, seed)
	s := y.sweeper(nil)
	y.live(t.Context(), *yearDays, s)
	y.over(s)
	t.Logf("%d servers, %d messages, %d steps; the sweeps read %d records", y.made, y.sent, y.taken, y.reads)
	for _, f := range y.faults {
		t.Error(f)
	}
	if y.taken < y.made {
		t.Errorf("%d servers and only %d steps: the year tells little", y.made, y.taken)
	}
}

// Rules that are broken on purpose are found out within weeks.
func TestYearFindsOut(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(y *year, s *Sweeper)
		want string
	}{
		"days off are not looked at":        {func(y *year, s *Sweeper) { y.rules.Calendar, s.Rules.Calendar = nil, nil }, "on a day off"},
		"there is no brake":                 {func(_ *year, s *Sweeper) { s.Rules.Limits = Limits{} }, "the brake let"},
		"what was sent counts as delivered": {func(y *year, s *Sweeper) { s.Book, y.slackUp = credulous{y}, y.now.Add(240*time.Hour) }, "without a delivered warning"},
		"a freeze is not asked for":         {func(y *year, s *Sweeper) { s.Frozen, y.frozenTo = nil, y.now.Add(240*time.Hour) }, "in a freeze"},
		"nobody asks who is away":           {func(y *year, s *Sweeper) { s.Away = nil; y.absent["U01"] = y.now.Add(480 * time.Hour) }, "while its owner is away"},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYear(t, 1)
			s := y.sweeper(nil)
			c.edit(y, s)
			y.live(t.Context(), 21, s)
			if !slices.ContainsFunc(y.faults, func(f string) bool { return strings.Contains(f, c.want) }) {
				t.Errorf("nothing was found out; found %q", y.faults)
			}
		})
	}
}

// credulous takes every notice for delivered.
type credulous struct{ *year }

func (c credulous) Notice(ctx context.Context, id string) (stackhand.Notice, error) {
	n, err := c.year.Notice(ctx, id)
	if n.Delivered.IsZero() {
		n.Delivered = c.clock()
	}
	return n, err
}
