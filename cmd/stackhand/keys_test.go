package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// vault is a demo's bot whose store and keyset are looked at and changed between its lives.
type vault struct {
	*plants
}

func newVault(t *testing.T) *vault {
	x := &plants{t: t, secrets: map[string]string{}}
	st, err := newStage(t.Context(), demoCmd{Dir: t.TempDir(), ClockRate: 1, ClockAt: *scriptsAt, SlackPace: pace, Build: 50 * time.Millisecond}, streams{err: &x.log})
	x.must(err)
	t.Cleanup(st.close)
	x.st, x.p = st, newPlayer(st, io.Discard)
	x.must(st.start(t.Context()))
	x.must(x.p.connected(t.Context()))
	return &vault{x}
}

func (v *vault) path() string { return filepath.Join(v.st.dir, "stackhand.db") }

func (v *vault) bytes() []byte {
	v.t.Helper()
	b, err := os.ReadFile(v.path())
	v.must(err)
	return b
}

// edit opens the file while the bot is down.
func (v *vault) edit(do func(d store.Driver)) {
	v.t.Helper()
	db, err := bolt.Open(v.path(), bolt.Options{})
	v.must(err)
	do(db)
	v.must(db.Close())
}

// sealed finds, however deep in the store's records, what was sealed with the key of this prefix.
func (v *vault) sealed(prefix []byte) (keys []string) {
	v.t.Helper()
	v.edit(func(d store.Driver) {
		items, err := d.Scan(v.t.Context(), "", "\xff", 0)
		v.must(err)
		for _, item := range items {
			if bytes.HasPrefix(item.Value, prefix) || holds(item.Value, prefix) {
				keys = append(keys, item.Key)
			}
		}
	})
	return keys
}

func holds(doc, prefix []byte) bool {
	var v any
	if json.Unmarshal(doc, &v) != nil {
		return false
	}
	var in func(v any) bool
	in = func(v any) bool {
		switch v := v.(type) {
		case string:
			b, err := base64.StdEncoding.DecodeString(v)
			return err == nil && (bytes.HasPrefix(b, prefix) || holds(b, prefix))
		case []any:
			for _, e := range v {
				if in(e) {
					return true
				}
			}
		case map[string]any:
			for _, e := range v {
				if in(e) {
					return true
				}
			}
		}
		return false
	}
	return in(v)
}

// prefix is what begins all that the store's oldest needed key sealed.
func (v *vault) prefix() (p []byte) {
	v.t.Helper()
	v.edit(func(d store.Driver) {
		mark, _, err := store.Keymark(v.t.Context(), d)
		v.must(err)
		p = bytes.Clone(mark[:5])
	})
	return p
}

func rotated(t *testing.T, change func(string) (string, error), keyset string) string {
	t.Helper()
	fresh, err := change(keyset)
	if err != nil {
		t.Fatal(err)
	}
	return fresh
}

// With a keyset that does not fit, or none, the bot does not start, says why, and changes not a byte of the store.
func TestWrongKeyset(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.st.kill()
	good := v.st.keyset
	other, err := secret.NewKeyset()
	v.must(err)
	for _, marked := range []bool{true, false} {
		if !marked { // a store from before there was a mark
			v.edit(func(d store.Driver) {
				_, err := d.Commit(t.Context(), store.Op{Key: "meta/keymark", Delete: true})
				v.must(err)
			})
		}
		before := v.bytes()
		for what, keyset := range map[string]string{"another": other, "a garbled": good[:len(good)-9], "no": ""} {
			v.st.keyset = keyset
			err := v.st.start(t.Context())
			if err == nil {
				t.Fatalf("it started with %s keyset", what)
			}
			if !strings.Contains(err.Error(), "keyset") || strings.Contains(fmt.Sprint(err), good[:20]) {
				t.Errorf("%s keyset: %v", what, err)
			}
			if !bytes.Equal(before, v.bytes()) {
				t.Errorf("with %s keyset (mark %v) the store was changed", what, marked)
			}
		}
	}
	v.st.keyset = good
	v.must(v.st.start(t.Context()))
	v.must(v.p.connected(t.Context()))
	v.say("alice", "team-a", "/stack list")
	v.see("There is no server")
}

