package trace_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"caseledger/events"
	"caseledger/replay/trace"
)

var (
	caseOne  = events.SubjectOf(events.KindCase, "C-1")
	caseTwo  = events.SubjectOf(events.KindCase, "C-2")
	agencyA  = events.SubjectOf(events.KindBilling, "A-1")
	agencyB  = events.SubjectOf(events.KindBilling, "A-2")
	firstDay = events.MustDate("2009-01-05")
)

// A programme is two clients with everything that moves invoices: the first has an
// advance and an expense, is transferred from on 2009-02-19, and one
// expense is reversed after it was billed; the second has a letter that comes late.
// Every amount below was computed by hand.
type programme struct {
	*book
	enrolled, food, rent, reversed, moved, advance *events.Record
	second, letter, later                          *events.Record
}

func enroll(agency string) *events.ClientEnrolled {
	return &events.ClientEnrolled{Agency: agency, Class: "victim", AgeGroup: "adult", Sex: "unknown", Form: "unknown"}
}

// newProgramme records the programme with its invoices; edit, when not nil, changes
// an invoice before it is appended.
func newProgramme(t *testing.T, edit func(p *programme, subject events.Subject, e *events.InvoiceGenerated)) *programme {
	p := &programme{book: newBook(t)}
	p.add(events.ProgrammeSubject, "2009-01-01", &events.PolicyAdopted{Authority: "test", Settings: map[string]string{"period_unit": "days30"}})
	p.enrolled = p.add(caseOne, "2009-01-05", enroll("A-1"))
	p.second = p.add(caseTwo, "2009-01-05", enroll("A-1"))
	p.advance = p.add(agencyA, "2009-01-06", &events.AdvanceIssued{Client: "C-1", AmountCents: 600_00})
	p.food = p.add(caseOne, "2009-01-10", &events.ExpenseBooked{Agency: "A-1", Category: "food", AmountCents: 450_00})
	p.rent = p.add(caseOne, "2009-01-20", &events.ExpenseBooked{Agency: "A-1", Category: "housing", AmountCents: 100_00})
	issue := func(subject events.Subject, on string, e *events.InvoiceGenerated) {
		e.Month, e.Made = e.Closing.String()[:7], p.made()
		if edit != nil {
			edit(p, subject, e)
		}
		e.Totals = totals(e.Lines)
		p.add(subject, on, e)
	}
	// January at A-1: 27 days of period 1 for each client.
	issue(agencyA, "2009-02-05", &events.InvoiceGenerated{
		Number: 1, Closing: events.MustDate("2009-01-31"), Lines: []events.InvoiceLine{
			p.period("C-1", 1, "2009-01-05", "2009-01-31", 27, 630_00, p.enrolled),
			p.expense(p.food, 450_00), p.expense(p.rent, 100_00), p.clearing("2009-01-31", -550_00),
			p.period("C-2", 1, "2009-01-05", "2009-01-31", 27, 630_00, p.second),
		},
		Standings: []events.ClientStanding{{Client: "C-1", AdvanceOutstandingCents: 50_00}},
	})
	p.reversed = p.add(caseOne, "2009-02-10", &events.ExpenseReversed{Expense: p.rent.ID, AmountCents: 100_00})
	p.moved = p.add(caseOne, "2009-02-19", &events.TransferAccepted{From: "A-1", To: "A-2"})
	// February: period 1 ends on 02-03. 25 days of period 2 accrue by 02-28, 58,333
	// cents: 15 days at A-1 (34,999.8, and the cent left over) and 10 at A-2.
	back := p.expense(p.rent, -100_00)
	back.Adjustment, back.Causes, back.Rule, back.Policy = true, []uint64{p.reversed.Sequence}, "R24", ""
	back.Positions = []uint64{p.rent.Sequence, p.enrolled.Sequence}
	slices.Sort(back.Positions)
	issue(agencyA, "2009-03-05", &events.InvoiceGenerated{
		Number: 2, Closing: events.MustDate("2009-02-28"), Lines: []events.InvoiceLine{
			p.period("C-1", 1, "2009-02-01", "2009-02-03", 3, 70_00, p.enrolled),
			p.period("C-1", 2, "2009-02-04", "2009-02-18", 15, 350_00, p.enrolled, p.moved),
			back,
			p.period("C-2", 1, "2009-02-01", "2009-02-03", 3, 70_00, p.second),
			p.period("C-2", 2, "2009-02-04", "2009-02-28", 25, 583_33, p.second),
		},
		Standings: []events.ClientStanding{{Client: "C-1", AdvanceOutstandingCents: 50_00}},
	})
	issue(agencyB, "2009-03-05", &events.InvoiceGenerated{
		Number: 1, Closing: events.MustDate("2009-02-28"), Lines: []events.InvoiceLine{
			p.period("C-1", 2, "2009-02-19", "2009-02-28", 10, 233_33, p.enrolled, p.moved),
		},
	})
	p.later = p.add(caseTwo, "2009-03-10", &events.ExpenseBooked{Agency: "A-1", Category: "food", AmountCents: 10_00})
	return p
}

