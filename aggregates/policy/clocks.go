package policy

import (
	"slices"

	"caseledger/events"
)

// An Entitlement is what the facts of one client come to under the rulebook:
// the service clocks with their periods and the standing of every expense. It is
// immutable and safe for concurrent use.
type Entitlement struct {
	Client string
	Clocks []Clock
	// RCA is the refugee cash and medical assistance clock; zero without a letter (R26).
	RCA Assistance

	facts    *Facts
	enrolled []Span
	pieces   []piece
	expenses []charge
	unpaid   string // why no clock was made although somebody is enrolled: a rule number
}

// A Clock is one service clock: the days used of 270 or 120 (R12–R15, R20–R23).
type Clock struct {
	Status Status      // on its first day; see [Entitlement.On] for another day
	Start  events.Date // day 1
	End    events.Date // last day, as far as it is known
	// LimitDays is the length of the clock when nothing cuts it short,
	// extensions included: what days used and left add up to.
	LimitDays int
	Periods   []Period
	Policy    *Policy // in force on the clock's first enrolled day
	// BudgetCents is the overall budget for client expenses: cap × maximum
	// periods, what an extension adds (R22) and what was carried over (R20).
	BudgetCents  events.Cents
	CarriedCents events.Cents // the part of the budget that was carried over

	of        *Facts // whose status it is: a derivative may follow the principal (R06)
	pre       bool   // pre-certified or pre-eligible line of the rate chart
	rate      events.Rate
	running   []Span // the days that count as used, joined where they touch
	served    []Span // those of them that are enrolled and eligible
	chains    []chain
	grants    []events.Date // of extensions, the day from which each counts (R22)
	carryFrom int           // 1 + index of the clock whose unused budget may be carried over; 0: none
}

// A Period is one service period of a clock.
type Period struct {
	Number int         // from 1
	Start  events.Date // first and last day of the clock in it
	End    events.Date
	Days   int // days that are paid for: enrolled, funded and not excluded
	Length int // days of the whole period: 30, or those of the month
	// AdministrativeCents is the amount of the whole period, rounded once (R15).
	AdministrativeCents events.Cents
	Shares              []Share
	Extension           bool
	Unapproved          bool // a decision that R22 asks for is missing: nothing is payable yet

	begun    events.Date // from which day on it has begun (R17)
	chain    int
	from, to int // its pieces
}

// A Share is an agency's part of a period (R21).
type Share struct {
	Agency string       `json:"agency"`
	Days   int          `json:"days"`
	Cents  events.Cents `json:"cents"`
}

// A piece is a run of paid days of one period with one agency.
type piece struct {
	Span
	agency string
}

// A chain is a run of periods without a gap between the end of the clock and an
// extension; what is disallowed at its end stays so (R22).
type chain struct{ first, last int } // indexes of periods

// Evaluate computes the clocks, periods and amounts of one client under the
// policies of book. principal is the principal's facts; it is asked for only for
// a derivative under derivative_rate follows_principal, and may be nil otherwise
// (and there, which leaves the derivative without clocks until it is known).
//
// Facts are taken as a whole, whenever they were recorded: use [Facts.Until], or
// facts folded up to a position, for what was true or known at another time. f
// must not change while the result is in use.
func Evaluate(f *Facts, book *Book, principal *Facts) (*Entitlement, error) {
	return new(Evaluator).Evaluate(f, book, principal)
}

// An Evaluator evaluates again and again in the same memory.
type Evaluator struct{ memory evaluation }

// Evaluate is [Evaluate]; the result is good until the next call only.
func (v *Evaluator) Evaluate(f *Facts, book *Book, principal *Facts) (*Entitlement, error) {
	enrollment, ok := f.Enrollment()
	if !ok {
		e := &Entitlement{Client: f.Client, facts: f}
		e.judgeExpenses()
		return e, nil
	}
	b := newBuilder(&v.memory, f, book)
	e := b.Entitlement
	if enrollment.Class == events.Derivative {
		if err := b.derivative(principal); err != nil {
			return nil, err
		}
	} else {
		b.victim()
	}
	e.RCA = assistanceOf(f, book)
	e.judgeExpenses()
	for i := range e.Clocks {
		e.settlePeriods(&e.Clocks[i])
		e.carryOver(i)
	}
	return e, nil
}

