package lease

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// words say what comes next, when, what comes after that, and what keeps the server.
func (s *Sweeper) words(stack stackhand.Stack, n Next, now time.Time) stackhand.Text {
	name := stackhand.AsBold(stack.Name)
	at, late := s.told(stack, &n, now)
	text := append(stackhand.Text{}, stack.Lease.Ladder.Why...)
	if len(text) > 0 {
		text = text.Add(" ")
	}
	switch {
	case n.Gone:
		if !n.Then.IsZero() {
			at = n.Then
		}
		return stackhand.Textf("%s is not in the cloud any more: somebody deleted it there. What else was made for it will be removed in %s (%s).%s",
			name, roughly(at.Sub(now)), stackhand.At(at), ofVolumes(stack))
	case n.Parked:
		state := map[string]string{stackhand.StepShelve: "shelved"}[parkedBy(stack)]
		text = text.Add("%s is %s, %s. It will be deleted with everything that was made for it in %s (%s)%s.%s",
			name, cmp.Or(state, "stopped"), why(stack), roughly(at.Sub(now)), stackhand.At(at), n.image(), ofVolumes(stack))
		return text.Add(" %s it to keep it.", map[bool]string{true: "Unshelve", false: "Start"}[state != ""])
	case stack.Lease.Ladder.Reason != stackhand.ReasonTime:
		text = text.Add("If nobody needs %s, it will be %s in %s (%s).%s", name, n.done(), roughly(at.Sub(now)), stackhand.At(at), n.after(stack))
		return text.Add(" Say that you need it to keep it.")
	case n.Off:
		text = text.Add("%s expires in %s (%s). It is stopped already, and stays so%s.%s", name, roughly(at.Sub(now)), stackhand.At(at), n.address(), n.after(stack))
	case late:
		text = text.Add("The time of %s is over. It expires and will be %s after %s.%s", name, n.done(), stackhand.At(at), n.after(stack))
	default:
		text = text.Add("%s expires in %s (%s). It will then be %s.%s", name, roughly(at.Sub(now)), stackhand.At(at), n.done(), n.after(stack))
	}
	return append(text, held(stack, n)...).Add(" Extend it to keep it.")
}

// told is the moment that a warning names, and whether the end is sooner, since the warning is late. When the deletion follows moves along.
func (s *Sweeper) told(stack stackhand.Stack, n *Next, now time.Time) (at time.Time, late bool) {
	at = n.At
	soonest := now.Add(s.Rules.notice(*n))
	late = soonest.After(at)
	if may, told := s.Rules.mayAt(stack.Lease, *n); told && may.After(now) {
		return may, false // an earlier warning was in time
	}
	if late {
		at = s.Rules.working(n.Step, soonest)
		if !n.Then.IsZero() {
			n.Then = s.Rules.working(stackhand.StepDelete, at.Add(s.Rules.LadderOf(stack).Grace))
		}
	}
	return at, late
}

// held says that a step comes later than it would, and why.
func held(stack stackhand.Stack, n Next) (text stackhand.Text) {
	if h := stack.Lease.Ladder.Hold; h.Until.Equal(n.At) && h.Why != "" {
		text = text.Add(" That is later than its end, since %s.", h.Why)
	}
	return text
}

// brief says the same as words where it stands below others: what comes next, when, and after that.
func (s *Sweeper) brief(stack stackhand.Stack, n Next, now time.Time) stackhand.Text {
	if n.Gone {
		return s.words(stack, n, now)
	}
	at, _ := s.told(stack, &n, now)
	name, in := stackhand.AsBold(stack.Name), roughly(at.Sub(now))
	text := append(stackhand.Text{}, stack.Lease.Ladder.Why...)
	if len(text) > 0 {
		text = text.Add(" ")
	}
	switch {
	case stack.Lease.Ladder.Reason != stackhand.ReasonTime && !n.Parked:
		text = text.Add("If nobody needs %s, it will be %s in %s (%s).%s", name, n.done(), in, stackhand.At(at), n.after(stack))
	case n.Parked:
		state := map[string]string{stackhand.StepShelve: "shelved"}[parkedBy(stack)]
		text = text.Add("%s is %s, %s, and will be deleted in %s (%s)%s.%s", name, cmp.Or(state, "stopped"), why(stack), in, stackhand.At(at), n.image(), ofVolumes(stack))
	case n.Then.IsZero():
		text = text.Add("%s will be %s in %s (%s).%s", name, n.done(), in, stackhand.At(at), ofVolumes(stack))
	case n.Off:
		text = text.Add("%s expires in %s (%s). It is stopped already%s. If nobody starts it again it is deleted %s%s.", name, in, stackhand.At(at), n.address(), stackhand.At(n.Then), Next{Snapshot: n.Archive}.image())
	default:
		text = text.Add("%s will be %s in %s (%s)%s. If nobody starts it again it is deleted %s%s.", name, n.did(), in, stackhand.At(at), n.address(), stackhand.At(n.Then), Next{Snapshot: n.Archive}.image())
	}
	return append(text, held(stack, n)...)
}

