package bot

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// shown is what the messages of a job are derived from.
type shown struct {
	job    stackhand.Job
	stacks []stackhand.Stack // those of the job, in its order
	now    time.Time
}

var jobIcons = map[stackhand.JobState]string{
	stackhand.JobQueued: "⏸", stackhand.JobRunning: "⏳", stackhand.JobUndoing: "↩️", stackhand.JobDone: "✅",
	stackhand.JobUndone: "❌", stackhand.JobFailed: "❌", stackhand.JobKept: "⚠️", stackhand.JobStuck: "⚠️",
}

// headline says where the job stands.
func (s shown) headline() stackhand.Text {
	j := s.job
	t := stackhand.Textf("%s %s: ", jobIcons[j.State], stackhand.AsBold(j.Title))
	took := ""
	if !j.Started.IsZero() && j.Ended.Sub(j.Started) >= shortest {
		took = " after " + elapsed(j.Ended.Sub(j.Started))
	}
	switch j.State {
	case stackhand.JobQueued:
		return t.Add("waiting to start")
	case stackhand.JobRunning:
		if j.Canceled != "" {
			return t.Add("stopping, because %s asked to", stackhand.To(j.Canceled))
		}
		if trouble := s.trouble(); trouble != nil {
			return append(t.Add("in progress"), trouble...)
		}
		if s.brief() {
			return t.Add("in progress")
		}
		return t.Add("in progress; each step is in the thread")
	case stackhand.JobUndoing:
		if j.Canceled != "" {
			return t.Add("cancelled; what it made is being removed")
		}
		return t.Add("it did not work; what it made is being removed")
	case stackhand.JobDone:
		return t.Add("done%s", took)
	case stackhand.JobUndone:
		if j.Canceled != "" {
			return t.Add("cancelled%s; everything it made is removed", took)
		}
		return t.Add("failed%s; everything it made is removed", took)
	case stackhand.JobKept:
		if s.cleared() {
			return t.Add("failed%s; its pieces were removed since", took)
		}
		t = t.Add("failed%s; its pieces are kept for a look", took)
		if len(s.stacks) > 0 && !s.stacks[0].Lease.Until.IsZero() {
			t = t.Add(", until %s", stackhand.At(s.stacks[0].Lease.Until))
		}
		return t
	case stackhand.JobStuck:
		return t.Add("stopped%s; a person has to look at it", took)
	}
	switch {
	case len(j.Made) > 0 && s.cleared():
		return t.Add("failed%s; what it left was removed since", took)
	case len(j.Made) > 0:
		return t.Add("failed%s; some of what it made is left", took)
	}
	return t.Add("failed%s", took)
}

// cleared tells that a later job removed what this one left.
func (s shown) cleared() bool {
	for _, st := range s.stacks {
		if st.State != stackhand.StackGone || len(st.Ledger) > 0 {
			return false
		}
	}
	return len(s.stacks) > 0
}

// card is the message in the channel.
func (s shown) card() sheet {
	j := s.job
	out := sheet{{Text: s.headline()}}
	if j.State.Rests() && j.State != stackhand.JobDone {
		if p := s.problem(); p != nil {
			out = append(out, part{Text: p})
		}
	}
	if s.brief() && !j.State.Rests() && len(j.Steps) > 0 {
		out = append(out, part{Text: s.listed(nil)})
	}
	if j.Flow == flowCreate && j.State == stackhand.JobDone {
		for _, st := range s.stacks {
			out = append(out, part{Text: serverLine(st).Add("%s", ownedBy(st, j.User.ID)), Actions: serverActions(st)})
		}
	}
	foot := stackhand.Textf("%s", stackhand.AsCode(firstOf(j.Line, j.Flow)))
	if j.User.Name != "" { // nobody asks for the steps of a lease
		foot = foot.Add(" · asked by %s", j.User.Name)
	}
	foot = foot.Add(" · job %s", stackhand.AsCode(j.ID))
	if len(j.Approvals) > 0 {
		foot = append(foot.Add(" · approved by "), asked{req: stackhand.Request{Approvals: j.Approvals}}.deciders(true)...)
	}
	if j.RetryOf != "" {
		foot = foot.Add(" · tries job %s again", stackhand.AsCode(j.RetryOf))
	}
	if j.RetriedAs != "" {
		foot = foot.Add(" · tried again as job %s", stackhand.AsCode(j.RetriedAs))
	}
	actions := s.jobActions()
	if words := inWords(actions); words != nil {
		out = append(out, part{Text: words, Small: true})
	}
	return append(out, part{Text: foot, Small: true, Actions: actions})
}

