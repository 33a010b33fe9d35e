package cloud_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// build waits for n servers that are built at once and tells the number of looks and the
// longest time that any of them was waited for.
func build(t *testing.T, n int) (looks, others int, took time.Duration) {
	w := newWorld(t, quick, cloud.Options{})
	w.rule(t, fmt.Sprintf("quota team-a instances %d", n+1))
	w.rule(t, fmt.Sprintf("quota team-a cores %d", n+1))
	w.rule(t, "quota team-a ram 1000000")
	w.rule(t, fmt.Sprintf("quota team-a port %d", n+10))
	c := w.as(t, alice)
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("web-%d", i)
	}
	ids := boots(t, c, names...)
	w.net.reset()
	start := time.Now()
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			if _, err := c.Await(t.Context(), id, active); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	took = time.Since(start)
	synctest.Wait()
	w.net.mu.Lock()
	total := len(w.net.seen)
	w.net.mu.Unlock()
	looks = w.net.count(detail)
	return looks, total - looks, took
}

// One poll serves all: its requests grow with time, not with servers.
func TestPollServesAll(t *testing.T) {
	var one, many int
	synctest.Test(t, func(t *testing.T) {
		looks, others, took := build(t, 1)
		if others != 0 || looks < 15 || looks > 25 || took > 2110*time.Millisecond {
			t.Errorf("one server: %d looks and %d other requests in %v", looks, others, took)
		}
		one = looks
	})
	synctest.Test(t, func(t *testing.T) {
		looks, others, took := build(t, 60)
		if others != 0 || took > 2110*time.Millisecond {
			t.Errorf("60 servers: %d looks and %d other requests in %v", looks, others, took)
		}
		many = looks
	})
	if many > one+1 {
		t.Errorf("60 servers took %d looks, one took %d", many, one)
	}
}

// A long wait is looked at less and less often, and everybody who comes is served soon.
func TestPollSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quick, cloud.Options{})
		w.rule(t, "build hang web-1")
		c := w.as(t, alice)
		id := boots(t, c, "web-1")[0]
		w.net.reset()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		done := make(chan error)
		go func() {
			last, err := c.Await(ctx, id, active)
			if last.Status != "BUILD" {
				t.Errorf("the last state that was seen: %+v", last)
			}
			done <- err
		}()
		within(t, 5*time.Minute)
		if n := w.net.count(detail); n < 60 || n > 200 {
			t.Errorf("%d looks in 5 minutes", n)
		}
		start := time.Now()
		if _, err := c.Await(t.Context(), id, func(s stackhand.Server) bool { return s.Status == "BUILD" }); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 200*time.Millisecond || took > 250*time.Millisecond {
			t.Errorf("a newcomer was served after %v", took)
		}
		if err := <-done; stackhand.KindOf(err) != stackhand.Unavailable {
			t.Errorf("at the deadline: %v", err)
		}
		synctest.Wait()
		w.net.reset()
		within(t, time.Minute)
		if n := w.net.count(detail); n != 0 {
			t.Errorf("%d looks while nobody waits", n)
		}
	})
}

// within lets fake time pass.
func within(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.After(d)
	synctest.Wait()
}

func TestPollSeesRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quick, cloud.Options{})
		c := w.as(t, alice)
		id := boots(t, c, "web-1")[0]
		never := func(stackhand.Server) bool { return false }
		done := make(chan error)
		go func() {
			_, err := c.Await(t.Context(), id, never)
			done <- err
		}()
		within(t, 20*time.Second)
		w.net.reset()
		if err := c.DeleteServer(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := <-done; stackhand.KindOf(err) != stackhand.NotFound || time.Since(start) > 5*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if n := w.net.count("GET /compute/v2.1/servers/" + id); n > 0 {
			t.Errorf("%d questions about the one server", n)
		}
		if _, err := c.Await(t.Context(), id, never); stackhand.KindOf(err) != stackhand.NotFound {
			t.Errorf("a wait for what is gone: %v", err)
		}
	})
}

// What passes is waited out; what does not ends the wait.
func TestPollFaults(t *testing.T) {
	for _, c := range []struct {
		rule string
		kind stackhand.Kind // "" where the wait goes on
	}{
		{"GET /servers/detail 503 times 3", ""},
		{"GET /servers/detail 429 times 2", ""},
		{"GET /servers/detail drop times 3", ""},
		{"GET /servers/detail 400 always", stackhand.Invalid},
		{"GET /servers/detail 403 always", stackhand.Forbidden},
	} {
		t.Run(c.rule, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, quick, cloud.Options{})
				client := w.as(t, alice)
				id := boots(t, client, "web-1")[0]
				w.rule(t, c.rule)
				got, err := client.Await(t.Context(), id, active)
				if stackhand.KindOf(err) != c.kind || err == nil && got.Status != "ACTIVE" {
					t.Errorf("got %v %v, want %q", got.Status, err, c.kind)
				}
			})
		})
	}
}

// deny answers 401 to one token's lists of servers.
type deny struct {
	http.Handler
	token func(string) bool
}

func (d deny) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if strings.HasSuffix(req.URL.Path, "/servers/detail") && d.token(req.Header.Get("X-Auth-Token")) {
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	d.Handler.ServeHTTP(rw, req)
}

// A credential that no longer serves ends its own waits only; others of the project go on.
func TestPollChangesCredential(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, quick, cloud.Options{})
		first, second := w.as(t, alice), w.as(t, person("carol", "team-a"))
		ids := boots(t, first, "web-1", "web-2")
		var mu sync.Mutex
		bad := ""
		w.net.Handler = deny{w.Cloud, func(token string) bool {
			mu.Lock()
			defer mu.Unlock()
			if bad == "" {
				bad = token // the first that asks, which is the one that waits longest
			}
			return token == bad
		}}
		errs := make([]error, 2)
		var all sync.WaitGroup
		for i, c := range []*cloud.Client{first, second} {
			all.Go(func() {
				<-time.After(time.Duration(i+1) * time.Millisecond)
				_, errs[i] = c.Await(t.Context(), ids[i], active)
			})
		}
		all.Wait()
		if stackhand.KindOf(errs[0]) != stackhand.Forbidden || errs[1] != nil {
			t.Errorf("got %v and %v", errs[0], errs[1])
		}
	})
}

// BenchmarkPoll tells how many requests a wait for many builds takes.
func BenchmarkPoll(b *testing.B) {
	for _, n := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("servers=%d", n), func(b *testing.B) {
			looks := 0
			for b.Loop() {
				w := newWorld(b, openstack.Options{Build: 300 * time.Millisecond}, cloud.Options{Poll: cloud.Poll{First: 50 * time.Millisecond}})
				w.rule(b, fmt.Sprintf("quota team-a instances %d", n))
				w.rule(b, fmt.Sprintf("quota team-a cores %d", n))
				w.rule(b, "quota team-a ram 1000000")
				c := w.as(b, alice)
				names := make([]string, n)
				for i := range names {
					names[i] = fmt.Sprintf("web-%d", i)
				}
				ids := boots(b, c, names...)
				w.net.reset()
				var all sync.WaitGroup
				for _, id := range ids {
					all.Go(func() {
						if _, err := c.Await(b.Context(), id, active); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
				looks += w.net.count(detail)
			}
			b.ReportMetric(float64(looks)/float64(b.N), "polls/op")
		})
	}
}
