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
	allowed, _ := e.AdvanceAllowed(s.closing, 0)
	d.compare("advance", allowed, r.AdvanceCents)
	d.clocks(e, r, final)
	d.standing(e.On(s.closing), r)
	d.money(e.At(s.closing), r)
	d.monthByAgency(s, e, given, programme, principal)
	return d
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

// clocks compares the clocks that pay for a day, and their periods: the days used at the closing date, and
// each period as a whole.
func (d *differences) clocks(e *policy.Entitlement, r, final *recount.Result) {
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
		d.compare(name+"budget", c.BudgetCents, served[i].BudgetCents)
		d.periods(name, c.Periods, served[i].Periods)
	}
}

// standing compares the days used and left of every clock at the closing date.
func (d *differences) standing(p policy.ClocksReport, r *recount.Result) {
	ours := slices.DeleteFunc(slices.Clone(r.Clocks), func(c recount.Clock) bool { return len(c.Periods) == 0 })
	if d.compare("clocks on the closing date", len(p.Clocks), len(ours)); len(p.Clocks) != len(ours) {
		return
	}
	for i, c := range p.Clocks {
		d.compare(fmt.Sprintf("clock %d days used, left", i+1), fmt.Sprint(c.DaysUsed, c.DaysLeft), fmt.Sprint(ours[i].DaysUsed, ours[i].DaysLeft))
	}
}

// monthByAgency compares what accrued to each agency in the month of the closing date.
func (d *differences) monthByAgency(s scenario, e *policy.Entitlement, given, programme, principal []*events.Record) {
	sums := map[string][2]events.Cents{}
	for sign, day := range map[events.Cents]events.Date{1: s.closing.LastOfMonth(), -1: s.closing.FirstOfMonth() - 1} {
		r, err := recount.Client(given, programme, principal, day)
		if err != nil {
			*d = append(*d, err.Error())
			return
		}
		for _, a := range r.ByAgency {
			sum := sums[a.Key]
			sums[a.Key] = [2]events.Cents{sum[0] + sign*a.AdministrativeCents, sum[1] + sign*a.PaidCents}
		}
	}
	for agency, sum := range sums {
		m := e.Month(agency, s.closing)
		d.compare("month of "+agency, [2]events.Cents{m.AdministrativeCents, m.ClientCents}, sum)
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
