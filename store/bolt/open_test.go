package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bbolt "go.etcd.io/bbolt"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func put(t testing.TB, d *bolt.DB, key, value string) int64 {
	t.Helper()
	rev, err := d.Commit(context.Background(), store.Op{Key: key, Value: []byte(value)})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func get(t testing.TB, d *bolt.DB, key string) string {
	t.Helper()
	item, err := d.Get(context.Background(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return string(item.Value)
}

func TestOnlyTheOwnerReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	d := open(t, path)
	put(t, d, "k", "v")
	if got := mode(t, path); got != 0o600 {
		t.Errorf("a new file has the mode %v", got)
	}
	d.Close()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	d = open(t, path)
	if got := mode(t, path); got != 0o600 || get(t, d, "k") != "v" {
		t.Errorf("an open file has the mode %v", got)
	}
	if !d.Exclusive() {
		t.Error("not exclusive")
	}
}

func TestEmptyFileIsNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, path), "k", "v")
}

// filled is the content of a sound file of some 200 KB.
func filled(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	d := open(t, path)
	for _, k := range strings.Split("abcdefghij", "") {
		put(t, d, k, strings.Repeat(k, 20_000))
	}
	d.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// garbled is a file all of whose pages but the heads are overwritten.
func garbled(b []byte) []byte {
	b = bytes.Clone(b)
	for i := 2 * os.Getpagesize(); i < len(b); i++ {
		b[i] ^= 0x5a
	}
	return b
}

func foreign(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("wiki")); return err })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenRefuses(t *testing.T) {
	whole := filled(t)
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"text", bytes.Repeat([]byte("hello\n"), 5000), "not a store"},
		{"zeros", make([]byte, 64<<10), "not a store"},
		{"a few bytes", []byte("x"), ""},
		{"cut to a half", whole[:100_000], "damaged"},
		{"cut to the head", whole[:2*os.Getpagesize()], "damaged"},
		{"cut within the head", whole[:os.Getpagesize()+900], ""},
		{"garbled", garbled(whole), "damaged"},
		{"another program's", foreign(t), "not a store"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.db")
			if err := os.WriteFile(path, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, path, stackhand.Invalid, tt.want)
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, tt.content) {
				t.Errorf("the refused file was changed: %v", err)
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		refused(t, filepath.Join(t.TempDir(), "none", "s.db"), stackhand.Invalid, "folder")
	})
	t.Run("a folder", func(t *testing.T) { refused(t, t.TempDir(), stackhand.Invalid, "folder") })
}

func refused(t *testing.T, path string, kind stackhand.Kind, want string) {
	t.Helper()
	d, err := bolt.Open(path, bolt.Options{})
	var e *stackhand.Error
	if d != nil || !errors.As(err, &e) {
		t.Fatalf("Open: %v, %v", d, err)
	}
	if e.Kind != kind || e.Next == "" || !strings.Contains(e.Msg, want) || !strings.Contains(e.Msg, path) {
		t.Errorf("%s: %q, next %q", e.Kind, e.Msg, e.Next)
	}
}

func TestBackupWhileWriting(t *testing.T) {
	dir := t.TempDir()
	d := open(t, filepath.Join(dir, "s.db"))
	put(t, d, "big", strings.Repeat("x", 1<<20)) // more than one write of the copy
	last := writePair(t, d, 0)
	copied := filepath.Join(dir, "copy.db")
	f, err := os.Create(copied)
	if err != nil {
		t.Fatal(err)
	}
	// The copy is taken in pieces; between them the pairs go on changing.
	n := 0
	err = d.Backup(t.Context(), writerFunc(func(p []byte) (int, error) {
		n++
		writePair(t, d, n)
		return f.Write(p)
	}))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if n < 2 {
		t.Fatalf("the copy was one piece: nothing changed meanwhile")
	}
	c := open(t, copied)
	if l, r := get(t, c, "left"), get(t, c, "right"); l != "0" || r != "0" {
		t.Errorf("the copy holds %s and %s, not the moment at which it was begun", l, r)
	}
	if rev := put(t, c, "k", ""); rev <= last {
		t.Errorf("the copy's revision went back to %d from %d", rev, last)
	}
}

func TestBackupStops(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "s.db"))
	put(t, d, "big", strings.Repeat("x", 4<<20))
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := d.Backup(ctx, writerFunc(func(p []byte) (int, error) {
		n++
		cancel()
		return len(p), nil
	}))
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("after %d pieces: %v", n, err)
	}
	if err := d.Backup(ctx, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	broken := errors.New("no room")
	err = d.Backup(t.Context(), writerFunc(func([]byte) (int, error) { return 0, broken }))
	if !errors.Is(err, broken) {
		t.Errorf("a writer that fails: %v", err)
	}
	d.Close()
	if err := d.Backup(t.Context(), &bytes.Buffer{}); !errors.Is(err, bolt.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
