package aggregates

import (
	"iter"
	"slices"

	"caseledger/events"
)

// A Fact is one record of an aggregate, as much of it as deciding needs.
type Fact struct {
	ID      string      // ULID of the record
	Command string      // id of the command that recorded it
	Actor   string      // who gave it
	Type    string      // event type, such as "client.enrolled.v1"
	On      events.Date // effective date
	Event   events.Event
	// Withdrawn marks a fact that was taken back: it counts as if it had never been.
	Withdrawn bool
}

// A History is what an aggregate knows: its facts in order of record. Current
// standings are derived from the facts that stand, and never kept beside them,
// so that a fact taken back leaves no trace in any of them.
type History struct{ facts []Fact }

// Add appends a record; a withdrawal takes its fact back. The facts of a type that no
// decision looks into are kept without their event: decode says whether it is wanted.
func (h *History) Add(r *events.Record, decode bool) error {
	f := Fact{ID: r.ID, Command: r.CausationID, Actor: r.Actor, Type: r.Type, On: r.OccurredOn}
	if decode {
		e, err := r.Event()
		if err != nil {
			return err
		}
		f.Event = e
	}
	if w, ok := f.Event.(events.Withdrawal); ok {
		for i := range h.facts {
			if h.facts[i].ID == w.TakesBack() {
				h.facts[i].Withdrawn = true
			}
		}
	}
	h.facts = append(h.facts, f)
	return nil
}

// Len returns the number of records.
func (h *History) Len() int { return len(h.facts) }

// Find returns the fact, standing or withdrawn, with a record id or a command id.
func (h *History) Find(ref string) (Fact, bool) {
	for _, f := range h.facts {
		if f.ID == ref || f.Command == ref {
			return f, true
		}
	}
	return Fact{}, false
}

// Standing returns the facts that stand, in order of record.
func (h *History) Standing() iter.Seq[Fact] {
	return func(yield func(Fact) bool) {
		for _, f := range h.facts {
			if !f.Withdrawn && !yield(f) {
				return
			}
		}
	}
}

// ByDate returns the facts that stand in order of their effective dates, then of
// record. The facts of lastDay types, whose date is a last day, come after all
// others of that day. They must not be changed.
func (h *History) ByDate(lastDay ...string) []*Fact {
	facts := make([]*Fact, 0, len(h.facts))
	for i := range h.facts {
		if !h.facts[i].Withdrawn {
			facts = append(facts, &h.facts[i])
		}
	}
	slices.SortStableFunc(facts, func(a, b *Fact) int {
		if a.On != b.On {
			return int(a.On - b.On)
		}
		return rank(a, lastDay) - rank(b, lastDay)
	})
	return facts
}

func rank(f *Fact, lastDay []string) int {
	if slices.Contains(lastDay, f.Type) {
		return 1
	}
	return 0
}

// Of returns the standing facts whose event is an E, in order of record.
func Of[E events.Event](h *History) iter.Seq2[Fact, E] {
	return func(yield func(Fact, E) bool) {
		for f := range h.Standing() {
			if e, ok := f.Event.(E); ok && !yield(f, e) {
				return
			}
		}
	}
}

// Last returns the standing fact recorded last whose event is an E.
func Last[E events.Event](h *History) (fact Fact, event E, ok bool) {
	for f, e := range Of[E](h) {
		fact, event, ok = f, e, true
	}
	return fact, event, ok
}

// Withdrawal decides whether the fact that ref names, by record or command id,
// can be taken back: it returns its record id, or an empty string when it has
// been taken back already. final lists the types that never are, with what to do
// instead.
func (h *History) Withdrawal(ref string, final map[string]string) (string, *Refusal) {
	f, found := h.Find(ref)
	if !found {
		return "", Refuse("R24", "unknown_record", "there is no record %q here to take back", ref).On("record").
			WithHint("give the record id or the command id as the history shows it")
	}
	if hint, isFinal := final[f.Type]; isFinal {
		return "", Refuse("R24", "not_withdrawable", "a fact of type %s is not taken back", f.Type).
			On("record").WithHint("%s", hint).Citing(f.ID)
	}
	if f.Withdrawn {
		return "", nil
	}
	return f.ID, nil
}
