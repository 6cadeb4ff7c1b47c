package policy

import "caseledger/events"

// A builder lays out the clocks of one client.
type builder struct {
	*Entitlement
	book     *Book
	fundable []Span // enrolled and not ended
	stays    []Stay
	cover    [2][]piece // fundable days by agency; [1] without days in placement

	extensions []extension // that no clock has yet
}

// An evaluation is one piece of memory for all that an ordinary client needs.
type evaluation struct {
	entitlement Entitlement
	builder     builder
	clocks      [2]Clock
	pieces      [20]piece
	stays       [4]Stay
}

func newBuilder(v *evaluation, f *Facts, book *Book) *builder {
	*v = evaluation{}
	e, b := &v.entitlement, &v.builder
	*e = Entitlement{Client: f.Client, facts: f, enrolled: f.EnrolledSpans(), Clocks: v.clocks[:0], pieces: v.pieces[:0]}
	*b = builder{Entitlement: e, book: book, fundable: f.fundable(e.enrolled), stays: f.stays(v.stays[:0]), extensions: f.extensions()}
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
	ahead  bool        // days outside that no reopening follows make periods as well
	grants []events.Date
	carry  int // 1 + index of the clock whose unused budget may be carried over; 0: none
}

// days returns the days on which the clock may run (R23): resume skips the days
// outside, elapsed counts them, restart ends with the first closure. Days between
// a letter and the first enrolled day count under clock_start letter_date (R14).
// served is the last of them that is fundable: days outside that no reopening
// follows are used up too, and make no period.
func (b *builder) days(p plan) (days []Span, served events.Date) {
	fundable := b.fundable[p.from:]
	if p.policy.ReenrollmentClock == Restart {
		fundable = fundable[:1]
	}
	for i, s := range fundable {
		if s.From >= p.stop {
			break
		}
		if i == 0 {
			s.From = p.start
		}
		s.To = min(s.To, p.stop-1)
		days, served = join(days, s), s.To
	}
	if p.policy.ReenrollmentClock == Elapsed && len(days) > 0 {
		days = b.withOutside(days, p.stop-1)
	}
	if p.ahead {
		served = forever
	}
	return days, served
}

// withOutside adds to the days of a clock the days outside enrollment that come
// after its first one, through a last day (R23 elapsed).
func (b *builder) withOutside(days []Span, last events.Date) []Span {
	all := make([]Span, 0, len(days)+len(b.enrolled))
	for i, s := range b.enrolled {
		for len(days) > 0 && days[0].From <= s.To {
			all, days = join(all, days[0]), days[1:]
		}
		if len(all) == 0 {
			continue
		}
		outside := Span{max(s.To, all[len(all)-1].To) + 1, last}
		if i+1 < len(b.enrolled) {
			outside.To = min(last, b.enrolled[i+1].From-1)
		}
		if outside.From <= outside.To {
			all = join(all, outside)
		}
	}
	return all
}

// join appends a span, as one with the last when they touch.
func join(spans []Span, s Span) []Span {
	if n := len(spans); n > 0 && spans[n-1].To+1 == s.From {
		spans[n-1].To = s.To
		return spans
	}
	return append(spans, s)
}

// intersection returns the days that lie in both lists, which are in order.
func intersection(a, b []Span) []Span {
	var both []Span
	for _, x := range a {
		for _, y := range b {
			if from, to := max(x.From, y.From), min(x.To, y.To); from <= to {
				both = join(both, Span{from, to})
			}
		}
	}
	return both
}

