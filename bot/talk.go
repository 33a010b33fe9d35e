package bot

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// talk is the commands as the bot calls them.
type talk struct {
	do         func(ctx context.Context, user stackhand.User, line commands.Line) (commands.Reply, error)
	submit     func(ctx context.Context, user stackhand.User, form, state string, values map[string]string, line commands.Line) (commands.Reply, map[string]string, error)
	complete   func(ctx context.Context, user stackhand.User, search, typed string) ([]commands.Option, error)
	click      func(action, value string) (line string, ok bool)
	secretlike func(text string) (what string, ok bool)
}

// realTalk is package commands on an Env.
func realTalk(env *commands.Env) talk {
	return talk{
		do: func(ctx context.Context, user stackhand.User, line commands.Line) (commands.Reply, error) {
			return commands.Do(ctx, env, user, line)
		},
		submit: func(ctx context.Context, user stackhand.User, form, state string, values map[string]string, line commands.Line) (commands.Reply, map[string]string, error) {
			return commands.Submit(ctx, env, user, form, state, values, line)
		},
		complete: func(ctx context.Context, user stackhand.User, search, typed string) ([]commands.Option, error) {
			return commands.Complete(ctx, env, user, search, typed)
		},
		click:      commands.ClickLine,
		secretlike: commands.Secretlike,
	}
}