// The flows whose results are worth words of their own.
const (
	flowCreate = "create"
	flowDelete = "delete"
	flowReboot = "reboot"
	flowAct    = "act"
	flowMake   = "make"
	flowLine   = "line"
	flowLadder = "ladder"
)

// brief are the flows that are over soon, or have little to tell on the way: their card shows
// their steps, and nothing else does.
var brief = []string{"act", flowMake, "remove", "edit", flowLine}

func (s shown) brief() bool { return slices.Contains(brief, s.job.Flow) }

// serverLine is a server in one line: name, status, address first.
func serverLine(st stackhand.Stack) stackhand.Text {
	switch st.State {
	case stackhand.StackGone:
		return stackhand.Textf("%s is deleted", st.Name)
	case stackhand.StackDeleting:
		return stackhand.Textf("%s is being deleted", st.Name)
	case stackhand.StackKept:
		return stackhand.Textf("%s is kept as it is", st.Name)
	case stackhand.StackBuilding:
		return stackhand.Textf("%s is being built", st.Name)
	}
	t := stackhand.Textf("%s %s %s", st.Name, firstOf(st.Status, "ACTIVE"), firstOf(st.Address, "(no address)"))
	for _, more := range []string{st.Flavor, st.Image} {
		if more != "" {
			t = t.Add(" · %s", more)
		}
	}
	if away, ok := st.Lease.Ladder.Parked(); ok && !st.Lease.Until.After(away.At) {
		return t.Add(" · its time is over")
	}
	if !st.Lease.Until.IsZero() {
		t = t.Add(" · until %s", stackhand.At(st.Lease.Until))
	}
	return t
}

// ownedBy says who owns a server where that is not who asked for it, and that it is shared.
func ownedBy(st stackhand.Stack, asker string) (t stackhand.Text) {
	if st.State != stackhand.StackReady {
		return nil
	}
	if st.Lease.Owner != asker {
		t = t.Add(" · of %s", stackhand.To(st.Lease.Owner))
	}
	if len(st.Shared) > 0 {
		t = t.Add(" · shared")
	}
	return t
}

// serverActions are the buttons of a server that is there.
func serverActions(st stackhand.Stack) []stackhand.Action {
	if st.State != stackhand.StackReady {
		return nil
	}
	id := firstOf(st.Server, st.ID)
	return []stackhand.Action{
		{ID: "reboot", Label: "Reboot", Value: id, Confirm: "Reboot " + st.Name + "? Whatever runs on it is interrupted."},
		{ID: "extend", Label: "Extend", Value: id},
		{ID: "delete", Label: "Delete", Value: id, Danger: true, Confirm: "Delete " + st.Name + " and everything made for it? This cannot be undone."},
	}
}

// final is the last reply in the thread: it mentions the asker, which notifies them.
func (s shown) final() sheet {
	j := s.job
	out := sheet{{Text: s.verdict()}}
	for _, note := range j.Notes {
		if strings.HasPrefix(note, stillThere) && s.cleared() {
			continue
		}
		out = append(out, part{Text: stackhand.Textf("%s", note)})
	}
	if j.State != stackhand.JobDone {
		if p := s.problem(); p != nil {
			out = append(out, part{Text: p})
		}
		if left := s.leftovers(); left != nil {
			out = append(out, part{Text: left})
		}
	}
	if p, ok := s.off(); ok {
		out = append(out, p)
	}
	actions := append(s.jobActions(), s.offers()...)
	if words := inWords(actions); words != nil {
		out = append(out, part{Text: words, Small: true})
	}
	if until := s.offered(); len(s.offers()) > 0 && !until.IsZero() {
		lead := "There is time for this"
		if why := s.job.Offers[0].Why; why != "" {
			lead = why
		}
		out = append(out, part{Text: stackhand.Textf("%s until %s.", lead, stackhand.At(until)), Small: true})
	}
	last := &out[len(out)-1]
	last.Actions, last.Job = append(last.Actions, actions...), j.ID
	return out
}

