package policy

import "caseledger/events"

// Why an expense is refused (R18), in the order in which the reasons apply.
const (
	Ineligible         = "ineligible"
	BeforeEnrollment   = "before_enrollment"
	AfterClosure       = "after_closure"
	UnfundedGap        = "unfunded_gap"
	AfterServicePeriod = "after_service_period"
)

// Why an expense is not paid in full although it lies within the clock.
const (
	AboveCeiling   = "above_ceiling"   // held until more periods begin (R17)
	AboveBudget    = "overall_budget"  // disallowed (R16, R17)
	AboveMonthCap  = "monthly_cap"     // disallowed (R17 monthly_cap)
	HeldAtClockEnd = "held_at_end"     // disallowed (R17 held_at_clock_end)
	NotApproved    = "awaits_decision" // held until the period is approved (R22)
)

// A charge is the standing of one expense: the clock and period that it is
// charged to, or why it is refused.
type charge struct {
	*Expense
	clock, period int // clock is below 0 for a refused one
	reason, rule  string
}

// judgeExpenses charges each expense that was not reversed to the clock and
// period of its day, or refuses it with the first reason that applies (R18).
// They stay in order of date, then of recording (R21).
func (e *Entitlement) judgeExpenses() {
	if len(e.facts.Expenses) == 0 {
		return
	}
	e.expenses = make([]charge, 0, len(e.facts.Expenses))
	for i := range e.facts.Expenses {
		x := &e.facts.Expenses[i]
		if x.Reversed() {
			continue
		}
		c := charge{Expense: x, clock: -1}
		if clock, period, ok := e.clockOn(x.OccurredOn); ok {
			c.clock, c.period = clock, period
		} else {
			c.reason, c.rule = e.whyUnfunded(x.OccurredOn)
		}
		e.expenses = append(e.expenses, c)
	}
}

// whyUnfunded returns the first reason of R18 that applies to a day for which
// nothing is paid, and the rule behind it.
//
// A day after a closure and before a reopening is after_closure. unfunded_gap is
// an enrolled day between funded ones, or in a URM placement (ours).
func (e *Entitlement) whyUnfunded(day events.Date) (reason, rule string) {
	var last Span // the enrolled span that begins last by day
	first := true
	for i, s := range e.enrolled {
		if s.From <= day {
			last, first = s, i == 0
		}
	}
	if end, ended := e.facts.endedBy(day, last.From, first); ended {
		if end.Cause == "certification_ended" {
			return Ineligible, "R07"
		}
		return Ineligible, "R01"
	}
	switch {
	case e.unpaid != "":
		return Ineligible, e.unpaid
	case last.From == 0:
		return BeforeEnrollment, "R01"
	case !last.has(day):
		return AfterClosure, "R23"
	}
	for i := range e.Clocks {
		for _, s := range e.Clocks[i].served {
			if s.has(day) {
				return UnfundedGap, "R11" // the clock runs, and nothing is paid: a placement
			}
		}
	}
	if day < e.LastFundedDay() {
		return UnfundedGap, "R14"
	}
	return AfterServicePeriod, "R13"
}

// A tally uses up the ceilings of one clock at a closing date, expense by
// expense in order (R17, R21).
type tally struct {
	clock   *Clock
	closing events.Date

	chain   int
	at      events.Date  // closing, or the end of the chain when that is before
	ceiling events.Cents // of the chain, at its end if that is before closing
	over    bool
	allowed events.Cents // within the overall budget so far
	paid    events.Cents
	period  int // the last period seen, and what was paid in it
	inMonth events.Cents
}

func (t *tally) start(c *Clock, closing events.Date) {
	*t = tally{clock: c, closing: closing, chain: -1, period: -1}
}

// enter moves on to a later chain. What an earlier one left unpaid stays so: an
// extension after a gap pays nothing that was disallowed before it (R22).
func (t *tally) enter(k int) {
	c := t.clock
	t.at = min(t.closing, c.Periods[c.chains[k].last].End)
	t.chain, t.allowed = k, t.paid
	t.over = c.over(t.at)
	t.ceiling = c.rate.ClientCents * events.Cents(c.begun(t.at)+1)
}

