package reimbursement_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/reimbursement"
)

func snapshot(t testing.TB, src projections.Source, f func(*projections.Snapshot)) {
	t.Helper()
	projtest.Ask(t, src, func(s *projections.Snapshot) error { f(s); return nil }, reimbursement.View{})
}

// Given the worked example W11 (enrolled 2009-01-05, letter 2009-02-19), then its
// months sum to $3,050.00 and the split is that of its periods.
func TestMonthsOfW11(t *testing.T) {
	s := &projtest.Stream{}
	s.Add(t, projtest.Entry{Subject: "case/C-1", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult}})
	letter := events.MustDate("2009-02-19")
	s.Add(t, projtest.Entry{Subject: "case/C-1", On: "2009-02-19", Event: &events.LetterReceived{Kind: events.Certification, LetterDate: letter, ReceivedOn: letter}})
	snapshot(t, s, func(s *projections.Snapshot) {
		sum := events.Cents(0)
		// 27 days of 700; 3 days of 700 and 15 of 350, 10 of 500 (Feb); then days of 500.
		want := map[int]events.Cents{1: 63000, 2: 58667, 3: 51666, 4: 50000, 5: 51667, 6: 30000}
		for month := 1; month <= 12; month++ {
			m, err := reimbursement.Month(s, "A-1", events.MustDate(fmt.Sprintf("2009-%02d-10", month)), 0)
			if err != nil {
				t.Fatal(err)
			}
			sum += m.Total.AdministrativeCents
			if got := m.Total.AdministrativeCents; got != want[month] {
				t.Errorf("month %d: %s, want %s", month, got, want[month])
			}
		}
		if sum != 3050_00 {
			t.Errorf("all months: %s, want $3,050.00", sum)
		}
		r, err := reimbursement.Of(s, "C-1", events.MustDate("2009-12-31"), 0)
		if err != nil || r.AdministrativeCents != 3050_00 {
			t.Errorf("at the end of the year: %+v, %v", r, err)
		}
		// What was true on 1 February: no letter yet.
		r, err = reimbursement.Of(s, "C-1", events.MustDate("2009-03-05"), events.MustDate("2009-02-01"))
		if err != nil || r.AdministrativeCents != 1400_00 {
			t.Errorf("without the letter: %+v, %v", r, err)
		}
		m, err := reimbursement.Month(s, "A-1", events.MustDate("2009-03-05"), events.MustDate("2009-02-01"))
		if err != nil || m.Total.AdministrativeCents != 723_34 || len(m.Rows) != 1 {
			t.Errorf("March without the letter: %+v, %v", m, err)
		}
		var missing *projections.NotFoundError
		if _, err := reimbursement.Of(s, "C-2", letter, 0); !errors.As(err, &missing) {
			t.Errorf("%v, want a not found error", err)
		}
	})
}

// Given any lives of a few clients, then months sum to the policy's amounts at
// any later closing, agencies sum to months, and the contract to the agencies.
func TestMonthsSumToThePolicys(t *testing.T) {
	first, last := events.MustDate("2006-01-01"), events.MustDate("2012-12-31")
	rapid.Check(t, func(rt *rapid.T) {
		snapshot(t, projtest.Lives(t, rt, 3), func(s *projections.Snapshot) {
			closing := (first + events.Date(rapid.IntRange(0, int(last-first)).Draw(rt, "closing"))).LastOfMonth()
			var want, months reimbursement.Amounts
			for _, id := range []string{"C-0", "C-1", "C-2"} {
				r, err := reimbursement.Of(s, id, closing, 0)
				if err != nil {
					rt.Fatal(err)
				}
				want.AdministrativeCents += r.AdministrativeCents
				want.PaidCents += r.ClientCents.Paid
				want.HeldCents += r.ClientCents.Held
				want.DisallowedCents += r.ClientCents.Disallowed
				for _, x := range r.ClientCents.Refused {
					want.RefusedCents += x.Cents
				}
			}
			c, err := reimbursement.Total(s, first, closing)
			if err != nil {
				rt.Fatal(err)
			}
			if c.Total != want {
				rt.Fatalf("to %s: contract %+v, policy %+v", closing, c.Total, want)
			}
			for _, a := range c.ByAgency {
				plus(&months, a.Amounts)
			}
			if months != want {
				rt.Fatalf("agencies sum to %+v, not %+v", months, want)
			}
			months = reimbursement.Amounts{}
			for day := first; day <= closing; day = day.LastOfMonth() + 1 {
				for _, agency := range []string{"A-1", "A-2"} {
					m, err := reimbursement.Month(s, agency, day, 0)
					if err != nil {
						rt.Fatal(err)
					}
					plus(&months, m.Total)
				}
			}
			if months != want {
				rt.Fatalf("months sum to %+v, not %+v", months, want)
			}
			// Evaluating all facts gives what the rows say.
			month := first + events.Date(rapid.IntRange(300, 1500).Draw(rt, "month"))
			a, err := reimbursement.Month(s, "A-1", month, 0)
			if err != nil {
				rt.Fatal(err)
			}
			b, err := reimbursement.Month(s, "A-1", month, events.MaxDate)
			if err != nil || a.Total != b.Total || len(a.Rows) != len(b.Rows) {
				rt.Fatalf("rows %+v, evaluated %+v, %v", a, b, err)
			}
		})
	})
}

func plus(a *reimbursement.Amounts, b reimbursement.Amounts) {
	a.AdministrativeCents += b.AdministrativeCents
	a.PaidCents += b.PaidCents
	a.HeldCents += b.HeldCents
	a.DisallowedCents += b.DisallowedCents
	a.RefusedCents += b.RefusedCents
}
