package bolt_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// quantiles reports the median, the 99th of 100 and the worst of what was measured, in ms.
func quantiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	ms := func(q float64) float64 {
		return float64(took[int(q*float64(len(took)-1))]) / float64(time.Millisecond)
	}
	b.ReportMetric(ms(0.5), "p50-ms")
	b.ReportMetric(ms(0.99), "p99-ms")
	b.ReportMetric(ms(1), "max-ms")
}

func newStore(b *testing.B, d store.Driver, o store.Options) *store.Store {
	b.Helper()
	s, err := store.New(b.Context(), d, o)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkReceive writes down what comes in at 200 a second, each until it is on disk, as the bot
// does before it acknowledges; one op is a second of it. The pace does not wait for the store. The
// budget is a p99 of 20 ms.
func BenchmarkReceive(b *testing.B) {
	const perSecond = 200
	s := newStore(b, open(b, filepath.Join(b.TempDir(), "s.db")), store.Options{})
	body := make([]byte, 2<<10) // a usual envelope
	var (
		mu   sync.Mutex
		took []time.Duration
		wg   sync.WaitGroup
	)
	receive := func(n int) {
		began := time.Now()
		id := fmt.Sprint(n)
		fresh, err := s.Receive(context.Background(), stackhand.Inbound{ID: id, Key: id, Kind: "slash", Body: body, Received: began})
		if err != nil || !fresh {
			b.Errorf("Receive: %v, %v", fresh, err)
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(began))
	}
	n, began := 0, time.Now()
	for b.Loop() {
		for range perSecond {
			n++
			<-time.After(time.Until(began.Add(time.Duration(n) * time.Second / perSecond)))
			id := n
			wg.Go(func() { receive(id) })
		}
	}
	wg.Wait()
	quantiles(b, took)
}

// BenchmarkCommit tells how many commits a second reach the disk when so many wait at once.
func BenchmarkCommit(b *testing.B) {
	for _, at := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("at-once=%d", at), func(b *testing.B) {
			d := open(b, filepath.Join(b.TempDir(), "s.db"))
			var n atomic.Int64
			value := make([]byte, 500)
			b.SetParallelism(at)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					op := store.Op{Key: fmt.Sprintf("k%d", n.Add(1)%10_000), Value: value}
					if _, err := d.Commit(context.Background(), op); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// counted counts the items that are read from a driver.
type counted struct {
	store.Driver
	items atomic.Int64
}

func (c *counted) Get(ctx context.Context, key string) (store.Item, error) {
	c.items.Add(1)
	return c.Driver.Get(ctx, key)
}

func (c *counted) Scan(ctx context.Context, from, to string, limit int) ([]store.Item, error) {
	items, err := c.Driver.Scan(ctx, from, to, limit)
	c.items.Add(int64(len(items)))
	return items, err
}

// BenchmarkStacksDue finds the 10 that are due among 100,000.
func BenchmarkStacksDue(b *testing.B) {
	const all, due = 100_000, 10
	d, err := bolt.Open(filepath.Join(b.TempDir(), "s.db"), bolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	c := &counted{Driver: d}
	s := newStore(b, c, store.Options{})
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	fill(b, s, all, due, now)
	c.items.Store(0)
	runs := int64(0)
	for b.Loop() {
		got, err := s.StacksDue(b.Context(), now, 1000)
		if err != nil || len(got) != due {
			b.Fatalf("%d are due, %v; want %d", len(got), err, due)
		}
		runs++
	}
	read := c.items.Load() / runs
	b.ReportMetric(float64(read), "reads/op")
	if read > 2*due {
		b.Errorf("%d reads to find %d", read, due)
	}
}

func fill(b *testing.B, s *store.Store, all, due int, now time.Time) {
	b.Helper()
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < all; i += 64 {
				st := stackhand.Stack{ID: fmt.Sprintf("s%06d", i), Cloud: "lab", ProjectID: fmt.Sprint(i % 50),
					State: stackhand.StackReady, Server: fmt.Sprint("srv", i),
					Lease: stackhand.Lease{Owner: fmt.Sprint("U", i%500), Until: now.Add(time.Duration(i-due+1) * time.Second)}}
				if err := s.SaveStack(context.Background(), &st); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
