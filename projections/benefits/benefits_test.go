package benefits_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/projtest"
	"caseledger/projections/signals"
)

type ledger struct {
	*testing.T
	projtest.Stream
}

func (l *ledger) add(client, on string, e events.Event) uint64 {
	l.Helper()
	return l.Add(l.T, projtest.Entry{Subject: events.SubjectOf(events.KindCase, client), On: on, Event: e}).Sequence
}

func (l *ledger) enroll(client, agency, on string) {
	l.add(client, on, &events.ClientEnrolled{Agency: agency, Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, ImmigrationStatus: "undocumented"})
}

func (l *ledger) ask(f func(*projections.Snapshot) error) {
	l.Helper()
	projtest.Ask(l, &l.Stream, f, benefits.View{}, signals.View{})
}

func date(text string) events.Date { return events.MustDate(text) }

// Given the steps of benefits, when they are asked about on different days, then each
// stands as it stood then: a renewal prolongs, a last day that passes is a lapse, and
// the day of an end still counts.
func TestBenefits(t *testing.T) {
	l := &ledger{T: t}
	l.enroll("C-1", "A", "2009-01-05")
	l.add("C-1", "2009-01-06", &events.BenefitReferred{Benefit: "rca", State: "TX"})
	l.add("C-1", "2009-01-10", &events.BenefitReferred{Benefit: "rca", State: "TX", WaitingList: true})
	l.add("C-1", "2009-01-20", &events.BenefitApproved{Benefit: "rca", ThroughDate: date("2009-03-31")})
	l.add("C-1", "2009-04-05", &events.BenefitRenewed{Benefit: "rca", ThroughDate: date("2009-06-30")})
	l.add("C-1", "2009-05-10", &events.BenefitEnded{Benefit: "rca", Reason: projtest.Sealed})
	l.add("C-1", "2009-01-07", &events.BenefitRenewed{Benefit: "wic", ThroughDate: date("2009-06-30")})
	l.add("C-1", "2009-01-08", &events.BenefitReferred{Benefit: "tanf"})
	l.add("C-1", "2009-02-08", &events.BenefitDenied{Benefit: "tanf", Reason: projtest.Sealed})
	l.ask(func(s *projections.Snapshot) error {
		c, err := benefits.Read(s, "C-1")
		for on, want := range map[string]string{
			"2009-01-05": "",
			"2009-01-06": "rca TX referred 2009-01-06 ",
			"2009-01-15": "rca TX waiting 2009-01-10 , tanf  referred 2009-01-08 ",
			"2009-03-31": "rca TX approved 2009-01-20 2009-03-31, tanf  denied 2009-02-08 ",
			"2009-04-01": "rca TX lapsed 2009-01-20 2009-03-31, tanf  denied 2009-02-08 ",
			"2009-05-10": "rca TX approved 2009-01-20 2009-06-30, tanf  denied 2009-02-08 ",
			"2009-05-11": "rca TX ended 2009-05-11 , tanf  denied 2009-02-08 ",
		} {
			var got []string
			for _, b := range c.Benefits(date(on)) {
				got = append(got, fmt.Sprintf("%s %s %s %s %s", b.Benefit, b.State, b.Standing, b.Since, b.Through))
			}
			if text := strings.Join(got, ", "); text != want {
				t.Errorf("on %s: %q, want %q", on, text, want)
			}
		}
		return err
	})
}

// Given a letter, when the clock of refugee assistance is asked about, then it runs
// eight months from the letter's date, and not before it (R26).
func TestAssistance(t *testing.T) {
	l := &ledger{T: t}
	l.enroll("C-1", "A", "2009-01-05")
	l.add("C-1", "2009-02-10", &events.LetterReceived{Kind: events.Certification, LetterDate: date("2009-02-01"), ReceivedOn: date("2009-02-10")})
	l.enroll("C-2", "A", "2009-01-05")
	l.ask(func(s *projections.Snapshot) error {
		c, err := benefits.Read(s, "C-1")
		if err != nil {
			return err
		}
		if _, entitled := c.Assistance(date("2009-01-31")); entitled {
			t.Error("a clock runs before the letter")
		}
		if a, entitled := c.Assistance(date("2009-02-01")); !entitled || a.Months != 8 || a.To != date("2009-09-30") {
			t.Errorf("the clock is %+v, %v", a, entitled)
		}
		other, err := benefits.Read(s, "C-2")
		if _, entitled := other.Assistance(date("2009-12-31")); entitled {
			t.Error("a clock runs without a letter")
		}
		return err
	})
}

