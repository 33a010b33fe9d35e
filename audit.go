package stackhand

import (
	"encoding/json"
	"time"
)

// AuditRecord is one line of the audit trail: something that was asked, decided or done, by whom, from where. Records are
// chained: each holds the hash of the one before.
type AuditRecord struct {
	Seq  int64     `json:"seq"` // from 1, without gaps; set by the store
	ID   string    `json:"id"`  // made from what it is about, so that it is written once
	At   time.Time `json:"at"`
	What string    `json:"what"` // one of the Audit… constants

	User      string `json:"user,omitempty"` // id; "" for the bot by itself
	Name      string `json:"name,omitempty"` // as it was then
	Cloud     string `json:"cloud,omitempty"`
	CloudUser string `json:"cloud_user,omitempty"`
	Project   string `json:"project,omitempty"`
	Place     Place  `json:"place,omitzero"`
	Link      string `json:"link,omitempty"` // to the message

	Line     string          `json:"line,omitempty"` // as it was typed, without what may be secret
	Command  string          `json:"command,omitempty"`
	Resolved json.RawMessage `json:"resolved,omitempty"` // what the line came to, names as ids
	About    []string        `json:"about,omitempty"`    // ids and names of stacks and servers: it is found by them

	Verdict   string     `json:"verdict,omitempty"` // allow, deny, approve
	Rule      string     `json:"rule,omitempty"`
	Why       string     `json:"why,omitempty"`
	Approvals []Approval `json:"approvals,omitempty"`
	Job       string     `json:"job,omitempty"`
	Result    string     `json:"result,omitempty"` // of a job: its state; of a line: ok, or the kind of error
	Problem   string     `json:"problem,omitempty"`

	Prev string `json:"prev"` // hash of the record before; "" for the first
	Hash string `json:"-"`    // of this one, over its JSON as it is stored
}

// AuditQuery says which records of the audit trail are read, newest first. The zero value is all of them.
type AuditQuery struct {
	Of     string // about one user, stack, server or job, by id or name, whatever the case
	Since  time.Time
	Before int64 // only numbers below; 0: up to the newest
	Limit  int   // 0: all
}

// What an AuditRecord is about.
const (
	AuditAsked    = "asked"    // somebody typed or clicked something that changes things
	AuditRefused  = "refused"  // … and was refused
	AuditDecided  = "decided"  // an approver approved or denied
	AuditEnded    = "ended"    // a job came to rest
	AuditLogin    = "login"    // somebody logged in or out
	AuditLease    = "lease"    // an end was moved, a warning was delivered, an owner changed
	AuditOperator = "operator" // the bot was started, its configuration changed, a freeze began or ended
)

// Approval is one decision about a request.
type Approval struct {
	User     string    `json:"user"`
	Approved bool      `json:"approved"`
	Why      string    `json:"why,omitempty"`
	At       time.Time `json:"at"`
}
