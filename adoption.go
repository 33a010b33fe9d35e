package stackhand

import "time"

// Adoption is the offer to put a server that was made elsewhere under a lease of somebody's, who has to agree to it. Nothing
// about the server changes before. It is kept with the notice that asks them.
type Adoption struct {
	Cloud   string        `json:"cloud"`
	Scope   Scope         `json:"scope"`
	Project string        `json:"project"`
	Server  string        `json:"server"` // id
	Name    string        `json:"name"`
	Maker   string        `json:"maker,omitempty"` // id of the cloud's user who made the server
	For     time.Duration `json:"for"`             // from when it is accepted
	To      string        `json:"to"`
	By      string        `json:"by"` // who offers: whoever made it, or an administrator
	State   TransferState `json:"state"`
	Asked   time.Time     `json:"asked"`
	Ends    time.Time     `json:"ends"`
	Closed  time.Time     `json:"closed,omitzero"`
	Why     string        `json:"why,omitempty"` // nothing came of it: a sentence
}

// Open tells whether the offer can still be accepted. nil is no offer.
func (a *Adoption) Open(now time.Time) bool {
	return a != nil && a.State == TransferOpen && now.Before(a.Ends)
}
