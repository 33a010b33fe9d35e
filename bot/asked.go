package bot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Approvals says where and whom the bot asks for approval.
type Approvals struct {
	Channel   string   // besides the one where it was asked; "": none
	Approvers []string // ids of people and of user groups who approve where a rule names nobody
	Admins    []string // who are told when nobody decides
}

// asked is what the messages about a request are derived from.
type asked struct {
	req  stackhand.Request
	job  *shown // once there is a job
	to   Approvals
	card string // link to the card where it was asked, as far as that is posted
}

// approvers are the ids of those who are asked to approve: people and user groups. Whoever asked is none of them, unless the rule says so; where
// too few are left for it, the administrators stand in.
func (a asked) approvers() []string {
	ids := a.req.Approvers
	if len(ids) == 0 {
		ids = a.to.Approvers
	}
	others := func(ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == a.req.Job.User.ID && !a.req.Own })
	}
	ids = others(ids)
	if len(ids) >= max(1, a.req.Needed) || slices.ContainsFunc(ids, groupID.MatchString) {
		return ids
	}
	for _, id := range others(a.to.Admins) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// mentions names people and groups so that Slack tells them; who stands for nobody at all.
func mentions(ids []string, who string) stackhand.Text {
	if len(ids) == 0 {
		return stackhand.Textf("%s", who)
	}
	var t stackhand.Text
	for i, id := range ids {
		switch {
		case i > 0 && i == len(ids)-1:
			t = t.Add(" or ")
		case i > 0:
			t = t.Add(", ")
		}
		t = t.Add("%s", stackhand.To(id))
	}
	return t
}

// deciders are those who approved, or who denied.
func (a asked) deciders(approved bool) stackhand.Text {
	var ids []string
	for _, v := range a.req.Approvals {
		if v.Approved == approved && !slices.Contains(ids, v.User) {
			ids = append(ids, v.User)
		}
	}
	return namesOf(ids)
}

func namesOf(ids []string) stackhand.Text {
	var t stackhand.Text
	for i, id := range ids {
		if i > 0 {
			t = t.Add(" and ")
		}
		t = t.Add("%s", stackhand.To(id))
	}
	return t
}

// headline says where the request stands.
func (a asked) headline() stackhand.Text {
	r := a.req
	head := func(icon string) stackhand.Text {
		return stackhand.Textf("%s %s: ", icon, stackhand.AsBold(r.Job.Title))
	}
	switch r.State {
	case stackhand.RequestApproved:
		t := append(head("👍").Add("approved by "), a.deciders(true)...)
		if a.job == nil {
			return t.Add("; it begins now")
		}
		j := a.job.job
		if !j.State.Rests() {
			return t.Add("; job %s is at work", stackhand.AsCode(j.ID))
		}
		return append(t.Add("\n"), a.job.headline()...)
	case stackhand.RequestDenied:
		return append(append(head("🚫").Add("denied by "), a.deciders(false)...), a.reason()...)
	case stackhand.RequestEnded:
		return head("⌛").Add("nobody decided until %s, so it ended; nothing was done", stackhand.At(r.Ends))
	case stackhand.RequestWithdrawn:
		return head("↩️").Add("withdrawn. %s Nothing was done.", r.Note)
	}
	t := append(head("✋").Add("waits for the approval of "), mentions(a.approvers(), "an approver")...)
	switch n := r.Approved(); {
	case r.Needed > 1 && n == 0:
		return t.Add("; %d of them are needed", r.Needed)
	case r.Needed > 1:
		return append(t.Add("; %d of %d approvals so far, by ", n, r.Needed), a.deciders(true)...)
	}
	return t
}

// reason is why the request was denied.
func (a asked) reason() stackhand.Text {
	for _, v := range a.req.Approvals {
		if !v.Approved && v.Why != "" {
			return stackhand.Textf(": %s", v.Why)
		}
	}
	return nil
}

