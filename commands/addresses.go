package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

type addressesArgs struct {
	Server  string `arg:"server" help:"name or id; in a server's thread, that one"`
	Network string `opt:"network" help:"only those in this network"`
	inCloud
	Line Line
}

var _ = add(Command[addressesArgs]{
	Name:     "addresses",
	Help:     "the addresses of a server, by network",
	Examples: []string{"addresses web-1", "addresses web-1 --network public"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      serverAddresses,
})

func serverAddresses(ctx context.Context, env *Env, user stackhand.User, a addressesArgs) (Reply, error) {
	s, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("addresses", a) })
	if err == nil {
		t.server.Addresses, err = s.addressesNow(ctx, t.server)
	}
	if err != nil {
		return Reply{}, err
	}
	all := t.server.Addresses
	if len(all) == 0 {
		return Reply{Text: stackhand.Textf("%s has no address (it is %s).", t.name(), t.status())}, nil
	}
	if a.Network != "" {
		net, err := pick("network", a.Network, networksOf(t.server), func(n string) thing { return thing{n, n, ""} }, false)
		if err != nil {
			return Reply{}, err
		}
		all = slices.DeleteFunc(slices.Clone(all), func(x stackhand.Address) bool { return x.Network != net })
	}
	table := &Table{Columns: []string{"Network", "Address", "Kind", "MAC"}}
	for _, x := range all {
		kind := "fixed"
		if x.Floating {
			kind = "floating"
		}
		if x.Version != 0 {
			kind += fmt.Sprintf(", IPv%d", x.Version)
		}
		table.Rows = append(table.Rows, []string{x.Network, x.IP, kind, dash(x.MAC)})
	}
	return Reply{Text: stackhand.Textf("%s of %s:", countOf(len(all), "address", "addresses"), t.name()), Table: table}, nil
}

// networksOf are the names of the networks that a server has addresses in.
func networksOf(sv stackhand.Server) []string {
	var out []string
	for _, a := range sv.Addresses {
		if !slices.Contains(out, a.Network) {
			out = append(out, a.Network)
		}
	}
	return out
}

// countOf is count for words that do not take a mere s.
func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
