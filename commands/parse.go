package commands

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var keyType = regexp.MustCompile(`^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+$`)

var optionShape = regexp.MustCompile(`^--?[A-Za-z][\w-]*(=|$)`)

// isOption tells whether a word is --name, -n or --name=value. Numbers and text are not.
func isOption(w string) bool { return optionShape.MatchString(w) }

// parsing is the state of reading one line's words into a struct of arguments.
type parsing struct {
	e     *entry
	out   reflect.Value
	words []string
	set   map[string]bool
	free  []string // positional words
}

// parse reads the words after a command's name.
func (e *entry) parse(words []string) (reflect.Value, error) {
	p := &parsing{e: e, out: reflect.New(e.args).Elem(), words: words, set: map[string]bool{}}
	for len(p.words) > 0 {
		w := p.words[0]
		p.words = p.words[1:]
		switch {
		case w == "--":
			p.free = append(p.free, p.words...)
			p.words = nil
		case isOption(w):
			if err := p.option(w); err != nil {
				return p.out, err
			}
		default:
			p.free = append(p.free, w)
		}
	}
	if e.asks && len(words) == 0 {
		return p.out, p.defaults()
	}
	if err := p.positional(); err != nil {
		return p.out, err
	}
	return p.out, p.defaults()
}

// option reads --name, --no-name, --name=value and --name value.
func (p *parsing) option(w string) error {
	name, value, has := strings.Cut(strings.TrimLeft(w, "-"), "=")
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	s, no := p.lookup(name)
	if s == nil {
		return p.unknown(w)
	}
	if s.flag() {
		return p.setFlag(s, name, value, has, no)
	}
	if !has {
		var ok bool
		if value, ok = p.take(s); !ok && s.value != "optional" {
			return p.e.misuse("--%s needs a value.", name)
		}
	} else if s.words {
		value += p.more()
	}
	return p.assign(s, "--"+name, value)
}

func (p *parsing) setFlag(s *spec, name, value string, has, no bool) error {
	on := !no
	if has {
		b, err := strconv.ParseBool(strings.ToLower(value))
		if err != nil {
			return p.e.misuse("--%s takes no value, or true or false.", name)
		}
		on = b != no
	}
	if p.set[s.opts[0]] && p.bool(s) != on {
		return p.e.misuse("--%s and --no-%s together make no sense.", s.opts[0], s.opts[0])
	}
	p.set[s.opts[0]] = true
	f := p.out.FieldByIndex(s.index)
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.ValueOf(&on))
	} else {
		f.SetBool(on)
	}
	return nil
}

func (p *parsing) bool(s *spec) bool {
	f := p.out.FieldByIndex(s.index)
	return reflect.Indirect(f).Bool()
}

// take is the next word as the value of an option, unless it is an option itself.
func (p *parsing) take(s *spec) (string, bool) {
	if len(p.words) == 0 {
		return "", false
	}
	w := p.words[0]
	if isOption(w) || w == "--" {
		return "", false
	}
	p.words = p.words[1:]
	if s.words || s.rest && keyType.MatchString(w) {
		w += p.more()
	}
	return w, true
}

// more is the words up to the next option, each after a space.
func (p *parsing) more() (more string) {
	for len(p.words) > 0 && !isOption(p.words[0]) && p.words[0] != "--" {
		more += " " + p.words[0]
		p.words = p.words[1:]
	}
	return more
}

func (p *parsing) lookup(name string) (s *spec, no bool) {
	for i := range p.e.specs {
		s := &p.e.specs[i]
		if slices.Contains(s.opts, name) {
			return s, false
		}
		if rest, ok := strings.CutPrefix(name, "no-"); ok && s.flag() && slices.Contains(s.opts, rest) {
			return s, true
		}
	}
	return nil, false
}

