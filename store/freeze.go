package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/stackhand/stackhand"
)

// Freeze reads the freeze that is on; the zero value if there is none.
func (s *Store) Freeze(ctx context.Context) (f stackhand.Freeze, err error) {
	raw, err := s.Setting(ctx, "freeze")
	if stackhand.KindOf(err) == stackhand.NotFound {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		return f, fmt.Errorf("read the freeze: %w", err)
	}
	return f, nil
}

// SetFreeze begins a freeze, or lifts it with the zero value.
func (s *Store) SetFreeze(ctx context.Context, f stackhand.Freeze) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("write the freeze: %w", err)
	}
	return s.SetSetting(ctx, "freeze", raw)
}
