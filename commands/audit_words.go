package commands

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// told is a record of the audit trail in plain words.
func (env *Env) told(ctx context.Context, rec stackhand.AuditRecord) stackhand.Text {
	text := env.deed(ctx, rec)
	if rec.Rule != "" && rec.What != stackhand.AuditEnded && rec.What != stackhand.AuditDecided && !strings.Contains(rec.Problem, rec.Rule) {
		text = text.Add(" By rule %q: %s.", rec.Rule, first(map[string]string{"approve": "needs approval"}[rec.Verdict], rec.Verdict, "decided"))
	}
	for _, ap := range rec.Approvals {
		verb := "Denied"
		if ap.Approved {
			verb = "Approved"
		}
		text = text.Add(" %s by %s.", verb, env.person(ctx, ap.User))
		if ap.Why != "" {
			text = text.Add(" %s", ended(ap.Why))
		}
	}
	if rec.Link != "" {
		text = text.Add(" (%s)", stackhand.AsLink(rec.Link, env.whereabouts(rec.Place)))
	}
	return text
}

// whereabouts is what a place is called.
func (env *Env) whereabouts(p stackhand.Place) string {
	switch {
	case p.Direct:
		return "direct message"
	case env.Channel != nil && env.Channel(p.Channel) != "":
		return "#" + strings.TrimPrefix(env.Channel(p.Channel), "#")
	}
	return "in Slack"
}

// deed is what was done.
func (env *Env) deed(ctx context.Context, rec stackhand.AuditRecord) stackhand.Text {
	who := stackhand.AsBold("the bot")
	if rec.User != "" {
		who = stackhand.AsBold(first(env.personOr(ctx, rec.User, rec.Name), rec.User))
	}
	line := stackhand.AsCode(env.withNames(ctx, first(rec.Line, rec.Command, "something")))
	switch {
	case rec.What == stackhand.AuditRefused:
		return stackhand.Textf("%s was refused %s: %s", who, line, ended(first(rec.Problem, rec.Result)))
	case rec.What == stackhand.AuditDecided && rec.Result == NotSaved:
		return stackhand.Textf("What %s decided about job %s just before did not count, because somebody else decided at the same moment.", who, stackhand.AsCode(rec.Job))
	case rec.What == stackhand.AuditDecided && rec.User == "":
		return stackhand.Textf("Job %s was not begun: %s", stackhand.AsCode(rec.Job), ended(first(rec.Why, "nobody decided about it in time")))
	case rec.What == stackhand.AuditDecided:
		return stackhand.Textf("%s %s job %s, which is %s now.", who, first(decisions[rec.Verdict], "decided about"), stackhand.AsCode(rec.Job), first(rec.Result, "open"))
	case rec.What == stackhand.AuditEnded:
		t := stackhand.Textf("Job %s of %s %s: ", stackhand.AsCode(rec.Job), who, stands(stackhand.Job{State: stackhand.JobState(rec.Result)}))
		title, login := howEnded(rec)
		if title != "" {
			t = t.Add("%s", title)
		} else {
			t = t.Add("%s", line)
		}
		if login != "" {
			t = t.Add(", with the bot's own login (%s)", login)
		}
		t = t.Add(".")
		if rec.Problem != "" {
			t = t.Add(" %s", ended(rec.Problem))
		}
		return t
	case rec.What == stackhand.AuditLogin:
		verb := "logged in to"
		if rec.Command == "logout" {
			verb = "logged out of"
		}
		return stackhand.Textf("%s %s %s as %s%s.", who, verb, rec.Cloud, first(rec.CloudUser, "nobody"), inProject(rec))
	case rec.What == stackhand.AuditOperator:
		return operated(who, line, rec)
	case rec.What == stackhand.AuditLease && rec.User == "":
		return byItself(rec)
	}
	t := stackhand.Textf("%s asked for %s", who, line)
	if name := called(rec); name != "" && rec.Place.Thread != "" && !strings.Contains(rec.Line, name) {
		t = t.Add(" (%s)", name)
	}
	if rec.CloudUser != "" {
		t = t.Add(" as %s of %s%s", rec.CloudUser, rec.Cloud, inProject(rec))
	}
	if rec.Job != "" {
		t = t.Add(", job %s", stackhand.AsCode(rec.Job))
	}
	return t.Add(".").Add("%s", unasked(rec))
}

