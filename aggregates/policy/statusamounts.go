package policy

import "caseledger/events"

// A StatusAmount is the part of a line of the rate chart (R12): pre_certified,
// which pre-eligible clients share, certified, which eligible ones share, or
// derivative, whatever rate it is paid at (R06).
type StatusAmount struct {
	Status              Status       `json:"status"`
	AdministrativeCents events.Cents `json:"administrative_cents"`
	ClientCents         events.Cents `json:"client_cents"`
}

// StatusAmounts splits what [Entitlement.At] returns at a closing date by the
// line of the rate chart that pays for it: pre_certified, certified and
// derivative, in this order. The parts sum to the reimbursement exactly, since a
// period and an expense belong to one clock.
func (e *Entitlement) StatusAmounts(closing events.Date) [3]StatusAmount {
	amounts := [3]StatusAmount{{Status: PreCertified}, {Status: Certified}, {Status: Derivative}}
	enrollment, _ := e.facts.Enrollment()
	of := func(clock int) *StatusAmount {
		switch {
		case enrollment.Class == events.Derivative:
			return &amounts[2]
		case e.Clocks[clock].pre:
			return &amounts[0]
		}
		return &amounts[1]
	}
	for i := range e.Clocks {
		c, a := &e.Clocks[i], of(i)
		for j := range c.Periods {
			if c.Periods[j].Start > closing {
				break
			}
			a.AdministrativeCents += e.administrative(c, &c.Periods[j], closing)
		}
	}
	e.outcomes(closing, func(x charge, o outcome) {
		if x.clock >= 0 {
			of(x.clock).ClientCents += o.paid
		}
	})
	return amounts
}
