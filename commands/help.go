package commands

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

type helpArgs struct {
	Topic []string `arg:"topic" help:"a command, or the beginning of one"`
}

var _ = add(Command[helpArgs]{
	Name:     "help",
	Help:     "what there is, or all about one command",
	Examples: []string{"help", "help create"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      help,
})

func help(_ context.Context, env *Env, user stackhand.User, a helpArgs) (Reply, error) {
	if len(a.Topic) == 0 {
		return overview(env, user), nil
	}
	topic := strings.ToLower(strings.Join(a.Topic, " "))
	// "help delete web-1" asks about delete; a noun alone has several commands.
	if e, rest, _ := resolve(a.Topic); e != nil && !e.hidden && e.Role <= user.Role {
		said := strings.ToLower(strings.Join(a.Topic[:len(a.Topic)-len(rest)], " "))
		if _, noun := nouns[said]; !noun || said == e.Name {
			return about(e), nil
		}
	}
	t := &Table{Columns: []string{"Command", "What it does"}}
	for _, i := range Commands() {
		if i.Role <= user.Role && strings.Contains(i.Name, strings.TrimSuffix(topic, "s")) {
			t.Rows = append(t.Rows, []string{i.Name, i.Help})
		}
	}
	if len(t.Rows) == 0 {
		return Reply{}, puzzled(a.Topic)
	}
	return Reply{Text: stackhand.Textf("About %s:", topic), Table: t}, nil
}

func overview(env *Env, user stackhand.User) Reply {
	t := &Table{Columns: []string{"Command", "What it does"}}
	for _, i := range Commands() {
		if i.Role <= user.Role {
			t.Rows = append(t.Rows, []string{i.Name, i.Help})
		}
	}
	bot := first(env.Settings.BotName, "stackhand")
	return Reply{Text: stackhand.Textf("Type %s and one of these, or mention %s, here or in a server's thread. Plain sentences are understood too: %s. Details: %s.",
		stackhand.AsCode(first(env.Settings.Command, "/stack")), stackhand.AsCode("@"+bot), stackhand.AsCode("create 3 small ubuntu servers named web for 2 days"), stackhand.AsCode("help create")), Table: t}
}

func about(e *entry) Reply {
	r := Reply{Text: stackhand.Textf("%s: %s.\nUsage: %s", stackhand.AsBold(e.Name), e.Help, stackhand.AsCode(e.Usage))}
	if len(e.Args) > 0 {
		r.Table = &Table{Columns: []string{"Argument", "What it is for"}}
		for _, a := range e.Args {
			what := a.Help
			if a.Default != "" {
				what += " (" + a.Default + " by default)"
			}
			r.Table.Rows = append(r.Table.Rows, []string{a.Name, what})
		}
	}
	for _, x := range e.Examples {
		r.Text = r.Text.Add("\nFor example: %s", stackhand.AsCode(x))
	}
	return r
}