func (p *programme) adopted() *events.Record { return p.heads[events.ProgrammeSubject] }

func (p *programme) positions(records ...*events.Record) (list []uint64) {
	for _, r := range append(records, p.adopted()) {
		list = append(list, r.Sequence)
	}
	slices.Sort(list)
	return list
}

func (p *programme) period(client string, number int, from, to string, days int, cents events.Cents, behind ...*events.Record) events.InvoiceLine {
	return events.InvoiceLine{
		BilledKey: events.BilledKey{Kind: "administrative", Client: client, Clock: firstDay, Rate: "pre_certified", Period: number},
		Start:     events.MustDate(from), End: events.MustDate(to), Days: days, Cents: cents, Rule: "R15",
		Policy: p.adopted().ID, Positions: p.positions(behind...),
	}
}

func (p *programme) expense(r *events.Record, cents events.Cents) events.InvoiceLine {
	return events.InvoiceLine{
		BilledKey: events.BilledKey{Kind: "client", Client: r.Subject.ID(), Expense: r.ID},
		Start:     r.OccurredOn, End: r.OccurredOn, Cents: cents, Rule: "R17",
		Policy: p.adopted().ID, Positions: p.positions(r, p.enrolled),
	}
}

func (p *programme) clearing(closing string, cents events.Cents) events.InvoiceLine {
	return events.InvoiceLine{
		BilledKey: events.BilledKey{Kind: "advance_cleared", Client: "C-1", Advance: p.advance.ID},
		Start:     p.advance.OccurredOn, End: events.MustDate(closing), Cents: cents, Rule: "R19", Positions: []uint64{p.advance.Sequence},
	}
}

func totals(lines []events.InvoiceLine) (t events.InvoiceTotals) {
	t.Lines = len(lines)
	for _, l := range lines {
		*map[string]*events.Cents{"administrative": &t.AdministrativeCents, "client": &t.ClientCents, "advance_cleared": &t.ClearedCents}[l.Kind] += l.Cents
		if l.Adjustment {
			t.AdjustmentCents += l.Cents
		}
		t.TotalCents += l.Cents
	}
	return t
}

