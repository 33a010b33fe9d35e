package slack

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

//go:embed page
var pages embed.FS

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (w *Workspace) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", w.serveAPI)
	mux.HandleFunc("GET /socket/", w.serveSocket)
	mux.HandleFunc("POST /files/upload/{ticket}", w.serveUpload)
	mux.HandleFunc("GET /files/{id}/{name}", w.serveFile)
	mux.HandleFunc("POST /hooks/response/{id}", w.serveHook)
	root, err := fs.Sub(pages, "page")
	if err != nil {
		panic(err) // the name is a constant
	}
	mux.Handle("/", w.guard(http.FileServerFS(root)))
	mux.Handle("GET /archives/{channel}", w.guard(http.HandlerFunc(goThere)))
	mux.Handle("GET /archives/{channel}/{message}", w.guard(http.HandlerFunc(goThere)))
	mux.Handle("GET /ui/state", w.guard(http.HandlerFunc(w.serveState)))
	mux.Handle("GET /ui/events", w.guard(http.HandlerFunc(w.serveEvents)))
	mux.Handle("GET /ui/files/{id}", w.guard(http.HandlerFunc(w.sendFile)))
	for name, f := range map[string]func(*Workspace, *User, *uiRequest) (obj, error){
		"say": uiSay, "click": uiClick, "submit": uiSubmit, "close": uiClose, "home": uiHome, "options": uiOptions,
	} {
		mux.Handle("POST /ui/"+name, w.guard(w.action(f)))
	}
	return mux
}

// guard lets the page in by the name of this machine only, so that no foreign site can reach the
// simulator by a name of its own, and sets the headers that fence the page in.
func (w *Workspace) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			http.Error(rw, "this simulator answers on the loopback address only", http.StatusForbidden)
			return
		}
		h := rw.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(rw, r)
	})
}

func loopback(hostport string) bool {
	host := (&url.URL{Host: hostport}).Hostname()
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (w *Workspace) serveState(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, err := w.person(r.URL.Query().Get("user"))
	if err != nil {
		reply(rw, http.StatusNotFound, obj{"ok": false, "error": err.Error()})
		return
	}
	reply(rw, http.StatusOK, w.uiState(u))
}

// serveEvents streams what happens after the number "after", or after the last event that the
// browser had when it reconnects.
func (w *Workspace) serveEvents(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	u, err := w.person(r.URL.Query().Get("user"))
	after := w.ui.next() - 1
	w.mu.Unlock()
	if err != nil {
		reply(rw, http.StatusNotFound, obj{"ok": false, "error": err.Error()})
		return
	}
	for _, s := range []string{r.URL.Query().Get("after"), r.Header.Get("Last-Event-ID")} {
		if n, err := strconv.Atoi(s); err == nil {
			after = n
		}
	}
	rw.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(rw)
	keep := time.NewTicker(15 * time.Second)
	defer keep.Stop()
	for {
		events, changed := w.news(u, &after)
		for _, e := range events {
			w.sendEvent(rw, e)
		}
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-keep.C:
			fmt.Fprint(rw, ": still here\n\n")
		case <-r.Context().Done():
			return
		case <-w.ctx.Done():
			return
		}
	}
}

// news is what u has not been told since the event numbered after, which moves on, and the signal
// that there is more. One who was away too long is told to read everything again.
func (w *Workspace) news(u *User, after *int) ([]uiEvent, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, whole := w.ui.since(*after)
	var events []uiEvent
	if newest := w.ui.next() - 1; !whole || *after > newest { // or it knew another workspace
		events, all = []uiEvent{{Type: "reset"}}, nil
		*after = newest
	}
	for _, e := range all {
		*after = e.Seq
		if e.has(u.ID) {
			events = append(events, e)
		}
	}
	return events, w.changed
}

func (w *Workspace) sendEvent(rw http.ResponseWriter, e uiEvent) {
	data, err := json.Marshal(e)
	if err != nil {
		w.log.Error("event cannot be sent", "type", e.Type, "err", err)
		return
	}
	if e.Seq > 0 {
		fmt.Fprintf(rw, "id: %d\n", e.Seq)
	}
	fmt.Fprintf(rw, "data: %s\n\n", data)
}

