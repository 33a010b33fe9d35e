package orphan

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// Ignore notes down that nobody wants to hear of a finding again, who said so and why; with why "" and by "" it is
// heard of again.
func (f *Finder) Ignore(ctx context.Context, o stackhand.Orphan, by, why string) error {
	noted, err := f.Book.Orphan(ctx, o.ID)
	if err != nil {
		return err
	}
	o.Rev, o.First, o.Told, o.Notice = noted.Rev, noted.First, noted.Told, noted.Notice
	o.Ignored = nil
	if by != "" {
		o.Ignored = &stackhand.Ignored{By: by, Why: why, At: f.Now()}
	}
	if o.First.IsZero() {
		o.First = f.Now()
	}
	return f.Book.SaveOrphan(ctx, &o)
}

// Forget takes off a record what the cloud does not have any more, as missing says after a look at each of its
// things. A record of which nothing of its own is left is closed. It answers the record as it is then.
func (f *Finder) Forget(ctx context.Context, o stackhand.Orphan, missing func(context.Context, stackhand.Resource) (bool, error)) (stackhand.Stack, error) {
	st, err := f.Book.Stack(ctx, o.Record)
	if err != nil {
		return st, err
	}
	if st.Busy != "" || st.State != stackhand.StackReady && st.State != stackhand.StackKept {
		return st, stackhand.Errorf(stackhand.Conflict, "A job is at work on %s.", st.Name).Do("Wait for its end, then say `orphans` again.")
	}
	for _, r := range o.Missing {
		is, err := missing(ctx, r)
		if err != nil {
			return st, err
		}
		if !is {
			return st, stackhand.Errorf(stackhand.Conflict, "The %s %s is in the cloud after all, so nothing was forgotten.", r.Kind, r.Name).Do("Say `orphans` to look again.")
		}
	}
	st.Ledger = slices.DeleteFunc(slices.Clone(st.Ledger), func(l stackhand.Resource) bool {
		return slices.ContainsFunc(o.Missing, func(m stackhand.Resource) bool { return m.Kind == l.Kind && m.ID == l.ID && m.Parent == l.Parent })
	})
	for _, m := range o.Missing {
		if m.Kind == stackhand.KindFloatingIP && st.Address == m.Name {
			st.Address = ""
		}
	}
	own := func(r stackhand.Resource) bool { return r.Job != "" && !r.Shared || r.Kind == stackhand.KindServer }
	if !slices.ContainsFunc(st.Ledger, own) {
		st.State, st.Gone, st.Server, st.Address = stackhand.StackGone, f.Now(), "", ""
	}
	return st, f.Book.SaveStack(ctx, &st)
}

// Keep puts the things of a finding on the ledger of a stack of the same project, with which they go from then on.
func (f *Finder) Keep(ctx context.Context, o stackhand.Orphan, id string) (stackhand.Stack, error) {
	st, err := f.Book.Stack(ctx, id)
	if err != nil {
		return st, err
	}
	switch {
	case o.Record != "":
		return st, stackhand.Errorf(stackhand.Invalid, "That finding is a record already.").Do("Say `orphans` to see what can be done about it.")
	case st.Cloud != o.Cloud || st.ProjectID != o.Scope.ProjectID:
		return st, stackhand.Errorf(stackhand.Conflict, "%s is in another project than the %s.", st.Name, o.Title()).Do("Name a server of that project.")
	case st.Busy != "" || st.State != stackhand.StackReady && st.State != stackhand.StackKept:
		return st, stackhand.Errorf(stackhand.Conflict, "A job is at work on %s.", st.Name).Do("Wait for its end, then say it again.")
	}
	for _, t := range o.All() {
		users, err := f.Book.UsersOfResource(ctx, o.Cloud, t.ID)
		if err != nil {
			return st, err
		}
		if len(users) > 0 {
			return st, stackhand.Errorf(stackhand.Conflict, "The %s is on a record by now.", o.Title()).Do("Say `orphans` to look again.")
		}
		st.Ledger = append(st.Ledger, t.Resource)
	}
	return st, f.Book.SaveStack(ctx, &st)
}
