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

// errUnwritten is what becomes of a record if whoever writes it along panics.
var errUnwritten = errors.New("store: the audit record was not written to the end")

// maxAbout is how many words a record is found by: a job may make MaxStacks servers, each with an id and a name.
const maxAbout = 2*MaxStacks + 10

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
	for _, w := range batch {
		w.err = errUnwritten
	}
	ctx = context.WithoutCancel(ctx) // others wait for it too
	for len(batch) > 0 {
		n := fitting(batch)
		s.writeAudit(ctx, batch[:n])
		batch = batch[n:]
	}
	return w.err
}

// fitting is how many of the records go into one commit, together with the head.
func fitting(batch []*auditWait) (n int) {
	ops := 1
	for _, w := range batch {
		if ops += 2 + len(aboutOf(w.rec)); ops > maxOps {
			break
		}
		n++
	}
	return n
}

func (s *Store) writeAudit(ctx context.Context, batch []*auditWait) {
	for {
		err := s.appendAudit(ctx, batch)
		if errors.Is(err, ErrConflict) {
			continue // another process wrote meanwhile
		}
		for _, w := range batch {
			w.done, w.err = true, nil
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

// aboutOf are the words that a record is found by, in lower case: who, and what it is about.
func aboutOf(rec stackhand.AuditRecord) []string {
	words := []string{}
	for _, w := range append([]string{rec.User, rec.Name, rec.Job}, rec.About...) {
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
