package compliance

import (
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
)

// The bounds of ordinary practice (ours), beside those of packages casework and caseload.
const (
	fileDays      = 30 // from enrollment to a complete file
	letterDays    = 30 // from HHS's letter to its receipt
	endingDays    = 10 // before the end of a clock by which the next step is settled
	monthlyFactor = 2  // times the monthly cap in one service period
	responseLimit = 60 // minutes to the answer to an emergency
)

// A finder yields the days on which exceptions stand, for one rule.
type finder[F any] func(file F, add func(span))

// within adds the part of s that lies in the given days, which are in order.
func within(days []policy.Span, s span, add func(span)) {
	for _, d := range days {
		if part := s; part.from <= d.To && d.From <= part.to {
			part.from, part.to = max(part.from, d.From), min(part.to, d.To)
			add(part)
		}
	}
}

// until returns the day before the first mark, or no end.
func until(m []mark) events.Date {
	if len(m) == 0 {
		return events.MaxDate
	}
	return m[0].on - 1
}

// leadGap finds enrolled days on which the supervisor leads because the lead left
// before a successor accepted.
func leadGap(c *caseFile, add func(span)) {
	for i, l := range c.leads {
		if !l.interim {
			continue
		}
		to := events.MaxDate
		if i+1 < len(c.leads) {
			to = c.leads[i+1].on - 1
		}
		within(c.enrolled, span{from: l.on, to: to, what: l.worker, day: l.on, evidence: []uint64{l.seq}}, add)
	}
}

func stalledHandOff(c *caseFile, add func(span)) {
	for _, h := range c.handOffs {
		to := events.MaxDate
		if h.answered != 0 {
			to = h.answered - 1
		}
		within(c.enrolled, span{from: h.on + caseload.StalledAfter, to: to, day: h.on, evidence: []uint64{h.seq}}, add)
	}
}

// noContact finds enrolled days more than a month after the last contact; the
// enrollment and a reopening are contacts.
func noContact(c *caseFile, add func(span)) {
	for _, e := range c.enrolled {
		last := mark{e.From, c.entry(e.From)}
		for _, m := range c.contacts {
			if m.on < e.From || m.on > e.To {
				continue
			}
			gap(last, m.on-1, add)
			last = m
		}
		gap(last, e.To, add)
	}
}

func gap(last mark, to events.Date, add func(span)) {
	if from := last.on + casework.ContactDays + 1; from <= to {
		add(span{from: from, to: to, day: last.on, evidence: []uint64{last.seq}})
	}
}

// entry returns the record that opened the enrolled days that begin on a day.
func (c *caseFile) entry(day events.Date) uint64 {
	for _, s := range c.stays {
		if s.on == day {
			return s.seq
		}
	}
	return c.enrollment.Sequence
}

func noPlan(c *caseFile, add func(span)) {
	to := events.MaxDate
	if len(c.plans) > 0 {
		to = c.plans[0].on - 1
	}
	within(c.enrolled, span{from: c.enrollment.OccurredOn + casework.PlanDays + 1, to: to, day: c.enrollment.OccurredOn, evidence: []uint64{c.enrollment.Sequence}}, add)
}

func planReview(c *caseFile, add func(span)) {
	for i, p := range c.plans {
		to := events.MaxDate
		if i+1 < len(c.plans) {
			to = c.plans[i+1].on - 1
		}
		within(c.enrolled, span{from: max(p.on, p.reviewOn+1), to: to, day: p.reviewOn, evidence: []uint64{p.seq}}, add)
	}
}

func noLanguage(c *caseFile, add func(span)) {
	to := events.MaxDate
	if c.language != "" {
		to = c.languageOn.on - 1
	}
	within(c.enrolled, span{from: c.enrollment.OccurredOn, to: to, evidence: []uint64{c.enrollment.Sequence}}, add)
}

// notInformed finds clients who were not told of a legal process within the month.
func notInformed(c *caseFile, add func(span)) {
	for _, about := range []string{"criminal_justice", "immigration"} {
		var told []mark
		for _, t := range c.informed {
			if t.about == about {
				told = append(told, t.mark)
			}
		}
		within(c.enrolled, span{from: c.enrollment.OccurredOn + casework.InformDays + 1, to: until(told), what: about,
			day: c.enrollment.OccurredOn, evidence: []uint64{c.enrollment.Sequence}}, add)
	}
}

