package commands

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[catalogueArgs]{
	Name:     "network list",
	Help:     "the networks that you can use",
	Examples: []string{"network list"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      networkList,
})

func networkList(ctx context.Context, env *Env, user stackhand.User, a catalogueArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	var networks []stackhand.Network
	var subnets []stackhand.Subnet
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { networks, err = s.Networks(gctx); return err })
	g.Go(func() (err error) { subnets, err = s.Subnets(gctx, ""); return err })
	if err := g.Wait(); err != nil {
		return Reply{}, err
	}
	cidrs := map[string][]string{}
	for _, sn := range subnets {
		cidrs[sn.NetworkID] = append(cidrs[sn.NetworkID], sn.CIDR)
	}
	networks = slices.Clone(networks)
	slices.SortStableFunc(networks, func(a, b stackhand.Network) int { return strings.Compare(a.Name, b.Name) })
	t := &Table{Columns: []string{"Name", "Status", "Kind", "Subnets", "Id"}}
	for _, n := range networks {
		t.Rows = append(t.Rows, []string{n.Name, n.Status, networkThing(n).note, dash(strings.Join(cidrs[n.ID], " ")), n.ID})
	}
	return paged(stackhand.Textf("%s in %s of %s", count(len(networks), "network"), s.who.Project, s.name), t, a.Page, func(p int) string { a.Page = p; return format("network list", a) })
}
