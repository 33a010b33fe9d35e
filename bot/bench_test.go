package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// BenchmarkTake measures from an envelope in the bot's hands to its acknowledgement, the write
// to a real disk included, at 200 envelopes a second of 50 users; one op is a second of it. The
// pace does not wait for the bot. Socket Mode, and the work on what arrived, are in the
// measurement of the whole product, BenchmarkAck of cmd/stackhand.
func BenchmarkTake(b *testing.B) {
	const perSecond = 200
	db, err := bolt.Open(filepath.Join(b.TempDir(), "bench.db"), bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	records, err := store.New(b.Context(), db, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer records.Close()
	bot, err := New(Options{
		AppToken: "xapp", BotToken: "xoxb", Env: &commands.Env{}, Records: records, Seal: rot{},
		Role: func(UserFacts) stackhand.Role { return stackhand.Member },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	bot.queue.handle = func(ctx context.Context, in stackhand.Inbound) { _ = records.Handled(ctx, in.ID) }
	bot.queue.start(ctx)
	for _, lane := range bot.lanes {
		go bot.receive(ctx, lane)
	}
	var mu sync.Mutex
	var took []time.Duration
	var acked sync.WaitGroup
	send := func(i int) {
		payload, err := json.Marshal(map[string]any{
			"user_id": fmt.Sprintf("U%d", i%50), "trigger_id": fmt.Sprint(i), "channel_id": "C1", "text": "create web-1", "response_url": "https://x/y",
		})
		if err != nil {
			b.Fatal(err)
		}
		arrived := time.Now()
		acked.Add(1)
		bot.take(ctx, func(context.Context, string, any) error {
			mu.Lock()
			took = append(took, time.Since(arrived))
			mu.Unlock()
			acked.Done()
			return nil
		}, envelope{ID: fmt.Sprint(i), Type: "slash_commands", Payload: payload})
	}
	i, began := 0, time.Now()
	for b.Loop() {
		for range perSecond {
			i++
			<-time.After(time.Until(began.Add(time.Duration(i) * time.Second / perSecond)))
			send(i)
		}
	}
	acked.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	bot.queue.finish(5 * time.Second)
}

// BenchmarkStart measures from Run to both connections being up, and the memory then.
func BenchmarkStart(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, sim.Options{})
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		w.boot()
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		w.kill()
		b.StartTimer()
	}
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1e6, "MB")
}