// requiredDocuments are what the file of every client holds a month after
// enrollment (ours; the sources name the plan and the information on rights).
func requiredDocuments() []string {
	return []string{"intake_form", "rights_statement", "service_plan"}
}

func noDocument(c *caseFile, add func(span)) {
	for _, document := range requiredDocuments() {
		var on []mark
		for _, f := range c.documents {
			if f.document == document {
				on = append(on, f.mark)
			}
		}
		within(c.enrolled, span{from: c.enrollment.OccurredOn + fileDays + 1, to: until(on), what: document,
			day: c.enrollment.OccurredOn, evidence: []uint64{c.enrollment.Sequence}}, add)
	}
}

// expiredRelease finds referrals that go on although the client's release to the
// provider is over (R31).
func expiredRelease(c *caseFile, add func(span)) {
	for _, f := range c.referrals {
		var covered []policy.Span
		recipient := f.partner
		for _, r := range c.releases {
			if r.id == f.release {
				recipient = r.recipient
			}
		}
		for _, r := range c.releases {
			if (r.recipient == recipient || r.recipient == f.partner) && r.on <= r.through {
				covered = append(covered, policy.Span{From: r.on, To: r.through})
			}
		}
		to := events.MaxDate
		if f.closed != 0 {
			to = f.closed - 1
		}
		for _, bare := range minus([]policy.Span{{From: f.on, To: to}}, union(covered)) {
			within(c.enrolled, span{from: bare.From, to: bare.To, what: f.partner, day: bare.From - 1, evidence: c.releaseEvidence(f)}, add)
		}
	}
}

func (c *caseFile) releaseEvidence(f referral) []uint64 {
	evidence := []uint64{f.seq}
	for _, r := range c.releases {
		if r.id == f.release {
			evidence = append([]uint64{r.seq}, evidence...)
		}
	}
	return evidence
}

func slowResponse(c *caseFile, add func(span)) {
	for _, e := range c.emergencies {
		if e.minutes > responseLimit {
			add(span{from: e.on, to: yearLong(e.on), n: e.minutes, day: e.on, evidence: []uint64{e.seq}})
		}
	}
}

func staleBasis(c *caseFile, add func(span)) {
	for _, m := range c.stale {
		add(span{from: m.on, to: yearLong(m.on), day: m.on, evidence: []uint64{m.seq}})
	}
}

// expiredClock finds enrolled days after the end of a clock.
func expiredClock(c *caseFile, add func(span)) {
	e := c.entitlement
	if len(e.Clocks) == 0 {
		return
	}
	var served []policy.Span
	for i := range e.Clocks {
		for _, p := range e.Clocks[i].Periods {
			served = append(served, policy.Span{From: p.Start, To: p.End})
		}
	}
	served = union(served)
	for _, s := range minus(c.enrolled, served) {
		if s.From < served[0].From {
			continue
		}
		if !expired(e, s.From) {
			continue
		}
		within([]policy.Span{s}, span{from: s.From, to: events.MaxDate, day: s.From - 1, evidence: []uint64{c.enrollment.Sequence}}, add)
	}
}

// expired reports whether a day is unfunded because a clock is used up.
func expired(e *policy.Entitlement, day events.Date) bool {
	funded, reason, rule := e.Funding(day)
	return !funded && (reason == policy.AfterServicePeriod || reason == policy.UnfundedGap && rule == "R14")
}

