package policy_test

import (
	"sort"

	"caseledger/events"
)

// This file is a second opinion: a model that walks from day to day and shares
// no code with the package. It is slow and says each rule once more, in the
// words of the rulebook.

type day = events.Date

// A history is what happened to one victim, or to a derivative with a clock of
// the own kind, in the plainest form.
type history struct {
	enrolled    day
	derivative  bool
	letter      day // 0: none; for a derivative the benefit date
	notice      day
	closed      []day // last enrolled days
	reopened    []day // first days, each after the closure of the same index
	transfers   map[day]string
	endedOn     day // certification ended
	placedFrom  day
	placedUntil day // first day outside
	decisions   []day
	approvals   []day
	expenses    []spent
	changed     day // policy second takes effect
	first       map[string]string
	second      map[string]string
}

type spent struct {
	on     day
	cents  int64
	agency string
}

type mPeriod struct {
	length   int
	begun    day
	counts   day // as begun, from when on: a day with somebody served
	paidDays []day
	ext      bool
	chain    int
	last     day
}

type mClock struct {
	pol      map[string]string
	pre      bool
	start    day
	anchor   day
	months   int // periods counted from the anchor
	cap      int
	used     int
	ran      map[day]bool
	served   map[day]bool
	lastRan  day
	periods  []*mPeriod
	grants   []day
	taken    int
	chain    int
	carry    *mClock
	capLeft  int
	bases    int
	baseOver bool
}

type model struct {
	h        history
	clocks   []*mClock
	byDay    map[day]*mClock
	periodOf map[day]*mPeriod
}

func (h history) settings(d day) map[string]string {
	if h.changed != 0 && d >= h.changed {
		return h.second
	}
	return h.first
}

func (h history) isEnrolled(d day) bool {
	if d < h.enrolled {
		return false
	}
	in := true
	for i, c := range h.closed {
		if d > c {
			in = i < len(h.reopened) && d >= h.reopened[i]
		}
	}
	return in
}

func (h history) isFundable(d day) bool {
	return h.isEnrolled(d) && (h.endedOn == 0 || d < h.endedOn)
}

func (h history) isReopening(d day) bool {
	for _, r := range h.reopened {
		if r == d {
			return true
		}
	}
	return false
}

func (h history) fundableLater(d, horizon day) bool {
	for x := d + 1; x <= horizon; x++ {
		if h.isFundable(x) {
			return true
		}
	}
	return false
}

func (h history) agency(d day) string {
	a := "A"
	var best day
	for t, to := range h.transfers {
		if t <= d && t > best {
			best, a = t, to
		}
	}
	return a
}

func (h history) isPlaced(d day) bool {
	return h.placedFrom != 0 && d >= h.placedFrom && d < h.placedUntil
}

func (h history) effective(pol map[string]string) day {
	switch {
	case h.letter == 0:
		return 1 << 30
	case !h.derivative && pol["retro_certification_effect"] == "notice_date" && h.notice > h.letter:
		return h.notice
	}
	return h.letter
}

func (c *mClock) line() (admin, client int64, most int) {
	if c.pre {
		return 70000, 60000, 9
	}
	return 50000, 40000, 4
}

func (c *mClock) nextLength() int {
	c.months++
	if c.pol["period_unit"] == "days30" {
		return 30
	}
	return int(c.anchor.AddMonths(c.months) - c.anchor.AddMonths(c.months-1))
}

func (c *mClock) limitDays() int {
	_, _, most := c.line()
	total := 0
	for i := range most {
		n := 30
		if c.pol["period_unit"] == "calendar_month" {
			n = int(c.start.AddMonths(i+1) - c.start.AddMonths(i))
		}
		total += n
	}
	months, anchor := most, c.start
	exts := 0
	for _, p := range c.periods {
		if p.ext {
			total += p.length
			exts++
			months, anchor = c.months, c.anchor
		}
	}
	for ; exts < len(c.grants); exts++ {
		months++
		if c.pol["period_unit"] == "calendar_month" {
			total += int(anchor.AddMonths(months) - anchor.AddMonths(months-1))
		} else {
			total += 30
		}
	}
	return total
}

// midPeriod says that a period was begun and is not complete.
func (c *mClock) midPeriod(h history) bool {
	if len(c.periods) == 0 {
		return false
	}
	p := c.periods[len(c.periods)-1]
	return c.runIn(p) < p.length
}

func (c *mClock) runIn(p *mPeriod) int {
	n := 0
	for d := p.begun; d <= p.last; d++ {
		if c.ran[d] {
			n++
		}
	}
	return n
}

