package policy

import "caseledger/events"

// A builder lays out the clocks of one client.
type builder struct {
	*Entitlement
	book     *Book
	fundable []Span // enrolled and not ended
	stays    []Stay
	cover    [2][]piece // fundable days by agency; [1] without days in placement
}

func newBuilder(e *Entitlement, book *Book) *builder {
	b := &builder{Entitlement: e, book: book, fundable: e.facts.fundable(e.enrolled)}
	b.stays = e.facts.stays(make([]Stay, 0, 4))
	e.Clocks = make([]Clock, 0, 2)
	e.pieces = make([]piece, 0, 20)
	return b
}

// paidDays returns the fundable days by agency, without the days in a URM
// placement when the policy excludes them (R11).
func (b *builder) paidDays(s *Settings) []piece {
	which := 0
	if s.URMPlacementPayment == Excluded && len(b.facts.Placements) > 0 {
		which = 1
	}
	if b.cover[which] == nil {
		days := b.fundable
		if which == 1 {
			days = without(days, b.facts.placed())
		}
		b.cover[which] = byAgency(days, b.stays)
	}
	return b.cover[which]
}

// without returns the days of spans that lie in none of holes; both are in order.
func without(spans, holes []Span) []Span {
	var kept []Span
	for _, s := range spans {
		for _, h := range holes {
			if h.To < s.From || h.From > s.To {
				continue
			}
			if h.From > s.From {
				kept = append(kept, Span{s.From, h.From - 1})
			}
			s.From = h.To + 1
		}
		if s.From <= s.To {
			kept = append(kept, s)
		}
	}
	return kept
}

// byAgency cuts spans where another agency takes the client (R21).
func byAgency(spans []Span, stays []Stay) []piece {
	pieces := make([]piece, 0, len(spans)+len(stays))
	for _, s := range spans {
		agency := ""
		for _, stay := range stays {
			if stay.OccurredOn > s.To {
				break
			}
			if stay.OccurredOn > s.From && stay.Agency != agency {
				pieces = append(pieces, piece{Span{s.From, stay.OccurredOn - 1}, agency})
				s.From = stay.OccurredOn
			}
			agency = stay.Agency
		}
		pieces = append(pieces, piece{s, agency})
	}
	return pieces
}

// A plan says how one clock is to be laid out.
type plan struct {
	status Status
	pre    bool
	policy *Policy
	start  events.Date
	stop   events.Date // first day that is no longer the clock's; forever if none
	cap    int         // most days, under remaining_of_nine; below 0 if none
	from   int         // index of the first fundable span on or after start
	grants []events.Date
	carry  int // 1 + index of the clock whose unused budget may be carried over; 0: none
}

// days returns the days on which the clock may run (R23): resume skips the days
// outside, elapsed counts them, restart ends with the first closure. Days between
// a letter and the first enrolled day count under clock_start letter_date (R14).
func (b *builder) days(p plan) []Span {
	fundable := b.fundable[p.from:]
	if p.policy.ReenrollmentClock == Restart {
		fundable = fundable[:1]
	}
	var days []Span
	for _, s := range fundable {
		s.To = min(s.To, p.stop-1)
		n := len(days)
		if n == 0 {
			s.From = p.start
		}
		if s.From > s.To {
			break
		}
		switch {
		case n == 0:
			days = append(days, s)
		case p.policy.ReenrollmentClock == Elapsed || days[n-1].To+1 == s.From:
			days[n-1].To = s.To
		default:
			days = append(days, s)
		}
	}
	return days
}

// lay lays out one clock and appends it; a plan without a single day appends
// nothing. Cost: a few allocations, linear in the periods.
func (b *builder) lay(p plan) bool {
	days := b.days(p)
	c := Clock{Status: p.status, Start: p.start, Policy: p.policy, of: b.facts, pre: p.pre, carryFrom: p.carry, rate: p.policy.Rates.Certified}
	if p.pre {
		c.rate = p.policy.Rates.PreCertified
	}
	if len(days) == 0 || c.rate.MaximumPeriods == 0 || p.cap == 0 {
		return false
	}
	l := layout{builder: b, clock: &c, days: days, anchor: p.start, left: p.cap, paid: b.paidDays(&p.policy.Settings)}
	l.base()
	l.extend(p.grants)
	c.running = l.running
	c.End = c.Periods[len(c.Periods)-1].End
	if p.policy.ReenrollmentClock == Elapsed {
		c.elapsing = p.stop - 1
	}
	b.Clocks = append(b.Clocks, c)
	return true
}

