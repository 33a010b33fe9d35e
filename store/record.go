package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

// maxOps is the most that one commit of a Driver takes.
const maxOps = 100

// table is how one kind of record is kept: as JSON under its key, and under the keys of its
// indexes the key of the record. An index never lacks a record that belongs into it, since both
// are written in one commit; it may for a moment hold one that does not, so readers look.
type table[T any] struct {
	what  string // for people: "job"
	key   func(*T) string
	rev   func(*T) *int64
	index func(*T) []string // nil: none. Those to be taken out first come first
	// unique is a key of the index that no two records may have, "" for none; nil: none ever.
	unique func(*T) string
}

// get reads a record; missing ones are a *stackhand.Error of kind NotFound.
func (t table[T]) get(ctx context.Context, d Driver, key, id string) (T, error) {
	v, err := t.read(ctx, d, key)
	if errors.Is(err, ErrNotFound) {
		return v, stackhand.Errorf(stackhand.NotFound, "There is no %s %s.", t.what, id).Because(ErrNotFound)
	}
	return v, err
}

func (t table[T]) read(ctx context.Context, d Driver, key string) (v T, err error) {
	err = t.readInto(ctx, d, key, &v)
	return v, err
}

// readInto is read into v, which is empty.
func (t table[T]) readInto(ctx context.Context, d Driver, key string, v *T) error {
	item, err := d.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	return t.decode(item, v)
}

func (t table[T]) decode(item Item, v *T) error {
	if err := json.Unmarshal(item.Value, v); err != nil {
		return fmt.Errorf("read %s: %w", item.Key, err)
	}
	*t.rev(v) = item.Rev
	return nil
}

// save writes v if the store holds the revision that v has, and gives v its new one. Otherwise it
// answers ErrConflict.
func (t table[T]) save(ctx context.Context, d Driver, v *T) error {
	var old *T
	if *t.rev(v) != 0 && t.index != nil {
		was, err := t.read(ctx, d, t.key(v))
		if errors.Is(err, ErrNotFound) || err == nil && *t.rev(&was) != *t.rev(v) {
			return fmt.Errorf("save %s: %w", t.key(v), ErrConflict)
		}
		if err != nil {
			return err
		}
		old = &was
	}
	ops, rest, err := t.ops(old, v)
	if err != nil {
		return err
	}
	rev, err := d.Commit(ctx, ops...)
	if err != nil {
		return fmt.Errorf("save %s: %w", t.key(v), err)
	}
	*t.rev(v) = rev
	return t.prune(ctx, d, t.key(v), rest)
}

// ops are the writes that turn old, nil if there is none, into v. Index keys that have to go and
// find no room in the commit are given back as rest.
func (t table[T]) ops(old, v *T) (ops []Op, rest []string, err error) {
	value, err := json.Marshal(v)
	if err != nil {
		return nil, nil, fmt.Errorf("save %s: %w", t.key(v), err)
	}
	k := t.key(v)
	ops = []Op{{Key: k, Value: value, Check: true, Expect: *t.rev(v)}}
	if t.index == nil {
		return ops, nil, nil
	}
	var before []string
	if old != nil {
		before = t.index(old)
	}
	after := t.index(v)
	for _, i := range after {
		if !slices.Contains(before, i) {
			one := t.unique != nil && i == t.unique(v)
			ops = append(ops, Op{Key: i, Value: []byte(k), Check: one})
		}
	}
	if len(ops) > maxOps {
		return nil, nil, fmt.Errorf("save %s: %d index keys at once are too many", k, len(ops)-1)
	}
	for _, i := range before {
		switch {
		case slices.Contains(after, i):
		case len(ops) < maxOps:
			ops = append(ops, Op{Key: i, Delete: true})
		default:
			rest = append(rest, i)
		}
	}
	return ops, rest, nil
}

// prune takes index keys out that a record no longer has. A key that somebody made valid again
// has another revision since it was read here, and stays.
func (t table[T]) prune(ctx context.Context, d Driver, key string, stale []string) error {
	if len(stale) == 0 {
		return nil
	}
	var ops []Op
	for _, s := range stale {
		item, err := d.Get(ctx, s)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", s, err)
		}
		ops = append(ops, Op{Key: s, Delete: true, Check: true, Expect: item.Rev})
	}
	v, err := t.read(ctx, d, key)
	if err != nil {
		return err
	}
	valid := t.index(&v)
	ops = slices.DeleteFunc(ops, func(o Op) bool { return slices.Contains(valid, o.Key) })
	for chunk := range slices.Chunk(ops, maxOps) {
		if _, err := d.Commit(ctx, chunk...); err != nil && !errors.Is(err, ErrConflict) {
			return fmt.Errorf("take %s out of its indexes: %w", key, err)
		}
	}
	return nil
}

// follow reads the records that the index keys in [from, to) lead to, at most limit (0: all), and
// leaves out those for which keep does not hold any more.
func (t table[T]) follow(ctx context.Context, d Driver, from, to string, limit int, keep func(*T) bool) ([]T, error) {
	items, err := d.Scan(ctx, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("list each %s: %w", t.what, err)
	}
	if len(items) == 0 {
		return nil, nil
	}
	out := make([]T, 0, len(items)) // a stack is large: it is read where it stays
	for _, i := range items {
		n := len(out)
		out = out[:n+1]
		switch err := t.readInto(ctx, d, string(i.Value), &out[n]); {
		case errors.Is(err, ErrNotFound):
			out = out[:n]
		case err != nil:
			return nil, err
		case keep != nil && !keep(&out[n]):
			clear(out[n:])
			out = out[:n]
		}
	}
	return out, nil
}

// list reads the records whose own keys are in [from, to).
func (t table[T]) list(ctx context.Context, d Driver, from, to string, limit int) ([]T, error) {
	items, err := d.Scan(ctx, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("list each %s: %w", t.what, err)
	}
	if len(items) == 0 {
		return nil, nil
	}
	out := make([]T, len(items))
	for n, i := range items {
		if err := t.decode(i, &out[n]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// remove takes a record out, with its index keys, if the store holds the revision that v has. Otherwise it answers ErrConflict.
func (t table[T]) remove(ctx context.Context, d Driver, v *T) error {
	k := t.key(v)
	ops := []Op{{Key: k, Delete: true, Check: true, Expect: *t.rev(v)}}
	if t.index != nil {
		was, err := t.read(ctx, d, k)
		if errors.Is(err, ErrNotFound) || err == nil && *t.rev(&was) != *t.rev(v) {
			return fmt.Errorf("remove %s: %w", k, ErrConflict)
		}
		if err != nil {
			return err
		}
		for _, i := range t.index(&was) {
			ops = append(ops, Op{Key: i, Delete: true})
		}
	}
	if _, err := d.Commit(ctx, ops...); err != nil {
		return fmt.Errorf("remove %s: %w", k, err)
	}
	return nil
}

// eachPage is how many records each reads in one go.
const eachPage = 200

// each calls do with every record whose own key is in [from, to), a page at a time.
func (t table[T]) each(ctx context.Context, d Driver, from, to string, do func(T) error) error {
	for {
		some, err := t.list(ctx, d, from, to, eachPage)
		if err != nil {
			return err
		}
		for _, v := range some {
			if err := do(v); err != nil {
				return err
			}
		}
		if len(some) < eachPage {
			return nil
		}
		from = t.key(&some[len(some)-1]) + "\x00"
	}
}

// need refuses records without an id: they would all be the same one.
func need(what string, ids ...string) error {
	if slices.Contains(ids, "") {
		return fmt.Errorf("store: a %s without its id", what)
	}
	return nil
}
