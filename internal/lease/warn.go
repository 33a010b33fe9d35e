package lease

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

// maxWarned is how many warnings a record keeps, the last ones.
const maxWarned = 30

// warn writes the notice down first: should the lease's record not be saved, the next sweep finds the
// same notice by its id and nobody is warned twice.
func (s *Sweeper) warn(ctx context.Context, stack stackhand.Stack, n Next, before time.Duration, now time.Time) error {
	place, err := s.place(ctx, stack)
	if err != nil {
		return err
	}
	l := &stack.Lease
	notice := stackhand.Notice{
		ID:      fmt.Sprintf("ends/%s/%d/%s/%s", stack.ID, n.At.Unix(), before, l.Owner), // a new owner is warned anew
		Job:     stack.Job,
		User:    l.Owner,
		Others:  stack.Shared,
		Place:   place,
		Admins:  true,
		Text:    s.words(stack, n, now),
		Created: now,
		Actions: []stackhand.Action{
			{ID: "extend", Label: "Extend by a day", Value: stack.ID},
			{ID: "delete", Label: "Delete now", Value: stack.ID, Danger: true,
				Confirm: "Delete " + stack.Name + " and everything that was made for it?"},
		},
	}
	if _, err := s.Book.AddNotice(ctx, notice); err != nil {
		return err
	}
	l.Warned = append(l.Warned, stackhand.Warning{Before: before, Until: n.At, Notice: notice.ID, Volumes: ids(dataVolumes(stack))})
	l.Warned = l.Warned[max(0, len(l.Warned)-maxWarned):]
	if err := s.Book.SaveStack(ctx, &stack); err != nil {
		return err
	}
	s.Log.Info("warned of the end of a lease", "stack", stack.ID, "user", l.Owner, "step", n.Step, "at", n.At)
	s.Noticed()
	return nil
}

func (s *Sweeper) words(stack stackhand.Stack, n Next, now time.Time) stackhand.Text {
	volumes := ofVolumes(stack)
	if soonest := now.Add(s.Rules.notice(n)); soonest.After(n.At) {
		return stackhand.Textf("The time of %s is over. It expires and will be deleted, with everything that was made for it, after %s.%s Extend it to keep it.",
			stackhand.AsBold(stack.Name), stackhand.At(soonest), volumes)
	}
	return stackhand.Textf("%s expires in %s, at %s. It will then be deleted with everything that was made for it.%s Extend it to keep it.",
		stackhand.AsBold(stack.Name), roughly(n.At.Sub(now)), stackhand.At(n.At), volumes)
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

// ofVolumes says that volumes go too, and how to keep them; "" where there are none.
func ofVolumes(stack stackhand.Stack) string {
	var names []string
	for _, v := range dataVolumes(stack) {
		names = append(names, cmp.Or(v.Name, v.ID))
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" The data on %s goes too; `remove volume %s %s` keeps it.", strings.Join(names, ", "), stack.Name, names[0])
}

// unwarned tells whether the stack has a volume with data of which no delivered warning of this step has told.
func unwarned(stack stackhand.Stack, n Next) bool {
	told := map[string]bool{}
	for _, w := range n.warnings(stack.Lease) {
		if !w.Delivered.IsZero() {
			for _, id := range w.Volumes {
				told[id] = true
			}
		}
	}
	return slices.ContainsFunc(dataVolumes(stack), func(v stackhand.Resource) bool { return !told[v.ID] })
}

// roughly is a length of time as people say it.
func roughly(d time.Duration) string {
	t := time.Unix(0, 0)
	return humanize.CustomRelTime(t, t.Add(d.Round(time.Minute)), "", "", []humanize.RelTimeMagnitude{
		{D: 90 * time.Second, Format: "a minute", DivBy: 1},
		{D: 90 * time.Minute, Format: "%d minutes", DivBy: time.Minute},
		{D: 48 * time.Hour, Format: "%d hours", DivBy: time.Hour},
		{D: 1<<63 - 1, Format: "%d days", DivBy: 24 * time.Hour},
	})
}