// A layout is the state of laying out one clock: the days not yet used are
// taken from the front.
type layout struct {
	*builder
	clock    *Clock
	days     []Span
	running  []Span
	anchor   events.Date // the day from which months are counted (R13)
	counted  int         // periods counted from the anchor
	left     int         // days left under remaining_of_nine; below 0: no such limit
	paid     []piece     // the days that are paid for, by agency
	finished bool        // every day of the base periods was used
}

// length returns the days of the next period counted from the anchor: 30, or up
// to the day before the same day of a later month. Days outside enrollment do
// not count, so an interrupted month keeps its length (R13, R23).
func (l *layout) length() int {
	l.counted++
	if l.clock.Policy.PeriodUnit == Days30 {
		return 30
	}
	return int(l.anchor.AddMonths(l.counted) - l.anchor.AddMonths(l.counted-1))
}

func (l *layout) base() {
	c := l.clock
	limit := c.rate.ClientCents * events.Cents(c.rate.MaximumPeriods)
	c.BudgetCents = limit
	c.Periods = make([]Period, 0, c.rate.MaximumPeriods)
	c.chains = append(c.chains, chain{})
	l.finished = true
	for range c.rate.MaximumPeriods {
		length := l.length()
		want := length
		if l.left >= 0 {
			want = min(want, l.left)
			l.left -= want
		}
		c.LimitDays += want
		if want > 0 && !l.period(Period{Length: length, limit: limit}, want) {
			l.finished = false
		}
	}
}

// extend adds one period for each grant (R22): from the day after the clock's
// end, or from the day of the grant when that is later. A clock that was cut
// short before its end only gets a higher limit, for the case that it resumes.
func (l *layout) extend(grants []events.Date) {
	c := l.clock
	for _, granted := range grants {
		if last := c.Periods[len(c.Periods)-1].End; l.finished && granted > last+1 {
			l.skipTo(granted)
			l.anchor, l.counted = granted, 0
			c.chains = append(c.chains, chain{first: len(c.Periods), last: len(c.Periods) - 1})
		}
		if c.Policy.ExtensionGrants != AdminOnly {
			c.BudgetCents += c.rate.ClientCents
		}
		length := l.length()
		c.LimitDays += length
		p := Period{Length: length, Extension: true, limit: c.BudgetCents, unpaidHere: c.Policy.ExtensionGrants == ClientOnly}
		l.finished = l.period(p, length) && l.finished
	}
}

func (l *layout) skipTo(day events.Date) {
	for len(l.days) > 0 && l.days[0].From < day {
		if l.days[0].To >= day {
			l.days[0].From = day
			return
		}
		l.days = l.days[1:]
	}
}

// period takes up to want days for one period and reports whether there were
// as many. Without a day left there is no period.
func (l *layout) period(p Period, want int) bool {
	c := l.clock
	p.Number, p.from = len(c.Periods)+1, len(l.pieces)
	for want > 0 && len(l.days) > 0 {
		s := l.days[0]
		if n := s.Days(); n <= want {
			l.days = l.days[1:]
			want -= n
		} else {
			s.To = s.From + events.Date(want) - 1
			// The spans are this layout's own: nobody else reads them.
			l.days[0].From = s.To + 1
			want = 0
		}
		if p.Start == 0 {
			p.Start = s.From
		}
		p.End = s.To
		l.take(s)
	}
	if p.Start == 0 {
		return false
	}
	p.to = len(l.pieces)
	p.chain = len(c.chains) - 1
	c.chains[p.chain].last = len(c.Periods)
	c.Periods = append(c.Periods, p)
	return want == 0
}

// take counts the days of s as used and notes which of them are paid for.
func (l *layout) take(s Span) {
	if n := len(l.running); n > 0 && l.running[n-1].To+1 == s.From {
		l.running[n-1].To = s.To
	} else {
		l.running = append(l.running, s)
	}
	for _, paid := range l.paid {
		if from, to := max(s.From, paid.From), min(s.To, paid.To); from <= to {
			l.pieces = append(l.pieces, piece{Span{from, to}, paid.agency})
		}
	}
}