// unasked says that an administrator took a server in whose maker nobody could ask; "" for anything else.
func unasked(rec stackhand.AuditRecord) string {
	var spec stackhand.AdoptSpec
	if err := json.Unmarshal(rec.Resolved, &spec); err != nil || !spec.Unasked {
		return ""
	}
	return " Whoever made " + spec.Name + " was not asked: " + first(spec.Maker, "somebody unknown") + " of the cloud, who is nobody known here."
}

// howEnded is what the card of a job that ended is called, "" where that is not on record, and the login that was used instead of
// its user's.
func howEnded(rec stackhand.AuditRecord) (title, login string) {
	var job struct {
		Title string `json:"title"`
		Login string `json:"login"`
	}
	_ = json.Unmarshal(rec.Resolved, &job) // of another shape: then it has no title
	return job.Title, job.Login
}

// withNames writes names for the ids of people who are mentioned in a line.
func (env *Env) withNames(ctx context.Context, line string) string {
	return mentioned.ReplaceAllStringFunc(line, func(m string) string { return "@" + env.person(ctx, m[1:]) })
}

var mentioned = regexp.MustCompile(`@[UW][A-Z0-9]{4,30}\b`)

// personOr is how somebody is called now, or else was called then.
func (env *Env) personOr(ctx context.Context, id, then string) string {
	if name := env.person(ctx, id); name != id {
		return name
	}
	return then
}

func inProject(rec stackhand.AuditRecord) string {
	if rec.Project == "" {
		return ""
	}
	return ", project " + rec.Project
}

// decisions are what an approver did, in words.
var decisions = map[string]string{"approve": "approved", "deny": "denied", "withdraw": "withdrew"}

// operated is what was done to the bot as a whole.
func operated(who, line stackhand.Span, rec stackhand.AuditRecord) stackhand.Text {
	var what struct {
		Version string   `json:"version"`
		Digest  string   `json:"config_sha256"`
		Changed []string `json:"changed"`
	}
	_ = json.Unmarshal(rec.Resolved, &what) // of another shape: then it says nothing here
	switch {
	case rec.User != "":
		return stackhand.Textf("%s asked for %s.", who, line)
	case rec.Command == "start":
		return stackhand.Textf("The bot was started: version %s, configuration %s.", what.Version, clip(what.Digest, 12))
	case rec.Command == "reload" && rec.Problem != "":
		return stackhand.Textf("The configuration was read anew and refused; the old one stays: %s", ended(rec.Problem))
	case rec.Command == "reload":
		return stackhand.Textf("The configuration was read anew%s.", inBrackets(what.Changed))
	}
	return stackhand.Textf("The bot: %s. %s", stackhand.AsCode(rec.Command), ended(rec.Why))
}

// called is what the things that a record is about are called, without their ids.
func called(rec stackhand.AuditRecord) string {
	var names []string
	for _, w := range rec.About {
		if !stackID.MatchString(w) && !isID(w) && !slackID.MatchString(w) && !slices.Contains(names, w) {
			names = append(names, w)
		}
	}
	return strings.Join(names, ", ")
}

// byItself is what the bot did with a lease.
func byItself(rec stackhand.AuditRecord) stackhand.Text {
	of := first(called(rec), "a server")
	if rec.Command == "warn" {
		var warned struct {
			Until time.Time `json:"until"`
		}
		if json.Unmarshal(rec.Resolved, &warned) == nil && !warned.Until.IsZero() {
			return stackhand.Textf("The warning that %s ends at %s was delivered.", of, stackhand.At(warned.Until))
		}
		return stackhand.Textf("The warning of the end of %s was delivered.", of)
	}
	t := stackhand.Textf("The bot began %s of %s", stackhand.AsCode(rec.Command), of)
	if rec.Job != "" {
		t = t.Add(", job %s", stackhand.AsCode(rec.Job))
	}
	return t.Add(": %s", ended(first(rec.Why, "by its lease")))
}
