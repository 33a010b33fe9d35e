package commands

import (
	"reflect"
	"strings"
	"time"
	"unicode"
)

// spec is one argument of a command, read from a struct's field and its tags.
type spec struct {
	index    []int
	typ      reflect.Type
	arg      string   // positional: its name
	opts     []string // option: its names, the first one is shown
	help     string
	def      string
	value    string
	required bool
	rest     bool
	words    bool // an option whose value goes on until the next one; it also takes the words that are left over
	free     bool
	hidden   bool
}

var (
	typeDuration = reflect.TypeFor[time.Duration]()
	typeLine     = reflect.TypeFor[Line]()
)

func specsOf(t reflect.Type, at []int) []spec {
	var out []spec
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(at[:len(at):len(at)], i)
		switch {
		case f.Type == typeLine:
		case f.Anonymous:
			out = append(out, specsOf(f.Type, index)...)
		default:
			out = append(out, specOf(f, index))
		}
	}
	return out
}

func specOf(f reflect.StructField, index []int) spec {
	s := spec{
		index: index, typ: f.Type, arg: f.Tag.Get("arg"),
		help: f.Tag.Get("help"), def: f.Tag.Get("default"), value: f.Tag.Get("value"),
		required: f.Tag.Get("required") == "true", rest: f.Tag.Get("rest") == "true", words: f.Tag.Get("words") == "true", free: f.Tag.Get("free") == "true", hidden: f.Tag.Get("hidden") == "true",
	}
	if names := f.Tag.Get("opt"); names != "" {
		s.opts = strings.Split(names, ",")
	} else if s.arg == "" {
		s.opts = []string{kebab(f.Name)}
	}
	return s
}

// kebab turns a field's name into an option's: KeyName → key-name.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// flag tells whether the option stands alone, without a value.
func (s *spec) flag() bool {
	return s.typ.Kind() == reflect.Bool || s.typ == reflect.TypeFor[*bool]()
}

func (s *spec) many() bool { return s.typ.Kind() == reflect.Slice || s.typ.Kind() == reflect.Map }

// shown is how usage writes the argument, without brackets.
func (s *spec) shown() string {
	if s.arg != "" {
		name := strings.ToUpper(s.arg)
		if s.many() {
			name += "…"
		}
		return name
	}
	name := "--" + s.opts[0]
	switch {
	case s.typ == reflect.TypeFor[*bool]():
		return name + "|--no-" + s.opts[0]
	case s.flag():
		return name
	case s.value == "optional":
		return name + " [TEXT]"
	case s.value != "":
		return name + " " + s.value
	case s.typ == typeDuration:
		return name + " 3d"
	case s.typ.Kind() == reflect.Int:
		return name + " N"
	case s.typ.Kind() == reflect.Map:
		return name + " KEY=VALUE"
	}
	return name + " NAME"
}
