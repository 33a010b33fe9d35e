package slack

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// faults are what has been ordered from the menu and not been served yet.
type faults struct {
	slow   time.Duration
	away   bool // nothing answers
	rules  []*apiFault
	counts map[string]int // how often a fault is still to happen
	status map[string]int // with which HTTP status
}

// apiFault lets calls of a method fail, before or after they were done.
type apiFault struct {
	method string
	status int
	after  bool
	times  int
}

// api takes the fault that the next call of a method meets; nil for none.
func (f *faults) api(method string) *apiFault {
	if f.away {
		return &apiFault{status: http.StatusServiceUnavailable}
	}
	for i, r := range f.rules {
		if r.method != method && r.method != "*" {
			continue
		}
		if r.times--; r.times <= 0 {
			f.rules = slices.Delete(f.rules, i, i+1)
		}
		return r
	}
	return nil
}

func (f *faults) order(name string, times, status int) {
	if f.counts == nil {
		f.counts, f.status = map[string]int{}, map[string]int{}
	}
	f.counts[name], f.status[name] = times, status
}

// use tells whether the fault happens now.
func (f *faults) use(name string) bool {
	if f.counts[name] == 0 {
		return false
	}
	f.counts[name]--
	return true
}

// take is use for faults that come as an HTTP status; 0 if it does not happen.
func (f *faults) take(name string) int {
	if !f.use(name) {
		return 0
	}
	return f.status[name]
}

func (w *Workspace) delay() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults.slow
}

// dish is one line of the fault menu.
type dish struct {
	usage string
	serve func(*Workspace, []string) error
}

var menu map[string]dish

func init() {
	menu = map[string]dish{
		"warning":             {"a connection is told that it will be refreshed", toOne(func(w *Workspace, c *conn) { w.send(c, disconnect("warning")) })},
		"refresh_requested":   {"a connection is asked to come again", toOne((*Workspace).refresh)},
		"link_disabled":       {"Socket Mode is switched off: all connections end", toAll(func(w *Workspace, c *conn) { w.dismiss(c, "link_disabled") })},
		"too_many_websockets": {"[times N]: new connections are sent away after their greeting", counted("too_many_websockets", 0)},
		"no_pings":            {"the live connections get no ping frames any more", toAll(func(_ *Workspace, c *conn) { c.noPings.Store(true) })},
		"half_open":           {"the live connections look open, but nothing goes through", toAll(func(_ *Workspace, c *conn) { c.halfOpen.Store(true) })},
		"kill":                {"the TCP connections are cut", toAll(func(_ *Workspace, c *conn) { c.cancel() })},
		"open_status":         {"CODE [times N]: apps.connections.open answers with that HTTP status", openStatus},
		"upgrade_status":      {"CODE [times N]: opening the websocket answers with that HTTP status", upgradeStatus},
		"duplicate_event":     {"the newest event comes again in another envelope", again("timeout", 1)},
		"late_retry":          {"the newest event comes again as the last of its retries", again("timeout", 3)},
		"unknown_event":       {"an event of a type that nobody knows", (*Workspace).unknownEvent},
		"unknown_envelope":    {"an envelope of a type that nobody knows", (*Workspace).unknownEnvelope},
		"bad_block":           {"an event with malformed blocks", (*Workspace).badBlock},
		"slow_api":            {"DURATION: every call of the Web API takes that long; 0 ends it", (*Workspace).slowAPI},
		"api":                 {"METHOD STATUS [after] [times N]: calls fail, with after once they were done", (*Workspace).apiRule},
		"token_expired":       {"[times N]: calls are refused with token_expired", counted("token_expired", 0)},
		"away":                {"every call is answered 503, and connections are cut, until back", goAway},
		"back":                {"ends away", func(w *Workspace, _ []string) error { w.faults.away = false; return nil }},
		"none":                {"all standing faults end", func(w *Workspace, _ []string) error { w.faults = faults{}; return nil }},
	}
}

// Faults lists the menu: a line for each, with what it takes and does.
func Faults() []string {
	var all []string
	for name, d := range menu {
		all = append(all, name+" "+d.usage)
	}
	slices.Sort(all)
	return all
}

