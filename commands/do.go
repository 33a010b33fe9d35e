package commands

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/stackhand/stackhand"
)

// Do carries out a line: it is the one entry to the core for whoever types. Errors are
// *stackhand.Error wherever people may read them, with the usage or the nearest command in
// Next; a Reply beside an error holds the buttons that help against it.
func Do(ctx context.Context, env *Env, user stackhand.User, line Line) (Reply, error) {
	env = env.current().audited(user, line)
	if what, yes := Secretlike(line.Text); yes {
		return Reply{}, env.refused(ctx, nil, stackhand.Errorf(stackhand.Invalid, "That line seems to hold %s, so nothing was done with it.", what).
			Do("Delete your message and consider the secret known. Secrets are entered in the form that `login` opens, nowhere else."))
	}
	t := read(env, line.Text)
	line.Text = t.text
	c, err := understand(ctx, env, user, t)
	if err != nil {
		return settle(Reply{}, err)
	}
	env.understood(c.entry, c.args, line.Text)
	if user.Role < c.entry.Role || user.Role < stackhand.Member {
		return Reply{}, env.refused(ctx, c.entry, stackhand.Errorf(stackhand.Forbidden, "%s is not for a%s.", capital(c.entry.Name), article(user.Role.String())).
			Do("Ask somebody who is a%s.", article(c.entry.Role.String())))
	}
	said := c.entry.format(c.args)
	line.read = &reading{entry: c.entry, args: c.args}
	giveLine(c.args, line)
	reply, err := c.entry.run(ctx, env, user, c.args)
	reply, err = settle(reply, env.refused(ctx, c.entry, err))
	reply = env.local(ctx, user, reply)
	if ask, ok := env.askAction(ctx, c, line, err); ok {
		reply.Actions = append(reply.Actions, ask)
	}
	if !c.exact && !(err != nil && telling[c.entry.Name]) {
		reply.Notice = stackhand.Textf("Understood as %s", stackhand.AsCode(clip(strings.Join(strings.Fields(said), " "), 500)))
	}
	if c.entry.reads && err == nil && len(reply.Actions) == 0 && !reply.Private {
		if c.public {
			reply.Public = true
		} else if share := said + " --public"; len(share) <= maxValue {
			reply.Share = share
		}
	}
	return reply, err
}

// refused writes down that the line came to nothing where err says so, and answers err. e is nil for a line that is not
// understood.
func (env *Env) refused(ctx context.Context, e *entry, err error) error {
	if env.trail == nil || err == nil {
		return err
	}
	if e != nil && telling[e.Name] {
		env.note(func(r *stackhand.AuditRecord) { r.Line = e.Name + " …" }) // what it did not understand may be a secret
	}
	return env.trail.refused(ctx, e != nil && e.reads, err)
}

// settle turns a choice into the question, and adds to an error the button that helps.
func settle(r Reply, err error) (Reply, error) {
	var c *choice
	if errors.As(err, &c) {
		return c.reply(), nil
	}
	if stackhand.KindOf(err) == stackhand.Unauthorized {
		r.Actions = append(r.Actions, loginAgainst(err))
	}
	return r, err
}

// giveLine puts the line into the field of the arguments that wants it, embedded ones too.
func giveLine(args reflect.Value, line Line) {
	for i := range args.NumField() {
		switch f := args.Field(i); {
		case f.Type() == typeLine:
			f.Set(reflect.ValueOf(line))
		case args.Type().Field(i).Anonymous:
			giveLine(f, line)
		}
	}
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "n " + noun
	}
	return " " + noun
}

// Submit carries out a form that somebody sent: it answers a Reply, which may hold the next
// form, or what is wrong with single inputs, by their ids.
func Submit(ctx context.Context, env *Env, user stackhand.User, formID, state string, values map[string]string, line Line) (Reply, map[string]string, error) {
	env = env.current().audited(user, line)
	r, wrong, err := env.submit(ctx, user, formID, state, values, line)
	return env.local(ctx, user, r), wrong, env.refused(ctx, nil, err)
}

func (env *Env) submit(ctx context.Context, user stackhand.User, formID, state string, values map[string]string, line Line) (Reply, map[string]string, error) {
	if user.Role < stackhand.Member {
		return Reply{}, nil, stackhand.Errorf(stackhand.Forbidden, "Forms are not for a guest.").Do("Ask an administrator of this workspace.")
	}
	switch formID {
	case formLogin:
		env.note(func(r *stackhand.AuditRecord) { r.Command = "login" })
		return submitLogin(ctx, env, user, state, values)
	case formProject:
		env.note(func(r *stackhand.AuditRecord) { r.Command = "login" })
		return submitProject(ctx, env, user, state, values)
	case formLine:
		r, err := submitLine(ctx, env, user, state, values, line)
		return r, nil, err
	}
	return Reply{}, nil, stackhand.Errorf(stackhand.Invalid, "This form is no longer in use.").Do("Close it and type the command again.")
}

// acting are the buttons whose value is the id of what they act on, with their commands.
var acting = map[string]string{
	"reboot": "reboot", "delete": "delete", "extend": "extend", "cancel": "cancel", "retry": "retry",
	"start": "start", "unshelve": "unshelve", "stop": "stop", "archive": "archive", "needed": "needed",
	"approve": "approve", "deny": "deny",
	"keep": "keep", "cleanup": "cleanup", "show": "show", "help": "help", "list": "list", "home": "list",
	"accept": "transfer accept", "decline": "transfer decline", "withdraw": "transfer withdraw", "grant": "grant",
}

// ClickLine is the line that a button stands for. The value may be forged: Do checks it like
// anything that was typed.
func ClickLine(actionID, value string) (string, bool) {
	switch actionID {
	case "choose", "share", "page":
		return encode(value), value != ""
	case "change": // a request, which is approved otherwise
		return encode("approve " + quote(value) + " --change"), value != ""
	case "login", "ask": // a cloud or a server, and options
		return encode(strings.TrimSpace(actionID + " " + value)), true
	}
	verb, ok := acting[actionID]
	if !ok {
		return "", false
	}
	if strings.HasPrefix(value, adoptionPrefix) { // the same buttons as those of a transfer
		verb = strings.Replace(verb, "transfer ", "adopt ", 1)
	}
	if value == "" {
		return verb, true
	}
	return encode(verb + " " + quote(value)), true
}
