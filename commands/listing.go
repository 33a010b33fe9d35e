package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// catalogueArgs is what every list command takes.
type catalogueArgs struct {
	Name   string `value:"TEXT" help:"only those that have this in their name"`
	Status string `value:"STATUS" help:"only those of this status"`
	Page   int    `default:"1" help:"which page of a long list"`
	Long   bool   `help:"accepted, as other clients have it: everything is shown anyway" hidden:"true"`
	inCloud
}

func (a *catalogueArgs) common() *catalogueArgs { return a }

// pageable is a pointer to the arguments of a list command, which hold a catalogueArgs.
type pageable[A any] interface {
	*A
	common() *catalogueArgs
}

// listing is a list command: what it is called, and the table that it shows.
type listing[A any] struct {
	name    string // "network list"
	noun    string // "network"
	help    string
	example string
	all     bool   // not of one project: of the cloud
	none    string // what to type when there is none yet; "" says nothing
	table   func(ctx context.Context, s *session, a A) (*Table, error)
}

// addList puts a list command into the table.
func addList[A any, P pageable[A]](l listing[A]) bool {
	return add(Command[A]{
		Name: l.name, Help: l.help, Examples: []string{l.example}, Role: stackhand.Member, Reads: true,
		Run: func(ctx context.Context, env *Env, user stackhand.User, a A) (Reply, error) {
			s, err := open(ctx, env, user, P(&a).common().Cloud)
			if err != nil {
				return Reply{}, err
			}
			s.Refresh() // a list is always of now
			t, err := l.table(ctx, s, a)
			if err != nil {
				return Reply{}, err
			}
			page := func(p int) string {
				P(&a).common().Page = p
				return format(l.name, a)
			}
			return l.reply(s, *P(&a).common(), t, page)
		},
	})
}

// reply filters and counts the rows and cuts a page out of them.
func (l listing[A]) reply(s *session, a catalogueArgs, t *Table, page func(int) string) (Reply, error) {
	where := s.name
	if !l.all {
		where = s.who.Project + " of " + s.name
	}
	if err := a.filter(l.name, t); err != nil {
		return Reply{}, err
	}
	if len(t.Rows) > 0 {
		return paged(stackhand.Textf("%s in %s", count(len(t.Rows), l.noun), where), t, a.Page, page)
	}
	text := stackhand.Textf("There is no %s in %s.", l.noun, where)
	switch {
	case a.Name != "" || a.Status != "":
		text = stackhand.Textf("There is no such %s in %s.", l.noun, where)
	case l.none != "":
		text = text.Add(" Make one with %s.", stackhand.AsCode(l.none))
	}
	return Reply{Text: text}, nil
}

// filter leaves the rows that --name and --status ask for.
func (a catalogueArgs) filter(command string, t *Table) error {
	for _, f := range []struct {
		option, column, want string
		fits                 func(cell, want string) bool
	}{{"--name", "Name", a.Name, strings.Contains}, {"--status", "Status", a.Status, func(cell, want string) bool { return cell == want }}} {
		if f.want == "" {
			continue
		}
		at := slices.Index(t.Columns, f.column)
		if at < 0 {
			return find(command).misuse("%s has no %s to look for.", capital(command), strings.TrimLeft(f.option, "-"))
		}
		want := strings.ToLower(f.want)
		t.Rows = slices.DeleteFunc(t.Rows, func(row []string) bool { return !f.fits(strings.ToLower(row[at]), want) })
	}
	return nil
}

// gather reads several things side by side.
func gather(ctx context.Context, reads ...func(ctx context.Context) error) error {
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	for _, read := range reads {
		g.Go(func() error { return read(ctx) })
	}
	return g.Wait()
}

// into is a read for gather that puts the answer where p points.
func into[T any](p *T, read func(ctx context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		*p, err = read(ctx)
		return err
	}
}

// byName is a copy of items in the order of their names, whatever the case.
func byName[T any](items []T, name func(T) string) []T {
	keys, order := make([]string, len(items)), make([]int, len(items)) // items are large: they move once
	for i, it := range items {
		keys[i], order[i] = strings.ToLower(name(it)), i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(strings.Compare(keys[a], keys[b]), a-b) })
	out := make([]T, len(items))
	for i, from := range order {
		out[i] = items[from]
	}
	return out
}
