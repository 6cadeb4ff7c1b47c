package policy

import (
	"cmp"
	"slices"

	"caseledger/events"
)

// A Reimbursement is what a client's agencies are entitled to up to and
// including a closing date, whatever was billed before. Every split of an amount
// sums to it exactly.
type Reimbursement struct {
	Client              string           `json:"client"`
	Closing             events.Date      `json:"closing"`
	AdministrativeCents events.Cents     `json:"administrative_cents"`
	ClientCents         ClientCents      `json:"client_cents"`
	ByAgency            []AgencyAmount   `json:"by_agency"`      // in order of agency
	ByFiscalYear        []YearAmount     `json:"by_fiscal_year"` // in order of year (R29)
	Expenses            []ExpenseOutcome `json:"expenses"`       // in order of date, then of recording
}

// ClientCents is what becomes of client expenses: paid, held, disallowed and
// refused add up to what was booked and not reversed (R16–R18).
type ClientCents struct {
	Paid       events.Cents `json:"paid"`
	Held       events.Cents `json:"held"`
	Disallowed events.Cents `json:"disallowed"`
	Refused    []Refused    `json:"refused"`
}

// A Refused expense falls outside the clock (R18).
type Refused struct {
	Event   string       `json:"event"`   // ULID of the expense's record
	Command string       `json:"command"` // the command that booked it
	Reason  string       `json:"reason"`
	Rule    string       `json:"rule"`    // R18
	Because string       `json:"because"` // the rule behind the reason
	Cents   events.Cents `json:"cents"`
}

// An AgencyAmount is an agency's part; ClientCents is what is paid of it (R21).
type AgencyAmount struct {
	Agency              string       `json:"agency"`
	AdministrativeCents events.Cents `json:"administrative_cents"`
	ClientCents         events.Cents `json:"client_cents"`
}

// A YearAmount is a fiscal year's part (R29).
type YearAmount struct {
	FiscalYear          int          `json:"fiscal_year"`
	AdministrativeCents events.Cents `json:"administrative_cents"`
	ClientCents         events.Cents `json:"client_cents"`
}

// An ExpenseOutcome says what becomes of one expense, and why.
type ExpenseOutcome struct {
	Event      string       `json:"event"`
	Command    string       `json:"command"`
	Sequence   uint64       `json:"sequence"`
	Date       events.Date  `json:"date"`
	Agency     string       `json:"agency"`
	Cents      events.Cents `json:"cents"`
	Paid       events.Cents `json:"paid"`
	Held       events.Cents `json:"held"`
	Disallowed events.Cents `json:"disallowed"`
	Reason     string       `json:"reason"` // of what is not paid; empty when all is
	Rule       string       `json:"rule"`
}

// At returns the reimbursement at a closing date: administrative amounts of the
// days up to it and what is payable by then of the expenses dated by then.
func (e *Entitlement) At(closing events.Date) Reimbursement {
	r := Reimbursement{
		Client: e.Client, Closing: closing,
		ClientCents: ClientCents{Refused: []Refused{}},
		ByAgency:    make([]AgencyAmount, 0, 2), ByFiscalYear: make([]YearAmount, 0, 2),
		Expenses: make([]ExpenseOutcome, 0, len(e.expenses)),
	}
	e.addAdministrative(&r)
	e.outcomes(closing, r.addExpense)
	slices.SortFunc(r.ByAgency, func(a, b AgencyAmount) int { return cmp.Compare(a.Agency, b.Agency) })
	slices.SortFunc(r.ByFiscalYear, func(a, b YearAmount) int { return cmp.Compare(a.FiscalYear, b.FiscalYear) })
	return r
}

// Accrued are the amounts of [Entitlement.At] that go to one agency.
type Accrued struct {
	AdministrativeCents events.Cents
	Paid                events.Cents // of client expenses
	Held                events.Cents
	Disallowed          events.Cents
	Refused             events.Cents
}

// Accrued calls add with every part of the amounts of [Entitlement.At] and the
// agency that it goes to. It costs a fraction of that.
func (e *Entitlement) Accrued(closing events.Date, add func(agency string, a Accrued)) {
	var buffer [4]Share
	e.eachPeriod(closing, func(c *Clock, p *Period, amount events.Cents) {
		for _, s := range e.shares(buffer[:0], c, p, amount, closing) {
			add(s.Agency, Accrued{AdministrativeCents: s.Cents})
		}
	})
	e.outcomes(closing, func(x charge, o outcome) {
		a := Accrued{Paid: o.paid, Held: o.held, Disallowed: o.disallowed}
		if x.clock < 0 {
			a.Refused = x.Cents
		}
		add(x.Agency, a)
	})
}

