package bot

import (
	"context"
	"strings"
)

// SharedOutside tells whether people of other organisations are in a channel, too (Slack Connect).
func (b *Bot) SharedOutside(ctx context.Context, channel string) bool {
	return b.web.shared(ctx, channel)
}

// Room is what a channel is called, "#team-a", or its id where Slack does not tell the name.
func (b *Bot) Room(channel string) string {
	if name := b.channels.name(channel); name != "" {
		return "#" + strings.TrimPrefix(name, "#")
	}
	return channel
}

// Members are the ids of the people in a user group of the workspace.
func (b *Bot) Members(ctx context.Context, group string) ([]string, error) {
	return b.people.groups.fetch(ctx, group)
}