// LastFundedDay returns the last day for which anything is paid as far as the
// facts go, or 0.
func (e *Entitlement) LastFundedDay() events.Date {
	last := events.Date(0)
	for _, p := range e.pieces {
		last = max(last, p.To)
	}
	return last
}

// clockOn returns the clock and period that pay for a day.
func (e *Entitlement) clockOn(day events.Date) (clock, period int, ok bool) {
	for i := range e.Clocks {
		c := &e.Clocks[i]
		if day < c.Start || day > c.End {
			continue
		}
		for j := range c.Periods {
			p := &c.Periods[j]
			if day < p.Start || day > p.End {
				continue
			}
			for _, piece := range e.pieces[p.from:p.to] {
				if piece.has(day) {
					return i, j, true
				}
			}
		}
	}
	return 0, 0, false
}

// Funding says whether a day is funded, and otherwise why not: the reason with
// which an expense of that day is refused, and the rule behind it (R18).
func (e *Entitlement) Funding(day events.Date) (funded bool, reason, rule string) {
	if _, _, ok := e.clockOn(day); ok {
		return true, "", ""
	}
	reason, rule = e.whyUnfunded(day)
	return false, reason, rule
}

// ClockOn returns the clock that pays for a day, or nil.
func (e *Entitlement) ClockOn(day events.Date) *Clock {
	if i, _, ok := e.clockOn(day); ok {
		return &e.Clocks[i]
	}
	return nil
}

// NextPeriodStart returns the first day of the service period after the one that
// a day lies in, or after a day outside every period; ok is false when none
// follows. A client's turning 18 is recorded as effective on it (R10).
func (e *Entitlement) NextPeriodStart(day events.Date) (start events.Date, ok bool) {
	for i := range e.Clocks {
		for j := range e.Clocks[i].Periods {
			if p := &e.Clocks[i].Periods[j]; p.Start > day {
				return p.Start, true
			}
		}
	}
	return 0, false
}

// Used returns the days of the clock used up to and including a day (R13).
func (c *Clock) Used(on events.Date) int {
	used := 0
	for _, s := range c.running {
		if s.From > on {
			break
		}
		used += Span{s.From, min(s.To, on)}.Days()
	}
	return used
}

// begun returns how many periods of the clock have begun by a day (R17).
func (c *Clock) begun(on events.Date) int {
	n, _ := slices.BinarySearchFunc(c.Periods, on, func(p Period, on events.Date) int {
		if p.begun <= on {
			return -1
		}
		return 1
	})
	return n
}

// over reports whether the clock stands still after a day: it has ended, or
// service is closed and not reopened by the next day (R17, R23). Days outside that
// count as used do so at the reopening only: until then the clock is over.
func (c *Clock) over(on events.Date) bool {
	for _, s := range c.served {
		if s.From <= on && on < s.To {
			return false
		}
	}
	return true
}

// stoodStill reports whether the clock, running on a day, has stood still since,
// by the end of another.
func (c *Clock) stoodStill(since, by events.Date) bool {
	for _, s := range c.served {
		if s.has(since) {
			return s.To <= by
		}
	}
	return false
}

// budgetOn returns the overall budget for an expense of a day: an extension
// lengthens it from the day of its decision on, and what was disallowed before
// stays so (R16, R22).
func (c *Clock) budgetOn(day events.Date) events.Cents {
	budget := c.BudgetCents
	if c.Policy.ExtensionGrants == AdminOnly {
		return budget
	}
	for _, granted := range c.grants {
		if granted > day {
			budget -= c.rate.ClientCents
		}
	}
	return budget
}

// capOf returns the client money of one period: an extension that grants the
// administrative amount only has none of its own (R17 monthly_cap, R22).
func (c *Clock) capOf(p *Period) events.Cents {
	if p.Extension && c.Policy.ExtensionGrants == AdminOnly {
		return 0
	}
	return c.rate.ClientCents
}

// settings returns the policy in force on the clock's first enrolled day.
func (c *Clock) settings() *Settings { return &c.Policy.Settings }
