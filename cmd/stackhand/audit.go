package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
)

// audit writes at the end of the audit trail. Whatever has the shape of a secret, or is known as one, is taken out before:
// the trail is kept for long, and read by many.
func (a *app) audit(ctx context.Context, rec stackhand.AuditRecord) error {
	if rec.At.IsZero() {
		rec.At = a.now()
	}
	for _, text := range []*string{&rec.Line, &rec.Why, &rec.Problem} {
		*text = a.redact.Redact(*text)
	}
	if rec.Resolved != nil {
		rec.Resolved = json.RawMessage(a.redact.Redact(string(rec.Resolved)))
		if !json.Valid(rec.Resolved) {
			rec.Resolved = json.RawMessage(`"[hidden]"`)
		}
	}
	return a.store.Audit(ctx, rec)
}

// started writes that the bot begins to work, with what, and tells the log where the trail ends: whoever keeps the log elsewhere can hold
// the trail against it.
func (a *app) started(ctx context.Context) error {
	digest, err := a.digest()
	if err != nil {
		return err
	}
	err = a.operator(ctx, "start", map[string]string{"version": version, "config": a.cfg.Path, "config_sha256": digest})
	if err != nil {
		return err
	}
	_, err = a.logHead(ctx, 0)
	return err
}

// logHead tells the log where the trail ends, if it is longer than before.
func (a *app) logHead(ctx context.Context, before int64) (n int64, err error) {
	n, hash, err := a.store.AuditHead(ctx)
	if err == nil && n > before {
		a.log.Info("the audit trail ends here", "records", n, "hash", hash)
	}
	return n, err
}

// headEvery is how often the log is told where the trail ends.
const headEvery = time.Hour

// operator writes what was done to the bot as a whole, by whoever runs it.
func (a *app) operator(ctx context.Context, command string, what any) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	now := a.now()
	return a.audit(ctx, stackhand.AuditRecord{
		ID: fmt.Sprintf("operator/%s/%d", command, now.UnixNano()), At: now, What: stackhand.AuditOperator, Command: command, Resolved: raw,
	})
}

// digest is the SHA-256 of the configuration file, as sha256sum prints it; of a configuration without one, that of its values.
func (a *app) digest() (string, error) {
	data, err := json.Marshal(a.cfg)
	if a.cfg.Path != "" {
		data, err = os.ReadFile(a.cfg.Path)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), err
}

// endings writes to the audit trail how jobs came to rest, each once: the store keeps a mark for every job until that is done.
func (a *app) endings(ctx context.Context) error {
	wait := time.Second
	tick := time.NewTicker(headEvery)
	defer tick.Stop()
	var told int64
	for {
		err := stackhand.Guarded("", func() error { return a.noteEndings(ctx) })
		if found := stackhand.Panics(err); len(found) > 0 {
			a.panicked(ctx, "audit", found)
		}
		again := make(<-chan time.Time)
		if err == nil {
			wait = time.Second
		} else if ctx.Err() == nil {
			a.log.Error("the ends of jobs cannot be written to the audit trail; it is tried again", "err", err, "again_in", wait)
			again, wait = time.After(wait), min(2*wait, time.Minute)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.ended:
		case <-again:
		case <-tick.C:
			if n, err := a.logHead(ctx, told); err == nil {
				told = n
			}
		}
	}
}

