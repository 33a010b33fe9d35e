package provision

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// create builds the steps of one job.
type create struct {
	Deps
	id   string // the job's
	spec stackhand.CreateSpec
}

func createFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowCreate, Version: 1, Undo: true,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			c, err := newCreate(d, job)
			if err != nil {
				return nil, err
			}
			return c.steps(), c.check()
		},
		Settle:  d.settleCreate,
		Stacks:  func(job stackhand.Job) []stackhand.Stack { return d.stacks(job) },
		Cleanup: planCleanup,
		Left:    d.left,
	}
}

func newCreate(d Deps, job stackhand.Job) (create, error) {
	spec, err := input[stackhand.CreateSpec](job)
	if err != nil {
		return create{}, err
	}
	spec.Count = max(1, spec.Count)
	if spec.Network == "" {
		spec.Network = "auto"
	}
	return create{Deps: d, id: job.ID, spec: spec}, nil
}

// check refuses what cannot be built.
func (c create) check() error {
	if c.spec.Classic && c.spec.Network == "new" {
		return stackhand.Errorf(stackhand.Invalid, "This cloud gives servers their network itself, so none can be made for them.").
			Do("Leave --network out.")
	}
	if c.spec.Floating && c.spec.External == "" && !c.spec.Classic {
		return stackhand.Errorf(stackhand.Invalid, "This cloud has no external network, so there are no floating IPs.").
			Do("Create the server with --no-floating-ip.")
	}
	return nil
}

// steps lists everything in an order in which each step comes after those that it needs.
func (c create) steps() []jobs.Step {
	steps := c.networkSteps()
	var needs []string // of every port, or server where there are no ports
	if len(steps) > 0 {
		needs = append(needs, "subnet")
	}
	if len(c.spec.Open) > 0 {
		steps = append(steps, c.groupStep())
		needs = append(needs, "group")
	}
	routed := ""
	if c.makesNetwork() && c.spec.External != "" {
		routed = "interface"
	}
	last := []string{}
	if routed != "" {
		last = append(last, routed)
	}
	for i := range c.spec.Count {
		one := c.serverSteps(i+1, needs, routed)
		steps = append(steps, one...)
		last = append(last, one[len(one)-1].Name)
		if c.spec.Floating {
			last = append(last, key("attach", i+1))
		}
	}
	return append(steps, jobs.Step{
		Name: "lease", Title: "Lease", Needs: last, Do: c.lease,
	})
}

func key(step string, n int) string { return step + "-" + strconv.Itoa(n) }

// title is the step's name for people; with several servers it says which.
func (c create) title(what string, n int) string {
	if c.spec.Count == 1 {
		return what
	}
	return what + " " + c.name(n)
}

// name is the n-th server's name, n from 1.
func (c create) name(n int) string {
	if c.spec.Count == 1 {
		return c.spec.Name
	}
	return key(c.spec.Name, n)
}

// stack is the n-th stack's id.
func (c create) stack(n int) string { return key(c.id, n) }

// stacks makes the records of a create job's stacks as they are before anything is built.
func (d Deps) stacks(job stackhand.Job) []stackhand.Stack {
	c, err := newCreate(d, job)
	if err != nil {
		return nil
	}
	var out []stackhand.Stack
	for n := 1; n <= c.spec.Count; n++ {
		out = append(out, c.newStack(job, n))
	}
	return out
}

func (c create) newStack(job stackhand.Job, n int) stackhand.Stack {
	owner := c.spec.Owner
	if owner == "" {
		owner = job.User.ID
	}
	return stackhand.Stack{
		ID: c.stack(n), Name: c.name(n), Cloud: c.spec.Cloud, ProjectID: c.spec.ProjectID, Project: c.spec.Project,
		Region: job.Scope.Region, State: stackhand.StackBuilding, Job: c.id, Place: job.Place,
		Lease:  stackhand.Lease{Owner: owner, For: c.spec.For},
		Flavor: c.spec.Flavor, Image: c.spec.Image, Login: c.spec.Login, Created: c.Now(),
	}
}

