// Package projtest makes streams of records by hand, for tests of projections.
package projtest

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"

	"caseledger/events"
)

// A Stream is a growing sequence of records with correct chains. The zero Stream
// is empty and ready. It is a source of projections; it is not safe for use
// while records are added.
type Stream struct {
	Messages []events.Message
	heads    map[events.Subject]*events.Record
}

// An Entry is one record to add.
type Entry struct {
	Subject events.Subject
	At      string // recorded at, RFC 3339; empty: noon of On
	On      string // effective date
	Event   events.Event
	Command string // empty: derived from the position
	Actor   string // empty: "tester"
	Agency  string
}

// Add appends a record and returns it.
func (s *Stream) Add(t testing.TB, e Entry) *events.Record {
	t.Helper()
	sequence := uint64(len(s.Messages)) + 1
	at := e.At
	if at == "" {
		at = e.On + "T12:00:00Z"
	}
	env := events.Envelope{
		ID: ID(sequence), Source: "test", Subject: e.Subject, Time: events.MustInstant(at), Version: 1,
		OccurredOn: events.MustDate(e.On), Actor: or(e.Actor, "tester"), Role: "case_manager", Agency: e.Agency,
		CausationID:   or(e.Command, "cmd-"+ID(sequence)),
		CommandDigest: events.HashOf([]byte(e.Command + e.On)),
	}
	if head := s.heads[e.Subject]; head != nil {
		env.Version, env.Previous = head.Version+1, head.Hash()
	}
	r, err := events.Encode(env, e.Event)
	if err != nil {
		t.Fatalf("add record #%d: %v", sequence, err)
	}
	if s.heads == nil {
		s.heads = map[events.Subject]*events.Record{}
	}
	s.heads[e.Subject] = r
	r.Sequence = sequence
	s.Messages = append(s.Messages, events.Message{Sequence: sequence, Subject: e.Subject, Data: r.Raw})
	return r
}

// Sealed stands for any identifying text.
var Sealed = events.SealedSecret("s1.1." + strings.Repeat("x", 80))

// ID returns the ULID of the record that [Stream.Add] puts at a position.
func ID(sequence uint64) string {
	var id ulid.ULID
	binary.BigEndian.PutUint64(id[8:], sequence)
	return id.String()
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Head returns the position of the last record.
func (s *Stream) Head(context.Context) (uint64, error) { return uint64(len(s.Messages)), nil }

// Read calls f with batches of 500 records.
func (s *Stream) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	for from <= to {
		if err := ctx.Err(); err != nil {
			return err
		}
		if from > uint64(len(s.Messages)) {
			return &events.DamageError{Sequence: from, Detail: "the stream ends before it"}
		}
		end := min(to, from+499, uint64(len(s.Messages)))
		if err := f(s.Messages[from-1 : end]); err != nil {
			return err
		}
		from = end + 1
	}
	return nil
}

// Until returns the stream as it was when it had n records.
func (s *Stream) Until(n int) *Stream { return &Stream{Messages: s.Messages[:n]} }
