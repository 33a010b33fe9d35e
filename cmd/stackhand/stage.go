package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// running is one life of the bot on the stage. Killing it is as sudden as kill -9: from that moment on
// nothing of it reaches the disk or the network any more, whatever its goroutines still try.
type running struct {
	app    *app
	db     *bolt.DB
	dead   *atomic.Bool
	cancel context.CancelFunc
	done   chan error
}

var errKilled = errors.New("this life of the bot was killed")

// start brings the bot up on the stage's state.
func (st *stage) start(ctx context.Context) error {
	cfg, err := st.config()
	if err != nil {
		return err
	}
	db, err := bolt.Open(filepath.Join(st.dir, "stackhand.db"), bolt.Options{})
	if err != nil {
		return err
	}
	dead := &atomic.Bool{}
	ctx, cancel := context.WithCancel(ctx)
	log, redact := newLog(st.streams, st.demo.LogLevel, false)
	a, err := newApp(ctx, world{
		cfg: cfg, appToken: st.slack.AppToken(), botToken: st.slack.BotToken(), keyset: st.keyset,
		entries: st.entries, driver: st.driver(mortalDriver{db, dead}, dead), now: st.clock.Now, log: log, redact: redact,
		sweep: cmp.Or(st.sweep, "@every 1s"), freshKeyset: st.freshKeyset, desk: deskOf(filepath.Join(st.dir, "stackhand.db")), pace: st.demo.SlackPace, outbound: mortalTransport{st.network(dead), dead, ctx}, dial: st.dial,
	})
	if err == nil {
		err = st.loginAlice(ctx, a)
	}
	if err != nil {
		cancel()
		return errors.Join(err, db.Close())
	}
	r := &running{app: a, db: db, dead: dead, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- a.run(ctx) }()
	st.on = r
	return nil
}

// driver is how a life of the bot reaches the disk; tests put something in between.
func (st *stage) driver(d store.Driver, dead *atomic.Bool) store.Driver {
	if st.disk == nil {
		return d
	}
	return st.disk(d, dead)
}

// network is how a life of the bot reaches the world; tests put something in between.
func (st *stage) network(dead *atomic.Bool) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if st.tap == nil {
		return t
	}
	return st.tap(t, dead)
}

// kill ends the bot without warning. It is safe to call with no bot on.
func (st *stage) kill() {
	if st.on == nil {
		return
	}
	st.on.dead.Store(true)
	st.on.cancel()
	<-st.on.done
	st.on.db.Close()
	st.on = nil
	// What the workspace sends over a connection of which it does not know yet that it is gone, the next life does not get.
	for end := time.Now().Add(patience); st.slack.Connections() > 0 && time.Now().Before(end); {
		<-time.After(glance)
	}
}

// wait returns when the bot gives up or is told to stop, which it then does in order.
func (st *stage) wait(ctx context.Context) error {
	var err error
	select {
	case err = <-st.on.done:
	case <-ctx.Done():
		err = <-st.on.done
	}
	st.on.done <- nil // for kill
	return err
}

// dial reaches the servers of the simulated cloud, which have no network but their API.
func (st *stage) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if st.cloud != nil {
		return st.cloud.Dial(ctx, network, addr)
	}
	return (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, addr)
}

// mortalDriver is a store that the dead cannot write to.
type mortalDriver struct {
	*bolt.DB
	dead *atomic.Bool
}

// Commit refuses once the bot is dead.
func (d mortalDriver) Commit(ctx context.Context, ops ...store.Op) (int64, error) {
	if d.dead.Load() {
		return 0, errKilled
	}
	return d.DB.Commit(ctx, ops...)
}

// mortalTransport is a network that the dead cannot reach.
type mortalTransport struct {
	http.RoundTripper
	dead *atomic.Bool
	life context.Context
}

// RoundTrip refuses once the bot is dead, and cuts what is under way when it dies.
func (t mortalTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.dead.Load() {
		return nil, errKilled
	}
	ctx, cancel := context.WithCancel(req.Context())
	stop := context.AfterFunc(t.life, cancel)
	resp, err := t.RoundTripper.RoundTrip(req.WithContext(ctx))
	if err != nil {
		stop()
		cancel()
		return nil, err
	}
	resp.Body = &closeBody{resp.Body, func() { stop(); cancel() }}
	return resp, nil
}

// closeBody lets go of a request's context when its answer has been read.
type closeBody struct {
	io.ReadCloser
	closed func()
}

// Close closes the body.
func (b *closeBody) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}
