package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

type renameArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread it can be left out"`
	Name   string `arg:"name" help:"the new name"`
	inCloud
	Line Line
}

var _ = add(Command[renameArgs]{
	Name:     "rename",
	Help:     "give a server another name",
	Examples: []string{"rename web-1 web-2"},
	Role:     stackhand.Member,
	Run:      rename,
})

var renaming = change{verb: stackhand.ActRename, do: "rename"}

func rename(ctx context.Context, env *Env, user stackhand.User, a renameArgs) (Reply, error) {
	if err := shift(&a.Server, &a.Name, a.Line, "rename", "the new name"); err != nil {
		return Reply{}, err
	}
	if err := checkName(find("rename"), a.Name, maxName); err != nil {
		return Reply{}, err
	}
	if job, done, err := env.started(ctx, a.Line, 0); err != nil || done {
		return begun(job), err
	}
	s, t, err := renaming.find(ctx, env, user, oneServer{a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("rename", a) }})
	if err != nil {
		return Reply{}, err
	}
	if t.name() == a.Name && (t.server.Name == "" || t.server.Name == a.Name) {
		return Reply{Text: stackhand.Textf("%s is called that already: there is nothing to do.", a.Name)}, nil
	}
	if err := s.freeName(ctx, a.Name, t); err != nil {
		return Reply{}, err
	}
	return s.acted(ctx, a.Line, t, fmt.Sprintf("Rename %s to %s", t.name(), a.Name), stackhand.ActSpec{Verb: stackhand.ActRename, NewName: a.Name})
}

// freeName refuses a name that the server's owner has in use in the project: names are how they are called.
func (s *session) freeName(ctx context.Context, name string, t target) error {
	if t.stack == nil {
		return nil
	}
	stacks, err := s.env.Stacks.InProject(ctx, t.stack.Cloud, t.stack.ProjectID)
	if err != nil {
		return err
	}
	for _, st := range stacks {
		if st.Name == name && st.ID != t.stack.ID && st.Lease.Owner == t.stack.Lease.Owner && st.State != stackhand.StackGone {
			return stackhand.Errorf(stackhand.Conflict, "There is a server called %s of the same owner in %s already (%s).", name, st.Project, st.State).
				Do("Choose another name.")
		}
	}
	return nil
}

// shift reads a line that names a server and something besides. In a server's thread the server may be left out:
// the one word that there is means the other thing.
func shift(server, other *string, line Line, verb, what string) error {
	if *other == "" && *server != "" && line.Place.Thread != "" {
		*server, *other = "", *server
	}
	if *other == "" {
		return find(verb).misuse("%s needs %s.", capital(verb), what)
	}
	return nil
}

// checkName refuses what cannot be a server's name, and tells one that can.
func checkName(e *entry, name string, longest int) error {
	if hostName.MatchString(name) && len(name) <= longest && !strings.Contains(name, "..") {
		return nil
	}
	better := umlauts.Replace(strings.ToLower(name))
	better = strings.Trim(unHost.ReplaceAllString(better, "-"), "-._")
	for strings.Contains(better, "..") {
		better = strings.ReplaceAll(better, "..", ".")
	}
	if better = strings.TrimRight(clipBytes(better, longest), "-._"); better == "" {
		better = "my-server"
	}
	why := "has letters, digits, dots, hyphens and underscores only"
	if len(name) > longest && hostName.MatchString(name) {
		why = fmt.Sprintf("has at most %d characters here", longest)
	}
	return stackhand.Errorf(stackhand.Invalid, "%s cannot be a server's name: a name %s.", quote(clip(name, 80)), why).
		Do("How about %s? Usage: %s", better, e.Usage)
}
