package lease

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// yearLife is what people do and know.
type yearLife struct {
	botUp     time.Time // from when on the bot runs again
	installed time.Time
	absent    map[string]absence
	signs     map[string]time.Time // of a stack: when its owner gave the last sign of life, by the clock of the world
	ends      map[string]time.Time // of a stack: when it ends, as far as its owner knows
	extended  map[string]stackhand.Extensions
	made      int
	sent      int
	reads     int
	happened  map[string]int
}

// absence is a status in the chat.
type absence struct{ since, until time.Time }

func (y *year) count(what string) { y.happened[what]++ }

// sign notes that the owner of a stack said that they need it.
func (y *year) sign(id string) {
	y.signs[id] = y.now
	y.tell(id, "its owner gives a sign of life")
}

// tell logs what happens to the stack that -year.of names.
func (y *year) tell(id, format string, args ...any) {
	if id == *yearOf {
		y.t.Logf("%s (%+v): %s", y.now, y.off, fmt.Sprintf(format, args...))
	}
}

func (y *year) away(_ context.Context, user string) (string, time.Time, error) {
	if a, ok := y.absent[user]; ok && (a.until.IsZero() || y.clock().Before(a.until)) {
		return "its owner is away", a.until, nil
	}
	return "", time.Time{}, nil
}

func (y *year) hours(n int) time.Time {
	return y.now.Add(time.Duration(1+y.rnd.IntN(n)) * time.Hour)
}

// trouble begins outages, restarts, jumps of the clock, and what administrators do.
func (y *year) trouble() {
	if y.quiet {
		y.move(0)
		y.thaw()
		y.cloudUp, y.slackUp, y.botUp = y.now, y.now, y.now
		return
	}
	if y.now.Sub(y.installed) < 48*time.Hour {
		return // all begins well
	}
	switch {
	case y.chance(4000):
		y.cloudUp = y.hours(30)
	case y.chance(4000):
		y.slackUp = y.hours(40)
	case y.chance(3000):
		y.botUp = y.hours(60)
	case y.chance(5000):
		y.move([]time.Duration{-time.Hour, time.Hour, 30 * time.Hour, 9 * 24 * time.Hour}[y.rnd.IntN(4)])
		y.count("the clock jumped")
	case y.off != 0 && y.chance(12):
		y.move(0)
	case y.chance(3000):
		y.disk.frozen = true
		y.count("frozen")
	case y.disk.frozen && y.chance(100):
		y.thaw()
	case y.chance(5000):
		yes := true
		y.setDry(&yes)
		y.count("dry")
	case *y.dryNow() && y.chance(150):
		y.setDry(new(bool))
	}
	y.leave()
	y.restore()
}

func (y *year) move(off time.Duration) {
	if off != y.off {
		y.off, y.jump = off, y.now
	}
}

func (y *year) setDry(dry *bool) {
	y.dry = dry
	for _, b := range y.bots {
		b.Rules.Dry = dry
	}
}

// dryNow tells whether nothing may be done, by what is configured.
func (y *year) dryNow() *bool {
	if y.dry != nil {
		return y.dry
	}
	dry := y.clock().Sub(y.installed) < 24*time.Hour
	return &dry
}

// leave has people be away for a while, or leave for good, and channels be closed.
func (y *year) leave() {
	if u := anybody(y.rnd.IntN(yearPeople)); y.chance(250) {
		if why, _, _ := y.away(context.Background(), u); why == "" {
			y.absent[u] = absence{y.now, y.hours(480)}
			if y.chance(4) {
				y.absent[u] = absence{since: y.now} // until they say otherwise
			}
		} else if y.absent[u].until.IsZero() {
			delete(y.absent, u)
		}
	}
	switch {
	case y.chance(2500) && len(y.gone) < yearPeople/3:
		y.gone[anybody(y.rnd.IntN(yearPeople))] = true
	case y.chance(9000):
		y.closed[fmt.Sprint("C", y.rnd.IntN(6))] = true
	case y.chance(3000):
		y.closed["ops"] = !y.closed["ops"]
	}
}

// restore puts a backup that is weeks old in the place of the disk. The cloud and the chat are as they are.
func (y *year) restore() {
	day := int(y.now.Sub(y.installed) / (24 * time.Hour))
	switch {
	case y.backup == nil && day%60 == 20 && y.chance(20):
		y.backup = y.disk.copy()
	case y.backup != nil && day%60 == 36:
		y.disk, y.backup, y.started = *y.backup, nil, nil
		y.count("a backup was restored")
		for _, d := range y.disk.alive {
			st := y.disk.stacks[d.id]
			y.sign(d.id) // what was said before is not what the bot knows
			y.ends[d.id], y.extended[d.id] = st.Lease.End(), st.Lease.Extensions
			sv := y.servers[st.Server]
			switch r, parked := st.Lease.Ladder.Parked(); {
			case !parked:
				sv.parked = time.Time{}
			case !sv.parked.IsZero():
				sv.parked, sv.grace = r.At, y.ladder(st).grace
			}
		}
	}
}