func all(t *testing.T, b *book) *trace.Report {
	t.Helper()
	r, err := trace.All(t.Context(), b.read, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Given invoices computed by hand, the trace finds every line equal, and sums up.
func TestRightLinesAreEqual(t *testing.T) {
	p := newProgramme(t, nil)
	r := all(t, p.book)
	for _, d := range r.Differences {
		t.Error(d)
	}
	if r.Invoices != 3 || r.Lines != 11 || r.Adjustments != 1 || r.Clients != 2 {
		t.Errorf("got %+v", r)
	}
	// 630 + 450 + 100 - 550 + 630, 70 + 350 - 100 + 70 + 583.33, 233.33
	if want := events.Cents(1260_00 + 973_33 + 233_33); r.TotalCents != want || r.OutstandingCents != 50_00 {
		t.Errorf("total %s, want %s; outstanding %s", r.TotalCents, want, r.OutstandingCents)
	}
}

// Given a wrong line that was appended through the log, when everything is traced,
// then exactly that line is named, with what is wrong.
func TestPlantedLines(t *testing.T) {
	february := func(change func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine) func(*programme, events.Subject, *events.InvoiceGenerated) {
		return func(p *programme, s events.Subject, e *events.InvoiceGenerated) {
			if s == agencyA && e.Number == 2 {
				e.Lines = change(p, e.Lines)
			}
		}
	}
	line := func(n int, change func(p *programme, l *events.InvoiceLine)) func(*programme, events.Subject, *events.InvoiceGenerated) {
		return february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			change(p, &lines[n-1])
			return lines
		})
	}
	for _, c := range []struct {
		name string
		edit func(*programme, events.Subject, *events.InvoiceGenerated)
		want []string // LINE PROBLEM, and words of the sentence
		says string
	}{
		{"a cent too much", line(2, func(_ *programme, l *events.InvoiceLine) { l.Cents++ }), []string{"2 wrong_amount"}, "$350.00 is due"},
		{"a cent too little", line(5, func(_ *programme, l *events.InvoiceLine) { l.Cents-- }), []string{"5 wrong_amount"}, "$583.33 is due"},
		{"a day too many", line(2, func(_ *programme, l *events.InvoiceLine) { l.Days = 16 }), []string{"2 wrong_days"}, "it counts 16 days"},
		{"days of a client who was there all along", line(5, func(_ *programme, l *events.InvoiceLine) { l.Days = 24 }), []string{"5 wrong_days"}, "and 25 are paid"},
		{"another agency's day", line(2, func(_ *programme, l *events.InvoiceLine) {
			l.End, l.Days, l.Cents = l.End+1, 16, 373_33
		}), []string{"2 other_agency", "2 wrong_amount"}, "others are with agency A-2"},
		{"another agency's stay", february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			return append(lines, p.period("C-1", 2, "2009-02-19", "2009-02-28", 10, 233_33, p.enrolled, p.moved))
		}), []string{"6 billed_twice", "6 other_agency", "6 wrong_dates"}, "another line of this invoice"},
		{"an expense billed twice", february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			return append(lines, p.expense(p.food, 450_00))
		}), []string{"6 billed_twice"}, "line 2 of invoice 1 billed it already"},
		{"an expense that was reversed", february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			l := p.expense(p.rent, 100_00)
			l.Rule, l.Policy = "R24", ""
			return append(lines, l)
		}), []string{"6 billed_twice"}, "billed it already"},
		{"an expense that never was", february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			l := p.expense(p.food, 5_00)
			l.Expense, l.Rule, l.Policy, l.Positions = "01ARZ3NDEKTSV4RRFFQ6999999", "R24", "", nil
			return append(lines, l)
		}), []string{"6 no_such_expense"}, "the client has no such expense"},
		{"an expense under another client", february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			l := p.expense(p.food, 450_00)
			l.Client, l.Rule, l.Policy, l.Positions = "C-2", "R24", "", nil
			return append(lines, l)
		}), []string{"6 no_such_expense"}, "client has no such expense"},
		{"a stranger", february(func(p *programme, lines []events.InvoiceLine) []events.InvoiceLine {
			l := p.expense(p.food, 450_00)
			l.Client = "C-9"
			return append(lines, l)
		}), []string{"6 wrong_amount"}, "there is no client C-9"},
		{"a line left out", february(func(_ *programme, lines []events.InvoiceLine) []events.InvoiceLine { return slices.Delete(lines, 4, 5) }),
			[]string{"0 missing_line"}, "$583.33 of period 2"},
		{"an adjustment left out", february(func(_ *programme, lines []events.InvoiceLine) []events.InvoiceLine { return slices.Delete(lines, 2, 3) }),
			[]string{"0 missing_line"}, "-$100.00 of expense"},
		{"another client's record", line(2, func(p *programme, l *events.InvoiceLine) {
			l.Positions[0] = p.second.Sequence
			slices.Sort(l.Positions)
		}),
			[]string{"2 wrong_events", "2 wrong_events"}, "not of client C-1"},
		{"no enrollment behind it", line(1, func(p *programme, l *events.InvoiceLine) { l.Positions = p.positions() }), []string{"1 wrong_events"}, "client.enrolled.v1 of case/C-1, on which it rests"},
		{"a record that has no part in it", line(1, func(p *programme, l *events.InvoiceLine) { l.Positions = p.positions(p.enrolled, p.food) }),
			[]string{"1 wrong_events"}, "on which it does not rest"},
		{"a record that came later", line(1, func(p *programme, l *events.InvoiceLine) { l.Positions = append(l.Positions, 9999) }), []string{"1 wrong_events"}, "was recorded after"},
		{"another policy", line(1, func(_ *programme, l *events.InvoiceLine) { l.Policy = "" }), []string{"1 wrong_policy"}, "the rulebook's defaults"},
		{"another rule", line(1, func(_ *programme, l *events.InvoiceLine) { l.Rule = "R17" }), []string{"1 wrong_rule"}, "follows from R15"},
		{"no cause", line(3, func(_ *programme, l *events.InvoiceLine) { l.Causes = nil }), []string{"3 wrong_causes"}, "names no cause"},
		{"a cause from before", line(3, func(p *programme, l *events.InvoiceLine) { l.Causes = []uint64{p.rent.Sequence} }), []string{"3 wrong_causes"}, "cannot have caused it"},
		{"other dates", line(1, func(_ *programme, l *events.InvoiceLine) { l.Start, l.Days = l.Start+1, 2 }), []string{"1 wrong_dates"}, "leaves out some"},
		{"a standing that is not", func(_ *programme, s events.Subject, e *events.InvoiceGenerated) {
			if s == agencyA && e.Number == 2 {
				e.Standings[0].AdvanceOutstandingCents = 0
			}
		}, []string{"0 wrong_standing"}, "$50.00"},
		{"a position that is not", func(_ *programme, s events.Subject, e *events.InvoiceGenerated) {
			if s == agencyA && e.Number == 2 {
				e.Made.Hash[0] ^= 1
			}
		}, []string{"0 wrong_position"}, "has the hash"},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			p := newProgramme(t, c.edit)
			r := all(t, p.book)
			var got []string
			said := false
			for _, d := range r.Differences {
				if d.Agency != "A-1" || d.Number != 2 {
					t.Errorf("an invoice is blamed that is right: %s", d)
				}
				got = append(got, strings.TrimSpace(string(rune('0'+d.Line))+" "+string(d.Problem)))
				said = said || strings.Contains(d.Sentence, c.says)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !said {
				t.Errorf("nothing says %q: %v", c.says, r.Differences)
			}
		})
	}
}

