package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

// pairArgs is the arguments of a command about a server and something that is added to it or taken from it.
type pairArgs[A any] interface {
	// parts are the server's name, the thing's, and the rest of what finds them.
	parts() parts
	with(server, thing string) A
}

type parts struct {
	server, thing string
	cloud         string
	line          Line
}

// pairing is such a command. In a server's thread the server may be left out: a single word means the thing then.
type pairing[A pairArgs[A]] struct {
	change
	help    string
	example string
	title   string // of the job, with the thing's name and the server's
	fresh   string // of the job that makes the thing as well, with the server's name
	// isThing tells whether a single word in a thread is the thing; nil is that any word is.
	isThing func(word string) bool
	// resolve settles what the line means by the thing. Words are the answer to a line that needs no job.
	resolve func(ctx context.Context, s *session, t target, a A, spec *stackhand.ActSpec) (stackhand.Text, error)
}

func addPairing[A pairArgs[A]](p pairing[A]) bool {
	return add(Command[A]{Name: p.verb, Help: p.help, Examples: []string{p.example}, Role: stackhand.Member, Run: p.run})
}

func (p pairing[A]) run(ctx context.Context, env *Env, user stackhand.User, a A) (Reply, error) {
	x := a.parts()
	if job, done, err := env.started(ctx, x.line, 0); err != nil || done {
		return begun(job), err
	}
	if x.line.Place.Thread != "" && x.thing == "" && x.server != "" && (p.isThing == nil || p.isThing(x.server)) {
		x.server, x.thing = "", x.server
		a = a.with(x.server, x.thing)
	}
	s, t, err := p.find(ctx, env, user, oneServer{x.line, x.cloud, x.server, func(id string) string { return format(p.verb, a.with(id, x.thing)) }})
	if err != nil {
		return Reply{}, err
	}
	if err := s.inProjectOf(t); err != nil {
		return Reply{}, err
	}
	spec := stackhand.ActSpec{Verb: p.verb}
	var said stackhand.Text
	err = s.again(func() (err error) {
		said, err = p.resolve(ctx, s, t, a, &spec)
		return err
	})
	if err != nil {
		// A button stands for the server by its id: it may be pressed outside of the thread.
		return Reply{}, ask(err, func(id string) string { return format(p.verb, a.with(t.id(), id)) })
	}
	if len(said) > 0 {
		return Reply{Text: said}, nil
	}
	title := stackhand.Textf(p.title, spec.Target, t.name())
	if spec.Target == "" && p.fresh != "" {
		title = stackhand.Textf(p.fresh, t.name())
	}
	return s.acted(ctx, x.line, t, title.String(), spec)
}

// inProjectOf refuses a session that reaches a server from another project, as an administrator's may: the things to add
// to it or to take from it are looked for in the session's own.
func (s *session) inProjectOf(t target) error {
	st := t.stack
	if st == nil || st.ProjectID == s.who.ProjectID {
		return nil
	}
	return stackhand.Errorf(stackhand.Unauthorized, "%s is in the project %s of %s, and you are logged in to %s.", st.Name, st.Project, st.Cloud, s.who.Project).
		Do("Log in to %s, then say it again.", st.Project).Because(NoLogin{Cloud: st.Cloud, ProjectID: st.ProjectID})
}

// suiting finds the thing that a word means. Without a word it is the only one that suits, or the asker chooses.
func suiting[T any](kind, word string, all []T, of func(T) thing, suits func(T) bool, none *stackhand.Error) (T, error) {
	if word != "" {
		return pick(kind, word, all, of, false)
	}
	var fit []T
	for _, it := range all {
		if suits(it) {
			fit = append(fit, it)
		}
	}
	if len(fit) == 0 {
		var zero T
		return zero, none
	}
	c := &choice{kind: kind}
	for _, it := range fit {
		c.things = append(c.things, of(it))
	}
	return fit[0], c
}