// sheet is the card: what would be made, who wants it, and which rule wants an approval. own is the one where it was asked.
func (a asked) sheet(own bool) sheet {
	r := a.req
	open := r.State == stackhand.RequestOpen
	out := sheet{{Text: a.headline()}}
	if a.job != nil && a.card != "" && !own {
		out[0].Text = out[0].Text.Add(" · ").Add("%s", stackhand.AsLink(a.card, "its card"))
	}
	if r.Held != "" && open {
		out = append(out, part{Text: stackhand.Textf("⚠️ %s", r.Held)})
	}
	if facts := a.facts(); facts != nil {
		out = append(out, part{Text: facts})
	}
	for _, c := range r.Changed {
		out = append(out, part{Text: stackhand.Textf("✏️ %s", c), Small: true})
	}
	who := stackhand.Textf("Asked by %s", stackhand.To(r.Job.User.ID))
	if r.Rule != "" {
		who = who.Add(" · the rule %s wants an approval", stackhand.AsBold(r.Rule))
	}
	if r.Why != "" {
		who = who.Add(": %s", r.Why)
	}
	out = append(out, part{Text: who})
	foot := stackhand.Textf("%s · request %s", stackhand.AsCode(firstOf(r.Job.Line, r.Command)), stackhand.AsCode(r.ID))
	if open {
		foot = foot.Add(" · waits until %s", stackhand.At(r.Ends))
	}
	return append(out, part{Text: foot, Small: true, Actions: a.actions(own)})
}

// facts are what will be made, a line each.
func (a asked) facts() (t stackhand.Text) {
	for i, f := range a.req.Plan {
		if i > 0 {
			t = t.Add("\n")
		}
		t = append(t.Add("%s ", stackhand.AsBold(f.Name+":")), f.Value...)
	}
	return t
}

// actions are the buttons of an open request. Who may press which is checked when they do.
func (a asked) actions(own bool) []stackhand.Action {
	r := a.req
	if r.State != stackhand.RequestOpen {
		return nil
	}
	out := []stackhand.Action{{ID: "approve", Label: "Approve", Value: r.ID}}
	if slices.Contains(changeable, r.Command) || r.Command == "keep" && r.Job.Flow == flowLine {
		out = append(out, stackhand.Action{ID: "change", Label: "Change…", Value: r.ID})
	}
	out = append(out, stackhand.Action{ID: "deny", Label: "Deny…", Value: r.ID, Danger: true})
	if own {
		out = append(out, stackhand.Action{ID: "cancel", Label: "Withdraw", Value: r.ID, Confirm: "Withdraw this request? Then nobody has to decide about it."})
	}
	return out
}

// changeable are the commands whose wish approvers may change, besides that a server lasts for longer.
var changeable = []string{"create", "resize"}

// The messages about a request, besides its card where it was asked, by their keys.
const (
	keyChannel = "channel"
	keyDirect  = "dm:" // and the user's id
	keyTold    = "to:" // and who: these have got their direct messages. No message of its own
)

// wanted is a message that should be there.
type wanted struct {
	key     string
	channel string
	user    string // in whose direct conversation, where the channel is not known yet
	thread  string
	sheet   sheet
	reply   bool // is posted once and never edited
}

// copies are the cards for approvers in other places than where it was asked.
func (a asked) copies(rep stackhand.Report, home string) []wanted {
	var out []wanted
	card := a.sheet(false)
	if c := a.to.Channel; c != "" && c != home {
		out = append(out, wanted{key: keyChannel, channel: c, sheet: card})
	}
	for _, c := range rep.Copies {
		switch {
		case strings.HasPrefix(c.Key, keyDirect):
			out = append(out, wanted{key: c.Key, channel: c.Channel, user: strings.TrimPrefix(c.Key, keyDirect), sheet: card})
		case c.Key == keyChannel && len(out) == 0 && c.Channel != "": // the configuration named another one then
			out = append(out, wanted{key: keyChannel, channel: c.Channel, sheet: card})
		}
	}
	return out
}

// seen tells whether approvers see the request in a channel.
func (a asked) seen(rep stackhand.Report, home struct{ channel, thread string }) bool {
	if a.to.Channel != "" && a.to.Channel != home.channel {
		return copyOf(rep, keyChannel).Refused == ""
	}
	return !rep.Told && !a.req.Job.Place.Direct
}

