package trace

import (
	"slices"

	"caseledger/events"
)

// A walk goes through one agency's billing of one client, from the first invoice to
// the last.
type walk struct {
	*collector
	*caseFile
	agency   string
	billed   []billed
	advances []*advance
	reviews  map[key]bool // newest decision: take back
	// touched says that a step moved the account since the last stage, and last what
	// that stage rested on, when nothing could change after it.
	touched bool
	last    prefix
	quiet   bool
}

// A billed line stands until its invoice is denied.
type billed struct {
	of    *invoice
	index int // of the line
	*events.InvoiceLine
}

type advance struct {
	record  *events.Record
	cents   events.Cents
	settled events.Cents
}

func (w *walk) run(a *account) error {
	for i := range a.steps {
		if err := w.step(&a.steps[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) step(s *step) error {
	switch {
	case s.issued != nil:
		return w.invoice(s.issued)
	case s.denied != nil:
		before := len(w.billed)
		w.billed = slices.DeleteFunc(w.billed, func(b billed) bool { return b.of == s.denied })
		w.touched = w.touched || len(w.billed) != before
	case s.advance != nil:
		if s.advance.Client == w.client {
			w.advances = append(w.advances, &advance{record: s.record, cents: s.advance.AmountCents})
			w.touched = true
		}
	case s.review != nil:
		if s.review.Client == w.client {
			w.review(s.review)
		}
	case s.settled != nil:
		for _, d := range w.advances {
			if d.record.ID == s.settled.Advance {
				d.settled += s.settled.AmountCents
				w.touched = true
			}
		}
	}
	return nil
}

func (w *walk) review(e *events.ReviewDecided) {
	if w.reviews == nil {
		w.reviews = map[key]bool{}
	}
	for i := range e.Lines {
		w.reviews[keyOf(&e.Lines[i].BilledKey)] = e.Recover
	}
	w.touched = true
}

// invoice checks an invoice as far as it is about the client, and takes it in.
func (w *walk) invoice(i *invoice) error {
	lines := i.byClient[w.client]
	made := i.event.Made.Sequence
	if first, named := w.named[w.agency]; len(lines) == 0 && len(w.billed) == 0 && (!named || first > made) {
		return nil
	}
	p, err := w.prefix(made, i.event.Closing)
	if err != nil {
		return err
	}
	same := w.last
	same.closing = p.closing
	if len(lines) == 0 && w.quiet && !w.touched && p == same {
		return nil
	}
	s := stage{walk: w, invoice: i, prefix: p}
	if err := s.check(); err != nil {
		return err
	}
	for _, n := range lines {
		w.billed = append(w.billed, billed{i, n, &i.lines[n]})
	}
	latest := events.Date(0)
	for _, r := range w.moving[:p.own] {
		latest = max(latest, r.OccurredOn)
	}
	w.last, w.touched, w.quiet = p, len(lines) > 0, s.now.quiet(i.event.Closing, latest)
	return nil
}
