// Package bundle answers one question: is this a person's whole history, as the
// ledger promised it?
//
// A bundle is one file that holds a person's case and letter records, the policies in force and
// the ledger's first record, with everything that proves, to somebody who has
// the ledger's public key and nothing else, that no record in it was altered and none is left out. Of
// other clients it holds hashes only. It is text, in this order, every line ended by a line feed:
//
//	caseledger bundle 1
//	client ID
//	checkpoint LENGTH          then LENGTH bytes: the signed checkpoint
//	heads LENGTH               then LENGTH bytes: the signed note of the heads of the same size
//	subject SUBJECT COUNT STEPS    for ledger/GENESIS, programme/PROGRAMME, case/ID and letter/ID,
//	HASH                       STEPS times: the proof of the subject's last record, see package heads
//	other LEAF                 only where COUNT is 0: the subject that stands at the end of the way, or -
//	records COUNT
//	record SEQUENCE LENGTH     COUNT times, in order: then LENGTH bytes, the exact record, and a line feed
//	proof COUNT
//	HASH                       COUNT times: the proof of the records, see below
//	end SHA256                 over all bytes before this line, 64 hexadecimal digits
//
// HASH is 32 bytes and LEAF 72 bytes in base64; numbers are decimal. There is one way to
// write a bundle; any other is refused.
//
// What is checked: both notes are signed by the key; every record is well formed and of the ledger; a
// subject's records are COUNT versions from 1 on, each with the hash of the one before; the last is what the
// heads say, or the heads say that there is none; and all records stand at their positions below the root of the
// checkpoint.
//
// The proof of the records holds the roots of the largest subtrees (RFC 6962) without any of the records,
// from left to right: with them, all records together give the root. That is far
// shorter than a proof for each.
//
// An auditor's bundle proves what was billed for the client, too. It begins with
//
//	caseledger auditor's bundle 1
//
// and has, after the four subjects, one more for the case of each principal that the client's case ever
// names, and then one for the billing of each agency that it names, both in order. Which those
// are follows from the client's records, and is checked. It holds other clients' lines, as the
// invoices do, with their coded ids.
package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/checkpoint"
	"caseledger/replay/heads"
)

// MaxSize bounds a bundle in bytes.
const MaxSize = 256 << 20

// A file is a bundle taken apart.
type file struct {
	auditor    bool
	client     string
	checkpoint []byte
	heads      []byte
	subjects   []subject
	records    []record
	proof      []tlog.Hash
}

type subject struct {
	name  events.Subject
	count int
	proof heads.Proof
}

type record struct {
	sequence uint64
	raw      []byte
}

// subjectsOf lists the subjects of every bundle of a client, in order.
func subjectsOf(client string) []events.Subject {
	return []events.Subject{
		events.GenesisSubject, events.ProgrammeSubject,
		events.SubjectOf(events.KindCase, client), events.SubjectOf(events.KindLetter, client),
	}
}

// A History returns all records of a subject in order, up to any position at or
// after the checkpoint's.
type History func(events.Subject) ([]*events.Record, error)

// Make makes the bundle of a client as of a checkpoint, and checks it. log proves
// that records stand where they do.
func Make(client string, state *checkpoint.State, log checkpoint.Log, history History, key note.Verifier) ([]byte, error) {
	if err := events.CheckID(client); err != nil {
		return nil, err
	}
	return build(&file{client: client}, subjectsOf(client), state, log, history, key)
}

// build fills a bundle with subjects, and checks it.
func build(f *file, subjects []events.Subject, state *checkpoint.State, log checkpoint.Log, history History, key note.Verifier) ([]byte, error) {
	size := state.Signed.Size
	f.checkpoint, f.heads = state.Signed.Note, state.Note
	for _, name := range subjects {
		proof, err := state.Heads.Prove(name)
		if err != nil {
			return nil, err
		}
		all, err := history(name)
		if err != nil {
			return nil, err
		}
		s := subject{name: name, proof: proof}
		for _, r := range all {
			if r.Sequence <= size {
				s.count++
				f.records = append(f.records, record{r.Sequence, r.Raw})
			}
		}
		f.subjects = append(f.subjects, s)
	}
	slices.SortFunc(f.records, func(a, b record) int { return int(int64(a.sequence - b.sequence)) })
	leaves := make([]int64, len(f.records))
	for i, r := range f.records {
		leaves[i] = int64(r.sequence) - 1
	}
	var err error
	if f.proof, err = prove(int64(size), leaves, log); err != nil {
		return nil, fmt.Errorf("make the bundle of %s: %w", f.client, err)
	}
	b := f.marshal()
	if _, err := Check(b, key); err != nil {
		return nil, fmt.Errorf("make the bundle of %s: what the views know is not what was signed: %w", f.client, err)
	}
	return b, nil
}

// A RefusedError reports a bundle that proves nothing.
type RefusedError struct{ Reason error }

func (e *RefusedError) Error() string { return "check the bundle: " + e.Reason.Error() }
func (e *RefusedError) Unwrap() error { return e.Reason }

// A Proven is what a bundle proves.
type Proven struct {
	Client     string
	Checkpoint *checkpoint.Signed
	Ledger     events.LedgerCreated
	Records    []*events.Record // the client's case and letter, in order; none: the ledger has none
	Policies   []*events.Record
	Genesis    *events.Record
	// Auditor says that it is an auditor's bundle. Billing are then the records of
	// the agencies' billing, in order.
	Auditor bool
	Billing []*events.Record

	bySubject map[events.Subject][]*events.Record
}

