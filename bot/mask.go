package bot

import (
	"reflect"

	"github.com/stackhand/stackhand"
)

// strict hides in a text what can be nothing but a secret.
func (w *web) strict(s string) string {
	if w.hide == nil {
		return s
	}
	return w.hide.Strict(s)
}

// masked is a message without secrets: the last look at what leaves for Slack.
func (w *web) masked(m message) message {
	m.Text = w.strict(m.Text)
	w.mask(m.Blocks)
	return m
}

// mask hides secrets in every text of what it is given, wherever it stands: blocks, and views by their address.
func (w *web) mask(v any) {
	if w.hide != nil {
		w.walk(reflect.ValueOf(v))
	}
}

func (w *web) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			if inner := w.copied(v.Elem()); v.CanSet() {
				v.Set(inner)
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			inner, key := w.copied(v.MapIndex(k)), w.copied(k)
			if !key.Equal(k) {
				v.SetMapIndex(k, reflect.Value{})
			}
			v.SetMapIndex(key, inner)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				w.walk(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
	case reflect.String:
		if v.CanSet() {
			if s := v.String(); w.strict(s) != s {
				v.SetString(w.strict(s))
			}
		}
	}
}

// copied is a value that cannot be changed where it stands, such as one of a map, without secrets. What it points at is the same.
func (w *web) copied(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	w.walk(out)
	return out
}

// harmless is an error without the secrets that it may repeat.
func (b *Bot) harmless(e *stackhand.Error) *stackhand.Error {
	if b.o.Redact == nil {
		return e
	}
	c := *e
	c.Msg, c.Next, c.Detail = b.o.Redact.Redact(e.Msg), b.o.Redact.Redact(e.Next), b.o.Redact.Redact(e.Detail)
	return &c
}
