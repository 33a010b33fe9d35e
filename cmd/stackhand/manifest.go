package main

import (
	"context"
	"fmt"

	"github.com/stackhand/stackhand/bot"
)

type manifestCmd struct {
	Link bool `arg:"--link" help:"Print only the link that creates the app."`
}

// Run prints what Slack needs to know of the app.
func (m manifestCmd) Run(_ context.Context, s streams, c *cli) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	text, err := bot.Manifest(bot.ManifestOptions{Command: cfg.Slack.Command})
	if err != nil {
		return err
	}
	if !m.Link {
		if _, err := fmt.Fprintf(s.out, "%s\n# Create the app with one click:\n# ", text); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(s.out, bot.ManifestLink(text))
	return err
}