// A forged invoice is found whatever it says of itself.
func TestPlantedTotals(t *testing.T) {
	p := newProgramme(t, nil)
	e := &events.InvoiceGenerated{Number: 7, Month: "2009-02", Closing: events.MustDate("2009-02-28"), Made: p.made(), Totals: events.InvoiceTotals{TotalCents: 5}}
	p.add(agencyB, "2009-03-06", e)
	p.add(agencyB, "2009-03-07", &events.InvoicePaid{Number: 7, Cents: 4, Reference: "CHK-1"})
	var got []trace.Problem
	for _, d := range all(t, p.book).Differences {
		got = append(got, d.Problem)
	}
	want := []trace.Problem{trace.WrongDates, trace.WrongNumber, trace.WrongPayment, trace.WrongTotals}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What was denied is due again on the next invoice, and the trace expects it there.
func TestDeniedInvoice(t *testing.T) {
	p := newProgramme(t, nil)
	denied := p.add(agencyB, "2009-03-20", &events.InvoiceDenied{Number: 1, Reasons: []string{"not_documented"}})
	l := p.period("C-1", 2, "2009-02-19", "2009-02-28", 10, 233_33, p.enrolled, p.moved)
	e := &events.InvoiceGenerated{Number: 2, Month: "2009-02", Closing: events.MustDate("2009-02-28"), Made: p.made(), Lines: []events.InvoiceLine{l}, Totals: totals([]events.InvoiceLine{l})}
	p.add(agencyB, "2009-03-21", e)
	r := all(t, p.book)
	for _, d := range r.Differences {
		t.Error(d)
	}
	if r.Denied != 1 || r.DeniedCents != 233_33 || r.TotalCents != 1260_00+973_33+233_33 {
		t.Errorf("got %+v after %s", r, denied.Type)
	}
}

// Given a letter that comes after its date, and days paid past the new end, when the
// next invoice is traced, then what is under review is expected to stay, and after a
// decision to take it back, to be taken back (R25).
func TestLateLetter(t *testing.T) {
	for _, c := range []struct {
		name    string
		review  *events.ReviewDecided
		line    events.Cents // of the adjustment of period 8
		stands  events.ClientStanding
		problem int
	}{
		{"under review", nil, 0, events.ClientStanding{Client: "C-3", UnderReviewCents: 560_00}, 0},
		{"decided to recover", &events.ReviewDecided{Client: "C-3", Recover: true}, -560_00, events.ClientStanding{}, 0},
		{"decided to leave", &events.ReviewDecided{Client: "C-3"}, 0, events.ClientStanding{Client: "C-3", LeftPaidCents: 560_00}, 0},
		{"taken back without a decision", nil, -560_00, events.ClientStanding{}, 2},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			p := newLateLetter(t, c.review, c.line, c.stands)
			r := all(t, p.book)
			if len(r.Differences) != c.problem {
				t.Errorf("%d differences, want %d: %v", len(r.Differences), c.problem, r.Differences)
			}
		})
	}
}

