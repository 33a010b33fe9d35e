package provision

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// adopt puts on the ledger what carries the mark of the job that began the stack, and of which it does not
// know: a call whose answer got lost may have made it.
func (d deletion) adopt(ctx context.Context, run *jobs.Run, cloud Cloud) error {
	st, err := d.Book.Stack(ctx, d.spec.Stack)
	if err != nil || st.State == stackhand.StackGone {
		return err
	}
	var kept bool
	if _, err := run.Get(isKept, &kept); err != nil {
		return err
	}
	if err := (home{st.ProjectID, st.Project}).check(cloud.Identity(), false); err != nil && kept {
		return err
	} else if err != nil {
		return nil // from there its marks cannot be seen; what is on the ledger is dealt with by the steps
	}
	look := d.strays
	if kept {
		look = d.unfinished
	}
	found, err := look(ctx, cloud, st)
	if err != nil {
		return err
	}
	_, err = d.change(ctx, st.ID, func(st *stackhand.Stack) error {
		for _, r := range found {
			known := slices.ContainsFunc(st.Ledger, func(l stackhand.Resource) bool { return l.Kind == r.Kind && l.ID == r.ID })
			if !known && (r.Stack == "" || r.Stack == st.ID) {
				st.Ledger = append(st.Ledger, r)
			}
		}
		return nil
	})
	return err
}

// strays lists what carries the stack's mark, of the kinds that come one for each stack, and of those that were
// added later. There is one more of them when a call was under way while the bot died, and took effect only after
// its next life had looked.
func (d deletion) strays(ctx context.Context, cloud Cloud, st stackhand.Stack) ([]stackhand.Resource, error) {
	var fips, ports, volumes, servers []stackhand.Resource
	crew, ctx := errgroup.WithContext(ctx)
	work := stackhand.Guarding(crew)
	work.Go(func() error {
		all, err := cloud.FloatingIPs(ctx)
		fips, err = pick(all, err, "", func(f stackhand.FloatingIP) (string, stackhand.Resource) {
			return f.Description, stackhand.Resource{Kind: stackhand.KindFloatingIP, ID: f.ID, Name: f.IP}
		})
		return err
	})
	work.Go(func() error {
		all, err := cloud.Ports(ctx, stackhand.PortFilter{})
		ports, err = pick(all, err, "", func(p stackhand.Port) (string, stackhand.Resource) {
			return p.Description, stackhand.Resource{Kind: stackhand.KindPort, ID: p.ID, Name: p.Name, Parent: p.NetworkID}
		})
		return err
	})
	work.Go(func() (err error) {
		volumes, err = markedVolumes(ctx, cloud, st.Job)
		return err
	})
	work.Go(func() error {
		f, err := cloud.Features(ctx)
		if err != nil || f.Network {
			return err // a port guards against a second server
		}
		servers, err = serversOf(ctx, cloud, st)
		return err
	})
	err := work.Wait()
	return slices.DeleteFunc(slices.Concat(fips, ports, volumes, servers), func(r stackhand.Resource) bool { return r.Stack != st.ID }), err
}

// unfinished lists what is in the cloud with the mark of the stack's job: of this stack, or of all of them.
func (d deletion) unfinished(ctx context.Context, cloud Cloud, st stackhand.Stack) ([]stackhand.Resource, error) {
	c := create{Deps: d.Deps, id: st.Job, spec: stackhand.CreateSpec{Name: st.Name, Count: 1, Network: auto}}
	var out []stackhand.Resource
	for _, kind := range leftKinds {
		if kind == stackhand.KindServer {
			continue // below: by the stack, which need not be the job's first
		}
		found, err := c.marked(ctx, cloud, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	c.spec.Network = "new" // its network has the stack's name
	found, err := c.marked(ctx, cloud, stackhand.KindNetwork)
	if err != nil {
		return nil, err
	}
	servers, err := serversOf(ctx, cloud, st)
	return slices.Concat(out, servers, found), err
}

// serversOf lists the servers with the stack's mark.
func serversOf(ctx context.Context, cloud Cloud, st stackhand.Stack) ([]stackhand.Resource, error) {
	all, err := cloud.ServersNamed(ctx, st.Name)
	var out []stackhand.Resource
	for _, s := range all {
		if s.Metadata[metaStack] == st.ID {
			out = append(out, stackhand.Resource{Kind: stackhand.KindServer, ID: s.ID, Name: s.Name, Job: st.Job, Stack: st.ID})
		}
	}
	return out, err
}