// run lets the clock run on a day and reports whether it could.
func (m *model) run(c *mClock, d day, paid bool) bool {
	_, _, most := c.line()
	var p *mPeriod
	if n := len(c.periods); n > 0 {
		p = c.periods[n-1]
	}
	full := p == nil || c.runIn(p) >= p.length
	if p != nil && c.capLeft == 0 && !p.ext {
		full, c.baseOver = true, true
	}
	if full && !c.baseOver && c.bases < most && c.capLeft != 0 {
		p = &mPeriod{length: c.nextLength(), begun: d, chain: c.chain}
		c.bases++
		c.periods = append(c.periods, p)
	} else if full {
		c.baseOver = true
		c.bases = most // months that the cap cut off do not count
		if c.taken >= len(c.grants) || c.grants[c.taken] > d {
			return false
		}
		g := c.grants[c.taken]
		if g > c.lastRan+1 && !paid {
			return false // granted after the end: it begins on the first enrolled, eligible day
		}
		c.taken++
		if g > c.lastRan+1 {
			c.chain++
			c.anchor, c.months = d, 0
		}
		p = &mPeriod{length: c.nextLength(), begun: d, ext: true, chain: c.chain}
		c.periods = append(c.periods, p)
	}
	if !p.ext && c.capLeft > 0 {
		c.capLeft--
	}
	c.ran[d], c.lastRan, p.last = true, d, d
	c.used++
	for _, q := range c.periods {
		if paid && q.counts == 0 {
			q.counts = d
		}
	}
	c.served[d] = paid
	if paid && !(c.pol["urm_placement_payment"] == "excluded" && m.h.isPlaced(d)) {
		p.paidDays = append(p.paidDays, d)
		m.byDay[d], m.periodOf[d] = c, p
	}
	return true
}

func (m *model) newClock(pre bool, start, first day) *mClock {
	c := &mClock{pol: m.h.settings(first), pre: pre, start: start, anchor: start, ran: map[day]bool{}, served: map[day]bool{}, capLeft: -1}
	c.lastRan = start - 1
	m.clocks = append(m.clocks, c)
	return c
}

// simulate walks through the days and lets the clocks run.
func simulate(h history, horizon day) *model {
	m := &model{h: h, byDay: map[day]*mClock{}, periodOf: map[day]*mPeriod{}}
	var cur, lastPre, last *mClock // last was opened last
	certified, certifiedStarted := false, false
	var turn day
	pending := append([]day(nil), h.decisions...)
	sort.Slice(pending, func(i, j int) bool { return pending[i] < pending[j] })
	for d := min(h.enrolled, max(h.letter, 1)); d <= horizon; d++ {
		f := h.isFundable(d)
		if cur != nil && (!f || h.isReopening(d)) && cur.pol["reenrollment_clock"] == "restart" {
			cur = nil
		}
		if cur != nil && cur.pre && !certified {
			if e := h.effective(cur.pol); d >= e {
				if !(cur.pol["transition_rule"] == "next_period_boundary" && cur.midPeriod(h)) {
					certified, turn, cur = true, d, nil
				}
			}
		}
		if cur == nil && f && !certified {
			pol := h.settings(d)
			if e := h.effective(pol); d >= e {
				certified, turn = true, e
				if lastPre != nil {
					turn = max(e, lastPre.lastRan+1)
				}
			} else if h.derivative {
				continue
			} else {
				cur = m.newClock(true, d, d)
				last, lastPre = cur, cur
			}
		}
		if cur == nil && f && certified {
			cur = m.startCertified(d, turn, lastPre, certifiedStarted)
			last = cur
			certifiedStarted = true
			lastPre = nil
		}
		for last != nil && len(pending) > 0 && pending[0] <= d {
			last.grants, pending = append(last.grants, pending[0]), pending[1:]
		}
		if cur == nil {
			continue
		}
		switch {
		case f:
			m.run(cur, d, true)
		case cur.pol["reenrollment_clock"] == "elapsed" && !h.isEnrolled(d) && h.fundableLater(d, horizon):
			m.run(cur, d, false)
		}
	}
	return m
}

func (m *model) startCertified(d, turn day, pre *mClock, again bool) *mClock {
	pol := m.h.settings(d)
	start := d
	if pol["clock_start"] == "letter_date" && !again {
		start = turn
	}
	capLeft := -1
	if pre != nil && pre.pol["transition_rule"] == "remaining_of_nine" {
		capLeft = max(0, pre.limitDays()-pre.used)
	}
	c := m.newClock(false, start, d)
	c.capLeft = capLeft
	c.carry = pre
	c.baseOver = capLeft == 0 // nothing is left of the nine months, but an extension may come
	for x := start; x < d; x++ {
		m.run(c, x, false)
	}
	return c
}

func (m *model) approved(c *mClock, p *mPeriod) bool {
	if c.pol["month_to_month_approval"] != "certified_and_extensions" || c.pre || p.ext {
		return true
	}
	for _, a := range m.h.approvals {
		if a >= p.begun && a <= p.last {
			return true
		}
	}
	return false
}

