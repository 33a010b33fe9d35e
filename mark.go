package stackhand

import "strings"

// Mark is what everything carries that is made, from the call on that makes it: things of the network as a description,
// servers, volumes and images as metadata. It is found again by it when an answer got lost, and it tells
// later whose the thing is. As a description it reads
//
//	stackhand job k3v9qx2m stack k3v9qx2m-1 home q2w3e4
//	stackhand auto job k3v9qx2m home q2w3e4
//	stackhand open job k3v9qx2m home q2w3e4
//	stackhand job k3v9qx2m home q2w3e4 - for the database
type Mark struct {
	Share string `json:"share,omitempty"` // ShareAuto or ShareOpen: the project's stacks use it together
	Job   string `json:"job"`
	Stack string `json:"stack,omitempty"`
	// Home is the installation that made it, since several bots may work in one project; "" on what was made before
	// marks told it.
	Home  string `json:"home,omitempty"`
	Owner string `json:"owner,omitempty"` // id of a person; servers only
}

// What a Mark says of things that the project's stacks share.
const (
	ShareAuto = "auto" // the project's network
	ShareOpen = "open" // security groups
)

// Keys of a Mark as metadata.
const (
	MarkJob   = "stackhand_job"
	MarkStack = "stackhand_stack"
	MarkOwner = "stackhand_owner"
	MarkHome  = "stackhand_home"
	// MarkServer is on images alone: the id of the server that they were made of. Nova copies the marks of an image into those that
	// are made of servers which were built from it, by whomever; they are told by it.
	MarkServer = "stackhand_server"
)

const markWord = "stackhand"

// String is the mark as a description.
func (m Mark) String() string {
	w := []string{markWord}
	if m.Share != "" {
		w = append(w, m.Share)
	}
	w = append(w, "job", m.Job)
	if m.Stack != "" {
		w = append(w, "stack", m.Stack)
	}
	if m.Home != "" {
		w = append(w, "home", m.Home)
	}
	return strings.Join(w, " ")
}

// With is the mark as a description, followed by somebody's own words and cut to what clouds keep.
func (m Mark) With(said string) string {
	if said == "" {
		return m.String()
	}
	r := []rune(m.String() + " - " + said)
	return string(r[:min(len(r), 255)]) // https://docs.openstack.org/api-ref/network/v2/, description
}

// Metadata is the mark for servers, volumes, snapshots and images.
func (m Mark) Metadata() map[string]string {
	out := map[string]string{}
	for k, v := range map[string]string{MarkJob: m.Job, MarkStack: m.Stack, MarkOwner: m.Owner, MarkHome: m.Home} {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// ParseMark reads a description; ok is false if it does not begin with a mark. said is what people wrote behind it.
func ParseMark(description string) (m Mark, said string, ok bool) {
	w := strings.Fields(description)
	if len(w) < 3 || w[0] != markWord {
		return m, "", false
	}
	if w = w[1:]; w[0] == ShareAuto || w[0] == ShareOpen {
		m.Share, w = w[0], w[1:]
	}
	if len(w) < 2 || w[0] != "job" {
		return Mark{}, "", false
	}
	m.Job, w = w[1], w[2:]
	if len(w) >= 2 && w[0] == "stack" {
		m.Stack, w = w[1], w[2:]
	}
	if len(w) >= 2 && w[0] == "home" {
		m.Home, w = w[1], w[2:]
	}
	if len(w) > 0 && w[0] == "-" {
		w = w[1:]
	}
	return m, strings.Join(w, " "), true
}

// MarkOf reads metadata; ok is false if there is no mark in it.
func MarkOf(metadata map[string]string) (m Mark, ok bool) {
	m = Mark{Job: metadata[MarkJob], Stack: metadata[MarkStack], Owner: metadata[MarkOwner], Home: metadata[MarkHome]}
	return m, m.Job != "" || m.Stack != ""
}

// Of tells whether the mark is of an installation. What says nothing about that is everybody's.
func (m Mark) Of(home string) bool { return m.Home == "" || m.Home == home }

// Same tells whether two marks mean the same thing of the same job, whichever installation wrote them.
func (m Mark) Same(o Mark) bool { return m.Share == o.Share && m.Job == o.Job && m.Stack == o.Stack }
