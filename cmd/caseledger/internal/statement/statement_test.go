package statement

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

//go:generate go test -count=1 -run TestGolden . -update

var update = flag.Bool("update", false, "write the golden statements")

const goldenDir = "../../../../testdata/statements"

// TestGolden holds text and CSV to files, and the other forms to their digests:
// whoever sees one of those change looks at it on paper.
func TestGolden(t *testing.T) {
	all := cases(t)
	var digests strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		inv := all[name]
		for _, form := range []string{"txt", "csv"} {
			golden(t, name+"."+form, written(t, &inv, form))
		}
		for _, form := range []string{"pdf", "xlsx"} {
			fmt.Fprintf(&digests, "%s  %s.%s\n", events.HashOf(written(t, &inv, form)), name, form)
		}
	}
	golden(t, "SHA256SUMS", []byte(digests.String()))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(goldenDir, name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
}

func TestTwiceTheSameBytes(t *testing.T) {
	first, second := cases(t), cases(t)
	for name := range first {
		for form := range forms {
			a, b := first[name], second[name]
			if !bytes.Equal(written(t, &a, form), written(t, &b, form)) {
				t.Errorf("%s.%s differs when it is made again", name, form)
			}
		}
	}
}

// Records about other invoices come and go; this one stays the same paper.
func TestOtherInvoicesChangeNothing(t *testing.T) {
	b := billingOf(t, "A-017")
	b.then(2, "U-31", invoice(12, expense("C-1", 1, "2008-07-09", 10_00)))
	before := read(t, b, 12)
	b.then(3, "U-31", invoice(13, expense("C-1", 2, "2008-07-10", 20_00)))
	b.then(4, "U-31", &events.InvoiceSubmitted{Number: 13})
	b.then(5, "U-31", &events.InvoicePartPrepared{Number: 14, Part: 1, Closing: events.MustDate("2008-07-31"), Made: madeFrom})
	b.then(6, "U-3", &events.AdvanceIssued{Client: "C-1", AmountCents: 100, AllowedCents: 100, Made: madeFrom})
	after := read(t, b, 12)
	for form := range forms {
		if !bytes.Equal(written(t, &before, form), written(t, &after, form)) {
			t.Errorf("the %s changed", form)
		}
	}
}

func TestPartsAreOneInvoice(t *testing.T) {
	inParts := large(t)
	b := billingOf(t, "A-080")
	inv, err := Month("per-capita", b.agency, inParts.Closing, madeFrom, largeLines(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inv.Lines, inParts.Lines); diff != "" || len(inParts.Lines) != 400 {
		t.Errorf("%d lines in parts; (-whole +parts)\n%s", len(inParts.Lines), diff)
	}
}

func TestStatus(t *testing.T) {
	hold, release := &events.InvoiceHeld{Number: 1, Cause: "audit"}, &events.InvoiceReleased{Number: 1}
	submit, review := &events.InvoiceSubmitted{Number: 1}, &events.InvoiceReviewed{Number: 1}
	approve := &events.InvoiceApproved{Number: 1, Cents: 10_00}
	back := &events.InvoiceReturned{Number: 1, Corrections: []string{"wrong_date"}}
	again := &events.InvoiceResubmitted{Number: 1, Remedy: "explained"}
	tests := []struct {
		name   string
		given  []events.Event
		want   Status
		notYet string
	}{
		{"nothing was done", nil, Generated, "submitted reviewed approved paid"},
		{"submitted", []events.Event{submit}, Submitted, "reviewed approved paid"},
		{"reviewed", []events.Event{submit, review}, Reviewed, "approved paid"},
		{"returned", []events.Event{submit, review, back}, Returned, "submitted reviewed approved paid"},
		{"resubmitted", []events.Event{submit, review, back, again}, Submitted, "reviewed approved paid"},
		{"on hold after a review", []events.Event{submit, review, hold}, Held, "approved paid"},
		{"released at once", []events.Event{hold, release}, Generated, "submitted reviewed approved paid"},
		{"released after an approval", []events.Event{submit, review, approve, hold, release}, Approved, "paid"},
		{"released after a return", []events.Event{submit, back, hold, release}, Returned, "submitted reviewed approved paid"},
		{"denied", []events.Event{submit, &events.InvoiceDenied{Number: 1, Reasons: []string{"fraud"}}}, Denied, ""},
		{"paid", []events.Event{submit, review, approve, &events.InvoicePaid{Number: 1, Cents: 10_00, Reference: "X-1"}}, Paid, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := billingOf(t, "A-017")
			b.then(2, "U-31", invoice(1, expense("C-1", 1, "2008-07-09", 10_00)))
			for i, e := range test.given {
				b.then(3+i, "U-3", e)
			}
			inv := read(t, b, 1)
			var notYet []string
			for _, a := range inv.approvals() {
				if a.by == "not yet" {
					notYet = append(notYet, a.what)
				}
			}
			if got := strings.Join(notYet, " "); inv.Status != test.want || got != test.notYet {
				t.Errorf("status %q, not yet %q; want %q, %q", inv.Status, got, test.want, test.notYet)
			}
		})
	}
}

