package recount

import (
	"slices"

	"caseledger/events"
)

// A day is what the walk found out about one day.
type day struct {
	on      events.Date
	through events.Date // the last of the equal days that follow
	status  string      // empty outside enrollment
	agency  string
	period  *period // in which the clock ran; nil when none did
	payable bool
	reason  string // why not payable (R18); decided in the end for a gap
}

// A walker goes from day to day. Its fields are the auditor's notes.
type walker struct {
	book    rulebook
	facts   *facts
	closing events.Date

	next     int  // of facts.changes
	enrolled bool // today
	placed   bool // in the URM programme (R11)
	ended    bool // eligibility ended for good (R01, R07)
	departed bool // until a reopening
	minor    bool
	agency   string
	stay     events.Date // first day of this enrollment
	outside  events.Date // first day outside before this enrollment; 0 before the first
	restart  bool        // a reopening asks for a new clock (R23)
	pending  []string    // records to note on the period of today
	granted  []change    // extensions of today, or waiting for the first clock
	extended []string    // requests that lengthened a clock

	clocks []*clock
	days   []day

	derivativeRate string    // R06; empty for others
	principal      *follower // follows_principal
}

// walk goes through the days from the first enrolled one until nothing that is
// known changes any more.
func walk(book rulebook, f *facts, principal *follower, closing events.Date) *walker {
	first := f.enrollment.OccurredOn
	w := &walker{book: book, facts: f, closing: closing, principal: principal,
		enrolled: true, minor: f.minor, agency: f.enrolled.Agency, stay: first}
	w.pending = []string{f.enrollment.ID}
	if f.derivative() {
		w.derivativeRate = book.on(first).derivativeRate
		w.pending = append(w.pending, f.linkRecord)
	}
	quiet := max(f.lastChange(), closing, principal.end())
	for d := first; ; d++ {
		w.morning(d)
		today := w.live(d)
		w.keep(today)
		if d == closing {
			w.countOutside()
		}
		if d > quiet && today.period == nil {
			w.days[len(w.days)-1].through = events.MaxDate
			break
		}
	}
	w.explainGaps()
	for _, c := range w.clocks {
		c.trim()
	}
	w.approve()
	w.close()
	return w
}

// approve marks the periods that approvals lie in (R22).
func (w *walker) approve() {
	for _, c := range w.ownClocks() {
		for _, p := range c.periods {
			for _, a := range w.facts.approvals {
				if p.first != 0 && p.first <= a.on && a.on <= p.last {
					p.approved = true
					p.note(a.record)
				}
			}
		}
	}
}

// ownClocks are the client's clocks, copied from a principal or not.
func (w *walker) ownClocks() []*clock {
	if w.principal != nil {
		return w.principal.clocks
	}
	return w.clocks
}

// current is the clock that runs or ended last.
func (w *walker) current() *clock {
	if len(w.clocks) == 0 {
		return nil
	}
	return w.clocks[len(w.clocks)-1]
}

// morning applies what takes effect on day d.
func (w *walker) morning(d events.Date) {
	for ; w.next < len(w.facts.changes) && w.facts.changes[w.next].on <= d; w.next++ {
		c := w.facts.changes[w.next]
		w.apply(d, c)
	}
}

func (w *walker) apply(d events.Date, c change) {
	early := c.on < w.facts.enrollment.OccurredOn
	switch e := c.event.(type) {
	case *events.ServiceClosed:
		if w.enrolled && !early && c.on != w.facts.enrollment.OccurredOn {
			w.enrolled, w.outside = false, d
			w.noteLast(c.record)
		}
		return
	case *events.ServiceReopened:
		if early {
			return
		}
		w.reopen(d, e.Agency)
	case *events.TransferAccepted:
		if !early {
			w.agency = e.To
		}
	case *events.EligibilityEnded:
		if e.Cause == "departed" {
			w.departed = true
		} else {
			w.ended = true
		}
		w.noteLast(c.record)
		return
	case *events.ClientTurned18:
		w.minor = false
		return
	case *events.PlacementStarted:
		w.placed = true
	case *events.PlacementEnded:
		w.placed = false
	case *events.ExtensionRequested, *events.ExtensionDecided:
		w.granted = append(w.granted, c)
		return
	}
	w.pending = append(w.pending, c.record)
}

// noteLast notes a record that cuts a period short on that period.
func (w *walker) noteLast(record string) {
	if n := len(w.days); n > 0 && w.days[n-1].period != nil {
		w.days[n-1].period.note(record)
	}
}

// reopen enrolls again (R23).
func (w *walker) reopen(d events.Date, agency string) {
	w.agency = agency
	if w.enrolled {
		return
	}
	w.enrolled, w.stay = true, d
	w.departed = false // who is back is present again
	c := w.current()
	if c == nil || w.principal != nil {
		return
	}
	switch c.rules.reenrollment {
	case "restart":
		w.restart = true
	case "elapsed":
		w.elapse(c, d, d <= w.closing)
	}
}

