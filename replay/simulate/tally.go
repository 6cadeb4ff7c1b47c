package simulate

import (
	"cmp"
	"maps"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A tally is what one worker has added up. Amounts of a whole programme stay far
// below the limit of Cents, even at the largest rates.
type tally struct {
	clients, more, less int

	total    pair
	expenses [2]Expenses
	agencies map[string]*pair
	statuses [3]pair
	years    map[int]*pair
	clocks   []ClockChange
	rulings  map[[2]Ruling]*RulingChange
}

// A pair is amounts before and after.
type pair [2]Amounts

func (p *pair) add(i int, administrative, client events.Cents) {
	p[i].AdministrativeCents += administrative
	p[i].ClientCents += client
	p[i].DueCents += administrative + client
}

func (p *pair) plus(q *pair) {
	for i := range p {
		p.add(i, q[i].AdministrativeCents, q[i].ClientCents)
	}
}

func newTally() *tally {
	return &tally{agencies: map[string]*pair{}, years: map[int]*pair{}, rulings: map[[2]Ruling]*RulingChange{}}
}

// entry returns the value of a key, a new one when there is none.
func entry[K comparable, V any](m map[K]*V, k K) *V {
	v := m[k]
	if v == nil {
		v = new(V)
		m[k] = v
	}
	return v
}

// add adds a client, evaluated before and after.
func (t *tally) add(client string, two [2]*policy.Entitlement, closing events.Date) {
	var due [2]events.Cents
	var at [2]policy.Reimbursement
	for i, e := range two {
		at[i] = e.At(closing)
		r := &at[i]
		due[i] = r.AdministrativeCents + r.ClientCents.Paid
		t.total.add(i, r.AdministrativeCents, r.ClientCents.Paid)
		for _, a := range r.ByAgency {
			entry(t.agencies, a.Agency).add(i, a.AdministrativeCents, a.ClientCents)
		}
		for _, y := range r.ByFiscalYear {
			entry(t.years, y.FiscalYear).add(i, y.AdministrativeCents, y.ClientCents)
		}
		for j, a := range e.StatusAmounts(closing) {
			t.statuses[j].add(i, a.AdministrativeCents, a.ClientCents)
		}
		t.expenses[i].add(r.ClientCents)
	}
	t.clients++
	switch {
	case due[1] > due[0]:
		t.more++
	case due[1] < due[0]:
		t.less++
	}
	t.compareExpenses(at[0].Expenses, at[1].Expenses)
	c := ClockChange{
		Client: client, DifferenceCents: due[1] - due[0],
		LastFundedDayBefore: two[0].LastFundedDay(), LastFundedDayAfter: two[1].LastFundedDay(),
		PeriodsBefore: periods(two[0]), PeriodsAfter: periods(two[1]),
	}
	if c.LastFundedDayBefore != c.LastFundedDayAfter || c.PeriodsBefore != c.PeriodsAfter {
		c.Agencies = agencies(at)
		t.clocks = append(t.clocks, c)
	}
}

func (x *Expenses) add(c policy.ClientCents) {
	x.PaidCents += c.Paid
	x.HeldCents += c.Held
	x.DisallowedCents += c.Disallowed
	for _, r := range c.Refused {
		x.RefusedCents += r.Cents
	}
}

func (x *Expenses) plus(sign events.Cents, y Expenses) {
	x.PaidCents += sign * y.PaidCents
	x.HeldCents += sign * y.HeldCents
	x.DisallowedCents += sign * y.DisallowedCents
	x.RefusedCents += sign * y.RefusedCents
}

func periods(e *policy.Entitlement) (n int) {
	for i := range e.Clocks {
		n += len(e.Clocks[i].Periods)
	}
	return n
}

func agencies(at [2]policy.Reimbursement) []string {
	ids := []string{}
	for i := range at {
		for _, a := range at[i].ByAgency {
			ids = append(ids, a.Agency)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// compareExpenses compares what becomes of the same expenses, which stand in the
// same order whatever the policies.
func (t *tally) compareExpenses(before, after []policy.ExpenseOutcome) {
	for i := range before {
		b, a := &before[i], &after[i]
		if *b == *a {
			continue
		}
		rulings := [2]Ruling{rule(b), rule(a)}
		if rulings[0] == rulings[1] && b.Paid == a.Paid && b.Held == a.Held {
			continue // the rule behind it is another
		}
		c := entry(t.rulings, rulings)
		c.Expenses++
		c.BookedCents += b.Cents
		c.PaidDifferenceCents += a.Paid - b.Paid
	}
}

func rule(x *policy.ExpenseOutcome) Ruling {
	r := Ruling{Reason: x.Reason}
	switch {
	case x.Rule == "R18":
		r.Standing = Refused
	case x.Paid == x.Cents:
		r.Standing = Paid
	case x.Paid > 0:
		r.Standing = PaidInPart
	case x.Held > 0:
		r.Standing = Held
	default:
		r.Standing = Disallowed
	}
	return r
}

// merge adds what another worker has added up.
func (t *tally) merge(o *tally) {
	t.clients, t.more, t.less = t.clients+o.clients, t.more+o.more, t.less+o.less
	t.total.plus(&o.total)
	for i := range t.expenses {
		t.expenses[i].plus(1, o.expenses[i])
	}
	for i := range t.statuses {
		t.statuses[i].plus(&o.statuses[i])
	}
	for id, p := range o.agencies {
		entry(t.agencies, id).plus(p)
	}
	for year, p := range o.years {
		entry(t.years, year).plus(p)
	}
	for rulings, c := range o.rulings {
		sum := entry(t.rulings, rulings)
		sum.Expenses += c.Expenses
		sum.BookedCents += c.BookedCents
		sum.PaidDifferenceCents += c.PaidDifferenceCents
	}
	t.clocks = append(t.clocks, o.clocks...)
}

func (p *pair) comparison() Comparison {
	c := Comparison{Before: p[0], After: p[1]}
	c.Difference = Amounts{
		c.After.AdministrativeCents - c.Before.AdministrativeCents,
		c.After.ClientCents - c.Before.ClientCents,
		c.After.DueCents - c.Before.DueCents,
	}
	return c
}

// result puts everything in order, which the workers' turns have not.
func (t *tally) result(r *run) *Result {
	out := &Result{
		Overlay: r.Overlay, Closing: r.Closing, Position: r.position,
		Clients: t.clients, ClientsMore: t.more, ClientsLess: t.less,
		Total: t.total.comparison(), Expenses: ExpenseComparison{Before: t.expenses[0], After: t.expenses[1], Difference: t.expenses[1]},
		ByAgency: []AgencyLine{}, ByFiscalYear: []YearLine{}, Rulings: []RulingChange{}, Clocks: append([]ClockChange{}, t.clocks...),
	}
	out.Expenses.Difference.plus(-1, t.expenses[0])
	for _, id := range slices.Sorted(maps.Keys(t.agencies)) {
		if p := t.agencies[id]; *p != (pair{}) {
			out.ByAgency = append(out.ByAgency, AgencyLine{id, p.comparison()})
		}
	}
	for i, status := range []policy.Status{policy.PreCertified, policy.Certified, policy.Derivative} {
		out.ByStatus = append(out.ByStatus, StatusLine{status, t.statuses[i].comparison()})
	}
	for _, year := range slices.Sorted(maps.Keys(t.years)) {
		out.ByFiscalYear = append(out.ByFiscalYear, YearLine{year, t.years[year].comparison()})
	}
	for rulings, c := range t.rulings {
		c.Before, c.After = rulings[0], rulings[1]
		out.Rulings = append(out.Rulings, *c)
	}
	slices.SortFunc(out.Rulings, func(a, b RulingChange) int {
		return cmp.Or(compareRulings(a.Before, b.Before), compareRulings(a.After, b.After))
	})
	slices.SortFunc(out.Clocks, func(a, b ClockChange) int { return cmp.Compare(a.Client, b.Client) })
	return out
}

func compareRulings(a, b Ruling) int {
	return cmp.Or(cmp.Compare(a.Standing, b.Standing), cmp.Compare(a.Reason, b.Reason))
}
