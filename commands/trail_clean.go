package commands

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Withheld stands in the audit trail for a line that seems to hold a secret.
const Withheld = "(not kept: it seems to hold a secret)"

// maxKept is how much of a single text the audit trail keeps.
const maxKept = 300

var publicKey = regexp.MustCompile(`((?:ssh|ecdsa|sk)-[a-z0-9@.-]+ +AAAA[A-Za-z0-9+/]{12})[A-Za-z0-9+/=]+`)

// keepable is a line as the audit trail keeps it: its first line without code blocks, public keys shortened, and nothing of one
// that seems to hold a secret.
func keepable(text string) string {
	if _, yes := Secretlike(text); yes {
		return Withheld
	}
	return publicKey.ReplaceAllString(firstLine(decode(text)), "$1…")
}

// contents are the options whose values are contents of files, or keys.
var contents = []string{"user-data", "file", "public-key", "password"}

// kept is a line that was understood as the audit trail keeps it: as typed, or, where it holds contents, written anew
// without them. The contents are answered too, since errors repeat them.
func (e *entry) kept(args reflect.Value, typed string) (line string, hide []string) {
	bare := reflect.New(e.args).Elem()
	bare.Set(args)
	for _, s := range e.specs {
		f := bare.FieldByIndex(s.index)
		if f.IsZero() || !slices.ContainsFunc(s.opts, func(o string) bool { return slices.Contains(contents, o) }) {
			continue
		}
		switch v := f.Interface().(type) {
		case string:
			hide = append(hide, v)
			f.SetString("…")
		case *string:
			hide = append(hide, *v)
			dots := "…"
			f.Set(reflect.ValueOf(&dots))
		case []string: // path=content
			paths := make([]string, len(v))
			for i, w := range v {
				path, content, _ := strings.Cut(w, "=")
				paths[i], hide = path+"=…", append(hide, content)
			}
			f.Set(reflect.ValueOf(paths))
		}
	}
	if len(hide) == 0 {
		return keepable(typed), nil
	}
	return clip(strings.ReplaceAll(e.format(bare), `"…"`, "…"), maxKept), hide
}

// without takes contents out of a text that may repeat them.
func without(text string, hide []string) string {
	for _, h := range hide {
		if h = strings.TrimSpace(h); h != "" {
			text = strings.ReplaceAll(text, h, "…")
		}
	}
	return text
}

// resolved is the input of a job as the audit trail keeps it: names resolved to ids, secrets and contents left out.
func resolved(input json.RawMessage) json.RawMessage {
	var v map[string]any
	if json.Unmarshal(input, &v) != nil {
		return nil
	}
	raw, err := json.Marshal(clean(v))
	if err != nil {
		return nil
	}
	return raw
}

// hidden are the names of fields whose values never get into the trail; what they are called may be longer.
var hidden = []string{"password", "user_data", "files", "admin_pass", "token", "secret", "private_key", "credential"}

func clean(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if slices.ContainsFunc(hidden, func(h string) bool { return strings.Contains(strings.ToLower(name), h) }) {
				v[name] = size(value)
			} else {
				v[name] = clean(value)
			}
		}
	case []any:
		for i := range v {
			v[i] = clean(v[i])
		}
	case string:
		if _, yes := Secretlike(v); yes {
			return "…"
		}
		return clip(publicKey.ReplaceAllString(v, "$1…"), maxKept)
	}
	return v
}

// size is what is told of a content instead of it.
func size(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return fmt.Sprintf("… (%s)", count(len(v), "file"))
	case string:
		return "…"
	}
	return "…"
}
