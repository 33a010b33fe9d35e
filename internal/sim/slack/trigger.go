package slack

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

const hookUses = 5

// trigger is the right to open one modal before a user, as an answer to what they did.
type trigger struct {
	user  string
	view  *view // the modal that the user acted in, or nil
	until time.Time
	used  bool
}

func (w *Workspace) newTrigger(user string, v *view) string {
	for id, t := range w.triggers {
		if time.Since(t.until) > 5*time.Minute {
			delete(w.triggers, id)
		}
	}
	id := random(6) + "." + random(6) + "." + random(16)
	w.triggers[id] = &trigger{user: user, view: v, until: time.Now().Add(w.opt.Clocks.Trigger)}
	return id
}

func (w *Workspace) useTrigger(id string) (*trigger, error) {
	t := w.triggers[id]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case time.Now().After(t.until):
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

// hook is a response_url: the right to answer an interaction five times in half an hour.
type hook struct {
	user    string
	channel *channel
	thread  string
	origin  *message // that the user acted on; nil after a slash command
	last    *message // that was said through this hook before
	until   time.Time
	uses    int
}

func (w *Workspace) newHook(h *hook) string {
	for id, old := range w.hooks {
		if time.Since(old.until) > time.Hour {
			delete(w.hooks, id)
		}
	}
	h.until = time.Now().Add(w.opt.Clocks.ResponseURL)
	id := random(16)
	w.hooks[id] = h
	return "http://" + w.host + "/hooks/response/" + id
}

func (w *Workspace) serveHook(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	q := &request{method: "response_url", args: map[string]any{}, host: r.Host, plain: w.opt.NoCharts}
	status, problem := http.StatusOK, ""
	if f := w.faults.api("response_url"); f != nil {
		status, problem = f.status, "service_unavailable"
		if f.after {
			_ = w.respond(r.PathValue("id"), body, q)
		}
	} else if err := w.respond(r.PathValue("id"), body, q); err != nil {
		status, problem = http.StatusNotFound, failure(err)["error"].(string)
		if problem != "used_url" && problem != "expired_url" {
			status = http.StatusBadRequest
		}
	}
	w.recordCall(q, status, obj{"error": problem})
	if problem != "" {
		http.Error(rw, problem, status)
		return
	}
	rw.Header().Set("Content-Type", "text/plain")
	// The app has gone if this fails.
	_, _ = io.WriteString(rw, "ok")
}

// respond does what a post to a response_url asks for.
func (w *Workspace) respond(id string, body []byte, q *request) error {
	h := w.hooks[id]
	switch {
	case h == nil:
		return refuse("used_url")
	case time.Now().After(h.until):
		return refuse("expired_url")
	case h.uses >= hookUses:
		return refuse("used_url")
	}
	if err := json.Unmarshal(body, &q.args); err != nil {
		return refuse("invalid_payload")
	}
	c, err := q.content()
	if err != nil {
		return err
	}
	if err := w.answer(h, q, c); err != nil {
		return err
	}
	h.uses++ // refused ones do not count
	return nil
}

// answer shows an answer to an interaction: a new message, by default for the asker alone, or the
// changed or deleted one that was acted on. A message never changes between public and private.
func (w *Workspace) answer(h *hook, q *request, c content) error {
	old := h.origin
	if old == nil {
		old = h.last
	}
	switch {
	case q.bool("delete_original") && old != nil:
		w.remove(old)
		w.echo(old, "message_deleted")
		return nil
	case c.empty():
		return refuse("no_text")
	case q.bool("replace_original") && old != nil:
		old.text, old.blocks, old.attachments = c.text, c.blocks, c.attachments
		w.revise(old)
		w.echo(old, "message_changed")
		return nil
	}
	m := w.botMessage(h.channel, c)
	m.hook, m.thread = h, h.thread
	if ts := q.str("thread_ts"); ts != "" {
		thread, err := h.channel.threadOf(ts)
		if err != nil {
			return err
		}
		m.thread = thread
	}
	if q.str("response_type") != "in_channel" {
		m.ephemeral = h.user
	}
	h.last = w.post(m)
	w.echo(m, "")
	return nil
}
