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

// markOf reads a description; ok is false if it is not a mark.
func markOf(description string) (share, job, stack string, ok bool) {
	w := strings.Fields(description)
	if len(w) == 0 || w[0] != "stackhand" {
		return "", "", "", false
	}
	for i, word := range w {
		next := ""
		if i+1 < len(w) {
			next = w[i+1]
		}
		switch {
		case i == 1 && (word == auto || word == open):
			share = word
		case word == "job" && job == "":
			job = next
		case word == "stack" && stack == "":
			stack = next
		}
	}
	return share, job, stack, job != ""
}

// isMarked tells whether a description is the mark of this job and stack ("" for the job's own things).
func isMarked(description, job, stack string) bool {
	_, j, s, ok := markOf(description)
	return ok && j == job && s == stack
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
