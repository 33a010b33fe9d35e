package cloud

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
)

// Poll says how often the servers that somebody waits for are looked at. The zero value is good.
type Poll struct {
	First time.Duration // from the begin of a wait to the first look; by default 200 ms
	Least time.Duration // the least between looks; by default half of First
	Max   time.Duration // the most between looks, once all wait for long; by default 5 s
	Full  time.Duration // after this long all servers are read instead of the changed ones; by default 30 s
}

func (p Poll) withDefaults() Poll {
	p.First = cmp.Or(p.First, 200*time.Millisecond)
	p.Least = cmp.Or(p.Least, p.First/2)
	p.Max = cmp.Or(p.Max, 5*time.Second)
	p.Full = cmp.Or(p.Full, 30*time.Second)
	return p
}

// Await returns when done says so of the server's newest state, or when the server is gone
// (NotFound), or when ctx ends; then with the state that was seen last. All who wait in one
// project are served by one GET /servers/detail per tick, with the credential of any of them.
// done is called from this goroutine. What Nova does not count as a change of the server, such
// as a floating IP, may be seen as late as Poll.Full.
func (c *Client) Await(ctx context.Context, id string, done func(stackhand.Server) bool) (stackhand.Server, error) {
	w := c.pool.join(c, id)
	defer c.pool.leave(w)
	var last stackhand.Server
	for {
		select {
		case <-ctx.Done():
			return last, stackhand.Errorf(stackhand.KindOf(ctx.Err()), "The wait for server %s ended before it got there.", cmp.Or(last.Name, id)).
				Because(ctx.Err())
		case seen := <-w.seen:
			if seen.err != nil {
				return last, seen.err
			}
			if last = seen.server; done(last) {
				return last, nil
			}
		}
	}
}

// pollKey names the servers that one poll sees.
type pollKey struct{ cloud, region, project string }

// waiter is one call of Await. fresh, over and the sending to seen are the poller's goroutine's.
type waiter struct {
	id     string
	client *Client
	poller *poller
	joined time.Time
	fresh  bool      // has not been told any state yet
	over   bool      // was told an error, and is about to leave
	seen   chan look // holds the newest state only
}

type look struct {
	server stackhand.Server
	err    error
}

// tell replaces what the waiter has not looked at yet.
func (w *waiter) tell(l look) {
	select {
	case <-w.seen:
	default:
	}
	w.seen <- l
	w.fresh, w.over = false, l.err != nil
}

// poller looks after the servers of one project while somebody waits for them.
type poller struct {
	pool    *Pool
	key     pollKey
	waiters []*waiter // guarded by pool.mu
	joined  chan struct{}
	stop    context.CancelFunc

	// The goroutine's own.
	last     time.Time     // end of the last look
	took     time.Duration // of the last look
	fullAt   time.Time     // of the last look at everything
	newest   time.Time     // change of a server that was seen, by the cloud's clock
	failures int           // in a row
	asked    time.Duration // how long the cloud asked to wait
}

// join adds a waiter, and starts the poll with the first.
func (p *Pool) join(c *Client, id string) *waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := pollKey{c.site.entry.Name, c.site.entry.Region, c.Identity().ProjectID}
	q := p.pollers[key]
	if q == nil {
		ctx, stop := context.WithCancel(context.Background())
		q = &poller{pool: p, key: key, joined: make(chan struct{}, 1), stop: stop}
		p.pollers[key] = q
		go q.run(ctx)
	}
	w := &waiter{id: id, client: c, poller: q, joined: time.Now(), fresh: true, seen: make(chan look, 1)}
	q.waiters = append(q.waiters, w)
	select {
	case q.joined <- struct{}{}:
	default:
	}
	return w
}

// leave takes a waiter away, and ends the poll with the last.
func (p *Pool) leave(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := w.poller
	q.waiters = slices.DeleteFunc(q.waiters, func(other *waiter) bool { return other == w })
	if len(q.waiters) == 0 {
		q.stop()
		if p.pollers[q.key] == q {
			delete(p.pollers, q.key)
		}
	}
}

func (q *poller) present() []*waiter {
	q.pool.mu.Lock()
	defer q.pool.mu.Unlock()
	return slices.Clone(q.waiters)
}

