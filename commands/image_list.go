package commands

import (
	"context"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

type imageListArgs struct {
	Visibility string `value:"KIND" help:"only those that are public, private, shared or community"`
	catalogueArgs
}

var _ = addList(listing[imageListArgs]{
	name: "image list", noun: "image", help: "the images that a server can start from", example: "image list", all: true,
	table: func(ctx context.Context, s *session, a imageListArgs) (*Table, error) {
		images, err := s.Images(ctx)
		t := &Table{Columns: []string{"Name", "Status", "Size", "Needs", "Visibility", "Id"}}
		for _, i := range byName(images, func(i stackhand.Image) string { return i.Name }) {
			if a.Visibility == "" || strings.EqualFold(a.Visibility, i.Visibility) {
				t.Rows = append(t.Rows, []string{i.Name, strings.ToUpper(i.Status), humanize.IBytes(uint64(max(0, i.Size))), needsOf(i), i.Visibility, i.ID})
			}
		}
		return t, err
	},
})