// done is what a step does, after "it will be".
func (n Next) done() string {
	switch n.Step {
	case stackhand.StepStop:
		return "stopped" + n.address()
	case stackhand.StepShelve:
		return "shelved" + n.address()
	}
	return "deleted with everything that was made for it" + n.image()
}

func (n Next) address() string {
	if n.FreeIP {
		return ", and its floating IP goes back to the cloud"
	}
	return ""
}

func (n Next) image() string {
	if n.Snapshot {
		return ", after an image of it is made"
	}
	return ""
}

// after is what comes after the step, and what goes along with a deletion.
func (n Next) after(stack stackhand.Stack) stackhand.Text {
	if n.Then.IsZero() {
		return stackhand.Textf("%s", ofVolumes(stack))
	}
	image := ""
	if n.Archive {
		image = ", after an image of it is made"
	}
	return stackhand.Textf(" Nothing of it is lost then, and you can start it again; if nobody does, it will be deleted with everything that was made for it (%s)%s.",
		stackhand.At(n.Then), image)
}

func parkedBy(stack stackhand.Stack) string {
	r, _ := stack.Lease.Ladder.Parked()
	return r.Step
}

// why says in a clause why a server was put away.
func why(stack stackhand.Stack) string {
	switch reasonOf(stack) {
	case stackhand.ReasonIdle:
		return "because nobody used it"
	case stackhand.ReasonStands:
		return "and has been for long"
	}
	return "because its time is over"
}

// buttons are what can be done about it. Those that lose something ask first.
func buttons(stack stackhand.Stack, n Next) []stackhand.Action {
	id, name := stack.ID, stack.Name
	var out []stackhand.Action
	switch {
	case n.Gone:
		return []stackhand.Action{{ID: "delete", Label: "Remove it now", Value: id, Danger: true, Confirm: "Remove everything that was made for " + name + "?"}}
	case n.Parked && parkedBy(stack) == stackhand.StepShelve:
		out = append(out, stackhand.Action{ID: "unshelve", Label: "Unshelve", Value: id})
	case n.Parked:
		out = append(out, stackhand.Action{ID: "start", Label: "Start again", Value: id})
	case stack.Lease.Ladder.Reason != stackhand.ReasonTime:
		out = append(out, stackhand.Action{ID: "needed", Label: "I need it", Value: id})
	default:
		out = append(out, stackhand.Action{ID: "extend", Label: "Extend by a day", Value: id})
	}
	out = append(out, stackhand.Action{ID: "keep", Label: "Keep until …", Value: id})
	if stack.Server != "" {
		if !n.Parked && !n.Off {
			out = append(out, stackhand.Action{ID: "stop", Label: "Stop now", Value: id, Confirm: "Stop " + name + " now? It can be started again."})
		}
		out = append(out, stackhand.Action{ID: "archive", Label: "Snapshot and delete", Value: id, Danger: true,
			Confirm: "Make an image of " + name + ", and then delete it with everything that was made for it?"})
	}
	return append(out, stackhand.Action{ID: "delete", Label: "Delete now", Value: id, Danger: true,
		Confirm: "Delete " + name + " and everything that was made for it?"})
}

// ofVolumes says that volumes go too, and how to keep them; "" where there are none.
func ofVolumes(stack stackhand.Stack) string {
	var names []string
	for _, v := range dataVolumes(stack) {
		names = append(names, cmp.Or(v.Name, v.ID))
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" The data on %s goes too; `remove volume %s %s` keeps it.", strings.Join(names, ", "), stack.Name, names[0])
}

// roughly is a length of time as people say it: rounded, but never by so much that somebody would come too late for it.
func roughly(d time.Duration) string {
	d = d.Round(time.Minute)
	switch {
	case d < 2*time.Minute:
		return "a minute"
	case d < 90*time.Minute:
		return many(d/time.Minute, "minute")
	case d < 6*time.Hour:
		return together(many(d/time.Hour, "hour"), many(d%time.Hour/time.Minute, "minute"))
	}
	if d = d.Round(time.Hour); d < 48*time.Hour {
		return many(d/time.Hour, "hour")
	}
	return together(many(d/(24*time.Hour), "day"), many(d%(24*time.Hour)/time.Hour, "hour"))
}

// many is "3 days"; "" for none.
func many(n time.Duration, unit string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func together(a, b string) string { return strings.TrimSpace(a + " " + b) }
