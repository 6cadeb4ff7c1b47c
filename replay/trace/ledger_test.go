package trace_test

import (
	"fmt"
	"slices"
	"testing"

	"caseledger/events"
	"caseledger/events/memlog"
	"caseledger/replay/trace"
)

// A book is a ledger in memory. Whatever is added to it goes through the log, as a
// forger's record would.
type book struct {
	*testing.T
	log   memlog.Log
	heads map[events.Subject]*events.Record
	count int
}

func newBook(t *testing.T) *book { return &book{T: t, heads: map[events.Subject]*events.Record{}} }

// add appends an event of a day, recorded that noon, and returns its record.
func (b *book) add(subject events.Subject, on string, event events.Event) *events.Record {
	b.Helper()
	b.count++
	envelope := events.Envelope{
		ID: fmt.Sprintf("01ARZ3NDEKTSV4RRFFQ6%06d", b.count), Source: "test", Subject: subject,
		Time: events.MustInstant(on + "T17:00:00Z"), Version: 1, OccurredOn: events.MustDate(on),
		Actor: "amy", Role: "operator", CausationID: fmt.Sprint("C", b.count), CommandDigest: events.HashOf([]byte{1}),
	}
	expected := uint64(0)
	if head := b.heads[subject]; head != nil {
		expected, envelope.Version, envelope.Previous = head.Sequence, head.Version+1, head.Hash()
	}
	r, err := events.Encode(envelope, event)
	if err != nil {
		b.Fatal(err)
	}
	if r.Sequence, err = b.log.Append(b.Context(), subject, expected, r.ID, r.Raw); err != nil {
		b.Fatal(err)
	}
	b.heads[subject] = r
	return r
}

// made is the position that an invoice can be made from now.
func (b *book) made() events.LedgerPosition {
	last := events.LedgerPosition{}
	for _, r := range b.heads {
		if r.Sequence > last.Sequence {
			last = events.LedgerPosition{Sequence: r.Sequence, Hash: r.Hash()}
		}
	}
	return last
}

func (b *book) read(f func(trace.Ledger) error) error { return f(reading{b}) }

// reading is a book as a trace reads it.
type reading struct{ *book }

func (r reading) History(subject events.Subject) (records []*events.Record, err error) {
	messages, err := r.log.History(r.Context(), subject)
	for _, m := range messages {
		record, err := events.Decode(m.Sequence, m.Data)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, err
}

func (r reading) Record(sequence uint64) (found *events.Record, err error) {
	head, err := r.log.Head(r.Context())
	if err == nil && (sequence == 0 || sequence > head) {
		return nil, fmt.Errorf("there is no record #%d", sequence)
	}
	err = r.log.Read(r.Context(), sequence, sequence, func(batch []events.Message) error {
		found, err = events.Decode(sequence, batch[0].Data)
		return err
	})
	return found, err
}

func (r reading) SubjectsAfter(kind events.Kind, after events.Subject, limit int) (found []events.Subject) {
	for s := range r.heads {
		if s.Kind() == kind && s > after {
			found = append(found, s)
		}
	}
	slices.Sort(found)
	return found[:min(limit, len(found))]
}