func (q *poller) run(ctx context.Context) {
	for {
		timer := time.NewTimer(time.Until(q.due(q.present())))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-q.joined: // the next look may be due earlier now
			timer.Stop()
			continue
		case <-timer.C:
		}
		// Only those who waited before the look began may be told what it saw.
		waiters := slices.DeleteFunc(q.present(), func(w *waiter) bool { return w.over })
		if len(waiters) > 0 {
			q.look(ctx, waiters)
		}
	}
}

// due tells when to look next: soon for somebody who has been told nothing yet, often while the
// waits are young, and no more often than the cloud can take.
func (q *poller) due(waiters []*waiter) time.Time {
	o := q.pool.opts.Poll
	if len(waiters) == 0 {
		return time.Now().Add(o.Max)
	}
	if q.failures > 0 {
		return q.last.Add(max(min(o.First<<min(q.failures, 10), o.Max), q.asked))
	}
	if i := slices.IndexFunc(waiters, func(w *waiter) bool { return w.fresh }); i >= 0 {
		first, least := waiters[i].joined.Add(o.First), q.last.Add(max(o.First, q.took))
		if first.After(least) {
			return first
		}
		return least
	}
	youngest := waiters[len(waiters)-1].joined
	return q.last.Add(min(max(time.Since(youngest)/25, o.Least, 2*q.took), o.Max))
}

// overlap is how far back before the newest change that was seen the next look reaches:
// compute hosts stamp changes with their own clocks.
const overlap = 30 * time.Second

// look asks once for all, and tells everybody what concerns them.
func (q *poller) look(ctx context.Context, waiters []*waiter) {
	start := time.Now()
	full := q.newest.IsZero() || start.Sub(q.fullAt) >= q.pool.opts.Poll.Full ||
		slices.ContainsFunc(waiters, func(w *waiter) bool { return w.fresh })
	filter := query{}
	if !full {
		filter["changes-since"] = q.newest.Add(-overlap).UTC().Format(time.RFC3339)
	}
	client := waiters[0].client
	servers, err := client.servers(ctx, filter, hasty)
	defer func() { q.last, q.took = time.Now(), time.Since(start) }()
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		q.failed(client, waiters, err)
		return
	}
	q.failures = 0
	if full {
		q.fullAt = start
	}
	byID := make(map[string]stackhand.Server, len(servers))
	for _, s := range servers {
		byID[s.ID] = s
		if s.Updated.After(q.newest) {
			q.newest = s.Updated
		}
	}
	for _, w := range waiters {
		s, found := byID[w.id]
		switch {
		case found && s.Status == "DELETED":
			w.tell(look{err: stackhand.Errorf(stackhand.NotFound, "The server %s is gone.", s.Name)})
		case found:
			w.tell(look{server: s})
		case full:
			q.ask(ctx, w)
		}
	}
}

// ask makes sure about a server that is not in the list of all.
func (q *poller) ask(ctx context.Context, w *waiter) {
	s, err := w.client.server(ctx, w.id, hasty)
	if err != nil && (stackhand.Temporary(err) || ctx.Err() != nil) {
		return // the next look at everything asks again
	}
	w.tell(look{server: s, err: err})
}

// failed goes on after what may pass. A credential that no longer serves ends the wait of
// those who have it, and the others go on with theirs; anything else ends all waits.
func (q *poller) failed(client *Client, waiters []*waiter, err error) {
	q.failures++
	q.asked = 0
	if e, ok := err.(*stackhand.Error); ok {
		q.asked = min(e.RetryAfter, time.Minute)
	}
	if stackhand.Temporary(err) {
		q.pool.opts.Log.Warn("waiting for servers: no answer, going on", slog.String("cloud", q.key.cloud),
			slog.String("project", q.key.project), slog.Int("failures", q.failures), slog.Any("err", err))
		return
	}
	kind := stackhand.KindOf(err)
	own := kind == stackhand.Unauthorized || kind == stackhand.Forbidden
	if own {
		q.failures = 0
	}
	for _, w := range waiters {
		if !own || w.client == client {
			w.tell(look{err: err})
		}
	}
}
