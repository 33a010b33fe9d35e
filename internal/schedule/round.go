package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// round is one look at one schedule.
type round struct {
	*Keeper
	sweep *sweep
	s     *stackhand.Schedule
	clock clock
	now   time.Time

	cloud  Cloud
	opened bool
	shut   error // why the cloud cannot be opened
	lent   error // why it is with the bot's own login; nil: it is with the owner's
}

// begin takes up a moment: everything of an earlier one is given up.
func (r *round) begin(ctx context.Context, run stackhand.Run) error {
	stacks, err := r.stacks(ctx)
	if err != nil {
		return err
	}
	r.s.At, r.s.Verb, r.s.From = run.At, run.Verb, run.At
	turns := map[string]stackhand.Turn{}
	for _, st := range stacks {
		t := r.s.Turns[st.ID]
		t.Wait = true
		turns[st.ID] = t
	}
	r.s.Turns = turns
	return nil
}

// stacks are those that the schedule is for, as far as the records tell. A property is looked at in the cloud.
func (r *round) stacks(ctx context.Context) ([]stackhand.Stack, error) {
	if !r.s.Several() {
		st, err := r.o.Book.Stack(ctx, r.s.Stack)
		if stackhand.KindOf(err) == stackhand.NotFound {
			return []stackhand.Stack{{ID: r.s.Stack, State: stackhand.StackGone}}, nil
		}
		return []stackhand.Stack{st}, err
	}
	all, err := r.o.Book.StacksOfOwner(ctx, r.s.Owner)
	if err != nil {
		return nil, err
	}
	var mine []stackhand.Stack
	for _, st := range all {
		own, err := r.o.Book.SchedulesOfStack(ctx, st.ID)
		if err != nil {
			return nil, err
		}
		if len(own) == 0 && r.s.Covers(st) {
			mine = append(mine, st)
		}
	}
	return mine, nil
}

// turns deals with each server that waits or whose job is at work. It tells whether the schedule is over.
func (r *round) turns(ctx context.Context) (ended bool, err error) {
	for _, id := range slices.Sorted(maps.Keys(r.s.Turns)) {
		t := r.s.Turns[id]
		if !t.Wait && t.Job == "" {
			continue
		}
		st, err := r.o.Book.Stack(ctx, id)
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return false, err
		}
		if err != nil || st.State == stackhand.StackGone || st.State == stackhand.StackDeleting || st.Lease.Owner != r.s.Owner {
			delete(r.s.Turns, id)
			if !r.s.Several() && st.State != stackhand.StackDeleting { // a deletion may be given up
				return true, r.farewell(ctx, st)
			}
			continue
		}
		if t.Job != "" {
			err = r.hear(ctx, st, &t)
		}
		if err == nil && t.Wait {
			err = r.turn(ctx, st, &t)
		}
		if err != nil {
			return false, err
		}
		r.s.Turns[id] = t
	}
	return false, nil
}

// farewell tells the owner of a schedule that ends because the server belongs to somebody else now.
func (r *round) farewell(ctx context.Context, st stackhand.Stack) error {
	if st.ID == "" || st.State == stackhand.StackGone {
		return nil
	}
	return r.tell(ctx, stackhand.Stack{}, "other", stackhand.Textf("%s belongs to %s now, so your schedule for it has ended.",
		stackhand.AsBold(st.Name), stackhand.To(st.Lease.Owner)))
}

// hear looks what has become of a job. A failure is told once, until one works again.
func (r *round) hear(ctx context.Context, st stackhand.Stack, t *stackhand.Turn) error {
	job, err := r.o.Book.Job(ctx, t.Job)
	switch {
	case stackhand.KindOf(err) == stackhand.NotFound:
		t.Job = ""
		return nil
	case err != nil || !job.State.Rests():
		return err
	}
	t.Job = ""
	if job.State == stackhand.JobDone {
		r.works(t)
		return nil
	}
	if job.Canceled != "" {
		return nil
	}
	why := "the job did not end well"
	if job.Problem != nil {
		why = job.Problem.Msg
	}
	return r.trouble(ctx, st, t, why, fmt.Sprintf("`job show %s` tells more.", job.ID))
}

