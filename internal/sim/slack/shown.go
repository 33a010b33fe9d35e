package slack

import (
	"encoding/json"
	"time"
)

// Shown is one thing that appeared before people.
type Shown struct {
	Seq     int
	At      time.Time
	Kind    string // message, update, ephemeral, modal, home, file, notice
	For     string // id of the only user who saw it; "": everybody in the channel
	Channel string // id
	Thread  string // ts of the thread, "" outside threads
	TS      string
	User    string // id of who said it; BotUserID for the bot, "" for Slack itself
	Text    string // as people read it: text and all blocks, buttons as [Label], a line for each row
	Raw     string // as the app sent it: the text, and the blocks as JSON
}

// Call is one call of the Web API or of a response_url.
type Call struct {
	At     time.Time
	Method string
	Status int    // of HTTP
	Error  string // Slack's error code, "" if it was ok
	Args   map[string]any
}

// Frame is one message on a connection of Socket Mode.
type Frame struct {
	At   time.Time
	Conn int
	Out  bool // sent by the workspace
	Data []byte
}

// Mark returns the number of the newest thing shown, for Since.
func (w *Workspace) Mark() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown.next() - 1
}

// Since returns everything that was shown after mark, in order.
func (w *Workspace) Since(mark int) []Shown {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, _ := w.shown.since(mark)
	return all
}

// Calls returns the record of the Web API; tokens are hidden in it.
func (w *Workspace) Calls() []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, _ := w.calls.since(0)
	return all
}

// Frames returns everything that went over Socket Mode, for tests that look for planted secrets.
func (w *Workspace) Frames() []Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, _ := w.frames.since(0)
	return all
}

// Unacked is the number of envelopes that are not acknowledged yet, those included that wait to
// be sent again.
func (w *Workspace) Unacked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending)
}

// Connections is the number of live Socket Mode connections.
func (w *Workspace) Connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, c := range w.conns {
		if c.ready {
			n++
		}
	}
	return n
}

func (w *Workspace) record(s Shown) {
	s.Seq, s.At = w.shown.next(), w.opt.Now()
	w.shown.add(s)
	w.touch()
}

func (w *Workspace) show(kind string, m *message) {
	r := renderer{w: w, seen: map[string]bool{}}
	r.mrkdwn(m.text)
	r.blocks(m.blocks)
	for _, f := range m.files {
		r.line("[file " + f.name + "]")
		r.line(f.preview())
	}
	w.record(Shown{
		Kind: kind, For: m.ephemeral, Channel: m.channel.ID, Thread: m.thread, TS: m.ts, User: m.user,
		Text: r.String(), Raw: rawText(m.text, m.blocks),
	})
}

func (w *Workspace) showView(kind string, v *view) {
	r := renderer{w: w, seen: map[string]bool{}}
	r.text(v.doc["title"])
	r.blocks(v.blocks())
	r.line(bracket(textOf(v.doc["submit"])))
	w.record(Shown{Kind: kind, For: v.user, TS: v.id, User: BotUserID, Text: r.String(), Raw: rawText("", v.doc)})
}

func rawText(text string, doc any) string {
	b, err := json.Marshal(doc)
	if err != nil || string(b) == "null" {
		return text
	}
	return text + "\n" + string(b)
}
