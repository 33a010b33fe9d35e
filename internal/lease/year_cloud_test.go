package lease

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// yearCloud is the cloud, and the jobs that work in it as the flows of internal/provision do.
type yearCloud struct {
	cloudUp time.Time // from when on it works again
	servers map[string]*yearServer
	takes   int  // minutes that a job takes at most
	dozy    bool // the flows do not look whether it was started
	blind   bool // … nor whose server it is
	rash    bool // … nor whether it was extended
	slow    bool // … nor whether they come too early or too late
}

// yearServer is a server. Whose it is tells ours alone; the marks are what the bot can see of that.
type yearServer struct {
	ours    string // the stack that it was made for; "": it belongs to somebody else
	stack   string // the mark
	owner   string // the mark
	born    time.Time
	state   string // ACTIVE, SHUTOFF or SHELVED_OFFLOADED
	locked  bool
	deleted bool
	address bool
	parked  time.Time     // when the ladder put it away, by the bot's clock
	grace   time.Duration // that its people have since
}

// yearJob is a job, and when its work in the cloud is done.
type yearJob struct {
	stackhand.Job
	spec stackhand.LadderSpec
	ends time.Time
}

// server is what the bot is told of a stack's server.
func (y *year) server(_ context.Context, st stackhand.Stack) (stackhand.Server, error) {
	sv := y.servers[st.Server]
	switch {
	case y.now.Before(y.cloudUp):
		return stackhand.Server{}, stackhand.Errorf(stackhand.Unavailable, "The cloud does not answer.")
	case sv.deleted:
		return stackhand.Server{}, stackhand.Errorf(stackhand.NotFound, "There is no server %s.", st.Server)
	}
	return stackhand.Server{ID: st.Server, Name: st.Name, Status: sv.state}, nil
}

// serversOf is what the bot is told of all servers in a stack's project.
func (y *year) serversOf(ctx context.Context, st stackhand.Stack) ([]stackhand.Server, error) {
	if y.now.Before(y.cloudUp) {
		return nil, stackhand.Errorf(stackhand.Unavailable, "The cloud does not answer.")
	}
	y.count("a list was read")
	var all []stackhand.Server
	for _, d := range y.disk.alive {
		if srv, err := y.server(ctx, y.disk.stacks[d.id]); err == nil {
			all = append(all, srv)
		}
	}
	return all, nil
}

// Start is where a sweep takes a step.
func (y *year) Start(_ context.Context, j stackhand.Job, _ ...stackhand.Stack) (stackhand.Job, error) {
	if err := y.write(); err != nil {
		return j, err
	}
	if old, ok := y.disk.jobs[j.ID]; ok {
		return old.Job, nil
	}
	y.starts(j)
	return y.begin(j), nil
}

func (y *year) Job(_ context.Context, id string) (stackhand.Job, error) {
	if j, ok := y.disk.jobs[id]; ok {
		return j.Job, nil
	}
	return stackhand.Job{}, stackhand.Errorf(stackhand.NotFound, "no job %s", id)
}

func (y *year) begin(j stackhand.Job) stackhand.Job {
	var spec stackhand.LadderSpec
	if err := json.Unmarshal(j.Input, &spec); err != nil {
		y.broken("the input of %s: %v", j.ID, err)
	}
	if j.Flow == "delete" {
		spec.Verb = stackhand.StepDelete
	}
	j.State, j.Input = stackhand.JobRunning, nil
	y.disk.jobs[j.ID] = yearJob{Job: j, spec: spec, ends: y.now.Add(time.Duration(1+y.rnd.IntN(y.takes)) * time.Minute)}
	y.disk.work = append(y.disk.work, j.ID)
	y.change(spec.Stack, func(st *stackhand.Stack) { st.Busy = j.ID })
	return j
}