func TestWhatIsDue(t *testing.T) {
	owed := invoice(1, adjusted(expense("C-1", 1, "2008-06-09", -10_00), 7))
	left := invoice(1, adjusted(expense("C-1", 1, "2008-06-09", -10_00), 7))
	left.Recoverable = true
	tests := []struct {
		name  string
		given []events.Event
		want  []amount
	}{
		{"a total above zero", []events.Event{invoice(1, expense("C-1", 1, "2008-07-09", 10_00))}, []amount{{"Total due", 10_00}}},
		{"a total below zero", []events.Event{owed}, []amount{{"Credit to the prime contractor", -10_00}}},
		{"of an agency that has left", []events.Event{left},
			[]amount{{"Recoverable from the agency", -10_00}, {"Paid back so far", 0}, {"Still owed by the agency", 10_00}}},
		{"partly paid back", []events.Event{left, &events.RecoverableSettled{Number: 1, AmountCents: 4_00, Reference: "D-1"}},
			[]amount{{"Recoverable from the agency", -10_00}, {"Paid back so far", 4_00}, {"Still owed by the agency", 6_00}}},
		{"paid as a whole", []events.Event{left, &events.InvoicePaid{Number: 1, Cents: -10_00, Reference: "D-1"}},
			[]amount{{"Recoverable from the agency", -10_00}, {"Paid back so far", 10_00}, {"Still owed by the agency", 0}}},
		{"denied", []events.Event{owed, &events.InvoiceDenied{Number: 1, Reasons: []string{"fraud"}}},
			[]amount{{"Total of the denied lines, of which nothing is due", -10_00}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := billingOf(t, "A-017")
			for i, e := range test.given {
				b.then(2+i, "U-3", e)
			}
			inv := read(t, b, 1)
			if got := inv.due(); !slices.Equal(got, test.want) {
				t.Errorf("due %v, want %v", got, test.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	line := expense("C-1", 1, "2008-07-09", 10_00)
	huge := expense("C-1", 1, "2008-07-09", 1<<62)
	inParts := func(n int, cents events.Cents) *events.InvoiceGenerated {
		e := invoice(1, line)
		e.Lines, e.Parts = nil, []events.InvoicePart{{Sequence: 1207, Lines: n, Cents: cents}}
		return e
	}
	tests := []struct {
		name  string
		given func(*billing)
		want  string
	}{
		{"an unknown invoice", func(b *billing) { b.then(2, "U-1", invoice(2, line)) }, "not among the 1 records"},
		{"no records", func(*billing) {}, "not among the 0 records"},
		{"issued twice", func(b *billing) { b.then(2, "U-1", invoice(1, line)); b.then(3, "U-1", invoice(1, line)) }, "a second time"},
		{"totals that are not the lines'", func(b *billing) {
			e := invoice(1, line)
			e.Totals.TotalCents++
			b.then(2, "U-1", e)
		}, "it states"},
		{"a sum that overflows", func(b *billing) { b.then(2, "U-1", invoice(1, huge, huge)) }, "overflows"},
		{"a missing part", func(b *billing) { b.then(2, "U-1", inParts(1, 10_00)) }, "part 1, record #1207, is missing"},
		{"a part with another sum", func(b *billing) {
			r := b.then(2, "U-1", &events.InvoicePartPrepared{Number: 1, Part: 1, Closing: line.End, Made: madeFrom, Lines: []events.InvoiceLine{line}})
			e := inParts(1, 11_00)
			e.Parts[0].Hash = r.Hash()
			b.then(2, "U-1", e)
		}, "1 lines of $10.00, and the invoice says 1 lines of $11.00"},
		{"records of two agencies", func(b *billing) {
			b.then(2, "U-1", invoice(1, line))
			b.agency = "A-018"
			b.then(2, "U-1", &events.InvoiceSubmitted{Number: 1})
		}, "billing/A-018, not of one agency's billing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := billingOf(t, "A-017")
			test.given(b)
			_, err := FromRecords(b.records, 1)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "read invoice 1: ") {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestExplainNamesTheLineItCannot(t *testing.T) {
	inv := large(t)
	err := inv.Explain(Lookup{Record: func(uint64) (*events.Record, error) { return nil, errNoRecord }})
	if err == nil || err.Error() != "explain line 8 of A-080/40: no such record" {
		t.Errorf("error %v", err)
	}
}

func TestExplainRefusesAPolicyThatWasNotAdopted(t *testing.T) {
	inv := ordinary(t)
	err := inv.Explain(Lookup{Chart: Charts(nil)})
	want := "explain line 6 of A-017/12: no policy was adopted by record 01ARZ3NDEKTSV4RRFFQ69G5FAV"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Adjustments that go by the same causes name them once, for the lines that they
// are about and no other.
func TestCausesAreNamedOnce(t *testing.T) {
	line := func(causes ...uint64) events.InvoiceLine {
		l := expense("C-1", 1, "2008-06-09", -1_00)
		if len(causes) > 0 {
			l = adjusted(l, causes...)
		}
		return l
	}
	lines := []events.InvoiceLine{line(7), line(7), line(7, 9), line(), line(7, 9), line(7, 9)}
	inv, err := Month("per-capita", "A-017", events.MustDate("2008-07-31"), madeFrom, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range inv.groups()[0].runs() {
		got = append(got, r.because)
	}
	want := []string{"lines 1 to 2 because of #7", "because of #7, #9", "lines 5 to 6 because of #7, #9"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A draft says that it is none wherever an invoice would say its number.
func TestDraftIsNoInvoice(t *testing.T) {
	inv := draft(t)
	for form := range forms {
		b := written(t, &inv, form)
		if form == "csv" {
			for _, row := range readCSV(t, b)[1:] {
				if row[1] != "" {
					t.Errorf("the CSV gives the number %q", row[1])
				}
			}
		} else if !bytes.Contains(b, []byte("draft, not an invoice")) {
			t.Errorf("the %s does not say so", form)
		}
	}
	if name := inv.FileName("pdf"); name != "request-A-017-2008-07.pdf" {
		t.Errorf("file name %s", name)
	}
}

func TestEveryMoneyRuleHasItsSentence(t *testing.T) {
	for _, setting := range policy.Catalogue() {
		if rules[setting.Rule] == "" {
			t.Errorf("%s of setting %s has none", setting.Rule, setting.Name)
		}
	}
	for _, inv := range cases(t) {
		for _, p := range inv.legend() {
			if p.value == "" || strings.Contains(p.value, "See the rulebook") {
				t.Errorf("%s says %q", p.label, p.value)
			}
		}
	}
}

func TestSumsAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(anyLine), 0, 40).Draw(rt, "lines")
		inv, err := Month("per-capita", "A-017", events.MustDate("2008-07-31"), madeFrom, lines, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if want := sumsOf(lines); inv.Totals != want {
			rt.Fatalf("totals %+v, want %+v", inv.Totals, want)
		}
		var subtotals, rows events.Cents
		numbers := map[int]bool{}
		for _, g := range inv.groups() {
			subtotals += g.sums[rowTotal][columnTotal]
			for _, l := range slices.Concat(g.lines, g.adjustments) {
				numbers[l.Number] = true
			}
		}
		for _, row := range readCSV(t, written(t, &inv, "csv"))[1:] {
			rows += parseDollars(t, row[15])
		}
		if subtotals != inv.Totals.TotalCents || rows != inv.Totals.TotalCents || len(numbers) != len(lines) {
			rt.Fatalf("subtotals %s, rows %s, total %s, %d of %d lines", subtotals, rows, inv.Totals.TotalCents, len(numbers), len(lines))
		}
	})
}

func anyLine(rt *rapid.T) events.InvoiceLine {
	id := rapid.SampledFrom([]string{"C-1", "C-2", "C-3", "-4"}).Draw(rt, "client")
	cents := events.Cents(rapid.Int64Range(-1_000_000_00, 1_000_000_00).Draw(rt, "cents"))
	l := expense(id, rapid.IntRange(0, 99).Draw(rt, "expense"), "2008-07-09", cents)
	switch rapid.IntRange(0, 2).Draw(rt, "kind") {
	case 0:
		l = period(id, "certified", 1, "2008-07-01", "2008-07-30", 30, cents)
	case 1:
		l = clearing(id, cents)
	}
	if rapid.Bool().Draw(rt, "adjustment") {
		l = adjusted(l, 5)
	}
	return l
}

func readCSV(t testing.TB, b []byte) [][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// parseDollars reads -1166.67 as cents.
func parseDollars(t testing.TB, s string) events.Cents {
	t.Helper()
	whole, cents, ok := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+cents, 10, 64)
	if err != nil || !ok || len(cents) != 2 {
		t.Fatalf("%q is not an amount", s)
	}
	return events.Cents(n)
}
