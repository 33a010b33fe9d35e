package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

var noticeTable = table[stackhand.Notice]{
	what:  "notice",
	key:   func(n *stackhand.Notice) string { return key("notice", n.ID) },
	rev:   func(n *stackhand.Notice) *int64 { return &n.Rev },
	index: noticeIndex,
}

func noticeIndex(n *stackhand.Notice) []string {
	var keys []string
	if n.Open() {
		keys = append(keys, key("notice.open", n.ID))
	}
	if !n.Ends.IsZero() && len(n.Actions) > 0 {
		keys = append(keys, key("notice.ends", rising(n.Ends), n.ID))
	}
	if n.Adoption != nil && n.Taken != "" {
		keys = append(keys, key("notice.taken", n.Taken, n.ID))
	}
	if n.Waits != "" {
		keys = append(keys, key("notice.waits", n.ID))
	}
	for _, p := range []stackhand.Posted{n.Public, n.Direct} {
		if n.Job != "" && p.TS != "" && !p.Shared {
			keys = append(keys, threadKey(p.Channel, p.TS, "notice "+n.ID))
		}
	}
	return keys
}

// AddNotice writes a notice that is to be posted; fresh is false, and nothing is written, if
// there is one of this id already.
func (s *Store) AddNotice(ctx context.Context, n stackhand.Notice) (fresh bool, err error) {
	if err := need("notice", n.ID); err != nil {
		return false, err
	}
	n.Rev = 0
	err = noticeTable.save(ctx, s.d, &n)
	if errors.Is(err, ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("add a notice: %w", err)
	}
	return true, nil
}

// Notice reads a notice.
func (s *Store) Notice(ctx context.Context, id string) (stackhand.Notice, error) {
	return noticeTable.get(ctx, s.d, key("notice", id), id)
}

// SaveNotice writes a notice; ErrConflict if its revision is not the store's. The threads of its messages
// lead to its job.
func (s *Store) SaveNotice(ctx context.Context, n *stackhand.Notice) error {
	if err := need("notice", n.ID); err != nil {
		return err
	}
	return noticeTable.save(ctx, s.d, n)
}

// ReviseNotice has a notice say something else from now on, also where it was delivered already.
func (s *Store) ReviseNotice(ctx context.Context, id string, text stackhand.Text, actions ...stackhand.Action) error {
	_, err := s.ChangeNotice(ctx, id, func(n *stackhand.Notice) error {
		n.Text, n.Actions, n.Stale = text, actions, true
		return nil
	})
	return err
}

// ChangeNotice changes a notice; change may be called again with a newer one. Its error is answered as it is, and nothing is
// written then.
func (s *Store) ChangeNotice(ctx context.Context, id string, change func(*stackhand.Notice) error) (stackhand.Notice, error) {
	for {
		n, err := s.Notice(ctx, id)
		if err != nil {
			return n, err
		}
		if err := change(&n); err != nil {
			return n, err
		}
		if err = s.SaveNotice(ctx, &n); err == nil || !errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return n, err
		}
	}
}

// AnswerableNotices reads the notices that can be answered until some moment, of those whose moment is not after until; zero: all. The
// earliest comes first.
func (s *Store) AnswerableNotices(ctx context.Context, until time.Time) ([]stackhand.Notice, error) {
	from, to := under("notice.ends")
	if !until.IsZero() {
		to = key("notice.ends", rising(until.Add(1)))
	}
	return noticeTable.follow(ctx, s.d, from, to, 0, func(n *stackhand.Notice) bool {
		return !n.Ends.IsZero() && len(n.Actions) > 0 && (until.IsZero() || !n.Ends.After(until))
	})
}

// TakenNotices reads the notices with an offer that the line of a key has answered.
func (s *Store) TakenNotices(ctx context.Context, line string) ([]stackhand.Notice, error) {
	from, to := under("notice.taken", line)
	return noticeTable.follow(ctx, s.d, from, to, 0, func(n *stackhand.Notice) bool { return n.Adoption != nil && n.Taken == line })
}

// WaitingNotices reads the notices with an offer that was accepted, and of which is not settled what comes of that.
func (s *Store) WaitingNotices(ctx context.Context) ([]stackhand.Notice, error) {
	from, to := under("notice.waits")
	return noticeTable.follow(ctx, s.d, from, to, 0, func(n *stackhand.Notice) bool { return n.Waits != "" })
}

// OpenNotices reads the notices that are not delivered yet, or not as they are now.
func (s *Store) OpenNotices(ctx context.Context) ([]stackhand.Notice, error) {
	from, to := under("notice.open")
	return noticeTable.follow(ctx, s.d, from, to, 0, func(n *stackhand.Notice) bool { return n.Open() })
}
