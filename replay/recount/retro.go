package recount

import (
	"slices"

	"caseledger/events"
)

// PastNewEnd is what lay beyond the new end when a back-dated letter shortened a
// clock: payable as far as was known before the letter came, and not after (R25).
type PastNewEnd struct {
	Letter              string // record
	NewEnd              events.Date
	Days                int // past the new end, before the letter was known
	AdministrativeCents events.Cents
	ClientCents         events.Cents
	Treatment           string // automatic, under_review or harmless
}

// pastNewEnd compares, for each clock that ran out and that a letter opened which
// became known after its date, what had been payable by then without the letter
// with what is payable now.
func pastNewEnd(w *walker, caseRecords, programme, principal []*events.Record) ([]PastNewEnd, error) {
	var found []PastNewEnd
	for i, c := range w.clocks {
		l := c.letter
		if l == nil || c.since >= l.received || c.periodOn(events.MaxDate) != nil {
			continue
		}
		newEnd := max(c.since, c.lastDay(len(c.periods)))
		known := min(w.closing, l.received-1)
		if newEnd >= known {
			continue
		}
		treatment := c.rules.retroPastEnd
		if i > 0 { // the clock that the letter shortened
			treatment = w.clocks[i-1].rules.retroPastEnd
		}
		before := slices.Clone(caseRecords[:l.beforeRecord])
		until, err := Client(before, programme, principal, known)
		if err != nil {
			return nil, err
		}
		then, err := Client(before, programme, principal, newEnd)
		if err != nil {
			return nil, err
		}
		p := PastNewEnd{Letter: l.record, NewEnd: newEnd, Treatment: treatment,
			Days:                until.payableDays() - then.payableDays(),
			AdministrativeCents: until.Total.AdministrativeCents - then.Total.AdministrativeCents,
			ClientCents:         paidAfter(until, newEnd)}
		if p.Days > 0 {
			found = append(found, p)
		}
	}
	return found, nil
}

func (r *Result) payableDays() int {
	n := 0
	for _, c := range r.Clocks {
		for _, p := range c.Periods {
			n += p.Days
		}
	}
	return n
}

func paidAfter(r *Result, d events.Date) events.Cents {
	var sum events.Cents
	for _, e := range r.Expenses {
		if e.On > d {
			sum += e.PaidCents
		}
	}
	return sum
}
