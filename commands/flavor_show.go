package commands

import (
	"context"
	"fmt"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Flavor]{
	kind: flavorKind, name: "flavor show", help: "a size of server: its cores, memory, disk and price", example: "flavor show m1.small",
	fields: func(ctx context.Context, s *session, f stackhand.Flavor, p *page) error {
		limits, err := s.Limits(ctx)
		p.add("vCPUs", fmt.Sprint(f.VCPUs))
		p.add("RAM", mebi(f.RAM))
		p.add("Disk", gibi(f.Disk))
		if price, ok := s.settings.Prices[f.Name]; ok {
			p.add("Price", rounded(price*24, 2)+" a day")
		}
		if n := roomFor(limits, f); n >= 0 {
			p.add("Room for", fmt.Sprintf("%d more in %s", n, s.who.Project))
		}
		return err
	},
})

// roomFor is how many servers of a flavor the quotas still have room for; -1 without an end.
func roomFor(l stackhand.Limits, f stackhand.Flavor) int {
	n := -1
	for _, q := range []struct {
		limit stackhand.Limit
		each  int
	}{{l.Servers, 1}, {l.Cores, f.VCPUs}, {l.RAM, f.RAM}} {
		if q.limit.Max >= 0 && q.each > 0 {
			if fit := max(0, q.limit.Max-q.limit.Used) / q.each; n < 0 || fit < n {
				n = fit
			}
		}
	}
	return n
}
