package commands

import (
	"context"
	"errors"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// input is all that the rules may look at. What no rule asks for is not looked up.
func (env *Env) input(ctx context.Context, rules *policy.Policy, m matter) (policy.Input, error) {
	in := policy.Input{
		User:    policy.User{ID: m.user.ID, Name: m.user.Name, Role: m.user.Role.String(), Groups: m.user.Groups},
		Channel: policy.Channel{ID: m.line.Place.Channel, Direct: m.line.Place.Direct},
		Request: m.facts.Request, Now: env.Now(),
	}
	if env.Channel != nil {
		in.Channel.Name = env.Channel(m.line.Place.Channel)
	}
	var err error
	if s := m.session; s == nil && rules.UsesAny("user", "flavor", "image", "usage", "quota", "cost") {
		m.session, err = openAt(ctx, env, m.user, m.facts.Cloud, m.at)
		var missing NoLogin
		if m.facts.Verb == "extend" && errors.As(err, &missing) { // which needs none: see locateLease
			in.Unknown = []string{"usage", "quota"}
			return in, nil
		}
		if err != nil {
			return in, err
		}
	}
	if m.session == nil {
		return in, nil
	}
	in.User.Cloud = m.session.who.User
	for _, look := range []func(context.Context, *policy.Policy, facts, *policy.Input) error{
		m.session.sizes, m.session.image, m.session.usage, m.session.quota,
	} {
		if err := look(ctx, rules, m.facts, &in); err != nil {
			return in, err
		}
	}
	return in, nil
}

// sizes fills in the flavor that is asked for, and what it costs.
func (s *session) sizes(ctx context.Context, rules *policy.Policy, f facts, in *policy.Input) error {
	if f.FlavorID == "" || !rules.UsesAny("flavor", "cost") {
		return nil
	}
	flavors, err := s.Flavors(ctx)
	if err != nil {
		return err
	}
	in.Flavor.ID, in.Flavor.Name = f.FlavorID, f.Flavor
	for _, l := range flavors {
		if l.ID == f.FlavorID {
			in.Flavor = policy.Flavor{ID: l.ID, Name: l.Name, VCPUs: l.VCPUs, RAM: l.RAM, Disk: l.Disk}
		}
	}
	if price, ok := s.settings.Prices[in.Flavor.Name]; ok {
		in.Cost = policy.CostOf(price, f.Request)
	}
	return nil
}

func (s *session) image(ctx context.Context, rules *policy.Policy, f facts, in *policy.Input) error {
	if f.ImageID == "" || !rules.Uses("image") {
		return nil
	}
	images, err := s.Images(ctx)
	if err != nil {
		return err
	}
	in.Image = policy.Image{ID: f.ImageID, Name: f.Image}
	for _, i := range images {
		if i.ID == f.ImageID {
			in.Image = policy.Image{ID: i.ID, Name: i.Name, Visibility: i.Visibility, Owner: i.Owner, MinDisk: i.MinDisk, Properties: i.Properties}
		}
	}
	return nil
}

// usage counts what the asker has through the bot in the project already.
func (s *session) usage(ctx context.Context, rules *policy.Policy, _ facts, in *policy.Input) error {
	if !rules.Uses("usage") {
		return nil
	}
	stacks, err := s.stacksHere(ctx)
	if err != nil {
		return err
	}
	flavors, err := s.Flavors(ctx)
	if err != nil {
		return err
	}
	byName := map[string]stackhand.Flavor{}
	for _, f := range flavors {
		byName[f.Name] = f
	}
	for _, st := range stacks {
		if st.Lease.Owner != s.user.ID {
			continue
		}
		in.Usage.Servers++
		in.Usage.Cores += byName[st.Flavor].VCPUs
		in.Usage.RAM += byName[st.Flavor].RAM
		for _, r := range st.Ledger {
			if r.Kind == stackhand.KindFloatingIP {
				in.Usage.FloatingIPs++
			}
		}
	}
	return nil
}

func (s *session) quota(ctx context.Context, rules *policy.Policy, _ facts, in *policy.Input) error {
	if !rules.Uses("quota") {
		return nil
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return err
	}
	of := func(l stackhand.Limit) policy.Of { return policy.Of{Used: l.Used, Max: l.Max} }
	in.Quota = policy.Quota{Servers: of(l.Servers), Cores: of(l.Cores), RAM: of(l.RAM), FloatingIPs: of(l.FloatingIPs)}
	return nil
}
