package commands

import (
	"context"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// namedArgs is what every command takes that shows one thing.
type namedArgs struct {
	Name string `arg:"name" required:"true" help:"name or id"`
	inCloud
}

// showing is a command that shows one thing of a kind.
type showing[T any] struct {
	kind    kindOf[T]
	name    string // of the command
	help    string
	example string
	fields  func(ctx context.Context, s *session, it T, p *page) error
}

// page collects the fields of a reply.
type page struct {
	status string // behind the name in the heading
	fields []Field
}

// add adds a field; one without a value is left out.
func (p *page) add(name, value string) {
	if value != "" {
		p.fields = append(p.fields, Field{name, stackhand.Textf("%s", value)})
	}
}

// when adds a moment, unless it is unknown.
func (p *page) when(name string, at time.Time) {
	if !at.IsZero() {
		p.fields = append(p.fields, Field{name, stackhand.Textf("%s", stackhand.At(at))})
	}
}

// addShow puts a command into the table that shows one thing of a kind.
func addShow[T any](v showing[T]) bool {
	return add(Command[namedArgs]{
		Name: v.name, Help: v.help, Examples: []string{v.example}, Role: stackhand.Member, Reads: true,
		Run: func(ctx context.Context, env *Env, user stackhand.User, a namedArgs) (Reply, error) {
			s, err := open(ctx, env, user, a.Cloud)
			if err != nil {
				return Reply{}, err
			}
			it, err := v.kind.choose(ctx, s, a.Name, func(id string) string { a.Name = id; return format(v.name, a) })
			if err != nil {
				return Reply{}, err
			}
			var p page
			if err := v.fields(ctx, s, it, &p); err != nil {
				return Reply{}, err
			}
			t := v.kind.thing(it)
			p.add("Id", t.id)
			return Reply{Text: stackhand.Textf("%s", strings.TrimSpace(capital(v.kind.noun)+" "+t.name+" "+p.status)), Fields: p.fields}, nil
		},
	})
}

// madeBy adds who made a thing, where it was made here, and the words of its description.
func (p *page) madeBy(ctx context.Context, s *session, description string) {
	p.add("Description", described(description))
	id, _ := markedBy(description)
	p.madeByJob(ctx, s, id)
}

func (p *page) madeByJob(ctx context.Context, s *session, id string) {
	if id == "" {
		return
	}
	by := "job " + id
	if job, err := s.env.Jobs.Job(ctx, id); err == nil {
		by = s.env.person(ctx, job.User.ID) + ", " + by
	}
	p.add("Made by", by)
}

// yes is how a table says that something holds.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
