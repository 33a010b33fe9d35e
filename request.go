package stackhand

import (
	"encoding/json"
	"time"
)

// Request is a job that waits for approval: nothing of it has begun. Its ID is the one that the job gets.
type Request struct {
	ID     string       `json:"id"`
	Rev    int64        `json:"-"`
	State  RequestState `json:"state"`
	Job    Job          `json:"job"`              // ready to start; its input is sealed by whoever stores it
	Stacks []Stack      `json:"stacks,omitempty"` // that start together with the job
	// Args are the arguments of the command that asked, to plan it anew; sealed like the input.
	Args    json.RawMessage `json:"args,omitempty"`
	Command string          `json:"command"` // that the arguments are of: "create"

	Rule      string   `json:"rule"` // of the policy, which wants the approval
	Why       string   `json:"why,omitempty"`
	Approvers []string `json:"approvers,omitempty"` // ids of people or of user groups; none: everybody with the role approver
	Needed    int      `json:"needed"`
	Own       bool     `json:"own,omitempty"` // the asker's own approval counts

	Plan      []Fact     `json:"plan,omitempty"`    // what will be made, as approvers see it
	Print     string     `json:"print,omitempty"`   // fingerprint of what it was resolved to and of its price: another one at approval is shown first
	Changed   []string   `json:"changed,omitempty"` // sentences: what approvers changed
	Approvals []Approval `json:"approvals,omitempty"`

	Created time.Time `json:"created"`
	Ends    time.Time `json:"ends"` // undecided until then it ends
	// Next is when something is to be done about it by itself: a reminder, an escalation, its end. Whoever saves it sets it.
	Next      time.Time `json:"next,omitzero"`
	Reminded  time.Time `json:"reminded,omitzero"`
	Escalated time.Time `json:"escalated,omitzero"`
	Closed    time.Time `json:"closed,omitzero"`
	Note      string    `json:"note,omitempty"` // why it came to its end, in a sentence
	// Held says in a sentence why it cannot go on although somebody approved; "" where nothing is in the way.
	Held string `json:"held,omitempty"`
	// Started tells that the job of an approved request is there.
	Started bool `json:"started,omitempty"`
}

// Approved counts the approvals of the plan as it stands.
func (r Request) Approved() (n int) {
	for _, a := range r.Approvals {
		if a.Approved {
			n++
		}
	}
	return n
}

// RequestState is where a request stands. Only an open one is decided; an approved one has, or will have, its job.
type RequestState string

const (
	RequestOpen      RequestState = "open"
	RequestApproved  RequestState = "approved"
	RequestDenied    RequestState = "denied"
	RequestEnded     RequestState = "ended"     // nobody decided in time
	RequestWithdrawn RequestState = "withdrawn" // by the asker, or because it can no longer be carried out
)

// Fact is a name with its value, such as Flavor: m1.small, 1 vCPU, 2 GiB.
type Fact struct {
	Name  string `json:"name"`
	Value Text   `json:"value"`
}

// Freeze stops every change but those of administrators. The zero value is none.
type Freeze struct {
	Why string    `json:"why,omitempty"`
	By  string    `json:"by,omitempty"` // user id
	At  time.Time `json:"at,omitzero"`
}

// On tells whether there is a freeze.
func (f Freeze) On() bool { return !f.At.IsZero() }
