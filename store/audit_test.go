package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

func audited(id string, n int, about ...string) stackhand.AuditRecord {
	return stackhand.AuditRecord{
		ID: id, At: start.Add(time.Duration(n) * time.Minute), What: stackhand.AuditAsked, User: "U0ALICE", Name: "alice", Line: "create " + id, About: about,
	}
}

func seqs(all []stackhand.AuditRecord) string {
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprintf("%d:%s", r.Seq, r.ID))
	}
	return strings.Join(out, " ")
}

func TestAuditTrail(t *testing.T) {
	s, m, _ := memory(t)
	ctx := t.Context()
	ok(t, s.Audit(ctx, audited("a", 1, "web-1", "job1-1")))
	ok(t, s.Audit(ctx, audited("b", 2, "WEB-1")))
	ok(t, s.Audit(ctx, audited("a", 9, "web-1"))) // delivered again: written once
	other := audited("c", 3, "db")
	other.User, other.Name = "U0BOB", "bob"
	ok(t, s.Audit(ctx, other))
	s = newStore(t, m, store.Options{})
	ok(t, s.Audit(ctx, audited("d", 4)))
	for _, c := range []struct {
		of     string
		since  time.Time
		limit  int
		before int64
		want   string
	}{
		{"", time.Time{}, 0, 0, "4:d 3:c 2:b 1:a"},
		{"", time.Time{}, 2, 0, "4:d 3:c"},
		{"", start.Add(2 * time.Minute), 0, 0, "4:d 3:c 2:b"},
		{"web-1", time.Time{}, 0, 0, "2:b 1:a"},
		{"Web-1", start.Add(2 * time.Minute), 0, 0, "2:b"},
		{"job1-1", time.Time{}, 0, 0, "1:a"},
		{"U0BOB", time.Time{}, 0, 0, "3:c"},
		{"u0alice", time.Time{}, 1, 0, "4:d"},
		{"web", time.Time{}, 0, 0, ""},
		{"Alice", time.Time{}, 2, 0, "4:d 2:b"},
		{"u0alice", time.Time{}, 1, 4, "2:b"},
		{"web-1", time.Time{}, 0, 2, "1:a"},
		{"", time.Time{}, 0, 3, "2:b 1:a"},
		{"", time.Time{}, 0, 1, ""},
	} {
		got, err := s.AuditTrail(ctx, stackhand.AuditQuery{Of: c.of, Since: c.since, Limit: c.limit, Before: c.before})
		ok(t, err)
		if seqs(got) != c.want {
			t.Errorf("%q since %v, %d: %s, want %s", c.of, c.since, c.limit, seqs(got), c.want)
		}
	}
	var c store.AuditChain
	ok(t, s.VerifyAudit(ctx, &c))
	all, err := s.AuditTrail(ctx, stackhand.AuditQuery{})
	ok(t, err)
	if c.N != 4 || c.First != 1 || c.Last == "" || c.Last != all[0].Hash || all[0].Prev != all[1].Hash || all[3].Prev != "" {
		t.Errorf("chain %+v of %+v", c, all)
	}
	if err := s.Audit(ctx, stackhand.AuditRecord{}); err == nil {
		t.Error("a record about nothing was taken")
	}
}

