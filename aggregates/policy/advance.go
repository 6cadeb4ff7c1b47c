package policy

import "caseledger/events"

// An Advance is cash that an agency had for one client ahead of actual expenses (R19).
type Advance struct {
	ID       string       `json:"id"` // record that issued it
	Sequence uint64       `json:"sequence"`
	Agency   string       `json:"agency"`
	IssuedOn events.Date  `json:"issued_on"`
	Cents    events.Cents `json:"cents"`
}

// AdvanceAllowed returns how much an agency may have in advance for the client on
// a day: at most one monthly cap of the clock that runs, and no more than the
// ceiling of R17 leaves above what is paid by then. outstanding is what earlier
// advances to any agency for this client have not been cleared of: unless it is
// zero, nothing is allowed. reason says why nothing is.
func (e *Entitlement) AdvanceAllowed(day events.Date, outstanding events.Cents) (allowed events.Cents, reason string) {
	i, j, ok := e.clockOn(day)
	switch {
	case !ok:
		return 0, "no service clock pays for this day"
	case e.Clocks[i].Policy.CashAdvance == None:
		return 0, "the policy of this clock knows no advances"
	case outstanding != 0:
		return 0, "an advance is outstanding"
	}
	c := &e.Clocks[i]
	if allowed = min(c.rate.ClientCents, e.room(i, j, day)); allowed <= 0 {
		return 0, "the ceiling of client expenses is used up"
	}
	return allowed, ""
}

// room returns what the ceiling of R17 leaves on a day above what is paid of the
// clock by then.
func (e *Entitlement) room(clock, period int, day events.Date) events.Cents {
	c := &e.Clocks[clock]
	p := &c.Periods[period]
	var t tally
	t.start(c, day)
	t.enter(p.chain)
	paid, inPeriod := events.Cents(0), events.Cents(0)
	for _, x := range e.expenses {
		if x.clock != clock || x.OccurredOn > day {
			continue
		}
		o := t.add(x.period, x.Expense)
		paid += o.paid
		if x.period == period {
			inPeriod += o.paid
		}
	}
	switch room := c.budgetOn(day) - paid; {
	case p.Unapproved:
		return 0
	case c.Policy.ClientCeiling == MonthlyCap:
		return min(room, c.capOf(p)-inPeriod)
	case c.Policy.ClientCeiling == AccruedPlusOneMonth:
		return min(room, c.rate.ClientCents*events.Cents(c.begun(day)+1)-paid)
	default:
		return room
	}
}