// elapse counts the days outside as used, up to a letter that ends the clock (R20,
// R23).
func (w *walker) elapse(c *clock, until events.Date, known bool) {
	for x := w.outside; x < until; x++ {
		ended := !c.certified && w.letterBy(x, c.rules) != nil
		if ended && (c.rules.transition != "next_period_boundary" || !c.midPeriod()) {
			return
		}
		if c.dormant(x) { // it begins again with an enrolled day
			return
		}
		c.tick(x, known)
	}
}

// live lets day d go by.
func (w *walker) live(d events.Date) day {
	today := day{on: d, through: d}
	if w.enrolled {
		today.status, today.agency = w.status(d), w.agency
	}
	switch {
	case w.ended || w.departed || w.derivativeRate == "none" || w.noBenefit():
		today.reason = Ineligible
	case !w.enrolled:
		today.reason = AfterClosure
	}
	if today.reason != "" {
		w.extend()
		return today
	}
	p := w.tick(d)
	if p == nil {
		return today
	}
	p.note(w.pending...)
	w.pending = w.pending[:0]
	today.period = p
	if w.placed && p.clock.rules.urmPlacement == "excluded" {
		return today
	}
	today.payable = true
	if d <= w.closing {
		p.pay(d, w.agency)
	}
	return today
}

// noBenefit reports a derivative without a benefit date, which stands in for the
// letter date: nothing shows the status yet (R01, R06).
func (w *walker) noBenefit() bool {
	return w.facts.derivative() && w.principal == nil && w.facts.benefitDate() == 0
}

// tick finds the period of day d, opening a clock when one begins.
func (w *walker) tick(d events.Date) *period {
	if w.principal != nil {
		return w.principal.periodOn(d)
	}
	w.openClock(d)
	w.extend()
	c := w.current()
	if c == nil {
		return nil
	}
	if d == w.stay {
		c.resumed = d
	}
	p := c.tick(d, d <= w.closing)
	if p != nil {
		c.lastIn = d
	}
	return p
}

// extend gives today's extensions to the clock that runs or ended last; before the
// first clock they wait for it (R22).
func (w *walker) extend() {
	c := w.current()
	if c == nil {
		return
	}
	for _, g := range w.granted {
		// Where nothing needs a decision, a request is enough.
		counts := g.grant == byDecision || g.grant == byRequest && c.rules.approval == "none"
		if counts && !slices.Contains(w.extended, g.asked) {
			c.extend(g.on, g.record)
			w.extended = append(w.extended, g.asked)
		}
	}
	w.granted = w.granted[:0]
}

// countOutside counts the days outside so far in the evening of the closing date;
// they count for good only at a reopening.
func (w *walker) countOutside() {
	c := w.current()
	if c == nil || w.enrolled || c.rules.reenrollment != "elapsed" {
		return
	}
	soFar := c.clone()
	w.elapse(soFar, w.closing+1, true)
	c.used = soFar.used
}

// close says of every clock whether it has ended by the closing date: whether it
// does not go on from that day to the next. The end of the last period, a
// transition and a service closure end a clock (R17), and so does the end of
// eligibility.
func (w *walker) close() {
	today, next := w.on(w.closing), w.on(w.closing+1)
	for _, c := range w.ownClocks() {
		goesOn := today.runs(c) && next.runs(c)
		c.ended = !goesOn && c.start <= w.closing
	}
	for i := range w.days {
		today := &w.days[i]
		if today.period == nil || today.through > w.closing {
			continue
		}
		if c := today.period.clock; !w.on(today.through + 1).runs(c) {
			c.rested = today.through
		}
	}
}

// runs reports whether a clock runs on a day.
func (d *day) runs(c *clock) bool {
	return d != nil && d.period != nil && d.period.clock == c
}

// keep adds a day to those found, joining it to an equal one before it.
func (w *walker) keep(today day) {
	if n := len(w.days); n > 0 {
		last := w.days[n-1]
		last.on, last.through = today.on, today.through
		if last == today {
			w.days[n-1].through = today.on
			return
		}
	}
	w.days = append(w.days, today)
}

// explainGaps tells a gap from the end: enrolled days that nothing pays for lie
// in a gap when a payable day follows, and so do placed ones (R18).
func (w *walker) explainGaps() {
	later := false
	for i := len(w.days) - 1; i >= 0; i-- {
		today := &w.days[i]
		switch {
		case today.payable:
			later = true
		case today.period != nil: // placed in the URM programme
			today.reason = UnfundedGap
		case today.reason == "" && later:
			today.reason = UnfundedGap
		case today.reason == "":
			today.reason = AfterServicePeriod
		}
	}
}

// on finds what was found out about day d.
func (w *walker) on(d events.Date) *day {
	for i := range w.days {
		if w.days[i].on <= d && d <= w.days[i].through {
			return &w.days[i]
		}
	}
	return nil
}
