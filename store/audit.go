package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// The audit trail is kept as the very bytes that were hashed, under rising numbers:
//
//	audit/rec/<seq>          {"hash": …, "record": {…, "prev": …}}
//	audit/head               the last number and hash, so that a missing end is noticed
//	audit/id/<id>            written once
//	audit/of/<word>/<-seq>   what a record is about, newest first

// auditRow is a record as it is stored and exported. Hash is the hex SHA-256 of Record.
type auditRow struct {
	Hash   string          `json:"hash"`
	Record json.RawMessage `json:"record"`
}

type auditHead struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// auditQueue gathers records that come at the same time into one write.
type auditQueue struct {
	mu      sync.Mutex
	waiting []*auditWait
	writing sync.Mutex
}

type auditWait struct {
	rec  stackhand.AuditRecord
	done bool
	err  error
}

// maxAbout is how many words a record is found by.
const maxAbout = 20

// Audit writes a record at the end of the trail, and returns when it is on disk. A record whose ID is there already is
// left as it is.
func (s *Store) Audit(ctx context.Context, rec stackhand.AuditRecord) error {
	if err := need("audit record", rec.ID, rec.What); err != nil {
		return err
	}
	w := &auditWait{rec: rec}
	s.audit.mu.Lock()
	s.audit.waiting = append(s.audit.waiting, w)
	s.audit.mu.Unlock()
	s.audit.writing.Lock()
	defer s.audit.writing.Unlock()
	if w.done {
		return w.err // somebody who came before wrote it along
	}
	s.audit.mu.Lock()
	batch := s.audit.waiting
	s.audit.waiting = nil
	s.audit.mu.Unlock()
	ctx = context.WithoutCancel(ctx) // others wait for it too
	for chunk := range slices.Chunk(batch, (maxOps-1)/(maxAbout+3)) {
		s.writeAudit(ctx, chunk)
	}
	return w.err
}

func (s *Store) writeAudit(ctx context.Context, batch []*auditWait) {
	for {
		err := s.appendAudit(ctx, batch)
		if errors.Is(err, ErrConflict) {
			continue // another process wrote meanwhile
		}
		for _, w := range batch {
			w.done = true
			if err != nil {
				w.err = fmt.Errorf("write the audit trail: %w", err)
			}
		}
		return
	}
}

