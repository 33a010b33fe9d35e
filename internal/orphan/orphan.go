// Package orphan compares a cloud with the records: what carries our mark there and is on no record, and which records
// have lost what they are about. It finds and tells; nothing is removed here.
package orphan

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// Fresh is how old something must be to count: what is younger may belong to work that has just begun or ended, and
// whose record is on its way.
const Fresh = 15 * time.Minute

// Cloud is what is read of a cloud, with somebody's rights.
type Cloud interface {
	Identity() stackhand.Identity
	Features(ctx context.Context) (stackhand.Features, error)
	// Regions are those of the cloud's catalogue.
	Regions(ctx context.Context) ([]string, error)
	// Things lists what there is in the project, or everywhere, which only the cloud's administrators may.
	Things(ctx context.Context, everywhere bool) ([]stackhand.Thing, error)
}

// Book is the records.
type Book interface {
	Job(ctx context.Context, id string) (stackhand.Job, error)
	Stack(ctx context.Context, id string) (stackhand.Stack, error)
	SaveStack(ctx context.Context, s *stackhand.Stack) error
	StacksInProject(ctx context.Context, cloud, project string) ([]stackhand.Stack, error)
	StacksInCloud(ctx context.Context, cloud string) ([]stackhand.Stack, error)
	// StacksEverInProject is StacksInProject together with the stacks that went since a moment.
	StacksEverInProject(ctx context.Context, cloud, project string, since time.Time) ([]stackhand.Stack, error)
	UsersOfResource(ctx context.Context, cloud, id string) ([]string, error)
	// Orphan is what was noted down about a finding; the zero value if nothing was.
	Orphan(ctx context.Context, id string) (stackhand.Orphan, error)
	SaveOrphan(ctx context.Context, o *stackhand.Orphan) error
}

// Finder looks for orphans.
type Finder struct {
	Book Book
	Home string // this installation, as marks tell it
	Now  func() time.Time
}

// At is where to look. Region is the cloud's usual one, in which stacks are that name none.
type At struct {
	Cloud      string
	Region     string
	Everywhere bool // in all projects: for administrators of the cloud
}

// Found is what a look came to.
type Found struct {
	Orphans []stackhand.Orphan // those that are ignored too
	Others  int                // things that another installation of the bot has marked
}

// Find compares what the cloud's session sees with the records.
func (f *Finder) Find(ctx context.Context, c Cloud, at At) (Found, error) {
	things, err := c.Things(ctx, at.Everywhere)
	if err != nil {
		return Found{}, err
	}
	f = &Finder{Book: &remembering{Book: f.Book}, Home: f.Home, Now: f.Now}
	regions, err := c.Regions(ctx)
	if err != nil {
		return Found{}, err
	}
	l := &look{Finder: f, at: at, who: c.Identity(), things: things, jobs: map[string]*stackhand.Job{}, several: len(regions) > 1}
	lone, err := l.unrecorded(ctx)
	if err != nil {
		return Found{}, err
	}
	lost, err := l.lost(ctx, c)
	if err != nil {
		return Found{}, err
	}
	out := append(l.together(lone), lost...)
	for i := range out {
		noted, err := f.Book.Orphan(ctx, out[i].ID)
		if err != nil {
			return Found{}, err
		}
		out[i].Rev, out[i].First, out[i].Told, out[i].Ignored, out[i].Notice = noted.Rev, noted.First, noted.Told, noted.Ignored, noted.Notice
	}
	return Found{Orphans: out, Others: l.others}, nil
}

// look is one comparison.
type look struct {
	*Finder
	at      At
	who     stackhand.Identity
	things  []stackhand.Thing
	jobs    map[string]*stackhand.Job // nil: there is none
	others  int
	several bool // regions
}

func (l *look) job(ctx context.Context, id string) (*stackhand.Job, error) {
	if j, ok := l.jobs[id]; ok {
		return j, nil
	}
	j, err := l.Book.Job(ctx, id)
	switch {
	case stackhand.KindOf(err) == stackhand.NotFound:
		l.jobs[id] = nil
	case err != nil:
		return nil, err
	default:
		l.jobs[id] = &j
	}
	return l.jobs[id], nil
}

