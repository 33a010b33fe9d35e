package commands

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// ofAnother is the cause of a refusal: the server belongs to somebody else, who can be asked.
type ofAnother struct{ stack stackhand.Stack }

func (n ofAnother) Error() string { return "the stack " + n.stack.ID + " is of " + n.stack.Lease.Owner }

type askArgs struct {
	Server string `arg:"server" help:"name or id; in a server's thread, that one"`
	For    string `opt:"for" value:"\"reboot\"" help:"the line that you want done; without it, to share the server with you"`
	inCloud
	Line Line
}

var _ = add(Command[askArgs]{
	Name:     "ask",
	Help:     "ask a server's owner to do something with it, or to share it with you",
	Examples: []string{"ask web-1", `ask web-1 --for "reboot --hard"`},
	Role:     stackhand.Member,
	Run:      askOwner,
})

type grantArgs struct {
	Request string `arg:"request" required:"true" help:"id of the notice that asked"`
	Line    Line
}

var _ = add(Command[grantArgs]{
	Name: "grant", Help: "do what somebody asked for about a server of yours", Role: stackhand.Member, Hidden: true, Run: grant,
})

const (
	maxWanted = 300                // characters of a line that is asked for: its reader sees all of it
	askedFor  = 3 * 24 * time.Hour // how long what was asked for can be done at a press
)

// wanted is a line that somebody wants done to a stack: in the words of its reader, and with the stack's id.
type wanted struct{ verb, shown, line string }

// onStack writes a command's line for one stack, whatever server it was typed for; not ok is a command that is about none.
func (e *entry) onStack(args reflect.Value, name string) (string, bool) {
	at := slices.IndexFunc(e.specs, func(s spec) bool { return s.arg == "server" })
	if at < 0 {
		return "", false
	}
	copied := reflect.New(args.Type()).Elem()
	copied.Set(args)
	if f := copied.FieldByIndex(e.specs[at].index); f.Kind() == reflect.Slice {
		f.Set(reflect.ValueOf([]string{name}))
	} else {
		f.SetString(name)
	}
	return e.format(copied), true
}

// askAction is the button that asks the owner for what was refused; not ok where nobody can be asked.
func (env *Env) askAction(ctx context.Context, c call, line Line, err error) (stackhand.Action, bool) {
	var not ofAnother
	if env.Notices == nil || len(line.Files) > 0 || !errors.As(err, &not) {
		return stackhand.Action{}, false
	}
	said, ok := c.entry.onStack(c.args, not.stack.Name)
	value := quote(not.stack.ID)
	if ok && c.entry.Name != "ask" && len([]rune(said)) <= maxWanted && !strings.Contains(said, "\n") {
		value += " --for " + quote(said)
	}
	return stackhand.Action{ID: "ask", Label: clip("Ask "+env.person(ctx, not.stack.Lease.Owner), 70), Value: value}, ok
}

func askOwner(ctx context.Context, env *Env, user stackhand.User, a askArgs) (Reply, error) {
	st, err := env.asked(ctx, user, a)
	if err != nil {
		return Reply{}, err
	}
	if st.Of(user) || user.Role >= stackhand.Admin {
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "%s is yours to use, so there is nobody to ask.", st.Name).Do("Say it yourself.")
	}
	want, err := wantedOf(st, a.For)
	if err != nil {
		return Reply{}, err
	}
	owner := env.person(ctx, st.Lease.Owner)
	if err := env.reachable(ctx, st); err != nil {
		return Reply{}, err
	}
	fresh, err := env.tell(ctx, request(st, user, want, env.Now()))
	switch {
	case err != nil:
		return Reply{}, err
	case !fresh:
		return Reply{}, stackhand.Errorf(stackhand.Conflict, "You asked %s for that today already.", owner).Do("Wait for the answer, or talk to them.")
	}
	if want.line == "" {
		return Reply{Text: stackhand.Textf("%s was asked to share %s with you.", owner, st.Name)}, nil
	}
	return Reply{Text: stackhand.Textf("%s was asked: %s. You are told when it is done.", owner, stackhand.AsCode(want.shown))}, nil
}

