package commands

import (
	"context"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// fillers are words of a sentence that change nothing in what is meant.
var fillers = wordSet("please pls plz kindly can could would will you i we me us my our mine the a an to want need like just now thanks thank hey hi hello " +
	"do does have got there are is am of some any and so also then right away up for by more longer it's let lets let's give get id i'd ok okay still currently " +
	"it this here what which how many whats what's all running one's with using on in from based that be another")

// denial turns a sentence into something that is not to be guessed at.
var denial = wordSet("don't dont not never no without except but unless instead if when after before tomorrow tonight later until till or stop doesn't shouldn't isn't")

var (
	questions = wordSet("what which whats what's how")
	wants     = wordSet("give need want get like wanna gimme")
	owning    = wordSet("my mine our have")
	many      = wordSet("all every everything each any both servers instances vms machines boxes")
)

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// coined are words around the name of a new thing.
var coined = wordSet("new named called")

var timeUnit = regexp.MustCompile(`^(minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?)$`)

// bare is a word without case and the punctuation of sentences.
func bare(w string) string { return strings.ToLower(strings.Trim(w, "?!.,;:")) }

// sentence understands a loose sentence, if all of its words make sense. Whatever is left over,
// a denial or a condition makes it no command at all: ok is false.
func sentence(ctx context.Context, env *Env, user stackhand.User, words []string) (c call, ok bool, err error) {
	words, options := splitOptions(words)
	var said []string // without punctuation
	for _, w := range words {
		if w = strings.Trim(w, "?!.,;:"); w != "" && !strings.HasPrefix(w, "@") {
			said = append(said, w)
		}
	}
	filler := func(w string) bool { return fillers[bare(w)] }
	begins := slices.IndexFunc(said, func(w string) bool { return !filler(w) })
	for i, w := range said {
		order := i == begins && bare(w) == "stop" // "please stop web-1" is no denial
		if denial[bare(w)] && !order || strings.ContainsAny(w, "\n") {
			return call{}, false, nil
		}
	}
	if len(said) > 0 && begins < 0 {
		return call{entry: find("help"), args: reflect.ValueOf(helpArgs{})}, true, nil // "hello", "what can you do?"
	}
	said = joinPairs(joinDurations(said))
	verb, rest := findVerb(said)
	var rewritten []string
	made := false // something else than a server
	switch verb {
	case "":
		return call{}, false, nil
	case "create":
		var sure bool
		if made, sure = otherFirst(rest); made {
			if rewritten = plainly(verb, rest, said); rewritten == nil {
				return call{}, false, nil
			}
			if e, _, _ := resolve(rewritten); !sure && e != nil {
				return call{}, false, e.misuse("%s makes one at a time.", capital(e.Name))
			}
			break
		}
		if rewritten, err = wish(ctx, env, user, rest, options); err != nil || rewritten == nil {
			return call{}, false, err
		}
	default:
		if rewritten = plainly(verb, rest, said); rewritten == nil {
			return call{}, false, nil
		}
	}
	e, left, _ := resolve(append(rewritten, options...))
	if e == nil {
		return call{}, false, nil
	}
	args, perr := e.parse(left)
	if perr != nil && made {
		return call{}, false, perr
	}
	if perr != nil {
		return call{}, false, nil // the strict reading's complaint is the better one
	}
	return call{entry: e, args: args}, true, nil
}

// otherFirst tells whether what is to be made is no server: "a new network n". sure is false where a number stands before it.
func otherFirst(rest []string) (other, sure bool) {
	sure = true
	for _, w := range rest {
		b := bare(w)
		_, number := numbers[b]
		switch {
		case isOther(b):
			return true, sure
		case number || strings.Trim(b, "0123456789") == "":
			sure = sure && (b == "a" || b == "an" || b == "one")
		case !fillers[b] && asVerb(b) != "create":
			return false, false
		}
	}
	return false, false
}

func splitOptions(words []string) (before, options []string) {
	for i, w := range words {
		if isOption(w) {
			return words[:i], words[i:]
		}
	}
	return words, nil
}

// joinDurations makes "2 days", "a week" and "an hour" one word each.
func joinDurations(words []string) []string {
	var out []string
	for i := 0; i < len(words); i++ {
		if i+2 < len(words) && bare(words[i+1]) == "more" && timeUnit.MatchString(bare(words[i+2])) {
			words = slices.Delete(slices.Clone(words), i+1, i+2) // "2 more days"
		}
		if i+1 < len(words) && timeUnit.MatchString(bare(words[i+1])) {
			n, isWord := numbers[bare(words[i])]
			amount := words[i]
			if isWord {
				amount = n
			}
			if d, err := parseDuration(amount + " " + bare(words[i+1])); err == nil {
				out = append(out, short(d))
				i++
				continue
			}
		}
		out = append(out, words[i])
	}
	return out
}

func joinPairs(words []string) []string {
	var out []string
	for i := 0; i < len(words); {
		p, n := paired(words[i:], bare)
		if n == 1 {
			p = words[i]
		}
		out = append(out, p)
		i += n
	}
	return out
}

// findVerb finds the one verb of a sentence and takes it out; "" if there is none, or several.
func findVerb(words []string) (verb string, rest []string) {
	at, want, question, noun, own := -1, -1, false, false, false
	for i, w := range words {
		b := bare(w)
		_, isNoun := nouns[b]
		noun = noun || isNoun && b != "all"
		question = question || questions[b]
		own = own || owning[b]
		if wants[b] {
			want = i
			continue
		}
		v := asVerb(b)
		if fillers[b] || find(v) == nil && !slices.Contains([]string{"create", "list", "show", "delete"}, v) || isNoun && b != "jobs" {
			continue
		}
		if b == "jobs" && (at >= 0 || question) {
			continue
		}
		if i > 0 && bare(words[i-1]) == "named" || i > 0 && bare(words[i-1]) == "called" {
			continue
		}
		if verb != "" && verb != v {
			return "", nil
		}
		verb, at = v, i
	}
	switch {
	case verb != "":
		return verb, slices.Delete(slices.Clone(words), at, at+1)
	case noun && (question || own && want < 0):
		return "list", words
	case noun && want >= 0:
		return "create", slices.Delete(slices.Clone(words), want, want+1)
	}
	return "", nil
}

// changing are the verbs that must not be applied to "all of them".
var changing = wordSet("delete reboot extend cancel retry cleanup keep")

// plainly writes a sentence as the grammar has it: the verb and what is not mere padding. nil
// for what would change several things that are not named.
func plainly(verb string, rest, said []string) []string {
	out := []string{verb}
	plural, mine := false, false
	for _, w := range said {
		mine = mine || owning[bare(w)]
	}
	for _, w := range rest {
		b := bare(w)
		if changing[verb] && many[b] {
			return nil
		}
		if noun, ok := nouns[b]; ok {
			plural = plural || strings.HasSuffix(b, "s")
			if noun != "" {
				out = append(out, b)
			}
			continue
		}
		if _, number := numbers[b]; verb == "create" && len(out) == 1 && (number || strings.Trim(b, "0123456789") == "") {
			continue
		}
		if verb == "create" && (coined[b] || len(out) == 1 && asVerb(b) == "create") {
			continue
		}
		if !fillers[b] {
			out = append(out, w)
		}
	}
	if out[0] == "show" && plural && (len(out) == 1 || len(out) == 2 && nouns[out[1]] != "") {
		out[0] = "list"
	}
	if mine && len(out) == 1 && out[0] == "list" {
		out = append(out, "--mine")
	}
	return out
}
