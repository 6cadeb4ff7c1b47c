// Package prooftest makes small ledgers with keys and an archive, for tests of
// proof.
package prooftest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/projections/projtest"
	"caseledger/replay/archive"
	"caseledger/replay/checkpoint"
)

// Name is the name of every ledger made here.
const Name = "test"

// A Ledger is a stream of records with a genesis, its keys and its archive.
type Ledger struct {
	projtest.Stream
	Key     note.Verifier
	Private string
	Public  string
	Archive *archive.Archive
	// Looks is the stream ACCESS, and its archive.
	Looks        projtest.Stream
	LooksArchive *archive.Archive
	Actor        string // of the records that Grow adds
	grown        int
}

// New returns a ledger whose only record is its genesis.
func New(t testing.TB) *Ledger {
	t.Helper()
	l := &Ledger{}
	l.Private, l.Public, l.Key = Keys(t)
	l.Add(t, projtest.Entry{Subject: events.GenesisSubject, On: "2008-01-01", Event: &events.LedgerCreated{
		Name: Name, VerifierKey: l.Public, TimeZone: "America/New_York"}})
	l.Add(t, projtest.Entry{Subject: events.ProgrammeSubject, On: "2008-01-01", Event: &events.PolicyAdopted{Authority: "contract"}})
	a, err := archive.Create(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	l.Archive = a
	if l.LooksArchive, err = archive.Create(filepath.Join(a.Dir(), "access")); err != nil {
		t.Fatal(err)
	}
	l.Looked(t, 3)
	return l
}

// Looked adds n looks at clients' identifying data.
func (l *Ledger) Looked(t testing.TB, n int) {
	t.Helper()
	for i := range n {
		l.Looks.Add(t, projtest.Entry{Subject: events.SubjectOf(events.KindLook, fmt.Sprintf("C-%d", i%2)), On: "2008-02-01",
			Event: &events.IdentityRevealed{Class: events.IdentityKey, Grounds: "agency", Purpose: "casework", Shown: n}})
	}
}

// Keys returns fresh keys of a ledger.
func Keys(t testing.TB) (private, public string, key note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(nil, Name)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	return private, public, key
}

// Signer returns the ledger's signer.
func (l *Ledger) Signer(t testing.TB) note.Signer {
	t.Helper()
	s, err := note.NewSigner(l.Private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Clients is the number of clients, C-0 and so on, whose records [Ledger.Grow]
// adds in turn; those with an odd number have a letter too.
const Clients = 7

// Grow adds n records.
func (l *Ledger) Grow(t testing.TB, n int) {
	t.Helper()
	for range n {
		id := fmt.Sprintf("C-%d", l.grown%Clients)
		e := projtest.Entry{Subject: events.SubjectOf(events.KindCase, id), On: "2008-02-01", Actor: l.Actor,
			Event: &events.ServiceDelivered{Category: "housing", Note: projtest.Sealed}}
		if l.grown%Clients%2 == 1 && l.grown%3 == 0 {
			e.Subject, e.Event = events.SubjectOf(events.KindLetter, id), &events.LetterRequested{Kind: events.Certification, Agency: "A-1"}
		}
		l.Add(t, e)
		l.grown++
	}
}

// Issue brings the archive up to the stream and signs a checkpoint.
func (l *Ledger) Issue(t testing.TB) *checkpoint.State {
	t.Helper()
	if _, err := l.Archive.CatchUp(t.Context(), l, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := l.LooksArchive.CatchUp(t.Context(), &l.Looks, nil); err != nil {
		t.Fatal(err)
	}
	s, err := checkpoint.Issue(t.Context(), l.Archive, l.LooksArchive, l.Key, l.Signer(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// History returns the records of a subject.
func (l *Ledger) History(s events.Subject) (records []*events.Record, err error) {
	for _, m := range l.Messages {
		if m.Subject != s {
			continue
		}
		r, err := events.DecodeStrict(m.Sequence, m.Data)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// A Synthetic is the synthetic stream of package projtest behind a genesis.
type Synthetic struct {
	*projtest.Synthetic
	Key     note.Verifier
	Signer  note.Signer
	genesis []byte
}

// NewSynthetic returns a stream of about n records for measurements.
func NewSynthetic(t testing.TB, n int) *Synthetic {
	t.Helper()
	s := &Synthetic{Synthetic: projtest.NewSynthetic(t, n-1)}
	private, public, err := note.GenerateKey(nil, "synthetic")
	if err != nil {
		t.Fatal(err)
	}
	if s.Key, err = note.NewVerifier(public); err != nil {
		t.Fatal(err)
	}
	if s.Signer, err = note.NewSigner(private); err != nil {
		t.Fatal(err)
	}
	r, err := events.Encode(events.Envelope{
		ID: projtest.ID(1 << 40), Source: "synthetic", Subject: events.GenesisSubject, Version: 1,
		Time: events.MustInstant("2006-03-31T12:00:00Z"), OccurredOn: events.MustDate("2006-03-31"),
		Actor: "tester", Role: "operator", CausationID: "init", CommandDigest: events.HashOf(nil),
	}, &events.LedgerCreated{Name: "synthetic", VerifierKey: public, TimeZone: "America/New_York"})
	if err != nil {
		t.Fatal(err)
	}
	s.genesis = r.Raw
	return s
}

// Head returns the number of records.
func (s *Synthetic) Head(ctx context.Context) (uint64, error) {
	n, err := s.Synthetic.Head(ctx)
	return n + 1, err
}

// Read puts the genesis before the records.
func (s *Synthetic) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	if from <= 1 {
		if err := f([]events.Message{{Sequence: 1, Data: s.genesis}}); err != nil {
			return err
		}
	}
	if to < 2 {
		return nil
	}
	return s.Synthetic.Read(ctx, max(from, 2)-1, to-1, func(batch []events.Message) error {
		for i := range batch {
			batch[i].Sequence++
		}
		return f(batch)
	})
}
