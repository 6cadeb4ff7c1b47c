package billing_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/projections/projtest"
)

// A stream of the billing of agency A, written by hand.
type stream struct {
	*testing.T
	projtest.Stream
}

func (s *stream) agency(on string, e events.Event) {
	s.Helper()
	s.Add(s.T, projtest.Entry{Subject: "agency/A", On: on, Event: e})
}

func (s *stream) bill(on string, e events.Event) *events.Record {
	s.Helper()
	return s.Add(s.T, projtest.Entry{Subject: "billing/A", On: on, Event: e})
}

// invoice bills client lines of one cent amount each, to a closing date.
func (s *stream) invoice(number int, closing, year string, cents events.Cents, more ...events.InvoiceLine) *events.Record {
	s.Helper()
	lines := append([]events.InvoiceLine{{BilledKey: events.BilledKey{Kind: "client", Client: "C-1", Expense: "E"}, Start: 1, End: 1, Cents: cents, Rule: "R17"}}, more...)
	e := &events.InvoiceGenerated{
		Number: number, Month: closing[:7], Closing: events.MustDate(closing), Made: events.LedgerPosition{Sequence: 1, Hash: events.HashOf(nil)},
		Lines: lines, Contract: events.ContractStanding{Year: events.MustDate(year)},
	}
	for i := range lines {
		lines[i].Start, lines[i].End = e.Closing, e.Closing
		e.Totals.TotalCents += lines[i].Cents
	}
	e.Totals.Lines = len(lines)
	return s.bill(closing, e)
}

// read asks views that followed the stream, and demands the same of rebuilt ones.
func (s *stream) read(f func(*projections.Snapshot) error) {
	s.Helper()
	views, err := projections.Open(filepath.Join(s.TempDir(), "views"), []projections.View{billing.View{}}, projections.Options{})
	if err != nil {
		s.Fatal(err)
	}
	defer views.Close()
	for n := range s.Messages {
		if err := views.CatchUp(s.Context(), s.Until(n+1), nil); err != nil {
			s.Fatal(err)
		}
	}
	live, err := views.Digest()
	if err != nil {
		s.Fatal(err)
	}
	if err := views.Rebuild(s.Context(), &s.Stream, nil); err != nil {
		s.Fatal(err)
	}
	if rebuilt, err := views.Digest(); err != nil || rebuilt != live {
		s.Errorf("live views %s, rebuilt %s, %v", live, rebuilt, err)
	}
	if err := views.Read(f); err != nil {
		s.Fatal(err)
	}
}

func TestContractYears(t *testing.T) {
	s := &stream{T: t}
	s.agency("2006-04-01", &events.SubcontractSigned{Name: "A", State: "TX", CeilingCents: 100_000})
	s.agency("2008-01-01", &events.SubcontractSigned{Name: "A", State: "TX", CeilingCents: 50_000})
	s.agency("2008-06-30", &events.SubcontractEnded{Reason: "not renewed"})
	s.invoice(1, "2006-04-30", "2006-04-01", 10_000)
	s.invoice(2, "2007-03-31", "2006-04-01", 20_000)
	s.invoice(3, "2007-05-31", "2007-04-01", 30_000)
	s.invoice(4, "2008-01-31", "2008-01-01", 40_000)
	s.bill("2008-02-01", &events.InvoiceDenied{Number: 3, Reasons: []string{"duplicate"}})
	s.bill("2008-02-02", &events.AdvanceIssued{Client: "C-1", AmountCents: 5_000, AllowedCents: 5_000, Made: events.LedgerPosition{Sequence: 1, Hash: events.HashOf(nil)}})
	s.read(func(snapshot *projections.Snapshot) error {
		got, err := billing.ContractYears(snapshot, "", events.MustDate("2008-01-31"))
		if err != nil {
			return err
		}
		want := []billing.ContractYear{
			{
				Agency: "A", Start: events.MustDate("2006-04-01"), End: events.MustDate("2007-03-31"), CeilingCents: 100_000, BilledCents: 30_000,
				CommittedCents: 30_000, LeftCents: 70_000, ElapsedDays: 365, Days: 365, BurnCents: 2466, ForecastCents: 30_000, // 30000 × 30 / 365 = 2465.75
			},
			{
				Agency: "A", Start: events.MustDate("2007-04-01"), End: events.MustDate("2008-03-31"), CeilingCents: 100_000, // its invoice was denied
				LeftCents: 100_000, ElapsedDays: 306, Days: 366,
			},
			{
				Agency: "A", Start: events.MustDate("2008-01-01"), End: events.MustDate("2008-12-31"), CeilingCents: 50_000, BilledCents: 40_000,
				CommittedCents: 40_000, LeftCents: 10_000, ElapsedDays: 31, Days: 366, BurnCents: 38_710, ForecastCents: 472_258, // 40000 × 366 / 31
				WillExceed: true, ExhaustedOn: events.MustDate("2008-02-08"), // 40000 × 39 > 50000 × 31 >= 40000 × 38
			},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("contract years (-want +got):\n%s", d)
		}
		later, err := billing.ContractYears(snapshot, "A", events.MustDate("2010-01-01"))
		if err != nil {
			return err
		}
		if last := later[len(later)-1]; len(later) != 3 || last.AdvancedCents != 5_000 || last.CommittedCents != 45_000 {
			t.Errorf("after the subcontract ended: %+v", later)
		}
		return nil
	})
}

