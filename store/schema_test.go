package store

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stackhand/stackhand"
)

// rows is a Driver that is only good for migrations: storetest has a whole one, but imports store.
type rows map[string]Item

func (r rows) Get(_ context.Context, key string) (Item, error) {
	if i, ok := r[key]; ok {
		return i, nil
	}
	return Item{}, ErrNotFound
}

func (r rows) Scan(context.Context, string, string, int) ([]Item, error) {
	for _, i := range r {
		return []Item{i}, nil
	}
	return nil, nil
}

func (r rows) Commit(_ context.Context, ops ...Op) (int64, error) {
	for _, op := range ops {
		if op.Check && r[op.Key].Rev != op.Expect {
			return 0, ErrConflict
		}
	}
	rev := r["rev"].Rev + 1
	for _, op := range ops {
		r[op.Key] = Item{Key: op.Key, Value: op.Value, Rev: rev}
	}
	r["rev"] = Item{Rev: rev}
	return rev, nil
}

func (rows) Exclusive() bool { return true }
func (rows) Close() error    { return nil }

func TestMigrate(t *testing.T) {
	var ran []string
	step := func(name string, err error) migration {
		return func(context.Context, Driver) error {
			ran = append(ran, name)
			return err
		}
	}
	d := rows{}
	check := func(want, schema string) {
		t.Helper()
		if got := strings.Join(ran, " "); got != want || string(d[schemaKey].Value) != schema {
			t.Fatalf("ran %q, schema %q; want %q, %q", got, d[schemaKey].Value, want, schema)
		}
	}
	// A new store starts with the newest schema.
	if err := migrate(t.Context(), d, []migration{step("never", nil)}); err != nil {
		t.Fatal(err)
	}
	check("", "2")
	// A step that fails is run again; those before it are not.
	broken := errors.New("broken")
	steps := []migration{step("never", nil), step("2-3", nil), step("3-4", broken)}
	if err := migrate(t.Context(), d, steps); !errors.Is(err, broken) {
		t.Fatalf("migrate: %v", err)
	}
	check("2-3 3-4", "3")
	steps[2] = step("3-4 again", nil)
	for range 2 {
		if err := migrate(t.Context(), d, steps); err != nil {
			t.Fatal(err)
		}
		check("2-3 3-4 3-4 again", "4")
	}
	// And an older program refuses.
	err := migrate(t.Context(), d, steps[:2])
	var e *stackhand.Error
	if !errors.As(err, &e) || e.Kind != stackhand.Invalid || e.Next == "" ||
		!strings.Contains(e.Msg, "4") || !strings.Contains(e.Msg, "3") {
		t.Fatalf("an older program: %v", err)
	}
	check("2-3 3-4 3-4 again", "4")
}

func TestMigrateRefusesForeign(t *testing.T) {
	for name, d := range map[string]rows{
		"other keys": {"a": {Key: "a", Rev: 1}},
		"no number":  {schemaKey: {Key: schemaKey, Value: []byte("x"), Rev: 1}},
		"zero":       {schemaKey: {Key: schemaKey, Value: []byte("0"), Rev: 1}},
	} {
		if err := migrate(t.Context(), d, nil); stackhand.KindOf(err) != stackhand.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// raced lets somebody else write the schema between the look and the write.
type raced struct{ rows }

func (r raced) Commit(context.Context, ...Op) (int64, error) {
	r.rows[schemaKey] = Item{Key: schemaKey, Value: []byte("1"), Rev: 9}
	return 0, ErrConflict
}

func TestMigrateRace(t *testing.T) {
	if err := migrate(t.Context(), raced{rows{}}, nil); err != nil {
		t.Fatal(err)
	}
}
