package policy_test

import (
	"fmt"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// lateLetter is a client enrolled on 2009-01-05 and invoiced at the end of each
// of seven periods, with $100.00 spent on 10 July; then a letter of 19 February
// becomes known. The certified clock ends on 18 June: of the sixth period 15
// days at $350.00, the seventh at $700.00 and the expense lie past it.
func lateLetter(t *testing.T, settings map[string]string) (*world, policy.Account) {
	w := newWorld(t)
	w.adopt("2001-01-01", settings)
	w.tell(0, []string{"enroll", "2009-01-05", "A"})
	w.tell(1, []string{"expense", "2009-07-10", "A", "100.00"})
	var account policy.Account
	for i := range 7 {
		closing := events.MustDate("2009-02-03") + day(30*i)
		s := w.evaluate("C").Due("A", closing, account)
		want := events.Cents(700_00)
		if i == 6 {
			want += 100_00
		}
		if s.TotalCents != want {
			t.Fatalf("invoice of %v: %v, want %v", closing, s.TotalCents, want)
		}
		account = bill(account, s, w.sequence)
	}
	w.tell(2, []string{"letter", "2009-02-19", "noticed", "2009-08-10"})
	return w, account
}

func TestDaysPaidPastTheNewEnd(t *testing.T) {
	for _, c := range []struct {
		reading             string
		total, review, left events.Cents
	}{
		// Entitled to 350 + 700 + 4 × 500 = 3,050.00; billed 5,000.00.
		{"under_review", 3050_00 - (5000_00 - 1150_00), 1150_00, 0},
		{"automatic", 3050_00 - 5000_00, 0, 0},
		{"harmless", 3050_00 - (5000_00 - 1150_00), 0, 1150_00},
	} {
		t.Run(c.reading, func(t *testing.T) {
			w, account := lateLetter(t, map[string]string{"retro_days_past_new_end": c.reading})
			closing := events.MustDate("2009-09-01")
			s := w.evaluate("C").Due("A", closing, account)
			if s.TotalCents != c.total || s.UnderReviewCents != c.review || s.LeftPaidCents != c.left {
				t.Fatalf("total %v, under review %v, left %v; want %v, %v, %v",
					s.TotalCents, s.UnderReviewCents, s.LeftPaidCents, c.total, c.review, c.left)
			}
			for _, l := range s.Lines {
				if !l.Adjustment || len(l.Causes) != 1 || l.Causes[0].Type != "letter.received.v1" {
					t.Errorf("line is not an adjustment because of the letter: %+v", l)
				}
			}
			account = bill(account, s, w.sequence)
			again := w.evaluate("C").Due("A", events.MustDate("2009-10-01"), account)
			if len(again.Lines) != 0 || again.UnderReviewCents != c.review || again.LeftPaidCents != c.left {
				t.Errorf("the next invoice: %+v", again)
			}
		})
	}
}

func TestReviewDecides(t *testing.T) {
	w, account := lateLetter(t, nil)
	clock := events.MustDate("2009-01-05")
	key := func(period int) policy.LineKey {
		return policy.LineKey{Kind: policy.AdministrativeLine, Clock: clock, Rate: policy.PreCertified, Period: period}
	}
	s := w.evaluate("C").Due("A", events.MustDate("2009-09-01"), account)
	account = bill(account, s, w.sequence)
	account.Reviews = []policy.Review{{LineKey: key(7), Recover: true}, {LineKey: key(6)}}

	s = w.evaluate("C").Due("A", events.MustDate("2009-10-01"), account)
	if s.TotalCents != -700_00 || s.LeftPaidCents != 350_00 || s.UnderReviewCents != 100_00 {
		t.Fatalf("period 7 is recovered, period 6 waived, the expense open: %+v", s)
	}
}

// A closure that becomes known late is an ordinary correction: nothing is reviewed.
func TestLateClosureNets(t *testing.T) {
	w := newWorld(t)
	w.tell(0, []string{"enroll", "2009-03-01", "A"})
	account := bill(policy.Account{}, w.evaluate("C").Due("A", events.MustDate("2009-04-29"), policy.Account{}), w.sequence)
	w.tell(1, []string{"close", "2009-04-19"})
	s := w.evaluate("C").Due("A", events.MustDate("2009-05-29"), account)
	if s.TotalCents != 1166_67-1400_00 || s.UnderReviewCents != 0 || len(s.Lines) != 1 {
		t.Fatalf("%+v", s)
	}
}

// A transfer that becomes known late moves days between the agencies' invoices.
func TestLateTransferNets(t *testing.T) {
	w := newWorld(t)
	w.tell(0, []string{"enroll", "2009-03-01", "A"})
	closing := events.MustDate("2009-03-30")
	account := bill(policy.Account{}, w.evaluate("C").Due("A", closing, policy.Account{}), w.sequence)
	w.tell(1, []string{"transfer", "2009-03-21", "B"})
	e := w.evaluate("C")
	a := e.Due("A", closing, account)
	b := e.Due("B", closing, policy.Account{Closing: closing, Position: account.Position})
	if a.TotalCents != -233_33 || b.TotalCents != 233_33 || !b.Lines[0].Adjustment {
		t.Fatalf("A %+v\nB %+v", a, b)
	}
}

// Invoices that close within a period bill the rounded cumulative amount less
// what was billed before, so they sum to the period's amount (R15).
func TestRunningPeriodSumsExactly(t *testing.T) {
	w := newWorld(t)
	w.tell(0, []string{"enroll", "2009-03-01", "A"})
	var account policy.Account
	var billed []events.Cents
	for _, closing := range []string{"2009-03-01", "2009-03-02", "2009-03-03", "2009-03-30"} {
		s := w.evaluate("C").Due("A", events.MustDate(closing), account)
		account = bill(account, s, w.sequence)
		billed = append(billed, s.TotalCents)
	}
	// 700 × 1, 2, 3 and 30 thirtieths: 23.33, 46.67, 70.00, 700.00.
	if want := []events.Cents{23_33, 23_34, 23_33, 630_00}; fmt.Sprint(billed) != fmt.Sprint(want) {
		t.Fatalf("billed %v, want %v", billed, want)
	}
}

func TestAdvanceAllowed(t *testing.T) {
	for _, c := range []struct {
		name, on, reading   string
		spent               string
		outstanding, allows events.Cents
	}{
		{"one monthly cap", "2009-03-01", "", "", 0, 600_00},
		{"one at a time", "2009-03-01", "", "", 1, 0},
		{"up to the ceiling of two caps", "2009-03-20", "", "expense 2009-03-10 A 700.00", 0, 500_00},
		{"nothing above the ceiling", "2009-03-20", "", "expense 2009-03-10 A 1300.00", 0, 0},
		{"the next period raises the ceiling", "2009-03-31", "", "expense 2009-03-10 A 1300.00", 0, 500_00},
		{"up to the month's cap", "2009-03-20", "monthly_cap", "expense 2009-03-10 A 450.00", 0, 150_00},
		{"up to the overall budget", "2009-03-20", "overall_budget", "expense 2009-03-10 A 5200.00", 0, 200_00},
		{"not outside a clock", "2009-12-01", "", "", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.reading != "" {
				w.adopt("2001-01-01", map[string]string{"client_ceiling": c.reading})
			}
			w.tell(0, []string{"enroll", "2009-03-01", "A"})
			if c.spent != "" {
				w.tell(1, fields(c.spent))
			}
			allowed, reason := w.evaluate("C").AdvanceAllowed(events.MustDate(c.on), c.outstanding)
			if allowed != c.allows || (allowed == 0) == (reason == "") {
				t.Errorf("allowed %v (%s), want %v", allowed, reason, c.allows)
			}
		})
	}
}