// Check verifies a bundle by the ledger's key and nothing else, and the
// cosignatures of the given witnesses. A bundle that does not hold in any of its
// bytes yields a [*RefusedError].
func Check(b []byte, key note.Verifier, witnesses ...note.Verifier) (*Proven, error) {
	p, err := check(b, key, witnesses)
	if err != nil {
		return nil, &RefusedError{err}
	}
	return p, nil
}

func check(b []byte, key note.Verifier, witnesses []note.Verifier) (*Proven, error) {
	f, err := parse(b)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(f.marshal(), b) {
		return nil, errors.New("it was altered, or is not written as a bundle is")
	}
	p := &Proven{Client: f.client, Auditor: f.auditor}
	if p.Checkpoint, err = checkpoint.Open(f.checkpoint, key, witnesses...); err != nil {
		return nil, err
	}
	h, err := checkpoint.OpenHeads(f.heads, key, p.Checkpoint.Checkpoint)
	if err != nil {
		return nil, err
	}
	if err := f.checkInclusion(p.Checkpoint.Checkpoint); err != nil {
		return nil, err
	}
	bySubject, err := f.decode(p.Checkpoint.Origin)
	if err != nil {
		return nil, err
	}
	names, err := f.demanded(bySubject)
	if err != nil {
		return nil, err
	}
	if err := f.checkComplete(names, bySubject, h.Root); err != nil {
		return nil, err
	}
	p.bySubject = bySubject
	for _, name := range names {
		if name.Kind() == events.KindBilling {
			p.Billing = append(p.Billing, bySubject[name]...)
		}
	}
	p.Policies = bySubject[events.ProgrammeSubject]
	for _, name := range subjectsOf(f.client)[2:] {
		p.Records = append(p.Records, bySubject[name]...)
	}
	slices.SortFunc(p.Records, func(a, b *events.Record) int { return int(int64(a.Sequence - b.Sequence)) })
	return p, p.genesis(bySubject[events.GenesisSubject])
}

func (p *Proven) genesis(records []*events.Record) error {
	if len(records) != 1 || records[0].Sequence != 1 {
		return errors.New("the ledger's first record is not in it")
	}
	e, err := records[0].Event()
	if err != nil {
		return err
	}
	created, ok := e.(*events.LedgerCreated)
	if !ok || created.Name != p.Checkpoint.Origin {
		return errors.New("the ledger's first record names another ledger")
	}
	p.Ledger, p.Genesis = *created, records[0]
	return nil
}

// checkInclusion demands that all records stand where they are said to.
func (f *file) checkInclusion(c checkpoint.Checkpoint) error {
	leaves := make([]leaf, len(f.records))
	for i, r := range f.records {
		if r.sequence == 0 || r.sequence > c.Size || i > 0 && r.sequence <= f.records[i-1].sequence {
			return fmt.Errorf("record #%d is out of order or beyond the checkpoint", r.sequence)
		}
		leaves[i] = leaf{int64(r.sequence) - 1, tlog.RecordHash(r.raw)}
	}
	root, err := rootOf(int64(c.Size), leaves, f.proof)
	if err != nil {
		return err
	}
	if root != c.Root {
		return errors.New("its records are not those that the ledger signed")
	}
	return nil
}

// decode reads the records, each of a subject of the bundle.
func (f *file) decode(origin string) (map[events.Subject][]*events.Record, error) {
	bySubject := map[events.Subject][]*events.Record{}
	var names []events.Subject
	for _, s := range f.subjects {
		names = append(names, s.name)
	}
	for _, r := range f.records {
		decoded, err := events.DecodeStrict(r.sequence, r.raw)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(names, decoded.Subject) {
			return nil, fmt.Errorf("record #%d is of %s, which the bundle is not about", r.sequence, decoded.Subject)
		}
		if decoded.Source != origin {
			return nil, fmt.Errorf("record #%d is of the ledger %q", r.sequence, decoded.Source)
		}
		bySubject[decoded.Subject] = append(bySubject[decoded.Subject], decoded)
	}
	return bySubject, nil
}

// checkComplete demands that each subject's records are a chain from its first
// version to the last one that the heads know.
func (f *file) checkComplete(names []events.Subject, bySubject map[events.Subject][]*events.Record, root tlog.Hash) error {
	for i, name := range names {
		if i >= len(f.subjects) || f.subjects[i].name != name {
			return fmt.Errorf("it does not say what there is of %s", name)
		}
		s, records := f.subjects[i], bySubject[name]
		var head heads.Head
		for _, r := range records {
			if r.Version != head.Version+1 || r.Previous != head.Hash {
				return fmt.Errorf("record #%d of %s does not follow the one before it", r.Sequence, name)
			}
			head = heads.Head{Version: r.Version, Hash: r.Hash()}
		}
		last := &head
		if len(records) == 0 {
			last = nil
		}
		if s.count != len(records) {
			return fmt.Errorf("it holds %d records of %s and says %d", len(records), name, s.count)
		}
		if err := s.proof.Check(root, name, last); err != nil {
			return fmt.Errorf("%s: its records are not all that the ledger has, or not its own: %w", name, err)
		}
	}
	if len(f.subjects) != len(names) {
		return errors.New("it is about more than it should be")
	}
	return nil
}
