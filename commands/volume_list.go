package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "volume list", noun: "volume", help: "the volumes of your project, and the servers that they are at", example: "volume list",
	none: "volume create NAME --size 10",
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		var volumes []stackhand.Volume
		var servers []stackhand.Server
		err := gather(ctx, into(&volumes, s.Volumes), into(&servers, s.Servers))
		names := nameByID(serverKind, servers)
		t := &Table{Columns: []string{"Name", "Status", "Size", "Type", "At", "Id"}}
		for _, v := range byName(volumes, func(v stackhand.Volume) string { return v.Name }) {
			t.Rows = append(t.Rows, []string{dash(v.Name), v.Status, gibi(v.Size), dash(v.Type), dash(attachedTo(v, names)), v.ID})
		}
		return t, err
	},
})

// attachedTo says at which servers a volume is, and as which device; names are those of the servers by their ids.
func attachedTo(v stackhand.Volume, names map[string]string) string {
	var out []string
	for _, a := range v.Attached {
		out = append(out, strings.TrimSpace(first(names[a.ServerID], a.ServerID)+" "+a.Device))
	}
	return strings.Join(out, ", ")
}

func gibi(n int) string { return fmt.Sprintf("%d GiB", n) }
