package provision

import (
	"context"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// passwordFor is how long a password that a cloud gave a server is kept for its owner to see.
const passwordFor = 24 * time.Hour

// maxPasswordButtons is how many servers of one job get a button; the passwords of more are shown to who types the command.
const maxPasswordButtons = 5

// keep keeps a password, where the cloud gave one, and notes under key that it did. One that gets lost on the way is lost: another
// one can be set.
func (d Deps) keep(ctx context.Context, run *jobs.Run, owner, server, password, key string) error {
	if d.Keep == nil || password == "" {
		return nil
	}
	if err := d.Keep(ctx, owner, run.Job().Cloud, server, password); err != nil {
		return fmt.Errorf("provision: keep the password of %s: %w", server, err)
	}
	return run.Set(ctx, key, true)
}

// offerPassword puts the button on the end of the job that shows a password which was kept under key.
func (d Deps) offerPassword(ctx context.Context, run *jobs.Run, name, server, key string, several bool) error {
	var kept bool
	if _, err := run.Get(key, &kept); err != nil || !kept {
		return err
	}
	label := "Show password"
	if several {
		label += " of " + name
	}
	return run.OfferToo(ctx, stackhand.Offer{
		Line: "password " + quoted(name) + " --show", Label: label, Until: d.Now().Add(passwordFor), About: server,
		Why: "The cloud chose a password for the administrator, which the owner can see once,",
	})
}
