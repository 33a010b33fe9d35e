package commands

import (
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// strangers are nouns of OpenStack that no command is about.
var strangers = wordSet("aggregate aggregates trunk trunks load-balancer load-balancers loadbalancer loadbalancers recordset recordsets zone zones stack stacks " +
	"container containers object objects domain domains role roles endpoint endpoints service services catalog token tokens backup backups " +
	"server-group server-groups application-credential application-credentials")

// halfVerbs change something of a thing; no command is called like them.
var halfVerbs = wordSet("set unset attach detach associate disassociate update rename resize rebuild start stop pause suspend resume shelve lock unlock migrate")

// coining are verbs that mean create only beside a server's noun or what looks like its name:
// "make coffee" is no wish for a server.
var coining = wordSet("make add new order import")

// absent tells that a line asks to change something for which there is no command: "network
// create n", "add a router", "server add network". Read as sentences, such lines would make or
// delete servers of these names.
func absent(words []string) error {
	head, _ := splitOptions(words)
	if e, n := literal(head); e != nil && (n > 1 || halfVerbs[e.Name]) {
		return nil
	}
	folded, _ := fold(head)
	var said []string
	for _, w := range folded {
		w = bare(w)
		if w == "new" && len(said) > 0 {
			continue // "create a new network"
		}
		if w == "with" || w == "using" || w == "named" || w == "called" {
			break // what follows belongs to the thing that is meant
		}
		if _, number := numbers[w]; w != "" && !fillers[w] && !number && !strings.HasPrefix(w, "@") && strings.Trim(w, "0123456789") != "" {
			said = append(said, w)
		}
	}
	if len(said) == 0 {
		return nil
	}
	if noun, ok := nouns[said[0]]; ok && noun == "" && len(said) > 1 {
		return absentOfServer(words, said[1:])
	}
	for i, w := range said[1:] {
		if was := said[i]; (was == "add" || was == "remove") && isOther(w) {
			return noCommand(words, w, was)
		}
	}
	switch {
	case len(said) == 1:
	case isOther(said[0]) && alters(said[1]):
		return noCommand(words, said[0], said[1])
	case alters(said[0]) && isOther(said[1]):
		return noCommand(words, said[1], said[0])
	case coining[said[0]] && !isNoun(said[1]) && len(said) == 2 && plainName(said[1]):
		return nothingFor(words, "")
	}
	return nil
}

// absentOfServer looks at what follows the noun server: "server add network web-1 n" changes a
// server, and "server image create web-1" makes no server.
func absentOfServer(words, said []string) error {
	switch {
	case said[0] == "add" || said[0] == "remove" || halfVerbs[said[0]]:
		return nothingFor(words, "")
	case len(said) > 1 && isOther(said[0]) && alters(said[1]):
		return nothingFor(words, nouns[said[0]])
	}
	return nil
}

func isNoun(w string) bool {
	_, ok := nouns[w]
	return ok || strangers[w]
}

// isOther tells whether a word is a noun other than server, with commands or without.
func isOther(w string) bool { return otherNoun(w) || strangers[w] }

// alters tells whether a word asks for a change.
func alters(w string) bool {
	v := asVerb(w)
	return v == "create" || v == "delete" || halfVerbs[w]
}

// plainName tells whether a word is hardly meant as the name of a server: "coffee", not "web-1".
func plainName(w string) bool { return !strings.ContainsAny(w, "0123456789-_.") }

func noCommand(words []string, noun, verb string) error {
	if !halfVerbs[verb] && command(nouns[noun], asVerb(verb)) != nil && !strangers[noun] {
		return nil
	}
	return nothingFor(words, nouns[noun])
}

// nothingFor is the answer to a line that no command stands for; noun is that of the commands
// that come nearest, "" for none.
func nothingFor(words []string, noun string) error {
	typed := clip(strings.ToLower(strings.Join(words[:min(len(words), 3)], " ")), 60)
	near := find(strings.TrimSpace(noun + " list"))
	if noun == "" || near == nil {
		return stackhand.Errorf(stackhand.Invalid, "I do not understand %q: there is no command for that yet.", typed).
			Do("Try `create NAME`, `list`, or `help` for all that there is.")
	}
	names := []string{near.Name}
	for _, e := range table {
		if !e.hidden && strings.HasPrefix(e.Name, noun+" ") && !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	return stackhand.Errorf(stackhand.Invalid, "I do not understand %q: there is no command for that yet. Did you mean %s?", typed, either(names)).
		Do("Usage: %s", near.Usage)
}