// Given costs that other funders bear, when they are summed up, then by funder, with
// what was borne before certification; and a receipt that is claimed twice, here or of
// another funder, is found whoever's it is.
func TestFunding(t *testing.T) {
	l := &ledger{T: t}
	l.enroll("C-1", "A", "2009-01-05")
	l.enroll("C-2", "B", "2009-01-05")
	l.add("C-1", "2009-02-10", &events.LetterReceived{Kind: events.Certification, LetterDate: date("2009-02-01"), ReceivedOn: date("2009-02-10")})
	one, two := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	spend := func(client, on, receipt string) uint64 {
		return l.add(client, on, &events.ExpenseBooked{Agency: "A", Category: "food", AmountCents: 700, ReceiptHash: receipt})
	}
	bear := func(client, on, funder string, cents events.Cents, receipt string) uint64 {
		return l.add(client, on, &events.OtherFundingRecorded{Funder: funder, Category: "legal", AmountCents: cents, ReceiptHash: receipt})
	}
	first := bear("C-1", "2009-01-10", "doj", 1000, one)
	bear("C-1", "2009-02-10", "doj", 2000, "")
	bear("C-2", "2009-02-10", "doj", 4000, "")
	second := bear("C-2", "2009-02-11", "dhs", 8000, two)
	third := spend("C-2", "2009-01-12", one)
	fourth := bear("C-1", "2009-03-01", "doj", 500, two)
	spend("C-1", "2009-01-13", strings.Repeat("ef", 32))
	reversed := spend("C-1", "2009-01-14", two)
	l.add("C-1", "2009-01-15", &events.ExpenseReversed{Expense: projtest.ID(reversed), AmountCents: -700, Reason: projtest.Sealed})
	l.ask(func(s *projections.Snapshot) error {
		funders, err := benefits.Funders(s, date("2009-02-28"), "")
		if err != nil {
			return err
		}
		want := []benefits.Funder{
			{Funder: "dhs", Clients: 1, Costs: 1, Cents: 8000, PreClients: 1, PreCents: 8000},
			{Funder: "doj", Clients: 2, Costs: 3, Cents: 7000, PreClients: 2, PreCents: 5000},
		}
		if d := cmp.Diff(want, funders); d != "" {
			t.Errorf("funders (-want +got):\n%s", d)
		}
		atB, err := benefits.Funders(s, date("2009-02-28"), "A")
		if len(atB) != 1 || atB[0].Cents != 3000 || err != nil {
			t.Errorf("funders of A's clients: %+v, %v", atB, err)
		}
		claims, err := benefits.Twice(s, date("2009-12-31"), "")
		wantClaims := []benefits.Claim{
			{Clients: []string{"C-1", "C-2"}, Agencies: []string{"A"}, Payers: []string{"doj", benefits.PerCapita}, Cents: 1700, Records: []uint64{first, third}},
			{Clients: []string{"C-1", "C-2"}, Agencies: []string{"A", "B"}, Payers: []string{"dhs", "doj"}, Cents: 8500, Records: []uint64{second, fourth}},
		}
		if d := cmp.Diff(wantClaims, claims); d != "" {
			t.Errorf("claimed twice (-want +got):\n%s", d)
		}
		if earlier, _ := benefits.Twice(s, date("2009-02-28"), ""); len(earlier) != 1 {
			t.Errorf("claimed twice by February: %+v", earlier)
		}
		return err
	})
}
