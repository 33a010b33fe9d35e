package bolt_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/bolt"
)

// BenchmarkAudit writes records as changes make them, of one person at a time and of 50 at once, and reports the time until a record is on disk, and
// how much of the file it takes.
func BenchmarkAudit(b *testing.B) {
	for _, people := range []int{1, 50} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "s.db")
			d, err := bolt.Open(path, bolt.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			s, err := store.New(b.Context(), d, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			spec, err := json.Marshal(stackhand.CreateSpec{Name: "web-1", Cloud: "lab", ProjectID: "0123456789abcdef0123456789abcdef", Owner: "U0ALICE",
				ImageID: "1c272a4c-6e5f-4d6e-9f27-6a3b1f1f2a10", Image: "Ubuntu 22.04", FlavorID: "2", Flavor: "m1.small", Network: "auto", For: 72 * time.Hour})
			if err != nil {
				b.Fatal(err)
			}
			var mu sync.Mutex
			var took []time.Duration
			var all sync.WaitGroup
			next := make(chan int)
			for range people {
				all.Go(func() {
					for i := range next {
						id := fmt.Sprintf("job%05d", i)
						began := time.Now()
						err := s.Audit(b.Context(), stackhand.AuditRecord{ID: id + "/asked", At: began, What: stackhand.AuditAsked, User: fmt.Sprint("U0P", i%people), Name: fmt.Sprint("p", i%people),
							Cloud: "lab", CloudUser: "alice", Project: "team-a", Line: "create web-1 --for 3d", Command: "create", Resolved: spec, Job: id, About: []string{id + "-1", "web-1"}})
						if err != nil {
							b.Error(err)
						}
						mu.Lock()
						took = append(took, time.Since(began))
						mu.Unlock()
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			all.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
			if info, err := os.Stat(path); err == nil {
				b.ReportMetric(float64(info.Size())/float64(b.N), "B/record")
			}
			var chain store.AuditChain
			if err := s.VerifyAudit(b.Context(), &chain); err != nil || chain.N != int64(b.N) {
				b.Fatalf("%d of %d, %v", chain.N, b.N, err)
			}
		})
	}
}