// After a rotation, while the bot runs or before it starts, everything is sealed with the new key, and the old one can go.
func TestRotation(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.st.kill()
	var fresh atomic.Value
	fresh.Store(v.st.keyset)
	v.st.freshKeyset = func() (string, error) { return fresh.Load().(string), nil }
	v.must(v.st.start(t.Context()))
	v.must(v.p.connected(t.Context()))
	v.say("alice", "team-a", "/stack create web-1 --user-data ```#cloud-config\nhostname: one```")
	v.must(v.p.wait(t.Context(), time.Minute))
	a := v.st.on.app
	v.st.keyset = rotated(t, secret.Rotate, v.st.keyset)
	fresh.Store(v.st.keyset)
	for range 2 { // the first turn may find something at work
		a.tend(t.Context())
	}
	v.say("alice", "team-a", "/stack show web-1")
	v.see("ACTIVE")
	v.st.kill()
	first := v.prefix()
	if log := string(v.log.bytes()); !strings.Contains(log, "another keyset is in use") || !strings.Contains(log, "the earlier ones are needed for old backups only") {
		t.Errorf("the log does not tell of the rotation: %s", log)
	}

	// The next one is found at the start. Without the earlier key it is refused: things are sealed with it.
	second := rotated(t, secret.Rotate, v.st.keyset)
	v.st.keyset = rotated(t, secret.OnlyFirst, second)
	before := v.bytes()
	if err := v.st.start(t.Context()); err == nil || !strings.Contains(err.Error(), "lacks a key") {
		t.Errorf("without the key that is needed: %v", err)
	}
	if !bytes.Equal(before, v.bytes()) {
		t.Error("the store was changed")
	}
	if found := v.sealed(first); len(found) < 3 {
		t.Errorf("only %v is sealed", found)
	}
	v.st.keyset = second
	v.must(v.st.start(t.Context()))
	v.must(v.p.connected(t.Context()))
	v.st.kill()
	if left := v.sealed(first); len(left) > 0 {
		t.Errorf("still sealed with the earlier key: %v", left)
	}

	v.st.keyset = rotated(t, secret.OnlyFirst, second)
	v.must(v.st.start(t.Context()))
	v.must(v.p.connected(t.Context()))
	v.say("alice", "team-a", "/stack delete web-1")
	v.must(v.p.wait(t.Context(), time.Minute))
	v.see("web-1 is deleted")
}

// A credential that is copied to another user, in the file itself, does not open there.
func TestCopiedCredential(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.st.kill()
	v.edit(func(d store.Driver) {
		from, to := "credential/U0ALICE/", "credential/U0ALICE0"
		items, err := d.Scan(t.Context(), from, to, 0)
		v.must(err)
		if len(items) != 1 {
			t.Fatalf("%d credentials", len(items))
		}
		_, err = d.Commit(t.Context(), store.Op{
			Key:   strings.Replace(items[0].Key, "U0ALICE", "U0BOB", 1),
			Value: bytes.Replace(items[0].Value, []byte(`"U0ALICE"`), []byte(`"U0BOB"`), 1),
		})
		v.must(err)
	})
	v.must(v.st.start(t.Context()))
	v.must(v.p.connected(t.Context()))
	v.say("bob", "team-b", "/stack list")
	v.see("cannot be opened with the present keyset")
	v.say("alice", "team-a", "/stack list")
	v.see("There is no server")
}

// Where the keyset is lost, the logins are forgotten and the bot starts with a new one.
func TestAbandon(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	v.st.kill()
	config := filepath.Join(t.TempDir(), "stackhand.yaml")
	v.must(os.WriteFile(config, []byte("store: bolt:"+v.path()+"\n"), 0o600))
	before := v.bytes()
	if code, _, errs := command(t, "", "keyset", "abandon", "--config", config); code == 0 || !strings.Contains(errs, "--yes") || !bytes.Equal(before, v.bytes()) {
		t.Errorf("without --yes: status %d, %s", code, errs)
	}
	if code, out, errs := command(t, "", "keyset", "abandon", "--config", config, "--yes"); code != 0 || !strings.Contains(out, "1 logins are forgotten") {
		t.Errorf("status %d: %s%s", code, out, errs)
	}
	var err error
	v.st.keyset, err = secret.NewKeyset()
	v.must(err)
	v.must(v.st.start(t.Context()))
}
