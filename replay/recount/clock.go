package recount

import (
	"slices"

	"caseledger/events"
)

// A clock is one service clock with its counters. It keeps the rules that were
// in force on its first day.
type clock struct {
	number    int
	certified bool // at the certified rates
	rules     *rules
	rate      events.Rate
	start     events.Date
	// Calendar months are counted from anchor, the start, with anchorPeriods
	// before it: an extension after a gap begins its own count.
	anchor        events.Date
	anchorPeriods int
	periods       []*period
	at            int         // the period that the next day falls in, or falls after
	used          int         // days used to the closing date
	resumed       events.Date // last enrollment in it, even if it had run out before
	lastIn        events.Date // last enrolled day in it
	ended         bool
	rested        events.Date // last day by the closing date after which it stood still
	letter        *letter     // that opened it; nil for others
	since         events.Date // from which that letter counts
	carryFrom     *clock      // its unused budget is added (R20)
	grants        []grant     // extensions, in order
	breaks        []outage    // ends that a later extension followed
	records       []string    // what the clock rests on

	paid, held events.Cents // client expenses to the closing date
}

// A grant adds client budget from the day of an extension on (R22).
type grant struct {
	on    events.Date
	cents events.Cents
}

// An outage is an end of the clock that an extension followed only later.
type outage struct {
	last  events.Date
	begun int
}

// A period is one service period with its counters.
type period struct {
	number    int
	clock     *clock
	whole     int         // days of a whole period (R13)
	length    int         // days that this one may have: fewer when remaining_of_nine cuts it
	extension bool        // granted under R22
	notBefore events.Date // an extension does not reach back
	admin     events.Cents
	cap       events.Cents
	ticked    int // days that have gone by, paid or not
	first     events.Date
	last      events.Date // last day so far; after the walk: the last day
	begun     bool        // by the closing date
	approved  bool
	stays     []stay // payable days to the closing date
	spent     events.Cents
	records   []string
}

// A stay is a run of payable days with one agency.
type stay struct {
	agency        string
	from, through events.Date
}

// newClock opens a clock on its first day; days bounds its length when it is 0
// or more.
func newClock(certified bool, r *rules, start events.Date, days int) *clock {
	c := &clock{certified: certified, rules: r, start: start, anchor: start, rate: r.rates.PreCertified}
	if certified {
		c.rate = r.rates.Certified
	}
	c.records = slices.Clone(r.records)
	for k := 1; k <= c.rate.MaximumPeriods; k++ {
		whole := c.wholePeriod(k)
		length := whole
		if days >= 0 {
			length = min(whole, days)
			days -= length
		}
		if length == 0 {
			break
		}
		c.periods = append(c.periods, &period{number: k, clock: c, whole: whole, length: length,
			admin: c.rate.AdministrativeCents, cap: c.rate.ClientCents})
	}
	return c
}

// wholePeriod is the number of days of the k-th period (R13). Months are always
// counted from the clock's start, so the 31st does not wear down to the 28th.
func (c *clock) wholePeriod(k int) int {
	if c.rules.periodUnit == "calendar_month" {
		k -= c.anchorPeriods
		return int(c.anchor.AddMonths(k) - c.anchor.AddMonths(k-1))
	}
	return 30
}

// extend adds one period from the day after the end or from on, whichever is
// later (R22).
func (c *clock) extend(on events.Date, record string) {
	p := &period{number: len(c.periods) + 1, clock: c, extension: true, notBefore: on,
		admin: c.rate.AdministrativeCents, cap: c.rate.ClientCents, records: []string{record}}
	p.whole = c.wholePeriod(p.number)
	p.length = p.whole
	switch c.rules.extensionGrants {
	case "admin_only":
		p.cap = 0
	case "client_only":
		p.admin = 0
	}
	c.periods = append(c.periods, p)
	c.grants = append(c.grants, grant{on, p.cap})
}

// periodOn is the period that day d falls in when the clock runs on it, nil when
// the clock has run out.
func (c *clock) periodOn(d events.Date) *period {
	i := c.at
	for i < len(c.periods) && c.periods[i].ticked == c.periods[i].length {
		i++
	}
	if i == len(c.periods) || c.periods[i].ticked == 0 && c.periods[i].notBefore > d {
		return nil
	}
	return c.periods[i]
}