// endingClock finds clocks that end within days while nobody has closed the case
// or asked for an extension. A clock that a letter or a closure cut short did not
// end of itself; each extension has an end of its own, and takes a request of its own.
func endingClock(c *caseFile, add func(span)) {
	for i := range c.entitlement.Clocks {
		k := &c.entitlement.Clocks[i]
		next := events.MaxDate
		if i+1 < len(c.entitlement.Clocks) {
			next = c.entitlement.Clocks[i+1].Start
		}
		asked := c.requests(k.Start, next)
		length := 0
		for j, p := range k.Periods {
			length += p.Length
			if j+1 < len(k.Periods) && !k.Periods[j+1].Extension || k.Used(p.End) < length || !p.Extension && j+1 < maximumPeriods(k) {
				continue
			}
			to := p.End
			if len(asked) > 0 {
				to, asked = min(to, asked[0].OccurredOn-1), asked[1:]
			}
			within(c.enrolled, span{from: p.End - endingDays, to: to, day: p.End, evidence: []uint64{c.enrollment.Sequence}}, add)
		}
	}
}

// requests returns the requests for an extension from a day on and before another.
func (c *caseFile) requests(from, before events.Date) (asked []policy.Source) {
	for _, r := range c.facts.Requests {
		if from <= r.OccurredOn && r.OccurredOn < before {
			asked = append(asked, r)
		}
	}
	return asked
}

func rateOf(k *policy.Clock) events.Rate {
	if k.Status == policy.PreCertified || k.Status == policy.PreEligible {
		return k.Policy.Rates.PreCertified
	}
	return k.Policy.Rates.Certified
}

func maximumPeriods(k *policy.Clock) int { return rateOf(k).MaximumPeriods }

// overBudget finds client expenses beyond a clock's overall budget (R16, R17).
func overBudget(c *caseFile, add func(span)) {
	spent := map[*policy.Clock]events.Cents{}
	found := map[*policy.Clock]*span{}
	for _, x := range c.facts.Expenses {
		k := c.entitlement.ClockOn(x.OccurredOn)
		if x.Reversed() || k == nil {
			continue
		}
		if spent[k] += x.Cents; spent[k] <= k.BudgetCents {
			continue
		}
		if found[k] == nil {
			found[k] = &span{from: x.OccurredOn, to: yearLong(x.OccurredOn), day: k.Start}
		}
		s := found[k]
		s.n = int(spent[k] - k.BudgetCents)
		s.evidence = append(s.evidence, x.Sequence)
	}
	for i := range c.entitlement.Clocks {
		if s := found[&c.entitlement.Clocks[i]]; s != nil {
			add(*s)
		}
	}
}

// overMonth finds service periods in which far more was spent than the monthly
// cap: one month may exceed it (R16), and it is looked at while there is time.
func overMonth(c *caseFile, add func(span)) {
	for i := range c.entitlement.Clocks {
		k := &c.entitlement.Clocks[i]
		for _, p := range k.Periods {
			s, spent := span{day: p.Start}, events.Cents(0)
			for _, x := range c.facts.Expenses {
				if x.Reversed() || x.OccurredOn < p.Start || x.OccurredOn > p.End {
					continue
				}
				spent += x.Cents
				s.evidence = append(s.evidence, x.Sequence)
				if limit := monthlyFactor * rateOf(k).ClientCents; spent > limit && s.from == 0 {
					s.from, s.to = x.OccurredOn, p.End+overMonthShown
				}
			}
			if s.from != 0 {
				s.n = int(spent)
				add(s)
			}
		}
	}
}

// overMonthShown is how many days after the service period it is shown.
const overMonthShown = 60

// refusedExpense finds expenses that R18 refuses reimbursement, but for those after
// the end of a clock.
func refusedExpense(c *caseFile, add func(span)) {
	c.refused(add, func(reason string, late bool) bool { return !late })
}

// lateExpense finds expenses after the end of a clock.
func lateExpense(c *caseFile, add func(span)) {
	c.refused(add, func(reason string, late bool) bool { return late })
}

func (c *caseFile) refused(add func(span), wanted func(reason string, late bool) bool) {
	for _, x := range c.facts.Expenses {
		if x.Reversed() {
			continue
		}
		funded, reason, _ := c.entitlement.Funding(x.OccurredOn)
		if !funded && wanted(reason, expired(c.entitlement, x.OccurredOn)) {
			add(span{from: x.OccurredOn, to: yearLong(x.OccurredOn), what: strings.ReplaceAll(reason, "_", " "), day: x.OccurredOn,
				n: int(x.Cents), evidence: []uint64{x.Sequence}})
		}
	}
}
