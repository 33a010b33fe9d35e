package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

type helpArgs struct {
	Topic []string `arg:"topic" help:"a command, or what commands are about: network, volume, login …"`
}

var _ = add(Command[helpArgs]{
	Name:     "help",
	Help:     "what there is, or all about one command or group of them",
	Examples: []string{"help", "help create", "help network"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      help,
})

// groupOf are the groups of the help and the commands in them that do not begin with the group's own noun.
var groupOf = []struct {
	name, about string
	commands    []string
}{
	{"server", "make servers, see them, let them go", strings.Fields("create list show delete reboot start stop pause unpause suspend resume shelve unshelve lock unlock " +
		"rebuild resize rename password set unset addresses events")},
	{"lease", "how long a server is yours", strings.Fields("extend keep archive restore transfer share unshare ask adopt release")},
	{"schedule", "servers that stop in the evening and start in the morning", strings.Fields("schedule")},
	{"add", "give a server an address, a volume, a network", nil},
	{"remove", "take them from it again", nil},
	{"console", "look at a server's screen", nil},
	{"image", "what servers start from", nil},
	{"flavor", "the sizes of servers", nil},
	{"keypair", "the keys to log in with", nil},
	{"network", "networks of your project", nil},
	{"subnet", "their addresses", nil},
	{"router", "what connects them", nil},
	{"port", "what is plugged into them", nil},
	{"security group", "what may reach a server", nil},
	{"floating ip", "addresses to be reached at from outside", nil},
	{"volume", "disks that outlive servers, and their snapshots", nil},
	{"account", "who you are to the clouds, and how much you may use", strings.Fields("login logout whoami clouds use limits usage digest")},
	{"job", "what is at work", strings.Fields("jobs cancel retry cleanup keep approvals approve deny audit")},
	{"admin", "for administrators", append(strings.Fields("orphans freeze unfreeze"), "ladder", "ladder go", "ladder hold", "orphans adopt", "orphans delete", "orphans forget", "orphans ignore", "project list", "user list", "hypervisor list")},
}

// groupFor is the name of the group that a command is shown in; "" for none.
func groupFor(command string) string {
	for _, g := range groupOf {
		if slices.Contains(g.commands, command) {
			return g.name
		}
	}
	for _, g := range groupOf {
		if strings.HasPrefix(command, g.name+" ") {
			return g.name
		}
	}
	return ""
}

// inGroup lists the commands of a group that somebody may use, in the order of the help.
func inGroup(group string, user stackhand.User) []Info {
	var out []Info
	for _, i := range Commands() {
		if groupFor(i.Name) == group && i.Role <= user.Role {
			out = append(out, i)
		}
	}
	return out
}

func help(_ context.Context, env *Env, user stackhand.User, a helpArgs) (Reply, error) {
	if len(a.Topic) == 0 {
		return overview(env, user), nil
	}
	topic := strings.ToLower(strings.Join(a.Topic, " "))
	if r, ok := ofGroup(topic, user); ok {
		return r, nil
	}
	// "help delete web-1" asks about delete; a noun alone has several commands.
	if e, rest, _ := resolve(a.Topic); e != nil && !e.hidden && e.Role <= user.Role {
		said := strings.ToLower(strings.Join(a.Topic[:len(a.Topic)-len(rest)], " "))
		if _, noun := nouns[said]; !noun || said == e.Name {
			return about(e), nil
		}
	}
	var found []Info
	for _, i := range Commands() {
		if i.Role <= user.Role && strings.Contains(i.Name, strings.TrimSuffix(topic, "s")) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return Reply{}, puzzled(a.Topic)
	}
	return Reply{Text: stackhand.Textf("About %s:", topic), Table: commandTable(found)}, nil
}

// ofGroup lists a group by its name, or by another word for its noun; a command of that very name goes first.
func ofGroup(topic string, user stackhand.User) (Reply, bool) {
	folded, _ := fold(strings.Fields(topic))
	name := topic
	if noun, ok := nouns[folded[0]]; ok && len(folded) == 1 {
		name = first(noun, "server")
	}
	all := inGroup(name, user)
	if e := find(topic); len(all) == 0 || e != nil && !e.hidden {
		return Reply{}, false
	}
	return Reply{Text: stackhand.Textf("About %s; %s tells all about one of them:", name, stackhand.AsCode("help "+all[0].Name)), Table: commandTable(all)}, true
}

func commandTable(all []Info) *Table {
	t := &Table{Columns: []string{"Command", "What it does"}}
	for _, i := range all {
		t.Rows = append(t.Rows, []string{i.Name, i.Help})
	}
	return t
}

// overview lists the groups with the names of their commands, a line each.
func overview(env *Env, user stackhand.User) Reply {
	t := &Table{Columns: []string{"Group", "Commands"}}
	grouped := map[string]bool{"help": true}
	row := func(group string, all []Info) {
		var names []string
		for _, i := range all {
			grouped[i.Name] = true
			names = append(names, strings.TrimPrefix(i.Name, group+" "))
		}
		if len(names) > 0 {
			t.Rows = append(t.Rows, []string{group, strings.Join(names, ", ")})
		}
	}
	for _, g := range groupOf {
		row(g.name, inGroup(g.name, user))
	}
	var other []Info
	for _, i := range Commands() {
		if !grouped[i.Name] && i.Role <= user.Role {
			other = append(other, i)
		}
	}
	row("other", other)
	bot := first(env.Settings.BotName, "stackhand")
	return Reply{Text: stackhand.Textf("Type %s and one of these, or mention %s, here or in a server's thread. Plain sentences are understood too: %s; and lines of the %s client. Details: %s or %s.",
		stackhand.AsCode(first(env.Settings.Command, "/stack")), stackhand.AsCode("@"+bot), stackhand.AsCode("create 3 small ubuntu servers named web for 2 days"),
		stackhand.AsCode("openstack"), stackhand.AsCode("help network"), stackhand.AsCode("help create")), Table: t}
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
