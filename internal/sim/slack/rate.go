package slack

import "time"

// Messages to one channel: one a second, with a short burst.
const (
	channelBurst  = 5
	channelWindow = channelBurst * time.Second
)

// rateLimit counts a call and returns how long the caller has to wait, 0 if the call may pass.
// Limits are per method and workspace; a call that is refused is not counted.
func (w *Workspace) rateLimit(q *request, m method) time.Duration {
	if w.opt.Relaxed {
		return 0
	}
	now := time.Now()
	window := w.recent(q.method, now, time.Minute)
	if float64(len(window)) >= w.opt.Pace*float64(m.perMinute) {
		return window[0].Add(time.Minute).Sub(now)
	}
	if q.method == "chat.postMessage" {
		key := q.method + " " + q.str("channel")
		within := time.Duration(float64(channelWindow) / w.opt.Pace)
		sent := w.recent(key, now, within)
		if len(sent) >= channelBurst {
			return sent[0].Add(within).Sub(now)
		}
		w.rates[key] = append(sent, now)
	}
	w.rates[q.method] = append(window, now)
	return 0
}

// recent are the calls counted under key within the window that ends now.
func (w *Workspace) recent(key string, now time.Time, window time.Duration) []time.Time {
	times := w.rates[key]
	for len(times) > 0 && now.Sub(times[0]) >= window {
		times = times[1:]
	}
	return times
}
