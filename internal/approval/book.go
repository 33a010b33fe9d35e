// Package approval keeps the requests that wait for a decision: sealed as the inputs of jobs are, reminded of, escalated
// and ended in time, and begun once they are approved, whatever happens in between.
package approval

import (
	"context"
	"encoding/json"
	"time"

	"github.com/stackhand/stackhand"
)

// Records is the part of the store that holds requests. Saves compare and set on Request.Rev.
type Records interface {
	Ask(ctx context.Context, r stackhand.Request) (stackhand.Request, error)
	Request(ctx context.Context, id string) (stackhand.Request, error)
	SaveRequest(ctx context.Context, r *stackhand.Request) error
	OpenRequests(ctx context.Context) ([]stackhand.Request, error)
	RecentRequests(ctx context.Context, user string, limit int) ([]stackhand.Request, error)
	RequestsInThread(ctx context.Context, channel, thread string) ([]stackhand.Request, error)
	RequestsDue(ctx context.Context, until time.Time) ([]stackhand.Request, error)
	RequestsToStart(ctx context.Context) ([]stackhand.Request, error)
}

// Sealer encrypts for one user and purpose; what it made opens for no other.
type Sealer interface {
	Seal(plain []byte, user, purpose string) ([]byte, error)
	Open(sealed []byte, user, purpose string) ([]byte, error)
}

// Rules say after what time something is done about a request that nobody decides; 0: never.
type Rules struct {
	Remind   time.Duration // the approvers are reminded
	Escalate time.Duration // the administrators are told
	End      time.Duration // it ends undecided
}

// of are the rules as they are for r: one that ends sooner than others is reminded of and escalated sooner as well.
func (rules Rules) of(r stackhand.Request) Rules {
	if life := r.Ends.Sub(r.Created); life < rules.End {
		rules.Remind, rules.Escalate = min(rules.Remind, life/4), min(rules.Escalate, life/2)
	}
	return rules
}

// next is when something is to be done about r, each thing once; zero for never.
func (rules Rules) next(r stackhand.Request) (at time.Time) {
	rules = rules.of(r)
	for _, m := range []struct {
		after time.Duration
		done  time.Time
	}{{rules.Remind, r.Reminded}, {rules.Escalate, r.Escalated}} {
		if t := r.Created.Add(m.after); m.after > 0 && m.done.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if at.IsZero() || r.Ends.Before(at) {
		return r.Ends
	}
	return at
}

// Book is the requests as the commands see them. Those of its lists are still sealed: they are to be shown, and read
// anew by their id before anything is done with them.
type Book struct {
	Records Records
	Seal    Sealer // nil keeps them in clear
	Rules   func() Rules
	Changed func(id string) // what is shown of the request may be another now; must not block
	Now     func() time.Time
}

// Ask writes a request down; one whose ID is there already is answered as it is.
func (b *Book) Ask(ctx context.Context, r stackhand.Request) (stackhand.Request, error) {
	rules := b.Rules()
	if r.Created.IsZero() {
		r.Created = b.Now()
	}
	if end := r.Created.Add(rules.End); r.Ends.IsZero() || end.Before(r.Ends) {
		r.Ends = end
	}
	r.State, r.Needed, r.Next = stackhand.RequestOpen, max(1, r.Needed), rules.next(r)
	box, err := b.sealed(r)
	if err != nil {
		return r, err
	}
	if box, err = b.Records.Ask(ctx, box); err != nil {
		return r, err
	}
	b.Changed(r.ID)
	return b.opened(box)
}

// Request reads a request, ready to be carried out.
func (b *Book) Request(ctx context.Context, id string) (stackhand.Request, error) {
	r, err := b.Records.Request(ctx, id)
	if err != nil {
		return r, err
	}
	return b.opened(r)
}

// SaveRequest writes a request, and has what is shown of it looked at.
func (b *Book) SaveRequest(ctx context.Context, r *stackhand.Request) error {
	r.Next = b.Rules().next(*r)
	box, err := b.sealed(*r)
	if err != nil {
		return err
	}
	if err := b.Records.SaveRequest(ctx, &box); err != nil {
		return err
	}
	r.Rev = box.Rev
	b.Changed(r.ID)
	return nil
}

// OpenRequests lists the requests that wait, those first about which something is due first.
func (b *Book) OpenRequests(ctx context.Context) ([]stackhand.Request, error) {
	return b.Records.OpenRequests(ctx)
}

// RecentRequests lists requests, newest first.
func (b *Book) RecentRequests(ctx context.Context, user string, limit int) ([]stackhand.Request, error) {
	return b.Records.RecentRequests(ctx, user, limit)
}

// RequestsInThread lists the requests that a thread is about.
func (b *Book) RequestsInThread(ctx context.Context, channel, thread string) ([]stackhand.Request, error) {
	return b.Records.RequestsInThread(ctx, channel, thread)
}

// parts are what of a request is sealed, with the purposes that they are bound to.
func parts(r *stackhand.Request) map[string]*json.RawMessage {
	return map[string]*json.RawMessage{"request input " + r.ID: &r.Job.Input, "request args " + r.ID: &r.Args}
}

// isSealed tells a box, which is a JSON string, from what goes into it, which is an object.
func isSealed(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// sealed gives the request as it is written down: what was typed and planned may hold what nobody else is to read, such
// as user data with a password in it.
func (b *Book) sealed(r stackhand.Request) (stackhand.Request, error) {
	if b.Seal == nil {
		return r, nil
	}
	for purpose, raw := range parts(&r) {
		if len(*raw) == 0 || isSealed(*raw) {
			continue
		}
		box, err := b.Seal.Seal(*raw, r.Job.User.ID, purpose)
		if err == nil {
			*raw, err = json.Marshal(box)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// Anew seals a request, as it is written down, with another key, by what anew does with what was sealed for a user and a
// purpose. changed is false where there is nothing to do.
func Anew(r stackhand.Request, anew func(sealed []byte, user, purpose string) ([]byte, bool, error)) (out stackhand.Request, changed bool, err error) {
	for purpose, raw := range parts(&r) {
		if !isSealed(*raw) {
			continue
		}
		var box []byte
		if err := json.Unmarshal(*raw, &box); err != nil {
			return r, false, err
		}
		box, news, err := anew(box, r.Job.User.ID, purpose)
		if err != nil {
			return r, false, err
		}
		if *raw, err = json.Marshal(box); err != nil {
			return r, false, err
		}
		changed = changed || news
	}
	return r, changed, nil
}

// opened gives the request as it is carried out.
func (b *Book) opened(r stackhand.Request) (stackhand.Request, error) {
	if b.Seal == nil {
		return r, nil
	}
	for purpose, raw := range parts(&r) {
		if !isSealed(*raw) {
			continue
		}
		var box []byte
		err := json.Unmarshal(*raw, &box)
		if err == nil {
			*raw, err = b.Seal.Open(box, r.Job.User.ID, purpose)
		}
		if err != nil {
			return r, stackhand.Errorf(stackhand.NeedsHuman, "What request %s is about cannot be read with the present keyset.", r.ID).
				Do("Start the bot with the keyset that it had before; or withdraw the request with `cancel %s`, and ask again.", r.ID).Because(err)
		}
	}
	return r, nil
}