// lease hands the stacks over: from now on their time counts.
func (c create) lease(ctx context.Context, run *jobs.Run) error {
	job := run.Job()
	now := c.Now()
	for n := 1; n <= c.spec.Count; n++ {
		address := ""
		if fips := made(job, stackhand.KindFloatingIP, c.stack(n)); len(fips) > 0 {
			address = fips[0].Name
		} else if _, err := run.Get(key("address", n), &address); err != nil {
			return err
		}
		var born time.Time
		if _, err := run.Get(key("born", n), &born); err != nil {
			return err
		}
		err := c.write(ctx, job, n, func(st *stackhand.Stack) {
			if st.State == stackhand.StackReady {
				return // an earlier attempt did it: its time counts already
			}
			st.State, st.Address, st.Busy, st.Born = stackhand.StackReady, address, "", born
			st.Lease.Ready, st.Lease.Until = now, now.Add(c.spec.For)
		})
		if err != nil {
			return err
		}
	}
	return run.Note(ctx, "for "+words(c.spec.For))
}

// write changes the n-th stack's record and puts what was made for it on it. A record that
// is missing is made; one that somebody took down since, before this was known to be done, is left as it is.
func (c create) write(ctx context.Context, job stackhand.Job, n int, what func(*stackhand.Stack)) error {
	edit := func(st *stackhand.Stack) error {
		if st.State == stackhand.StackDeleting || st.State == stackhand.StackGone {
			return nil
		}
		st.Ledger = ledger(job, st.ID)
		st.Server = madeID(job, stackhand.KindServer, st.ID)
		what(st)
		return nil
	}
	_, err := c.change(ctx, c.stack(n), edit)
	if is(err, stackhand.NotFound) {
		st := c.newStack(job, n)
		if err := edit(&st); err != nil {
			return err
		}
		return c.Book.SaveStack(ctx, &st)
	}
	return err
}

// ledger lists what was made for a stack, and for all stacks of its job.
func ledger(job stackhand.Job, stack string) []stackhand.Resource {
	return slices.DeleteFunc(slices.Clone(job.Made), func(r stackhand.Resource) bool {
		return r.Stack != "" && r.Stack != stack
	})
}

// settleCreate puts the stacks' records right when their job did not get to the lease. Pieces
// that stay get a time as well, so that they are not forgotten.
func (d Deps) settleCreate(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error) {
	if to == stackhand.JobDone {
		return nil, nil
	}
	c, err := newCreate(d, job)
	if err != nil {
		return nil, d.bury(ctx, job)
	}
	now := d.Now()
	for n := 1; n <= c.spec.Count; n++ {
		err := c.write(ctx, job, n, func(st *stackhand.Stack) {
			if len(st.Ledger) == 0 && !unsure(job, to) {
				st.State, st.Gone = stackhand.StackGone, now
				return
			}
			st.State = stackhand.StackKept
			st.Lease.Ready, st.Lease.Until = now, now.Add(c.spec.For)
		})
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// left tells whether one of the job's stacks is still there, or may be.
func (d Deps) left(ctx context.Context, job stackhand.Job) (bool, error) {
	for _, id := range job.Stacks {
		st, err := d.Book.Stack(ctx, id)
		if gone(err) != nil {
			return false, err
		}
		if err == nil && st.State != stackhand.StackGone {
			return true, nil
		}
	}
	return false, nil
}

// unsure tells whether the job may have made something of which its record does not know: a step could not be
// undone, was stopped midway, or ended without an answer. What was undone was looked for.
func unsure(job stackhand.Job, to stackhand.JobState) bool {
	return slices.ContainsFunc(job.Steps, func(s stackhand.JobStep) bool {
		if s.State != stackhand.StepFailed || s.Problem == nil || to == stackhand.JobUndone {
			return false
		}
		return to == stackhand.JobFailed || jobs.Unsure(s.Problem.Kind)
	})
}

// bury ends the stacks of a job of which nothing can have been made.
func (d Deps) bury(ctx context.Context, job stackhand.Job) error {
	for _, id := range job.Stacks {
		_, err := d.change(ctx, id, func(st *stackhand.Stack) error {
			st.State, st.Gone = stackhand.StackGone, d.Now()
			return nil
		})
		if gone(err) != nil {
			return err
		}
	}
	return nil
}

// words says a duration without the zeros of time.Duration: 72h, 1h30m.
func words(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// list says numbers as "22, 80".
func list(ports []int) string {
	out := make([]string, len(ports))
	for i, p := range ports {
		out[i] = strconv.Itoa(p)
	}
	return strings.Join(out, ", ")
}

// tooMany is for a thing that must be there once and is there several times: only a person
// can say which is the right one.
func tooMany(what, name string, n int) error {
	return jobs.Human(stackhand.Errorf(stackhand.Conflict, "There are %d %ss %s with this job's mark in the cloud, where one was asked for.", n, what, name).
		Do("Clean up after this job, then try again."))
}

func lockName(what, cloud, project string) string {
	return fmt.Sprintf("%s %q %q", what, cloud, project)
}