// tampered opens the same records after somebody changed them behind the store's back.
func TestAuditVerify(t *testing.T) {
	rec := func(n int) string { return fmt.Sprintf("audit/rec/%016x", n) }
	for name, c := range map[string]struct {
		change func(t *testing.T, m store.Driver)
		want   string
	}{
		"changed": {func(t *testing.T, m store.Driver) {
			item, err := m.Get(t.Context(), rec(3))
			ok(t, err)
			commit(t, m, store.Op{Key: rec(3), Value: bytes.Replace(item.Value, []byte("U0ALICE"), []byte("U0DANA"), 1)})
		}, "record 3 was changed"},
		"forged with its hash": {func(t *testing.T, m store.Driver) {
			item, err := m.Get(t.Context(), rec(2))
			ok(t, err)
			commit(t, m, store.Op{Key: rec(3), Value: bytes.Replace(item.Value, []byte(`"seq":2`), []byte(`"seq":3`), 1)})
		}, "record 3 was changed"},
		"missing":   {func(t *testing.T, m store.Driver) { commit(t, m, store.Op{Key: rec(2), Delete: true}) }, "record 2 is missing"},
		"the first": {func(t *testing.T, m store.Driver) { commit(t, m, store.Op{Key: rec(1), Delete: true}) }, "record 1 is missing"},
		"the end":   {func(t *testing.T, m store.Driver) { commit(t, m, store.Op{Key: rec(5), Delete: true}) }, "ends with record 4, and there were 5"},
		"garbled":   {func(t *testing.T, m store.Driver) { commit(t, m, store.Op{Key: rec(4), Value: []byte("{")}) }, "follows record 3 cannot be read"},
		"rewritten": {func(t *testing.T, m store.Driver) {
			item, err := m.Get(t.Context(), rec(4))
			ok(t, err)
			var row struct {
				Hash   string          `json:"hash"`
				Record json.RawMessage `json:"record"`
			}
			ok(t, json.Unmarshal(item.Value, &row))
			row.Record = bytes.Replace(row.Record, []byte("create"), []byte("delete"), 1)
			row.Hash = sha(row.Record)
			raw, err := json.Marshal(row)
			ok(t, err)
			commit(t, m, store.Op{Key: rec(4), Value: raw})
		}, "record 5 does not follow"},
	} {
		t.Run(name, func(t *testing.T) {
			s, m, _ := memory(t)
			for i := range 5 {
				ok(t, s.Audit(t.Context(), audited(fmt.Sprint("r", i), i)))
			}
			ok(t, s.VerifyAudit(t.Context(), &store.AuditChain{}))
			c.change(t, m)
			if err := s.VerifyAudit(t.Context(), &store.AuditChain{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// Many who write at once share writes, and nobody's record is lost or out of order.
func TestAuditTogether(t *testing.T) {
	s, m, _ := memory(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if err := s.Audit(t.Context(), audited(fmt.Sprint("r", i%150), i, "x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var c store.AuditChain
	if err := s.VerifyAudit(t.Context(), &c); c.N != 150 || err != nil {
		t.Errorf("%d records, %v", c.N, err)
	}
	full := errors.New("disk full")
	m.FailCommits(func([]store.Op) error { return full })
	if err := s.Audit(t.Context(), audited("late", 1)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	m.FailCommits(nil)
	ok(t, s.Audit(t.Context(), audited("late", 1)))
}

func commit(t *testing.T, d store.Driver, ops ...store.Op) {
	t.Helper()
	_, err := d.Commit(t.Context(), ops...)
	ok(t, err)
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestAuditWide writes records about as much as a job can make, several at once: more than one commit takes.
func TestAuditWide(t *testing.T) {
	s, m, _ := memory(t)
	hold := make(chan struct{})
	held := sync.OnceFunc(func() { <-hold })
	m.FailCommits(func([]store.Op) error { held(); return nil }) // the others gather meanwhile
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			var about []string
			for n := range store.MaxStacks {
				about = append(about, fmt.Sprintf("job%d-%d", i, n), fmt.Sprintf("web%d-%d", i, n))
			}
			if err := s.Audit(t.Context(), audited(fmt.Sprint("wide", i), i, about...)); err != nil {
				t.Error(err)
			}
		})
	}
	close(hold)
	wg.Wait()
	for i := range 8 {
		last := fmt.Sprintf("web%d-%d", i, store.MaxStacks-1)
		got, err := s.AuditTrail(t.Context(), stackhand.AuditQuery{Of: last})
		if ok(t, err); len(got) != 1 || got[0].ID != fmt.Sprint("wide", i) {
			t.Errorf("%s finds %s", last, seqs(got))
		}
	}
	var c store.AuditChain
	if ok(t, s.VerifyAudit(t.Context(), &c)); c.N != 8 {
		t.Error(c.N)
	}
}

// A panic while some records are written together is the failure of each of them: whoever is told that theirs is written finds it.
func TestAPanicOverTheTrail(t *testing.T) {
	s, m, _ := memory(t)
	hold, commits := make(chan struct{}), 0
	m.FailCommits(func([]store.Op) error {
		switch commits++; commits {
		case 1:
			<-hold // the others gather meanwhile
		case 2:
			panic("a hollow page")
		}
		return nil
	})
	errs := make([]error, 20)
	var begun, ended sync.WaitGroup
	for i := range errs {
		begun.Add(1)
		ended.Go(func() {
			begun.Done()
			errs[i] = stackhand.Guarded("", func() error { return s.Audit(t.Context(), audited(fmt.Sprint("r", i), i, fmt.Sprint("about", i))) })
		})
	}
	begun.Wait()
	close(hold)
	ended.Wait()
	m.FailCommits(nil)
	for i, err := range errs {
		got, bad := s.AuditTrail(t.Context(), stackhand.AuditQuery{Of: fmt.Sprint("about", i)})
		if ok(t, bad); err == nil && len(got) != 1 {
			t.Errorf("r%d is said to be written, and is on record %d times", i, len(got))
		}
	}
}
