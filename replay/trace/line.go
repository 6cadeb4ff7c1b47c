package trace

import (
	"fmt"
	"slices"

	"caseledger/events"
)

// line compares one line with what is due of it, and everything else that it says
// with the records.
func (s *stage) line(b *balance, n int, due events.Cents, again bool) {
	l := &s.lines[n]
	t := s.collector.trace(s, b, n, due)
	if l.Cents != due {
		problem, text := s.wrongAmount(b, l, due, again)
		s.differAmount(s.invoice, n+1, problem, l.Cents, due, "%s", text)
	}
	switch b.kind {
	case 'a':
		s.checkPeriod(b, n, l)
	case 'c':
		s.checkExpense(b, n, l)
	default:
		s.checkClearing(n, l)
	}
	if b.kind != 'x' {
		s.checkPolicy(b, n, l)
		s.checkEvents(b, n, l)
		s.checkCauses(n, l)
	}
	if t != nil {
		s.explain(t, b, l)
	}
}

// missing reports something due that has no line.
func (s *stage) missing(b *balance, due events.Cents, adjusts bool) {
	what := "is due"
	if adjusts {
		what = "is due as an adjustment"
	}
	s.differAmount(s.invoice, 0, MissingLine, 0, due, "client %s: %s of %s %s and has no line", s.walk.caseFile.client, due, b.name(), what)
}

func (b *balance) name() string {
	switch b.kind {
	case 'c':
		return "expense " + b.id
	case 'x':
		return "advance " + b.id
	}
	rate := "pre-certified"
	if b.certified {
		rate = "certified"
	}
	return fmt.Sprintf("period %d of the %s clock from %s", b.period, rate, b.clock)
}

// wrongAmount says what is wrong with an amount: another agency's, billed before,
// or only not what the records come to.
func (s *stage) wrongAmount(b *balance, l *events.InvoiceLine, due events.Cents, again bool) (Problem, string) {
	at := fmt.Sprintf("%s is billed for %s, and %s is due", l.Cents, b.name(), due)
	more := l.Cents > due
	switch {
	case again:
		return BilledTwice, at + ": another line of this invoice bills it"
	case b.kind == 'c' && s.now.expenses[b.id] == nil && len(b.earlier) == 0:
		return NoSuchExpense, fmt.Sprintf("%s: the client has no such expense by %s as known at #%d", at, s.event.Closing, s.event.Made.Sequence)
	case b.kind == 'c' && s.now.expenses[b.id] != nil && s.now.expenses[b.id].Agency != s.walk.agency:
		return OtherAgency, fmt.Sprintf("%s: agency %s spent it", at, s.now.expenses[b.id].Agency)
	case more && len(b.earlier) > 0 && b.before >= b.now.cents:
		e := b.earlier[len(b.earlier)-1]
		return BilledTwice, fmt.Sprintf("%s: line %d of invoice %d billed it already", at, e.index+1, e.of.event.Number)
	case b.kind == 'a' && more:
		if other := s.otherAgency(l); other != "" && s.now.days(s.walk.agency, b.key, l.Start, l.End) == 0 {
			return OtherAgency, fmt.Sprintf("%s: from %s to %s the client was with agency %s", at, l.Start, l.End, other)
		}
		if p := s.now.periods[b.key]; p == nil {
			return WrongAmount, fmt.Sprintf("%s: the client has no such period by %s as known at #%d", at, s.event.Closing, s.event.Made.Sequence)
		}
	}
	return WrongAmount, at
}

// otherAgency returns the agency that paid days of a line's range are with when it
// is not this one.
func (s *stage) otherAgency(l *events.InvoiceLine) string {
	for _, span := range s.now.Spans {
		if span.Payable && span.Agency != s.walk.agency && span.From <= l.End && span.Through >= l.Start {
			return span.Agency
		}
	}
	return ""
}

// checkPeriod checks days and dates of an administrative line.
func (s *stage) checkPeriod(b *balance, n int, l *events.InvoiceLine) {
	days := s.now.days(s.walk.agency, b.key, l.Start, l.End)
	if l.Days != days {
		text := fmt.Sprintf("it counts %d days from %s to %s, and %d are paid to agency %s", l.Days, l.Start, l.End, days, s.walk.agency)
		problem := WrongDays
		if other := s.otherAgency(l); l.Days > days && other != "" {
			problem, text = OtherAgency, text+"; others are with agency "+other
		}
		s.differ(s.invoice, n+1, problem, "%s", text)
	}
	from, to := s.previous+1, s.event.Closing
	if l.Adjustment {
		from, to = 0, s.previous
	}
	switch all := s.now.days(s.walk.agency, b.key, from, to); {
	case l.Start > l.End || l.Start > s.event.Closing:
		s.differ(s.invoice, n+1, WrongDates, "it runs from %s to %s, and the invoice closes at %s", l.Start, l.End, s.event.Closing)
	case all != 0 && b.now.clock != nil && s.now.days(s.walk.agency, b.key, max(from, l.Start), min(to, l.End)) != all:
		s.differ(s.invoice, n+1, WrongDates, "it runs from %s to %s, and leaves out some of the %d days that are paid up to %s", l.Start, l.End, all, to)
	}
}

// checkExpense checks the dates of a line about an expense that stands.
func (s *stage) checkExpense(b *balance, n int, l *events.InvoiceLine) {
	if x := s.now.expenses[b.id]; x != nil && (l.Start != x.On || l.End != x.On) {
		s.differ(s.invoice, n+1, WrongDates, "it runs from %s to %s, and the expense is of %s", l.Start, l.End, x.On)
	}
	if l.Days != 0 {
		s.differ(s.invoice, n+1, WrongDays, "it counts %d days, and an expense has none", l.Days)
	}
}

func (s *stage) checkClearing(n int, l *events.InvoiceLine) {
	if l.Rule != "R19" {
		s.differ(s.invoice, n+1, WrongRule, "it cites %s, and advances are cleared under R19", l.Rule)
	}
	for _, d := range s.advances {
		if d.record.ID == l.Advance && !slices.Equal(l.Positions, []uint64{d.record.Sequence}) {
			s.differ(s.invoice, n+1, WrongEvents, "it names the records %v, and the advance is #%d", l.Positions, d.record.Sequence)
		}
	}
}

// checkPolicy checks the rule and the policy that a line cites. What is not
// entitled any more nets under R24, with no policy behind it.
func (s *stage) checkPolicy(b *balance, n int, l *events.InvoiceLine) {
	rule, clock := "R15", b.now.clock
	if b.kind == 'c' {
		rule = "R17"
	}
	if clock == nil {
		clock = b.then.clock
	}
	adopted := ""
	if clock == nil {
		rule = "R24"
	} else {
		adopted = clock.Policy
	}
	if l.Rule != rule {
		s.differ(s.invoice, n+1, WrongRule, "it cites %s, and the amount follows from %s", l.Rule, rule)
	}
	if l.Policy != adopted {
		s.differ(s.invoice, n+1, WrongPolicy, "it cites %s, and its clock keeps %s", policyName(l.Policy), policyName(adopted))
	}
}

func policyName(record string) string {
	if record == "" {
		return "the rulebook's defaults"
	}
	return "the policy of record " + record
}
