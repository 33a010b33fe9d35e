package commands

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Command is one row of the table: what a command is called, takes, needs and does. A is a
// struct; each of its fields is an argument, described by its tags:
//
//	arg:"name"       a positional argument of that name; with a slice it takes all that follow
//	opt:"name,also"  the option's name, by default the field's in kebab case, and further names;
//	                 beside arg it makes the argument an option too
//	help:"…"         one line on what it is for
//	default:"24h"    the value when it is not given
//	required:"true"  refused when it is not given (positional arguments only)
//	value:"name"     the placeholder of the value in the usage; "optional" lets it be left out
//	rest:"true"      an option that may take several words
//	free:"true"      words of people, such as a reason: those of a sentence are not left out of it
//	hidden:"true"    not shown in help
//
// Fields are strings, numbers, durations, bools (--x, --no-x), lists and maps (k=v). A field of
// type Line gets the line itself. Embedded structs are part of the struct.
type Command[A any] struct {
	Name     string // "create", "image list"
	Help     string // one line, lower case, no full stop
	Examples []string
	Role     stackhand.Role
	Reads    bool // changes nothing, so that its answer can be shared
	Hidden   bool // stands behind a button
	Asks     bool // typed with nothing more it runs all the same, and answers a form
	Run      func(ctx context.Context, env *Env, user stackhand.User, args A) (Reply, error)
}

// Info describes a command for help, home, manifest and documentation.
type Info struct {
	Name     string
	Help     string
	Usage    string
	Examples []string
	Role     stackhand.Role
	Args     []ArgInfo
}

// ArgInfo describes an argument. Name is as typed: "NAME", "--image NAME".
type ArgInfo struct {
	Name    string
	Help    string
	Default string
}

// entry is a Command whose type of arguments is forgotten.
type entry struct {
	Info
	reads, hidden bool
	asks          bool
	specs         []spec
	args          reflect.Type
	run           func(ctx context.Context, env *Env, user stackhand.User, args reflect.Value) (Reply, error)
}

var table []*entry

// add puts a command into the table. It is called while the package is initialised.
func add[A any](c Command[A]) bool {
	e := &entry{
		Info:   Info{Name: c.Name, Help: c.Help, Examples: c.Examples, Role: c.Role},
		reads:  c.Reads,
		hidden: c.Hidden,
		asks:   c.Asks,
		args:   reflect.TypeFor[A](),
		run: func(ctx context.Context, env *Env, user stackhand.User, args reflect.Value) (Reply, error) {
			return c.Run(ctx, env, user, args.Interface().(A))
		},
	}
	e.specs = specsOf(e.args, nil)
	e.Usage = e.usage()
	for _, s := range e.specs {
		if !s.hidden {
			e.Args = append(e.Args, ArgInfo{Name: s.shown(), Help: s.help, Default: s.def})
		}
	}
	table = append(table, e)
	return true
}

// Commands lists the commands that people may type, in the order of the help.
func Commands() []Info {
	var out []Info
	for _, e := range table {
		if !e.hidden {
			out = append(out, e.Info)
		}
	}
	slices.SortFunc(out, func(a, b Info) int {
		if c := rank(a.Name) - rank(b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// order is how help lists what people do most; the rest follows by name.
var order = []string{"create", "list", "show", "reboot", "extend", "delete", "jobs", "job show", "cancel", "retry"}

func rank(name string) int {
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

func find(name string) *entry {
	for _, e := range table {
		if e.Name == name {
			return e
		}
	}
	return nil
}

func (e *entry) usage() string {
	words := []string{e.Name}
	for _, s := range e.specs {
		switch {
		case s.hidden:
		case s.arg != "" && s.required:
			words = append(words, s.shown())
		default:
			words = append(words, "["+s.shown()+"]")
		}
	}
	return strings.Join(words, " ")
}

// misuse is the answer to a line that a command cannot make sense of: a sentence and its usage.
func (e *entry) misuse(format string, args ...any) *stackhand.Error {
	return stackhand.Errorf(stackhand.Invalid, format, args...).Do("Usage: %s", e.Usage)
}