// An outcome says what becomes of an expense.
type outcome struct {
	paid, held, disallowed events.Cents
	reason, rule           string // of what is not paid; "" when all is
}

// add returns what becomes of the next expense of the clock.
func (t *tally) add(period int, x *Expense) outcome {
	amount := x.Cents
	p, s := &t.clock.Periods[period], t.clock.settings()
	if p.chain != t.chain {
		t.enter(p.chain)
	}
	if p.Unapproved {
		return t.unapproved(amount)
	}
	within := min(amount, max(0, t.clock.budgetOn(x.OccurredOn)-t.allowed))
	o := outcome{paid: within, disallowed: amount - within}
	if o.disallowed > 0 {
		o.reason, o.rule = AboveBudget, "R16"
	}
	switch s.ClientCeiling {
	case MonthlyCap:
		t.month(period, &o)
		within = o.paid
	case AccruedPlusOneMonth:
		if rest := within - min(within, max(0, t.ceiling-t.allowed)); rest > 0 {
			t.hold(x.OccurredOn, rest, &o)
		}
	}
	t.allowed += within
	t.paid += o.paid
	return o
}

// month keeps a period to its own cap (R17 monthly_cap).
func (t *tally) month(period int, o *outcome) {
	if period != t.period {
		t.period, t.inMonth = period, 0
	}
	if room := max(0, t.clock.capOf(&t.clock.Periods[period])-t.inMonth); o.paid > room {
		o.disallowed += o.paid - room
		o.paid = room
		o.reason, o.rule = AboveMonthCap, "R17"
	}
	t.inMonth += o.paid
}

// hold keeps back what exceeds the ceiling, and decides on it when the clock
// stands still (R17 held_at_clock_end): it is disallowed, and held again if the
// clock resumes; or it becomes payable, and stays so if the clock resumes (ours:
// what was paid at a closure is not taken back by a reopening).
func (t *tally) hold(day events.Date, rest events.Cents, o *outcome) {
	switch payable := t.clock.Policy.HeldAtClockEnd == PayableToOverallBudget; {
	case payable && t.clock.stoodStill(day, t.at):
	case t.over && !payable:
		o.paid, o.disallowed = o.paid-rest, o.disallowed+rest
		o.reason, o.rule = HeldAtClockEnd, "R17"
	default:
		o.paid, o.held = o.paid-rest, rest
		o.reason, o.rule = AboveCeiling, "R17"
	}
}

// unapproved holds an expense of a period without the decision it needs (R22).
// It uses up no ceiling; at the clock's end it is disallowed like anything held,
// and otherwise goes on waiting: without a decision nothing is payable (ours).
func (t *tally) unapproved(amount events.Cents) outcome {
	if t.over && t.clock.Policy.HeldAtClockEnd == Disallowed {
		return outcome{disallowed: amount, reason: NotApproved, rule: "R22"}
	}
	return outcome{held: amount, reason: NotApproved, rule: "R22"}
}

// carryOver adds what the pre-certified clock left unused to the budget of the
// certified clock that follows it (R20 carry).
func (e *Entitlement) carryOver(i int) {
	c := &e.Clocks[i]
	if c.carryFrom == 0 || e.Clocks[c.carryFrom-1].Policy.UnusedBudget != Carry {
		return
	}
	before := &e.Clocks[c.carryFrom-1]
	var t tally
	t.start(before, forever)
	for _, x := range e.expenses {
		if x.clock == c.carryFrom-1 {
			t.add(x.period, x.Expense)
		}
	}
	c.CarriedCents = max(0, before.BudgetCents-t.paid)
	c.BudgetCents += c.CarriedCents
}

// outcomes calls visit with every expense dated by closing and what becomes of
// it, in order of date and recording.
func (e *Entitlement) outcomes(closing events.Date, visit func(charge, outcome)) {
	var few [4]tally
	tallies := few[:]
	if len(e.Clocks) > len(few) {
		tallies = make([]tally, len(e.Clocks))
	}
	for i := range e.Clocks {
		tallies[i].start(&e.Clocks[i], closing)
	}
	for _, x := range e.expenses {
		if x.OccurredOn > closing {
			return
		}
		var o outcome
		if x.clock >= 0 {
			o = tallies[x.clock].add(x.period, x.Expense)
		}
		visit(x, o)
	}
}
