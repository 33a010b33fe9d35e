package orphan

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Kept is for how long after the end of a server it can be restored from the image that was made before: so long its record is looked
// through.
const Kept = 400 * 24 * time.Hour

// imageOf is the id of the image that a thing is, or is a part of; "" for all else.
func imageOf(t stackhand.Thing) string {
	switch t.Kind {
	case stackhand.KindImage:
		return t.ID
	case stackhand.KindSnapshot:
		return t.Parent
	}
	return ""
}

// made tells whether a job has noted that it made a thing, or the image that it is a part of.
func made(j stackhand.Job, t stackhand.Thing) bool {
	kind, id := t.Kind, t.ID
	if image := imageOf(t); image != "" {
		kind, id = stackhand.KindImage, image
	}
	return slices.ContainsFunc(j.Made, func(r stackhand.Resource) bool { return r.Kind == kind && r.ID == id })
}

// judgeImage tells whether nothing can be restored from an image of ours any more. What a job has not noted and what is younger than its
// end is none of ours: the cloud has copied the mark from an image of ours into one of a server that was built from it.
func judgeImage(ctx context.Context, book Book, cloud string, t stackhand.Thing, image string, j *stackhand.Job, now time.Time) (why string, is bool, err error) {
	if j != nil && !made(*j, t) && t.Created.After(j.Ended) {
		return "", false, nil
	}
	stacks, known, err := stacksBehind(ctx, book, cloud, t, j, now)
	if err != nil || !known {
		return "", false, err
	}
	for _, st := range stacks {
		r, ok := st.Lease.Ladder.Snapshot()
		if over := st.State == stackhand.StackGone && st.Gone.Before(now.Add(-Kept)); ok && r.Image == image && !over {
			return "", false, nil
		}
	}
	if j != nil && j.State == stackhand.JobDone {
		return "No server can be restored from it any more (" + j.Title + ").", true, nil
	}
	return reason(j, stackhand.Stack{}, false, t), true, nil
}

// stacksBehind are those that an image may have been made of: its job names them, or else they are among all of its project. Where there
// is no record of its job, and the cloud does not tell whose it is, nobody knows.
func stacksBehind(ctx context.Context, book Book, cloud string, t stackhand.Thing, j *stackhand.Job, now time.Time) (out []stackhand.Stack, known bool, err error) {
	if j == nil {
		out, err = book.StacksEverInProject(ctx, cloud, t.ProjectID, now.Add(-Kept))
		return out, t.ProjectID != "", err
	}
	for _, id := range j.Stacks {
		st, err := book.Stack(ctx, id)
		switch {
		case err == nil:
			out = append(out, st)
		case stackhand.KindOf(err) != stackhand.NotFound:
			return nil, false, err
		}
	}
	return out, true, nil
}

// stacksOf are the ids of the stacks for which a thing was made: its mark names one, or its job does.
func (l *look) stacksOf(t stackhand.Thing) []string {
	if j := l.jobs[t.Mark.Job]; imageOf(t) != "" && j != nil {
		return j.Stacks
	}
	return []string{t.Mark.Stack}
}

// partsOf are the snapshots of a volume that images are made of.
func (l *look) partsOf(volume string) (out []stackhand.Thing) {
	for _, t := range l.things {
		if t.Kind == stackhand.KindSnapshot && t.Of == volume && t.Parent != "" {
			out = append(out, t)
		}
	}
	return out
}

// useless tells whether no image of ours that is of use is made of a thing: a volume stays for its snapshots, as these for the image.
func (l *look) useless(ctx context.Context, t stackhand.Thing) (bool, error) {
	if t.Kind != stackhand.KindVolume {
		return true, nil
	}
	for _, part := range l.partsOf(t.ID) {
		at := slices.IndexFunc(l.things, func(i stackhand.Thing) bool { return i.Kind == stackhand.KindImage && i.ID == part.Parent })
		if at < 0 || !l.things[at].Marked || !l.things[at].Mark.Of(l.Home) {
			continue
		}
		if _, is, err := l.judge(ctx, l.things[at]); err != nil || !is {
			return false, err
		}
	}
	return true, nil
}

// remembering reads the stacks of a project once.
type remembering struct {
	Book
	past map[string][]stackhand.Stack
}

func (r *remembering) StacksEverInProject(ctx context.Context, cloud, project string, since time.Time) ([]stackhand.Stack, error) {
	if all, ok := r.past[project]; ok {
		return all, nil
	}
	all, err := r.Book.StacksEverInProject(ctx, cloud, project, since)
	if err == nil {
		if r.past == nil {
			r.past = map[string][]stackhand.Stack{}
		}
		r.past[project] = all
	}
	return all, err
}
