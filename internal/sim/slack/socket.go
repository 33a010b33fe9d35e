package slack

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	maxConnections = 10
	maxAck         = 20_480 // bytes; a longer message closes the connection with 1009
	ticketLife     = 30 * time.Second
	debugLife      = 360 * time.Second // of a connection opened with debug_reconnects
	refreshGrace   = 10 * time.Second  // from refresh_requested to the end of the connection
)

// ticket is the right to open one connection.
type ticket struct {
	until time.Time
	debug bool
}

// conn is one connection of Socket Mode.
type conn struct {
	id     int
	ws     *websocket.Conn
	out    chan []byte
	ready  bool // may be given payloads
	cancel context.CancelFunc
	timers []*time.Timer
	// Faults: neither pings nor anything else goes out, or comes in.
	noPings, halfOpen atomic.Bool
}

func connectionsOpen(w *Workspace, q *request) (obj, error) {
	t := random(16)
	for k, old := range w.tickets {
		if time.Now().After(old.until) {
			delete(w.tickets, k)
		}
	}
	w.tickets[t] = ticket{until: time.Now().Add(ticketLife), debug: q.bool("debug_reconnects")}
	return obj{"url": "ws://" + q.host + "/socket/?ticket=" + t + "&app_id=" + AppID}, nil
}

func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	key := r.URL.Query().Get("ticket")
	t, ok := w.tickets[key]
	delete(w.tickets, key)
	status := w.faults.take("upgrade_status")
	if w.faults.away {
		status = http.StatusServiceUnavailable
	}
	closed := w.closed
	if !closed {
		w.wg.Add(1)
	}
	w.mu.Unlock()
	if closed {
		http.Error(rw, "closed", http.StatusServiceUnavailable)
		return
	}
	defer w.wg.Done()
	if status != 0 {
		http.Error(rw, http.StatusText(status), status)
		return
	}
	if !ok || time.Now().After(t.until) {
		http.Error(rw, "unknown or used ticket", http.StatusForbidden)
		return
	}
	c := &conn{out: make(chan []byte, 4096)}
	ws, err := websocket.Accept(rw, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the ticket is the proof; apps send the origin https://api.slack.com
		OnPingReceived:     func(context.Context, []byte) bool { return !c.halfOpen.Load() },
	})
	if err != nil {
		w.log.Debug("socket refused", "err", err)
		return
	}
	c.ws = ws
	w.serveConn(c, t)
}

// serveConn lives as long as the connection.
func (w *Workspace) serveConn(c *conn, t ticket) {
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	c.cancel = cancel
	c.ws.SetReadLimit(maxAck)
	if !w.join(c, t) {
		return
	}
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		w.write(ctx, c)
		cancel()
	}()
	w.read(ctx, c)
	w.leave(c)
	cancel()
	// Mostly closed by the other side already.
	_ = c.ws.CloseNow()
}

// join greets a new connection; one too many is sent away after the greeting.
func (w *Workspace) join(c *conn, t ticket) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		_ = c.ws.CloseNow()
		return false
	}
	w.connSeq++
	c.id = w.connSeq
	full := len(w.conns) >= maxConnections || w.faults.use("too_many_websockets")
	w.conns = append(w.conns, c)
	w.send(c, w.hello())
	life := w.opt.Clocks.Connection
	if t.debug {
		life = min(life, debugLife)
	}
	if full {
		w.send(c, disconnect("too_many_websockets"))
		w.send(c, nil)
		return true
	}
	c.ready = true
	c.timers = append(c.timers,
		w.after(max(life-w.opt.Clocks.Warning, 0), func() { w.send(c, disconnect("warning")) }),
		w.after(life, func() { w.refresh(c) }))
	w.touch()
	return true
}

func (w *Workspace) hello() obj {
	return obj{
		"type": "hello", "num_connections": len(w.conns),
		"connection_info": obj{"app_id": AppID},
		"debug_info": obj{
			"host": "applink-simulator", "started": time.Now().UTC().Format(time.DateTime), "build_number": 1,
			"approximate_connection_time": int(w.opt.Clocks.Connection.Seconds()),
		},
	}
}

func disconnect(reason string) obj {
	return obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "applink-simulator"}}
}

// refresh asks the app to open another connection; this one gets nothing more.
func (w *Workspace) refresh(c *conn) {
	if !slices.Contains(w.conns, c) {
		return
	}
	c.ready = false
	w.send(c, disconnect("refresh_requested"))
	c.timers = append(c.timers, w.after(refreshGrace, func() { w.send(c, nil) }))
}

// send queues a message, or with nil the end of the connection. The lock is held.
func (w *Workspace) send(c *conn, message obj) {
	var data []byte
	if message != nil {
		data = must(json.Marshal(message))
		w.frames.add(Frame{At: time.Now(), Conn: c.id, Out: true, Data: data})
	}
	if !slices.Contains(w.conns, c) {
		return
	}
	select {
	case c.out <- data:
	default: // an app that does not read loses its connection
		if c.cancel != nil {
			c.cancel()
		}
	}
}

// must is for JSON of our own making, which always can be written.
func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func (w *Workspace) write(ctx context.Context, c *conn) {
	ping := time.NewTicker(w.opt.Clocks.Ping)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case data := <-c.out:
			if c.halfOpen.Load() {
				continue
			}
			if data == nil {
				_ = c.ws.Close(websocket.StatusNormalClosure, "")
				return
			}
			if c.ws.Write(ctx, websocket.MessageText, data) != nil {
				return
			}
		case <-ping.C:
			if c.noPings.Load() || c.halfOpen.Load() {
				continue
			}
			if !w.ping(ctx, c) {
				return
			}
		}
	}
}

// ping waits for the answer aside, so that payloads go on flowing; no answer for three periods
// ends the connection.
func (w *Workspace) ping(ctx context.Context, c *conn) bool {
	if ctx.Err() != nil {
		return false
	}
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		wait, cancel := context.WithTimeout(ctx, 3*w.opt.Clocks.Ping)
		defer cancel()
		if err := c.ws.Ping(wait); err != nil && errors.Is(err, context.DeadlineExceeded) && !c.halfOpen.Load() {
			c.cancel()
		}
	}()
	return true
}

func (w *Workspace) read(ctx context.Context, c *conn) {
	for {
		_, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		if c.halfOpen.Load() {
			continue
		}
		w.mu.Lock()
		w.frames.add(Frame{At: time.Now(), Conn: c.id, Data: data})
		w.acknowledge(data)
		w.touch()
		w.mu.Unlock()
	}
}

func (w *Workspace) leave(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.ready = false
	for _, t := range c.timers {
		w.stop(t)
	}
	w.conns = slices.DeleteFunc(w.conns, func(x *conn) bool { return x == c })
	w.touch()
}

// anyConn picks the connection for a payload: any of them, as Slack does.
func (w *Workspace) anyConn() *conn {
	var ready []*conn
	for _, c := range w.conns {
		if c.ready {
			ready = append(ready, c)
		}
	}
	if len(ready) == 0 {
		return nil
	}
	return ready[rand.IntN(len(ready))]
}
