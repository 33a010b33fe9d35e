package bot

import "context"

// SharedOutside tells whether people of other organisations are in a channel, too (Slack Connect).
func (b *Bot) SharedOutside(ctx context.Context, channel string) bool {
	return b.web.shared(ctx, channel)
}

// Members are the ids of the people in a user group of the workspace.
func (b *Bot) Members(ctx context.Context, group string) ([]string, error) {
	return b.people.groups.fetch(ctx, group)
}
