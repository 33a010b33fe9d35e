package bot

import (
	"context"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// answers remembers for a while who waits for the first sign of a job: through which
// response_url they can be told that its card could not be posted where it was asked for, and
// what to close once they see something of it.
type answers struct {
	mu   sync.Mutex
	jobs map[string]awaited
}

type awaited struct {
	url   string
	until time.Time
	shown chan struct{}
}

// maxAwaited bounds the memory. Who is forgotten is told by another way.
const maxAwaited = 1000

// keep remembers a job; the channel closes when something of it is shown.
func (a *answers) keep(job, url string) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.jobs == nil || len(a.jobs) > maxAwaited {
		a.jobs = map[string]awaited{}
	}
	w := awaited{url: url, until: time.Now().Add(25 * time.Minute), shown: make(chan struct{})}
	a.jobs[job] = w
	return w.shown
}

// seen tells that the job's first message is posted, or that its asker knows where it will be.
func (a *answers) seen(job string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w, ok := a.jobs[job]; ok && w.shown != nil {
		close(w.shown)
		w.shown = nil
		a.jobs[job] = w
	}
}

// url takes the response_url out, "" where there is none that still works.
func (a *answers) url(job string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, ok := a.jobs[job]
	if !ok || time.Now().After(w.until) {
		return ""
	}
	url := w.url
	w.url = ""
	a.jobs[job] = w
	return url
}

// begin has a job that was started shown. It tells whether that is answer enough: where the
// asker looks, its messages appear by themselves. Should they be late, the asker is told.
func (b *Bot) begin(ctx context.Context, rq *request, reply commands.Reply) (enough bool) {
	shown := b.answers.keep(reply.Job, rq.secret.ResponseURL)
	b.Changed(reply.Job)
	if len(reply.Begun) == 0 || len(reply.Text)+len(reply.Notice)+len(reply.Fields)+len(reply.Actions) > 0 || reply.Table != nil || reply.File != nil {
		return false
	}
	job, err := b.o.Records.Job(ctx, reply.Job)
	if err != nil || !looksAt(rq, job.Place) {
		return false
	}
	rep, err := b.o.Records.Report(ctx, reply.Job)
	switch {
	case err == nil && rep.Told:
		// The note that it goes on directly is out, unless the program ended just then.
		return rq.in.Tries == 0
	case err == nil && (rep.Card.TS != "" || rep.Steps.TS != ""), rq.told, ctx.Err() != nil:
		return true
	}
	late := *rq
	b.beside(ctx, "an answer", func() {
		t := time.NewTimer(time.Until(late.began.Add(slowAfter)))
		defer t.Stop()
		select {
		case <-shown:
		case <-ctx.Done():
		case <-t.C:
			if err := b.tell(ctx, &late, sheetOf(reply).messages(), false); err != nil {
				late.log.InfoContext(ctx, "could not say that the job began", "job", reply.Job, "err", err)
			}
		}
	})
	return true
}

// looksAt tells whether who asked has a job's place before their eyes.
func looksAt(rq *request, job stackhand.Place) bool {
	thread := rq.body.Place.Thread
	if rq.in.Kind == kindClick && !rq.body.Threaded {
		thread = "" // the button stands in the channel itself
	}
	return job.Channel == rq.body.Place.Channel && job.Thread == thread
}