// asked is the server that a request is about.
func (env *Env) asked(ctx context.Context, user stackhand.User, a askArgs) (stackhand.Stack, error) {
	if st, ok := env.stackOf(ctx, a.Server); ok && st.State != stackhand.StackGone {
		return st, nil
	}
	_, t, err := locate(ctx, env, user, a.Line, a.Cloud, a.Server, func(id string) string { a.Server = id; return format("ask", a) })
	if err == nil && t.stack == nil {
		err = stackhand.Errorf(stackhand.Conflict, "%s was not made here, so nobody here owns it.", t.name()).Do("Ask an administrator.")
	}
	if err != nil {
		return stackhand.Stack{}, err
	}
	return *t.stack, nil
}

// reachable refuses to ask an owner who gets no answers here any more.
func (env *Env) reachable(ctx context.Context, st stackhand.Stack) error {
	if env.Notices == nil {
		return stackhand.Errorf(stackhand.Unavailable, "Nobody can be asked here.").Do("Try it in Slack.")
	}
	if env.Who == nil {
		return nil
	}
	found, err := env.Who(ctx, "@"+st.Lease.Owner)
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0].Refused != nil {
		return stackhand.Errorf(stackhand.Conflict, "%s belongs to %s, who cannot be asked any more.", st.Name, env.person(ctx, st.Lease.Owner)).
			Do("Ask an administrator: they may `transfer` it.")
	}
	return nil
}

// wantedOf reads the line that somebody wants done. Whatever server it names, it means the stack.
func wantedOf(st stackhand.Stack, text string) (wanted, error) {
	if strings.TrimSpace(text) == "" {
		return wanted{verb: "share"}, nil
	}
	words, err := typed{text: text}.words()
	if err != nil || len([]rune(text)) > maxWanted || strings.Contains(text, "\n") {
		return wanted{}, find("ask").misuse("That cannot be asked for: it is too long, or cannot be read.")
	}
	c, err := strict(words)
	if err != nil {
		return wanted{}, err
	}
	line, ok := c.entry.onStack(c.args, st.ID)
	if !ok || c.entry.hidden || c.entry.Name == "ask" || c.entry.Role > stackhand.Member {
		return wanted{}, find("ask").misuse("%s is nothing that is done to a server.", capital(c.entry.Name))
	}
	shown, _ := c.entry.onStack(c.args, st.Name)
	return wanted{c.entry.Name, shown, line}, nil
}

// forThemselves are commands that help nobody but who gives them, and those by which an owner gives something away: they
// have no button that does them.
var forThemselves = []string{"console log", "console url", "password", "show", "events", "addresses", "transfer", "unshare"}

// request is what the owner is told, once a day for each person and command.
func request(st stackhand.Stack, by stackhand.User, want wanted, now time.Time) stackhand.Notice {
	n := stackhand.Notice{
		ID:  strings.Join([]string{"ask", st.ID, by.ID, want.verb, now.UTC().Format(time.DateOnly)}, "/"),
		Job: st.Job, User: st.Lease.Owner, By: by.ID, Line: want.line,
		Text: stackhand.Textf("%s asks you to share %s with them.", stackhand.To(by.ID), stackhand.AsBold(st.Name)),
	}
	if want.line != "" {
		n.Text = stackhand.Textf("%s may not do this to %s, and asks you for it: %s", stackhand.To(by.ID), stackhand.AsBold(st.Name), stackhand.AsCode(want.shown))
		if !slices.Contains(forThemselves, want.verb) {
			n.Actions = append(n.Actions, stackhand.Action{ID: "grant", Label: "Do it", Value: n.ID, Danger: want.verb == "delete" || want.verb == "rebuild",
				Confirm: clip("Do this as yourself: "+want.shown, 290)})
		}
	}
	n.Actions = append(n.Actions, stackhand.Action{ID: "choose", Label: "Share " + clip(st.Name, 50), Value: "share " + quote(st.ID) + " @" + by.ID,
		Confirm: "Let them do everything with " + clip(st.Name, 100) + " but share it or give it away?"})
	return n
}