func (a *app) noteEndings(ctx context.Context) error {
	for {
		all, err := a.store.Endings(ctx, 50)
		if err != nil || len(all) == 0 {
			return err
		}
		var errs []error
		for _, e := range all {
			err := stackhand.Guarded("the job "+e.Job.ID, func() error { return a.noteEnding(ctx, e) })
			if errs = append(errs, err); err != nil && len(stackhand.Panics(err)) == 0 {
				break
			}
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

func (a *app) noteEnding(ctx context.Context, e store.Ending) error {
	if e.Job.ID != "" {
		rec, err := a.ending(ctx, e.Job)
		if err != nil {
			return err
		}
		if err := a.audit(ctx, rec); err != nil {
			return err
		}
		if err := a.lookLater(ctx, e.Job); err != nil {
			return err
		}
	}
	return a.store.Noted(ctx, e)
}

// ending is the record of a job's end: who it was for and what it was about stand as they did when it was asked for.
func (a *app) ending(ctx context.Context, job stackhand.Job) (stackhand.AuditRecord, error) {
	rec := stackhand.AuditRecord{User: job.User.ID, Name: job.User.Name, Cloud: job.Cloud, Place: job.Place, About: job.Stacks, Line: job.Line, Command: job.Flow}
	before, err := a.store.AuditTrail(ctx, stackhand.AuditQuery{Of: job.ID})
	if err != nil {
		return rec, err
	}
	for _, asked := range slices.Backward(before) {
		if asked.ID == job.ID+"/asked" {
			rec = asked
		}
	}
	rec.ID, rec.At, rec.What, rec.Job = fmt.Sprintf("%s/ended/%d", job.ID, job.Ended.UnixNano()), a.now(), stackhand.AuditEnded, job.ID
	rec.Result, rec.Problem = string(job.State), ""
	if p := job.Problem; p != nil {
		rec.Problem = p.Msg
	}
	type made struct {
		Kind string `json:"kind"`
		ID   string `json:"id"`
		Name string `json:"name,omitempty"`
	}
	what := struct {
		Title string    `json:"title"`
		Ended time.Time `json:"ended"`
		Made  []made    `json:"made,omitempty"` // and still there
		Notes []string  `json:"notes,omitempty"`
		Login string    `json:"login,omitempty"` // the bot's own, where it was used instead of the user's
	}{Title: job.Title, Ended: job.Ended, Notes: job.Notes, Login: job.Instead}
	for _, r := range job.Made {
		what.Made = append(what.Made, made{r.Kind, r.ID, r.Name})
		if r.Kind == stackhand.KindServer {
			rec.About = append(rec.About, r.ID)
		}
	}
	if rec.Resolved, err = json.Marshal(what); err != nil {
		return rec, fmt.Errorf("audit: %w", err)
	}
	return rec, a.asShown(ctx, job, &rec)
}

// asShown adds what is known of how the job was approved, and the link to its card.
func (a *app) asShown(ctx context.Context, job stackhand.Job, rec *stackhand.AuditRecord) error {
	r, err := a.store.Request(ctx, job.ID)
	switch {
	case err == nil:
		rec.Rule, rec.Approvals = r.Rule, r.Approvals
	case !isNotFound(err):
		return err
	}
	report, err := a.store.Report(ctx, job.ID)
	switch {
	case err == nil && report.Card.TS != "":
		rec.Link = a.bot.Link(report.Card.Channel, report.Card.TS, "")
	case err != nil && !isNotFound(err):
		return err
	}
	return nil
}

// behind tells whether something is not shown yet, or not written down.
func (a *app) behind(ctx context.Context) bool {
	left, err := a.store.Endings(ctx, 1)
	return a.bot.Behind() || err != nil || len(left) > 0
}

// leaseJobs starts the jobs that no person asks for at that moment, such as the end of a lease, and writes them down first.
type leaseJobs struct{ a *app }

func (l leaseJobs) Start(ctx context.Context, job stackhand.Job, made ...stackhand.Stack) (stackhand.Job, error) {
	rec := stackhand.AuditRecord{
		ID: job.ID + "/asked", At: l.a.now(), What: stackhand.AuditLease, Command: job.Flow, Job: job.ID, Cloud: job.Cloud, Place: job.Place,
		About: job.Stacks, Why: cmp.Or(job.Line, job.Title), Resolved: job.Input,
	}
	if job.Place.Channel != "" {
		rec.Link = l.a.bot.Link(job.Place.Channel, job.Place.Thread, "")
	}
	for _, id := range job.Stacks {
		if err := l.a.about(ctx, id, &rec); err != nil {
			return job, err
		}
	}
	if err := l.a.audit(ctx, rec); err != nil {
		return job, err
	}
	return l.a.engine.Start(ctx, job, made...)
}

func (l leaseJobs) Job(ctx context.Context, id string) (stackhand.Job, error) {
	return l.a.engine.Job(ctx, id)
}

// about adds to a record what a stack is called, and its owner, who finds it by that.
func (a *app) about(ctx context.Context, id string, rec *stackhand.AuditRecord) error {
	st, err := a.store.Stack(ctx, id)
	if isNotFound(err) {
		return nil
	}
	rec.Project = cmp.Or(rec.Project, st.Project)
	for _, word := range []string{st.ID, st.Name, st.Server, st.Lease.Owner} {
		if word != "" && !slices.Contains(rec.About, word) {
			rec.About = append(rec.About, word)
		}
	}
	return err
}

// leaseBook is the store as the sweeps of leases see it: what they learn of delivered warnings is written down first.
type leaseBook struct {
	*store.Store
	a *app
}

func (l leaseBook) SaveStack(ctx context.Context, st *stackhand.Stack) error {
	for _, w := range st.Lease.Warned {
		if w.Delivered.IsZero() {
			continue
		}
		rec := stackhand.AuditRecord{
			ID: "warned/" + w.Notice, At: l.a.now(), What: stackhand.AuditLease, Command: "warn", Cloud: st.Cloud, Project: st.Project, Place: st.Place,
			About: []string{st.ID, st.Name, st.Lease.Owner}, Result: "ok",
		}
		raw, err := json.Marshal(map[string]any{"delivered": w.Delivered, "until": w.Until, "volumes": w.Volumes})
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		rec.Resolved = raw
		if err := l.a.audit(ctx, rec); err != nil {
			return err
		}
	}
	return l.Store.SaveStack(ctx, st)
}
