package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
)

// way is how one comes to a command: the structs of the command line from its root on, and what the help says of the last.
func way(names []string) (all []reflect.Type, about string) {
	at := reflect.TypeFor[cli]()
	all = append(all, at)
	for _, name := range names {
		for f := range at.Fields() {
			if f.Tag.Get("arg") == "subcommand:"+name {
				at, about = f.Type.Elem(), f.Tag.Get("help")
				all = append(all, at)
				break
			}
		}
	}
	return all, about
}

// meant asks whether something else was meant by a command or an option that there is not, below the commands of names; "" where
// nothing comes near.
func meant(err error, names []string) string {
	levels, _ := way(names)
	command, isCommand := strings.CutPrefix(err.Error(), "invalid subcommand: ")
	option, isOption := strings.CutPrefix(err.Error(), "unknown argument ")
	option, _, _ = strings.Cut(option, "=")
	word, there := command, []string(nil)
	switch {
	case isCommand:
		there = tagged(levels[len(levels)-1], "subcommand:")
	case isOption:
		word = strings.TrimLeft(option, "-")
		for _, at := range levels {
			there = append(there, tagged(at, "--")...)
		}
		there = append(there, "help")
	}
	best, least := "", len(word)/3+2
	for _, w := range there {
		if far := levenshtein.ComputeDistance(word, w); far < least {
			best, least = w, far
		}
	}
	switch {
	case best == "":
		return ""
	case isOption:
		best = "--" + best
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// tagged are the names with a prefix in the tags of a struct: "subcommand:" of its commands, "--" of its options.
func tagged(at reflect.Type, prefix string) (all []string) {
	for f := range at.Fields() {
		tag, _, _ := strings.Cut(f.Tag.Get("arg"), ",")
		if name, ok := strings.CutPrefix(tag, prefix); ok {
			all = append(all, name)
		}
	}
	return all
}

// missingFile refuses a command that names a file to be read (the tag file:"read") which is not there.
func missingFile(do subcommand) error {
	v := reflect.Indirect(reflect.ValueOf(do))
	for f, value := range v.Fields() {
		name := value.String()
		if f.Tag.Get("file") != "read" || name == "" || name == "-" {
			continue
		}
		which, _, _ := strings.Cut(f.Tag.Get("arg"), ",")
		if which == "positional" {
			which = strings.ToUpper(f.Name)
		}
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("%s: there is no file %q", which, name)
		case err == nil && info.IsDir():
			return fmt.Errorf("%s: %q is a directory", which, name)
		}
	}
	return nil
}
