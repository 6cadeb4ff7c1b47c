package recount

import "caseledger/events"

// letterBy is the first letter in effect on a day under some rules, nil before it.
func (w *walker) letterBy(d events.Date, r *rules) *letter {
	var first *letter
	for _, l := range w.facts.letters {
		if l.effective(r) <= d && (first == nil || l.effective(r) < first.effective(r)) {
			first = l
		}
	}
	return first
}

// status is the client's status on day d (R04). From its date on the letter decides:
// an eligibility letter, or any to a minor, makes its holder eligible, also after the
// eighteenth birthday (R10) and whenever the money follows it (R25).
func (w *walker) status(d events.Date) string {
	if w.facts.derivative() {
		return "derivative"
	}
	var first *letter
	for _, l := range w.facts.letters {
		if l.dated <= d && (first == nil || l.dated < first.dated) {
			first = l
		}
	}
	switch {
	case first != nil && (first.kind == events.Eligibility || w.facts.minorOn(first.dated)):
		return "eligible"
	case first != nil:
		return "certified"
	case w.minor:
		return "pre_eligible"
	}
	return "pre_certified"
}

// openClock starts a clock on an enrolled, eligible day when one is due.
func (w *walker) openClock(d events.Date) {
	old := w.current()
	o, due := w.due(d, old)
	if !due {
		return
	}
	w.restart = false
	if o.transition {
		old.noteCut(o.letter.record)
	}
	limit := -1
	if o.transition && old.rules.transition == "remaining_of_nine" && len(old.periods) > 0 {
		limit = old.daysLeft()
	}
	start := w.startOf(d, old, o)
	c := newClock(o.certified, w.book.on(d), start, limit)
	c.number = len(w.clocks) + 1
	if o.transition && old.rules.unusedBudget == "carry" {
		c.carryFrom = old
	}
	c.records = append(c.records, w.pending...)
	if o.letter != nil {
		c.letter, c.since = o.letter, o.since
		c.records = append(c.records, o.letter.record)
	}
	w.clocks = append(w.clocks, c)
	w.extend()
	for x := start; x < d && !c.dormant(x); x++ { // R14: from the letter's date, enrolled or not
		c.tick(x, x <= w.closing)
	}
}

// An opening is why a clock opens.
type opening struct {
	certified  bool
	transition bool // from a pre-certified clock (R20)
	letter     *letter
	since      events.Date // from which the letter or benefit date counts
}

// due says whether a clock opens on day d after an old one, nil for none.
func (w *walker) due(d events.Date, old *clock) (o opening, due bool) {
	r := w.book.on(d) // of the clock that would begin; a clock that runs is asked itself
	if old != nil && !w.restart {
		r = old.rules
	}
	if o.letter = w.letterBy(d, r); o.letter != nil {
		o.certified, o.since = true, o.letter.effective(r)
	}
	if w.facts.derivative() { // R06: certified rates from the benefit date on
		o.certified, o.since = true, w.facts.benefitDate()
		if o.since > d {
			return o, false
		}
	}
	if old == nil {
		return o, true
	}
	o.certified = o.certified || old.certified // no policy about notices takes that back
	o.transition = o.certified && !old.certified
	waits := old.rules.transition == "next_period_boundary" && old.midPeriod()
	return o, w.restart || o.transition && !waits
}

// startOf is the first day of a clock that opens on day d (R14).
func (w *walker) startOf(d events.Date, old *clock, o opening) events.Date {
	switch {
	case w.book.on(d).clockStart != "letter_date" || d != w.stay || !o.certified:
	case old == nil:
		return min(d, o.since)
	case o.transition:
		return min(d, max(o.since, old.lastDay(len(old.periods))+1))
	}
	return d // a certified clock that restarts begins at the reopening, too
}
