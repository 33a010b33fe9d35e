package cloud_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// flood writes about n bytes, piece by piece, as far as anybody reads.
func flood(w io.Writer, n int, piece string) {
	for sent := 0; sent < n; sent += len(piece) {
		if _, err := io.WriteString(w, piece); err != nil {
			return
		}
	}
}

const hundredMB = 100 << 20

// peak is the most memory that is in use while do is at work, beyond what was before.
func peak(do func()) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	most := make(chan uint64)
	go func() {
		var top uint64
		for tick := time.NewTicker(2 * time.Millisecond); ; {
			select {
			case <-done:
				most <- top
				return
			case <-tick.C:
				runtime.ReadMemStats(&now)
				top = max(top, now.HeapAlloc)
			}
		}
	}()
	do()
	close(done)
	return max(<-most, before.HeapAlloc) - before.HeapAlloc
}

// An answer of 100 MB ends at a bound, with words that say so, whatever it is: a list, one thing, a console's text, a refusal.
func TestFloods(t *testing.T) {
	var kind atomic.Pointer[string]
	c, err := wrapped(t, func(rw http.ResponseWriter, req *http.Request) bool {
		what := kind.Load()
		if what == nil {
			return false
		}
		switch *what {
		case "a list of many things":
			_, _ = io.WriteString(rw, `{"networks": [`)
			flood(rw, hundredMB, `{"id": "0123456789abcdef", "name": "`+strings.Repeat("n", 200)+`"},`)
		case "a list of one thing":
			_, _ = io.WriteString(rw, `{"networks": [{"id": "`)
			flood(rw, hundredMB, strings.Repeat("x", 4096))
		case "a console's text":
			_, _ = io.WriteString(rw, `{"output": "`)
			flood(rw, hundredMB, strings.Repeat("boot ", 1000))
		case "a refusal":
			rw.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(rw, `{"conflictingRequest": {"message": "`)
			flood(rw, hundredMB, strings.Repeat("no ", 1000))
		case "nothing but spaces":
			flood(rw, hundredMB, strings.Repeat(" ", 4096))
		}
		return true
	}, cloud.Options{RetryPause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name string
		call func() error
		want stackhand.Kind
		says string
	}{
		{"a list of many things", func() error { return listNetworks(t.Context(), c) }, stackhand.Invalid, "answered more than can be read"},
		{"a list of one thing", func() error { return listNetworks(t.Context(), c) }, stackhand.Invalid, "answered more than can be read"},
		{"a console's text", func() error { _, err := c.ConsoleLog(t.Context(), "s1", 0); return err }, stackhand.Invalid, "answered more than can be read"},
		{"a refusal", func() error { return listNetworks(t.Context(), c) }, stackhand.Conflict, "cannot do that"},
		{"nothing but spaces", func() error { return listNetworks(t.Context(), c) }, stackhand.Invalid, "answered more than can be read"},
	} {
		kind.Store(&x.name)
		var err error
		used := peak(func() { err = x.call() })
		if stackhand.KindOf(err) != x.want || !strings.Contains(fmt.Sprint(err), x.says) || len(fmt.Sprint(err)) > 800 {
			t.Errorf("%s: %.300v", x.name, err)
		}
		t.Logf("%s: %d MiB", x.name, used>>20)
		if used > 128<<20 {
			t.Errorf("%s took %d MiB", x.name, used>>20)
		}
	}
}

// A cloud that sends its answer drop by drop is left after the time of one call, not after each drop.
func TestDrops(t *testing.T) {
	const drops = 1000
	var slow atomic.Bool
	var most atomic.Int64
	c, err := wrapped(t, func(rw http.ResponseWriter, req *http.Request) bool {
		if !slow.Load() {
			return false
		}
		for n := range drops {
			most.Store(max(most.Load(), int64(n)+1))
			if _, err := io.WriteString(rw, " "); err != nil {
				break
			}
			rw.(http.Flusher).Flush()
			select {
			case <-req.Context().Done():
				return true
			case <-time.After(10 * time.Millisecond):
			}
		}
		return true
	}, cloud.Options{Timeout: 300 * time.Millisecond, RetryPause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	slow.Store(true)
	for name, call := range map[string]func() error{
		"a read":  func() error { return listNetworks(t.Context(), c) },
		"a write": func() error { return makeNetwork(t.Context(), c) },
	} {
		err := call()
		if stackhand.KindOf(err) != stackhand.Unavailable || !strings.Contains(fmt.Sprint(err), "did not answer in time") || most.Load() == drops {
			t.Errorf("%s: %v after %d drops", name, err, most.Load())
		}
	}
}
