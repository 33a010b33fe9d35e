package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// auditPage is how many records are read in one go.
const auditPage = 500

// AuditTrail reads records, newest first.
func (s *Store) AuditTrail(ctx context.Context, q stackhand.AuditQuery) ([]stackhand.AuditRecord, error) {
	if q.Before <= 0 {
		q.Before = 1<<63 - 1
	}
	read := s.wholeTrail
	if q.Of != "" {
		read = s.trailOf
	}
	out, err := read(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return out, nil
}

// takes tells whether the query wants a record, and whether it wants any older one.
func takes(q stackhand.AuditQuery, have int, rec stackhand.AuditRecord) bool {
	return !rec.At.Before(q.Since) && (q.Limit <= 0 || have < q.Limit)
}

// trailOf follows the keys of a word.
func (s *Store) trailOf(ctx context.Context, q stackhand.AuditQuery) (out []stackhand.AuditRecord, err error) {
	word := strings.ToLower(q.Of)
	_, to := under("audit", "of", word)
	from := key("audit", "of", word, fallingNumber(q.Before-1))
	for {
		items, err := s.d.Scan(ctx, from, to, auditPage)
		if err != nil || len(items) == 0 {
			return out, err
		}
		for _, i := range items {
			item, err := s.d.Get(ctx, string(i.Value))
			if err != nil {
				return nil, err
			}
			rec, err := decodeAudit(item)
			if err != nil || !takes(q, len(out), rec) {
				return out, err
			}
			out = append(out, rec)
			from = i.Key + "\x00"
		}
	}
}

// wholeTrail reads backwards, a page at a time.
func (s *Store) wholeTrail(ctx context.Context, q stackhand.AuditQuery) (out []stackhand.AuditRecord, err error) {
	head, _, err := s.auditHead(ctx)
	if err != nil {
		return nil, err
	}
	for end := min(head.Seq, q.Before-1); end > 0; end -= auditPage {
		items, err := s.d.Scan(ctx, key("audit", "rec", risingNumber(max(1, end-auditPage+1))), key("audit", "rec", risingNumber(end+1)), 0)
		if err != nil {
			return nil, err
		}
		for _, item := range slices.Backward(items) {
			rec, err := decodeAudit(item)
			if err != nil || !takes(q, len(out), rec) {
				return out, err
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

// ExportAudit gives every line of the trail that is not older than since, oldest first, as JSON: {"hash": …, "record": {…}}.
func (s *Store) ExportAudit(ctx context.Context, since time.Time, line func([]byte) error) error {
	from, to := under("audit", "rec")
	skip := !since.IsZero()
	for {
		items, err := s.d.Scan(ctx, from, to, auditPage)
		if err != nil {
			return fmt.Errorf("read the audit trail: %w", err)
		}
		for _, item := range items {
			from = item.Key + "\x00"
			if skip { // up to the first that is new enough; from there on nothing is left out, so that the chain holds
				if rec, err := decodeAudit(item); err == nil && rec.At.Before(since) {
					continue
				}
				skip = false
			}
			if err := line(item.Value); err != nil {
				return err
			}
		}
		if len(items) == 0 {
			return nil
		}
	}
}

// AuditHead is the number and the hash of the last record; 0 and "" where there is none.
func (s *Store) AuditHead(ctx context.Context) (n int64, hash string, err error) {
	head, _, err := s.auditHead(ctx)
	if err != nil {
		return 0, "", fmt.Errorf("read the audit trail: %w", err)
	}
	return head.Seq, head.Hash, nil
}
