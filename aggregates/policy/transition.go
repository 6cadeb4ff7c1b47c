package policy

import (
	"slices"

	"caseledger/events"
)

// victim lays out the clocks of a victim: pre-certified from the first enrolled
// day until a letter takes effect, certified from then on (R14, R20).
func (b *builder) victim() {
	turn, next, since, pre := forever, 0, events.Date(0), 0
	for next < len(b.fundable) {
		first := b.fundable[next].From
		policy := b.book.On(first)
		if turn = b.facts.turn(policy); first >= turn {
			if next > 0 { // another policy may read the letter as earlier: what was served stands
				turn = max(turn, b.fundable[next-1].To+1)
			}
			break
		}
		p := plan{
			status: b.facts.withoutLetter(first), pre: true, policy: policy, start: first, stop: turn, cap: -1, from: next,
		}
		until := b.restartsOn(policy, next)
		if turn < forever && policy.TransitionRule == NextPeriodBoundary {
			p.grants, _ = lengthening(b.extensions, policy, since, min(until, b.opens(turn)))
			turn = b.boundary(p, turn)
			p.stop = turn
		}
		until = min(until, b.opens(turn))
		p.grants, b.extensions = lengthening(b.extensions, policy, since, until)
		since = until
		pre = 0 // a clock without a period carries nothing over and sets no cap
		if b.lay(p) {
			pre = len(b.Clocks)
		}
		if policy.ReenrollmentClock != Restart || turn <= b.fundable[next].To {
			break
		}
		next++
	}
	if letter, ok := b.facts.letter(); ok {
		b.certified(letter.status(b.facts), turn, since, pre)
	}
}

// opens returns the day on which a clock opens that is due from a day on: the
// first fundable one; forever when none follows.
func (b *builder) opens(due events.Date) events.Date {
	for _, s := range b.fundable {
		if s.To >= due {
			return max(due, s.From)
		}
	}
	return forever
}

// restartsOn returns the day on which a reopening starts the clock of fundable
// span i anew under reenrollment_clock restart (R23); forever when none does.
func (b *builder) restartsOn(p *Policy, i int) events.Date {
	if p.ReenrollmentClock == Restart && i+1 < len(b.fundable) {
		return b.fundable[i+1].From
	}
	return forever
}

// turn returns the day from which a letter changes the clock: the earliest letter
// date, or under notice_date the first day on which a letter in force was known
// (R25); without a letter it never comes.
func (f *Facts) turn(p *Policy) events.Date {
	turn := forever
	for i := range f.Letters {
		l := &f.Letters[i]
		switch {
		case !f.counts(l):
		case p.RetroCertification == NoticeDate:
			turn = min(turn, max(l.LetterDate, l.ReceivedOn))
		default:
			turn = min(turn, l.LetterDate)
		}
	}
	return turn
}

// boundary returns the day on which the period that runs when the letter takes
// effect has ended (R20 next_period_boundary). A letter on the first day of a
// period finds no period running: its day is the boundary (ours).
func (b *builder) boundary(p plan, turn events.Date) events.Date {
	clocks, pieces := len(b.Clocks), len(b.pieces)
	p.stop, p.ahead = forever, true
	if !b.lay(p) {
		return turn
	}
	c := b.Clocks[clocks]
	b.Clocks, b.pieces = b.Clocks[:clocks], b.pieces[:pieces]
	for i := len(c.Periods) - 1; i >= 0; i-- {
		if p := c.Periods[i]; p.Start < turn { // it runs, is interrupted, or has ended before
			return max(turn, p.End+1)
		}
	}
	return turn
}

// certified lays out the certified clocks from the day on which the letter (or a
// derivative's benefit date) takes effect. Extensions that count from since on
// are theirs; pre is 1 + the index of the pre-certified clock before, or 0.
func (b *builder) certified(status Status, turn, since events.Date, pre int) {
	next := slices.IndexFunc(b.fundable, func(s Span) bool { return s.To >= turn })
	for ; next >= 0 && next < len(b.fundable); next++ {
		first := max(turn, b.fundable[next].From)
		policy := b.book.On(first)
		p := plan{status: status, policy: policy, start: first, stop: forever, cap: -1, from: next, carry: pre}
		if policy.ClockStart == LetterDate && turn != 0 {
			p.start = turn
		}
		if pre > 0 {
			p.cap = b.Clocks[pre-1].remaining(turn)
		}
		until := b.restartsOn(policy, next)
		p.grants, b.extensions = lengthening(b.extensions, policy, since, until)
		b.lay(p)
		if policy.ReenrollmentClock != Restart {
			return
		}
		// A clock that a reopening starts anew counts from its own first day.
		turn, since, pre = 0, until, 0
	}
}

// remaining returns how many certified days a clock leaves under
// remaining_of_nine, or -1 when the policy sets no such cap (R20).
func (c *Clock) remaining(turn events.Date) int {
	if c.Policy.TransitionRule != RemainingOfNine {
		return -1
	}
	return max(0, c.LimitDays-c.Used(turn-1))
}

// derivative lays out a derivative's clocks by derivative_rate (R06).
func (b *builder) derivative(principal *Facts) error {
	policy := b.book.On(b.enrolled[0].From)
	link, _ := b.facts.link()
	b.unpaid = "R06"
	switch policy.DerivativeRate {
	case CertifiedOwnClock:
		if link.Benefit != 0 {
			b.unpaid = ""
			b.certified(Derivative, link.Benefit, 0, 0)
		}
	case FollowsPrincipal:
		if principal == nil {
			return nil
		}
		of, err := Evaluate(principal, b.book, nil)
		if err != nil {
			return err
		}
		b.unpaid = ""
		b.follow(of)
	}
	return nil
}

// follow gives a derivative the principal's clocks and periods; the derivative's
// own enrolled days in them are paid for, out of budgets of their own, as long as
// the principal is enrolled and eligible too (R06).
func (b *builder) follow(principal *Entitlement) {
	for _, c := range principal.Clocks {
		c.BudgetCents, c.CarriedCents = c.BudgetCents-c.CarriedCents, 0
		c.served = intersection(c.served, b.fundable)
		c.Periods = slices.Clone(c.Periods)
		paid := b.paidDays(c.settings())
		for j := range c.Periods {
			p := &c.Periods[j]
			p.from = len(b.pieces)
			b.cut(c.served, Span{p.Start, p.End}, paid)
			p.to = len(b.pieces)
		}
		b.Clocks = append(b.Clocks, c)
	}
}

// cut appends the paid days that lie in both served and window.
func (b *builder) cut(served []Span, window Span, paid []piece) {
	for _, s := range served {
		for _, p := range paid {
			from, to := max(s.From, window.From, p.From), min(s.To, window.To, p.To)
			if from <= to {
				b.pieces = append(b.pieces, piece{Span{from, to}, p.agency})
			}
		}
	}
}
