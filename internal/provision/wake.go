package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// wakeSteps bring a server back that was put away. The lease comes first: should the rest fail, the server is at least not
// counted as put away any more.
func (r rung) wakeSteps(check jobs.Step) []jobs.Step {
	steps := []jobs.Step{check,
		{Name: "lease", Title: "Lease", Needs: []string{"check"}, Do: r.with(r.back)},
		{Name: "act", Title: "Start " + r.spec.Name + " again", Needs: []string{"lease"}, Do: r.with(r.rise)},
		{Name: "wait", Title: "Wait until it runs", Needs: []string{"act"}, Timeout: imageFor, Waits: true, Do: r.with(r.risen)},
	}
	if r.spec.External == "" {
		return steps
	}
	return append(steps,
		jobs.Step{Name: "address", Title: "Floating IP", Needs: []string{"wait"}, Timeout: attachFor, Do: r.making(r.newAddress)})
}

// back takes the stack off the ladder, and gives it time.
func (r rung) back(ctx context.Context, _ *jobs.Run, _ Cloud) error {
	return r.correct(ctx, func(st *stackhand.Stack) {
		if _, parked := st.Lease.Ladder.Parked(); !parked {
			return // another attempt of this step was here
		}
		st.Lease.Rise(r.Now(), r.spec.Grant)
	})
}

// rises is the verb that brings a server from a state to ACTIVE.
var rises = map[string]string{
	"SHUTOFF": stackhand.ActStart, "PAUSED": stackhand.ActUnpause, "SUSPENDED": stackhand.ActResume,
	"SHELVED": stackhand.ActUnshelve, "SHELVED_OFFLOADED": stackhand.ActUnshelve,
}

const keyRise = "rise"

func (r rung) rise(ctx context.Context, run *jobs.Run, c Cloud) error {
	srv, err := r.server(ctx, c)
	if err != nil {
		return err
	}
	var verb string
	begun, err := run.Get(keyRise, &verb)
	if err != nil {
		return err
	}
	if !begun {
		if srv.Status == "ACTIVE" && srv.Task == "" {
			return r.already(ctx, run, "was running already.")
		}
		if verb = rises[srv.Status]; verb == "" {
			return r.allowed(srv, "started", "SHUTOFF", "SHELVED")
		}
		if err := run.Set(ctx, keyRise, verb); err != nil {
			return err
		}
	}
	return once(ctx, run, c, srv, moves[verb].record, func() error { return r.refused(c.ActOnServer(ctx, srv.ID, verb)) })
}

func (r rung) risen(ctx context.Context, run *jobs.Run, c Cloud) error {
	var verb string
	if begun, err := run.Get(keyRise, &verb); err != nil || !begun {
		if err == nil {
			run.Skip()
		}
		return err
	}
	srv, err := r.await(ctx, run, c, moves[verb].record, "ACTIVE")
	if err != nil || srv.ID == "" {
		return err
	}
	return run.Note(ctx, srv.Status)
}

// newAddress gives the server a floating IP in place of the one that was given back. A cloud that has none left does not
// keep the server from being used.
func (r rung) newAddress(ctx context.Context, run *jobs.Run, c Cloud) error {
	st, err := r.Book.Stack(ctx, r.spec.Stack)
	if err != nil {
		return err
	}
	have := madeID(run.Job(), stackhand.KindFloatingIP, r.spec.Stack)
	if has := ofKind(st.Ledger, stackhand.KindFloatingIP); have == "" && len(has) > 0 {
		run.Skip() // somebody gave it one meanwhile
		return nil
	}
	// Again this finds the address by its mark, and puts it on the ledger if an earlier attempt could not.
	if err = r.newFloating(ctx, run, c); err == nil {
		err = r.addFloating(ctx, run, c)
	}
	if is(err, stackhand.Quota) || is(err, stackhand.Conflict) {
		return run.Say(ctx, fmt.Sprintf("%s has no public address: %s `add floating ip %s` gives it one later.", st.Name, err, st.Name))
	}
	return err
}

// recipe is what the server was like, for whoever wants it back.
func (r rung) recipe(ctx context.Context, c Cloud, st stackhand.Stack, srv stackhand.Server) (*stackhand.Recipe, error) {
	out := &stackhand.Recipe{Named: r.spec.Image, Flavor: st.Flavor, Key: srv.KeyName, Login: st.Login, Network: "new"}
	out.Floating = len(ofKind(st.Ledger, stackhand.KindFloatingIP)) > 0
	if rg, parked := st.Lease.Ladder.Parked(); parked && rg.Address != "" {
		out.Floating = true
	}
	own := ofKind(st.Ledger, stackhand.KindNetwork)
	switch {
	case slices.ContainsFunc(own, func(n stackhand.Resource) bool { return n.Name == autoName }):
		out.Network = auto
	case len(own) == 0:
		ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: srv.ID})
		if gone(err) != nil {
			return nil, err
		}
		if len(ports) > 0 {
			out.Network = ports[0].NetworkID
		}
	}
	for _, g := range srv.Groups {
		if ports := openedBy(g); len(ports) > 0 {
			out.Open = append(out.Open, ports...)
		} else if g != "default" {
			out.Groups = append(out.Groups, g)
		}
	}
	return out, nil
}

// freshEnough is how old the image may be that an earlier attempt of the same step made.
const freshEnough = 7 * 24 * time.Hour
