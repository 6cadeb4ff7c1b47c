package history_test

import (
	"errors"
	"slices"
	"testing"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/history"
	"caseledger/projections/projtest"
)

func snapshot(t *testing.T, s *projtest.Stream, f func(*projections.Snapshot)) {
	t.Helper()
	projtest.Ask(t, s, func(snap *projections.Snapshot) error { f(snap); return nil })
}

func stream(t *testing.T) *projtest.Stream {
	s := &projtest.Stream{}
	for _, subject := range []events.Subject{"case/C-7QK", "letter/C-7QK", "case/C-8AA", "case/C-7QK", "letter/C-7QK", "letter/C-8ZZ"} {
		var e events.Event = &events.ServiceDelivered{Category: "housing"}
		if subject.Kind() == events.KindLetter {
			e = &events.BonaFideApplied{}
		}
		s.Add(t, projtest.Entry{Subject: subject, On: "2009-01-05", Event: e})
	}
	return s
}

// Given a client with a case and letters, then both come in the stream's order,
// byte for byte, and stay readable after the snapshot.
func TestClient(t *testing.T) {
	s := stream(t)
	var records []*events.Record
	snapshot(t, s, func(snap *projections.Snapshot) {
		var err error
		if records, err = history.Client(snap, "C-7QK"); err != nil {
			t.Fatal(err)
		}
		past, err := snap.AsOf(4)
		if err != nil {
			t.Fatal(err)
		}
		if then, err := history.Client(past, "C-7QK"); err != nil || len(then) != 3 {
			t.Errorf("as of #4: %d records, %v, want 3", len(then), err)
		}
		var missing *projections.NotFoundError
		if _, err := history.Client(snap, "C-9"); !errors.As(err, &missing) {
			t.Errorf("%v, want a not found error", err)
		}
	})
	var sequences []uint64
	for _, r := range records {
		sequences = append(sequences, r.Sequence)
		if string(r.Raw) != string(s.Messages[r.Sequence-1].Data) {
			t.Errorf("record #%d is not the exact record", r.Sequence)
		}
	}
	if want := []uint64{1, 2, 4, 5}; !slices.Equal(sequences, want) {
		t.Errorf("positions %v, want %v", sequences, want)
	}
	if err := history.Verify(records); err != nil {
		t.Error(err)
	}
	var broken *projections.ChainError
	if err := history.Verify(slices.Delete(records, 0, 1)); !errors.As(err, &broken) || broken.Sequence != 4 {
		t.Errorf("%v, want a chain error at #4", err)
	}
}

func TestResolve(t *testing.T) {
	snapshot(t, stream(t), func(snap *projections.Snapshot) {
		for name, want := range map[string]string{"C-7QK": "C-7QK", "c-7": "C-7QK", "C-8Z": "C-8ZZ", " c-8aa ": "C-8AA"} {
			if got, err := history.Resolve(snap, name); got != want || err != nil {
				t.Errorf("%q is %q, %v, want %q", name, got, err, want)
			}
		}
		var ambiguous *history.AmbiguousError
		if _, err := history.Resolve(snap, "C-8"); !errors.As(err, &ambiguous) || len(ambiguous.Candidates) != 2 {
			t.Errorf("C-8: %v, want two candidates", err)
		}
		var missing *projections.NotFoundError
		for _, name := range []string{"D", "", "C 7"} {
			if _, err := history.Resolve(snap, name); !errors.As(err, &missing) {
				t.Errorf("%q: %v, want a not found error", name, err)
			}
		}
	})
}
