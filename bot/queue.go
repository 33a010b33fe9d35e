package bot

import (
	"context"
	"sync"
	"time"

	"github.com/stackhand/stackhand"
)

// queue hands what arrived to workers: lines of one user one after the other, in their
// order, and users in turn. Everything in it is on disk already, so it may be long.
type queue struct {
	handle func(context.Context, stackhand.Inbound)
	slots  chan struct{}
	mu     sync.Mutex
	ctx    context.Context // ends when workers must; nil before start
	lines  map[string][]stackhand.Inbound
	n      int           // not handled yet
	idle   chan struct{} // closed when n falls to 0
}

func newQueue(workers int, handle func(context.Context, stackhand.Inbound)) *queue {
	return &queue{handle: handle, slots: make(chan struct{}, workers), lines: map[string][]stackhand.Inbound{}}
}

func (q *queue) start(ctx context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ctx = ctx
}

// add queues something that was written down.
func (q *queue) add(in stackhand.Inbound) {
	q.expect()
	q.put(in)
}

// expect counts something that put will bring: what is written down and not acknowledged yet is work already, though none may begin.
func (q *queue) expect() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n == 0 {
		q.idle = make(chan struct{})
	}
	q.n++
}

// put queues what was expected.
func (q *queue) put(in stackhand.Inbound) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting, working := q.lines[in.User]
	q.lines[in.User] = append(waiting, in)
	if !working {
		go q.drain(q.ctx, in.User)
	}
}

// drain works on one user's lines until there are none; between two of them others get
// their turn.
func (q *queue) drain(ctx context.Context, user string) {
	for {
		in, more := q.next(user)
		if !more {
			return
		}
		select {
		case q.slots <- struct{}{}:
			if ctx.Err() == nil {
				q.handle(ctx, in)
			}
			<-q.slots
		case <-ctx.Done():
		}
		q.done()
	}
}

func (q *queue) next(user string) (stackhand.Inbound, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines := q.lines[user]
	if len(lines) == 0 {
		delete(q.lines, user)
		return stackhand.Inbound{}, false
	}
	q.lines[user] = lines[1:]
	return lines[0], true
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n--; q.n == 0 {
		close(q.idle)
	}
}

func (q *queue) busy() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n > 0
}

// finish waits until nothing is queued, at most for the given time.
func (q *queue) finish(d time.Duration) {
	q.mu.Lock()
	idle, n := q.idle, q.n
	q.mu.Unlock()
	if n == 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-idle:
	case <-t.C:
	}
}
