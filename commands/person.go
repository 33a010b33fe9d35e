package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// joining are words that may stand before a name: "share web-1 with bob and carol".
var joining = wordSet("with to and also over")

// ofPeople tells whether a command takes people.
func (e *entry) ofPeople() bool {
	return slices.ContainsFunc(e.specs, func(s spec) bool { return s.arg == "who" })
}

// people finds whom the words of a line mean; each has to be somebody, and just one. again writes the line for another
// choice of the n-th word.
func (env *Env) people(ctx context.Context, words []string, again func(n int, id string) string) ([]Person, error) {
	var out []Person
	for n, w := range words {
		if joining[bare(w)] && len(words) > 1 {
			continue
		}
		p, err := env.somebody(ctx, strings.Trim(w, ",;"), func(id string) string { return again(n, id) })
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o Person) bool { return o.ID == p.ID }) {
			out = append(out, p)
		}
	}
	return out, nil
}

// somebody finds the one person or user group that a word means.
func (env *Env) somebody(ctx context.Context, word string, again func(id string) string) (Person, error) {
	if env.Who == nil {
		return Person{}, stackhand.Errorf(stackhand.Unavailable, "I cannot look people up here.").Do("Try it in Slack.")
	}
	found, err := env.Who(ctx, word)
	switch {
	case err != nil:
		return Person{}, err
	case len(found) == 0:
		return Person{}, stackhand.Errorf(stackhand.NotFound, "Nobody here is called %s.", quote(clip(word, 60))).Do("Mention them: type @ and choose from the list.")
	case len(found) == 1:
		return found[0], nil
	}
	c := &choice{kind: "person", plural: "people", word: word}
	for _, p := range found {
		note := ""
		if p.Group {
			note = "a user group"
		}
		c.things = append(c.things, thing{p.ID, p.Name, note})
	}
	return Person{}, ask(c, again)
}

// welcome refuses those who get no servers here.
func (p Person) welcome() error {
	if p.Refused == nil {
		return nil
	}
	return stackhand.Errorf(stackhand.Forbidden, "%s", p.Refused).Do("Name somebody else.")
}

// span shows a person in a way that tells them, and a group by its name.
func (p Person) span() stackhand.Span {
	if p.Group {
		return stackhand.Span{S: p.Name}
	}
	return stackhand.To(p.ID)
}

// called is how a co-owner or an owner is shown: people as mentions, groups by their names.
func (env *Env) called(ctx context.Context, id string) stackhand.Span {
	if strings.HasPrefix(id, "S") {
		return stackhand.Span{S: env.person(ctx, id)}
	}
	return stackhand.To(id)
}

// callAll is called for several, parted by commas.
func (env *Env) callAll(ctx context.Context, ids []string) stackhand.Text {
	var out stackhand.Text
	for i, id := range ids {
		if i > 0 {
			out = out.Add(", ")
		}
		out = append(out, env.called(ctx, id))
	}
	return out
}

// tell has somebody told; it does nothing where nobody can be. fresh is false if they were told the same before.
func (env *Env) tell(ctx context.Context, n stackhand.Notice) (fresh bool, err error) {
	if env.Notices == nil {
		return false, nil
	}
	n.Created = env.Now()
	return env.Notices.AddNotice(ctx, n)
}
