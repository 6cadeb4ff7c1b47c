package trace

import (
	"cmp"
	"slices"

	"caseledger/events"
)

// A stage is one invoice of one client: what was billed before it, what is due by
// it, and its lines.
type stage struct {
	*walk
	*invoice
	prefix   prefix
	previous events.Date // closing date of the agency's last invoice; 0 for none
	now      *known      // at the closing date
	then     *known      // at the previous one, as known now
	balances []*balance
	byKey    map[key]*balance
	expenses events.Cents // client expenses due
	standing events.ClientStanding
}

// A balance is what one key comes to.
type balance struct {
	key
	now, then entitled
	before    events.Cents // billed before, all of it
	kept      events.Cents // of that, not taken back although past the end (R25)
	earlier   []billed
	adjusting []int // indices of the lines of this invoice that adjust
	accruing  []int // and of those that bill what is new
}

func (s *stage) check() (err error) {
	if p := s.invoice.previous; p != nil {
		s.previous = min(p.event.Closing, s.event.Closing)
	}
	made := s.event.Made.Sequence
	if s.now, _, err = s.at(made, s.event.Closing); err != nil {
		return err
	}
	s.then = nothing
	if s.previous != 0 {
		if s.then, _, err = s.at(made, s.previous); err != nil {
			return err
		}
	}
	s.weigh()
	for _, b := range s.balances {
		if b.kind == 'x' {
			continue
		}
		s.settle(b, b.adjusting, b.then.cents-b.before+b.kept, true)
		s.settle(b, b.accruing, b.now.cents-b.then.cents, false)
		if b.kind == 'c' {
			s.expenses += b.now.cents - b.before + b.kept
		}
	}
	s.clearAdvances()
	s.checkStanding()
	return nil
}

// weigh gathers everything that the invoice can bill for the client, by key.
func (s *stage) weigh() {
	s.byKey = map[key]*balance{}
	for _, b := range s.billed {
		of := s.balance(keyOf(&b.BilledKey))
		of.before += b.Cents
		of.kept += s.kept(b)
		of.earlier = append(of.earlier, b)
	}
	for k, e := range s.then.agencies[s.walk.agency] {
		s.balance(k).then = e
	}
	for k, e := range s.now.agencies[s.walk.agency] {
		s.balance(k).now = e
	}
	for _, n := range s.byClient[s.walk.caseFile.client] {
		l := &s.lines[n]
		b := s.balance(keyOf(&l.BilledKey))
		if l.Adjustment {
			b.adjusting = append(b.adjusting, n)
		} else {
			b.accruing = append(b.accruing, n)
		}
	}
	slices.SortFunc(s.balances, func(a, b *balance) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.clock, b.clock), cmp.Compare(a.period, b.period), cmp.Compare(a.id, b.id))
	})
}

func (s *stage) balance(k key) *balance {
	b := s.byKey[k]
	if b == nil {
		b = &balance{key: k}
		s.byKey[k] = b
		s.balances = append(s.balances, b)
	}
	return b
}

// kept returns the part of a billed amount that is not taken back although a letter
// that became known later ended the clock before its days: it is under review, or
// left paid by a decision or by the policy (R25).
func (s *stage) kept(b billed) events.Cents {
	if b.Kind == cleared || s.now.Letter == "" || s.sequence(s.now.Letter) <= b.of.event.Made.Sequence {
		return 0
	}
	all, past := s.now.past(b.Start, b.End)
	if past == 0 {
		return 0
	}
	kept := share(b.Cents, past, all)
	recovers, decided := s.reviews[keyOf(&b.BilledKey)]
	treatment := "automatic"
	if len(s.now.Clocks) > 0 {
		treatment = s.now.Clocks[0].Retro
	}
	switch {
	case decided && recovers, !decided && treatment == "automatic":
		return 0
	case decided, treatment == "harmless":
		s.standing.LeftPaidCents += kept
	default:
		s.standing.UnderReviewCents += kept
	}
	return kept
}

// share is the part of an amount that so many of all days weigh; a cent that is left
// over goes to the larger remainder, at a tie to the other days (R15).
func share(amount events.Cents, days, all int) events.Cents {
	if amount < 0 {
		return -share(-amount, days, all)
	}
	weighed := amount * events.Cents(days)
	part, rest := weighed/events.Cents(all), weighed%events.Cents(all)
	if 2*rest > events.Cents(all) {
		part++
	}
	return part
}

// clearAdvances sets what is due for client expenses off against advances, oldest
// first (R19), and compares.
func (s *stage) clearAdvances() {
	due := max(0, s.expenses)
	for _, d := range s.advances {
		if d.record.OccurredOn > s.event.Closing {
			continue // a line about it is found below
		}
		b := s.byKey[key{kind: 'x', id: d.record.ID}]
		if b == nil {
			b = &balance{key: key{kind: 'x', id: d.record.ID}}
		}
		left := d.cents - d.settled + b.before
		off := min(left, due)
		due -= off
		s.standing.AdvanceOutstandingCents += left - off
		s.settle(b, slices.Concat(b.adjusting, b.accruing), -off, false)
		b.adjusting, b.accruing = nil, nil
	}
	for _, b := range s.balances {
		if b.kind == 'x' { // of advances that the agency never had for the client
			s.settle(b, slices.Concat(b.adjusting, b.accruing), 0, false)
		}
	}
}

func (s *stage) checkStanding() {
	s.standing.Client = s.walk.caseFile.client
	stated := events.ClientStanding{Client: s.walk.caseFile.client}
	for _, one := range s.event.Standings {
		if one.Client == s.walk.caseFile.client {
			stated = one
		}
	}
	if stated != s.standing {
		s.differ(s.invoice, 0, WrongStanding, "of client %s it states %s under review, %s left paid and %s of advances outstanding; the recount comes to %s, %s and %s",
			s.walk.caseFile.client, stated.UnderReviewCents, stated.LeftPaidCents, stated.AdvanceOutstandingCents,
			s.standing.UnderReviewCents, s.standing.LeftPaidCents, s.standing.AdvanceOutstandingCents)
	}
}

// settle compares the lines of one key with what is due of it. When there are
// several, the first is the one that counts.
func (s *stage) settle(b *balance, lines []int, due events.Cents, adjusts bool) {
	if len(lines) == 0 && due != 0 {
		s.missing(b, due, adjusts)
	}
	for i, n := range lines {
		if i > 0 {
			due = 0
		}
		s.line(b, n, due, i > 0)
	}
}
