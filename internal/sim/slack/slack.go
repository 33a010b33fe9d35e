// Package slack is a Slack workspace as an http.Handler: the Web API, Socket Mode, files and
// response URLs on the side of an app, and a page (with the JSON that it lives on) and methods in
// Go on the side of people. It is strict: what Slack refuses is refused here, with Slack's error
// codes. A fault menu brings about what goes wrong with the real thing once in a while.
//
// It follows docs.slack.dev (apis/events-api/using-socket-mode, reference/methods,
// interactivity/handling-user-interaction, surfaces/modals, apis/web-api/rate-limits).
package slack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Ids of the workspace, its app, and the app's bot.
const (
	TeamID    = "T0STACK"
	AppID     = "A0STACK"
	BotUserID = "U0STACKBOT"
	BotID     = "B0STACKBOT"
)

// Options describe a workspace. The zero value is the default world: alice, bob, carol and dana
// in #team-a, #team-b, #ops and (without the bot) #random.
type Options struct {
	Now      func() time.Time // dates messages only; the clocks of the protocol are real
	Team     string           // name of the workspace
	BotName  string           // "stackhand"
	Command  string           // "/stack"
	Users    []User
	Channels []Channel
	Groups   []Group
	Scopes   []string // of the bot token
	Events   []string // the event subscriptions of the app
	Relaxed  bool     // no rate limits
	Pace     float64  // how many times Slack's rates it takes; 0: 1
	NoCharts bool     // data_visualization blocks are refused, as where they are not rolled out yet
	Clocks   Clocks
	Log      *slog.Logger
}

// Clocks are the times of the protocol. Zero values are Slack's own.
type Clocks struct {
	Ack         time.Duration   // until an envelope must be acknowledged: 3 s
	Retries     []time.Duration // from a failed delivery of an event to the next one: at once, 1 min, 5 min
	Trigger     time.Duration   // how long a trigger_id lives: 3 s
	ResponseURL time.Duration   // how long a response_url lives: 30 min
	Ping        time.Duration   // between two ping frames: 10 s
	Connection  time.Duration   // until a connection is refreshed: 5 h
	Warning     time.Duration   // between the warning and the refresh: 10 s
}

// Workspace is a running simulated workspace. Its methods may be called from any goroutine.
type Workspace struct {
	opt                Options
	appToken, botToken string
	mux                *http.ServeMux
	log                *slog.Logger
	ctx                context.Context // ends with Close
	cancel             context.CancelFunc
	wg                 sync.WaitGroup // connections and their writers

	mu       sync.Mutex // guards all below
	closed   bool
	changed  chan struct{} // closed and replaced whenever something was shown or acknowledged
	lastTS   int64
	users    []*User
	channels []*channel
	groups   []*Group
	views    map[string]*view
	stacks   map[string][]*view // open modals by user, the visible one last
	homes    map[string]*view
	files    map[string]*file
	triggers map[string]*trigger
	hooks    map[string]*hook
	statuses map[string]string // assistant status by channel and thread

	host    string // under which the app reaches us, for the addresses in payloads
	tickets map[string]ticket
	conns   []*conn
	connSeq int
	pending map[string]*envelope // sent and not acknowledged, or waiting for another try
	timers  map[*time.Timer]struct{}
	lastEv  *envelope              // the newest event, for the faults that send it again
	sent    map[string]sentPayload // the newest of each kind, for Forge

	rates  map[string][]time.Time
	faults faults

	shown  history[Shown]
	ui     history[uiEvent]
	calls  history[Call]
	frames history[Frame]
}

