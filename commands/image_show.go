package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

var _ = addShow(showing[stackhand.Image]{
	kind: imageKind, name: "image show", help: "an image: what it needs, and its properties", example: `image show "Ubuntu 22.04"`,
	fields: func(ctx context.Context, s *session, listed stackhand.Image, p *page) error {
		i, err := s.Image(ctx, listed.ID)
		if err != nil {
			return err
		}
		p.status = strings.ToUpper(i.Status)
		p.add("Size", humanize.IBytes(uint64(max(0, i.Size))))
		p.add("Needs", needsOf(i))
		p.add("Format", i.Format)
		p.add("Visibility", i.Visibility)
		if i.Protected {
			p.add("Protected", yes(true))
		}
		p.add("Owner", i.Owner)
		var set []string
		for _, k := range slices.Sorted(maps.Keys(i.Properties)) {
			if !strings.HasPrefix(k, ourMark) {
				set = append(set, k+"="+i.Properties[k])
			}
		}
		p.add("Properties", strings.Join(set, ", "))
		p.when("Created", i.Created)
		p.when("Updated", i.Updated)
		p.madeByJob(ctx, s, i.Properties[metaJob])
		return nil
	},
})
