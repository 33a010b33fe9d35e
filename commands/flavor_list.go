package commands

import (
	"context"
	"fmt"
)

var _ = addList(listing[catalogueArgs]{
	name: "flavor list", noun: "flavor", help: "the sizes that a server can have, small ones first", example: "flavor list", all: true,
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		flavors, err := flavorsBySize(ctx, s)
		t := &Table{Columns: []string{"Name", "vCPUs", "RAM", "Disk", "Id"}}
		priced := len(s.settings.Prices) > 0
		if priced {
			t.Columns = append(t.Columns, "A day")
		}
		for _, f := range flavors {
			row := []string{f.Name, fmt.Sprint(f.VCPUs), mebi(f.RAM), fmt.Sprintf("%d GiB", f.Disk), f.ID}
			if price, ok := s.settings.Prices[f.Name]; ok {
				row = append(row, rounded(price*24, 2))
			} else if priced {
				row = append(row, "–")
			}
			t.Rows = append(t.Rows, row)
		}
		return t, err
	},
})
