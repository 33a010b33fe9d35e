package lease

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// maxWarned is how many warnings a record keeps, the last ones.
const maxWarned = 30

// warn writes the notice down first: should the lease's record not be saved, the next sweep finds the
// same notice by its id (id is its end) and nobody is warned twice.
func (s *Sweeper) warn(ctx context.Context, stack stackhand.Stack, n Next, before time.Duration, id string, now time.Time) error {
	place, err := s.place(ctx, stack)
	if err != nil {
		return err
	}
	text, brief, err := s.said(ctx, stack, n, now)
	if err != nil {
		return err
	}
	l := &stack.Lease
	notice := stackhand.Notice{
		ID:      "ends/" + stack.ID + "/" + n.what() + id + "/" + l.Owner,
		Job:     stack.Job,
		User:    l.Owner,
		Others:  stack.Shared,
		Place:   place,
		Admins:  true,
		Text:    text,
		Group:   "ends",
		Brief:   brief,
		Created: now,
		Actions: buttons(stack, n),
	}
	if _, err := s.Book.AddNotice(ctx, notice); err != nil {
		return err
	}
	note(l, stackhand.Warning{Before: before, Step: n.what(), Until: n.At, Notice: notice.ID, Volumes: ids(dataVolumes(stack))})
	if err := s.Book.SaveStack(ctx, &stack); err != nil {
		return err
	}
	s.Log.Info("warned of the end of a lease", "stack", stack.ID, "user", l.Owner, "step", n.Step, "at", n.At)
	s.Noticed()
	return nil
}

// said is what a warning says, at length and in brief: what comes, whether that has to wait, and who waits for what.
func (s *Sweeper) said(ctx context.Context, stack stackhand.Stack, n Next, now time.Time) (text, brief stackhand.Text, err error) {
	var more stackhand.Text
	frozen, err := s.frozen(ctx)
	if err != nil {
		return nil, nil, err
	}
	if frozen {
		more = more.Add(" Changes are stopped now: as long as they are, nothing happens to it, and you will be told again before anything does.")
	}
	if s.Asked != nil {
		asked, err := s.Asked(ctx, stack.ID)
		if err != nil {
			return nil, nil, err
		}
		if len(asked) > 0 {
			more = append(more.Add(" "), asked...)
		}
	}
	return append(s.words(stack, n, now), more...), append(s.brief(stack, n, now), more...), nil
}

// note keeps a warning on the record.
func note(l *stackhand.Lease, w stackhand.Warning) {
	l.Voided = voided(*l) // before the first ones are forgotten
	l.Warned = append(l.Warned, w)
	l.Warned = l.Warned[max(0, len(l.Warned)-maxWarned):]
}

// dataVolumes are the volumes that jobs made and added later: those that hold data of their own.
func dataVolumes(stack stackhand.Stack) []stackhand.Resource {
	var out []stackhand.Resource
	for _, r := range stack.Ledger {
		if r.Kind == stackhand.KindVolume && r.Job != "" && r.Job != stack.Job {
			out = append(out, r)
		}
	}
	return out
}

func ids(rs []stackhand.Resource) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

// unwarned tells whether the stack has a volume with data of which no warning of this step has told that was delivered in good time.
func (r Rules) unwarned(stack stackhand.Stack, n Next, now time.Time) bool {
	told := map[string]bool{}
	for _, w := range n.warnings(stack.Lease) {
		if !w.Delivered.IsZero() && !now.Before(w.Delivered.Add(r.notice(n))) {
			for _, id := range w.Volumes {
				told[id] = true
			}
		}
	}
	return slices.ContainsFunc(dataVolumes(stack), func(v stackhand.Resource) bool { return !told[v.ID] })
}
