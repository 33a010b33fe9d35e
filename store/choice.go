package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

var choiceTable = table[stackhand.Choice]{
	what: "choice",
	key:  func(c *stackhand.Choice) string { return key("choice", c.User) },
	rev:  func(c *stackhand.Choice) *int64 { return &c.Rev },
}

// Choice reads where a user chose to work; who chose nothing yet has an empty one.
func (s *Store) Choice(ctx context.Context, user string) (stackhand.Choice, error) {
	c, err := choiceTable.read(ctx, s.d, key("choice", user))
	if errors.Is(err, ErrNotFound) {
		return stackhand.Choice{User: user}, nil
	}
	return c, err
}

// SaveChoice writes a choice; ErrConflict if its revision is not the store's.
func (s *Store) SaveChoice(ctx context.Context, c *stackhand.Choice) error {
	if err := need("choice", c.User); err != nil {
		return err
	}
	return choiceTable.save(ctx, s.d, c)
}

var tryTable = table[stackhand.LoginTry]{
	what: "login",
	key:  func(t *stackhand.LoginTry) string { return key("login-try", t.User, t.Cloud, t.Name) },
	rev:  func(t *stackhand.LoginTry) *int64 { return &t.Rev },
}

// AddLoginTry notes down an application credential that is about to be made.
func (s *Store) AddLoginTry(ctx context.Context, t stackhand.LoginTry) error {
	if err := need("login", t.User, t.Cloud, t.Name); err != nil {
		return err
	}
	return tryTable.save(ctx, s.d, &t)
}

// LoginTries reads those of a user in a cloud that were not forgotten.
func (s *Store) LoginTries(ctx context.Context, user, cloud string) ([]stackhand.LoginTry, error) {
	from, to := under("login-try", user, cloud)
	return tryTable.list(ctx, s.d, from, to, 0)
}

// ForgetLoginTry forgets one, whether it is there or not.
func (s *Store) ForgetLoginTry(ctx context.Context, t stackhand.LoginTry) error {
	if _, err := s.d.Commit(ctx, Op{Key: tryTable.key(&t), Delete: true}); err != nil {
		return fmt.Errorf("forget the try of a login: %w", err)
	}
	return nil
}
