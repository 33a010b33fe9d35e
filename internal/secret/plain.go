package secret

import (
	"encoding"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep a value is looked into; what lies deeper is not shown.
const maxDepth = 10

// plain rebuilds a value out of maps, slices, strings and numbers, without the secrets in it, so
// that no handler writes it in a way that was not looked at.
func (r *Redactor) plain(v any) (out any) {
	defer func() {
		if p := recover(); p != nil { // a method of v, called on a nil pointer for example
			out = fmt.Sprintf("[%T]", v)
		}
	}()
	return r.walk(reflect.ValueOf(v), 0)
}

func (r *Redactor) walk(v reflect.Value, depth int) any {
	if !v.IsValid() {
		return nil
	}
	if depth > maxDepth {
		return "[…]"
	}
	if v.CanInterface() {
		if s, ok := spoken(v.Interface()); ok {
			return r.Redact(s)
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return r.walk(v.Elem(), depth+1)
	case reflect.Struct:
		return r.fields(v, depth)
	case reflect.Map:
		return r.entries(v, depth)
	case reflect.Slice, reflect.Array:
		return r.elements(v, depth)
	case reflect.String:
		return r.Redact(v.String())
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	}
	return r.Redact(fmt.Sprint(v)) // complex numbers, channels, functions
}

// spoken is the text of values that have one of their own.
func spoken(v any) (string, bool) {
	switch v := v.(type) {
	case slog.LogValuer:
		return v.LogValue().Resolve().String(), true
	case error:
		return v.Error(), true
	case time.Time:
		return v.Format(time.RFC3339Nano), true
	case fmt.Stringer:
		return v.String(), true
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		return string(b), err == nil
	}
	return "", false
}

func (r *Redactor) fields(v reflect.Value, depth int) any {
	out := map[string]any{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if isSecret(name) || isSecret(f.Name) {
			out[name] = Hidden
			continue
		}
		out[name] = r.walk(v.Field(i), depth+1)
	}
	return out
}

func (r *Redactor) entries(v reflect.Value, depth int) any {
	if v.IsNil() {
		return nil
	}
	out := map[string]any{}
	for it := v.MapRange(); it.Next(); {
		name := fmt.Sprint(it.Key())
		if isSecret(name) {
			out[r.Redact(name)] = Hidden
			continue
		}
		out[r.Redact(name)] = r.walk(it.Value(), depth+1)
	}
	return out
}

// elements shows bytes as text where they are text: in base64 no pattern would be found.
func (r *Redactor) elements(v reflect.Value, depth int) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(b), v)
		if !utf8.Valid(b) {
			return fmt.Sprintf("[%d bytes]", len(b))
		}
		return r.Redact(string(b))
	}
	out := make([]any, v.Len())
	for i := range out {
		out[i] = r.walk(v.Index(i), depth+1)
	}
	return out
}
