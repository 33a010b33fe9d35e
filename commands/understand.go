package commands

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// call is a line that was understood.
type call struct {
	entry  *entry
	args   reflect.Value
	exact  bool // typed as the table has it: nothing to point out
	public bool
}

// understand finds out what a line means: as typed, as another client's line, or as a sentence.
func understand(ctx context.Context, env *Env, user stackhand.User, line typed) (call, error) {
	words, err := line.words()
	if err != nil {
		return call{}, stackhand.Errorf(stackhand.Invalid, "That line cannot be read: %s.", err).Do(`Put names with spaces in "quotes", or see help.`)
	}
	public := slices.Contains(words, "--public")
	words = slices.DeleteFunc(words, func(w string) bool { return w == "--public" })
	if i := slices.IndexFunc(words, func(w string) bool { return w == "--help" || w == "-h" }); i >= 0 {
		words = append([]string{"help"}, words[:i]...)
	}
	pasted, client, err := fromClient(words)
	if err != nil {
		return call{}, err
	}
	if client {
		words = pasted
	}
	if len(words) == 0 {
		words = []string{"help"}
	}
	c, err := strict(words)
	if err != nil && !client {
		if loose, ok, lerr := sentence(ctx, env, user, words); lerr != nil {
			return call{}, lerr
		} else if ok {
			c, err = loose, nil
		}
	}
	c.public = public
	c.exact = c.exact && !client
	return c, err
}

// strict reads a line by the grammar.
func strict(words []string) (call, error) {
	e, rest, exact := resolve(words)
	if e == nil {
		return call{}, puzzled(words)
	}
	args, err := e.parse(rest)
	if err == nil && wordy(e, rest) {
		err = e.misuse("That is not quite clear.")
	}
	return call{entry: e, args: args, exact: exact}, err
}

// wordy tells whether the arguments of a command hold words of a sentence, which are unlikely
// to be names: "delete web-1 please", "delete web-1, web-2".
func wordy(e *entry, words []string) bool {
	for _, s := range e.specs {
		if s.arg == "" || e.Name == "help" {
			continue
		}
		for _, w := range words {
			if isOption(w) {
				return false
			}
			if fillers[bare(w)] || len(w) > 1 && strings.HasSuffix(w, ",") || denial[bare(w)] {
				return true
			}
		}
	}
	return false
}

// puzzled is the answer to a line that means nothing: the nearest command and its usage.
func puzzled(words []string) error {
	typed := strings.ToLower(strings.Join(words[:min(len(words), 3)], " "))
	var names []string
	for _, i := range Commands() {
		names = append(names, i.Name)
	}
	near := nearest(asVerb(strings.ToLower(words[0])), names, 1)
	for n := min(3, len(words)); n > 1; n-- {
		if two := nearest(strings.ToLower(strings.Join(words[:n], " ")), names, 1); len(two) > 0 {
			near = two
			break
		}
	}
	if len(near) == 0 {
		return stackhand.Errorf(stackhand.Invalid, "I do not understand %q.", clip(typed, 60)).
			Do("Try `create web-1`, `list`, or `help` for all that there is.")
	}
	return stackhand.Errorf(stackhand.Invalid, "I do not understand %q. Did you mean %s?", clip(typed, 60), near[0]).
		Do("Usage: %s", find(near[0]).Usage)
}
