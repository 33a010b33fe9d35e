package commands

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[catalogueArgs]{
	Name:     "floating ip list",
	Help:     "the floating IPs of your project, and what they lead to",
	Examples: []string{"floating ip list"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      floatingIPList,
})

func floatingIPList(ctx context.Context, env *Env, user stackhand.User, a catalogueArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	var ips []stackhand.FloatingIP
	var servers []stackhand.Server
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { ips, err = s.FloatingIPs(gctx); return err })
	g.Go(func() (err error) { servers, err = s.Servers(gctx); return err })
	if err := g.Wait(); err != nil {
		return Reply{}, err
	}
	at := map[string]string{}
	for _, sv := range servers {
		for _, ad := range sv.Addresses {
			at[ad.IP] = sv.Name
		}
	}
	ips = slices.Clone(ips)
	slices.SortStableFunc(ips, func(a, b stackhand.FloatingIP) int { return strings.Compare(a.IP, b.IP) })
	t := &Table{Columns: []string{"Address", "Status", "Server", "Leads to", "Id"}}
	for _, ip := range ips {
		t.Rows = append(t.Rows, []string{ip.IP, ip.Status, dash(first(at[ip.IP], at[ip.FixedIP])), dash(ip.FixedIP), ip.ID})
	}
	return paged(stackhand.Textf("%s in %s of %s", count(len(ips), "floating IP"), s.who.Project, s.name), t, a.Page, func(p int) string { a.Page = p; return format("floating ip list", a) })
}
