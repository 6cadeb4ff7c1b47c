package policy_test

import (
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Whatever happened, and under whatever settings: what is split sums to what
// was split, nothing booked is lost, caps hold, and time takes nothing back.
func TestEveryClosing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		e := h.world(t, nil).evaluate("C")
		var before policy.Reimbursement
		closing := origin
		for range 6 {
			closing += day(rapid.IntRange(0, 150).Draw(rt, "later"))
			r := e.At(closing)
			checkSums(rt, h, r)
			checkCaps(rt, e, r)
			if r.AdministrativeCents < before.AdministrativeCents || r.ClientCents.Paid < before.ClientCents.Paid {
				rt.Fatalf("at %v less is due than before: %+v, then %+v", closing, before, r)
			}
			before = r
		}
		for _, c := range e.On(closing).Clocks {
			checkClock(rt, c)
		}
	})
}

func checkSums(t *rapid.T, h history, r policy.Reimbursement) {
	var agencies, years, booked, refused [2]events.Cents
	for _, a := range r.ByAgency {
		agencies[0] += a.AdministrativeCents
		agencies[1] += a.ClientCents
	}
	for _, y := range r.ByFiscalYear {
		years[0] += y.AdministrativeCents
		years[1] += y.ClientCents
	}
	whole := [2]events.Cents{r.AdministrativeCents, r.ClientCents.Paid}
	if agencies != whole || years != whole {
		t.Fatalf("at %v: %v is split to agencies as %v, to years as %v", r.Closing, whole, agencies, years)
	}
	for _, x := range h.expenses {
		if x.on <= r.Closing {
			booked[0] += events.Cents(x.cents)
		}
	}
	for _, x := range r.ClientCents.Refused {
		refused[0] += x.Cents
	}
	c := r.ClientCents
	if got := c.Paid + c.Held + c.Disallowed + refused[0]; got != booked[0] {
		t.Fatalf("at %v: of %v booked, %v is accounted for: %+v", r.Closing, booked[0], got, c)
	}
}

func checkCaps(t *rapid.T, e *policy.Entitlement, r policy.Reimbursement) {
	var budgets, admin events.Cents
	for _, c := range e.Clocks {
		budgets += c.BudgetCents
		for _, p := range c.Periods {
			admin += max(p.AdministrativeCents, 0)
		}
	}
	if r.ClientCents.Paid > budgets || r.AdministrativeCents > admin {
		t.Fatalf("at %v: %+v exceeds budgets of %v or periods of %v", r.Closing, r, budgets, admin)
	}
}

func checkClock(t *rapid.T, c policy.ClockReport) {
	if c.DaysUsed < 0 || c.DaysLeft < 0 || c.End < c.Start {
		t.Fatalf("impossible clock: %+v", c)
	}
	last := c.Start - 1
	for i, p := range c.Periods {
		if p.Number != i+1 || p.Start <= last || p.End < p.Start {
			t.Fatalf("periods out of order: %+v", c)
		}
		last = p.End
		var days int
		var cents events.Cents
		for _, s := range p.Shares {
			days += s.Days
			cents += s.Cents
		}
		if days != p.Days || cents != p.AdministrativeCents {
			t.Fatalf("shares do not sum to their period: %+v", p)
		}
	}
}

// The order in which independent events are recorded does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		one := h.world(t, nil)
		seen := map[day]bool{} // on one day, the order of recording decides
		for _, x := range h.expenses {
			if seen[x.on] {
				return
			}
			seen[x.on] = true
		}
		for _, r := range h.reopened {
			if h.transfers[r] != "" {
				return
			}
		}
		two := h.world(t, func(all []command) {
			for i := range all {
				j := rapid.IntRange(0, i).Draw(rt, "swap")
				all[i], all[j] = all[j], all[i]
			}
		})
		closing := origin + day(rapid.IntRange(0, 600).Draw(rt, "closing"))
		a, b := one.evaluate("C"), two.evaluate("C")
		ra, rb := a.At(closing), b.At(closing)
		ra.Expenses, rb.Expenses, ra.ClientCents.Refused, rb.ClientCents.Refused = nil, nil, nil, nil
		if diff := cmp.Diff(ra, rb); diff != "" {
			rt.Fatal(diff)
		}
		if diff := cmp.Diff(a.On(closing), b.On(closing)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// Evaluating after each record, and folding a copy of the facts, changes nothing.
func TestFoldedInSteps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		whole := h.world(t, nil)
		steps := newWorld(t)
		steps.adopt("2001-01-01", h.first)
		if h.changed != 0 {
			steps.adopt(h.changed.String(), h.second)
		}
		extensions := h.world(t, nil).facts["C"]
		for _, c := range h.commands() {
			steps.run(c)
			steps.facts["C"] = steps.facts["C"].Clone()
			steps.evaluate("C").At(origin)
		}
		if len(h.decisions) > 0 {
			return // the rest of the facts is the same
		}
		if diff := cmp.Diff(extensions, steps.facts["C"]); diff != "" {
			rt.Fatal(diff)
		}
		if diff := cmp.Diff(whole.evaluate("C").At(origin+300), steps.evaluate("C").At(origin+300)); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// However late things become known and whenever is invoiced: after one more
// statement at a closing date, what was billed is the entitlement and what R25
// leaves with the agency.
func TestBillingConverges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		w := newWorld(t)
		w.adopt("2001-01-01", h.first)
		commands := h.commands()
		for i := 2; i < len(commands); i++ { // the enrollment first, the rest as late as it likes
			j := rapid.IntRange(1, i).Draw(rt, "swap")
			commands[i], commands[j] = commands[j], commands[i]
		}
		accounts := map[string]policy.Account{}
		closing := origin
		for _, c := range commands {
			w.run(c)
			if !rapid.Bool().Draw(rt, "invoice") {
				continue
			}
			closing += day(rapid.IntRange(0, 45).Draw(rt, "later"))
			for _, agency := range []string{"A", "B", "C"} {
				s := w.evaluate("C").Due(agency, closing, accounts[agency])
				accounts[agency] = bill(accounts[agency], s, w.sequence)
			}
		}
		e := w.evaluate("C")
		r := e.At(closing)
		for _, agency := range []string{"A", "B", "C"} {
			s := e.Due(agency, closing, accounts[agency])
			account := bill(accounts[agency], s, w.sequence)
			var billed events.Cents
			for _, l := range account.Lines {
				billed += l.Cents
			}
			part := r.Agency(agency)
			if want := part.AdministrativeCents + part.ClientCents + s.UnderReviewCents + s.LeftPaidCents; billed != want {
				rt.Fatalf("%s: billed %v, entitled to %v with what is under review or left\n%+v\n%+v", agency, billed, want, s, account)
			}
			if again := e.Due(agency, closing, account); len(again.Lines) != 0 {
				rt.Fatalf("%s: due twice: %+v", agency, again.Lines)
			}
			for _, l := range s.Lines {
				if l.Adjustment && len(l.Causes) == 0 {
					rt.Fatalf("an adjustment without a cause: %+v", l)
				}
			}
		}
	})
}