// tick uses up day d and returns its period, nil when the clock has run out.
// known says that the day counts at the closing date.
func (c *clock) tick(d events.Date, known bool) *period {
	p := c.periodOn(d)
	if p == nil {
		return nil
	}
	c.at = p.number - 1
	if p.ticked == 0 {
		p.first, p.begun = d, known
		c.beginExtension(p, d, known)
	}
	p.ticked++
	p.last = d
	if known {
		c.used++
	}
	return p
}

// dormant reports whether the clock had ended before the extension that day d would
// begin was granted.
func (c *clock) dormant(d events.Date) bool {
	p := c.periodOn(d)
	return p != nil && p.extension && p.ticked == 0 && p.notBefore > c.lastDay(p.number-1)+1
}

// beginExtension takes note when an extension begins only after the clock had ended.
func (c *clock) beginExtension(p *period, d events.Date, known bool) {
	if !p.extension {
		return
	}
	if last := c.lastDay(p.number - 1); p.notBefore > last+1 {
		c.anchor, c.anchorPeriods = d, p.number-1
		if known && last != 0 {
			c.breaks = append(c.breaks, outage{last, p.number - 1})
		}
	}
	p.whole = c.wholePeriod(p.number)
	p.length = p.whole
}

// midPeriod reports whether a period has begun and not ended.
func (c *clock) midPeriod() bool {
	if c.at >= len(c.periods) {
		return false
	}
	p := c.periods[c.at]
	return p.ticked > 0 && p.ticked < p.length
}

// noteCut notes the record that cuts a running period short.
func (c *clock) noteCut(record string) {
	if c.midPeriod() {
		c.periods[c.at].note(record)
	}
}

// daysLeft is what the clock could still run.
func (c *clock) daysLeft() int {
	left := 0
	for _, p := range c.periods {
		left += p.length - p.ticked
	}
	return left
}

// begun counts the periods begun by the closing date (R17).
func (c *clock) begun() int {
	n := 0
	for _, p := range c.periods {
		if p.begun {
			n++
		}
	}
	return n
}

// budgetOn is the overall budget as it stands for an expense of day d: cap times
// maximum months, what was carried over, and the extensions granted by then
// (R16, R20, R22).
func (c *clock) budgetOn(d events.Date) events.Cents {
	budget := c.rate.ClientCents * events.Cents(c.rate.MaximumPeriods)
	if old := c.carryFrom; old != nil {
		budget += max(0, old.budgetOn(events.MaxDate)-old.paid-old.held)
	}
	for _, g := range c.grants {
		if g.on <= d {
			budget += g.cents
		}
	}
	return budget
}

// clone copies a clock and its periods.
func (c *clock) clone() *clock {
	copied := *c
	copied.periods = make([]*period, len(c.periods))
	for i, p := range c.periods {
		q := *p
		q.clock = &copied
		copied.periods[i] = &q
	}
	return &copied
}

// trim ends the clock with its last enrolled day: days outside that were counted
// off begin no period when it did not go on at the reopening, and have no part
// in it when another one did.
func (c *clock) trim() {
	for _, p := range c.periods {
		p.begun = p.begun && p.first <= c.lastIn
	}
	last := max(c.lastIn, c.resumed)
	for _, p := range c.periods {
		if p.first > last {
			p.first = 0
		}
		p.last = min(p.last, last)
		if p.first == 0 {
			p.last = 0
		}
	}
}

// lastDay is the last day that was used up of the first n periods, 0 when none was.
func (c *clock) lastDay(n int) events.Date {
	last := events.Date(0)
	for _, p := range c.periods[:n] {
		last = max(last, p.last)
	}
	return last
}

// pay marks day d as payable to an agency.
func (p *period) pay(d events.Date, agency string) {
	if n := len(p.stays); n > 0 && p.stays[n-1].agency == agency && p.stays[n-1].through == d-1 {
		p.stays[n-1].through = d
		return
	}
	p.stays = append(p.stays, stay{agency, d, d})
}

// payableDays counts the payable days to the closing date.
func (p *period) payableDays() int {
	n := 0
	for _, s := range p.stays {
		n += int(s.through-s.from) + 1
	}
	return n
}

// needsApproval reports whether the period waits for a month-to-month decision
// (R22). An extension was decided when it was granted.
func (p *period) needsApproval() bool {
	return p.clock.rules.approval == "certified_and_extensions" &&
		p.clock.certified && !p.extension && !p.approved
}

// note adds what the period rests on, once each.
func (p *period) note(records ...string) {
	for _, id := range records {
		if id != "" && !slices.Contains(p.records, id) {
			p.records = append(p.records, id)
		}
	}
}
