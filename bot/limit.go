package bot

import (
	"cmp"
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter keeps us below Slack's rates. Slack counts per method and workspace; messages are
// counted per channel as well. One limiter serves everything that the bot sends.
// Source: docs.slack.dev/apis/web-api/rate-limits.
type limiter struct {
	mu      sync.Mutex
	blocked map[string]time.Time // by method: Slack said so with 429
	buckets map[string]*rate.Limiter
	posts   map[string][]time.Time // by channel, the newest messages
	pace    float64                // how many times Slack's rates
}

func newLimiter(pace float64) *limiter {
	return &limiter{pace: cmp.Or(max(pace, 0), 1), blocked: map[string]time.Time{}, buckets: map[string]*rate.Limiter{}, posts: map[string][]time.Time{}}
}

// tier is a rate per minute that holds in every window of 60 s: burst + 60 s at the rate.
type tier struct {
	perMinute float64
	burst     int
}

var (
	tier2 = tier{14, 5}  // Slack's 20+
	tier3 = tier{38, 10} // 50+
	tier4 = tier{75, 20} // 100+
	flood = tier{240, 20}
)

// In each channel one message a second, counted over a short while so that the three
// messages of a job need not wait for each other. The window is a little longer than the
// messages are many, because not all of them take equally long to arrive.
const (
	postBurst   = 5
	postWindow  = 5500 * time.Millisecond
	maxChannels = 1000 // bounds the memory that channels of long ago take
)

func tierOf(method string) tier {
	switch {
	case method == "chat.postMessage":
		return flood
	case method == "chat.postEphemeral", method == "users.info", strings.HasPrefix(method, "views."), strings.HasPrefix(method, "files."):
		return tier4
	case strings.HasPrefix(method, "usergroups."):
		return tier2
	}
	return tier3
}

// ready takes a place for one call and answers 0, or takes none and says how long to wait.
func (l *limiter) ready(method, channel string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if until := l.blocked[method]; now.Before(until) {
		return until.Sub(now)
	}
	var wait time.Duration
	if method == "chat.postMessage" {
		wait = l.crowded(channel, now)
	}
	bucket := l.bucket(method)
	if r := bucket.ReserveN(now, 1); wait > 0 || r.DelayFrom(now) > 0 {
		wait = max(wait, r.DelayFrom(now))
		r.CancelAt(now)
	}
	if wait == 0 && method == "chat.postMessage" {
		if len(l.posts) >= maxChannels {
			maps.DeleteFunc(l.posts, func(_ string, sent []time.Time) bool { return now.Sub(sent[len(sent)-1]) >= l.window() })
		}
		l.posts[channel] = append(l.posts[channel], now)
	}
	return wait
}

// crowded says how long a channel takes no further message.
func (l *limiter) crowded(channel string, now time.Time) time.Duration {
	recent := l.posts[channel]
	for len(recent) > 0 && now.Sub(recent[0]) >= l.window() {
		recent = recent[1:]
	}
	if len(recent) == 0 {
		delete(l.posts, channel)
		return 0
	}
	l.posts[channel] = recent
	if len(recent) < postBurst {
		return 0
	}
	return recent[len(recent)-postBurst].Add(l.window()).Sub(now)
}

// window is the time in which a channel takes postBurst messages.
func (l *limiter) window() time.Duration { return time.Duration(float64(postWindow) / l.pace) }

func (l *limiter) bucket(method string) *rate.Limiter {
	b := l.buckets[method]
	if b == nil {
		t := tierOf(method)
		b = rate.NewLimiter(rate.Limit(l.pace*t.perMinute/60), t.burst)
		l.buckets[method] = b
	}
	return b
}

// wait waits for a place.
func (l *limiter) wait(ctx context.Context, method, channel string) error {
	for {
		d := l.ready(method, channel)
		if d == 0 {
			return ctx.Err()
		}
		if !sleep(ctx, d) {
			return ctx.Err()
		}
	}
}

// block keeps a method shut for as long as Slack asked.
func (l *limiter) block(method string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.blocked[method]) {
		l.blocked[method] = until
	}
}
