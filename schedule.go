package stackhand

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Schedule stops and starts servers by the clock: one stack, or those of its owner in one place of a cloud, all of them or
// those with certain properties. It works with its owner's rights, and ends with its server.
type Schedule struct {
	ID       string            `json:"id"` // made from whose and of what it is, so that there is one of each
	Rev      int64             `json:"-"`
	Owner    string            `json:"owner"`        // user id: whose servers, and with whose login
	By       string            `json:"by,omitempty"` // who made it, where that is somebody else
	Cloud    string            `json:"cloud"`
	Scope    Scope             `json:"scope,omitzero"`
	Project  string            `json:"project,omitempty"`
	Stack    string            `json:"stack,omitempty"`    // id; "" for several
	Name     string            `json:"name,omitempty"`     // of the one server, for reading
	Property map[string]string `json:"property,omitempty"` // that each of several has to have; none: all of the owner's

	Stop  string `json:"stop,omitempty"`  // "20:00"; "" never
	Start string `json:"start,omitempty"` // "08:00"; "" never
	Days  string `json:"days"`            // of the week, as cron writes them: "mon-fri", "*"
	Zone  string `json:"zone"`            // "Europe/Istanbul"

	Place   Place     `json:"place"`
	Created time.Time `json:"created"`
	// At and Verb are the moment that was dealt with last, or is being dealt with, and what is due at it. Zero: none yet.
	At   time.Time `json:"at,omitzero"`
	Verb string    `json:"verb,omitempty"` // ActStop or ActStart
	From time.Time `json:"from"`           // what was due until then is not to be done any more
	Next time.Time `json:"next,omitzero"`  // when somebody has to look at it again; zero: never
	// Announced is the stop that was announced last.
	Announced time.Time       `json:"announced,omitzero"`
	Turns     map[string]Turn `json:"turns,omitempty"` // by stack id
	Told      string          `json:"told,omitempty"`  // the trouble with all of it that its owner was told of
}

// Turn is where a schedule stands with one server.
type Turn struct {
	Wait bool      `json:"wait,omitempty"` // has still to be dealt with for the moment At
	Job  string    `json:"job,omitempty"`  // that is at work, or whose outcome was not looked at yet
	Told string    `json:"told,omitempty"` // the trouble that its owner was told of; told once, until it works again
	Left time.Time `json:"left,omitzero"`  // somebody wants it left alone until then
}

// Several tells whether the schedule is for more than one server.
func (s Schedule) Several() bool { return s.Stack == "" }

// Run is one moment of a schedule, and what is due at it: ActStop or ActStart.
type Run struct {
	At   time.Time
	Verb string
}

// Words is what a schedule does: "stop 20:00, start 08:00, mon-fri, Europe/Istanbul".
func (s Schedule) Words() string {
	var out []string
	if s.Stop != "" {
		out = append(out, "stop "+s.Stop)
	}
	if s.Start != "" {
		out = append(out, "start "+s.Start)
	}
	days := s.Days
	if days == "*" {
		days = "every day"
	}
	return strings.Join(append(out, days, s.Zone), ", ")
}

// Which says for which servers it is: "web-1", "all servers of alice in team-a". owner is what its owner is called.
func (s Schedule) Which(owner string) string {
	switch {
	case !s.Several():
		return s.Name
	case len(s.Property) == 0:
		return "all servers of " + owner + " in " + s.Project
	}
	var props []string
	for _, key := range slices.Sorted(maps.Keys(s.Property)) {
		props = append(props, key+"="+s.Property[key])
	}
	return "the servers of " + owner + " in " + s.Project + " with " + strings.Join(props, ", ")
}

// Covers tells whether a schedule is for a stack, as far as the stack's record tells: whether its server has the properties
// is for the cloud to say.
func (s Schedule) Covers(st Stack) bool {
	if !s.Several() {
		return s.Stack == st.ID
	}
	return s.Owner == st.Lease.Owner && s.Cloud == st.Cloud && s.Scope.ProjectID == st.ProjectID &&
		(s.Scope.Region == "" || st.Region == "" || s.Scope.Region == st.Region)
}

// Wants tells whether a server has the properties that a schedule is for.
func (s Schedule) Wants(sv Server) bool {
	for k, v := range s.Property {
		if got, ok := sv.Metadata[k]; !ok || got != v {
			return false
		}
	}
	return true
}