// turn stops or starts a server if nothing speaks against it.
func (r *round) turn(ctx context.Context, st stackhand.Stack, t *stackhand.Turn) error {
	id := r.o.NewID(fmt.Sprintf("schedule/%s/%s/%s/%d", r.s.ID, st.ID, r.s.Verb, r.s.At.Unix()))
	if job, err := r.o.Book.Job(ctx, id); err == nil { // begun before a crash
		t.Wait, t.Job = false, job.ID
		return nil
	} else if stackhand.KindOf(err) != stackhand.NotFound {
		return err
	}
	later, err := r.unwanted(ctx, st, t)
	if err != nil || later || !t.Wait {
		return err
	}
	sv, err := r.server(ctx, st.Server, r.s.Verb)
	switch {
	case r.shut != nil:
		return r.unopened(ctx, t, ctx.Err())
	case stackhand.Temporary(err):
		return nil // it waits
	case err != nil:
		t.Wait = false
		return r.trouble(ctx, st, t, sentence(err), "")
	}
	if act, err := r.fits(ctx, st, sv, t); err != nil || !act {
		return err
	}
	if r.lent != nil {
		if err := r.tellShut(ctx, r.lent, halfWork); err != nil {
			return err
		}
	}
	job, err := r.start(ctx, st, id)
	if err != nil {
		return err
	}
	t.Wait, t.Job = false, job.ID
	r.o.Log.Info("a schedule is due", "schedule", r.s.ID, "stack", st.ID, "verb", r.s.Verb, "user", r.s.Owner, "job", job.ID)
	return nil
}

// unwanted looks at what the records say against it. Wait is taken back where it is not to be done at all; later tells that
// it has to wait.
func (r *round) unwanted(ctx context.Context, st stackhand.Stack, t *stackhand.Turn) (later bool, err error) {
	use, err := r.o.Book.Activity(ctx, st.ID)
	if err != nil {
		return false, err
	}
	freeze, err := r.o.Book.Freeze(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case t.Left.After(r.s.At),
		use.Powered.After(r.s.At), // somebody did it by hand since
		st.State != stackhand.StackReady, st.Server == "",
		r.s.Verb == stackhand.ActStart && r.o.Held != nil && r.o.Held(st):
		t.Wait = false
		return false, nil
	case freeze.On():
		return true, nil
	}
	return r.busy(ctx, st)
}

func (r *round) busy(ctx context.Context, st stackhand.Stack) (bool, error) {
	if st.Busy == "" {
		return false, nil
	}
	job, err := r.o.Book.Job(ctx, st.Busy)
	if stackhand.KindOf(err) == stackhand.NotFound {
		return false, nil
	}
	return err == nil && !job.State.Rests(), err
}

// server reads a server with the owner's login. Where that has ended it does so with the bot's own for a stop; to start what
// costs takes a right that the owner may not have any more. r.shut says why the cloud cannot be reached.
func (r *round) server(ctx context.Context, id, verb string) (stackhand.Server, error) {
	if !r.opened {
		r.opened = true
		r.cloud, r.shut = asked(ctx, r, func(ctx context.Context) (Cloud, error) { return r.o.Open(ctx, r.s.Owner, r.s.Cloud, r.s.Scope) })
	}
	if r.shut == nil {
		sv, err := asked(ctx, r, func(ctx context.Context) (stackhand.Server, error) { return r.cloud.Server(ctx, id) })
		if r.lent != nil || stackhand.KindOf(err) != stackhand.Unauthorized {
			return sv, err
		}
		r.shut = err
	}
	if verb != stackhand.ActStop || r.o.Own == nil || stackhand.KindOf(r.shut) != stackhand.Unauthorized {
		return stackhand.Server{}, r.shut
	}
	c, err := r.own(ctx)
	if err != nil {
		if stackhand.Temporary(err) {
			r.shut = err
		}
		return stackhand.Server{}, r.shut
	}
	r.cloud, r.lent, r.shut = c, r.shut, nil
	return asked(ctx, r, func(ctx context.Context) (stackhand.Server, error) { return c.Server(ctx, id) })
}

// unopened deals with a cloud that could not be opened: what may pass is waited for, the rest told once.
func (r *round) unopened(ctx context.Context, t *stackhand.Turn, err error) error {
	if err != nil || stackhand.Temporary(r.shut) {
		return err
	}
	words := "Your schedule (%s) does not work: %s It goes on by itself once that is mended. You are not told again."
	switch stops, err := r.stillStops(ctx); {
	case stackhand.Temporary(err):
		return nil // the next round knows
	case stops:
		words = halfWork
	}
	t.Wait = false
	return r.tellShut(ctx, r.shut, words)
}

const halfWork = "Your schedule (%s) does only half its work: %s Until then it stops servers with the bot's own login, and starts none. You are not told again."

// stillStops tells whether a schedule whose owner's login has ended goes on to stop servers with the bot's own.
func (r *round) stillStops(ctx context.Context) (bool, error) {
	if r.s.Stop == "" || r.o.Own == nil || stackhand.KindOf(r.shut) != stackhand.Unauthorized {
		return false, nil
	}
	_, err := r.own(ctx)
	return err == nil, err
}

// tellShut tells the owner, once, why their login does not serve, in words that take the schedule and the reason.
func (r *round) tellShut(ctx context.Context, shut error, words string) error {
	why := sentence(shut)
	if r.s.Told == why {
		return nil
	}
	r.s.Told = why
	return r.tell(ctx, stackhand.Stack{}, "login", stackhand.Textf(words, r.s.Words(), why), stackhand.Action{ID: "login", Label: "Log in", Value: r.s.Cloud})
}

