package sample_test

import (
	"context"
	"flag"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/events/memlog"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/replay/trace"
)

var traceRecords = flag.Int("trace-records", 200_000, "least number of records in BenchmarkTraceAll")

// billed records a sample with its billing, in memory, and returns its views: that of
// the billing, and others.
func billed(t testing.TB, c sample.Config, others ...projections.View) *projections.Views {
	t.Helper()
	log := memlog.New()
	begin := time.Date(2000, 10, 1, 12, 0, 0, 0, time.UTC)
	err := app.WriteGenesis(t.Context(), log, events.LedgerCreated{
		Name: "sample", VerifierKey: "sample+00000000+AA==", SimulatedClock: true, TimeZone: app.TimeZone,
	}, events.InstantOf(begin), "tester")
	if err != nil {
		t.Fatal(err)
	}
	views, err := projections.Open(filepath.Join(t.TempDir(), "views"), append([]projections.View{billing.View{}}, others...), projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := views.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := app.New(t.Context(), app.Config{
		Log: log, Catalogue: app.Commands(), Keys: openKeys{}, Now: func() time.Time { return begin }, Drafter: app.NewDrafter(views, log),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sample.Record(t.Context(), c, a, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := views.CatchUp(t.Context(), log, nil); err != nil {
		t.Fatal(err)
	}
	return views
}

func traced(t testing.TB, views *projections.Views) *trace.Report {
	t.Helper()
	r, err := trace.All(context.Background(), func(f func(trace.Ledger) error) error {
		return views.Read(func(s *projections.Snapshot) error { return f(s) })
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Given a sample that was invoiced month by month for its whole life, with returned,
// held and denied invoices, advances, corrections and late letters among them, when
// every line is traced to its records and computed again, then nothing differs; nor does
// it from what an auditor is given of one client.
func TestBilledForItsWholeLife(t *testing.T) {
	views := billed(t, sample.Config{Seed: 23})
	r := traced(t, views)
	for _, d := range r.Differences {
		t.Error(d)
	}
	if r.Adjustments == 0 || r.Denied == 0 || r.OutstandingCents == 0 || r.PaidCents == 0 {
		t.Errorf("something does not occur: %+v", r)
	}
	auditors(t, views)
	steps, last := map[string]int{}, map[string]bool{}
	total := events.Cents(0)
	err := views.Read(func(s *projections.Snapshot) error {
		accounts, err := billing.All(s)
		for _, a := range accounts {
			for _, i := range a.Invoices {
				for _, step := range i.Steps {
					steps[step.State]++
				}
				if last[i.Month] = true; i.State != "denied" {
					total += i.Totals.TotalCents
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(last) != 38 {
		t.Errorf("%d months were invoiced, want 38", len(last))
	}
	for _, state := range []string{"returned", "held", "denied", "paid"} {
		if steps[state] == 0 {
			t.Errorf("no invoice was ever %s", state)
		}
	}
	if total != r.TotalCents {
		t.Errorf("the trace comes to %s, the contract to %s", r.TotalCents, total)
	}
}

// processTime is the time that the process had on all cores so far.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkTraceAll traces every line of a sample of some size, on all cores: give
// -trace-records 1000000 for the size of the target, which is under 20 s.
func BenchmarkTraceAll(b *testing.B) {
	perCopy := 43_000
	views := billed(b, sample.Config{Scale: (*traceRecords + perCopy - 1) / perCopy})
	position, err := views.Position()
	if err != nil {
		b.Fatal(err)
	}
	var r *trace.Report
	used := processTime(b)
	for b.Loop() {
		r = traced(b, views)
	}
	used = processTime(b) - used
	if len(r.Differences) > 0 {
		b.Fatal(r.Differences[0])
	}
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(float64(position.Sequence), "records")
	b.ReportMetric(float64(r.Lines), "lines")
	b.ReportMetric(seconds, "s/trace")
	b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/trace") // of all cores: what a busy machine does not blur
	b.ReportMetric(float64(position.Sequence)/seconds, "records/s")
	b.ReportMetric(0, "ns/op")
}
