// Package planted puts things out of line into a programme in which nothing is: it
// drops, changes and adds records as mistakes and neglect would, and says what a
// monitor should find. It knows nothing of the rules that find it.
package planted

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"

	"github.com/oklog/ulid/v2"

	"caseledger/events"
	"caseledger/projections"
)

// A Fact is a record that is not yet in its place: versions, hashes and positions
// come when the programme is recorded anew.
type Fact struct {
	events.Envelope
	Event events.Event
	// Outdated cites, as what the decision rested on, the version before the one that
	// was the last when it was recorded.
	Outdated bool
}

// A Programme is a ledger's facts, to be changed. It is not safe for concurrent use.
type Programme struct {
	facts []*Fact
	made  uint64 // facts that were added
}

// Read takes the facts out of a source.
func Read(ctx context.Context, src projections.Source) (*Programme, error) {
	head, err := src.Head(ctx)
	if err != nil {
		return nil, err
	}
	p := &Programme{}
	err = src.Read(ctx, 1, head, func(batch []events.Message) error {
		for _, m := range batch {
			r, err := events.Decode(m.Sequence, m.Data)
			if err != nil {
				return err
			}
			e, err := r.Event()
			if err != nil {
				return err
			}
			p.facts = append(p.facts, &Fact{Envelope: r.Envelope, Event: e})
		}
		return nil
	})
	return p, err
}

// Clone returns a programme whose facts can be dropped and added without changing p.
// An event must be replaced, not changed, see [change].
func (p *Programme) Clone() *Programme {
	c := &Programme{facts: make([]*Fact, len(p.facts)), made: p.made}
	for i, f := range p.facts {
		copied := *f
		c.facts[i] = &copied
	}
	return c
}

// drop takes out the facts that are wanted out.
func (p *Programme) drop(out func(*Fact) bool) { p.facts = slices.DeleteFunc(p.facts, out) }

// add records a fact on its own day, in the evening.
func (p *Programme) add(subject events.Subject, on events.Date, e events.Event) *Fact {
	p.made++
	var id ulid.ULID
	id[0] = 0x01
	binary.BigEndian.PutUint64(id[8:], p.made)
	f := &Fact{Event: e, Envelope: events.Envelope{
		ID: id.String(), Source: p.facts[0].Source, Subject: subject, OccurredOn: on,
		Time: events.MustInstant(on.String()+"T22:00:00Z") + events.Instant(p.made), Actor: "planted", Role: "case_manager",
		CausationID: "planted-" + id.String(), CommandDigest: events.HashOf(id[:]),
	}}
	p.facts = append(p.facts, f)
	return f
}

// change replaces a fact's event by a changed copy.
func change[E any](f *Fact, by func(*E)) {
	copied := *f.Event.(any).(*E)
	by(&copied)
	f.Event = any(&copied).(events.Event)
}

// Record makes a source of the facts, in the order of their times, with chains that
// hold. What decisions rested on are the last versions of that moment.
func (p *Programme) Record() (*Source, error) {
	slices.SortStableFunc(p.facts, func(a, b *Fact) int { return cmp.Compare(a.Time, b.Time) })
	s := &Source{}
	heads := map[events.Subject][]events.Reference{}
	for i, f := range p.facts {
		event := f.Event
		if basis := basisOf(event); len(basis) > 0 {
			event = restOn(event, heads, f.Outdated)
		}
		env := f.Envelope
		known := heads[env.Subject]
		env.Version, env.Previous = uint64(len(known))+1, events.Hash{}
		if n := len(known); n > 0 {
			env.Previous = known[n-1].Hash
		}
		r, err := events.Encode(env, event)
		if err != nil {
			return nil, fmt.Errorf("encode fact %d, %s of %s: %w", i+1, env.Type, env.Subject, err)
		}
		heads[env.Subject] = append(known, events.Reference{Subject: env.Subject, Version: env.Version, Hash: r.Hash()})
		s.messages = append(s.messages, events.Message{Sequence: uint64(i + 1), Subject: env.Subject, Data: r.Raw})
	}
	return s, nil
}

// basisOf returns what a decision rested on.
func basisOf(e events.Event) []events.Reference {
	f := reflect.ValueOf(e).Elem().FieldByName("Basis")
	if !f.IsValid() {
		return nil
	}
	basis, _ := f.Interface().([]events.Reference)
	return basis
}

// restOn returns a copy of an event that cites the last versions, or the ones before.
func restOn(e events.Event, heads map[events.Subject][]events.Reference, outdated bool) events.Event {
	copied := reflect.New(reflect.TypeOf(e).Elem())
	copied.Elem().Set(reflect.ValueOf(e).Elem())
	var basis []events.Reference
	for _, ref := range basisOf(e) {
		known := heads[ref.Subject]
		n := len(known) - 1
		if outdated {
			n = max(0, n-1)
		}
		if n >= 0 && len(known) > 0 {
			basis = append(basis, known[n])
		}
	}
	copied.Elem().FieldByName("Basis").Set(reflect.ValueOf(basis))
	return copied.Interface().(events.Event)
}

// A Source is a recorded programme.
type Source struct{ messages []events.Message }

// Head implements [projections.Source].
func (s *Source) Head(context.Context) (uint64, error) { return uint64(len(s.messages)), nil }

// Read implements [projections.Source].
func (s *Source) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	for ; from <= to && ctx.Err() == nil; from += 500 {
		if err := f(s.messages[from-1 : min(to, from+499)]); err != nil {
			return err
		}
	}
	return ctx.Err()
}