// off says of a server that somebody stopped how it runs again, and that it ends all the same.
func (s shown) off() (part, bool) {
	j := s.job
	if j.State != stackhand.JobDone || j.Flow != flowAct || j.Quiet || len(s.stacks) != 1 || !strings.HasPrefix(j.Title, "Stop ") {
		return part{}, false
	}
	st := s.stacks[0]
	if st.State != stackhand.StackReady || st.Status != "SHUTOFF" || !st.Lease.Until.After(s.now) {
		return part{}, false
	}
	return part{
		Text: stackhand.Textf("It can be started again. Its time goes on all the same, until %s.", stackhand.At(st.Lease.Until)), Small: true,
		Actions: []stackhand.Action{{ID: "start", Label: "Start", Value: st.ID}},
	}, true
}

func (s shown) verdict() stackhand.Text {
	j := s.job
	var t stackhand.Text
	if !j.Quiet || j.Own && j.Flow != flowAct { // a schedule does the same every day, and a lease ends once
		t = stackhand.Textf("%s ", stackhand.To(j.User.ID))
	}
	if j.State != stackhand.JobDone {
		return append(t, s.headline()...)
	}
	switch {
	case j.Flow == flowCreate && len(s.stacks) > 0:
		for i, st := range s.stacks {
			if i > 0 {
				t = t.Add("\n")
			}
			t = append(t, serverLine(st)...)
			if st.Address != "" && st.State == stackhand.StackReady && letsIn(j) {
				t = t.Add("\n%s", stackhand.AsCode(sshLine(st)))
			}
		}
		return t
	case j.Flow == flowDelete && len(s.stacks) > 0 && j.Own:
		return t.Add("%s is deleted, as was announced.", names(s.stacks))
	case j.Flow == flowDelete && len(s.stacks) > 0:
		return t.Add("%s is deleted.", names(s.stacks))
	case j.Flow == flowLine && len(s.stacks) > 0:
		t = append(t, s.headline()...)
		for _, st := range s.stacks {
			t = append(t.Add("\n"), serverLine(st)...).Add("%s", ownedBy(st, j.User.ID))
		}
		return t
	case j.Flow == flowReboot && len(s.stacks) > 0:
		return t.Add("%s was rebooted and is ACTIVE again.", names(s.stacks))
	}
	return append(t, s.headline()...)
}

func names(stacks []stackhand.Stack) string {
	var out []string
	for _, st := range stacks {
		out = append(out, st.Name)
	}
	return strings.Join(out, ", ")
}

// sshPort is port 22 in a title, and no other port with these digits.
var sshPort = regexp.MustCompile(`\b22\b`)

// letsIn tells whether the servers of a create let SSH in, as far as the job tells: its input is
// sealed, but the step that makes the security group names the ports that were asked for. What
// security groups of the asker's own hold is not known; they are given the benefit of the doubt.
func letsIn(j stackhand.Job) bool {
	at := slices.IndexFunc(j.Steps, func(s stackhand.JobStep) bool { return s.Name == "group" })
	return at < 0 || sshPort.MatchString(j.Steps[at].Title) || strings.Contains(j.Line, "--security-group")
}

func sshLine(st stackhand.Stack) string {
	if st.Login == "" {
		return "ssh " + st.Address
	}
	return "ssh " + st.Login + "@" + st.Address
}

// stillThere begins the engine's own note of what a job left.
const stillThere = "Still there: "

// leftovers names what a job that failed left in the cloud.
func (s shown) leftovers() stackhand.Text {
	j := s.job
	noted := slices.ContainsFunc(j.Notes, func(n string) bool { return strings.HasPrefix(n, stillThere) })
	if len(j.Made) == 0 || j.State == stackhand.JobUndone || noted || s.cleared() {
		return nil
	}
	var all []string
	for _, r := range j.Made {
		name := r.Kind + " " + firstOf(r.Name, r.ID)
		if r.Shared {
			name += " (shared)"
		}
		all = append(all, name)
	}
	const most = 20
	more := ""
	if len(all) > most {
		more = fmt.Sprintf(" and %d more", len(all)-most)
		all = all[:most]
	}
	return stackhand.Textf("Left in the cloud: %s%s.", strings.Join(all, ", "), more)
}

// shortest is a time that is worth a word: less than that is at once.
const shortest = 50 * time.Millisecond

// elapsed writes a duration shortly: 0.4s, 42s, 3m10s.
func elapsed(d time.Duration) string {
	switch {
	case d < shortest:
		return "0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
