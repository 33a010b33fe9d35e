package provision

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

func (a act) addFloatingSteps() []jobs.Step {
	if a.spec.TargetID != "" {
		return a.single(a.addFloating)
	}
	return []jobs.Step{
		{Name: "address", Title: "Floating IP", Do: a.making(a.newFloating)},
		{Name: "act", Title: "Attach it to " + a.spec.Name, Needs: []string{"address"}, Timeout: attachFor, Do: a.with(a.addFloating)},
	}
}

// newFloating takes an address. It is on the stack's ledger, and goes with it.
func (a act) newFloating(ctx context.Context, run *jobs.Run, c Cloud) error {
	f, err := a.makeFloatingIP(ctx, run, c, a.spec.External, a.sign(a.id, a.spec.Stack).String())
	if err != nil {
		return err
	}
	if err := run.Note(ctx, f.IP); err != nil {
		return err
	}
	return a.own(ctx, run, stackhand.Resource{Kind: stackhand.KindFloatingIP, ID: f.ID, Name: f.IP})
}

// own puts a thing that this job made on its record and on the stack's ledger.
func (a act) own(ctx context.Context, run *jobs.Run, r stackhand.Resource) error {
	r.Job, r.Stack = a.id, a.spec.Stack
	if err := run.Made(ctx, r); err != nil {
		return err
	}
	return a.correct(ctx, func(st *stackhand.Stack) { st.Ledger = with(st.Ledger, r) })
}

// disown takes a thing that is not there any more off both.
func (a act) disown(ctx context.Context, run *jobs.Run, kind, id string) error {
	if err := a.correct(ctx, func(st *stackhand.Stack) { st.Ledger = lacking(st.Ledger, kind, id) }); err != nil {
		return err
	}
	return run.Gone(ctx, kind, id)
}

// with is a ledger with the thing on it, once.
func with(ledger []stackhand.Resource, r stackhand.Resource) []stackhand.Resource {
	return append(lacking(ledger, r.Kind, r.ID), r)
}

// lacking is a ledger without a thing.
func lacking(ledger []stackhand.Resource, kind, id string) []stackhand.Resource {
	return slices.DeleteFunc(slices.Clone(ledger), func(l stackhand.Resource) bool { return l.Kind == kind && l.ID == id })
}

// addFloating attaches the address. One that was made for this and is refused is given back.
func (a act) addFloating(ctx context.Context, run *jobs.Run, c Cloud) error {
	id := a.spec.TargetID
	if id == "" {
		id = madeID(run.Job(), stackhand.KindFloatingIP, a.spec.Stack)
	}
	f, err := c.FloatingIP(ctx, id)
	if is(err, stackhand.NotFound) {
		return stackhand.Errorf(stackhand.NotFound, "The floating IP %s is not there any more.", a.spec.Target).Because(err)
	}
	if err != nil {
		return err
	}
	err = a.attach(ctx, run, c, f)
	if err == nil || a.spec.TargetID != "" || stackhand.Temporary(err) || is(err, stackhand.Canceled) {
		return err
	}
	if gone(c.DeleteFloatingIP(ctx, id)) == nil {
		if lost := a.disown(ctx, run, stackhand.KindFloatingIP, id); lost != nil {
			return lost
		}
	}
	return err
}

func (a act) attach(ctx context.Context, run *jobs.Run, c Cloud, f stackhand.FloatingIP) error {
	features, err := c.Features(ctx)
	if err != nil {
		return err
	}
	if !features.Network {
		return a.attachClassic(ctx, run, c, f)
	}
	ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: a.spec.Server})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(ports, func(p stackhand.Port) bool { return p.ID == f.PortID }) {
		return a.attached(ctx, run, f, !run.Again())
	}
	if f.PortID != "" {
		return a.taken(f, portUser(ctx, c, f.PortID))
	}
	port, err := a.port(ctx, c, ports, f.NetworkID)
	if err != nil {
		return err
	}
	err = c.AttachFloatingIP(ctx, f.ID, port)
	if is(err, stackhand.NotFound) {
		return a.unreachable(err)
	}
	if err != nil {
		return err
	}
	return a.attached(ctx, run, f, false)
}

func (a act) attachClassic(ctx context.Context, run *jobs.Run, c Cloud, f stackhand.FloatingIP) error {
	switch {
	case f.ServerID == a.spec.Server:
		return a.attached(ctx, run, f, !run.Again())
	case f.ServerID != "":
		return a.taken(f, serverName(ctx, c, f.ServerID))
	}
	if err := c.AddFloatingIP(ctx, a.spec.Server, f.IP, a.spec.FixedIP); err != nil {
		return err
	}
	return a.attached(ctx, run, f, false)
}

// attached writes down that the server has the address.
func (a act) attached(ctx context.Context, run *jobs.Run, f stackhand.FloatingIP, already bool) error {
	if err := a.correct(ctx, func(st *stackhand.Stack) { st.Address = f.IP }); err != nil {
		return err
	}
	if already {
		return a.already(ctx, run, "had %s already.", f.IP)
	}
	return run.Say(ctx, fmt.Sprintf("%s can be reached at %s now.", a.spec.Name, f.IP))
}

func (a act) taken(f stackhand.FloatingIP, by string) error {
	return stackhand.Errorf(stackhand.Conflict, "%s serves %s already.", f.IP, by).
		Do("Remove it there first, or add another one.")
}

