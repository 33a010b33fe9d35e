package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
)

// AuditChain follows a trail, line by line as ExportAudit gives them, and finds where it was changed. The zero value wants it from
// its first record on.
type AuditChain struct {
	// Part lets it begin in the middle, as an export of the last days does.
	Part bool
	// Expect is a hash that is known from elsewhere: End wants to have seen it.
	Expect string

	First, N int64     // numbers of the first and the last record; 0: none yet
	Last     string    // hash of the last one
	At       time.Time // of the last one
	seen     map[int64]string
	watch    []int64
	found    bool
}

// Watch has the chain remember the hash of a record, for Had.
func (c *AuditChain) Watch(n int64) { c.watch = append(c.watch, n) }

// Had tells whether the record of that number, which was watched, had the hash. The hash of number 0 is "".
func (c *AuditChain) Had(n int64, hash string) bool { return c.seen[n] == hash }

// Line takes the next line. Its error tells what is wrong with it, and is final.
func (c *AuditChain) Line(line []byte) error {
	var row auditRow
	var rec stackhand.AuditRecord
	if json.Unmarshal(line, &row) != nil || json.Unmarshal(row.Record, &rec) != nil {
		return broken("what follows record %d cannot be read", c.N)
	}
	if c.First == 0 && c.Part && rec.Seq > 0 {
		c.N, c.Last = rec.Seq-1, rec.Prev
		c.found = c.Expect != "" && rec.Prev == c.Expect
	}
	switch {
	case rec.Seq == c.N && c.N > 0:
		return broken("record %d is there twice", rec.Seq)
	case rec.Seq <= c.N:
		return broken("record %d stands behind record %d", rec.Seq, c.N)
	case rec.Seq == c.N+2:
		return broken("record %d is missing", c.N+1)
	case rec.Seq != c.N+1:
		return broken("the records %d to %d are missing", c.N+1, rec.Seq-1)
	case hashOf(row.Record) != row.Hash:
		return broken("record %d was changed", rec.Seq)
	case rec.Prev != c.Last:
		return broken("record %d does not follow on the one before it: one of them was replaced", rec.Seq)
	}
	if c.First == 0 {
		c.First = rec.Seq
	}
	c.N, c.Last, c.At = rec.Seq, row.Hash, rec.At
	c.found = c.found || row.Hash == c.Expect
	for _, n := range c.watch {
		if n == rec.Seq {
			if c.seen == nil {
				c.seen = map[int64]string{}
			}
			c.seen[n] = row.Hash
		}
	}
	return nil
}

// End tells whether the hash that was expected has come.
func (c *AuditChain) End() error {
	if c.Expect == "" || c.found {
		return nil
	}
	return broken("no record has the hash %s, so what was there when it was noted was changed or cut off", c.Expect)
}

func broken(format string, args ...any) error {
	return stackhand.Errorf(stackhand.Conflict, "The audit trail is broken: %s.", fmt.Sprintf(format, args...)).
		Do("Compare it with a backup or an export from before, and find out who could write to the store.")
}

// VerifyAudit follows the chain of the whole store. The error tells the first place where a record was changed, or is missing. Who keeps
// the last hash elsewhere can prove later, by c.Expect, that nothing before it was changed. Records may be added meanwhile.
func (s *Store) VerifyAudit(ctx context.Context, c *AuditChain) error {
	before, _, err := s.auditHead(ctx)
	if err != nil {
		return fmt.Errorf("read the audit trail: %w", err)
	}
	return FollowAudit(c, before.Seq, before.Hash, func(line func([]byte) error) error {
		return s.ExportAudit(ctx, time.Time{}, line)
	}, func() (int64, string, error) { return s.AuditHead(ctx) })
}

// FollowAudit is VerifyAudit on a trail that is read by other means: n and hash are its head before it is read, head reads it anew
// afterwards.
func FollowAudit(c *AuditChain, n int64, hash string, export func(func([]byte) error) error, head func() (int64, string, error)) error {
	c.Watch(n)
	if err := export(c.Line); err != nil {
		return err
	}
	after, last, err := head()
	switch {
	case err != nil:
		return err
	case c.N < n:
		return broken("it ends with record %d, and there were %d", c.N, n)
	case !c.Had(n, hash), after < c.N, after == c.N && last != c.Last:
		return broken("its end is not the one that was noted when it was written")
	}
	return c.End()
}
