package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// formLine is a form that ends as a line: its State is how the line begins ("resize web-1"), and what is filled in
// becomes options of that command, by the ids of the inputs.
const formLine = "line"

// inputPassword is the id of an input that never becomes part of a line.
const inputPassword = "password"

// lineForm is a form for the rest of a line.
func lineForm(line, title, submit string, intro stackhand.Text, inputs ...Input) *Form {
	return &Form{ID: formLine, Title: title, Submit: submit, Intro: intro, Inputs: inputs, State: line}
}

// search is an input to choose something in by typing a part of its name; kind is one of the choices of Complete.
func (s *session) search(id, label, kind, hint string) Input {
	return Input{ID: id, Label: label, Search: kind + "@" + s.name, Hint: hint, Optional: true}
}

// submitLine carries out the line that a form stands for, as if it had been typed.
func submitLine(ctx context.Context, env *Env, user stackhand.User, state string, values map[string]string, line Line) (Reply, error) {
	words, err := shellSplit(state)
	if err != nil || len(words) == 0 {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "This form is no longer in use.").Do("Close it and type the command again.")
	}
	e, rest, _ := resolve(words)
	if e == nil {
		return Reply{}, puzzled(words)
	}
	line.Values = map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(values)) {
		v := strings.TrimSpace(values[id])
		switch {
		case id == inputPassword:
			line.Values[id] = values[id]
		case v != "":
			rest = append(rest, "--"+id+"="+v)
		}
	}
	args, err := e.parse(rest)
	if err != nil {
		return Reply{}, err
	}
	line.Text = e.format(args)
	env.understood(e, args, line.Text)
	if what, yes := Secretlike(line.Text); yes {
		return Reply{}, stackhand.Errorf(stackhand.Invalid, "The form seems to hold %s where everybody could read it, so nothing was done with it.", what).
			Do("Leave it out, and consider the secret known.")
	}
	if user.Role < e.Role {
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "%s is not for a%s.", capital(e.Name), article(user.Role.String())).
			Do("Ask somebody who is a%s.", article(e.Role.String()))
	}
	line.read = &reading{entry: e, args: args}
	giveLine(args, line)
	reply, err := e.run(ctx, env, user, args)
	return settle(reply, env.refused(ctx, e, err))
}