func (a act) unreachable(err error) error {
	return stackhand.Errorf(stackhand.Conflict, "%s is on no network that has a router to the network of that floating IP.", a.spec.Name).
		Do("Connect its network: router add subnet …, or choose another network.").Because(err)
}

// portUser names who uses a port.
func portUser(ctx context.Context, c Cloud, port string) string {
	all, err := c.Ports(ctx, stackhand.PortFilter{})
	if err != nil {
		return "port " + port
	}
	at := slices.IndexFunc(all, func(p stackhand.Port) bool { return p.ID == port })
	if at < 0 || all[at].DeviceID == "" {
		return "port " + port
	}
	return serverName(ctx, c, all[at].DeviceID)
}

func serverName(ctx context.Context, c Cloud, id string) string {
	if srv, err := c.Server(ctx, id); err == nil {
		return srv.Name
	}
	return "server " + id
}

// port picks the server's port that the address is to serve: the one with the wanted address, or the first whose
// subnet a router connects with the address's network.
func (a act) port(ctx context.Context, c Cloud, ports []stackhand.Port, external string) (string, error) {
	if a.spec.FixedIP != "" {
		for _, p := range ports {
			if slices.ContainsFunc(p.IPs, func(ip stackhand.FixedIP) bool { return ip.IP == a.spec.FixedIP }) {
				return p.ID, nil
			}
		}
		return "", stackhand.Errorf(stackhand.NotFound, "%s has no address %s.", a.spec.Name, a.spec.FixedIP).Do("Look at its addresses.")
	}
	ports = slices.DeleteFunc(ports, func(p stackhand.Port) bool { return !slices.ContainsFunc(p.IPs, isFour) })
	switch len(ports) {
	case 0:
		return "", stackhand.Errorf(stackhand.Conflict, "%s has no IPv4 address that a floating IP could serve.", a.spec.Name).
			Do("Add a network to it first.")
	case 1:
		return ports[0].ID, nil
	}
	routers, err := c.Routers(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range routers {
		if r.External != external {
			continue
		}
		inner, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: r.ID})
		if err != nil {
			return "", err
		}
		for _, p := range ports {
			if slices.ContainsFunc(inner, func(i stackhand.Port) bool { return isInterface(i) && sameSubnet(i, p) }) {
				return p.ID, nil
			}
		}
	}
	return "", a.unreachable(nil)
}

func isFour(ip stackhand.FixedIP) bool {
	a, err := netip.ParseAddr(ip.IP)
	return err == nil && a.Is4()
}

func sameSubnet(a, b stackhand.Port) bool {
	return slices.ContainsFunc(a.IPs, func(x stackhand.FixedIP) bool {
		return slices.ContainsFunc(b.IPs, func(y stackhand.FixedIP) bool { return isFour(x) && x.SubnetID == y.SubnetID })
	})
}

// removeFloating takes the address off the server. It stays in the project, and on the ledger of who had it made.
func (a act) removeFloating(ctx context.Context, run *jobs.Run, c Cloud) error {
	f, err := c.FloatingIP(ctx, a.spec.TargetID)
	if is(err, stackhand.NotFound) {
		return stackhand.Errorf(stackhand.NotFound, "The floating IP %s is not there any more.", a.spec.Target).Because(err)
	}
	if err != nil {
		return err
	}
	srv, err := a.server(ctx, c)
	if err != nil {
		return err
	}
	if f.PortID == "" && f.ServerID == "" {
		if !run.Again() {
			if err := a.already(ctx, run, "did not have %s: it serves nobody.", f.IP); err != nil {
				return err
			}
		}
		return a.detached(ctx, run, srv, f)
	}
	if err := a.detach(ctx, c, f); err != nil {
		return err
	}
	return a.detached(ctx, run, srv, f)
}

func (a act) detach(ctx context.Context, c Cloud, f stackhand.FloatingIP) error {
	if f.ServerID != "" {
		if f.ServerID != a.spec.Server {
			return a.taken(f, serverName(ctx, c, f.ServerID))
		}
		if f.PortID == "" {
			return c.RemoveFloatingIP(ctx, a.spec.Server, f.IP)
		}
	}
	ports, err := c.Ports(ctx, stackhand.PortFilter{DeviceID: a.spec.Server})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(ports, func(p stackhand.Port) bool { return p.ID == f.PortID }) {
		return a.taken(f, portUser(ctx, c, f.PortID))
	}
	return c.AttachFloatingIP(ctx, f.ID, "")
}

func (a act) detached(ctx context.Context, run *jobs.Run, srv stackhand.Server, f stackhand.FloatingIP) error {
	err := a.correct(ctx, func(st *stackhand.Stack) {
		if st.Address == f.IP || st.Address == "" {
			st.Address = addressOf(srv, f.IP)
		}
	})
	if err != nil {
		return err
	}
	return run.Say(ctx, fmt.Sprintf("%s stays in the project: floating ip delete %s gives it back.", f.IP, f.IP))
}

// addressOf is where the server can be reached, once some addresses are taken off it.
func addressOf(srv stackhand.Server, but ...string) string {
	best := ""
	for _, ad := range srv.Addresses {
		switch {
		case slices.Contains(but, ad.IP) || ad.Version != 4:
		case ad.Floating:
			return ad.IP
		case best == "":
			best = ad.IP
		}
	}
	return best
}
