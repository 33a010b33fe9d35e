package secret

import (
	"context"
	"log/slog"
	"slices"
)

// Wrap puts the Redactor in front of a handler: messages, and names and values of attributes at
// any depth, pass it. Attributes of a logger are looked at when a record is written, so that a
// secret that became known after the logger was made is hidden too.
func (r *Redactor) Wrap(next slog.Handler) slog.Handler {
	return &handler{redactor: r, next: next}
}

type handler struct {
	redactor *Redactor
	next     slog.Handler
	with     []with
}

// with is one WithAttrs or, where it has a name, one WithGroup.
type with struct {
	group string
	attrs []slog.Attr
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	next := h.next
	hide := false
	for _, w := range h.with {
		if w.group != "" {
			hide = hide || isSecret(w.group)
			next = next.WithGroup(h.redactor.Redact(w.group))
			continue
		}
		next = next.WithAttrs(h.redactor.attrs(w.attrs, hide))
	}
	out := slog.NewRecord(rec.Time, rec.Level, h.redactor.Redact(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(h.redactor.attr(a, hide))
		return true
	})
	return next.Handle(ctx, out)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.add(with{attrs: slices.Clone(attrs)})
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.add(with{group: name})
}

func (h *handler) add(w with) slog.Handler {
	c := *h
	c.with = append(slices.Clip(h.with), w)
	return &c
}

func (r *Redactor) attrs(in []slog.Attr, hide bool) []slog.Attr {
	out := make([]slog.Attr, len(in))
	for i, a := range in {
		out[i] = r.attr(a, hide)
	}
	return out
}

// attr redacts one attribute; hide says that it stands in a group whose name is that of a secret.
func (r *Redactor) attr(a slog.Attr, hide bool) slog.Attr {
	hide = hide || isSecret(a.Key)
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		return slog.Attr{Key: r.Redact(a.Key), Value: slog.GroupValue(r.attrs(v.Group(), hide)...)}
	}
	if hide {
		return slog.String(r.Redact(a.Key), Hidden)
	}
	switch v.Kind() {
	case slog.KindString:
		v = slog.StringValue(r.Redact(v.String()))
	case slog.KindAny:
		v = slog.AnyValue(r.plain(v.Any()))
	}
	return slog.Attr{Key: r.Redact(a.Key), Value: v}
}