// eachPeriod calls f with every period that began by the closing date, and what it has
// earned by then.
func (e *Entitlement) eachPeriod(closing events.Date, f func(c *Clock, p *Period, amount events.Cents)) {
	for i := range e.Clocks {
		c := &e.Clocks[i]
		for j := range c.Periods {
			p := &c.Periods[j]
			if p.Start > closing {
				break
			}
			f(c, p, e.administrative(c, p, closing))
		}
	}
}

func (e *Entitlement) addAdministrative(r *Reimbursement) {
	var buffer [4]Share
	e.eachPeriod(r.Closing, func(c *Clock, p *Period, amount events.Cents) {
		r.AdministrativeCents += amount
		for _, s := range e.shares(buffer[:0], c, p, amount, r.Closing) {
			r.agency(s.Agency).AdministrativeCents += s.Cents
		}
		if amount != 0 {
			e.addYears(r, c, p, amount)
		}
	})
}

// addYears splits a period's amount over the fiscal years of its paid days (R29).
func (e *Entitlement) addYears(r *Reimbursement, c *Clock, p *Period, amount events.Cents) {
	if c.Policy.FYOfStraddlingPeriod == PeriodEnd {
		r.year(FiscalYear(p.End)).AdministrativeCents += amount
		return
	}
	var years [4]int
	var buffer [4]Share
	y, parts := years[:0], buffer[:0]
	for _, s := range e.pieces[p.from:p.to] {
		s.To = min(s.To, r.Closing)
		for s.From <= s.To {
			year := FiscalYear(s.From)
			_, last := FiscalYearRange(year)
			if n := len(y); n == 0 || y[n-1] != year {
				y, parts = append(y, year), append(parts, Share{})
			}
			parts[len(parts)-1].Days += Span{s.From, min(s.To, last)}.Days()
			s.From = last + 1
		}
	}
	apportion(amount, parts)
	for i, year := range y {
		r.year(year).AdministrativeCents += parts[i].Cents
	}
}

func (r *Reimbursement) addExpense(x charge, o outcome) {
	out := ExpenseOutcome{
		Event: x.ID, Command: x.Command, Sequence: x.Sequence, Date: x.OccurredOn, Agency: x.Agency, Cents: x.Cents,
		Paid: o.paid, Held: o.held, Disallowed: o.disallowed, Reason: o.reason, Rule: o.rule,
	}
	agency := r.agency(x.Agency) // an agency shows that booked anything
	if x.clock < 0 {
		out.Reason, out.Rule = x.reason, "R18"
		r.ClientCents.Refused = append(r.ClientCents.Refused, Refused{x.ID, x.Command, x.reason, "R18", x.rule, x.Cents})
	}
	r.Expenses = append(r.Expenses, out)
	r.ClientCents.Paid += o.paid
	r.ClientCents.Held += o.held
	r.ClientCents.Disallowed += o.disallowed
	if o.paid != 0 {
		agency.ClientCents += o.paid
		r.year(FiscalYear(x.OccurredOn)).ClientCents += o.paid
	}
}

// agency returns the agency's line of r; it is good until the next call.
func (r *Reimbursement) agency(id string) *AgencyAmount {
	for i := range r.ByAgency {
		if r.ByAgency[i].Agency == id {
			return &r.ByAgency[i]
		}
	}
	r.ByAgency = append(r.ByAgency, AgencyAmount{Agency: id})
	return &r.ByAgency[len(r.ByAgency)-1]
}

// year returns the fiscal year's line of r; it is good until the next call.
func (r *Reimbursement) year(year int) *YearAmount {
	for i := range r.ByFiscalYear {
		if r.ByFiscalYear[i].FiscalYear == year {
			return &r.ByFiscalYear[i]
		}
	}
	r.ByFiscalYear = append(r.ByFiscalYear, YearAmount{FiscalYear: year})
	return &r.ByFiscalYear[len(r.ByFiscalYear)-1]
}

// Agency returns an agency's part of the reimbursement, zero if it has none.
func (r *Reimbursement) Agency(id string) AgencyAmount {
	for _, a := range r.ByAgency {
		if a.Agency == id {
			return a
		}
	}
	return AgencyAmount{Agency: id}
}

// Month returns what accrued to an agency in the calendar month that day lies
// in: the cumulative amounts at its end less those at the end of the month before.
func (e *Entitlement) Month(agency string, day events.Date) AgencyAmount {
	now, before := e.At(day.LastOfMonth()), e.At(day.FirstOfMonth()-1)
	a, b := now.Agency(agency), before.Agency(agency)
	a.AdministrativeCents -= b.AdministrativeCents
	a.ClientCents -= b.ClientCents
	return a
}
