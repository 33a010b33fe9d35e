package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

// Orphans finds what no record accounts for, and what records have lost.
type Orphans interface {
	// Find looks with the user's own rights in one project, or everywhere, which only administrators of the cloud may.
	// others counts what other installations of the bot have marked.
	Find(ctx context.Context, user stackhand.User, cloud string, at stackhand.Scope, everywhere bool) (all []stackhand.Orphan, others int, err error)
	// Ignore notes down that nobody wants to hear of a finding, and why; by "" takes that back.
	Ignore(ctx context.Context, o stackhand.Orphan, by, why string) error
	// Forget takes off a record what the cloud, asked anew, does not have any more.
	Forget(ctx context.Context, user stackhand.User, o stackhand.Orphan) (stackhand.Stack, error)
	// Keep puts things of a finding on the ledger of a stack, with which they go from then on.
	Keep(ctx context.Context, o stackhand.Orphan, stack string) (stackhand.Stack, error)
}

type orphansArgs struct {
	Mine    bool `help:"only what was made for you; administrators see everybody's otherwise"`
	Ignored bool `help:"those that somebody decided to ignore, with by whom and why"`
	Page    int  `default:"1" help:"which page of a long list"`
	inCloud
}

var _ = add(Command[orphansArgs]{
	Name: "orphans", Help: "what is in the cloud and on no record, and records of what is not there any more", Role: stackhand.Member, Reads: true,
	Examples: []string{"orphans", "orphans --mine", "orphans --ignored"},
	Run:      orphans,
})

// orphanPage is how many findings a page shows: each has up to three buttons.
const orphanPage = 6

