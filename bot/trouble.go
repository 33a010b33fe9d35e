package bot

import (
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// jobActions are the buttons of the job itself.
func (s shown) jobActions() []stackhand.Action {
	j := s.job
	switch {
	case j.Canceled == "" && j.State == stackhand.JobRunning && (j.Flow == flowCreate || j.Flow == flowMake):
		return []stackhand.Action{{ID: "cancel", Label: "Cancel", Value: j.ID, Confirm: "Stop this and remove what it made so far?"}}
	case j.Canceled == "" && j.State == stackhand.JobQueued:
		return []stackhand.Action{{ID: "cancel", Label: "Cancel", Value: j.ID, Confirm: "Stop this before it begins?"}}
	case j.State == stackhand.JobDone, !j.State.Rests():
		return nil
	}
	create := j.Flow == flowCreate
	var out []stackhand.Action
	if p := j.Problem; p != nil && p.Kind == stackhand.Unauthorized {
		out = append(out, commands.LoginAction(j.Cloud, j.Scope.ProjectID))
	}
	if j.RetriedAs == "" && !hopeless(j) {
		out = append(out, stackhand.Action{ID: "retry", Label: "Retry", Value: j.ID})
		if create && j.State != stackhand.JobKept {
			out = append(out, stackhand.Action{ID: "keep", Label: "Keep for debugging", Value: j.ID})
		}
	}
	if create && (j.RetriedAs == "" || j.State != stackhand.JobUndone) && !(j.State == stackhand.JobKept && s.cleared()) {
		out = append(out, commands.CleanupAction(j.ID))
	}
	if p := j.Problem; p != nil && p.Detail != "" {
		out = append(out, detailButton(j.ID))
	}
	return out
}

// hopeless tells that the cloud would refuse the same again: only another line can help.
func hopeless(j stackhand.Job) bool {
	return j.Canceled == "" && j.Problem != nil && j.Problem.Kind == stackhand.Invalid
}

// inWords says what buttons do whose labels cannot.
func inWords(actions []stackhand.Action) stackhand.Text {
	var t stackhand.Text
	for _, a := range actions {
		what, ok := map[string]string{
			"keep":    "runs it again, and leaves the pieces should it fail again.",
			"cleanup": "looks in the cloud for anything of this job, and removes it.",
		}[a.ID]
		if !ok {
			continue
		}
		if len(t) > 0 {
			t = t.Add(" ")
		}
		t = t.Add("%s: %s", stackhand.AsBold(a.Label), what)
	}
	return t
}

// passing is how long a step may be tried again before the channel hears of it.
const passing = 3 * time.Second

// trouble says which step is tried again, and why. Nil where none is.
func (s shown) trouble() stackhand.Text {
	for _, st := range s.job.Steps {
		if again(st) && s.now.Sub(st.Started) >= passing {
			return stackhand.Textf(", but %s is tried again: %s", stackhand.AsBold(st.Title), clip(st.Problem.Msg, maxNote))
		}
	}
	return nil
}

// problem says in three lines what happened, whose fault it is, and what next. Nil where
// nothing did.
func (s shown) problem() stackhand.Text {
	j := s.job
	if j.Problem == nil || j.Canceled != "" && j.Problem.Kind == stackhand.Canceled {
		return nil
	}
	p := j.Problem
	t := stackhand.Textf("%s", p.Msg)
	if title := titleOf(j, p.Step); title != "" {
		t = append(stackhand.Textf("%s: ", stackhand.AsBold(title)), t...)
	}
	if why := fault(p.Kind); why != "" {
		t = t.Add("\n%s", why)
	}
	next := firstOf(p.Next, nextAfter(p.Kind))
	if p.Kind == stackhand.Unauthorized {
		next = nextAfter(p.Kind) // there is more to do than the cloud's adapter can know
	}
	if s.untidy() {
		next = strings.TrimSpace(p.Next + " Press Clean up, and Retry when that is done.")
		if p.Kind == stackhand.Unauthorized {
			next = "Log in again, press Clean up, and Retry when that is done."
		}
	}
	if next != "" {
		t = t.Add("\n%s", next)
	}
	if p.Ref != "" && !strings.Contains(p.Msg, p.Ref) {
		t = t.Add(" (ref %s)", p.Ref)
	}
	return t
}

// untidy tells that something of a build is left, or may be, so that it is not tried again before that is gone. What was kept
// on purpose is looked at first.
func (s shown) untidy() bool {
	left := s.job.State == stackhand.JobFailed || s.job.State == stackhand.JobStuck
	return left && s.job.Flow == flowCreate && s.job.RetriedAs == "" && len(s.stacks) > 0 && !s.cleared()
}

// titleOf is the title of a step, of which the record of a problem holds the name or the title.
func titleOf(j stackhand.Job, step string) string {
	if st := j.Step(step); st != nil {
		return st.Title
	}
	return step
}

// fault says whose fault a failure of a kind is. The message before it says what happened.
func fault(k stackhand.Kind) string {
	switch k {
	case stackhand.Invalid:
		return "Nothing is broken: what was asked for does not fit this cloud."
	case stackhand.NotFound, stackhand.Ambiguous:
		return "Nobody made a mistake: something that it builds on has gone from the cloud."
	case stackhand.Conflict:
		return "Nobody made a mistake: something else in the project is in the way."
	case stackhand.Quota:
		return "Nobody made a mistake: the project is full."
	case stackhand.Forbidden:
		return "It is neither the cloud's fault nor the bot's: your login lacks the right."
	case stackhand.Unauthorized:
		return "It is neither the cloud's fault nor the bot's: your login ended or was withdrawn."
	case stackhand.RateLimited:
		return "It is the cloud's fault, not yours: it is too busy."
	case stackhand.Unavailable, stackhand.Failed:
		return "It is the cloud's fault, not yours."
	case stackhand.Internal:
		return "It is the bot's fault, not yours."
	case stackhand.NeedsHuman:
		return "Whose fault it is cannot be told from here; to go on without a person's look could do harm."
	}
	return ""
}

// nextAfter is what to do about a failure of a kind that does not say so itself.
func nextAfter(k stackhand.Kind) string {
	switch k {
	case stackhand.Invalid:
		return "Send the command again with another choice."
	case stackhand.NotFound, stackhand.Ambiguous:
		return "Send the command again: names are looked up anew then."
	case stackhand.Conflict:
		return "Press Retry in a moment."
	case stackhand.Quota:
		return "Delete something, or ask the cloud's administrator for more room."
	case stackhand.Unauthorized:
		return "Log in again, then press Retry."
	case stackhand.RateLimited, stackhand.Unavailable:
		return "Press Retry in a moment."
	case stackhand.Failed:
		return "Press Retry; if it happens again, ask the cloud's administrator."
	case stackhand.Forbidden:
		return "Ask the cloud's administrator for the right."
	case stackhand.Internal:
		return "Press Retry; if it happens again, tell the operator of the bot the ref."
	}
	return ""
}