// cloudWorks ends the jobs whose time has come. Some take effect, and the bot dies before it has written that down.
func (y *year) cloudWorks() {
	y.disk.work = slices.DeleteFunc(y.disk.work, func(id string) bool {
		j := y.disk.jobs[id]
		if y.now.Before(j.ends) {
			return false
		}
		st := y.read(j.spec.Stack)
		why := y.refuses(j, st)
		if why == "" {
			took := y.act(j, &st)
			if y.chance(40) && !y.quiet {
				return false
			}
			took()
		}
		j.State, j.Ended = stackhand.JobDone, y.now
		if why != "" {
			j.State, j.Problem = stackhand.JobFailed, &stackhand.Problem{Msg: why}
			y.count(why)
		}
		y.disk.jobs[id] = j
		st.Busy = ""
		st.Rev++
		y.put(st)
		return true
	})
}

// refuses is what the flows look at before they do anything.
func (y *year) refuses(j yearJob, st stackhand.Stack) string {
	sv := y.servers[st.Server]
	switch {
	case y.now.Before(y.cloudUp):
		return "The cloud does not answer."
	case !y.quiet && y.chance(30):
		return "The cloud could not."
	case st.State != stackhand.StackReady || !j.spec.Until.IsZero() && !st.Lease.End().Equal(j.spec.Until) && !y.rash:
		return "It was extended."
	case !j.spec.Latest.IsZero() && y.clock().After(j.spec.Latest) && !y.slow:
		return "It was held up."
	case y.clock().Before(j.spec.Earliest) && !y.slow:
		return "It came too early."
	case sv.deleted:
		return ""
	case sv.locked:
		return "It is locked."
	case !y.blind && (sv.stack != st.ID || sv.owner != st.Lease.Owner || !sv.born.Equal(st.Born)):
		return "The server is not the one of the record."
	case j.spec.Verb != stackhand.LadderWake && sv.state == "ACTIVE" && !y.dozy && isParked(st):
		return "It runs."
	}
	return ""
}

func isParked(st stackhand.Stack) bool { _, yes := st.Lease.Ladder.Parked(); return yes }

// act does to the server what the job is for, and answers what is to be written down then.
func (y *year) act(j yearJob, st *stackhand.Stack) func() {
	sv := y.servers[st.Server]
	rung := stackhand.Rung{Step: j.spec.Verb, Job: j.ID, At: y.clock()}
	switch j.spec.Verb {
	case stackhand.LadderWake:
		y.change(st.ID, func(st *stackhand.Stack) { // the flow writes this down first
			st.Lease.Rise(y.clock(), 24*time.Hour)
		})
		*st = y.read(st.ID)
		y.sign(st.ID)
		y.ends[st.ID] = st.Lease.Until
		sv.state, sv.parked = "ACTIVE", time.Time{}
		y.count("started again")
		return func() {}
	case stackhand.StepStop, stackhand.StepShelve:
		y.parks(j, *st, sv)
		rung.Reason = st.Lease.Ladder.Reason
		return func() { st.Lease.Ladder.Take(rung) }
	}
	y.deletes(j, *st, sv)
	return func() {
		rung.Step = stackhand.StepDelete
		st.Lease.Ladder.Take(rung)
		st.State, st.Gone = stackhand.StackGone, y.clock()
	}
}

// parks stops or shelves a server, unless it does not run.
func (y *year) parks(j yearJob, st stackhand.Stack, sv *yearServer) {
	if sv.deleted {
		return
	}
	if sv.parked.IsZero() || sv.parked.After(y.clock()) {
		sv.parked, sv.grace = y.clock(), y.ladder(st).grace
	}
	if sv.state == "ACTIVE" {
		y.changes(st, sv, map[string]string{stackhand.StepStop: "stopped", stackhand.StepShelve: "shelved"}[j.spec.Verb])
		sv.state = map[string]string{stackhand.StepStop: "SHUTOFF", stackhand.StepShelve: "SHELVED_OFFLOADED"}[j.spec.Verb]
	}
	if j.spec.FreeIP && sv.address {
		y.frees(st)
		sv.address = false
	}
}

// deletes makes an image where that was asked for, and takes the server away with its volume.
func (y *year) deletes(j yearJob, st stackhand.Stack, sv *yearServer) {
	if sv.deleted {
		return
	}
	y.changes(st, sv, "deleted")
	y.ended(j, st, sv)
	sv.deleted, sv.address = true, false
}
