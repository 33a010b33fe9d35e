package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

type catalogueArgs struct {
	Page int `default:"1" help:"which page of a long list"`
	inCloud
}

var _ = add(Command[catalogueArgs]{
	Name:     "image list",
	Help:     "the images that a server can start from",
	Examples: []string{"image list"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      imageList,
})

func imageList(ctx context.Context, env *Env, user stackhand.User, a catalogueArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	images, err := s.Images(ctx)
	if err != nil {
		return Reply{}, err
	}
	images = slices.Clone(images)
	slices.SortStableFunc(images, func(a, b stackhand.Image) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	t := &Table{Columns: []string{"Name", "Status", "Size", "Needs", "Visibility", "Id"}}
	for _, i := range images {
		t.Rows = append(t.Rows, []string{i.Name, strings.ToUpper(i.Status), humanize.IBytes(uint64(max(0, i.Size))),
			needsOf(i), i.Visibility, i.ID})
	}
	return paged(stackhand.Textf("%s in %s", count(len(images), "image"), s.name), t, a.Page, func(p int) string { a.Page = p; return format("image list", a) })
}
