package provision

import (
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Everything that is made carries a mark from the call on that makes it, so that it is found
// again when the answer got lost: a description of words such as
//
//	stackhand job k3v9qx2m stack k3v9qx2m-1
//	stackhand auto job k3v9qx2m
//	stackhand open job k3v9qx2m
//	stackhand job k3v9qx2m - for the database
//
// Things marked auto or open are shared by the stacks of a project. Servers carry metadata.
const (
	metaJob   = "stackhand_job"
	metaStack = "stackhand_stack"
	metaOwner = "stackhand_owner"

	auto = "auto" // the project's network
	open = "open" // security groups
)

// autoName is the name of the network, the subnet and the router that a project's stacks share.
const autoName = "stackhand-auto"

// mark makes a description; share is "", auto or open.
func mark(share, job, stack string) string {
	s := "stackhand"
	if share != "" {
		s += " " + share
	}
	s += " job " + job
	if stack != "" {
		s += " stack " + stack
	}
	return s
}

// markWith is a mark followed by the asker's own words, cut to what the cloud keeps.
func markWith(job, said string) string {
	m := mark("", job, "")
	if said == "" {
		return m
	}
	r := []rune(m + " - " + said)
	return string(r[:min(len(r), 255)]) // https://docs.openstack.org/api-ref/network/v2/, description
}

// markOf reads a description; ok is false if it does not begin with a mark.
func markOf(description string) (share, job, stack string, ok bool) {
	w := strings.Fields(description)
	if len(w) < 3 || w[0] != "stackhand" {
		return "", "", "", false
	}
	if w = w[1:]; w[0] == auto || w[0] == open {
		share, w = w[0], w[1:]
	}
	if len(w) < 2 || w[0] != "job" {
		return "", "", "", false
	}
	if job = w[1]; len(w) >= 4 && w[2] == "stack" {
		stack = w[3]
	}
	return share, job, stack, true
}

// sameMark tells whether a description begins with the same mark as another one.
func sameMark(a, b string) bool {
	share, job, stack, ok := markOf(a)
	share2, job2, stack2, ok2 := markOf(b)
	return ok && ok2 && share == share2 && job == job2 && stack == stack2
}

// isShared tells whether a description marks a thing that the project's stacks share.
func isShared(description, share string) bool {
	s, _, _, ok := markOf(description)
	return ok && s == share
}

// made lists the job's resources of a kind, of one stack ("" for those of the whole job).
func made(job stackhand.Job, kind, stack string) []stackhand.Resource {
	var out []stackhand.Resource
	for _, r := range job.Made {
		if r.Kind == kind && r.Stack == stack {
			out = append(out, r)
		}
	}
	return out
}

// madeID is the id of the job's one resource of a kind; "" if there is none.
func madeID(job stackhand.Job, kind, stack string) string {
	if rs := made(job, kind, stack); len(rs) > 0 {
		return rs[0].ID
	}
	return ""
}

// ofKind picks resources by kind.
func ofKind(rs []stackhand.Resource, kinds ...string) []stackhand.Resource {
	var out []stackhand.Resource
	for _, r := range rs {
		if slices.Contains(kinds, r.Kind) {
			out = append(out, r)
		}
	}
	return out
}
