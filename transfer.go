package stackhand

import "time"

// Transfer is the offer of a stack to somebody who has to accept it. Nothing about the stack changes before. A stack
// keeps the last one, so that a late answer can be told what became of it.
type Transfer struct {
	ID     string        `json:"id"`   // of the offer: the stack's, a dot, and what tells it from others of the stack
	From   string        `json:"from"` // the owner when it was made
	To     string        `json:"to"`
	By     string        `json:"by"` // who made it: the owner, or an administrator
	State  TransferState `json:"state"`
	Asked  time.Time     `json:"asked"`
	Ends   time.Time     `json:"ends"`
	Closed time.Time     `json:"closed,omitzero"`
	Waits  string        `json:"waits,omitempty"` // id of the request for an approval that the acceptance needs
	Why    string        `json:"why,omitempty"`   // nothing came of it: a sentence
}

// Offerers are those who are told what becomes of the offer: who made it, and whose server it is.
func (t *Transfer) Offerers() []string {
	if t.From == t.By {
		return []string{t.By}
	}
	return []string{t.By, t.From}
}

// TransferState is where an offer stands. Time is not in it: see Open.
type TransferState string

// An offer is open until one of the others; one that waits becomes accepted, withdrawn or void.
const (
	TransferOpen      TransferState = "open"
	TransferAccepted  TransferState = "accepted"
	TransferDeclined  TransferState = "declined"
	TransferWithdrawn TransferState = "withdrawn"
	TransferWaiting   TransferState = "waiting" // accepted, and waits for an approval
	TransferVoid      TransferState = "void"    // accepted, and nothing came of it
)

// Open tells whether the offer can still be accepted. nil is no offer.
func (t *Transfer) Open(now time.Time) bool {
	return t != nil && t.State == TransferOpen && now.Before(t.Ends)
}

// Pending tells whether the offer stands: it is open, or it was accepted in time and waits for an approval. nil is no offer.
func (t *Transfer) Pending(now time.Time) bool {
	return t.Open(now) || t != nil && t.State == TransferWaiting
}