// appendAudit writes those of the records that are not there yet, chained to the last one.
func (s *Store) appendAudit(ctx context.Context, batch []*auditWait) error {
	head, rev, err := s.auditHead(ctx)
	if err != nil {
		return err
	}
	var ops []Op
	inBatch := map[string]bool{}
	for _, w := range batch {
		known := key("audit", "id", w.rec.ID)
		if _, err := s.d.Get(ctx, known); err == nil || inBatch[known] {
			continue
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
		inBatch[known] = true
		row, seq, err := chain(w.rec, head)
		if err != nil {
			return err
		}
		head = auditHead{seq, row.Hash}
		value, err := json.Marshal(row)
		if err != nil {
			return err
		}
		at := key("audit", "rec", risingNumber(seq))
		ops = append(ops, Op{Key: at, Value: value, Check: true}, Op{Key: known, Value: []byte(at), Check: true})
		for _, word := range aboutOf(w.rec) {
			ops = append(ops, Op{Key: key("audit", "of", word, fallingNumber(seq)), Value: []byte(at)})
		}
	}
	if len(ops) == 0 {
		return nil
	}
	value, err := json.Marshal(head)
	if err != nil {
		return err
	}
	_, err = s.d.Commit(ctx, append(ops, Op{Key: key("audit", "head"), Value: value, Check: true, Expect: rev})...)
	return err
}

// chain makes the row that follows on head.
func chain(rec stackhand.AuditRecord, head auditHead) (auditRow, int64, error) {
	rec.Seq, rec.Prev = head.Seq+1, head.Hash
	raw, err := json.Marshal(rec)
	if err != nil {
		return auditRow{}, 0, err
	}
	return auditRow{Hash: hashOf(raw), Record: raw}, rec.Seq, nil
}

func hashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func risingNumber(n int64) string  { return fmt.Sprintf("%016x", uint64(n)) }
func fallingNumber(n int64) string { return fmt.Sprintf("%016x", ^uint64(n)) }

// aboutOf are the words that a record is found by: who, and what it is about.
func aboutOf(rec stackhand.AuditRecord) []string {
	words := []string{}
	for _, w := range append([]string{rec.User, rec.Job}, rec.About...) {
		if w = strings.ToLower(w); w != "" && !slices.Contains(words, w) && len(words) < maxAbout {
			words = append(words, w)
		}
	}
	return words
}

func (s *Store) auditHead(ctx context.Context) (h auditHead, rev int64, err error) {
	item, err := s.d.Get(ctx, key("audit", "head"))
	if errors.Is(err, ErrNotFound) {
		return h, 0, nil
	}
	if err != nil {
		return h, 0, err
	}
	return h, item.Rev, json.Unmarshal(item.Value, &h)
}

// AuditTrail reads records, newest first, at most limit (0: all), not older than since. of picks those about one user, stack, server
// or job, by id or name, whatever the case; "" picks all.
func (s *Store) AuditTrail(ctx context.Context, of string, since time.Time, limit int) ([]stackhand.AuditRecord, error) {
	if of == "" {
		return s.wholeTrail(ctx, since, limit)
	}
	from, to := under("audit", "of", strings.ToLower(of))
	items, err := s.d.Scan(ctx, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	var out []stackhand.AuditRecord
	for _, i := range items {
		item, err := s.d.Get(ctx, string(i.Value))
		if err != nil {
			return nil, fmt.Errorf("read the audit trail: %w", err)
		}
		rec, err := decodeAudit(item)
		if err != nil {
			return nil, err
		}
		if rec.At.Before(since) {
			break
		}
		out = append(out, rec)
	}
	return out, nil
}

// wholeTrail reads backwards, a page at a time.
func (s *Store) wholeTrail(ctx context.Context, since time.Time, limit int) ([]stackhand.AuditRecord, error) {
	const page = 500
	head, _, err := s.auditHead(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	var out []stackhand.AuditRecord
	for end := head.Seq; end > 0; end -= page {
		items, err := s.d.Scan(ctx, key("audit", "rec", risingNumber(max(1, end-page+1))), key("audit", "rec", risingNumber(end+1)), 0)
		if err != nil {
			return nil, fmt.Errorf("read the audit trail: %w", err)
		}
		for _, item := range slices.Backward(items) {
			rec, err := decodeAudit(item)
			if err != nil {
				return nil, err
			}
			if rec.At.Before(since) || limit > 0 && len(out) == limit {
				return out, nil
			}
			out = append(out, rec)
		}
	}
	return out, nil
}

func decodeAudit(item Item) (stackhand.AuditRecord, error) {
	var row auditRow
	var rec stackhand.AuditRecord
	if err := json.Unmarshal(item.Value, &row); err != nil {
		return rec, fmt.Errorf("read %s: %w", item.Key, err)
	}
	if err := json.Unmarshal(row.Record, &rec); err != nil {
		return rec, fmt.Errorf("read %s: %w", item.Key, err)
	}
	rec.Hash = row.Hash
	return rec, nil
}

// ExportAudit gives every line of the trail, oldest first, as JSON: {"hash": …, "record": {…}}.
func (s *Store) ExportAudit(ctx context.Context, line func([]byte) error) error {
	from, to := under("audit", "rec")
	for {
		items, err := s.d.Scan(ctx, from, to, 500)
		if err != nil {
			return fmt.Errorf("read the audit trail: %w", err)
		}
		for _, item := range items {
			if err := line(item.Value); err != nil {
				return err
			}
			from = item.Key + "\x00"
		}
		if len(items) == 0 {
			return nil
		}
	}
}

// VerifyAudit follows the chain from the first record to the last. It answers how many there are, and the last
// hash: who keeps that elsewhere can prove later that nothing before it was changed. The error tells the first place
// where a record was changed, or is missing.
func (s *Store) VerifyAudit(ctx context.Context) (n int64, last string, err error) {
	broken := func(format string, args ...any) error {
		return stackhand.Errorf(stackhand.Conflict, "The audit trail is broken: %s.", fmt.Sprintf(format, args...)).
			Do("Compare it with a backup or an export from before, and find out who could write to the store.")
	}
	err = s.ExportAudit(ctx, func(line []byte) error {
		var row auditRow
		var rec stackhand.AuditRecord
		if json.Unmarshal(line, &row) != nil || json.Unmarshal(row.Record, &rec) != nil {
			return broken("what follows record %d cannot be read", n)
		}
		switch {
		case rec.Seq != n+1:
			return broken("record %d is missing; %d follows on %d", n+1, rec.Seq, n)
		case hashOf(row.Record) != row.Hash:
			return broken("record %d was changed", rec.Seq)
		case rec.Prev != last:
			return broken("record %d does not follow on the one before it", rec.Seq)
		}
		n, last = rec.Seq, row.Hash
		return nil
	})
	if err != nil {
		return n, last, err
	}
	head, _, err := s.auditHead(ctx)
	if err == nil && (head.Seq != n || head.Hash != last) {
		err = broken("it ends with record %d, and there were %d", n, head.Seq)
	}
	return n, last, err
}