// New makes a workspace. Close it at the end.
func New(opt Options) *Workspace {
	opt = opt.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	w := &Workspace{
		opt:      opt,
		appToken: "xapp-1-" + AppID + "-" + random(16),
		botToken: "xoxb-" + random(16),
		log:      opt.Log,
		ctx:      ctx,
		cancel:   cancel,
		changed:  make(chan struct{}),
		views:    map[string]*view{},
		stacks:   map[string][]*view{},
		homes:    map[string]*view{},
		files:    map[string]*file{},
		triggers: map[string]*trigger{},
		hooks:    map[string]*hook{},
		statuses: map[string]string{},
		tickets:  map[string]ticket{},
		pending:  map[string]*envelope{},
		timers:   map[*time.Timer]struct{}{},
		rates:    map[string][]time.Time{},
	}
	w.populate()
	w.mux = w.routes()
	return w
}

// TriggerLife is how long Slack lets a modal be opened after somebody did something.
const TriggerLife = 3 * time.Second

func (o Options) withDefaults() Options {
	orDefault(&o.Team, "Demo")
	orDefault(&o.BotName, "stackhand")
	orDefault(&o.Command, "/stack")
	if o.Pace <= 0 {
		o.Pace = 1
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Users == nil {
		o.Users = defaultUsers()
	}
	if o.Channels == nil {
		o.Channels = defaultChannels()
	}
	if o.Groups == nil {
		o.Groups = []Group{{ID: "S0OPS", Handle: "ops", Name: "Operations", Members: []string{"U0CAROL", "U0DANA"}}}
	}
	if o.Scopes == nil {
		o.Scopes = DefaultScopes()
	}
	if o.Events == nil {
		o.Events = []string{"app_mention", "message.im", "app_home_opened", "user_change", "subteam_updated", "subteam_members_changed"}
	}
	c := &o.Clocks
	orDefault(&c.Ack, 3*time.Second)
	orDefault(&c.Trigger, TriggerLife)
	orDefault(&c.ResponseURL, 30*time.Minute)
	orDefault(&c.Ping, 10*time.Second)
	orDefault(&c.Connection, 5*time.Hour)
	orDefault(&c.Warning, 10*time.Second)
	if c.Retries == nil {
		c.Retries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	return o
}

func orDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// DefaultScopes are the bot scopes of an app that has everything that the simulator offers.
func DefaultScopes() []string {
	return strings.Fields("app_mentions:read assistant:write channels:history channels:join channels:read " +
		"chat:write commands files:read files:write groups:history groups:read im:history im:read im:write " +
		"links:write mpim:history mpim:read mpim:write reactions:write usergroups:read users:read users:read.email")
}

// AppToken is the app-level token (xapp-…) for apps.connections.open.
func (w *Workspace) AppToken() string { return w.appToken }

// BotToken is the bot token (xoxb-…) for the Web API.
func (w *Workspace) BotToken() string { return w.botToken }

// ServeHTTP serves the app's side (/api/, /socket/, /files/, /hooks/) and the page (/, /ui/).
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.mux.ServeHTTP(rw, r) }

// Close ends all connections and timers, and returns when they are gone.
func (w *Workspace) Close() {
	w.mu.Lock()
	w.closed = true
	for t := range w.timers {
		t.Stop()
	}
	clear(w.timers)
	w.mu.Unlock()
	w.cancel()
	w.wg.Wait()
}

// after runs f, with the lock held, unless the workspace was closed by then. The lock is held by
// the caller, too.
func (w *Workspace) after(d time.Duration, f func()) *time.Timer {
	if w.closed {
		return time.NewTimer(0)
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, live := w.timers[t]; !live || w.closed {
			return
		}
		delete(w.timers, t)
		f()
	})
	w.timers[t] = struct{}{}
	return t
}

func (w *Workspace) stop(t *time.Timer) {
	if t != nil {
		t.Stop()
		delete(w.timers, t)
	}
}

// Changed returns a channel that is closed at the next thing shown, sent, or acknowledged.
func (w *Workspace) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

func (w *Workspace) touch() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// random is a string of n random bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// newID is an id as Slack makes them: a letter or two and digits.
func newID(prefix string) string { return prefix + "0" + strings.ToUpper(random(5)) }
