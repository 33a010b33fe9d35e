package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

func (a act) addNetworkSteps() []jobs.Step {
	return []jobs.Step{
		{Name: "port", Title: "Port on " + a.spec.Target, Do: a.making(a.newPort)},
		{Name: "act", Title: "Plug it into " + a.spec.Name, Needs: []string{"port"}, Timeout: attachFor, Do: a.with(a.plug)},
	}
}

func (a act) newPort(ctx context.Context, run *jobs.Run, c Cloud) error {
	p, err := makePort(ctx, run, c, stackhand.PortSpec{
		Name: a.spec.Name, Description: a.sign(a.id, a.spec.Stack).String(), NetworkID: a.spec.TargetID, FixedIP: a.spec.FixedIP,
	})
	if err != nil {
		return err
	}
	if len(p.IPs) > 0 {
		if err := run.Note(ctx, p.IPs[0].IP); err != nil {
			return err
		}
	}
	return a.own(ctx, run, stackhand.Resource{Kind: stackhand.KindPort, ID: p.ID, Name: a.spec.Name, Parent: p.NetworkID})
}

// plug gives the port to the server. A port that the cloud refuses to plug is removed again.
func (a act) plug(ctx context.Context, run *jobs.Run, c Cloud) error {
	id := madeID(run.Job(), stackhand.KindPort, a.spec.Stack)
	if run.Again() {
		ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: a.spec.Server})
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(ports, func(p stackhand.Port) bool { return p.ID == id }); at >= 0 {
			return a.plugged(ctx, run, ports[at])
		}
	}
	err := a.refused(c.AttachPort(ctx, a.spec.Server, id))
	if err != nil {
		if stackhand.Temporary(err) || is(err, stackhand.Canceled) || gone(c.DeletePort(ctx, id)) != nil {
			return err
		}
		if lost := a.disown(ctx, run, stackhand.KindPort, id); lost != nil {
			return lost
		}
		return err
	}
	ports, err := c.Ports(ctx, stackhand.PortFilter{NetworkID: a.spec.TargetID})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(ports, func(p stackhand.Port) bool { return p.ID == id })
	if at < 0 {
		return stackhand.Errorf(stackhand.Failed, "The port that was made for %s disappeared: somebody deleted it.", a.spec.Name).Do("Try again.")
	}
	return a.plugged(ctx, run, ports[at])
}

func (a act) plugged(ctx context.Context, run *jobs.Run, p stackhand.Port) error {
	var ips []string
	for _, ip := range p.IPs {
		ips = append(ips, ip.IP)
	}
	if len(ips) == 0 {
		return run.Say(ctx, fmt.Sprintf("%s is on %s now.", a.spec.Name, a.spec.Target))
	}
	return run.Say(ctx, fmt.Sprintf("%s is on %s now, as %s.", a.spec.Name, a.spec.Target, strings.Join(ips, " and ")))
}

func (a act) removeNetworkSteps() []jobs.Step {
	return []jobs.Step{
		{Name: "act", Title: a.title(), Timeout: actFor, Do: a.with(a.unplug)},
		{Name: "wait", Title: "Wait until it is unplugged", Needs: []string{"act"}, Timeout: actFor, Do: a.with(a.unplugged)},
	}
}

// unplug begins to take the server's ports on the network away. They are noted first: afterwards nothing tells
// any more whose they were.
func (a act) unplug(ctx context.Context, run *jobs.Run, c Cloud) error {
	var ids []string
	known, err := run.Get("ports", &ids)
	if err != nil {
		return err
	}
	ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: a.spec.Server, NetworkID: a.spec.TargetID})
	if err != nil {
		return err
	}
	if !known {
		if ids, err = a.note(ctx, run, c, ports); err != nil {
			return err
		}
		if len(ids) == 0 {
			return a.already(ctx, run, "was not on %s.", a.spec.Target)
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(ports, func(p stackhand.Port) bool { return p.ID == id }) {
			continue
		}
		err := gone(c.DetachPort(ctx, a.spec.Server, id))
		if err != nil && !(run.Again() && is(err, stackhand.Conflict)) {
			return err
		}
	}
	return nil
}

// note keeps, for later, which ports will go, and which addresses with them.
func (a act) note(ctx context.Context, run *jobs.Run, c Cloud, ports []stackhand.Port) (ids []string, err error) {
	var lost []string
	for _, p := range ports {
		if a.spec.FixedIP != "" && !slices.ContainsFunc(p.IPs, func(ip stackhand.FixedIP) bool { return ip.IP == a.spec.FixedIP }) {
			continue
		}
		ids = append(ids, p.ID)
		for _, ip := range p.IPs {
			lost = append(lost, ip.IP)
		}
	}
	fips, err := c.FloatingIPs(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range fips {
		if slices.Contains(ids, f.PortID) {
			lost = append(lost, f.IP)
		}
	}
	if err := run.Set(ctx, "addresses", lost); err != nil {
		return nil, err
	}
	return ids, run.Set(ctx, "ports", ids)
}

// unplugged waits until the ports are free, and removes those that are ours.
func (a act) unplugged(ctx context.Context, run *jobs.Run, c Cloud) error {
	if done, err := wasAlready(run); err != nil || done {
		return err
	}
	var ids []string
	if _, err := run.Get("ports", &ids); err != nil {
		return err
	}
	err := until(ctx, func() (bool, error) {
		ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: a.spec.Server, NetworkID: a.spec.TargetID})
		return !slices.ContainsFunc(ports, func(p stackhand.Port) bool { return slices.Contains(ids, p.ID) }), err
	})
	if err != nil {
		return err
	}
	ports, err := c.Ports(ctx, stackhand.PortFilter{NetworkID: a.spec.TargetID})
	if err != nil {
		return err
	}
	for _, p := range ports {
		if !slices.Contains(ids, p.ID) {
			continue
		}
		ours, err := a.isOurs(ctx, p)
		if err != nil {
			return err
		}
		if !ours {
			if err := run.Say(ctx, fmt.Sprintf("The port %s was left: it was not made for %s.", portName(p), a.spec.Name)); err != nil {
				return err
			}
			continue
		}
		if err := patiently(ctx, settling, func() error { return gone(c.DeletePort(ctx, p.ID)) }); err != nil {
			return err
		}
	}
	return a.leftNetwork(ctx, run, c, ids)
}

// isOurs tells whether a port was made for the server's stack by a job.
func (a act) isOurs(ctx context.Context, p stackhand.Port) (bool, error) {
	if a.spec.Stack == "" {
		return false, nil
	}
	if m, _, ok := stackhand.ParseMark(p.Description); ok && m.Stack == a.spec.Stack {
		return true, nil
	}
	st, err := a.Book.Stack(ctx, a.spec.Stack)
	return slices.ContainsFunc(st.Ledger, func(r stackhand.Resource) bool { return r.Kind == stackhand.KindPort && r.ID == p.ID && r.Job != "" }), err
}

func portName(p stackhand.Port) string {
	if p.Name == "" {
		return p.ID
	}
	return p.Name
}

// leftNetwork corrects the ledger, and the address if it was on that network.
func (a act) leftNetwork(ctx context.Context, run *jobs.Run, c Cloud, ports []string) error {
	var lost []string
	if _, err := run.Get("addresses", &lost); err != nil {
		return err
	}
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	return a.correct(ctx, func(st *stackhand.Stack) {
		for _, id := range ports {
			st.Ledger = lacking(st.Ledger, stackhand.KindPort, id)
		}
		if slices.Contains(lost, st.Address) {
			st.Address = addressOf(srv, lost...)
		}
	})
}
