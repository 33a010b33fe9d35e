package store

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
)

var scheduleTable = table[stackhand.Schedule]{
	what:  "schedule",
	key:   func(s *stackhand.Schedule) string { return key("schedule", s.ID) },
	rev:   func(s *stackhand.Schedule) *int64 { return &s.Rev },
	index: scheduleIndex,
}

func scheduleIndex(s *stackhand.Schedule) []string {
	keys := []string{key("schedule.owner", s.Owner, s.ID)}
	if !s.Next.IsZero() {
		keys = append(keys, key("schedule.due", rising(s.Next), s.ID))
	}
	if s.Stack != "" {
		keys = append(keys, key("schedule.stack", s.Stack, s.ID))
	}
	return keys
}

// Schedule reads a schedule.
func (s *Store) Schedule(ctx context.Context, id string) (stackhand.Schedule, error) {
	return scheduleTable.get(ctx, s.d, key("schedule", id), id)
}

// SaveSchedule writes a schedule; ErrConflict if its revision is not the store's.
func (s *Store) SaveSchedule(ctx context.Context, v *stackhand.Schedule) error {
	if err := need("schedule", v.ID, v.Owner); err != nil {
		return err
	}
	return scheduleTable.save(ctx, s.d, v)
}

// DeleteSchedule takes a schedule out; ErrConflict if its revision is not the store's.
func (s *Store) DeleteSchedule(ctx context.Context, v stackhand.Schedule) error {
	return scheduleTable.remove(ctx, s.d, &v)
}

// SchedulesDue reads the schedules that somebody has to look at by a moment, the earliest first, at most limit (0: all).
// It reads no others.
func (s *Store) SchedulesDue(ctx context.Context, until time.Time, limit int) ([]stackhand.Schedule, error) {
	from, _ := under("schedule.due")
	_, to := under("schedule.due", rising(until))
	return scheduleTable.follow(ctx, s.d, from, to, limit, func(v *stackhand.Schedule) bool {
		return !v.Next.IsZero() && !v.Next.After(until)
	})
}

// SchedulesOfOwner reads the schedules of a user.
func (s *Store) SchedulesOfOwner(ctx context.Context, user string) ([]stackhand.Schedule, error) {
	from, to := under("schedule.owner", user)
	return scheduleTable.follow(ctx, s.d, from, to, 0, func(v *stackhand.Schedule) bool { return v.Owner == user })
}

// SchedulesOfStack reads the schedules that are for one stack alone.
func (s *Store) SchedulesOfStack(ctx context.Context, id string) ([]stackhand.Schedule, error) {
	from, to := under("schedule.stack", id)
	return scheduleTable.follow(ctx, s.d, from, to, 0, func(v *stackhand.Schedule) bool { return v.Stack == id })
}

// SchedulesBeyond reads the schedules that nobody would look at before a moment.
func (s *Store) SchedulesBeyond(ctx context.Context, after time.Time) ([]stackhand.Schedule, error) {
	_, to := under("schedule.due")
	return scheduleTable.follow(ctx, s.d, key("schedule.due", rising(after)), to, 0, func(v *stackhand.Schedule) bool { return v.Next.After(after) })
}
