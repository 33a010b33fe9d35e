package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

// Home is the id of this installation, which stands in the mark of all that it makes: by it two bots in one project
// tell their things apart. It is made once and lives as long as the store does, through backups
// and moves to other drivers.
func (s *Store) Home(ctx context.Context) (string, error) {
	id, err := s.Setting(ctx, "home")
	if stackhand.KindOf(err) != stackhand.NotFound {
		return string(id), err
	}
	fresh := strings.ToLower(rand.Text()[:8])
	_, err = s.d.Commit(ctx, Op{Key: key("setting", "home"), Value: []byte(fresh), Check: true})
	if errors.Is(err, ErrConflict) { // another process was first
		id, err := s.Setting(ctx, "home")
		return string(id), err
	}
	if err != nil {
		return "", fmt.Errorf("name the installation: %w", err)
	}
	return fresh, nil
}
