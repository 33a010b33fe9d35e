package lease_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/lease"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

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

// BenchmarkSweep sweeps a store on disk with many leases, of which some are due: they were warned of, and the message has
// not been delivered. It counts what is read: that grows with what is due, and not with what there is.
func BenchmarkSweep(b *testing.B) {
	for _, c := range []struct{ all, due int }{{1_000, 10}, {100_000, 10}, {100_000, 100}} {
		b.Run(fmt.Sprintf("%d of %d", c.due, c.all), func(b *testing.B) {
			now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
			rules := lease.Rules{Max: 14 * 24 * time.Hour, Warn: []time.Duration{time.Hour}, Notice: 15 * time.Minute, Limits: lease.Limits{Sweep: 10, Hour: 30, Percent: 25}}
			d, err := bolt.Open(filepath.Join(b.TempDir(), "s.db"), bolt.Options{NoSync: true})
			must(b, err)
			defer d.Close()
			disk := &counted{Driver: d}
			s, err := store.New(b.Context(), disk, store.Options{Due: rules.Due, DueRule: rules.Name()})
			must(b, err)
			fill(b, s, c.all, c.due, now)
			sweeper := &lease.Sweeper{
				Book: s, Rules: rules, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), NewID: func(k string) string { return k },
				Noticed: func() {}, Conflict: store.ErrConflict, Guard: &lease.Guard{Book: s},
			}
			must(b, sweeper.Sweep(b.Context())) // warns
			open, err := s.OpenNotices(b.Context())
			must(b, err)
			disk.items.Store(0)
			sweeps := int64(0)
			for b.Loop() {
				must(b, sweeper.Sweep(b.Context()))
				sweeps++
			}
			read := disk.items.Load() / sweeps
			b.ReportMetric(float64(read), "reads/op")
			if len(open) != c.due || read > int64(4*c.due+8) {
				b.Errorf("%d reads, and %d were warned of; %d are due", read, len(open), c.due)
			}
		})
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// fill writes stacks whose leases end one after the other, of which due are to be warned of.
func fill(b *testing.B, s *store.Store, all, due int, now time.Time) {
	b.Helper()
	var work errgroup.Group
	work.SetLimit(64)
	for i := range all {
		work.Go(func() error {
			until := now.Add(30*time.Minute + time.Duration(i)*time.Second)
			if i >= due {
				until = until.Add(2 * time.Hour)
			}
			return s.SaveStack(b.Context(), &stackhand.Stack{
				ID: fmt.Sprintf("s%06d", i), Name: fmt.Sprint("web-", i), Cloud: "lab", ProjectID: fmt.Sprint(i % 50), State: stackhand.StackReady, Server: fmt.Sprint("srv", i),
				Place: stackhand.Place{Channel: "C1", Thread: "1"}, Lease: stackhand.Lease{Owner: fmt.Sprint("U", i%500), Ready: now.Add(-24 * time.Hour), Until: until},
			})
		})
	}
	must(b, work.Wait())
}