// lay lays out one clock and appends it; a plan without a single day appends
// nothing. Cost: a few allocations, linear in the periods.
func (b *builder) lay(p plan) bool {
	days, served := b.days(p)
	c := Clock{
		Status: p.status, Start: p.start, Policy: p.policy, of: b.facts, pre: p.pre, carryFrom: p.carry,
		grants: p.grants, rate: p.policy.Rates.Certified,
	}
	if p.pre {
		c.rate = p.policy.Rates.PreCertified
	}
	l := layout{builder: b, clock: &c, days: days, served: served, anchor: p.start, left: p.cap, paid: b.paidDays(&p.policy.Settings)}
	l.base()
	l.extend()
	if len(c.Periods) == 0 {
		return false
	}
	c.End = c.Periods[len(c.Periods)-1].End
	c.running, c.served = l.running, l.running
	if p.policy.ReenrollmentClock == Elapsed || p.start < b.fundable[p.from].From {
		l.serve()
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
	served   events.Date // last day that makes a period
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
	c.BudgetCents = c.rate.ClientCents * events.Cents(c.rate.MaximumPeriods)
	c.Periods = make([]Period, 0, c.rate.MaximumPeriods)
	c.chains = append(c.chains, chain{})
	l.finished = true
	for range c.rate.MaximumPeriods {
		if l.left == 0 {
			return
		}
		length := l.length()
		want := length
		if l.left > 0 {
			want = min(want, l.left)
			l.left -= want
		}
		c.LimitDays += want
		l.finished = l.period(Period{Length: length}, want) && l.finished
	}
}

// extend adds one period for each grant (R22): from the day after the clock's
// end, or from the day of the grant when that is later.
func (l *layout) extend() {
	c := l.clock
	for _, granted := range c.grants {
		if l.finished && granted > l.lastRun()+1 {
			l.startAnew(granted)
		}
		if c.Policy.ExtensionGrants != AdminOnly {
			c.BudgetCents += c.rate.ClientCents
		}
		length := l.length()
		c.LimitDays += length
		l.finished = l.period(Period{Length: length, Extension: true}, length) && l.finished
	}
}

func (l *layout) lastRun() events.Date {
	if n := len(l.running); n > 0 {
		return l.running[n-1].To
	}
	return 0
}

// startAnew lets a clock that had ended run again, from the first fundable day on
// or after a day: it counts months from there, and what was disallowed before stays so.
func (l *layout) startAnew(from events.Date) {
	from = l.opens(from)
	for len(l.days) > 0 && l.days[0].To < from {
		l.days = l.days[1:]
	}
	if len(l.days) == 0 {
		return
	}
	l.days[0].From = max(l.days[0].From, from)
	l.anchor, l.counted = l.days[0].From, 0
	if n := len(l.clock.Periods); n > 0 {
		l.clock.chains = append(l.clock.chains, chain{first: n, last: n})
	}
}

// serve notes which days of the clock are fundable, for a clock that also runs on
// others, and from which of them on each period counts as begun, if ever.
func (l *layout) serve() {
	c := l.clock
	c.served = intersection(c.running, l.fundable)
	for i := range c.Periods {
		p := &c.Periods[i]
		p.begun = forever
		for _, s := range c.served {
			if s.To >= p.Start {
				p.begun = max(p.Start, s.From)
				break
			}
		}
	}
}

// period takes up to want days for one period and reports whether there were
// as many. Without a day on which anybody is served there is no period.
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
		if s.From <= l.served {
			if p.Start == 0 {
				p.Start, p.begun = s.From, s.From
			}
			p.End = min(s.To, l.served)
		}
		l.take(s)
	}
	if p.Start == 0 { // nobody was served in it
		return want == 0
	}
	p.to = len(l.pieces)
	p.chain = len(c.chains) - 1
	c.chains[p.chain].last = len(c.Periods)
	c.Periods = append(c.Periods, p)
	return want == 0
}

// take counts the days of s as used and notes which of them are paid for.
func (l *layout) take(s Span) {
	l.running = join(l.running, s)
	for _, paid := range l.paid {
		if from, to := max(s.From, paid.From), min(s.To, paid.To); from <= to {
			l.pieces = append(l.pieces, piece{Span{from, to}, paid.agency})
		}
	}
}
