package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// Set writes a schedule down, in place of one of the same owner for the same servers. It answers Invalid for times, days or a
// zone that make no sense. What was due before now is not done.
func (k *Keeper) Set(ctx context.Context, s stackhand.Schedule) (stackhand.Schedule, error) {
	if err := tidy(&s); err != nil {
		return s, err
	}
	c, err := read(s)
	if err != nil {
		return s, err
	}
	s.ID = k.id(s)
	for try := 0; ; try++ {
		old, err := k.o.Book.Schedule(ctx, s.ID)
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return s, err
		}
		now := k.o.Now()
		s.Rev, s.Created, s.From, s.Turns = old.Rev, now, now, old.Turns // who is left alone today stays so
		for id, t := range s.Turns {
			t.Wait, t.Told = false, ""
			s.Turns[id] = t
		}
		s.Next = (&round{Keeper: k, s: &s, clock: c, now: now}).next()
		if err = k.o.Book.SaveSchedule(ctx, &s); err == nil || try == 5 || !k.lost(err) {
			return s, err
		}
	}
}

// lost tells whether a save failed because somebody else was faster.
func (k *Keeper) lost(err error) bool { return k.o.Conflict != nil && errors.Is(err, k.o.Conflict) }

// id is made from whose the schedule is and for what: there is one of each.
func (k *Keeper) id(s stackhand.Schedule) string {
	what := []string{"schedule", s.Owner, s.Stack}
	if s.Several() {
		what = append(what, s.Cloud, s.Scope.ProjectID, s.Scope.Region)
		for _, key := range slices.Sorted(maps.Keys(s.Property)) {
			what = append(what, key, s.Property[key])
		}
	}
	return k.o.NewID(fmt.Sprintf("%q", what))
}

// Remove takes a schedule out. One that is not there any more is no error.
func (k *Keeper) Remove(ctx context.Context, id string) error {
	for try := 0; ; try++ {
		s, err := k.o.Book.Schedule(ctx, id)
		if stackhand.KindOf(err) == stackhand.NotFound {
			return nil
		}
		if err == nil {
			err = k.o.Book.DeleteSchedule(ctx, s)
		}
		if err == nil || try == 5 || !k.lost(err) {
			return err
		}
	}
}

// Schedule reads a schedule.
func (k *Keeper) Schedule(ctx context.Context, id string) (stackhand.Schedule, error) {
	return k.o.Book.Schedule(ctx, id)
}

// OfOwner are the schedules of a user whose servers are there, the oldest first.
func (k *Keeper) OfOwner(ctx context.Context, user string) ([]stackhand.Schedule, error) {
	all, err := k.o.Book.SchedulesOfOwner(ctx, user)
	var out []stackhand.Schedule
	for _, s := range all {
		if !s.Several() {
			st, err := k.o.Book.Stack(ctx, s.Stack)
			if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
				return nil, err
			}
			if err != nil || st.State == stackhand.StackGone {
				continue // it ends at its next moment
			}
			s.Name = st.Name
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b stackhand.Schedule) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return out, err
}

// OfServer are the schedules that are for a server: its own, or else those for several that it belongs to.
func (k *Keeper) OfServer(ctx context.Context, st stackhand.Stack, sv stackhand.Server) ([]stackhand.Schedule, error) {
	own, err := k.o.Book.SchedulesOfStack(ctx, st.ID)
	if err != nil || len(own) > 0 {
		return own, err
	}
	all, err := k.o.Book.SchedulesOfOwner(ctx, st.Lease.Owner)
	return slices.DeleteFunc(all, func(s stackhand.Schedule) bool { return !s.Covers(st) || !s.Wants(sv) }), err
}

// Leave leaves a server alone, whatever its schedules say, until their day ends; and over the next moment, where that is
// less than an hour away. It answers until when; zero where the server has no schedule.
func (k *Keeper) Leave(ctx context.Context, st stackhand.Stack, sv stackhand.Server) (until time.Time, err error) {
	all, err := k.OfServer(ctx, st, sv)
	if err != nil {
		return until, err
	}
	for _, s := range all {
		left, err := k.leave(ctx, s, st)
		if err != nil {
			return until, err
		}
		if left.After(until) {
			until = left
		}
	}
	return until, nil
}

func (k *Keeper) leave(ctx context.Context, s stackhand.Schedule, st stackhand.Stack) (time.Time, error) {
	for try := 0; ; try++ {
		c, err := read(s)
		if err != nil {
			return time.Time{}, err
		}
		until := c.dayEnd(k.o.Now())
		t := s.Turns[st.ID]
		t.Wait, t.Left = false, until
		if s.Turns = maps.Clone(s.Turns); s.Turns == nil {
			s.Turns = map[string]stackhand.Turn{}
		}
		s.Turns[st.ID] = t
		if err = k.o.Book.SaveSchedule(ctx, &s); err == nil || try == 5 || !k.lost(err) {
			return until, err
		}
		if s, err = k.o.Book.Schedule(ctx, s.ID); err != nil {
			return until, err
		}
	}
}

// dayEnd is until when somebody means who says "today".
func (c clock) dayEnd(now time.Time) time.Time {
	y, m, d := now.In(c.zone).Date()
	end := c.moment(time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC))
	if next := c.next(now).At; !next.Before(end) && next.Before(now.Add(time.Hour)) {
		return next.Add(time.Second)
	}
	return end
}

// Runs are the next n moments of a schedule.
func (k *Keeper) Runs(s stackhand.Schedule, n int) []stackhand.Run {
	c, err := read(s)
	if err != nil {
		return nil // Set let none of these in
	}
	var out []stackhand.Run
	for at := k.o.Now(); len(out) < n; at = out[len(out)-1].At {
		out = append(out, c.next(at))
	}
	return out
}
