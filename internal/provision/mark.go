package provision

import (
	"slices"

	"github.com/stackhand/stackhand"
)

// Everything that is made carries a stackhand.Mark. Things marked auto or open are shared by the stacks of a project.
const (
	metaJob   = stackhand.MarkJob
	metaStack = stackhand.MarkStack

	auto = stackhand.ShareAuto
	open = stackhand.ShareOpen
)

// autoName is the name of the network, the subnet and the router that a project's stacks share.
const autoName = "stackhand-auto"

// sign is the mark of a thing of a job, and of one of its stacks unless that is "".
func (d Deps) sign(job, stack string) stackhand.Mark {
	return stackhand.Mark{Job: job, Stack: stack, Home: d.Home}
}

// shared is the mark of a thing that the project's stacks use together.
func (c create) shared(share string) string {
	m := c.sign(c.id, "")
	m.Share = share
	return m.String()
}

// sameMark tells whether a description begins with the same mark as another one.
func sameMark(a, b string) bool {
	x, _, ok := stackhand.ParseMark(a)
	y, _, ok2 := stackhand.ParseMark(b)
	return ok && ok2 && x.Same(y)
}

// isShared tells whether a description marks a thing that the project's stacks share, and that no other
// installation made.
func (d Deps) isShared(description, share string) bool {
	m, _, ok := stackhand.ParseMark(description)
	return ok && m.Share == share && m.Of(d.Home)
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