// newLateLetter is a client enrolled on 2009-01-05 and paid for two pre-certified
// periods, and for 24 days after; a certification of 2008-10-15, before everything,
// becomes known later, so that the certified clock (120 days from the enrollment)
// ends on 2009-05-04; by then 24 days past it were paid at A-1.
func newLateLetter(t *testing.T, review *events.ReviewDecided, back events.Cents, standing events.ClientStanding) *programme {
	p := &programme{book: newBook(t)}
	p.add(events.ProgrammeSubject, "2009-01-01", &events.PolicyAdopted{Authority: "test", Settings: map[string]string{"period_unit": "days30"}})
	of := events.SubjectOf(events.KindCase, "C-3")
	p.enrolled = p.add(of, "2009-01-05", enroll("A-1"))
	// By 2009-05-28: four whole periods, and 24 days of the fifth: $560.
	first := &events.InvoiceGenerated{Number: 1, Month: "2009-05", Closing: events.MustDate("2009-05-28"), Made: p.made()}
	for n := range 4 {
		from := firstDay + events.Date(30*n)
		first.Lines = append(first.Lines, p.period("C-3", n+1, from.String(), (from+29).String(), 30, 700_00, p.enrolled))
	}
	first.Lines = append(first.Lines, p.period("C-3", 5, "2009-05-05", "2009-05-28", 24, 560_00, p.enrolled))
	first.Totals = totals(first.Lines)
	p.add(agencyA, "2009-05-29", first)
	p.letter = p.add(of, "2009-06-10", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2008-10-15"), ReceivedOn: events.MustDate("2009-06-10")})
	if review != nil {
		key := first.Lines[4].BilledKey
		review.Lines = []events.ReviewedLine{{BilledKey: key, Cents: 560_00}}
		p.add(agencyA, "2009-06-12", review)
	}
	second := &events.InvoiceGenerated{Number: 2, Month: "2009-06", Closing: events.MustDate("2009-06-30"), Made: p.made()}
	for n := range 4 { // what was pre-certified is certified from the first day on
		from := firstDay + events.Date(30*n)
		gone := p.period("C-3", n+1, from.String(), (from + 29).String(), 0, -700_00, p.enrolled)
		gone.Rule, gone.Policy = "R24", ""
		now := p.period("C-3", n+1, from.String(), (from + 29).String(), 30, 500_00, p.enrolled, p.letter)
		now.Rate = "certified"
		second.Lines = append(second.Lines, gone, now)
	}
	if back != 0 {
		l := p.period("C-3", 5, "2009-05-05", "2009-05-28", 0, back, p.enrolled)
		l.Rule, l.Policy = "R24", ""
		second.Lines = append(second.Lines, l)
	}
	for i := range second.Lines {
		second.Lines[i].Adjustment, second.Lines[i].Causes = true, []uint64{p.letter.Sequence}
	}
	if standing != (events.ClientStanding{}) {
		second.Standings = []events.ClientStanding{standing}
	}
	second.Totals = totals(second.Lines)
	p.add(agencyA, "2009-07-05", second)
	return p
}

// One line can be followed to its records, with positions and hashes.
func TestOneLine(t *testing.T) {
	p := newProgramme(t, nil)
	lines, r, err := trace.Invoice(t.Context(), p.read, "A-1", 2, 2)
	if err != nil || len(lines) != 1 || len(r.Differences) != 0 {
		t.Fatal(lines, r, err)
	}
	l := lines[0]
	if l.Due != 350_00 || l.Whole != 30 || l.RateCents != 700_00 || l.Paid != 25 || l.PeriodStart.String() != "2009-02-04" || !l.Equal() {
		t.Errorf("got %+v", l)
	}
	if l.Adopted == nil || l.Adopted.Hash != p.adopted().Hash() {
		t.Errorf("the policy is %+v", l.Adopted)
	}
	if n := len(l.Behind); n != 3 || l.Behind[1].Hash != p.enrolled.Hash() || l.Behind[2].Sequence != p.moved.Sequence {
		t.Errorf("it rests on %+v", l.Behind)
	}
	back, _, err := trace.Invoice(t.Context(), p.read, "A-1", 2, 3)
	if err != nil || len(back) != 1 || back[0].Before != 100_00 || back[0].Then != 0 || back[0].Due != -100_00 || back[0].Caused[0].Sequence != p.reversed.Sequence {
		t.Errorf("the adjustment: %+v, %v", back, err)
	}
	var none *trace.NotFoundError
	if _, _, err := trace.Invoice(t.Context(), p.read, "A-1", 3, 0); !errors.As(err, &none) || none.Line != 0 {
		t.Errorf("an invoice that was never issued: %v", err)
	}
	if _, _, err := trace.Invoice(t.Context(), p.read, "A-1", 2, 6); !errors.As(err, &none) || none.Line != 6 {
		t.Errorf("a line that is not there: %v", err)
	}
}

// Every type that the trace looks for is one that there is.
func TestMovesAreEventTypes(t *testing.T) {
	for _, name := range trace.Moves() {
		if _, known := events.LookupType(name); !known {
			t.Errorf("there is no event type %s", name)
		}
	}
}
