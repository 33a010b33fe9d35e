package commands

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"

	"github.com/stackhand/stackhand"
)

// trail is the audit record of one line, click or form while that is carried out. What is known of it gathers in rec; it is
// written by the first thing that changes something, before it does. A line that changes nothing and is not refused writes nothing.
type trail struct {
	write func(context.Context, stackhand.AuditRecord) error
	key   string // of the delivery: ids are made from it, so that one that comes again writes the same

	mu      sync.Mutex
	rec     stackhand.AuditRecord
	hide    []string                      // contents that the line holds
	who     map[string]stackhand.Identity // in the cloud, by cloud and project
	changed bool                          // something was written that said so
	told    bool                          // its failure was written already
}

// audited is the env for one line: what is changed through it is written down first, and not done where that fails.
func (env *Env) audited(user stackhand.User, line Line) *Env {
	if env.Audit == nil {
		return env
	}
	own := *env
	own.unrecorded = env
	t := &trail{write: env.Audit, key: line.Key, who: map[string]stackhand.Identity{}}
	t.rec = stackhand.AuditRecord{At: env.Now(), User: user.ID, Name: user.Name, Place: line.Place, Link: line.Link, Line: keepable(line.Text)}
	own.trail = t
	if env.Orphans != nil {
		own.Orphans = auditedOrphans{env.Orphans, t}
	}
	own.Jobs, own.Stacks, own.Clouds = auditedJobs{env.Jobs, t}, auditedStacks{env.Stacks, t}, auditedClouds{env.Clouds, t}
	if env.Schedules != nil {
		own.Schedules = auditedSchedules{env.Schedules, t}
	}
	if env.Notices != nil {
		own.Notices = auditedNotices{env.Notices, t}
	}
	if env.Leases != nil {
		own.Leases = auditedLeases{env.Leases, env.Stacks, t}
	}
	if env.Requests != nil {
		own.Requests = auditedRequests{env.Requests, t}
	}
	if env.TakePassword != nil {
		own.TakePassword = t.passwords(env.TakePassword)
	}
	return &own
}

// understood notes what command a line is, and the line as it is kept.
func (env *Env) understood(e *entry, args reflect.Value, text string) {
	if t := env.trail; t != nil {
		line, hide := e.kept(args, text)
		t.note(func(r *stackhand.AuditRecord) { r.Command, r.Line, t.hide = e.Name, line, hide })
	}
}

// note adds to the line's audit record what is known now, such as a verdict. It is written with what is done next, or with
// the refusal.
func (env *Env) note(know func(*stackhand.AuditRecord)) {
	if env.trail != nil {
		env.trail.note(know)
	}
}

func (t *trail) note(know func(*stackhand.AuditRecord)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	know(&t.rec)
}

// asked writes that something is about to be changed; know fills in the rest.
func (t *trail) asked(ctx context.Context, id string, know func(*stackhand.AuditRecord)) error {
	t.mu.Lock()
	rec := t.rec
	rec.ID, rec.What, t.changed = id, stackhand.AuditAsked, true
	rec.About = slices.Clone(rec.About)
	t.mu.Unlock()
	know(&rec)
	return t.put(ctx, rec)
}

// wrote tells whether it is written that the line changes something.
func (t *trail) wrote() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// starts is asked for a job, whoever starts it in the end; within for what is none. change names it within the line.
func (t *trail) starts(ctx context.Context, job string, know func(*stackhand.AuditRecord)) error {
	return t.asked(ctx, job+"/asked", know)
}

func (t *trail) within(ctx context.Context, change string, know func(*stackhand.AuditRecord)) error {
	return t.asked(ctx, t.key+"/"+change, know)
}

func (t *trail) put(ctx context.Context, rec stackhand.AuditRecord) error {
	err := t.write(ctx, rec)
	if err == nil {
		return nil
	}
	return stackhand.Errorf(stackhand.Unavailable, "What you asked for cannot be written to the audit trail, so it was not done.").
		Because(err).Do("Try again in a minute. If it stays like this, tell whoever runs this bot.")
}

