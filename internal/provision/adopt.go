package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// adoption puts a server that was made elsewhere under a lease. Only the server is the stack's own then: what it uses is on
// the ledger as used, and stays when it goes.
type adoption struct {
	Deps
	id   string // the job's
	spec stackhand.AdoptSpec
}

func adoptFlow(d Deps) jobs.Flow {
	return jobs.Flow{
		Name: FlowAdopt, Version: 1, Undo: true,
		Steps: func(job stackhand.Job) ([]jobs.Step, error) {
			spec, err := input[stackhand.AdoptSpec](job)
			if err != nil {
				return nil, err
			}
			a := adoption{d, job.ID, spec}
			return []jobs.Step{
				{Name: "look", Title: "Look at " + spec.Name, Do: a.with(a.look)},
				{Name: "mark", Title: "Mark it", Needs: []string{"look"}, Do: a.with(a.mark), Undo: a.with(a.unmark)},
				{Name: "lease", Title: "Lease", Needs: []string{"mark"}, Do: a.with(a.lease)},
			}, nil
		},
		Settle: func(ctx context.Context, job stackhand.Job, to stackhand.JobState) ([]string, error) {
			if to == stackhand.JobDone {
				return nil, nil
			}
			return nil, d.bury(ctx, job)
		},
		Stacks: func(job stackhand.Job) []stackhand.Stack {
			spec, err := input[stackhand.AdoptSpec](job)
			if err != nil {
				return nil
			}
			return []stackhand.Stack{adoptedStack(job, spec, d.Now())}
		},
	}
}

// adoptedStack is the record that an adoption begins with.
func adoptedStack(job stackhand.Job, spec stackhand.AdoptSpec, now time.Time) stackhand.Stack {
	return stackhand.Stack{
		ID: job.ID + "-1", Name: spec.Name, Cloud: spec.Cloud, ProjectID: spec.ProjectID, Project: spec.Project, Region: job.Scope.Region,
		State: stackhand.StackBuilding, Lease: stackhand.Lease{Owner: spec.Owner, For: spec.For}, Job: job.ID, Busy: job.ID, Place: job.Place, Created: now,
	}
}

func (a adoption) stack() string { return a.id + "-1" }

// look takes the server onto the record, which no two stacks may do, and with it what the server uses.
func (a adoption) look(ctx context.Context, run *jobs.Run, c Cloud) error {
	if err := (home{a.spec.ProjectID, a.spec.Project}).check(c.Identity(), true); err != nil {
		return err
	}
	srv, err := c.Server(ctx, a.spec.Server)
	if err != nil {
		return err
	}
	if err := a.adoptable(ctx, srv); err != nil {
		return err
	}
	used, err := a.used(ctx, c, srv)
	if err != nil {
		return err
	}
	_, err = a.change(ctx, a.stack(), func(st *stackhand.Stack) error {
		st.Server, st.Name, st.Flavor, st.Image, st.Born = srv.ID, srv.Name, srv.Flavor, srv.Image, srv.Created
		st.Ledger = append([]stackhand.Resource{{Kind: stackhand.KindServer, ID: srv.ID, Name: srv.Name, Job: a.id, Stack: st.ID}}, used...)
		st.Address = addressOf(srv)
		return nil
	})
	if err != nil {
		return err
	}
	return run.Note(ctx, srv.Status)
}

// adoptable refuses a server that is being built or deleted, and one that another installation has.
func (a adoption) adoptable(ctx context.Context, srv stackhand.Server) error {
	m, _ := stackhand.MarkOf(srv.Metadata)
	switch {
	case srv.Status == "BUILD" || srv.Status == "DELETED" || srv.Status == "SOFT_DELETED" || srv.Task == deletingTask:
		return stackhand.Errorf(stackhand.Conflict, "%s is being built or deleted.", srv.Name).Do("Try again when that is over.")
	case !m.Of(a.Home):
		return stackhand.Errorf(stackhand.Forbidden, "%s belongs to another installation of the bot.", srv.Name).Do("Release it there first.")
	}
	other, err := a.holder(ctx, srv.ID)
	if err == nil && other != "" {
		err = stackhand.Errorf(stackhand.Conflict, "%s belongs to a stack already.", srv.Name).Do("`show %s` tells whose it is.", srv.ID)
	}
	return err
}

