package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/bot"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// book is a real store's file with an audit trail of some records.
func book(t *testing.T, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s.db")
	a, closed := onFile(t, path)
	for i := range n {
		a.must(t, a.audit(t.Context(), stackhand.AuditRecord{
			ID: fmt.Sprint("r", i), At: time.Date(2026, 11, 1+i, 9, 0, 0, 0, time.UTC), What: stackhand.AuditAsked, User: "U0ALICE", Line: fmt.Sprintf("create web-%d", i),
		}))
	}
	closed()
	return path
}

// onFile is an app with nothing but its records, in a file.
func onFile(t *testing.T, path string) (*app, func()) {
	t.Helper()
	a, _ := recorder(t)
	db, err := bolt.Open(path, bolt.Options{})
	a.must(t, err)
	a.driver, a.desk, a.bot = db, deskOf(path), new(bot.Bot) // of no workspace: links are left out
	a.store, err = store.New(t.Context(), db, store.Options{})
	a.must(t, err)
	return a, func() { a.must(t, db.Close()) }
}

// shelf opens the file as somebody does who writes into it behind the store's back.
func shelf(t *testing.T, path string, do func(d store.Driver)) {
	t.Helper()
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	do(db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func place(n int) string { return fmt.Sprintf("audit/rec/%016x", n) }

// TestTamper changes a store's file in every way that somebody with a hand on it may, and holds that verify notices.
func TestTamper(t *testing.T) {
	put := func(key string, value []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			shelf(t, path, func(d store.Driver) {
				if _, err := d.Commit(t.Context(), store.Op{Key: key, Value: value, Delete: value == nil}); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	at := func(t *testing.T, path string, n int) (row []byte) {
		shelf(t, path, func(d store.Driver) {
			item, err := d.Get(t.Context(), place(n))
			if err != nil {
				t.Fatal(err)
			}
			row = item.Value
		})
		return row
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, path string)
		want string
	}{
		"a flipped bit": {func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all := regexp.MustCompile(`create web-3`).FindAllIndex(data, -1)
			for _, i := range all { // also in pages that are free by now
				data[i[0]] ^= 1
			}
			if err := os.WriteFile(path, data, 0o600); err != nil || len(all) == 0 {
				t.Fatal(len(all), err)
			}
		}, "record 4 was changed"},
		"the first is gone": {put(place(1), nil), "record 1 is missing"},
		"the first two":     {func(t *testing.T, path string) { put(place(1), nil)(t, path); put(place(2), nil)(t, path) }, "records 1 to 2 are missing|record 1 is missing"},
		"one in the middle": {put(place(3), nil), "record 3 is missing"},
		"two in the middle": {func(t *testing.T, path string) { put(place(3), nil)(t, path); put(place(4), nil)(t, path) }, "records 3 to 4 are missing|record 3 is missing"},
		"the last is gone":  {put(place(6), nil), "ends with record 5, and there were 6"},
		"all are gone": {func(t *testing.T, path string) {
			for n := range 6 {
				put(place(n+1), nil)(t, path)
			}
		}, "ends with record 0, and there were 6"},
		"two swapped": {func(t *testing.T, path string) {
			a, b := at(t, path, 3), at(t, path, 4)
			put(place(3), b)(t, path)
			put(place(4), a)(t, path)
		}, "record 3 is missing"},
		"one doubled":          {func(t *testing.T, path string) { put(place(4), at(t, path, 3))(t, path) }, "record 3 is there twice"},
		"its end set back":     {put("audit/head", []byte(`{"seq":4,"hash":"x"}`)), "its end is not the one"},
		"its end is gone":      {put("audit/head", nil), "its end is not the one"},
		"rubbish":              {put(place(2), []byte("rubbish")), "what follows record 1 cannot be read"},
		"a record is appended": {func(t *testing.T, path string) { put(place(7), at(t, path, 6))(t, path) }, "record 6 is there twice"},
	} {
		t.Run(name, func(t *testing.T) {
			path := book(t, 6)
			if code, out, errs := command(t, "", "audit", "verify", "--store", path); code != 0 || !strings.HasPrefix(out, "ok: records 1 to 6") {
				t.Fatalf("before: status %d, %s%s", code, out, errs)
			}
			c.do(t, path)
			code, out, errs := command(t, "", "audit", "verify", "--store", path)
			if code != 1 || out != "" || !regexp.MustCompile(c.want).MatchString(errs) || !strings.Contains(errs, "Compare it with a backup") {
				t.Errorf("status %d, %s%s", code, out, errs)
			}
		})
	}
}

var lastHash = regexp.MustCompile(`last hash: ([0-9a-f]{64})`)

// TestExpect holds that whoever cuts the trail off and mends its end is found out by a hash from before.
func TestExpect(t *testing.T) {
	path := book(t, 6)
	_, out, _ := command(t, "", "audit", "verify", "--store", path)
	hash := lastHash.FindStringSubmatch(out)[1]
	a, closed := onFile(t, path)
	a.must(t, a.audit(t.Context(), stackhand.AuditRecord{ID: "later", What: stackhand.AuditAsked}))
	closed()
	if code, out, errs := command(t, "", "audit", "verify", "--store", path, "--expect", hash); code != 0 || strings.Contains(out, "Keep the hash") {
		t.Errorf("with what came later: status %d, %s%s", code, out, errs)
	}
	shelf(t, path, func(d store.Driver) {
		item, err := d.Get(t.Context(), place(4))
		a.must(t, err)
		var row struct{ Hash string }
		a.must(t, json.Unmarshal(item.Value, &row))
		_, err = d.Commit(t.Context(), store.Op{Key: place(5), Delete: true}, store.Op{Key: place(6), Delete: true}, store.Op{Key: place(7), Delete: true},
			store.Op{Key: "audit/head", Value: fmt.Appendf(nil, `{"seq":4,"hash":%q}`, row.Hash)})
		a.must(t, err)
	})
	if code, out, errs := command(t, "", "audit", "verify", "--store", path); code != 0 || !strings.Contains(out, "1 to 4") {
		t.Errorf("a careful forger: status %d, %s%s", code, out, errs)
	}
	if code, _, errs := command(t, "", "audit", "verify", "--store", path, "--expect", hash); code != 1 || !strings.Contains(errs, "changed or cut off") {
		t.Errorf("with the hash from before: status %d, %s", code, errs)
	}
}

// TestExport exports all and a part, to the output and to a file, and verifies what came out.
func TestExport(t *testing.T) {
	path := book(t, 6)
	_, all, _ := command(t, "", "audit", "export", "--store", path)
	if strings.Count(all, "\n") != 6 || !strings.HasPrefix(all, `{"hash":"`) {
		t.Errorf("exported: %s", all)
	}
	out := filepath.Join(t.TempDir(), "trail.jsonl")
	if code, said, errs := command(t, "", "audit", "export", "--store", path, "--since", "2026-11-04", "--out", out); code != 0 || !strings.HasPrefix(said, "3 records in ") {
		t.Errorf("status %d, %s%s", code, said, errs)
	}
	part, err := os.ReadFile(out)
	if info, ierr := os.Stat(out); err != nil || ierr != nil || info.Mode().Perm() != 0o600 || !strings.HasSuffix(all, string(part)) {
		t.Errorf("%v, %v, %s", info, err, part)
	}
	rows := strings.SplitAfter(all, "\n")
	third := regexp.MustCompile(`[0-9a-f]{64}`).FindString(rows[2])
	for _, c := range []struct {
		in, args string
		code     int
		want     string
	}{
		{all, "--file -", 0, "ok: records 1 to 6, the last of 2026-11-06 09:00:00 UTC, are whole and in order\n"},
		{string(part), "--file -", 0, "what came before record 4 is not in the file"},
		{string(part), "--file - --expect " + third, 0, "records 4 to 6"}, // the record before the first is known
		{string(part), "--file - --expect " + strings.Repeat("0", 64), 1, "no record has the hash"},
		{"", "--file " + out, 0, "4 to 6"},
		{"", "--file -", 0, "no records yet"},
		{strings.Replace(all, "web-2", "web-9", 1), "--file -", 1, "record 3 was changed"},
		{rows[0] + rows[2], "--file -", 1, "record 2 is missing"},
		{rows[1] + rows[0], "--file -", 1, "record 1 stands behind record 2"},
		{rows[0] + rows[0], "--file -", 1, "record 1 is there twice"},
		{rows[0] + rows[4], "--file -", 1, "records 2 to 4 are missing"},
		{rows[0] + rows[1][:40], "--file -", 1, "what follows record 1 cannot be read"},
		{"", "--file nothing.jsonl", 1, "nothing.jsonl"},
	} {
		code, out, errs := command(t, c.in, append([]string{"audit", "verify"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%s of %.60q…: status %d, %s%s", c.args, c.in, code, out, errs)
		}
	}
	if code, _, errs := command(t, "", "audit", "export", "--store", path, "--since", "yesterday"); code != 1 || !strings.Contains(errs, "yesterday") {
		t.Errorf("status %d, %s", code, errs)
	}
}

// TestDesk reads the store of a bot that runs, which keeps its file locked.
func TestDesk(t *testing.T) {
	path := book(t, 3)
	a, closed := onFile(t, path)
	if code, _, errs := command(t, "", "audit", "verify", "--store", path); code != 1 || !strings.Contains(errs, "open in another process") {
		t.Errorf("a locked file without a desk: status %d, %s", code, errs)
	}
	if err := os.WriteFile(a.desk, nil, 0o600); err != nil { // what a killed bot left
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.serveDesk(ctx) }()
	until(t, func() bool { return atDesk(ctx, a.desk) != nil })
	if info, err := os.Stat(a.desk); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	for args, want := range map[string]string{
		"audit verify --store " + path:                        "ok: records 1 to 3",
		"audit export --since 2026-11-02 --store " + path:     `"seq":3`,
		"backup --store " + path + " " + copied:               "its audit trail of 3 records is whole",
		"audit verify --store " + path + " --expect deadbeef": "no record has the hash",
	} {
		if _, out, errs := command(t, "", strings.Fields(args)...); !strings.Contains(out+errs, want) {
			t.Errorf("%s: %s%s", args, out, errs)
		}
	}
	if code, _, errs := command(t, "", "restore", "--store", path, copied); code != 1 || !strings.Contains(errs, "stop it first") {
		t.Errorf("restore under a running bot: status %d, %s", code, errs)
	}
	a.must(t, a.audit(ctx, stackhand.AuditRecord{ID: "late", What: stackhand.AuditAsked}))
	if _, out, errs := command(t, "", "audit", "verify", "--store", path); !strings.Contains(out, "1 to 4") {
		t.Errorf("%s%s", out, errs)
	}
	stop()
	a.must(t, <-ended)
	closed()
	if _, err := os.Stat(a.desk); !os.IsNotExist(err) {
		t.Errorf("the desk is left behind: %v", err)
	}

	code, out, errs := command(t, "", "restore", "--store", path, copied)
	if code != 0 || !strings.Contains(out, "what was there before is in "+path+".before-") {
		t.Errorf("restore: status %d, %s%s", code, out, errs)
	}
	if _, out, errs := command(t, "", "audit", "verify", "--store", path); !strings.Contains(out, "1 to 3") {
		t.Errorf("after restore: %s%s", out, errs)
	}
	if left, err := filepath.Glob(path + ".before-*"); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	a.must(t, os.WriteFile(broken, bytes.Repeat([]byte("x"), 9000), 0o600))
	if code, _, errs := command(t, "", "restore", "--store", path, broken); code != 1 || !strings.Contains(errs, "not a store of stackhand") {
		t.Errorf("restore of rubbish: status %d, %s", code, errs)
	}
}

// until waits for what other goroutines do.
func until(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); {
		if time.Now().After(end) {
			t.Fatal("it did not come about")
		}
		if err := pause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDeskTooLong works without a desk where the system has none.
func TestDeskTooLong(t *testing.T) {
	a, _ := recorder(t)
	a.desk = filepath.Join(t.TempDir(), strings.Repeat("x", maxSocket))
	a.must(t, a.serveDesk(t.Context()))
	if atDesk(t.Context(), a.desk) != nil {
		t.Error("somebody answers")
	}
}