func TestAccount(t *testing.T) {
	s := &stream{T: t}
	s.agency("2006-04-01", &events.SubcontractSigned{Name: "A", State: "TX"})
	advance := s.bill("2008-01-02", &events.AdvanceIssued{Client: "C-2", AmountCents: 600, AllowedCents: 600, Made: events.LedgerPosition{Sequence: 1, Hash: events.HashOf(nil)}})
	clearing := func(cents events.Cents) events.InvoiceLine {
		return events.InvoiceLine{BilledKey: events.BilledKey{Kind: "advance_cleared", Client: "C-2", Advance: advance.ID}, Cents: cents, Rule: "R19"}
	}
	s.invoice(1, "2008-01-31", "2008-01-01", 1000, clearing(-100))
	s.invoice(2, "2008-02-29", "2008-01-01", 2000, clearing(-200))
	s.bill("2008-03-01", &events.InvoiceSubmitted{Number: 1})
	s.bill("2008-03-02", &events.InvoiceHeld{Number: 1, Cause: "audit"})
	s.bill("2008-03-03", &events.InvoiceReleased{Number: 1})
	s.bill("2008-03-04", &events.InvoiceDenied{Number: 2, Reasons: []string{"duplicate"}})
	s.read(func(snapshot *projections.Snapshot) error {
		a, err := billing.Of(snapshot, "A")
		if err != nil {
			return err
		}
		want := []billing.Client{
			{Client: "C-1", ClientCents: 1000, TotalCents: 1000},
			{Client: "C-2", ClearedCents: -100, TotalCents: -100, AdvancedCents: 600, OutstandingCents: 500},
		}
		if d := cmp.Diff(want, a.Clients); d != "" {
			t.Errorf("clients (-want +got):\n%s", d)
		}
		var steps []string
		for _, step := range a.Invoices[0].Steps {
			steps = append(steps, step.State+" "+step.On.String())
		}
		if d := cmp.Diff([]string{"generated 2008-01-31", "submitted 2008-03-01", "held 2008-03-02", "submitted 2008-03-03"}, steps); d != "" {
			t.Errorf("steps of invoice 1 (-want +got):\n%s", d)
		}
		if i := a.Invoices[1]; i.State != "denied" || i.Open() || i.Causes[0] != "duplicate" {
			t.Errorf("invoice 2: %+v", i)
		}
		if other, err := billing.Of(snapshot, "B"); err != nil || len(other.Invoices) != 0 || other.Agency != "B" {
			t.Errorf("an agency without billing: %+v, %v", other, err)
		}
		all, err := billing.All(snapshot)
		if err != nil || len(all) != 1 {
			t.Errorf("all: %d, %v", len(all), err)
		}
		unpaid, err := billing.UnpaidOn(snapshot, "A", events.MustDate("2008-05-30"))
		if err != nil {
			return err
		}
		if d := cmp.Diff([]billing.Unpaid{{Agency: "A", Number: 1, State: "submitted", Cents: 900, Since: events.MustDate("2008-03-01"), Days: 90, Age: "61-90"}}, unpaid); d != "" {
			t.Errorf("unpaid (-want +got):\n%s", d)
		}
		return nil
	})
}