// invite names those who should get the request in a direct message and have not; "" for nobody.
func (a asked) invite(rep stackhand.Report, home struct{ channel, thread string }) (who string, ids []string) {
	if a.req.State != stackhand.RequestOpen {
		return "", nil
	}
	if ids := a.approvers(); !a.seen(rep, home) && copyOf(rep, keyTold+"approvers").Key == "" && len(ids) > 0 {
		return "approvers", ids
	}
	if !a.req.Escalated.IsZero() && copyOf(rep, keyTold+"admins").Key == "" && len(a.to.Admins) > 0 {
		return "admins", a.to.Admins
	}
	return "", nil
}

// replies are what is said below the cards: to the asker where it was asked, to approvers below each card.
func (a asked) replies(rep stackhand.Report, home struct{ channel, thread string }, copies []wanted) []wanted {
	r := a.req
	asker := stackhand.To(r.Job.User.ID)
	var out []wanted
	here := func(key string, t stackhand.Text) {
		out = append(out, wanted{key: key, channel: home.channel, thread: home.thread, sheet: sheet{{Text: t}}, reply: true})
	}
	for i, c := range r.Changed {
		here(fmt.Sprintf("changed:%d", i), stackhand.Textf("%s %s", asker, c))
	}
	if r.Held != "" && r.State == stackhand.RequestOpen {
		here("held:"+digest(r.Held), stackhand.Textf("%s %s", asker, r.Held))
	}
	if !r.Escalated.IsZero() && r.State == stackhand.RequestOpen {
		here("escalated", stackhand.Textf("%s Nobody has decided about %s since %s, so the administrators are asked now.", asker, stackhand.AsBold(r.Job.Title), stackhand.At(r.Created)))
	}
	if t := a.end(); t != nil {
		here("end", t)
	}
	if r.Reminded.IsZero() || r.State != stackhand.RequestOpen {
		return out
	}
	text := mentions(a.approvers(), "Approvers").Add(": %s of %s waits for a decision since %s. The buttons are on its card; or type %s, or %s with a reason.",
		stackhand.AsBold(r.Job.Title), asker, stackhand.At(r.Created), stackhand.AsCode("approve "+r.ID), stackhand.AsCode("deny "+r.ID))
	if !rep.Told && !r.Job.Place.Direct {
		here("remind", text)
	}
	for _, c := range copies {
		if at := copyOf(rep, c.key); at.TS != "" && !at.At.After(r.Reminded) {
			out = append(out, wanted{key: "remind:" + c.key, channel: at.Channel, thread: at.TS, sheet: sheet{{Text: text}}, reply: true})
		}
	}
	return out
}

// end is what the asker is told when nothing will come of the request; nil says nothing.
func (a asked) end() stackhand.Text {
	r := a.req
	t := stackhand.Textf("%s ", stackhand.To(r.Job.User.ID))
	switch r.State {
	case stackhand.RequestDenied:
		t = append(append(t.Add("%s was denied by ", stackhand.AsBold(r.Job.Title)), a.deciders(false)...), a.reason()...)
		return t.Add("\nNothing was %s. Ask for something else, or talk to them.", a.done())
	case stackhand.RequestEnded:
		return t.Add("Nobody decided about %s until %s, so it ended. Nothing was %s; type it again if you still need it.", stackhand.AsBold(r.Job.Title), stackhand.At(r.Ends), a.done())
	case stackhand.RequestWithdrawn:
		return t.Add("%s was withdrawn. %s", stackhand.AsBold(r.Job.Title), r.Note)
	}
	return nil
}

// done is what was not done to anything, in a word.
func (a asked) done() string {
	if a.req.Job.Flow == flowLine {
		return "changed"
	}
	return "made"
}

// copyOf finds one of a report's copies; the zero Copy if there is none.
func copyOf(rep stackhand.Report, key string) stackhand.Copy {
	if i := slices.IndexFunc(rep.Copies, func(c stackhand.Copy) bool { return c.Key == key }); i >= 0 {
		return rep.Copies[i]
	}
	return stackhand.Copy{}
}