// holder is somebody else who has the server on record; "" for nobody.
func (a adoption) holder(ctx context.Context, id string) (string, error) {
	users, err := a.Book.UsersOfResource(ctx, a.spec.Cloud, id)
	for _, u := range users {
		if u != a.id && u != a.stack() {
			return u, err
		}
	}
	return "", err
}

// used are the ports, addresses and volumes of a server, as used by the stack and not made for it.
func (a adoption) used(ctx context.Context, c Cloud, srv stackhand.Server) ([]stackhand.Resource, error) {
	ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: srv.ID})
	if err != nil {
		return nil, err
	}
	ips, err := c.FloatingIPs(ctx)
	if err != nil {
		return nil, err
	}
	var out []stackhand.Resource
	add := func(kind, id, name, parent string) {
		out = append(out, stackhand.Resource{Kind: kind, ID: id, Name: name, Parent: parent, Stack: a.stack()})
	}
	for _, p := range ports {
		add(stackhand.KindPort, p.ID, p.Name, p.NetworkID)
	}
	for _, f := range ips {
		if f.ServerID == srv.ID || f.PortID != "" && slices.ContainsFunc(ports, func(p stackhand.Port) bool { return p.ID == f.PortID }) {
			add(stackhand.KindFloatingIP, f.ID, f.IP, "")
		}
	}
	for _, id := range srv.Volumes {
		v, err := c.Volume(ctx, id)
		if gone(err) != nil {
			return nil, err
		}
		add(stackhand.KindVolume, id, v.Name, srv.ID)
	}
	return out, nil
}

func (a adoption) mark(ctx context.Context, _ *jobs.Run, c Cloud) error {
	m := a.sign(a.id, a.stack())
	m.Owner = a.spec.Owner
	return c.ChangeServerMetadata(ctx, a.spec.Server, m.Metadata(), nil)
}

func (a adoption) unmark(ctx context.Context, _ *jobs.Run, c Cloud) error {
	return unmark(ctx, c, a.spec.Server, a.stack())
}

// unmark takes a stack's mark off a server.
func unmark(ctx context.Context, c Cloud, server, stack string) error {
	srv, err := c.Server(ctx, server)
	if err != nil {
		return gone(err)
	}
	if m, ok := stackhand.MarkOf(srv.Metadata); !ok || m.Stack != stack {
		return nil
	}
	return gone(c.ChangeServerMetadata(ctx, server, nil, []string{stackhand.MarkJob, stackhand.MarkStack, stackhand.MarkOwner, stackhand.MarkHome}))
}

func (a adoption) lease(ctx context.Context, run *jobs.Run, _ Cloud) error {
	now := a.Now()
	st, err := a.change(ctx, a.stack(), func(st *stackhand.Stack) error {
		if st.State == stackhand.StackBuilding {
			st.State, st.Busy, st.Lease.Ready, st.Lease.Until = stackhand.StackReady, "", now, now.Add(a.spec.For)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := run.Note(ctx, "for "+words(a.spec.For)); err != nil {
		return err
	}
	if err := run.Say(ctx, fmt.Sprintf("Its time ends in %s: extend %s moves that, release %s takes it out again.", words(a.spec.For), st.Name, st.Name)); err != nil {
		return err
	}
	if left := lacking(st.Ledger, stackhand.KindServer, st.Server); len(left) > 0 {
		stays := "; these stay when its time is over."
		if len(left) == 1 {
			stays = "; that stays when its time is over."
		}
		return run.Say(ctx, "It uses "+inWords(left)+stays)
	}
	return nil
}
