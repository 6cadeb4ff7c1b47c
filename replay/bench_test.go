package replay_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/clocks"
	"caseledger/projections/history"
	"caseledger/projections/projtest"
	"caseledger/projections/reimbursement"
	"caseledger/projections/statistics"
	"caseledger/replay"
)

var records = flag.Int("records", 200_000, "number of records in benchmarks")

// BenchmarkReplay rebuilds all views from a flat file of records, which costs next
// to nothing to read, and reports each phase and the high-water mark of the heap.
func BenchmarkReplay(b *testing.B) {
	s := projtest.NewSynthetic(b, *records)
	n, err := s.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	high := watchHeap()
	spent := map[projections.Phase]time.Duration{}
	for b.Loop() {
		last := time.Now()
		err := projections.Build(b.Context(), s, filepath.Join(b.TempDir(), "views"), replay.Views(), n, func(p projections.Progress) {
			now := time.Now()
			spent[p.Phase] += now.Sub(last)
			last = now
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	total := float64(n) * float64(b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(total/spent[projections.Ingest].Seconds(), "ingest/s")
	b.ReportMetric(total/spent[projections.Index].Seconds(), "index/s")
	b.ReportMetric(total/spent[projections.Derive].Seconds(), "derive/s")
	b.ReportMetric(float64(high())/(1<<20), "heap-MB")
	b.ReportMetric(0, "ns/op")
}

// watchHeap samples the heap in use until the returned function is called.
func watchHeap() (high func() uint64) {
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
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

// BenchmarkQueries measures every report from views that have caught up, and one
// client's history of 400 records among all of them.
func BenchmarkQueries(b *testing.B) {
	s := projtest.NewSynthetic(b, *records)
	v := open(b, filepath.Join(b.TempDir(), "views"))
	if err := v.CatchUp(b.Context(), s, nil); err != nil {
		b.Fatal(err)
	}
	day := events.MustDate("2006-09-15")
	if *records >= 1_000_000 {
		day = events.MustDate("2015-09-15")
	}
	fiscal, _ := statistics.FiscalYears(statistics.PerCapita, 2015, 2015)
	report := func(name string) func(*projections.Snapshot) error {
		return func(s *projections.Snapshot) error {
			q := fiscal
			q.Report = name
			_, err := statistics.Run(s, q)
			return err
		}
	}
	queries := map[string]func(*projections.Snapshot) error{
		"history of 400": func(s *projections.Snapshot) error {
			r, err := history.Client(s, projtest.LongClient)
			if err == nil && len(r) < 390 {
				err = fmt.Errorf("%d records", len(r))
			}
			return err
		},
		"clocks of one": func(s *projections.Snapshot) error { _, err := clocks.Of(s, projtest.LongClient, day); return err },
		"clocks ending": func(s *projections.Snapshot) error {
			_, err := clocks.List(s, clocks.Filter{On: day, Ending: true, Within: 30})
			return err
		},
		"caseload": func(s *projections.Snapshot) error { _, err := caseload.On(s, caseload.Filter{On: day}); return err },
		"caseload of one": func(s *projections.Snapshot) error {
			_, err := caseload.On(s, caseload.Filter{On: day, Worker: "W-001-1"})
			return err
		},
		"agency month":     func(s *projections.Snapshot) error { _, err := reimbursement.Month(s, "A-001", day, 0); return err },
		"agency month, on": func(s *projections.Snapshot) error { _, err := reimbursement.Month(s, "A-001", day, day); return err },
		"contract":         func(s *projections.Snapshot) error { _, err := reimbursement.Total(s, day-3000, day+3000); return err },
		"command":          func(s *projections.Snapshot) error { _, err := s.Command("unknown"); return err },
		"position at": func(s *projections.Snapshot) error {
			_, err := s.PositionAt(events.MustInstant("2007-01-01T00:00:00Z"))
			return err
		},
	}
	for _, name := range statistics.Names() {
		queries[name] = report(name)
	}
	for name, query := range queries {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := v.Read(query); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/op")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkFollow measures what it costs live views to take in new records, a
// given number at a time, with all their rows, durably.
func BenchmarkFollow(b *testing.B) {
	source := projtest.NewSynthetic(b, *records)
	n, err := source.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	half := filepath.Join(b.TempDir(), "half")
	if err := projections.Build(b.Context(), source, half, replay.Views(), n/2, nil); err != nil {
		b.Fatal(err)
	}
	v := open(b, half)
	var rest []events.Message
	err = source.Read(b.Context(), n/2, n, func(batch []events.Message) error { rest = append(rest, batch...); return nil })
	if err != nil {
		b.Fatal(err)
	}
	tail := &tailSource{messages: rest}
	for _, batch := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			done := 0
			for b.Loop() {
				if tail.head += batch; tail.head >= len(rest) {
					b.Fatal("the stream is too short: raise -records")
				}
				if err := v.CatchUp(b.Context(), tail, nil); err != nil {
					b.Fatal(err)
				}
				done += batch
			}
			b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// A tailSource holds the end of a stream, up to a head that grows.
type tailSource struct {
	messages []events.Message
	head     int // index of the last message there is
}

func (t *tailSource) Head(context.Context) (uint64, error) { return t.messages[t.head].Sequence, nil }

func (t *tailSource) Read(_ context.Context, from, to uint64, f func([]events.Message) error) error {
	first := t.messages[0].Sequence
	return f(t.messages[from-first : to-first+1])
}
