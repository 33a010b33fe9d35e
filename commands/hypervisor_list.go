package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "hypervisor list", noun: "hypervisor", help: "the hosts that servers run on, and how full they are, for administrators of the cloud", example: "hypervisor list", all: true,
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		if err := s.overseeing("the hypervisors"); err != nil {
			return nil, err
		}
		all, err := s.Hypervisors(ctx)
		t := &Table{Columns: []string{"Name", "Status", "Servers", "vCPUs", "RAM", "Disk", "Type", "Address"}}
		for _, h := range byName(all, func(h stackhand.Hypervisor) string { return h.Name }) {
			servers := "–"
			if h.Servers >= 0 {
				servers = fmt.Sprint(h.Servers)
			}
			t.Rows = append(t.Rows, []string{h.Name, strings.TrimSpace(h.State + " " + h.Status), servers,
				usedOf(h.VCPUs, plainNumber), usedOf(h.RAM, mebi), usedOf(h.Disk, gibi), dash(h.Type), dash(h.Host)})
		}
		return t, s.forAdmins("its hypervisors", err)
	},
})

// usedOf says how much of something is in use: "3 of 8".
func usedOf(l stackhand.Limit, unit func(int) string) string {
	switch {
	case l.Used < 0 && l.Max < 0:
		return "–"
	case l.Used < 0:
		return unit(l.Max)
	case l.Max < 0:
		return unit(l.Used)
	}
	return unit(l.Used) + " of " + unit(l.Max)
}