// ours tells whether a server carries the mark of its stack: with the bot's own login, which may reach far, nothing else is touched.
func ours(st stackhand.Stack, sv stackhand.Server) bool {
	m, _ := stackhand.MarkOf(sv.Metadata)
	return m.Stack == st.ID && (sv.ProjectID == "" || sv.ProjectID == st.ProjectID)
}

// What a server's status says about a stop and a start: it is there already, or can be brought there.
var (
	there = map[string]string{stackhand.ActStop: "SHUTOFF", stackhand.ActStart: "ACTIVE"}
	from  = map[string]string{stackhand.ActStop: "ACTIVE", stackhand.ActStart: "SHUTOFF"}
)

// fits tells whether the server is to be stopped or started as the cloud shows it now.
func (r *round) fits(ctx context.Context, st stackhand.Stack, sv stackhand.Server, t *stackhand.Turn) (bool, error) {
	if r.lent == nil {
		r.s.Told = "" // the cloud could be asked
	}
	switch {
	case r.lent != nil && !ours(st, sv):
		t.Wait = false
		return false, r.trouble(ctx, st, t, "the server does not carry its mark any more.", "")
	case !r.s.Wants(sv):
	case sv.Task != "":
		return false, nil // something else is at work on it: wait
	case sv.Status == there[r.s.Verb]:
		r.works(t)
	case sv.Status == "ERROR":
		t.Wait = false
		return false, r.trouble(ctx, st, t, "it is in the state ERROR.", "`show "+st.Name+"` tells why.")
	case sv.Status != from[r.s.Verb]: // paused, shelved, waiting for an answer to a resize: somebody wants it so
	case sv.Locked:
		t.Wait = false
		return false, r.trouble(ctx, st, t, "it is locked.", "`unlock "+st.Name+"` lets the schedule go on.")
	default:
		byHand, err := r.byHand(ctx, st)
		if err != nil || !byHand {
			return err == nil, err
		}
	}
	t.Wait = false
	return false, nil
}

// late is from when on it may be that somebody was faster without the bot, so that the cloud's own record is asked.
const late = 5 * time.Minute

// byHand tells whether somebody started or stopped the server in the cloud since the moment.
func (r *round) byHand(ctx context.Context, st stackhand.Stack) (bool, error) {
	if r.now.Sub(r.s.At) < late {
		return false, nil
	}
	all, err := asked(ctx, r, func(ctx context.Context) ([]stackhand.ServerAction, error) {
		return r.cloud.ServerActions(ctx, st.Server)
	})
	if stackhand.Temporary(err) {
		return false, err
	}
	return slices.ContainsFunc(all, func(a stackhand.ServerAction) bool {
		return a.Start.After(r.s.At) && (a.Action == "start" || a.Action == "stop" || a.Action == "reboot")
	}), nil // a cloud that keeps no record tells nothing
}

// start begins the job, as its owner would.
func (r *round) start(ctx context.Context, st stackhand.Stack, id string) (stackhand.Job, error) {
	place, err := r.place(ctx, st)
	if err != nil {
		return stackhand.Job{}, err
	}
	input, err := json.Marshal(stackhand.ActSpec{
		Cloud: st.Cloud, ProjectID: st.ProjectID, Project: st.Project, Stack: st.ID, Server: st.Server, Name: st.Name, Verb: r.s.Verb,
		Latest: r.latest(),
	})
	if err != nil {
		return stackhand.Job{}, err
	}
	job := stackhand.Job{
		ID: id, Flow: "act", User: stackhand.User{ID: r.s.Owner}, Cloud: st.Cloud, Scope: st.Scope(), Place: place, Quiet: true,
		Line: "schedule: " + r.s.Words(), Title: title[r.s.Verb] + " " + st.Name + " (its schedule)", Input: input, Stacks: []string{st.ID},
		State: stackhand.JobQueued, Created: r.now, Own: r.s.Verb == stackhand.ActStop,
	}
	if r.s.Verb == stackhand.ActStop {
		next := r.clock.next(r.now)
		offer := stackhand.Offer{Line: "start " + st.ID, Label: "Start it again", Until: next.At}
		if next.Verb == stackhand.ActStart {
			offer.Why = "It stays stopped"
		}
		job.Offers = []stackhand.Offer{offer}
	}
	return r.o.Jobs.Start(ctx, job)
}

// begins is how long a job may be held up, by a bot that is off, until it is not begun any more: people may have done something since.
const begins = time.Hour

// latest is when a job that is asked for now begins at the latest: before the next moment of the schedule in any case.
func (r *round) latest() time.Time {
	last := r.now.Add(begins)
	if next := r.clock.next(r.now).At; !next.IsZero() && next.Before(last) {
		return next
	}
	return last
}

var title = map[string]string{stackhand.ActStop: "Stop", stackhand.ActStart: "Start"}