// Fault brings about a fault of the menu.
func (w *Workspace) Fault(name string, args ...string) error {
	d, ok := menu[name]
	if !ok {
		return fmt.Errorf("there is no fault %q, only:\n%s", name, strings.Join(Faults(), "\n"))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := d.serve(w, args); err != nil {
		return fmt.Errorf("fault %s %s: %w; it takes %s", name, strings.Join(args, " "), err, d.usage)
	}
	return nil
}

func toAll(f func(*Workspace, *conn)) func(*Workspace, []string) error {
	return func(w *Workspace, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unexpected %q", args[0])
		}
		for _, c := range slices.Clone(w.conns) {
			f(w, c)
		}
		return nil
	}
}

func toOne(f func(*Workspace, *conn)) func(*Workspace, []string) error {
	return func(w *Workspace, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("unexpected %q", args[0])
		}
		if c := w.anyConn(); c != nil {
			f(w, c)
			return nil
		}
		return fmt.Errorf("there is no connection")
	}
}

func goAway(w *Workspace, args []string) error {
	w.faults.away = true
	return toAll(func(_ *Workspace, c *conn) { c.cancel() })(w, args)
}

// dismiss ends a connection with a reason.
func (w *Workspace) dismiss(c *conn, reason string) {
	c.ready = false
	w.send(c, disconnect(reason))
	w.send(c, nil)
}

// times reads "times N" at the end of args; without it standard counts.
func times(args []string, standard int) ([]string, int, error) {
	if len(args) < 2 || args[len(args)-2] != "times" {
		return args, standard, nil
	}
	n, err := strconv.Atoi(args[len(args)-1])
	if err != nil || n < 1 {
		return nil, 0, fmt.Errorf("%q is no number of times", args[len(args)-1])
	}
	return args[:len(args)-2], n, nil
}

func counted(name string, status int) func(*Workspace, []string) error {
	return func(w *Workspace, args []string) error {
		rest, n, err := times(args, 1)
		if err == nil && len(rest) > 0 {
			err = fmt.Errorf("unexpected %q", rest[0])
		}
		if err == nil {
			w.faults.order(name, n, status)
		}
		return err
	}
}

func statusArg(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 200 || n > 599 {
		return 0, fmt.Errorf("%q is no HTTP status", s)
	}
	return n, nil
}

func openStatus(w *Workspace, args []string) error {
	return w.apiRule(append([]string{"apps.connections.open"}, args...))
}

func upgradeStatus(w *Workspace, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("the status is missing")
	}
	status, err := statusArg(args[0])
	if err != nil {
		return err
	}
	return counted("upgrade_status", status)(w, args[1:])
}

func (w *Workspace) apiRule(args []string) error {
	rest, n, err := times(args, 1)
	if err != nil {
		return err
	}
	after := len(rest) == 3 && rest[2] == "after"
	if len(rest) != 2 && !after {
		return fmt.Errorf("a method and a status are needed")
	}
	if _, known := methods[rest[0]]; !known && rest[0] != "*" && rest[0] != "response_url" {
		return fmt.Errorf("there is no method %q", rest[0])
	}
	status, err := statusArg(rest[1])
	if err != nil {
		return err
	}
	w.faults.rules = append(w.faults.rules, &apiFault{method: rest[0], status: status, after: after, times: n})
	return nil
}

func (w *Workspace) slowAPI(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one duration is needed")
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	w.faults.slow = d
	return nil
}

// again sends the newest event once more, with its event_id, in an envelope of its own.
func again(reason string, attempt int) func(*Workspace, []string) error {
	return func(w *Workspace, _ []string) error {
		if w.lastEv == nil {
			return fmt.Errorf("there was no event yet")
		}
		e := newEnvelope("events_api", w.lastEv.payload)
		e.attempt, e.reason = attempt, reason
		w.deliver(e)
		return nil
	}
}

func (w *Workspace) unknownEvent([]string) error {
	ev := obj{"type": "sparkle_added", "user": "U0ALICE", "event_ts": w.nextTS()}
	w.deliver(newEnvelope("events_api", w.callback(ev)))
	return nil
}

func (w *Workspace) unknownEnvelope([]string) error {
	w.deliver(newEnvelope("sparkles", obj{"type": "sparkles"}))
	return nil
}

func (w *Workspace) badBlock([]string) error {
	ts := w.nextTS()
	ev := obj{
		"type": "app_mention", "user": "U0ALICE", "text": "<@" + BotUserID + "> help", "ts": ts, "event_ts": ts,
		"channel": "C0TEAMA", "team": TeamID, "blocks": []any{obj{"type": "section", "text": 7, "fields": "none"}},
	}
	w.deliver(newEnvelope("events_api", w.callback(ev)))
	return nil
}
