package simulate_test

import (
	"flag"
	"path/filepath"
	"testing"
	"time"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/replay"
	"caseledger/replay/simulate"
)

var records = flag.Int("records", 200_000, "number of records in benchmarks")

// BenchmarkSimulate measures a simulation against a plain rebuild of the same
// records' views from a flat file, in turns. The number to look at is
// simulate/replay, which must be at most 1.3.
func BenchmarkSimulate(b *testing.B) {
	s := projtest.NewSynthetic(b, *records)
	n, err := s.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var rebuilt, simulated time.Duration
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "views")
		begin := time.Now()
		if err := projections.Build(b.Context(), s, path, replay.Views(), n, nil); err != nil {
			b.Fatal(err)
		}
		rebuilt += time.Since(begin)
		v, err := projections.Open(path, replay.Views(), projections.Options{})
		if err != nil {
			b.Fatal(err)
		}
		begin = time.Now()
		r, err := simulate.Run(b.Context(), v, simulate.Options{Overlay: twelve, Closing: events.MustDate("2030-12-31")})
		if err != nil || len(r.Clocks) == 0 {
			b.Fatal(r, err)
		}
		simulated += time.Since(begin)
		if err := v.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(simulated.Seconds()/rebuilt.Seconds(), "simulate/replay")
	b.ReportMetric(float64(n)*float64(b.N)/simulated.Seconds(), "events/s")
	b.ReportMetric(simulated.Seconds()/float64(b.N), "s/simulation")
	b.ReportMetric(0, "ns/op")
}
