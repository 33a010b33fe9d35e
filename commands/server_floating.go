package commands

import (
	"context"
	"net/netip"
	"slices"

	"github.com/stackhand/stackhand"
)

type floatingAtArgs struct {
	Server  string `arg:"server" help:"name or id; in a server's thread it can be left out"`
	Address string `arg:"address" help:"the floating IP or its id"`
	inCloud
	Line Line
}

func (a floatingAtArgs) parts() parts { return parts{a.Server, a.Address, a.Cloud, a.Line} }

func (a floatingAtArgs) with(server, address string) floatingAtArgs {
	a.Server, a.Address = server, address
	return a
}

type addFloatingArgs struct {
	FixedIP         string `opt:"fixed-ip,fixed-ip-address,fixed-address" value:"ADDRESS" help:"which of the server's own addresses it serves, if there are several"`
	ExternalNetwork string `opt:"external-network" help:"where a new one comes from, if there are several"`
	floatingAtArgs
}

func (a addFloatingArgs) with(server, address string) addFloatingArgs {
	a.floatingAtArgs = a.floatingAtArgs.with(server, address)
	return a
}

var _ = addPairing(pairing[addFloatingArgs]{
	change: change{verb: stackhand.ActAddFloating, do: "add a floating IP to"}, isThing: isFloating,
	help: "make a server reachable from outside: at a new address, or at one that the project has", example: "add floating ip web-1",
	title: "Add the floating IP %s to %s", fresh: "Add a new floating IP to %s", resolve: addFloating,
})

var _ = addPairing(pairing[floatingAtArgs]{
	change: change{verb: stackhand.ActRemoveFloating, do: "remove a floating IP from"}, isThing: isFloating,
	help: "take a floating IP off a server; it stays in the project", example: "remove floating ip web-1 203.0.113.7",
	title: "Remove the floating IP %s from %s", resolve: removeFloating,
})

// isFloating tells an address, or an id, from a server's name.
func isFloating(word string) bool {
	_, err := netip.ParseAddr(word)
	return err == nil || uuid.MatchString(word)
}

func addFloating(ctx context.Context, s *session, t target, a addFloatingArgs, spec *stackhand.ActSpec) (said stackhand.Text, err error) {
	if t.server.Addresses, err = s.addressesNow(ctx, t.server); err != nil {
		return nil, err
	}
	if a.FixedIP != "" && t.server.ID != "" && !slices.ContainsFunc(t.server.Addresses, func(x stackhand.Address) bool { return x.IP == a.FixedIP && !x.Floating }) {
		return nil, stackhand.Errorf(stackhand.NotFound, "%s has no address %s of its own.", t.name(), quote(clip(a.FixedIP, 40))).
			Do("`addresses %s` lists them.", quote(t.name()))
	}
	spec.FixedIP = a.FixedIP
	if a.Address == "" {
		return nil, s.newFloating(ctx, t, a, spec)
	}
	all, err := s.FloatingIPs(ctx)
	if err != nil {
		return nil, err
	}
	f, err := pick("floating IP", a.Address, all, floatingKind.thing, false)
	switch {
	case err != nil:
		return nil, err
	case hasAddress(t.server, f.IP):
		return stackhand.Textf("%s has %s already: there is nothing to do.", t.name(), f.IP), nil
	case f.PortID != "" || f.ServerID != "":
		return nil, s.floatingTaken(ctx, f)
	}
	spec.TargetID, spec.Target = f.ID, f.IP
	job, _ := markedBy(f.Description)
	return nil, s.mayTouch(ctx, "attach", "the floating IP "+f.IP, job)
}

// newFloating settles where a new address comes from. An address of its own serves one floating IP, so a server that
// has one already gets another only for an address that is named.
func (s *session) newFloating(ctx context.Context, t target, a addFloatingArgs, spec *stackhand.ActSpec) error {
	if at := slices.IndexFunc(t.server.Addresses, func(x stackhand.Address) bool { return x.Floating }); at >= 0 && a.FixedIP == "" {
		return stackhand.Errorf(stackhand.Conflict, "%s has the floating IP %s already.", t.name(), t.server.Addresses[at].IP).
			Do("Say --fixed-ip with another address of it to add one more.")
	}
	n, err := s.external(ctx, a.ExternalNetwork, func(id string) string { a.ExternalNetwork = id; return format(spec.Verb, a.with(t.id(), "")) })
	if err != nil {
		return err
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return err
	}
	spec.External = n.ID
	return lacking(s.who.Project, "it", []need{{"floating IPs", 1, l.FloatingIPs, plainNumber}})
}

func hasAddress(sv stackhand.Server, ip string) bool {
	return slices.ContainsFunc(sv.Addresses, func(x stackhand.Address) bool { return x.IP == ip })
}

// floatingTaken says which server a floating IP serves.
func (s *session) floatingTaken(ctx context.Context, f stackhand.FloatingIP) error {
	servers, err := s.Servers(ctx)
	if err != nil {
		return err
	}
	for _, sv := range servers {
		if hasAddress(sv, f.IP) {
			return stackhand.Errorf(stackhand.Conflict, "%s serves %s.", f.IP, sv.Name).Do("`remove floating ip %s %s` first.", quote(sv.Name), f.IP)
		}
	}
	return stackhand.Errorf(stackhand.Conflict, "%s serves something else already.", f.IP).Do("`floating ip list` shows what.")
}

func removeFloating(ctx context.Context, s *session, t target, a floatingAtArgs, spec *stackhand.ActSpec) (said stackhand.Text, err error) {
	if t.server.Addresses, err = s.addressesNow(ctx, t.server); err != nil {
		return nil, err
	}
	all, err := s.FloatingIPs(ctx)
	if err != nil {
		return nil, err
	}
	here := func(f stackhand.FloatingIP) bool { return hasAddress(t.server, f.IP) || f.ServerID == t.id() }
	var f stackhand.FloatingIP
	if own := slices.DeleteFunc(slices.Clone(all), func(f stackhand.FloatingIP) bool { return !here(f) }); a.Address == "" && len(own) == 1 {
		f = own[0]
	} else {
		f, err = suiting("floating IP", a.Address, all, floatingKind.thing, here, stackhand.Errorf(stackhand.NotFound, "%s has no floating IP.", t.name()))
	}
	if err != nil {
		return nil, err
	}
	if t.server.ID != "" && !here(f) {
		return nil, stackhand.Errorf(stackhand.Conflict, "%s does not serve %s.", f.IP, t.name()).Do("`addresses %s` lists what it has.", quote(t.name()))
	}
	spec.TargetID, spec.Target = f.ID, f.IP
	return nil, nil
}
