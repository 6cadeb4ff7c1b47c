package trace_test

import (
	"slices"
	"testing"

	"caseledger/events"
	"caseledger/replay/trace"
)

// partial shows the records of one client, of the programme and of billing only.
type partial struct {
	reading
	client string
}

func (p partial) has(s events.Subject) bool {
	return s == events.ProgrammeSubject || s == events.SubjectOf(events.KindCase, p.client) || s.Kind() == events.KindBilling
}

func (p partial) History(s events.Subject) ([]*events.Record, error) {
	if !p.has(s) {
		return nil, trace.ErrElsewhere
	}
	return p.reading.History(s)
}

func (p partial) Record(sequence uint64) (*events.Record, error) {
	r, err := p.reading.Record(sequence)
	if err == nil && !p.has(r.Subject) {
		return nil, trace.ErrElsewhere
	}
	return r, err
}

// Given nothing but one client's records and the billing, then every line of the
// client comes out again, at both agencies.
func TestClient(t *testing.T) {
	p := newProgramme(t, nil)
	for client, want := range map[string]struct {
		lines int
		total events.Cents
	}{
		"C-1": {8, 630_00 + 450_00 + 100_00 - 550_00 + 70_00 + 350_00 - 100_00 + 233_33},
		"C-2": {3, 630_00 + 70_00 + 583_33},
	} {
		r, err := trace.Client(t.Context(), partial{reading{p.book}, client}, client)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Differences) != 0 || len(r.Lines) != want.lines || r.TotalCents != want.total || r.Invoices != 3 || !slices.Equal(r.Agencies, []string{"A-1", "A-2"}) {
			t.Errorf("%s: %d lines, %s, of %v: %v", client, len(r.Lines), r.TotalCents, r.Agencies, r.Differences)
		}
		for _, l := range r.Lines {
			if l.Client != client || !l.Equal() || l.Due != l.Cents || len(l.Behind) == 0 {
				t.Errorf("%s: line %+v", client, l)
			}
		}
	}
}

// Given a ledger that signed a wrong line, then it is found in what an auditor holds of it, and
// of other clients' lines nothing is said.
func TestClientFinds(t *testing.T) {
	for name, tc := range map[string]struct {
		edit    func(*events.InvoiceGenerated)
		problem trace.Problem
	}{
		"a wrong amount": {func(e *events.InvoiceGenerated) { e.Lines[0].Cents += 5_00 }, trace.WrongAmount},
		"a missing line": {func(e *events.InvoiceGenerated) { e.Lines = slices.Delete(e.Lines, 1, 2) }, trace.MissingLine},
		"a line twice":   {func(e *events.InvoiceGenerated) { e.Lines = append(e.Lines, e.Lines[0]) }, trace.BilledTwice},
		"another's line": {func(e *events.InvoiceGenerated) { e.Lines[len(e.Lines)-1].Cents += 5_00 }, ""},
	} {
		p := newProgramme(t, func(_ *programme, s events.Subject, e *events.InvoiceGenerated) {
			if s == agencyA && e.Number == 1 {
				tc.edit(e)
			}
		})
		r, err := trace.Client(t.Context(), partial{reading{p.book}, "C-1"}, "C-1")
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(r.Differences, func(d trace.Difference) bool { return d.Problem == tc.problem && d.Agency == "A-1" && d.Number == 1 })
		if tc.problem != "" && !found || tc.problem == "" && len(r.Differences) > 0 {
			t.Errorf("%s: %v", name, r.Differences)
		}
	}
}

func TestBehind(t *testing.T) {
	b := newBook(t)
	derivative := enroll("A-2")
	derivative.Derivative = &events.DerivativeLink{Principal: "P-1"}
	own := []*events.Record{
		b.add(caseOne, "2009-01-05", derivative),
		b.add(caseOne, "2009-01-06", &events.ExpenseBooked{Agency: "A-1", Category: "food", AmountCents: 1}),
		b.add(caseOne, "2009-01-07", &events.DerivativeLinked{Link: events.DerivativeLink{Principal: "B-1"}}),
		b.add(caseOne, "2009-01-08", &events.TransferAccepted{From: "A-2", To: "A-3"}),
		b.add(caseOne, "2009-01-09", &events.TransferAccepted{From: "A-3", To: "A-2"}),
	}
	principals, agencies, err := trace.Behind(own)
	if err != nil || !slices.Equal(principals, []string{"B-1", "P-1"}) || !slices.Equal(agencies, []string{"A-1", "A-2", "A-3"}) {
		t.Errorf("%v, %v, %v", principals, agencies, err)
	}
}
