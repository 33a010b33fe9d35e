package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// rehearsal is a line that is planned once more without anything being started: what it would start is caught.
type rehearsal struct {
	id  string // of the job that is looked for
	got *stackhand.Request
}

// hear catches what would be started, if it is what is looked for.
func (t *rehearsal) hear(ctx context.Context, env *Env, p proposal) error {
	if p.job.ID != t.id {
		return nil
	}
	r, err := env.request(ctx, p)
	t.got = &r
	return err
}

// instead is what approvers may change of a request; zero values change nothing.
type instead struct {
	For    time.Duration
	Flavor string
	Count  int
}

func (w instead) empty() bool { return w == instead{} }

// replan plans a request anew as whoever asked for it, with their own credentials and what they may do by now: every name is
// resolved again and every rule is asked again. Nothing is written.
func (env *Env) replan(ctx context.Context, r stackhand.Request, w instead) (stackhand.Request, error) {
	e := find(r.Command)
	if len(r.Args) > 0 && r.Args[0] == '"' { // still sealed
		_, err := env.Requests.Request(ctx, r.ID)
		return r, err
	}
	if e == nil || len(r.Args) == 0 {
		return r, stackhand.Errorf(stackhand.NeedsHuman, "Request %s was written by another version of this bot, which planned it differently.", r.ID).
			Do("Withdraw it with `cancel %s`, and ask anew.", r.ID)
	}
	asker, err := env.asker(ctx, r.Job.User)
	if err != nil {
		return r, err
	}
	args := reflect.New(e.args)
	if err := json.Unmarshal(r.Args, args.Interface()); err != nil {
		return r, fmt.Errorf("arguments of request %s: %w", r.ID, err)
	}
	if err := w.into(e, args.Elem()); err != nil {
		return r, err
	}
	line := lineIn(args.Elem())
	line.read = &reading{entry: e, args: args.Elem()}
	giveLine(args.Elem(), line)
	try := *env
	if env.unrecorded != nil { // nothing is done, and what the asker may do is no part of who decides
		try = *env.unrecorded
	}
	try.rehearsing = &rehearsal{id: r.ID}
	reply, err := settle(e.run(ctx, &try, asker, args.Elem()))
	switch {
	case err != nil:
		return r, err
	case try.rehearsing.got == nil:
		return r, stackhand.Errorf(stackhand.Conflict, "It cannot be done any more as it was asked. %s", reply.Words()).Do("Ask anew.")
	}
	return *try.rehearsing.got, nil
}

// asker is who asked for a request, as they are now: they may have lost a role since, or be no member any more.
func (env *Env) asker(ctx context.Context, user stackhand.User) (stackhand.User, error) {
	if env.Member == nil {
		return user, nil
	}
	now, err := env.Member(ctx, user.ID)
	name := env.person(ctx, user.ID)
	switch {
	case stackhand.KindOf(err) == stackhand.Forbidden:
		return now, stackhand.Errorf(stackhand.Forbidden, "%s may not use servers here any more.", capital(name)).Because(err)
	case stackhand.Temporary(err):
		return now, stackhand.Errorf(stackhand.Unavailable, "Slack does not tell me what %s may do now, so your approval did not pass.", name).
			Do("Try again in a minute.").Because(err)
	}
	return now, err
}

// into puts it into the arguments of a command, which must have an option for each part of it.
func (w instead) into(e *entry, args reflect.Value) error {
	for name, v := range map[string]any{"for": w.For, "flavor": w.Flavor, "count": w.Count} {
		if reflect.ValueOf(v).IsZero() {
			continue
		}
		i := slices.IndexFunc(e.specs, func(s spec) bool { return slices.Contains(s.opts, name) && s.typ == reflect.TypeOf(v) })
		if i < 0 {
			return stackhand.Errorf(stackhand.Invalid, "%s has no --%s that could be changed.", capital(e.Name), name).Do("Approve it as it is, or deny it with a reason.")
		}
		args.FieldByIndex(e.specs[i].index).Set(reflect.ValueOf(v))
	}
	return nil
}

// lineIn is the line that arguments hold.
func lineIn(args reflect.Value) Line {
	for i := range args.NumField() {
		if args.Type().Field(i).Type == typeLine {
			return args.Field(i).Interface().(Line)
		}
		if args.Type().Field(i).Anonymous {
			if l := lineIn(args.Field(i)); l.Key != "" {
				return l
			}
		}
	}
	return Line{}
}

// cannot is why a request that somebody approved cannot go on, in words for whoever asked.
func (env *Env) cannot(ctx context.Context, r stackhand.Request, err error) (held string, told error) {
	asker := env.person(ctx, r.Job.User.ID)
	var e *stackhand.Error
	switch {
	case stackhand.KindOf(err) == stackhand.Unauthorized:
		e = stackhand.Errorf(stackhand.Conflict, "%s is not logged in to %s any more, and only with a login of their own can it be planned.", capital(asker), r.Job.Cloud).
			Do("Once %s has said `login`, approve it again; the request waits until %s.", asker, stackhand.At(r.Ends))
	case errors.As(err, &e) && !stackhand.Temporary(err):
		e = stackhand.Errorf(stackhand.Conflict, "%s cannot be done now as it was asked: %s", r.Job.Title, ended(e.Msg)).
			Do("%sThe request waits until %s; change it, deny it, or `cancel %s` and ask anew.", strings.TrimLeft(e.Next+" ", " "), stackhand.At(r.Ends), r.ID)
	default:
		return "", err
	}
	return e.Msg + " " + e.Next, e
}

// renew puts what was planned anew into a request; what people decided about it stays.
func renew(r *stackhand.Request, fresh stackhand.Request) {
	r.Job, r.Stacks, r.Args, r.Plan, r.Print = fresh.Job, fresh.Stacks, fresh.Args, fresh.Plan, fresh.Print
	if fresh.Rule != "" { // "": by the rules of now it would need no approval; those who were asked go on deciding
		r.Rule, r.Why, r.Approvers, r.Needed, r.Own = fresh.Rule, fresh.Why, fresh.Approvers, fresh.Needed, fresh.Own
	}
	r.Held = ""
}

// replace puts another plan into a request: nobody has approved that yet.
func replace(r *stackhand.Request, fresh stackhand.Request) {
	renew(r, fresh)
	r.Approvals = nil
}

// differences tells in words what two plans show differently; what is left of the quotas, which others change all the
// time, only where that is all.
func differences(before, after []stackhand.Fact) string {
	left := ""
	old, said := map[string]string{}, []string{}
	for _, f := range before {
		old[f.Name] = f.Value.String()
	}
	for _, f := range after {
		now := f.Value.String()
		if was, there := old[f.Name]; !there {
			said = append(said, fmt.Sprintf("%s: %s", f.Name, now))
		} else if was != now {
			words := fmt.Sprintf("%s: %s instead of %s", f.Name, now, was)
			if f.Name == factLeft {
				left = words
			} else {
				said = append(said, words)
			}
		}
		delete(old, f.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		said = append(said, "no "+name+" any more")
	}
	return first(strings.Join(said, "; "), left, "its details")
}

// planPrint tells two plans apart: by all that the job gets to do, and by what it costs and may take.
func planPrint(job stackhand.Job, stacks []stackhand.Stack, more ...any) (string, error) {
	var names []string
	for _, st := range stacks {
		names = append(names, st.Name)
	}
	raw, err := json.Marshal(append([]any{job.Flow, job.Title, job.Cloud, job.Scope, job.Input, names}, more...))
	if err != nil {
		return "", fmt.Errorf("planPrint of %s: %w", job.ID, err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), nil
}