// refused writes that the line came to nothing, or that what it had begun failed, and why. reads is of a line that would have
// changed nothing: of those only what was forbidden is written.
func (t *trail) refused(ctx context.Context, reads bool, err error) error {
	kind := stackhand.KindOf(err)
	t.mu.Lock()
	rec, skip := t.rec, t.told || reads && !t.changed && kind != stackhand.Forbidden
	t.mu.Unlock()
	var asks *choice
	if skip || err == nil || errors.As(err, &asks) || errors.Is(err, context.Canceled) {
		return err
	}
	rec.ID, rec.What, rec.Result, rec.Problem = t.key+"/refused", stackhand.AuditRefused, string(kind), without(problemText(err), t.hide)
	if rec.Result == "" {
		rec.Result = string(stackhand.Internal)
	}
	if werr := t.put(ctx, rec); werr != nil {
		return unwritten(err, werr)
	}
	t.mu.Lock()
	t.told = true
	t.mu.Unlock()
	return err
}

// unwritten is a refusal that is not in the audit trail.
func unwritten(err, cause error) error {
	var e *stackhand.Error
	if !errors.As(err, &e) {
		return errors.Join(err, cause)
	}
	return e.Do("%s This could not be written to the audit trail: tell whoever runs this bot.", e.Next).Because(errors.Join(e.Err, cause))
}

// Refused writes to the audit trail that something was refused before it became a command, and answers err.
func Refused(ctx context.Context, env *Env, user stackhand.User, line Line, err error) error {
	return env.audited(user, line).refused(ctx, nil, err)
}

// problemText is what people were told of an error; what only the log may hold stays out.
func problemText(err error) string {
	var e *stackhand.Error
	if errors.As(err, &e) {
		return clip(e.Msg, 500)
	}
	return "something went wrong here"
}

// knows keeps who the asker is in a cloud.
func (t *trail) knows(cloud string, who stackhand.Identity) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.who[cloud+"\x00"+who.ProjectID] = who
	t.rec.Cloud, t.rec.CloudUser, t.rec.Project = cloud, who.User, who.Project
}

// as is who the asker is in a project of a cloud, "" for what is not known.
func (t *trail) as(cloud, project string) stackhand.Identity {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.who[cloud+"\x00"+project]
}

// ofJob fills in what a job will do, to what, as whom.
func (t *trail) ofJob(rec *stackhand.AuditRecord, job stackhand.Job, made []stackhand.Stack) {
	rec.Job, rec.Cloud, rec.Resolved = job.ID, job.Cloud, resolved(job.Input)
	if who := t.as(job.Cloud, job.Scope.ProjectID); who.User != "" {
		rec.CloudUser, rec.Project = who.User, who.Project
	}
	rec.About = append(rec.About, job.Stacks...)
	if job.Finding != "" {
		rec.About = append(rec.About, job.Finding)
	}
	if job.RetryOf != "" {
		rec.About = append(rec.About, job.RetryOf)
	}
	rec.About = append(rec.About, subjects(job.Input)...)
	for _, st := range made {
		rec.About = append(rec.About, st.Name)
	}
}

// subjects are the ids and names of what a job's input is about.
func subjects(input json.RawMessage) []string {
	var in struct {
		Stack, Server, Name, ID, Image string
		ImageID                        string `json:"image_id"`
		TargetID                       string `json:"target_id"`
		ParentID                       string `json:"parent_id"`
		NewName                        string `json:"new_name"`
		FlavorID                       string `json:"flavor_id"` // with one it is no change of an image
	}
	_ = json.Unmarshal(input, &in) // of another shape: then it names nothing here
	all := []string{in.Stack, in.Server, in.Name, in.ID, in.TargetID, in.ParentID, in.NewName}
	if in.Server == "" && in.FlavorID == "" {
		all = append(all, in.ImageID, in.Image)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}
