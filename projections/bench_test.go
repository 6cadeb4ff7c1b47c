package projections_test

import (
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"caseledger/projections"
	"caseledger/projections/projtest"
)

// BenchmarkBuild measures a rebuild of 200,000 records by phase, from a flat file
// that costs next to nothing, and the high-water mark of the heap.
func BenchmarkBuild(b *testing.B) {
	s := projtest.NewSynthetic(b, 200_000)
	n, _ := s.Head(b.Context())
	high := watchHeap(b)
	var spent [3]time.Duration
	for b.Loop() {
		phases := map[projections.Phase]int{projections.Ingest: 0, projections.Index: 1, projections.Derive: 2}
		last := time.Now()
		err := projections.Build(b.Context(), s, filepath.Join(b.TempDir(), "views"), testViews, n, func(p projections.Progress) {
			now := time.Now()
			spent[phases[p.Phase]] += now.Sub(last)
			last = now
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	records := float64(n) * float64(b.N)
	b.ReportMetric(records/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(records/spent[0].Seconds(), "ingest/s")
	b.ReportMetric(records/spent[2].Seconds(), "derive/s")
	b.ReportMetric(float64(high())/(1<<20), "heap-MB")
}

// watchHeap samples the heap in use until the returned function is called.
func watchHeap(b testing.TB) (high func() uint64) {
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapAlloc))
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() uint64 { close(stop); <-done; return most.Load() }
}