// people make servers, extend leases, start what was stopped, delete their own, and do things without the bot.
func (y *year) people(ctx context.Context) {
	want := y.crowd
	if y.now.Month() == time.August { // a few are so many per cent of all
		want /= 3
	}
	for !y.quiet && len(y.disk.alive) < want && y.chance(3) {
		y.create()
	}
	y.admins(ctx)
	for range 2 {
		if y.quiet || len(y.disk.alive) == 0 {
			return
		}
		st := y.read(y.disk.alive[y.rnd.IntN(len(y.disk.alive))].id)
		switch {
		case st.State != stackhand.StackReady:
			continue
		case st.Busy != "":
			if y.now.After(y.botUp) && !y.gone[st.Lease.Owner] && y.chance(2) {
				y.extend(ctx, st) // while a job is at work on it
			}
			continue
		}
		y.byHand(st)
		if st = y.read(st.ID); y.now.After(y.botUp) && st.State == stackhand.StackReady {
			y.reasons(ctx, st)
			if !y.gone[st.Lease.Owner] {
				y.owner(ctx, st)
			}
		}
	}
}

// owner does something with a server of theirs, through the bot.
func (y *year) owner(ctx context.Context, st stackhand.Stack) {
	switch n := y.rnd.IntN(40); {
	case isParked(st) && n < 6:
		y.begin(yearWake(st, fmt.Sprint("wake/", st.ID, y.now.Unix())))
	case st.Lease.Ladder.Reason != stackhand.ReasonTime && n < 12:
		if ok, err := y.rules.Answered(ctx, y, st.ID); err != nil {
			y.broken("%s: the answer of %s was not taken: %v", y.now, st.ID, err)
		} else if ok {
			y.sign(st.ID)
			y.ends[st.ID] = y.disk.stacks[st.ID].Lease.Until
			y.count("needed")
		}
	case st.Lease.Until.Sub(y.clock()) < 24*time.Hour && n < 20:
		y.extend(ctx, st)
	case n < 26 && len(st.Ledger) == 1:
		y.change(st.ID, addVolume)
	case n == 26:
		if sv := y.servers[st.Server]; sv.ours == st.ID && !sv.locked {
			sv.deleted = true
			y.change(st.ID, func(st *stackhand.Stack) { st.State, st.Gone = stackhand.StackGone, y.clock() })
		}
	}
}

func yearWake(st stackhand.Stack, id string) stackhand.Job {
	in, _ := json.Marshal(stackhand.LadderSpec{Stack: st.ID, Server: st.Server, Verb: stackhand.LadderWake}) // strings cannot fail
	return stackhand.Job{ID: id, Flow: "ladder", Stacks: []string{st.ID}, Input: in}
}

// extend asks for more time, more often than the budget allows; an approver helps some.
func (y *year) extend(ctx context.Context, st stackhand.Stack) {
	until := y.clock().Add(time.Duration(1+y.rnd.IntN(120)) * time.Hour)
	was := st.Lease.Until
	if was.Before(y.clock()) {
		was = y.clock()
	}
	_, err := y.rules.Extend(ctx, y, st.ID, until, "", y.clock())
	beyond := stackhand.KindOf(err) == stackhand.Forbidden
	switch {
	case beyond && !y.chance(3):
		y.count("the budget was used up")
		return
	case beyond:
		_, err = y.rules.Beyond(ctx, y, st.ID, until, "", y.clock())
	}
	if err != nil {
		y.broken("%s: %s was not extended: %v", y.now, st.ID, err)
		return
	}
	if beyond {
		y.count("extended by an approver")
	}
	y.sign(st.ID)
	y.ends[st.ID] = until
	y.servers[st.Server].grace = 0 // from now on its end is what was asked for
	if by := until.Sub(was); by > 0 {
		e := &stackhand.Extensions{Times: y.extended[st.ID].Times + 1, Total: y.extended[st.ID].Total + by}
		y.extended[st.ID] = *e
		if !beyond && (e.Times > yearBudget.Times || e.Total > yearBudget.Total) {
			y.broken("%s: %s was extended %d times, by %s", y.now, st.ID, e.Times, e.Total)
		}
	}
}

// reasons are found by what servers do: nobody uses some, and others stand for long.
func (y *year) reasons(ctx context.Context, st stackhand.Stack) {
	if !y.chance(60) {
		return
	}
	reason := stackhand.ReasonIdle
	if y.servers[st.Server].state == "SHUTOFF" {
		reason = stackhand.ReasonStands
	}
	ends := y.clock().Add(24 * time.Hour)
	ok, err := y.rules.Begin(ctx, y, st.ID, reason, stackhand.Textf("Nothing happens on it."), ends, y.clock())
	if err != nil {
		y.broken("%s: %s was not put on the ladder: %v", y.now, st.ID, err)
	}
	if ok {
		y.ends[st.ID] = ends
		y.count("asked: " + string(reason))
	}
}

