package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[catalogueArgs]{
	Name:     "flavor list",
	Help:     "the sizes that a server can have, small ones first",
	Examples: []string{"flavor list"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      flavorList,
})

func flavorList(ctx context.Context, env *Env, user stackhand.User, a catalogueArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	flavors, err := s.Flavors(ctx)
	if err != nil {
		return Reply{}, err
	}
	flavors = slices.Clone(flavors)
	slices.SortStableFunc(flavors, bySize)
	t := &Table{Columns: []string{"Name", "vCPUs", "RAM", "Disk", "Id"}}
	priced := len(s.settings.Prices) > 0
	if priced {
		t.Columns = append(t.Columns, "A day")
	}
	for _, f := range flavors {
		row := []string{f.Name, fmt.Sprint(f.VCPUs), mebi(f.RAM), fmt.Sprintf("%d GiB", f.Disk), f.ID}
		if price, ok := s.settings.Prices[f.Name]; ok {
			row = append(row, fmt.Sprintf("%.2f", price*24))
		} else if priced {
			row = append(row, "–")
		}
		t.Rows = append(t.Rows, row)
	}
	return paged(stackhand.Textf("%s in %s", count(len(flavors), "flavor"), s.name), t, a.Page, func(p int) string { a.Page = p; return format("flavor list", a) })
}
