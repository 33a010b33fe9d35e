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
}

// TransferState is where an offer stands. Time is not in it: see Open.
type TransferState string

// An offer is open until one of the others.
const (
	TransferOpen      TransferState = "open"
	TransferAccepted  TransferState = "accepted"
	TransferDeclined  TransferState = "declined"
	TransferWithdrawn TransferState = "withdrawn"
)

// Open tells whether the offer can still be accepted. nil is no offer.
func (t *Transfer) Open(now time.Time) bool {
	return t != nil && t.State == TransferOpen && now.Before(t.Ends)
}
