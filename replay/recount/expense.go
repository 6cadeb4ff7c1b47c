package recount

import (
	"math"

	"caseledger/events"
)

// The reasons for which an expense is refused, in the order of R18, and for
// which it is held or disallowed (R16, R17, R22).
const (
	Ineligible         = "ineligible"
	BeforeEnrollment   = "before_enrollment"
	AfterClosure       = "after_closure"
	UnfundedGap        = "unfunded_gap"
	AfterServicePeriod = "after_service_period"

	AboveCeiling   = "above_ceiling"
	NotApproved    = "not_approved"
	OverBudget     = "over_budget"
	OverMonthlyCap = "over_monthly_cap"
	HeldAtClockEnd = "held_at_clock_end"
)

// refuse says why an expense of day d cannot be charged at all, and otherwise
// which period it is charged to (R18).
func (w *walker) refuse(d events.Date) (*period, string) {
	today := w.on(d)
	switch {
	case w.derivativeRate == "none" || w.noBenefit():
		return nil, Ineligible
	case today == nil: // the walk begins with the first enrolled day
		return nil, BeforeEnrollment
	case !today.payable:
		return nil, today.reason
	}
	return today.period, ""
}

// A stage is a stretch of a clock's expenses that is judged on its own: an end
// of the clock that an extension followed only later is final for the expenses
// dated before that extension (R22).
type stage struct {
	through events.Date
	begun   int
	ended   bool
}

// judge divides the expenses of one clock into paid, held and disallowed, in
// order of expense date, then of recording (R16, R17, R21).
func (c *clock) judge(expenses []*judged) {
	stages := make([]stage, 0, len(c.breaks)+1)
	for _, b := range c.breaks {
		stages = append(stages, stage{b.last, b.begun, true})
	}
	stages = append(stages, stage{events.MaxDate, c.begun(), c.ended})
	for _, s := range stages {
		n := 0
		for n < len(expenses) && expenses[n].On <= s.through {
			n++
		}
		c.judgeStage(s, expenses[:n])
		expenses = expenses[n:]
	}
}

func (c *clock) judgeStage(s stage, expenses []*judged) {
	for _, e := range expenses {
		if e.period.needsApproval() { // not judged, and nothing used up, before it is decided
			e.HeldCents, e.Reason, e.Rule = e.Cents, NotApproved, "R22"
			continue
		}
		c.allow(e)
		e.PaidCents = max(0, min(e.allowed, c.ceiling(s)-c.paid))
		if e.On <= c.rested && c.rules.heldAtClockEnd == "payable_to_overall_budget" {
			e.PaidCents = e.allowed // payable at that end; a reopening does not take it back
		}
		if e.HeldCents = e.allowed - e.PaidCents; e.HeldCents > 0 {
			e.Reason, e.Rule = AboveCeiling, "R17"
		}
		c.paid += e.PaidCents
		c.held += e.HeldCents
	}
	if !s.ended {
		return
	}
	for _, e := range expenses {
		c.endHeld(e)
	}
}

// allow takes an expense into the overall budget, or under monthly_cap into the
// cap of its period, and disallows the rest.
func (c *clock) allow(e *judged) {
	room := c.budgetOn(e.On) - c.paid - c.held
	reason, rule := OverBudget, "R16"
	if c.rules.clientCeiling == "monthly_cap" {
		if left := e.period.cap - e.period.spent; left < room {
			room, reason, rule = left, OverMonthlyCap, "R17"
		}
	}
	e.allowed = max(0, min(e.Cents, room))
	e.period.spent += e.allowed
	if e.DisallowedCents = e.Cents - e.allowed; e.DisallowedCents > 0 {
		e.Reason, e.Rule = reason, rule
	}
}

// ceiling bounds what may be paid in all (R17).
func (c *clock) ceiling(s stage) events.Cents {
	if c.rules.clientCeiling != "accrued_plus_one_month" {
		return math.MaxInt64
	}
	return c.rate.ClientCents * events.Cents(s.begun+1) // the overall budget bounds what was allowed
}

// endHeld settles what is still held when the clock ends (R17). What waits for an
// approval is not payable without one: where it would be payable, it waits on.
func (c *clock) endHeld(e *judged) {
	payable, undecided := c.rules.heldAtClockEnd == "payable_to_overall_budget", e.period.needsApproval()
	if e.HeldCents == 0 || payable && undecided {
		return
	}
	if !undecided {
		c.held -= e.HeldCents
	}
	if payable {
		e.PaidCents += e.HeldCents
		c.paid += e.HeldCents
		if e.Reason == AboveCeiling {
			e.Reason, e.Rule = "", ""
		}
	} else {
		e.DisallowedCents += e.HeldCents
		e.Reason, e.Rule = HeldAtClockEnd, "R17"
	}
	e.HeldCents = 0
}

// advance is what may be advanced on a day: at most one monthly cap, and with what
// is paid never above the ceiling (R17, R19).
func (c *clock) advance(today *day, on events.Date) events.Cents {
	if c.rules.cashAdvance != "one_month" || !today.payable || today.period.needsApproval() {
		return 0
	}
	room := min(c.ceiling(stage{begun: c.begun()}), c.budgetOn(on)) - c.paid
	if c.rules.clientCeiling == "monthly_cap" {
		room = min(room, today.period.cap-today.period.spent)
	}
	return max(0, min(room, c.rate.ClientCents))
}
