package main

import (
	"context"
	"encoding/json"

	"github.com/stackhand/stackhand"
)

// audit writes at the end of the audit trail. Whatever has the shape of a secret, or is known as one, is taken out before:
// the trail is kept for long, and read by many.
func (a *app) audit(ctx context.Context, rec stackhand.AuditRecord) error {
	if rec.At.IsZero() {
		rec.At = a.now()
	}
	for _, text := range []*string{&rec.Line, &rec.Why, &rec.Problem} {
		*text = a.redact.Redact(*text)
	}
	if rec.Resolved != nil {
		rec.Resolved = json.RawMessage(a.redact.Redact(string(rec.Resolved)))
		if !json.Valid(rec.Resolved) {
			rec.Resolved = json.RawMessage(`"[hidden]"`)
		}
	}
	return a.store.Audit(ctx, rec)
}
