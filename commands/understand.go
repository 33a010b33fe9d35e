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
	if slices.ContainsFunc(words, func(w string) bool { return w == "--help" || w == "-h" }) {
		words = helpFor(words)
	}
	pasted, client, err := fromClient(words)
	if err != nil {
		return call{}, err
	}
	if client {
		words = pasted
	}
	words, public := forAll(words)
	if len(words) == 0 {
		words = []string{"help"}
	}
	words, ended := unended(words)
	if !client {
		if meant := everyday(words); meant != nil {
			words, ended = meant, true
		} else if err := absent(words); err != nil {
			return call{}, hush(words, err)
		}
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
	c.exact = c.exact && !client && !ended
	return c, hush(words, err)
}

// everyday is the line that everyday words mean, unless they are a line of the grammar as they stand.
func everyday(words []string) []string {
	if e, rest, _ := resolve(words); e != nil {
		if _, err := e.parse(rest); err == nil {
			return nil
		}
	}
	return phrased(words)
}

// forAll takes --public out of a line, which answers everybody; a command that has an option of that name keeps it.
func forAll(words []string) (rest []string, public bool) {
	if e, _, _ := resolve(words); e != nil {
		if s, _ := (&parsing{e: e}).lookup("public"); s != nil {
			return words, false
		}
	}
	rest = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "--public" })
	return rest, len(rest) < len(words)
}

// helpFor is what a line with --help in it asks: for help on the command that it begins with.
func helpFor(words []string) []string {
	if clients[strings.ToLower(words[0])] != "" {
		words = words[1:]
	}
	head, _ := splitOptions(words)
	if len(head) > 0 && asVerb(strings.ToLower(head[0])) == "help" {
		return head
	}
	return append([]string{"help"}, head...)
}

// unended drops what ends a sentence, or parts it, from the words before the options: "show
// web-1!". It tells whether there was any. What holds more than a word stays as it is.
func unended(words []string) ([]string, bool) {
	if strings.EqualFold(words[0], "deny") { // the reason is a sentence
		return words, false
	}
	var out []string
	ended := false
	head, options := splitOptions(words)
	for _, w := range head {
		if cut := strings.TrimRight(w, "!?,;."); cut != w && cut != "" && !strings.ContainsAny(w, " \n") {
			w, ended = cut, true
		}
		out = append(out, w)
	}
	return append(out, options...), ended
}

// telling are words of lines that may hold a secret.
var telling = wordSet("login log-in signin logout logon password passwords passwd passphrase passcode pass pw pwd secret secrets credential credentials token apikey")

// hush keeps the words of a line that may hold a secret out of the answer that it is wrong.
func hush(words []string, err error) error {
	folded, _ := fold(words)
	says := func(w string) bool {
		w = bare(strings.TrimLeft(w, "-"))
		return telling[w] || strings.Contains(w, "password")
	}
	if stackhand.KindOf(err) != stackhand.Invalid || !slices.ContainsFunc(folded, says) {
		return err
	}
	return stackhand.Errorf(stackhand.Invalid, "I do not understand that line, and do not repeat it, as it may hold a secret.").
		Do("Secrets go into the form that `login` opens, and nowhere else. If there was one in your message, delete the message and consider the secret known.")
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
	if e.Name == "help" || slices.ContainsFunc(e.specs, func(s spec) bool { return s.free || s.words }) {
		return false
	}
	for _, s := range e.specs {
		if s.arg == "" {
			continue
		}
		for i, w := range words {
			if isOption(w) {
				return false
			}
			if e.ofPeople() && joining[bare(w)] {
				continue // "share web-1 with bob and carol"
			}
			if i == 0 && owning[bare(w)] && strings.HasSuffix(e.Name, "create") && len(words) > 1 && isOption(words[1]) {
				continue // "keypair create mine --public-key …": what is typed so exactly means a name
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
			Do("Try `create NAME`, `list`, or `help` for all that there is.")
	}
	return stackhand.Errorf(stackhand.Invalid, "I do not understand %q. Did you mean %s?", clip(typed, 60), near[0]).
		Do("Usage: %s", find(near[0]).Usage)
}
