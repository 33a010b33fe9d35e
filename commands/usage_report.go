package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// usageReport is what servers cost in a period, and what comes of them.
type usageReport struct {
	env      *Env
	user     stackhand.User
	owner    string // whose servers are meant; "": everybody's
	now      time.Time
	bill     bill
	accounts []account
	ends     []Ending
	back     Share
}

// ran is the time of a stack's server by the bot's own records: from the command that made it until it was gone. ok is false for one
// that never came to be.
func ran(st stackhand.Stack) (u stackhand.ServerUsage, ok bool) {
	u = stackhand.ServerUsage{ServerID: st.Server, ProjectID: st.ProjectID, Name: st.Name, Flavor: st.Flavor, Started: st.Created}
	if st.State == stackhand.StackGone {
		u.Ended = st.Gone
	}
	return u, st.Server != "" || !st.Lease.Ready.IsZero()
}

// clipped is the part of a server's time that is between two moments; end is not after begin where there is none.
func clipped(u stackhand.ServerUsage, from, to time.Time) (begin, end time.Time) {
	begin, end = u.Started, to
	if !u.Ended.IsZero() {
		end = earliest(u.Ended, to)
	}
	if begin.Before(from) {
		begin = from
	}
	return begin, end
}

// enter puts what a place tells on the bill. A cloud forgets servers that are gone after a while: then the records have them.
func (r *usageReport) enter(ctx context.Context, a *account) {
	owners, listed := map[string]string{}, map[string]bool{}
	for _, st := range a.stacks {
		owners[st.Server] = st.Lease.Owner
		a.projects[st.ProjectID] = st.Project
	}
	for _, u := range a.ran {
		listed[u.ServerID] = true
		owner, ours := owners[u.ServerID]
		if a.only && !ours || r.owner != "" && owner != r.owner {
			continue
		}
		r.enterOne(ctx, a, u, owner)
	}
	for _, st := range a.stacks {
		if r.owner != "" && st.Lease.Owner != r.owner {
			continue
		}
		if u, ok := ran(st); ok && !listed[st.Server] && (a.unread != nil || r.forgotten(st)) {
			r.enterOne(ctx, a, u, st.Lease.Owner)
		}
		r.gaveBack(st)
		if st.State == stackhand.StackGone || st.Server == "" || r.bill.to.Before(r.now) {
			continue
		}
		if e, soon := r.env.ending(st, r.env.person(ctx, st.Lease.Owner), r.now.Add(week)); soon {
			r.ends = append(r.ends, e)
		}
	}
}

// forgotten tells whether a cloud may leave a stack's server out though it was there: Nova does not count the second that is not over.
func (r *usageReport) forgotten(st stackhand.Stack) bool {
	return st.State == stackhand.StackGone || r.now.Sub(st.Lease.Ready) < time.Minute
}

func (r *usageReport) enterOne(ctx context.Context, a *account, u stackhand.ServerUsage, owner string) {
	name := "not made here"
	if owner != "" {
		name = r.env.person(ctx, owner)
	}
	project := first(a.projects[u.ProjectID], u.ProjectID, a.project)
	if !a.everywhere {
		project = a.project
	}
	r.bill.add(u, billLine{cloud: a.cloud, project: project, owner: name})
}

func (r *usageReport) gaveBack(st stackhand.Stack) {
	h := st.GivenBack(r.bill.from, r.bill.to).Hours()
	r.back.Hours, r.back.Money = r.back.Hours+h, r.back.Money+h*r.env.Settings.Clouds[st.Cloud].Prices[st.Flavor]
}

// where names the places: "team-a, team-b (lab)".
func (r *usageReport) where() string {
	var out []string
	for _, a := range r.accounts {
		n, in := len(out)-1, " ("+a.cloud+")"
		switch {
		case a.everywhere:
			out = append(out, "all projects of "+a.cloud)
		case n >= 0 && strings.HasSuffix(out[n], in):
			out[n] = strings.TrimSuffix(out[n], in) + ", " + a.project + in
		default:
			out = append(out, a.project+in)
		}
	}
	return strings.Join(out, "; ")
}

// about names what the report is about: "Your servers in team-a (lab)".
func (r *usageReport) about(ctx context.Context) string {
	whose := "Your servers"
	switch {
	case r.owner != "" && r.owner != r.user.ID:
		whose = "Servers of " + r.env.person(ctx, r.owner)
	case r.owner == "" && slices.ContainsFunc(r.accounts, func(a account) bool { return !a.only }):
		whose = "Servers"
	}
	return whose + " in " + r.where()
}

func (r *usageReport) reply(ctx context.Context, page func(int) string, at int) (Reply, error) {
	b := &r.bill
	period := fmt.Sprintf("%s to %s (UTC)", b.from.Format(time.DateOnly), b.to.Add(-time.Nanosecond).Format(time.DateOnly))
	all := b.sums(func(billLine) string { return "" })
	if len(all) == 0 {
		return Reply{Text: r.notes(stackhand.Textf("%s: none ran from %s.", r.about(ctx), period))}, nil
	}
	text := stackhand.Textf("%s, %s: %s", r.about(ctx), period, b.words(all[0]))
	owners := b.sums(func(l billLine) string { return l.owner })
	text = lines(text, owners, func(o sum) stackhand.Text { return stackhand.Textf("%s: %s", o.of, b.words(o)) })
	if none := b.unpriced(); len(none) > 0 {
		whose := "their"
		if len(none) == 1 && none[0] != unsized {
			whose = "its"
		}
		text = text.Add("\nThere is no price for %s, so %s hours cost nothing here.", andWords(none), whose)
	} else if !b.priced() {
		text = text.Add("\nNo prices are configured for this cloud, so these are hours only.")
	}
	if len(r.ends) > 0 {
		sortEndings(r.ends)
		text = lines(text.Add("\n%s", stackhand.AsBold("Ends within seven days")), r.ends, Ending.words)
	}
	text = r.notes(givenBack(text, r.back, "period"))
	reply, err := paged(text.Add("\nBy day"), b.table(), at, page)
	if at == 1 {
		reply.Chart = b.chart(owners)
	}
	return reply, err
}

// notes adds whose numbers these are. The weekly digest counts by the records alone, and that can differ.
func (r *usageReport) notes(text stackhand.Text) stackhand.Text {
	told, all, said := false, true, map[string]bool{}
	for _, a := range r.accounts {
		all = all && !a.only
		var note stackhand.Text
		switch {
		case a.shut != nil:
			note = stackhand.Textf("%s in %s is not counted: %s", a.project, a.cloud, reasonOf(a.shut))
		case a.unread != nil:
			note = stackhand.Textf("%s does not tell how long its servers ran (%s), so this is by the bot's own records, as in %s.",
				capital(a.cloud), strings.TrimSuffix(reasonOf(a.unread), "."), stackhand.AsCode("digest"))
		default:
			told = true
			continue
		}
		if key := note.String(); !said[key] { // a cloud has several projects
			said[key] = true
			text = append(text.Add("\n"), note...)
		}
	}
	if !all {
		text = text.Add("\nWhere everybody works with the bot's own login, only your own servers are counted.")
	}
	if told && len(r.bill.lines) > 0 {
		text = text.Add("\nThese are the cloud's hours, from when a server was built; %s goes by the bot's own records, from the command on, of the last 168 hours.",
			stackhand.AsCode("digest"))
	}
	return text
}

// reasonOf is what people may read of an error.
func reasonOf(err error) string {
	var e *stackhand.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return "it could not be asked"
}