// uiRequest is what the page sends.
type uiRequest struct {
	User           string `json:"user"`
	Channel        string `json:"channel"`
	ThreadTS       string `json:"thread_ts"`
	Text           string `json:"text"`
	MessageTS      string `json:"message_ts"`
	ViewID         string `json:"view_id"`
	BlockID        string `json:"block_id"`
	ActionID       string `json:"action_id"`
	Query          string `json:"query"`
	Value          any    `json:"value"`
	SelectedOption any    `json:"selected_option"`
	Values         obj    `json:"values"`
	Files          []struct {
		Name    string `json:"name"`
		Content []byte `json:"content_base64"`
	} `json:"files"`
}

// action answers a POST of the page. The header keeps other sites' forms out.
func (w *Workspace) action(f func(*Workspace, *User, *uiRequest) (obj, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Requested-With") != "stackhand" {
			reply(rw, http.StatusForbidden, obj{"ok": false, "error": "the header X-Requested-With: stackhand is missing"})
			return
		}
		var q uiRequest
		if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 2*maxFile)).Decode(&q); err != nil {
			reply(rw, http.StatusBadRequest, obj{"ok": false, "error": err.Error()})
			return
		}
		w.mu.Lock()
		u, err := w.person(q.User)
		w.mu.Unlock()
		answer := obj{"ok": true}
		if err == nil {
			answer, err = f(w, u, &q)
		}
		if err != nil {
			reply(rw, http.StatusOK, obj{"ok": false, "error": err.Error()})
			return
		}
		reply(rw, http.StatusOK, answer)
	}
}

func uiSay(w *Workspace, u *User, q *uiRequest) (obj, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, err := w.place(u, q.Channel)
	if err != nil {
		return nil, err
	}
	var files []*file
	for _, f := range q.Files {
		if len(f.Content) > maxFile {
			return nil, errors.New(f.Name + " is too large")
		}
		files = append(files, w.newFile(u.ID, f.Name, f.Content))
	}
	return obj{"ok": true}, w.say(u, c, q.ThreadTS, q.Text, files)
}

func uiClick(w *Workspace, u *User, q *uiRequest) (obj, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := w.uiPlace(u, q.Channel, q.MessageTS, q.ViewID)
	if err != nil {
		return nil, err
	}
	f, ok := p.find(q.BlockID, q.ActionID)
	if !ok {
		return nil, errors.New("this button is not there any more")
	}
	raw := q.Value
	if q.SelectedOption != nil {
		raw = q.SelectedOption
	}
	if p.view != nil && q.Values != nil { // what is filled in besides
		if err := w.fill(p.view, q.Values, obj{}); err != nil {
			return nil, err
		}
	}
	return obj{"ok": true}, w.click(u, p, f, raw)
}

func uiSubmit(w *Workspace, u *User, q *uiRequest) (obj, error) {
	if q.ViewID == "" {
		return nil, errors.New("view_id is missing")
	}
	w.mu.Lock()
	p, err := w.uiPlace(u, "", "", q.ViewID)
	var s *submission
	if err == nil {
		s, err = w.submit(u, p.view, q.Values)
	}
	w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-s.done:
	case <-w.ctx.Done():
		return nil, errors.New("the workspace was closed")
	}
	switch {
	case s.failed != "":
		return nil, errors.New(s.failed)
	case len(s.errors) > 0:
		return obj{"ok": false, "errors": s.errors}, nil
	}
	return obj{"ok": true}, nil
}

func uiClose(w *Workspace, u *User, q *uiRequest) (obj, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, err := w.uiPlace(u, "", "", q.ViewID)
	if err != nil || p.view == nil || p.view.home() {
		return nil, errors.New("this form is not open any more")
	}
	w.closeView(u, p.view)
	return obj{"ok": true}, nil
}

func uiHome(w *Workspace, u *User, _ *uiRequest) (obj, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.openHome(u)
	return obj{"ok": true}, nil
}

func uiOptions(w *Workspace, u *User, q *uiRequest) (obj, error) {
	w.mu.Lock()
	p, err := w.uiPlace(u, q.Channel, q.MessageTS, q.ViewID)
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	f, ok := p.find(q.BlockID, q.ActionID)
	if !ok {
		w.mu.Unlock()
		return nil, errors.New("this menu is not there any more")
	}
	s := w.suggest(u, p, f, q.Query)
	w.mu.Unlock()
	select {
	case <-s.done:
	case <-w.ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.problem != "" {
		return nil, errors.New(s.problem)
	}
	return obj{"ok": true, "options": s.options}, nil
}
