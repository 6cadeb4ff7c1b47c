package statement

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A book of records of one agency's billing, as the ledger would hold them.
type billing struct {
	t       testing.TB
	agency  string
	records []*events.Record
	at      uint64 // position of the last record of the ledger
}

func billingOf(t testing.TB, agency string) *billing {
	return &billing{t: t, agency: agency, at: 1200}
}

// then appends an event by an actor, some days into August 2008.
func (b *billing) then(day int, actor string, e events.Event) *events.Record {
	b.t.Helper()
	b.at += 7
	subject := events.SubjectOf(events.KindBilling, b.agency)
	env := events.Envelope{
		ID: fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ69%05d", b.at), Source: "per-capita", Subject: subject,
		Time: events.MustInstant(fmt.Sprintf("2008-08-%02dT14:03:11.250Z", day)), Version: uint64(len(b.records) + 1),
		OccurredOn: events.MustDate(fmt.Sprintf("2008-08-%02d", day)), Actor: actor, Role: "agency_finance", Agency: b.agency,
		CausationID: fmt.Sprintf("command-%d", b.at), CommandDigest: events.HashOf([]byte("command")),
	}
	if actor == "U-2" || actor == "U-3" {
		env.Role = "prime_contractor"
	}
	if n := len(b.records); n > 0 {
		env.Previous = b.records[n-1].Hash()
	}
	encoded, err := events.Encode(env, e)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := events.Decode(b.at, encoded.Raw)
	if err != nil {
		b.t.Fatal(err)
	}
	b.records = append(b.records, r)
	return r
}

var madeFrom = events.LedgerPosition{Sequence: 1198, Hash: events.HashOf([]byte("record 1198"))}

// invoice is an invoice for July 2008 over some lines, its totals right.
func invoice(number int, lines ...events.InvoiceLine) *events.InvoiceGenerated {
	return &events.InvoiceGenerated{
		Number: number, Month: "2008-07", Closing: events.MustDate("2008-07-31"), Made: madeFrom,
		Lines: lines, Totals: sumsOf(lines),
		Contract: events.ContractStanding{Year: events.MustDate("2008-04-01"), CeilingCents: 120_000_00, CommittedCents: 48_250_75},
		Basis:    []events.Reference{{Subject: "agency/A-017", Version: 2, Hash: events.HashOf([]byte("subcontract"))}},
	}
}

// sumsOf adds lines up without the package's own sums.
func sumsOf(lines []events.InvoiceLine) (t events.InvoiceTotals) {
	for _, l := range lines {
		t.Lines++
		t.TotalCents += l.Cents
		if l.Kind == "administrative" {
			t.AdministrativeCents += l.Cents
		}
		if l.Kind == "client" {
			t.ClientCents += l.Cents
		}
		if l.Kind == "advance_cleared" {
			t.ClearedCents += l.Cents
		}
		if l.Adjustment {
			t.AdjustmentCents += l.Cents
		}
	}
	return t
}

func period(clientID, rate string, number int, start, end string, days int, cents events.Cents) events.InvoiceLine {
	return events.InvoiceLine{
		BilledKey: events.BilledKey{Kind: "administrative", Client: clientID, Clock: events.MustDate("2008-05-02"), Rate: rate, Period: number},
		Start:     events.MustDate(start), End: events.MustDate(end), Days: days, Cents: cents, Rule: "R15", Positions: []uint64{211, 305},
	}
}

