package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type floatingCreateArgs struct {
	Network     string `arg:"network" help:"the external network that it is of; found by itself where there is just one"`
	Port        string `help:"a port that it is to lead to"`
	Description string `value:"TEXT" help:"what it is for, in your words"`
	inJob
}

const floatingCreate = "floating ip create"

var _ = addMake(making[floatingCreateArgs]{
	name: floatingCreate, help: "take a floating IP for your project; `add floating ip` leads it to a server",
	examples: []string{"floating ip create", "floating ip create public --port spare"},
	fill: func(ctx context.Context, s *session, a floatingCreateArgs) (stackhand.MakeSpec, error) {
		m := stackhand.MakeSpec{Kind: stackhand.KindFloatingIP, Description: a.Description}
		n, err := s.external(ctx, a.Network, func(id string) string { a.Network = id; return format(floatingCreate, a) })
		if err != nil || a.Port == "" {
			m.External, m.Parent = n.ID, n.Name
			return m, err
		}
		m.External, m.Parent = n.ID, n.Name
		p, err := portKind.choose(ctx, s, a.Port, func(id string) string { a.Port = id; return format(floatingCreate, a) })
		if err != nil {
			return m, err
		}
		m.TargetID, m.Target = p.ID, first(p.Name, portAddresses(p), p.ID)
		return m, s.mayLeadTo(ctx, p, m.Target)
	},
})

// mayLeadTo refuses to open somebody else's port to the outside: that of a stack's server is its owner's.
func (s *session) mayLeadTo(ctx context.Context, p stackhand.Port, name string) error {
	if p.DeviceID != "" {
		switch st, err := s.env.Stacks.ByServer(ctx, s.name, p.DeviceID); {
		case err == nil:
			return s.env.mayChange(ctx, s.user, st, "add a floating IP to")
		case stackhand.KindOf(err) != stackhand.NotFound:
			return err
		}
	}
	job, _ := markedBy(p.Description)
	return s.mayTouch(ctx, "change", "the port "+name, job)
}

// external finds the network that floating IPs are of: the one named, the operator's, or the only one.
func (s *session) external(ctx context.Context, word string, again func(id string) string) (stackhand.Network, error) {
	all, err := s.Networks(ctx)
	if err != nil {
		return stackhand.Network{}, err
	}
	word = first(word, s.settings.ExternalNetwork)
	if word != "" {
		n, err := pick(networkKind.noun, word, all, networkThing, false)
		if err == nil && !n.External {
			return n, stackhand.Errorf(stackhand.Invalid, "%s is no external network, so there are no floating IPs of it.", n.Name).Do("`network list --external` shows which ones are.")
		}
		return n, ask(err, again)
	}
	outside := slices.DeleteFunc(slices.Clone(all), func(n stackhand.Network) bool { return !n.External })
	if len(outside) == 0 {
		return stackhand.Network{}, stackhand.Errorf(stackhand.NotFound, "%s has no external network, so there are no floating IPs.", s.name).
			Do("Ask your cloud's administrator for one.")
	}
	n, err := only(networkKind.noun, strings.TrimSpace(word), outside, networkThing, outside)
	return n, ask(err, again)
}
