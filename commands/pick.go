package commands

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/stackhand/stackhand"
)

// thing is something with a name and an id, and what tells it apart from its namesakes.
type thing struct{ id, name, note string }

// choice is the error of a name that fits several things: the asker has to say which.
type choice struct {
	kind, word string
	things     []thing
	lines      []string // for each thing, the line that means it
	plural     string   // of kind; "": with an s
	away       bool     // they are where the asker does not work just now
}

func (c *choice) Error() string { return fmt.Sprintf("%d %ss fit %q", len(c.things), c.kind, c.word) }

// ask completes a choice with the lines that its buttons stand for. Other errors pass.
func ask(err error, line func(id string) string) error {
	var c *choice
	if !errors.As(err, &c) || c.lines != nil {
		return err
	}
	full := *c
	for _, t := range c.things {
		full.lines = append(full.lines, line(t.id))
	}
	return &full
}

const (
	maxButtons = 20
	maxValue   = 1800 // a button's value holds 2000 characters
)

// reply asks which thing is meant, in words and with a button each.
func (c *choice) reply() Reply {
	r := Reply{Text: stackhand.Textf("%d %s fit %s. Which one do you mean?", len(c.things), first(c.plural, c.kind+"s"), quote(c.word))}
	if c.word == "" {
		r.Text = stackhand.Textf("There %s to choose from. Which one do you mean?", count2(len(c.things), c.kind))
	}
	if c.away {
		r.Text = stackhand.Textf("There is no %s called %s where you work now, but elsewhere. Do you mean that?", c.kind, quote(c.word))
	}
	for i, t := range c.things {
		r.Text = r.Text.Add("\n• %s  %s  %s", t.name, t.id, t.note)
		if i >= len(c.lines) || i >= maxButtons || len(c.lines[i]) > maxValue {
			continue
		}
		label := t.name
		if c.sameNames() {
			label += " " + clip(t.id, 9)
		}
		r.Actions = append(r.Actions, stackhand.Action{ID: "choose", Label: clip(label, 70), Value: c.lines[i]})
	}
	if len(r.Actions) < len(c.things) {
		r.Text = r.Text.Add("\nSend the line again with the id that you mean.")
	}
	return r
}

func (c *choice) sameNames() bool {
	for _, t := range c.things[1:] {
		if t.name == c.things[0].name {
			return true
		}
	}
	return false
}

// pick finds the one item that a name or an id means. Ids go first, then exact names, then
// names in another case; with partly also names of which the word is a part. It answers a
// *choice, or NotFound with the names that look alike.
func pick[T any](kind, word string, items []T, of func(T) thing, partly bool) (T, error) {
	tests := []func(t thing) bool{
		func(t thing) bool { return t.id == word },
		func(t thing) bool { return t.name == word },
		func(t thing) bool { return strings.EqualFold(t.name, word) },
	}
	if partly && len(word) > 2 {
		tests = append(tests, func(t thing) bool { return wordIn(strings.ToLower(word), strings.ToLower(t.name)) })
	}
	for _, test := range tests {
		var fit []T
		for _, it := range items {
			if test(of(it)) {
				fit = append(fit, it)
			}
		}
		if len(fit) > 0 {
			return only(kind, word, fit, of, items)
		}
	}
	return only(kind, word, nil, of, items)
}

// only is the single one of those that fit.
func only[T any](kind, word string, fit []T, of func(T) thing, all []T) (T, error) {
	var none T
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return none, missing(kind, word, names(all, of))
	}
	c := &choice{kind: kind, word: word}
	for _, f := range fit {
		c.things = append(c.things, of(f))
	}
	return none, c
}

// names are what things are called, each name once.
func names[T any](items []T, of func(T) thing) []string {
	var out []string
	for _, it := range items {
		if name := of(it).name; !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// missing is the answer for a name that nothing has.
func missing(kind, word string, names []string) error {
	what := quote(clip(word, 80))
	var err *stackhand.Error
	if uuid.MatchString(word) {
		err = stackhand.Errorf(stackhand.NotFound, "There is no %s with the id %s.", kind, word)
	} else {
		err = stackhand.Errorf(stackhand.NotFound, "There is no %s called %s.", kind, what)
	}
	list := listOf[kind]
	near := nearest(word, names, 3)
	switch {
	case len(near) > 0:
		return err.Do("Did you mean %s?", either(near))
	case len(names) == 0:
		return err.Do("There is none yet that you can use.")
	case len(names) <= 8:
		return err.Do("There are: %s.", strings.Join(names, ", "))
	case list != "":
		return err.Do("See %s.", list)
	}
	return err
}

var listOf = map[string]string{
	"server": "list", "image": "image list", "flavor": "flavor list", "network": "network list", "key pair": "keypair list",
	"security group": "security group list",
}

func flavorThing(f stackhand.Flavor) thing {
	return thing{f.ID, f.Name, fmt.Sprintf("%d vCPU, %s RAM, %d GiB disk", f.VCPUs, mebi(f.RAM), f.Disk)}
}

func imageThing(i stackhand.Image, now func() time.Time) thing {
	note := humanize.IBytes(uint64(max(i.Size, 0))) + ", " + i.Visibility
	if !i.Created.IsZero() {
		note += ", made " + humanize.RelTime(i.Created, now(), "ago", "from now")
	}
	return thing{i.ID, i.Name, note}
}

// mebi writes a size of memory given in MiB.
func mebi(n int) string {
	if n >= 1024 && n%512 == 0 {
		return humanize.FtoaWithDigits(float64(n)/1024, 1) + " GiB"
	}
	return fmt.Sprintf("%d MiB", n)
}
