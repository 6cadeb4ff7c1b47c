package recount_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/replay/recount"
)

// The ledger's own calculation and the auditor's must agree to the cent and the
// day on any history. Run more of them with -rapid.checks=N.
func TestDifferential(t *testing.T) {
	for _, theme := range []struct {
		name             string
		settings, events int // how many at most
	}{
		{"default settings", 0, 8},
		{"one other reading", 1, 8},
		{"all readings, short histories", 20, 4},
		{"all readings, long histories", 20, 16},
	} {
		t.Run(theme.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				s := drawScenario(rt, theme.settings, theme.events)
				if d := s.disagreements(t); len(d) > 0 {
					rt.Fatalf("%s\n%s", s, strings.Join(d, "\n"))
				}
			})
		})
	}
}

// A scenario is a client's history, the programme's and the principal's, and the
// closing date.
type scenario struct {
	given, settings, principal string
	closing                    events.Date
}

func (s scenario) String() string {
	return fmt.Sprintf("given\n%s\nsettings %s\nprincipal\n%s\nclosing %s", s.given, s.settings, s.principal, s.closing)
}

// disagreements lists where the two calculations differ.
func (s scenario) disagreements(t testing.TB) []string {
	t.Helper()
	if s.open() {
		return nil
	}
	given, programme, principal := caseOf(t, s.given), programmeOf(t, s.settings), caseOf(t, s.principal)
	book := policy.NewBook()
	for _, r := range programme {
		if err := book.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	facts := factsOf(t, given)
	e, err := policy.Evaluate(facts, book, factsOf(t, principal))
	if err != nil {
		t.Fatal(err)
	}
	r, err := recount.Client(given, programme, principal, s.closing)
	if err != nil {
		t.Fatal(err)
	}
	final, err := recount.Client(given, programme, principal, events.MustDate("2020-12-31"))
	if err != nil {
		t.Fatal(err)
	}
	balance(t, r)
	balance(t, final)
	var d differences
	d.days(facts, e, r)
	d.months(e, r)
	// An extension's budget leaves more room for an advance here, see overspentExtension.
	if !s.has("extension-requested") && !s.outsideForNow(r) {
		allowed, _ := e.AdvanceAllowed(s.closing, 0)
		d.compare("advance", allowed, r.AdvanceCents)
	}
	d.clocks(s, e, r, final)
	if !s.overspentExtension(final) && !s.outsideForNow(r) {
		d.money(e.At(s.closing), r)
	}
	return d
}

// open reports what the two answer differently where the rulebook leaves it open.
func (s scenario) open() bool {
	// Is a derivative's day funded that lies in the principal's clock when the
	// principal was not enrolled: outside for days that count as used, or not
	// enrolled yet in a clock that began at the letter (R06)?
	follows := s.has("follows_principal") && (s.has("letter_date") || s.has("elapsed") && strings.Contains(s.principal, "reopened"))
	// Which clock does an extension lengthen that is decided after the letter and
	// before the period boundary at which the letter's clock begins (R20, R22)?
	boundary := s.has("next_period_boundary") && s.has("letter") && s.has("extension-requested")
	// Is there a cap for the month of an extension that grants no client money (R17,
	// R22)?
	capless := s.has("monthly_cap") && s.has("admin_only") && s.has("extension-requested")
	return follows || boundary || capless
}

// has reports whether a word occurs in the settings or histories.
func (s scenario) has(word string) bool {
	return strings.Contains(s.settings+s.given+s.principal, word)
}

// outsideForNow reports a closing date between a closure and a reopening under
// elapsed. Whether the closure ended the clock, or the clock runs on since days
// outside count as used, decides between disallowed and held until the reopening
// (R17, R23).
func (s scenario) outsideForNow(r *recount.Result) bool {
	next, _ := r.On(s.closing + 1)
	returns := slices.ContainsFunc(r.Spans, func(x recount.Span) bool { return x.From > s.closing+1 && x.Status != "" })
	return s.has("elapsed") && next.Reason == recount.AfterClosure && returns
}

// overspentExtension reports a clock that may have been extended and is charged
// with more than its budget without the extension. From which day on an expense may use the
// extension's budget is an open question between the two (R22, see READINGS.md).
func (s scenario) overspentExtension(r *recount.Result) bool {
	for _, c := range r.Clocks {
		budget := events.Cents(5400_00)
		if c.Certified {
			budget = 1600_00
		}
		for _, e := range r.Expenses {
			if e.Clock == c.Number {
				budget -= e.Cents
			}
		}
		if budget < 0 && s.has("extension-requested") {
			return true
		}
	}
	return false
}

func factsOf(t testing.TB, records []*events.Record) *policy.Facts {
	t.Helper()
	f := &policy.Facts{}
	for _, r := range records {
		if err := f.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// differences say what policy and what recount came to.
type differences []string

func (d *differences) compare(what string, policy, recount any) {
	if p, r := fmt.Sprint(policy), fmt.Sprint(recount); p != r {
		*d = append(*d, fmt.Sprintf("%s: policy %s, recount %s", what, p, r))
	}
}

// days compares the status and the funding of the days at which anything changes.
func (d *differences) days(f *policy.Facts, e *policy.Entitlement, r *recount.Result) {
	for _, s := range r.Spans {
		for _, day := range []events.Date{s.From, min(s.Through, s.From+1000)} {
			if s.Status != "" {
				d.compare("status on "+day.String(), policy.StatusOn(f, day), s.Status)
			}
			d.compare("enrolled on "+day.String(), f.EnrolledOn(day), s.Status != "")
			funded, reason, _ := e.Funding(day)
			if s.Clock != 0 && !pays(r, s.Clock) { // placed in all of it: gap or end?
				continue
			}
			d.compare("funding on "+day.String(), fmt.Sprint(funded, reason), fmt.Sprint(s.Payable, s.Reason))
		}
	}
	d.compare("last funded day", e.LastFundedDay(), r.LastFundedDay)
	refugee := recount.RefugeeClock{}
	if r.Refugee != nil {
		refugee = *r.Refugee
	}
	d.compare("refugee assistance", fmt.Sprint(e.RCA.From, e.RCA.Months, e.RCA.To), fmt.Sprint(refugee.From, refugee.Months, refugee.Through))
}

// pays reports whether a clock has a payable day.
func pays(r *recount.Result, clock int) bool {
	return slices.ContainsFunc(r.Spans, func(s recount.Span) bool { return s.Clock == clock && s.Payable })
}

// clocks compares the clocks that pay for a day, and their periods: the days used at the closing date, and
// each period as a whole.
func (d *differences) clocks(s scenario, e *policy.Entitlement, r, final *recount.Result) {
	served := slices.DeleteFunc(slices.Clone(final.Clocks), func(c recount.Clock) bool {
		return !slices.ContainsFunc(c.Periods, func(p recount.Period) bool { return p.Days > 0 })
	})
	theirs := slices.DeleteFunc(slices.Clone(e.Clocks), func(c policy.Clock) bool {
		return !slices.ContainsFunc(c.Periods, func(p policy.Period) bool { return p.Days > 0 })
	})
	if d.compare("clocks", len(theirs), len(served)); len(theirs) != len(served) {
		return
	}
	for i, c := range theirs {
		name := fmt.Sprintf("clock %d ", i+1)
		d.compare(name+"from and to", fmt.Sprint(c.Start, c.End), fmt.Sprint(served[i].First, served[i].Last))
		// Whether elapsed counts days after the last enrolled one before a reopening
		// changes nothing.
		today, _ := r.On(r.Closing)
		if n := served[i].Number; n <= len(r.Clocks) && (today.Clock == n || !s.has("elapsed")) {
			d.compare(name+"days used", c.Used(r.Closing), r.Clocks[n-1].DaysUsed)
		}
		d.periods(name, c.Periods, served[i].Periods)
	}
}

func (d *differences) periods(name string, theirs []policy.Period, ours []recount.Period) {
	if d.compare(name+"periods", len(theirs), len(ours)); len(theirs) != len(ours) {
		return
	}
	for i, p := range theirs {
		q := ours[i]
		d.compare(fmt.Sprintf("%speriod %d", name, p.Number),
			fmt.Sprint(p.Start, p.End, p.Days, p.AdministrativeCents, shares(p.Shares)),
			fmt.Sprint(q.First, q.Last, q.Days, q.AdministrativeCents, shares(q.Shares)))
	}
}

// shares writes an agency's parts in order, leaving out those without an amount.
func shares[S recount.Share | policy.Share](list []S) string {
	var all []string
	for _, s := range list {
		if s := recount.Share(s); s.Cents != 0 {
			all = append(all, s.Agency+" "+s.Cents.String())
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// money compares every amount at the closing date.
func (d *differences) money(p policy.Reimbursement, r *recount.Result) {
	refused := events.Cents(0)
	reasons := map[string]string{}
	for _, x := range p.ClientCents.Refused {
		refused += x.Cents
		reasons[x.Event] = x.Reason
	}
	d.compare("total", fmt.Sprint(p.AdministrativeCents, p.ClientCents.Paid, p.ClientCents.Held, p.ClientCents.Disallowed, refused),
		fmt.Sprint(r.Total.AdministrativeCents, r.Total.PaidCents, r.Total.HeldCents, r.Total.DisallowedCents, r.Total.RefusedCents))
	d.expenses(p, r, reasons)
	d.compare("by agency", table(p.ByAgency, func(a policy.AgencyAmount) (string, events.Cents, events.Cents) {
		return a.Agency, a.AdministrativeCents, a.ClientCents
	}), table(r.ByAgency, sums))
	d.compare("by fiscal year", table(p.ByFiscalYear, func(a policy.YearAmount) (string, events.Cents, events.Cents) {
		return strconv.Itoa(a.FiscalYear), a.AdministrativeCents, a.ClientCents
	}), table(r.ByFiscalYear, sums))
}

// months compares what each whole month adds to the administrative amount.
func (d *differences) months(e *policy.Entitlement, r *recount.Result) {
	for _, m := range r.ByMonth {
		day := events.MustDate(m.Key + "-01")
		if day.LastOfMonth() > r.Closing {
			continue
		}
		sum := events.Cents(0)
		for _, a := range []string{"A1", "A2", "A3"} {
			sum += e.Month(a, day).AdministrativeCents
		}
		d.compare("month "+m.Key, sum, m.AdministrativeCents)
	}
}

func (d *differences) expenses(p policy.Reimbursement, r *recount.Result, refused map[string]string) {
	outcomes := map[string]policy.ExpenseOutcome{}
	for _, o := range p.Expenses {
		outcomes[o.Event] = o
	}
	for i, x := range r.Expenses {
		o, charged := outcomes[x.Record]
		theirs := fmt.Sprint(o.Paid, o.Held, o.Disallowed, o.Cents-o.Paid-o.Held-o.Disallowed)
		if !charged || refused[x.Record] != "" {
			theirs = fmt.Sprint(events.Cents(0), events.Cents(0), events.Cents(0), x.Cents)
		}
		d.compare(fmt.Sprintf("expense %d of %s", i+1, x.On), theirs+" "+refused[x.Record],
			fmt.Sprint(x.PaidCents, x.HeldCents, x.DisallowedCents, x.RefusedCents)+" "+refusal(x))
	}
}

func refusal(x recount.Expense) string {
	if x.RefusedCents > 0 {
		return x.Reason
	}
	return ""
}

func sums(a recount.Amounts) (string, events.Cents, events.Cents) {
	return a.Key, a.AdministrativeCents, a.PaidCents
}

// table writes the rows of a table that have an amount.
func table[R any](rows []R, row func(R) (string, events.Cents, events.Cents)) string {
	var lines []string
	for _, r := range rows {
		if key, administrative, client := row(r); administrative != 0 || client != 0 {
			lines = append(lines, fmt.Sprint(key, " ", administrative, " ", client))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}
