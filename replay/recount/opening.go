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

// status is the client's status on day d (R04). From its date on the letter decides,
// also after the eighteenth birthday (R10), whenever the money follows it (R25).
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
	case first != nil && first.kind == events.Eligibility:
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
	r := w.book.on(d) // of the clock that would begin; a clock that runs is asked itself
	if old != nil && !w.restart {
		r = old.rules
	}
	letter := w.letterBy(d, r)
	certified, since := letter != nil, events.Date(0)
	if certified {
		since = letter.effective(r)
	}
	if w.facts.derivative() { // R06: certified rates from the benefit date on
		certified, since = true, w.facts.benefitDate()
		if since > d {
			return
		}
	}
	transition := old != nil && certified && !old.certified
	switch {
	case old == nil || w.restart:
	case !transition:
		return
	case old.rules.transition == "next_period_boundary" && old.midPeriod():
		return
	}
	w.restart = false
	if transition {
		old.noteCut(letter.record)
		old.cut = d == w.stay
	}

	start := d
	if w.book.on(d).clockStart == "letter_date" && d == w.stay && since != 0 {
		from := since
		if transition {
			from = max(from, old.lastDay(len(old.periods))+1)
		}
		if from >= w.outside {
			start = min(from, d)
		}
	}
	limit := -1
	if transition && old.rules.transition == "remaining_of_nine" {
		limit = old.daysLeft()
	}
	c := newClock(certified, w.book.on(d), start, limit)
	c.number = len(w.clocks) + 1
	if transition && old.rules.unusedBudget == "carry" {
		c.carryFrom = old
	}
	c.records = append(c.records, w.pending...)
	if letter != nil {
		c.letter, c.since = letter, since
		c.records = append(c.records, letter.record)
	}
	w.clocks = append(w.clocks, c)
	for x := start; x < d; x++ { // R14: from the letter's date, enrolled or not
		c.tick(x, x <= w.closing)
	}
}
