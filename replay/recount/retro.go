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

// pastNewEnd compares, for each letter that became known after its date, what
// had been payable by then without it with what is payable now.
func pastNewEnd(w *walker, caseRecords, programme, principal []*events.Record) ([]PastNewEnd, error) {
	var found []PastNewEnd
	for _, l := range w.facts.letters {
		newEnd := w.newEnd(l)
		known := min(w.closing, l.received-1)
		if newEnd == 0 || newEnd >= known {
			continue
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
		p := PastNewEnd{Letter: l.record, NewEnd: newEnd, Treatment: w.treatment(l),
			Days:                until.payableDays() - then.payableDays(),
			AdministrativeCents: until.Total.AdministrativeCents - then.Total.AdministrativeCents,
			ClientCents:         paidAfter(until, newEnd)}
		if p.Days > 0 {
			found = append(found, p)
		}
	}
	return found, nil
}

// newEnd is the end of the clock that a back-dated letter opened, when it ran out;
// 0 when the letter opened none, or was known on its day.
func (w *walker) newEnd(l *letter) events.Date {
	if l != w.letter || l.effective >= l.received {
		return 0
	}
	for _, c := range w.clocks {
		if c.certified && c.periodOn(events.MaxDate) == nil {
			return max(l.effective, c.lastDay(len(c.periods)))
		}
	}
	return 0
}

// treatment is the setting of the clock that the letter found.
func (w *walker) treatment(l *letter) string {
	for _, c := range slices.Backward(w.clocks) {
		if c.start < l.effective {
			return c.rules.retroPastEnd
		}
	}
	return w.book.on(l.effective).retroPastEnd
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
