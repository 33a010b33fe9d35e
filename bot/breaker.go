package bot

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// breaker slows down the opening of connections. slack-go reconnects at once when Slack
// accepts a connection and then sends it away (too_many_websockets, link_disabled), some
// thousand times a second; Slack's own limit is about 50 a minute.
type breaker struct {
	next  http.RoundTripper
	mu    sync.Mutex
	opens []time.Time // within the last minute, those reserved for later included
}

// freeOpens may follow each other without delay: both connections at the start, and both
// refreshed together.
const (
	freeOpens = 4
	openPause = time.Second // doubled with every further one within a minute
	maxPause  = 30 * time.Second
)

// RoundTrip delays apps.connections.open where too many came lately.
func (b *breaker) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/apps.connections.open") {
		if wait := b.delay(time.Now()); wait > 0 && !sleep(req.Context(), wait) {
			return nil, req.Context().Err()
		}
	}
	return b.next.RoundTrip(req)
}

// delay says how long the next opening has to wait, and counts it.
func (b *breaker) delay(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.opens) > 0 && now.Sub(b.opens[0]) > time.Minute {
		b.opens = b.opens[1:]
	}
	at := now
	if n := len(b.opens); n >= freeOpens {
		pause := min(openPause<<min(n-freeOpens, 10), maxPause)
		if next := b.opens[n-1].Add(pause); next.After(at) {
			at = next
		}
	}
	b.opens = append(b.opens, at)
	return at.Sub(now)
}