// unrecorded are the findings about things that carry our mark and are on no record, each alone.
func (l *look) unrecorded(ctx context.Context) ([]stackhand.Orphan, error) {
	var out []stackhand.Orphan
	for _, t := range l.things {
		if !t.Marked {
			continue
		}
		if !t.Mark.Of(l.Home) {
			l.others++
			continue
		}
		o, is, err := l.judge(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", t.Kind, t.ID, err)
		}
		if is {
			is, err = l.useless(ctx, t)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", t.Kind, t.ID, err)
		}
		if is {
			out = append(out, o)
		}
	}
	return out, nil
}

// judge tells whether a thing with our mark belongs to nothing, and says why.
func (l *look) judge(ctx context.Context, t stackhand.Thing) (o stackhand.Orphan, is bool, err error) {
	o = stackhand.Orphan{
		ID: idOf(l.at.Cloud, l.regionOf(t), t.Kind, t.ID, t.Parent), Cloud: l.at.Cloud, Name: t.Name, Thing: t, Owner: t.Mark.Owner,
		Scope: stackhand.Scope{ProjectID: cmp.Or(t.ProjectID, l.who.ProjectID), Region: l.who.Region},
	}
	o.Why, is, err = Judge(ctx, l.Book, l.at.Cloud, t, l.Now(), l.job)
	if err != nil || !is {
		return o, false, err
	}
	if job, err := l.job(ctx, t.Mark.Job); err != nil {
		return o, false, err
	} else if job != nil {
		o.Owner = job.User.ID
	}
	for _, id := range l.stacksOf(t) {
		if st, err := l.Book.Stack(ctx, id); err == nil {
			o.Owner = st.Lease.Owner
		}
	}
	return o, true, nil
}

// regionOf is where a thing is: images are often the same ones in all regions.
func (l *look) regionOf(t stackhand.Thing) string {
	if t.Kind == stackhand.KindImage {
		return ""
	}
	return l.who.Region
}

// Judge tells whether a thing with our mark belongs to no job that is at work, to no stack that is not gone, and to
// nobody who made it to have it; why is a sentence. Nothing that is younger than Fresh is judged. job reads jobs; nil
// for one that there is no record of.
func Judge(ctx context.Context, book Book, cloud string, t stackhand.Thing, now time.Time,
	job func(ctx context.Context, id string) (*stackhand.Job, error),
) (why string, is bool, err error) {
	users, err := book.UsersOfResource(ctx, cloud, t.ID)
	if err != nil || len(users) > 0 {
		return "", false, err
	}
	j, err := job(ctx, t.Mark.Job)
	if err != nil {
		return "", false, err
	}
	st, err := book.Stack(ctx, t.Mark.Stack)
	known := err == nil
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return "", false, err
	}
	young := func(at time.Time) bool { return !at.IsZero() && now.Sub(at) < Fresh }
	switch {
	case young(t.Created), known && (st.Busy != "" || st.State == stackhand.StackBuilding || st.State == stackhand.StackDeleting || young(st.Gone)):
		return "", false, nil
	case j != nil && (!j.State.Rests() || young(j.Ended) || wanted(*j, t)):
		return "", false, nil
	}
	if image := imageOf(t); image != "" {
		return judgeImage(ctx, book, cloud, t, image, j, now)
	}
	return reason(j, st, known, t), true, nil
}

// wanted tells whether the job's asker made the thing to have it: it belongs to no stack, and needs no record.
func wanted(j stackhand.Job, t stackhand.Thing) bool {
	if j.Flow != "make" && j.Flow != "act" || j.State != stackhand.JobDone {
		return false
	}
	return made(j, t) && (j.Flow == "make" || t.Mark.Stack == "")
}

func reason(j *stackhand.Job, st stackhand.Stack, known bool, t stackhand.Thing) string {
	switch {
	case t.Mark.Share != "":
		return "No server uses it any more."
	case known && st.State == stackhand.StackGone:
		return st.Name + " is gone; this stayed."
	case known:
		return st.Name + " is there, but has no record of it."
	case j == nil:
		return "There is no record of job " + t.Mark.Job + "."
	case j.State == stackhand.JobDone:
		return "Nothing is left of what it was made for: " + j.Title + "."
	}
	return "Job " + j.ID + " (" + j.Title + ") left it."
}

// idOf is the id of a finding.
func idOf(what ...string) string {
	sum := sha256.Sum256([]byte("orphan\x00" + strings.Join(what, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}
