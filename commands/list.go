package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type listArgs struct {
	Mine bool   `help:"only those that you own or that are shared with you"`
	Long bool   `help:"with ids, images and networks"`
	All  bool   `opt:"all-projects,all-tenants" help:"of every project, for the cloud's administrators: with project, user and the user's groups"`
	Of   string `opt:"project,tenant" help:"of another project, for the cloud's administrators"`
	Page int    `default:"1" help:"which page of a long list"`
	inCloud
}

var _ = add(Command[listArgs]{
	Name:     "list",
	Help:     "the servers of your project: address, owner, and when they end",
	Examples: []string{"list", "list --mine", "list --long", "list --all-projects"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      list,
})

func list(ctx context.Context, env *Env, user stackhand.User, a listArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	if a.All || a.Of != "" {
		return s.listAll(ctx, a)
	}
	all, err := s.targets(ctx)
	if err != nil {
		return Reply{}, err
	}
	whose := ""
	if a.Mine {
		all = slices.DeleteFunc(all, func(t target) bool { return t.stack == nil || !t.stack.Of(user) })
		whose = "of yours "
	}
	all, away, err := s.addShared(ctx, all)
	if err != nil {
		return Reply{}, err
	}
	if len(all) == 0 {
		return s.noServers(whose), nil
	}
	all = byName(all, target.name)
	t := &Table{Columns: []string{"Name", "Status", "Address", "Owner", "Flavor", "Ends"}, Rows: make([][]string, len(all))}
	if a.Long {
		t.Columns = append(t.Columns, "Image", "Networks", "Id")
	}
	text, err := env.freezeNote(ctx)
	if err != nil {
		return Reply{}, err
	}
	text = lineOf(text, stackhand.Textf("%s %sin %s of %s", count(len(all)-away, "server"), whose, s.who.Project, s.name))
	if away > 0 {
		text = text.Add(", and %d elsewhere that others share with you", away)
	}
	r, err := paged(text, t, a.Page, a.other)
	if err != nil {
		return Reply{}, err
	}
	for i, it := range onPage(all, a.Page) { // no row but those shown: the owner's name may have to be asked for
		r.Table.Rows[i] = s.row(ctx, it, a.Long)
	}
	return r, nil
}

// other is the line for another page.
func (a listArgs) other(page int) string {
	a.Page = page
	return format("list", a)
}

func (s *session) row(ctx context.Context, t target, long bool) []string {
	owner, flavor := "–", t.server.Flavor
	if t.stack != nil {
		owner = s.ownerOf(ctx, *t.stack) + s.away(t)
		flavor = t.stack.Flavor
	}
	row := []string{t.name(), t.status(), dash(t.address()), owner, dash(flavor), left(t.stack, s.env.Now())}
	if !long {
		return row
	}
	image := t.server.Image
	if t.stack != nil && image == "" {
		image = t.stack.Image
	}
	var nets []string
	for _, a := range t.server.Addresses {
		nets = append(nets, a.Network+"="+a.IP)
	}
	return append(row, dash(image), dash(strings.Join(nets, " ")), t.id())
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// pageSize is how many rows one message shows.
const pageSize = 50

// paged cuts one page out of a table; line is the command that shows another.
func paged(text stackhand.Text, t *Table, page int, line func(page int) string) (Reply, error) {
	return pagedBy(pageSize, text, t, page, line)
}

// pagedBy is paged with pages of another size.
func pagedBy(size int, text stackhand.Text, t *Table, page int, line func(page int) string) (Reply, error) {
	pages := max(1, (len(t.Rows)+size-1)/size)
	if page < 1 || page > pages {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "There is no page %d: there %s.", page, count2(pages, "page")).Do("Try `%s`.", line(1))
	}
	if pages > 1 {
		text = text.Add(" (page %d of %d)", page, pages)
	}
	if page < pages {
		t.More = line(page + 1)
	}
	t.Rows = t.Rows[(page-1)*size : min(len(t.Rows), page*size)]
	return Reply{Text: text.Add(":"), Table: t}, nil
}

// onPage are the items of a page that there is.
func onPage[T any](all []T, page int) []T {
	return all[(page-1)*pageSize : min(len(all), page*pageSize)]
}

func count2(n int, noun string) string {
	if n == 1 {
		return "is 1 " + noun
	}
	return fmt.Sprintf("are %d %ss", n, noun)
}
