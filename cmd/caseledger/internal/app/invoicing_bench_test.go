package app_test

import (
	"path/filepath"
	"testing"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/memlog"
	"caseledger/events/natsserver"
	"caseledger/projections"
	"caseledger/projections/billing"
)

// BenchmarkInvoices bills every agency of the sample programme for each of its 38
// months from caught-up views: in memory, which shows what computing costs, and on
// disk, where every record is synced. An iteration is all 38 months.
func BenchmarkInvoices(b *testing.B) {
	records := sampleRecords(b)
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			log := memlog.New()
			load(b, log, records)
			billAll(b, log)
		}
	})
	b.Run("disk", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			dir := b.TempDir()
			log, closeLog := openDisk(b, dir, true)
			load(b, log, records)
			closeLog()
			log, closeLog = openDisk(b, dir, false)
			billAll(b, log)
			closeLog()
		}
	})
}

// sampleRecords records the sample programme in memory.
func sampleRecords(b *testing.B) (records []*events.Record) {
	log := memlog.New()
	genesis(b, log, true)
	a := open(b, log, func(c *app.Config) { c.Catalogue = app.Commands() })
	for req := range sample.Requests(sample.Config{}) {
		if _, err := a.Execute(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
	last, err := log.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	err = log.Read(b.Context(), 1, last, func(batch []events.Message) error {
		for _, m := range batch {
			r, err := events.Decode(m.Sequence, m.Data)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return records
}

// load copies records into an empty log.
func load(b *testing.B, log events.Log, records []*events.Record) {
	b.Helper()
	last := map[events.Subject]uint64{}
	for _, r := range records {
		sequence, err := log.Append(b.Context(), r.Subject, last[r.Subject], r.ID, r.Raw)
		if err != nil {
			b.Fatal(err)
		}
		last[r.Subject] = sequence
	}
}

func openDisk(b *testing.B, dir string, fresh bool) (events.Log, func()) {
	b.Helper()
	server, err := natsserver.Start(natsserver.Config{StoreDir: dir, Unsynced: fresh})
	if err != nil {
		b.Fatal(err)
	}
	config := jetstream.Config{Server: server}
	if fresh {
		if err := jetstream.Create(b.Context(), config); err != nil {
			b.Fatal(err)
		}
	}
	log, err := jetstream.Open(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	return log, func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
		server.Shutdown()
	}
}

// billAll times the invoices of 38 months.
func billAll(b *testing.B, log events.Log) {
	b.Helper()
	views, err := projections.Open(filepath.Join(b.TempDir(), "views.db"), []projections.View{billing.View{}}, projections.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer views.Close()
	a := open(b, log, func(c *app.Config) { c.Catalogue, c.Drafter = app.Commands(), app.NewDrafter(views, log) })
	if err := views.CatchUp(b.Context(), log, nil); err != nil {
		b.Fatal(err)
	}
	invoices, lines, cents := 0, 0, events.Cents(0)
	b.StartTimer()
	for month := events.MustDate("2006-04-01"); month <= events.MustDate("2009-05-01"); month = month.AddMonths(1) {
		run := app.InvoiceRun{Closing: month.LastOfMonth(), Request: app.Request{
			ID: "bench " + month.String(), Actor: "amy", RecordedAt: events.MustInstant("2009-06-30T15:00:00Z"), OccurredOn: events.MustDate("2009-06-30"),
		}}
		invoiced, err := a.GenerateInvoices(b.Context(), run)
		if err != nil {
			b.Fatal(err)
		}
		for _, i := range invoiced {
			if i.Err != nil && i.Err.Code != "agency_not_under_subcontract" { // not yet
				b.Fatalf("%+v", i)
			}
			if i.Number > 0 {
				invoices, lines, cents = invoices+1, lines+i.Totals.Lines, cents+i.Totals.TotalCents
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(invoices), "invoices")
	b.ReportMetric(float64(lines), "lines")
	b.ReportMetric(float64(cents/100), "dollars")
	b.StartTimer()
}