func expense(clientID string, n int, day string, cents events.Cents) events.InvoiceLine {
	return events.InvoiceLine{
		BilledKey: events.BilledKey{Kind: "client", Client: clientID, Expense: fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ6X%05d", n)},
		Start:     events.MustDate(day), End: events.MustDate(day), Cents: cents, Rule: "R17", Positions: []uint64{uint64(400 + n)},
	}
}

func clearing(clientID string, cents events.Cents) events.InvoiceLine {
	return events.InvoiceLine{
		BilledKey: events.BilledKey{Kind: "advance_cleared", Client: clientID, Advance: "01ARZ3NDEKTSV4RRFFQ6ADV001"},
		Start:     events.MustDate("2008-06-30"), End: events.MustDate("2008-07-31"), Cents: cents, Rule: "R19", Positions: []uint64{388},
	}
}

// adjusted turns a line into an adjustment that records at some positions caused.
func adjusted(l events.InvoiceLine, causes ...uint64) events.InvoiceLine {
	l.Adjustment, l.Causes = true, causes
	return l
}

func adopted(l events.InvoiceLine, record string) events.InvoiceLine {
	l.Policy = record
	return l
}

// ordinary is an invoice with every kind of line, taken to payment by way of a
// return and a hold.
func ordinary(t testing.TB) Invoice {
	b := billingOf(t, "A-017")
	e := invoice(12,
		period("C-3F8KPX", "certified", 2, "2008-07-01", "2008-07-26", 26, 433_33),
		period("C-3F8KPX", "certified", 3, "2008-07-27", "2008-07-31", 5, 83_33),
		expense("C-3F8KPX", 17, "2008-07-09", 212_40),
		adjusted(period("C-3F8KPX", "pre_certified", 2, "2008-06-01", "2008-06-26", 26, -606_67), 1101, 1140),
		adjusted(period("C-3F8KPX", "certified", 1, "2008-06-01", "2008-06-26", 26, 433_34), 1101, 1140),
		adopted(period("C-7QK2M4", "pre_certified", 3, "2008-07-01", "2008-07-30", 30, 750_00), "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
		expense("C-7QK2M4", 23, "2008-07-14", 388_05),
		expense("C-7QK2M4", 24, "2008-07-21", 61_95),
		clearing("C-7QK2M4", -450_00),
		adjusted(expense("C-7QK2M4", 9, "2008-06-12", -75_00), 1150),
	)
	e.Standings = []events.ClientStanding{
		{Client: "C-3F8KPX", UnderReviewCents: 116_67}, {Client: "C-7QK2M4", AdvanceOutstandingCents: 150_00},
	}
	b.then(2, "U-31", e)
	b.then(3, "U-31", &events.InvoiceSubmitted{Number: 12})
	b.then(5, "U-2", &events.InvoiceReturned{Number: 12, Corrections: []string{"receipt_missing", "wrong_date"}, Lines: []int{3, 8}})
	b.then(6, "U-31", &events.InvoiceResubmitted{Number: 12, Remedy: "evidence_supplied", Returns: 1})
	b.then(8, "U-2", &events.InvoiceReviewed{Number: 12})
	b.then(9, "U-3", &events.InvoiceHeld{Number: 12, Cause: "missing_document"})
	b.then(11, "U-3", &events.InvoiceReleased{Number: 12})
	b.then(12, "U-3", &events.InvoiceApproved{Number: 12, Cents: e.Totals.TotalCents})
	b.then(20, "U-3", &events.InvoicePaid{Number: 12, Cents: e.Totals.TotalCents, Reference: "CHK-20091"})
	inv := read(t, b, 12)
	inv.Prime, inv.Contract, inv.AgencyName = "USCCB/MRS", "HHS per-capita services", "Casa Esperança of the Bay"
	explain(t, &inv)
	return inv
}

// negative is an invoice by which an agency that has left owes money.
func negative(t testing.TB) Invoice {
	b := billingOf(t, "A-044")
	e := invoice(3, adjusted(expense("C-1AAAAA", 5, "2008-06-12", -310_00), 1100), period("C-1AAAAA", "certified", 4, "2008-07-01", "2008-07-03", 3, 50_00))
	e.Recoverable = true
	b.then(2, "U-31", e)
	b.then(9, "U-3", &events.RecoverableSettled{Number: 3, AmountCents: 100_00, Reference: "DEP-7"})
	return read(t, b, 3)
}

// empty is a month without anything due.
func empty(t testing.TB) Invoice {
	inv, err := Month("per-capita", "A-017", events.MustDate("2008-07-31"), madeFrom, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// draft is a month's request with the lines that an invoice would have.
func draft(t testing.TB) Invoice {
	lines := []events.InvoiceLine{
		period("C-3F8KPX", "certified", 3, "2008-07-27", "2008-07-31", 5, 83_33),
		expense("C-3F8KPX", 17, "2008-07-09", 212_40),
		adjusted(expense("C-3F8KPX", 9, "2008-06-12", -75_00), 1150),
	}
	inv, err := Month("per-capita", "A-017", events.MustDate("2008-07-31"), madeFrom, lines,
		[]events.ClientStanding{{Client: "C-3F8KPX", LeftPaidCents: 16_67}})
	if err != nil {
		t.Fatal(err)
	}
	explain(t, &inv)
	return inv
}

// large is an invoice of 400 lines for 50 clients, in parts.
func large(t testing.TB) Invoice {
	b := billingOf(t, "A-080")
	lines := largeLines()
	e := invoice(40, lines...)
	e.Lines = nil
	for n := 0; n*90 < len(lines); n++ {
		some := lines[n*90 : min(len(lines), (n+1)*90)]
		r := b.then(1, "U-31", &events.InvoicePartPrepared{Number: 40, Part: n + 1, Closing: e.Closing, Made: madeFrom, Lines: some})
		e.Parts = append(e.Parts, events.InvoicePart{Sequence: r.Sequence, Hash: r.Hash(), Lines: len(some), Cents: sumsOf(some).TotalCents})
	}
	b.then(2, "U-31", e)
	b.then(3, "U-31", &events.InvoiceSubmitted{Number: 40})
	return read(t, b, 40)
}

func largeLines() []events.InvoiceLine {
	var lines []events.InvoiceLine
	for c := range 50 {
		id := fmt.Sprintf("C-%06d", 100000+c*1733)
		lines = append(lines, period(id, "pre_certified", 1+c%9, "2008-07-01", "2008-07-30", 30, 700_00))
		for x := range 6 {
			lines = append(lines, expense(id, c*6+x, "2008-07-14", events.Cents(1200+c*37+x*911)))
		}
		lines = append(lines, adjusted(expense(id, 500+c, "2008-06-20", events.Cents(-500-c)), uint64(1000+c), uint64(1100+c)))
	}
	return lines
}

func read(t testing.TB, b *billing, number int) Invoice {
	t.Helper()
	inv, err := FromRecords(b.records, number)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

var errNoRecord = errors.New("no such record")

func explain(t testing.TB, inv *Invoice) {
	t.Helper()
	types := map[uint64]string{1101: "letter.received.v1", 1140: "expense.booked.v1", 1150: "expense.reversed.v1"}
	err := inv.Explain(Lookup{
		Record: func(position uint64) (*events.Record, error) {
			if types[position] == "" {
				return nil, errNoRecord
			}
			return &events.Record{Envelope: events.Envelope{Type: types[position], OccurredOn: events.MustDate("2008-07-18")}, Sequence: position}, nil
		},
		Chart: Charts([]policy.Policy{{Settings: raised(), Record: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}}),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// raised are settings under which 30 days before certification pay $750.
func raised() policy.Settings {
	s := policy.Default()
	s.Rates.PreCertified.AdministrativeCents = 750_00
	return s
}

// The forms, by the ends of their file names.
var forms = map[string]func(*Invoice, io.Writer) error{
	"txt": (*Invoice).Text, "csv": (*Invoice).CSV, "pdf": (*Invoice).PDF, "xlsx": (*Invoice).XLSX,
}

func written(t testing.TB, inv *Invoice, form string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := forms[form](inv, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// cases are the statements that the tests go through.
func cases(t testing.TB) map[string]Invoice {
	return map[string]Invoice{"ordinary": ordinary(t), "negative": negative(t), "empty": empty(t), "draft": draft(t), "large": large(t)}
}
