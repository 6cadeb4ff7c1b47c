package policy

import (
	"slices"

	"caseledger/events"
)

// victim lays out the clocks of a victim: pre-certified from the first enrolled
// day until a letter takes effect, certified from then on (R14, R20).
func (b *builder) victim() {
	letter, _ := b.facts.letter()
	turn, next, since, pre := forever, 0, events.Date(0), 0
	for next < len(b.fundable) {
		first := b.fundable[next].From
		policy := b.book.On(first)
		if turn = letter.takesEffect(policy); first >= turn {
			if next > 0 { // another policy may read the letter as earlier: what was served stands
				turn = max(turn, b.fundable[next-1].To+1)
			}
			break
		}
		restarts := policy.ReenrollmentClock == Restart
		until := turn
		if restarts && next+1 < len(b.fundable) {
			until = min(until, b.fundable[next+1].From)
		}
		p := plan{
			status: b.facts.withoutLetter(first), pre: true, policy: policy, start: first, stop: turn,
			cap: -1, from: next, grants: b.grants(policy, since, until),
		}
		if turn < forever && policy.TransitionRule == NextPeriodBoundary {
			turn = b.boundary(p, turn)
			p.stop = turn
		}
		since = until // what is decided after the letter lengthens the certified clock (ours)
		if b.lay(p) {
			pre = len(b.Clocks)
		}
		if !restarts || turn <= b.fundable[next].To {
			break
		}
		next++
	}
	if letter.ID != "" {
		b.certified(letter.status(b.facts), turn, since, pre)
	}
}

// takesEffect returns the day from which a letter changes the clock: its date,
// or under notice_date the day on which it became known, when that is later
// (R25). No letter never takes effect.
func (l Letter) takesEffect(p *Policy) events.Date {
	switch {
	case l.ID == "":
		return forever
	case p.RetroCertification == NoticeDate:
		return max(l.LetterDate, l.ReceivedOn)
	default:
		return l.LetterDate
	}
}

// boundary returns the day on which the period that runs when the letter takes
// effect has ended (R20 next_period_boundary). A letter on the first day of a
// period finds no period running: its day is the boundary (ours).
func (b *builder) boundary(p plan, turn events.Date) events.Date {
	clocks, pieces := len(b.Clocks), len(b.pieces)
	p.stop = forever
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
// derivative's benefit date) takes effect. Extensions decided from since on are
// theirs; pre is 1 + the index of the pre-certified clock before, or 0.
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
		until := forever
		restarts := policy.ReenrollmentClock == Restart
		if restarts && next+1 < len(b.fundable) {
			until = b.fundable[next+1].From
		}
		p.grants = b.grants(policy, since, until)
		b.lay(p)
		if !restarts {
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

// grants returns the days of the extensions in [from, until) that count (R22):
// granted ones by the day of the decision. Where nothing needs a decision
// (month_to_month_approval none) a request counts from its own day unless it was
// denied. What a decision on an unknown request grants, counts too.
func (b *builder) grants(policy *Policy, from, until events.Date) []events.Date {
	f := b.facts
	if len(f.Requests)+len(f.Decisions) == 0 {
		return nil
	}
	undecided := policy.MonthToMonthApproval == None
	var days []events.Date
	for _, d := range f.Decisions {
		requested := slices.ContainsFunc(f.Requests, func(s Source) bool { return s.ID == d.Request })
		if d.Granted && !(undecided && requested) {
			days = append(days, d.OccurredOn)
		}
	}
	for _, r := range f.Requests {
		denied := slices.ContainsFunc(f.Decisions, func(d Decision) bool { return d.Request == r.ID && !d.Granted })
		if undecided && !denied {
			days = append(days, r.OccurredOn)
		}
	}
	slices.Sort(days)
	return slices.DeleteFunc(days, func(d events.Date) bool { return d < from || d >= until })
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
// own enrolled days in them are paid for, out of budgets of their own (R06).
func (b *builder) follow(principal *Entitlement) {
	kept := make([]int, len(principal.Clocks)) // 1 + index of the copy; 0 when not copied
	for i := range principal.Clocks {
		c := principal.Clocks[i]
		c.BudgetCents -= c.CarriedCents
		c.Periods = slices.Clone(c.Periods)
		paid := b.paidDays(c.settings())
		mark := len(b.pieces)
		for j := range c.Periods {
			p := &c.Periods[j]
			p.limit -= c.CarriedCents
			p.from = len(b.pieces)
			b.cut(c.running, Span{p.Start, p.End}, paid)
			p.to = len(b.pieces)
		}
		if len(b.pieces) == mark {
			continue
		}
		if c.carryFrom > 0 {
			c.carryFrom = kept[c.carryFrom-1]
		}
		c.CarriedCents = 0
		b.Clocks = append(b.Clocks, c)
		kept[i] = len(b.Clocks)
	}
}

// cut appends the paid days that lie in both running and window.
func (b *builder) cut(running []Span, window Span, paid []piece) {
	for _, r := range running {
		for _, p := range paid {
			from, to := max(r.From, window.From, p.From), min(r.To, window.To, p.To)
			if from <= to {
				b.pieces = append(b.pieces, piece{Span{from, to}, p.agency})
			}
		}
	}
}
