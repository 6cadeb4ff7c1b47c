package trace

import (
	"slices"

	"caseledger/events"
)

// moves lists the events that can stand behind an amount (R12–R25).
var moves = map[string]bool{
	"client.enrolled.v1": true, "client.corrected.v1": true, "client.turned-18.v1": true, "derivative.linked.v1": true,
	"letter.received.v1": true, "eligibility.ended.v1": true, "service.closed.v1": true, "service.reopened.v1": true,
	"transfer.accepted.v1": true, "placement.started.v1": true, "placement.ended.v1": true,
	"extension.requested.v1": true, "extension.decided.v1": true, "period.approved.v1": true,
	"expense.booked.v1": true, "expense.reversed.v1": true, "case-fact.withdrawn.v1": true, "policy.adopted.v1": true,
	"invoice.denied.v1": true, "review.decided.v1": true,
}

// checkEvents checks the records that a line names: each is one of the client's
// case, of the principal's, or a policy's, known when the invoice was made; and
// those that the recount cannot do without are among them.
func (s *stage) checkEvents(b *balance, n int, l *events.InvoiceLine) {
	for _, position := range l.Positions {
		r := s.find(position, s.prefix.of)
		switch {
		case position > s.event.Made.Sequence:
			s.differ(s.invoice, n+1, WrongEvents, "it names record #%d, which was recorded after #%d, what the invoice was made from", position, s.event.Made.Sequence)
		case r == nil:
			s.differ(s.invoice, n+1, WrongEvents, "it names record #%d, which is %s and not of client %s", position, s.describe(position), s.walk.caseFile.client)
		case !moves[r.Type] || r.Type == "expense.booked.v1" && r.ID != b.id:
			s.differ(s.invoice, n+1, WrongEvents, "it names record #%d, %s of %s, on which it does not rest", position, r.Type, r.Subject)
		}
	}
	for _, needed := range s.needed(b) {
		if !slices.Contains(l.Positions, needed) {
			s.differ(s.invoice, n+1, WrongEvents, "it does not name record #%d, %s, on which it rests", needed, s.describe(needed))
		}
	}
}

// needed returns the positions of the records without which nothing is entitled:
// the enrollment, the expense, the letter of a certified clock, and the policy.
func (s *stage) needed(b *balance) []uint64 {
	clock := b.now.clock
	if clock == nil {
		return nil // nothing is
	}
	positions := []uint64{s.enrollment(s.prefix.own)}
	if b.kind == 'c' {
		positions = append(positions, s.sequence(b.id))
	}
	if clock.Policy != "" {
		positions = append(positions, s.sequence(clock.Policy))
	}
	if s.now.Letter != "" && clock.Certified && slices.Contains(clock.Records, s.now.Letter) {
		positions = append(positions, s.sequence(s.now.Letter))
	}
	return positions
}

func (s *stage) describe(position uint64) string {
	r, err := s.ledger.Record(position)
	if err != nil {
		return "no record of the ledger"
	}
	return r.Type + " of " + string(r.Subject)
}

// checkCauses demands that an adjustment names records that came since the last
// invoice and can have caused it (R24).
func (s *stage) checkCauses(n int, l *events.InvoiceLine) {
	if !l.Adjustment {
		if len(l.Causes) > 0 {
			s.differ(s.invoice, n+1, WrongCauses, "it names causes and adjusts nothing")
		}
		return
	}
	if len(l.Causes) == 0 {
		s.differ(s.invoice, n+1, WrongCauses, "it adjusts what was billed before and names no cause")
	}
	since := uint64(0)
	if p := s.invoice.previous; p != nil {
		since = p.event.Made.Sequence
	}
	for _, position := range l.Causes {
		r := s.cause(position)
		if r == nil || !moves[r.Type] || position <= since || position >= s.record.Sequence {
			s.differ(s.invoice, n+1, WrongCauses, "it names record #%d, %s, which cannot have caused it since the last invoice, made from #%d",
				position, s.describe(position), since)
		}
	}
}

// cause returns the record at a position when it is one of the client's case or of
// the agency's billing.
func (s *stage) cause(position uint64) *events.Record {
	if r := s.find(position, s.prefix.of); r != nil {
		return r
	}
	r, err := s.ledger.Record(position)
	if err != nil || r.Subject != events.SubjectOf(events.KindBilling, s.walk.agency) {
		return nil
	}
	return r
}

// explain fills in the trace of a line for people to follow.
func (s *stage) explain(t *Line, b *balance, l *events.InvoiceLine) {
	t.Now, t.Then, t.Before, t.Kept = b.now.cents, b.then.cents, b.before, b.kept
	for _, e := range b.earlier {
		t.Earlier = append(t.Earlier, Earlier{e.of.event.Number, e.index + 1, e.Cents})
	}
	at := b.key
	if x := s.now.expenses[b.id]; b.kind == 'c' && x != nil && x.Clock > 0 {
		c := s.now.Clocks[x.Clock-1]
		at = key{kind: 'a', certified: c.Certified, clock: c.First, period: x.Period}
	}
	if p := s.now.periods[at]; p != nil {
		t.PeriodStart, t.PeriodEnd, t.Whole, t.RateCents, t.Paid = p.First, p.Last, p.Whole, p.RateCents, p.Days
	}
	if sequence := s.sequence(l.Policy); l.Policy != "" && sequence != 0 {
		t.Adopted = &s.references([]uint64{sequence})[0]
	}
	t.Behind, t.Caused = s.references(l.Positions), s.references(l.Causes)
}

// references looks records up; a position without a record has no type.
func (s *stage) references(positions []uint64) []Reference {
	list := []Reference{}
	for _, position := range positions {
		r, err := s.ledger.Record(position)
		if err != nil {
			list = append(list, Reference{Sequence: position})
			continue
		}
		list = append(list, refer(r))
	}
	return list
}