// grant does what somebody asked for, with the rights of who presses the button. What is done comes from the record, never
// from the button.
func grant(ctx context.Context, env *Env, user stackhand.User, a grantArgs) (Reply, error) {
	n, st, err := env.grantable(ctx, user, a.Request)
	if err != nil {
		return Reply{}, err
	}
	if err := env.claim(ctx, n.ID, a.Line.Key); err != nil {
		return Reply{}, err
	}
	r, err := Do(ctx, env, user, Line{Text: encode(n.Line), Place: a.Line.Place, Key: a.Line.Key})
	if err != nil || r.Job == "" && !r.Public { // a question to be answered first, or nothing that counts
		if uerr := env.unclaim(ctx, n.ID, a.Line.Key); uerr != nil {
			return r, errors.Join(err, uerr)
		}
		return r, err
	}
	done := stackhand.Textf("%s did what %s asked for: %s", stackhand.To(user.ID), stackhand.To(n.By), stackhand.AsCode(strings.ReplaceAll(n.Line, st.ID, st.Name)))
	if err := env.Notices.ReviseNotice(ctx, n.ID, done); err != nil {
		return r, err
	}
	return r, env.tellSomebody(ctx, n.By, "did/"+n.ID, st, done)
}

// claim makes the answer to a notice this line's: of two presses one does what was asked for. A line that was cut short, and is
// delivered again, has it already.
func (env *Env) claim(ctx context.Context, notice, key string) error {
	_, err := env.Notices.ChangeNotice(ctx, notice, func(n *stackhand.Notice) error {
		if n.Taken != "" && n.Taken != key {
			return stackhand.Errorf(stackhand.Conflict, "That is being done already, by an earlier press.").Do("Its message says so when it is done; `jobs` shows how it goes.")
		}
		n.Taken = key
		return nil
	})
	return err
}

// unclaim lets a notice be answered again, since nothing came of this line.
func (env *Env) unclaim(ctx context.Context, notice, key string) error {
	_, err := env.Notices.ChangeNotice(ctx, notice, func(n *stackhand.Notice) error {
		if n.Taken == key {
			n.Taken = ""
		}
		return nil
	})
	return err
}

// grantable reads what was asked for, if it can still be done, by this user.
func (env *Env) grantable(ctx context.Context, user stackhand.User, id string) (stackhand.Notice, stackhand.Stack, error) {
	none := stackhand.Errorf(stackhand.NotFound, "There is no such request.").Do("Type the command instead; see `help`.")
	part := strings.Split(id, "/")
	if env.Notices == nil || len(part) != 5 || part[0] != "ask" {
		return stackhand.Notice{}, stackhand.Stack{}, none
	}
	n, err := env.Notices.Notice(ctx, id)
	if stackhand.KindOf(err) == stackhand.NotFound || err == nil && (n.Line == "" || n.By == "") {
		return n, stackhand.Stack{}, none
	}
	if err != nil {
		return n, stackhand.Stack{}, err
	}
	st, err := env.Stacks.Stack(ctx, part[1])
	switch {
	case err != nil:
		return n, st, err
	case len(n.Actions) == 0:
		return n, st, stackhand.Errorf(stackhand.Conflict, "That was done already.").Do("`jobs` shows what became of it.")
	case env.Now().After(n.Created.Add(askedFor)):
		return n, st, stackhand.Errorf(stackhand.Conflict, "That was asked for too long ago.").Do("If it is still wanted, type it.")
	}
	return n, st, env.mayChange(ctx, user, st, "do that to")
}
