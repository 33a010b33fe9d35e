package commands

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// format writes a command's line from its arguments; parse reads the same out of it.
func format(name string, args any) string {
	e := find(name)
	if e == nil {
		return name
	}
	return e.format(reflect.ValueOf(args))
}

func (e *entry) format(args reflect.Value) string {
	words := []string{e.Name}
	var options, said []string
	for _, s := range e.specs {
		f := args.FieldByIndex(s.index)
		if f.IsZero() {
			continue
		}
		if s.arg != "" && !s.isDefault(f) {
			for _, v := range values(f) {
				words, said = append(words, quote(v)), append(said, v)
			}
			continue
		}
		if s.arg == "" && !s.isDefault(f) {
			options = append(options, s.written(f)...)
		}
	}
	if e.mistakable(said) || slices.ContainsFunc(said, func(w string) bool { return strings.HasPrefix(w, "-") }) {
		return strings.Join(slices.Concat(words[:1], options, []string{"--"}, words[1:]), " ")
	}
	return strings.Join(append(words, options...), " ")
}

// mistakable tells whether arguments that follow the command's name would be read as a part of it: a server can be called vm, which after
// a verb alone is the noun, or list.
func (e *entry) mistakable(said []string) bool {
	if len(said) == 0 {
		return false
	}
	return !strings.Contains(e.Name, " ") && nounAfter(said) || find(strings.ToLower(e.Name+" "+said[0])) != nil
}

func (s *spec) isDefault(f reflect.Value) bool {
	if s.def == "" {
		return false
	}
	d := reflect.New(s.typ).Elem()
	return set(d, s.def) == nil && reflect.DeepEqual(d.Interface(), f.Interface())
}

func (s *spec) written(f reflect.Value) []string {
	name := "--" + s.opts[0]
	if s.flag() {
		if !reflect.Indirect(f).Bool() {
			name = "--no-" + s.opts[0]
		}
		return []string{name}
	}
	var out []string
	for _, v := range values(f) {
		switch {
		case v == "" && s.value == "optional":
			out = append(out, name)
		case strings.HasPrefix(v, "-"):
			out = append(out, name+"="+quote(v))
		default:
			out = append(out, name, quote(v))
		}
	}
	return out
}

func values(f reflect.Value) []string {
	switch v := f.Interface().(type) {
	case string:
		return []string{v}
	case *string:
		return []string{*v}
	case time.Duration:
		return []string{short(v)}
	case int:
		return []string{strconv.Itoa(v)}
	case []string:
		return v
	case []int:
		if len(v) == 0 {
			return nil
		}
		return []string{strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]")}
	case map[string]string:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, k+"="+v[k])
		}
		return out
	}
	return nil
}
