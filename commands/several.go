package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// maxServers is how many servers one line may change or take down.
const maxServers = 20

// serversArgs is what commands take that are about servers and need no more than their names.
type serversArgs struct {
	Servers []string `arg:"server" help:"names or ids; in a server's thread, that one"`
	inCloud
	Line Line
}

// several is a line that does the same to each of the servers that it names.
type several struct {
	verb string
	args serversArgs
	// again writes the line for other names.
	again func(names []string) string
	// check refuses a server. With words it is passed over, and the words are said; a Reply beside an error holds the buttons that help.
	check   func(ctx context.Context, s *session, t target) (Reply, error)
	propose func(ctx context.Context, s *session, t target, n int) (proposal, error)
}

// hit is a server that a line means, and where it is.
type hit struct {
	session *session
	target  target
}

// run starts a job for each server. All of them are checked first, so that none starts if one cannot.
func (v several) run(ctx context.Context, env *Env, user stackhand.User) (Reply, error) {
	names := v.args.Servers
	if len(names) > maxServers {
		return Reply{}, find(v.verb).misuse("%s takes at most %d servers at once.", capital(v.verb), maxServers)
	}
	if len(names) == 0 {
		names = []string{""}
	}
	jobs := make([]*stackhand.Job, len(names))
	found := make([]*hit, len(names))
	var said stackhand.Text
	for i := range names {
		if slices.Contains(names[:i], names[i]) {
			continue
		}
		// An earlier delivery of this line may have been cut short half way.
		if job, done, err := env.started(ctx, v.args.Line, i); err != nil {
			return Reply{}, err
		} else if done {
			jobs[i] = &job
			continue
		}
		h, r, err := v.find(ctx, env, user, names, i)
		switch {
		case err != nil:
			return r, err
		case len(r.Actions) > 0:
			return r, nil // a question has to be answered first
		case len(r.Text) > 0:
			said = lineOf(said, r.Text)
		case !meant(h.target, found, jobs):
			found[i] = &h
		}
	}
	return v.startAll(ctx, found, jobs, said)
}

// meant tells whether another word of the line means the same server: a name and an id may.
func meant(t target, found []*hit, jobs []*stackhand.Job) bool {
	return slices.ContainsFunc(found, func(f *hit) bool { return f != nil && f.target.id() == t.id() }) ||
		t.stack != nil && slices.ContainsFunc(jobs, func(j *stackhand.Job) bool { return j != nil && slices.Contains(j.Stacks, t.stack.ID) })
}

func (v several) find(ctx context.Context, env *Env, user stackhand.User, names []string, i int) (hit, Reply, error) {
	again := func(id string) string {
		other := slices.Clone(names)
		other[i] = id
		return v.again(other)
	}
	s, t, err := locate(ctx, env, user, v.args.Line, v.args.Cloud, names[i], again)
	if err != nil {
		return hit{}, Reply{}, err
	}
	r, err := v.check(ctx, s, t)
	return hit{s, t}, r, err
}

func (v several) startAll(ctx context.Context, found []*hit, jobs []*stackhand.Job, said stackhand.Text) (Reply, error) {
	proposed := make([]*proposal, len(found))
	all := v.together(found)
	for n, h := range found {
		if h == nil {
			continue
		}
		h.session.together = all
		p, err := v.propose(ctx, h.session, h.target, n)
		if err != nil {
			return Reply{}, err
		}
		proposed[n] = &p
	}
	return admitAll(ctx, Reply{Text: said}, proposed, jobs)
}

// admitAll lets the jobs begin that a line has proposed, and adds to its reply what became of each of them and of those that began before.
func admitAll(ctx context.Context, r Reply, proposed []*proposal, jobs []*stackhand.Job) (Reply, error) {
	for n, p := range proposed {
		if p != nil {
			job, err := p.session.env.admit(ctx, *p)
			if err != nil {
				return Reply{}, err
			}
			jobs[n] = &job
		}
		if jobs[n] != nil {
			r = r.and(*jobs[n])
		}
	}
	return r, nil
}

// together is how many servers the line is about. Planned once more it is about as many as before, whatever has become of the others.
func (v several) together(found []*hit) int {
	if i := slices.IndexFunc(found, func(h *hit) bool { return h != nil }); i >= 0 && found[i].session.env.rehearsing != nil {
		return len(slices.Compact(slices.Sorted(slices.Values(v.args.Servers))))
	}
	return len(slices.DeleteFunc(slices.Clone(found), func(h *hit) bool { return h == nil }))
}

// and adds the answer that a job began, or waits: the card of the first one that began is the reply's.
func (r Reply) and(job stackhand.Job) Reply {
	b := begun(job)
	r.Job = first(r.Job, b.Job)
	if len(b.Begun) > 0 {
		r.Begun = lineOf(r.Begun, b.Begun)
	}
	if len(b.Text) > 0 {
		r.Text = lineOf(r.Text, b.Text)
	}
	return r
}

// lineOf puts a text on a line of its own after another.
func lineOf(t, more stackhand.Text) stackhand.Text {
	if len(t) > 0 {
		t = t.Add("\n")
	}
	return append(t, more...)
}