func orphans(ctx context.Context, env *Env, user stackhand.User, a orphansArgs) (Reply, error) {
	h, err := hunt(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	mine := a.Mine || user.Role < stackhand.Admin
	all := slices.DeleteFunc(h.found, func(o stackhand.Orphan) bool {
		return mine && o.Owner != user.ID || a.Ignored != (o.Ignored != nil)
	})
	if len(all) == 0 {
		return Reply{Text: h.nothing(a, mine)}, nil
	}
	text := stackhand.Textf("%s in %s", count(len(all), "finding"), h.where())
	if mine {
		text = stackhand.Textf("%s of yours in %s", count(len(all), "finding"), h.where())
	}
	if total, known := h.perDay(all); known {
		text = text.Add(", %s per day", rounded(total, 2))
	}
	r, err := pagedBy(orphanPage, h.notes(text), h.table(ctx, all, a.Ignored), a.Page, func(p int) string { a.Page = p; return format("orphans", a) })
	if err != nil {
		return r, err
	}
	first := (a.Page - 1) * orphanPage
	for _, o := range all[first:min(len(all), first+orphanPage)] {
		r.Actions = append(r.Actions, orphanButtons(o)...)
	}
	return r, nil
}

// found is what a look at all that somebody can see came to.
type found struct {
	env    *Env
	found  []stackhand.Orphan
	clouds []string
	others int
	failed []string // places that could not be looked at, and why
}

// hunt looks everywhere where the user can: in each project that they are logged in to, in all of a cloud where they are
// its administrator, and where the bot's own login serves everybody; each in all regions. One place that makes trouble does not stop the others.
func hunt(ctx context.Context, env *Env, user stackhand.User, cloud string) (*found, error) {
	if env.Orphans == nil {
		return nil, stackhand.Errorf(stackhand.NotFound, "Orphans cannot be looked for here.").Do("Ask whoever runs the bot.")
	}
	logins, err := env.outlooks(ctx, user, cloud)
	if err != nil {
		return nil, err
	}
	var places []outlook
	for _, p := range logins {
		places = append(places, env.regions(ctx, user, p)...)
	}
	h := &found{env: env}
	seen := map[string]bool{}
	for _, p := range places {
		all, others, err := env.Orphans.Find(ctx, user, p.cloud, p.at, p.everywhere)
		if err != nil {
			if len(places) == 1 {
				return nil, err
			}
			h.failed = append(h.failed, first(p.project, p.cloud)+": "+err.Error())
			continue
		}
		if !slices.Contains(h.clouds, p.cloud) {
			h.clouds = append(h.clouds, p.cloud)
		}
		h.others += others
		for _, o := range all {
			if !seen[o.Key()] {
				seen[o.Key()] = true
				h.found = append(h.found, o)
			}
		}
	}
	slices.SortStableFunc(h.found, func(x, y stackhand.Orphan) int {
		cx, _ := x.PerDay(h.prices(x))
		cy, _ := y.PerDay(h.prices(y))
		return cmp.Or(cmp.Compare(cy, cx), strings.Compare(x.Title(), y.Title()), strings.Compare(x.ID, y.ID))
	})
	return h, nil
}

// outlook is one place to look at.
type outlook struct {
	cloud, project string
	at             stackhand.Scope
	everywhere     bool
}

// regions are a place in each region of its cloud, that of the login first. What cannot be told is not asked for: to look there tells why.
func (env *Env) regions(ctx context.Context, user stackhand.User, p outlook) []outlook {
	out := []outlook{p}
	s, err := openAt(ctx, env, user, p.cloud, p.at)
	if err != nil {
		return out
	}
	all, err := s.Regions(ctx)
	if err != nil {
		return out
	}
	for _, region := range all {
		if there := p; region != s.who.Region {
			there.at.Region, there.project = region, first(p.project, p.cloud)+" in "+region
			out = append(out, there)
		}
	}
	return out
}

func (env *Env) outlooks(ctx context.Context, user stackhand.User, cloud string) ([]outlook, error) {
	if cloud != "" {
		name, err := env.cloud(ctx, user, cloud)
		if err != nil {
			return nil, err
		}
		cloud = name
	}
	creds, err := env.Clouds.Credentials(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []outlook
	admin := map[string]bool{}
	for _, c := range creds {
		everywhere := user.Role >= stackhand.Admin && slices.Contains(c.Identity.Roles, "admin")
		if cloud != "" && c.Cloud != cloud || env.Settings.Clouds[c.Cloud].Service {
			continue
		}
		p := outlook{c.Cloud, c.Identity.Project, stackhand.Scope{ProjectID: c.Identity.ProjectID, Region: c.Identity.Region}, everywhere}
		if everywhere && !admin[c.Cloud] {
			admin[c.Cloud] = true
			out = slices.DeleteFunc(out, func(o outlook) bool { return o.cloud == c.Cloud })
			out = append(out, p)
		} else if !admin[c.Cloud] {
			out = append(out, p)
		}
	}
	for _, name := range env.cloudNames() {
		if env.Settings.Clouds[name].Service && (cloud == "" || cloud == name) {
			out = append(out, outlook{cloud: name})
		}
	}
	if len(out) == 0 {
		_, err := open(ctx, env, user, cloud) // tells how to log in
		return nil, err
	}
	return out, nil
}

func (h *found) prices(o stackhand.Orphan) map[string]float64 {
	return h.env.Settings.Clouds[o.Cloud].Prices
}

func (h *found) where() string { return strings.Join(h.clouds, ", ") }

func (h *found) perDay(all []stackhand.Orphan) (total float64, known bool) {
	for _, o := range all {
		if c, ok := o.PerDay(h.prices(o)); ok {
			total, known = total+c, true
		}
	}
	return total, known
}

// nothing says that there is nothing to show, and what was looked at.
func (h *found) nothing(a orphansArgs, mine bool) stackhand.Text {
	what := "Everything with our mark is on a record, and every record is in the cloud"
	switch {
	case a.Ignored:
		what = "Nothing is ignored"
	case mine:
		what = "Everything that was made for you is on a record, and every record of yours is in the cloud"
	}
	text := stackhand.Textf("%s.", what)
	if h.where() != "" {
		text = stackhand.Textf("%s (%s).", what, h.where())
	}
	return h.notes(text)
}

// notes adds what was not looked at, and what is not ours to judge.
func (h *found) notes(text stackhand.Text) stackhand.Text {
	if h.others > 0 {
		text = text.Add("\nLeft alone, since another installation of the bot made them: %s.", count(h.others, "thing"))
	}
	for _, f := range h.failed {
		text = text.Add("\nNot looked at: %s", f)
	}
	return text
}

func (h *found) table(ctx context.Context, all []stackhand.Orphan, ignored bool) *Table {
	t := &Table{Columns: []string{"Id", "What", "Owner", "Age", "Per day", "Why"}}
	if ignored {
		t.Columns = append(t.Columns, "Ignored")
	}
	now := h.env.Now()
	for _, o := range all {
		age, cost, owner := "–", "–", "–"
		if !o.Thing.Created.IsZero() {
			age = humanize.RelTime(o.Thing.Created, now, "", "")
		}
		if c, ok := o.PerDay(h.prices(o)); ok {
			cost = rounded(c, 2)
		}
		if o.Owner != "" {
			owner = h.env.person(ctx, o.Owner)
		}
		row := []string{o.ID, whatItIs(o), owner, strings.TrimSpace(age), cost, o.Why}
		if i := o.Ignored; ignored && i != nil {
			row = append(row, strings.TrimSuffix("by "+h.env.person(ctx, i.By)+": "+i.Why, ": "))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// whatItIs names a finding and what goes together with it.
func whatItIs(o stackhand.Orphan) string {
	var with []string
	for _, t := range o.With {
		if t.Kind != stackhand.KindInterface && !slices.Contains(with, t.Kind) {
			with = append(with, t.Kind)
		}
	}
	if len(with) == 0 {
		return o.Title()
	}
	return o.Title() + " with its " + strings.Join(with, ", ")
}

// orphanButtons are what can be done about a finding.
func orphanButtons(o stackhand.Orphan) []stackhand.Action {
	line := func(verb string) string { return "orphans " + verb + " " + o.ID }
	if o.Ignored != nil {
		return []stackhand.Action{{ID: "choose", Label: clip("Show "+o.Title()+" again", 70), Value: line("ignore") + " --undo"}}
	}
	act := stackhand.Action{ID: "choose", Label: clip("Delete "+o.Title(), 70), Value: line("delete"), Danger: true,
		Confirm: "Delete " + whatItIs(o) + "? It cannot be brought back."}
	var out []stackhand.Action
	switch {
	case o.Record != "" && len(o.Rest) == 0:
		act.Label, act.Value, act.Confirm = clip("Forget "+o.Title(), 70), line("forget"), "Close the record of "+o.Name+"? Nothing of it is in the cloud."
	case o.Record != "":
		act.Label, act.Confirm = clip("Delete the rest of "+o.Name, 70), "Delete what is left of "+o.Name+"?"
	case o.Thing.Kind == stackhand.KindServer:
		out = append(out, stackhand.Action{ID: "choose", Label: clip("Adopt "+o.Title(), 70), Value: line("adopt")})
	}
	return append(out, act, stackhand.Action{ID: "choose", Label: clip("Ignore "+o.Title(), 70), Value: line("ignore")})
}