func (p *parsing) unknown(w string) error {
	name, _, _ := strings.Cut(w, "=")
	var names []string
	for _, s := range p.e.specs {
		if len(s.opts) > 0 && !s.hidden {
			names = append(names, "--"+s.opts[0])
		}
	}
	if near := nearest("--"+strings.TrimLeft(name, "-"), names, 1); len(near) > 0 {
		return p.e.misuse("%s has no option %s. Did you mean %s?", p.e.Name, name, near[0])
	}
	return p.e.misuse("%s has no option %s.", p.e.Name, name)
}

func (p *parsing) positional() error {
	for i := range p.e.specs {
		s := &p.e.specs[i]
		if s.arg == "" || len(s.opts) > 0 && p.set[s.opts[0]] {
			continue
		}
		if s.required && len(p.free) == 0 {
			return p.e.misuse("%s needs a%s.", p.e.Name, article(s.arg))
		}
		for len(p.free) > 0 {
			name := "the " + s.arg
			if len(s.opts) > 0 {
				name = "--" + s.opts[0]
			}
			if err := p.assign(s, name, p.free[0]); err != nil {
				return err
			}
			p.free = p.free[1:]
			if !s.many() {
				break
			}
		}
	}
	if i := slices.IndexFunc(p.e.specs, func(s spec) bool { return s.words && !p.set[s.key()] }); i >= 0 && len(p.free) > 0 {
		return p.assign(&p.e.specs[i], "--"+p.e.specs[i].opts[0], strings.Join(p.free, " "))
	}
	if len(p.free) > 0 {
		return p.e.misuse("%s does not know what to do with %s.", p.e.Name, quote(clip(p.free[0], 60)))
	}
	return nil
}

func (p *parsing) defaults() error {
	for i := range p.e.specs {
		s := &p.e.specs[i]
		if f := p.out.FieldByIndex(s.index); s.def != "" && f.IsZero() && !p.set[s.key()] {
			if err := set(f, s.def); err != nil {
				return fmt.Errorf("default of %s %s: %w", p.e.Name, s.key(), err)
			}
		}
	}
	return nil
}

func (s *spec) key() string {
	if len(s.opts) > 0 {
		return s.opts[0]
	}
	return s.arg
}

func (p *parsing) assign(s *spec, name, value string) error {
	if p.set[s.key()] && !s.many() {
		return p.e.misuse("%s is given twice.", name)
	}
	p.set[s.key()] = true
	if strings.TrimSpace(value) == "" && s.value != "optional" {
		return p.e.misuse("%s is empty.", capital(name))
	}
	if err := set(p.out.FieldByIndex(s.index), value); err != nil {
		return p.e.misuse("%s: %s.", capital(name), err)
	}
	return nil
}

// set reads a word into a field.
func set(f reflect.Value, value string) error {
	switch v := f.Addr().Interface().(type) {
	case *string:
		*v = value
	case **string:
		*v = &value
	case *time.Duration:
		d, err := parseDuration(value)
		if err != nil {
			return fmt.Errorf("%s makes no sense, %w", quote(clip(value, 40)), err)
		}
		*v = d
	case *int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%s is not a whole number", quote(clip(value, 40)))
		}
		*v = n
	case *[]string:
		*v = append(*v, value)
	case *[]int:
		return setInts(v, value)
	case *map[string]string:
		return setPair(v, value)
	default:
		return fmt.Errorf("cannot be read into a %s", f.Type())
	}
	return nil
}

func setInts(v *[]int, value string) error {
	for _, w := range strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.Atoi(w)
		if err != nil {
			return fmt.Errorf("%s is not a whole number", quote(clip(w, 40)))
		}
		*v = append(*v, n)
	}
	return nil
}

func setPair(v *map[string]string, value string) error {
	k, val, ok := strings.Cut(value, "=")
	if !ok || k == "" {
		return fmt.Errorf("%s is not of the form key=value", quote(clip(value, 40)))
	}
	if old, twice := (*v)[k]; twice && old != val {
		return fmt.Errorf("%s is given twice", quote(clip(k, 40)))
	}
	if *v == nil {
		*v = map[string]string{}
	}
	(*v)[k] = val
	return nil
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// clip shortens a string to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