// administrative returns the amounts at a closing date, by agency.
func (m *model) administrative(closing day) (total int64, by map[string]int64) {
	by = map[string]int64{}
	for _, c := range m.clocks {
		rate, _, _ := c.line()
		for _, p := range c.periods {
			n, count, order := 0, map[string]int{}, []string{}
			for _, d := range p.paidDays {
				if d > closing {
					continue
				}
				n++
				a := m.h.agency(d)
				if c.pol["transfer_split"] == "period_start_agency" {
					a = m.h.agency(p.paidDays[0])
				}
				if count[a] == 0 {
					order = append(order, a)
				}
				count[a]++
			}
			if n == 0 || !m.approved(c, p) || p.ext && c.pol["extension_grants"] == "client_only" {
				continue
			}
			var amount int64
			switch c.pol["partial_period_admin"] {
			case "prorata":
				tenths := rate * int64(n) * 10 / int64(p.length) // of a cent, cut
				amount = tenths / 10
				if tenths%10 >= 5 {
					amount++
				}
			case "completed_only":
				if n == p.length {
					amount = rate
				}
			case "begun_full":
				amount = rate
			}
			total += amount
			left := amount
			for _, a := range order {
				by[a] += amount * int64(count[a]) / int64(n)
				left -= amount * int64(count[a]) / int64(n)
			}
			sort.SliceStable(order, func(i, j int) bool {
				return amount*int64(count[order[i]])%int64(n) > amount*int64(count[order[j]])%int64(n)
			})
			for i := range int(left) {
				by[order[i]]++
			}
		}
	}
	return total, by
}

type money struct{ paid, held, disallowed, refused int64 }

// client returns what becomes of client expenses at a closing date, by paying
// them out day by day.
func (m *model) client(closing day) money {
	var sum money
	for _, x := range m.h.expenses {
		if x.on <= closing && m.byDay[x.on] == nil {
			sum.refused += x.cents
		}
	}
	for _, c := range m.clocks {
		one := m.clientOf(c, closing)
		sum.paid += one.paid
		sum.held += one.held
		sum.disallowed += one.disallowed
	}
	return sum
}

func (m *model) clientOf(c *mClock, closing day) money {
	var r money
	var unapproved, waiting, committed, suspended, extra int64
	if c.carry != nil && c.carry.pol["unused_budget_at_transition"] == "carry" {
		extra = max(0, c.carry.budgetOn(1<<28)-m.clientOf(c.carry, 1<<28).paid)
	}
	_, monthly, _ := c.line()
	inPeriod := map[*mPeriod]int64{}
	chain := 0
	first, last := c.start, c.lastRan
	standing := false
	for d := first; d <= min(closing, last); d++ {
		if c.served[d] {
			waiting, suspended = waiting+suspended, 0
		}
		for _, p := range c.periods {
			if p.begun == d && p.chain != chain { // after a gap: what was disallowed stays so
				chain = p.chain
				committed -= waiting
				r.disallowed += waiting
				waiting = 0
				if c.pol["held_at_clock_end"] == "disallowed" {
					r.disallowed += unapproved
					unapproved = 0
				}
			}
		}
		begun := int64(0)
		for _, p := range c.periods {
			if p.counts != 0 && p.counts <= d {
				begun++
			}
		}
		for _, x := range m.h.expenses {
			if x.on != d || m.byDay[d] != c {
				continue
			}
			p := m.periodOf[d]
			if !m.approved(c, p) {
				unapproved += x.cents
				continue
			}
			within := max(0, min(x.cents, c.budgetOn(d)+extra-committed))
			r.disallowed += x.cents - within
			switch c.pol["client_ceiling"] {
			case "overall_budget":
				r.paid += within
			case "monthly_cap":
				pay := max(0, min(within, monthly-inPeriod[p]))
				if p.ext && c.pol["extension_grants"] == "admin_only" {
					pay = 0
				}
				inPeriod[p] += pay
				r.paid += pay
				r.disallowed += within - pay
				within = pay
			default:
				waiting += within
			}
			committed += within
		}
		pay := max(0, min(waiting, monthly*(begun+1)-r.paid))
		r.paid += pay
		waiting -= pay
		standing = !(c.served[d] && c.served[d+1])
		if standing {
			if c.pol["held_at_clock_end"] == "disallowed" {
				suspended, waiting = suspended+waiting, 0
			} else {
				r.paid += waiting
				waiting = 0
			}
		}
	}
	r.held += waiting
	r.disallowed += suspended
	if (standing || closing > last) && c.pol["held_at_clock_end"] == "disallowed" {
		r.disallowed += unapproved
	} else {
		r.held += unapproved
	}
	return r
}

// budgetOn is the overall budget with every extension that was granted by a day.
func (c *mClock) budgetOn(d day) int64 {
	_, client, most := c.line()
	b := client * int64(most)
	for _, g := range c.grants {
		if g <= d && c.pol["extension_grants"] != "admin_only" {
			b += client
		}
	}
	return b
}

// lastPaid returns the last day that is paid for.
func (m *model) lastPaid() day {
	var last day
	for d := range m.byDay {
		last = max(last, d)
	}
	return last
}