// admins answer the brake, and hold the ladder at other times too.
func (y *year) admins(ctx context.Context) {
	if y.now.Before(y.botUp) || y.quiet && !y.disk.brake.Held.On() {
		return
	}
	do := y.bots[0].Go
	switch asked := y.disk.brake.Asked.After(y.clock().Add(-time.Hour)); {
	case y.disk.brake.Held.On() && (y.quiet || y.chance(60)):
	case asked && y.chance(15):
		y.count("go")
	case y.chance(6000):
		do = func(ctx context.Context, user string) (stackhand.Brake, error) { return y.bots[0].Hold(ctx, user, "") }
		y.count("held")
	default:
		return
	}
	if _, err := do(ctx, "U0ADMIN"); err != nil {
		y.broken("%s: an administrator was not heard: %v", y.now, err)
	}
}

func anybody(n int) string { return fmt.Sprintf("U%02d", n) }

func (y *year) create() {
	owner := anybody(y.rnd.IntN(yearPeople))
	if y.gone[owner] {
		return
	}
	y.made++
	id := fmt.Sprintf("s%05d", y.made)
	length := time.Duration(2+y.rnd.IntN(300)) * time.Hour
	st := stackhand.Stack{
		ID: id, Name: id, Job: "job-" + id, Cloud: "lab", ProjectID: "p", State: stackhand.StackReady, Server: "server-" + id, Created: y.now,
		Flavor: []string{"small", "small", "large", "huge"}[y.rnd.IntN(4)], Born: y.now,
		Place: stackhand.Place{Channel: fmt.Sprint("C", y.rnd.IntN(6)), Thread: "1"},
		Lease: stackhand.Lease{Owner: owner, Ready: y.clock(), Until: y.clock().Add(length), For: length},
	}
	if y.chance(8) {
		st.Shared = []string{anybody(y.rnd.IntN(yearPeople))}
	}
	st.Ledger = []stackhand.Resource{{Kind: stackhand.KindServer, ID: st.Server, Job: st.Job}}
	y.servers[st.Server] = &yearServer{ours: id, stack: id, owner: owner, born: y.now, state: "ACTIVE", address: true}
	if y.chance(4) {
		addVolume(&st)
	}
	y.sign(id)
	y.ends[id] = st.Lease.Until
	y.put(st)
}

func addVolume(st *stackhand.Stack) {
	st.Ledger = append(slices.Clone(st.Ledger), stackhand.Resource{Kind: stackhand.KindVolume, ID: "vol-" + st.ID, Job: "later-" + st.ID})
}

// byHand is what people do in the cloud, without the bot. What they take for something else is not ours any more.
func (y *year) byHand(st stackhand.Stack) {
	sv := y.servers[st.Server]
	switch {
	case sv.ours == "" && y.chance(20): // an administrator saw that, and took it off the record
		y.change(st.ID, func(st *stackhand.Stack) { st.State, st.Gone = stackhand.StackGone, y.clock() })
		return
	case sv.deleted || sv.ours == "" || y.now.Sub(sv.born) < time.Hour:
		return
	}
	foreign := func(edit func(*yearServer)) *yearServer {
		c := *sv
		c.ours, c.parked, c.state, c.locked = "", time.Time{}, "ACTIVE", false
		edit(&c)
		y.count("foreign")
		return &c
	}
	switch n := y.rnd.IntN(2000); {
	case n < 2: // made anew elsewhere, under the same name: with another id, and without our mark, or with a copy of it
		sv.deleted = true
		y.servers["again-"+st.Server] = foreign(func(c *yearServer) {
			if c.born = y.now; y.chance(2) {
				c.stack, c.owner = "", ""
			}
		})
	case n < 4: // the id is that of another server now
		y.servers[st.Server] = foreign(func(c *yearServer) { c.born = y.now })
	case n < 6:
		y.servers[st.Server] = foreign(func(c *yearServer) { c.stack = "" })
	case n < 8:
		y.servers[st.Server] = foreign(func(c *yearServer) { c.owner = "U99" })
	case n < 11:
		sv.deleted = true
	case n < 14:
		sv.locked = true
	case n < 30 && sv.locked:
		sv.locked = false
	case n < 60 && sv.state == "ACTIVE" && !strings.HasSuffix(st.ID, "7"):
		sv.state = "SHUTOFF"
	case n >= 60 && n < 80 && !sv.parked.IsZero(): // they need it, and do not tell the bot
		sv.state, sv.parked = "ACTIVE", time.Time{}
		y.sign(st.ID)
		y.count("started by hand")
	}
}

// unlocks everything, so that it can end.
func (y *year) unlock() {
	for _, sv := range y.servers {
		sv.locked = false
	}
	y.closed = map[string]bool{}
	y.absent = map[string]absence{}
}

// left are the stacks on record that are there still, and whose server is theirs.
func (y *year) left() (out []stackhand.Stack) {
	for _, d := range y.disk.alive {
		if st := y.read(d.id); y.servers[st.Server].ours == st.ID {
			out = append(out, st)
		}
	}
	slices.SortFunc(out, func(a, b stackhand.Stack) int { return strings.Compare(a.ID, b.ID) })
	return out
}
