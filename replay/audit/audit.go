// Package audit answers one question: are the records what they were, all of
// them?
//
// It reads every record from the first on, judges it strictly, hashes it, demands
// that it continues its subject and that no position is left out, and compares the Merkle
// roots on the way with what was promised: checkpoints, heads, the other copy.
package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"caseledger/events"
	"caseledger/replay/checkpoint"
	"caseledger/replay/heads"
	"caseledger/replay/inorder"
)

// A Source is where the records are read from: the stream or the archive.
type Source interface {
	Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error
	Head(ctx context.Context) (uint64, error)
}

// An Expectation is what somebody says of the first records.
type Expectation struct {
	What  string // who says it, such as a file's name
	Size  uint64
	Root  tlog.Hash
	Heads *tlog.Hash // root of the heads; nil: nothing is said
}

// Expect returns what a checkpoint says, and with it the heads if they are given.
func Expect(what string, c checkpoint.Checkpoint, h *checkpoint.Heads) Expectation {
	e := Expectation{What: what, Size: c.Size, Root: c.Root}
	if h != nil {
		e.Heads = &h.Root
	}
	return e
}

// A MismatchError reports records that are not what was said of them.
type MismatchError struct {
	Expectation
	Head  uint64     // of the records
	Root  *tlog.Hash // at the expectation's size; nil when the records end before
	Heads *tlog.Hash // when it is they that differ
}

func (e *MismatchError) Error() string {
	switch {
	case e.Root == nil:
		return fmt.Sprintf("compare the records with %s: it knows #%d, and they end at #%d", e.What, e.Size, e.Head)
	case e.Heads != nil:
		return fmt.Sprintf("compare the records with %s: at #%d the last records of the subjects are others: root %s instead of %s",
			e.What, e.Size, *e.Heads, *e.Expectation.Heads)
	}
	return fmt.Sprintf("compare the records with %s: the records up to #%d are others: root %s instead of %s", e.What, e.Size, *e.Root, e.Expectation.Root)
}

// A Report is what was found when everything was right.
type Report struct {
	Ledger   events.LedgerCreated `json:"ledger"`
	Records  uint64               `json:"records"`
	Bytes    uint64               `json:"bytes"`
	Subjects int                  `json:"subjects"`
	Root     tlog.Hash            `json:"root"`
	Heads    tlog.Hash            `json:"heads"`
	Last     events.Hash          `json:"last"` // of the last record
	Held     []string             `json:"held"` // expectations that hold

	// Looks is the same of the stream ACCESS, where that was verified too.
	Looks *Report `json:"looks,omitempty"`
}

// Verify reads and verifies all records up to the head that src has now. The
// first thing that is wrong is returned as an error: [*events.DamageError] for a
// position, [*heads.ChainError] for a subject, [*MismatchError] for an expectation, or what
// the strict decoder says of a record. progress may be nil. Work is done on all cores.
func Verify(ctx context.Context, src Source, expect []Expectation, progress func(done, total uint64)) (*Report, error) {
	v := &verifier{heads: heads.New()}
	v.belongs = v.belongsToLedger
	return v.run(ctx, src, expect, progress)
}

// VerifyLooks is [Verify] for the records of the stream ACCESS: looks at identifying
// data, all of one ledger. It may hold none.
func VerifyLooks(ctx context.Context, src Source, ledger events.LedgerCreated, expect []Expectation, progress func(done, total uint64)) (*Report, error) {
	v := &verifier{heads: heads.New()}
	v.Ledger, v.belongs = ledger, v.belongsToLooks
	return v.run(ctx, src, expect, progress)
}

func (v *verifier) run(ctx context.Context, src Source, expect []Expectation, progress func(done, total uint64)) (*Report, error) {
	head, err := src.Head(ctx)
	if err != nil {
		return nil, err
	}
	expect = slices.Clone(expect)
	slices.SortStableFunc(expect, func(a, b Expectation) int { return cmp.Compare(a.Size, b.Size) })
	v.head, v.expect = head, expect
	err = inorder.Run(ctx, func(ctx context.Context, emit func([]events.Message) error) error {
		return src.Read(ctx, 1, head, emit)
	}, judge, func(batch []judged) error {
		for i := range batch {
			if err := v.add(&batch[i]); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(v.Records, head)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v.finish()
}

// A judged record has passed what can be said of it alone.
type judged struct {
	record *events.Record
	hash   events.Hash
	leaf   tlog.Hash
}

func judge(batch []events.Message) ([]judged, error) {
	out := make([]judged, len(batch))
	for i, m := range batch {
		r, err := events.DecodeStrict(m.Sequence, m.Data)
		if err != nil {
			return nil, err
		}
		if m.Subject != "" && m.Subject != r.Subject {
			return nil, &events.DamageError{Sequence: m.Sequence, Detail: fmt.Sprintf("it is of %s and stands under %s", r.Subject, m.Subject)}
		}
		out[i] = judged{r, events.HashOf(m.Data), tlog.RecordHash(m.Data)}
	}
	return out, nil
}

// A verifier takes records in order.
type verifier struct {
	Report
	head   uint64
	expect []Expectation // in order of size; what was reached is cut off
	heads  *heads.Tree
	tree   frontier

	belongs func(*events.Record) error // to what is verified
}

func (v *verifier) add(j *judged) error {
	if j.record.Sequence != v.Records+1 {
		return &events.DamageError{Sequence: v.Records + 1, Detail: fmt.Sprintf("record #%d comes in its place", j.record.Sequence)}
	}
	if err := v.belongs(j.record); err != nil {
		return err
	}
	if err := v.reached(); err != nil {
		return err
	}
	if err := v.heads.Follow(j.record, j.hash); err != nil {
		return err
	}
	v.Records++
	v.Bytes += uint64(len(j.record.Raw))
	v.Last = j.hash
	v.tree.add(j.leaf)
	return nil
}

// belongsToLedger demands that the first record is the genesis, no other is, and all are
// of the ledger that it names.
func (v *verifier) belongsToLedger(r *events.Record) error {
	if (r.Sequence == 1) != (r.Subject == events.GenesisSubject) {
		return &events.DamageError{Sequence: r.Sequence, Detail: "the genesis is the first record and no other"}
	}
	if r.Sequence == 1 {
		e, err := r.Event()
		if err != nil {
			return err
		}
		v.Ledger = *e.(*events.LedgerCreated)
	}
	return v.fromLedger(r)
}

func (v *verifier) belongsToLooks(r *events.Record) error {
	if r.Subject.Kind() != events.KindLook {
		return &events.DamageError{Sequence: r.Sequence, Detail: fmt.Sprintf("it is of %s, which is no look", r.Subject)}
	}
	return v.fromLedger(r)
}

func (v *verifier) fromLedger(r *events.Record) error {
	if r.Source != v.Ledger.Name {
		return &events.DamageError{Sequence: r.Sequence, Detail: fmt.Sprintf("it is of the ledger %q, not of %q", r.Source, v.Ledger.Name)}
	}
	return nil
}

// reached checks the expectations at the size that was reached.
func (v *verifier) reached() error {
	for len(v.expect) > 0 && v.expect[0].Size == v.Records {
		e := v.expect[0]
		root := v.tree.root()
		if root != e.Root {
			return &MismatchError{Expectation: e, Head: v.head, Root: &root}
		}
		if e.Heads != nil {
			if h := v.heads.Root(); h != *e.Heads {
				return &MismatchError{Expectation: e, Head: v.head, Root: &root, Heads: &h}
			}
		}
		v.Held = append(v.Held, e.What)
		v.expect = v.expect[1:]
	}
	return nil
}

func (v *verifier) finish() (*Report, error) {
	if v.Records != v.head {
		return nil, &events.DamageError{Sequence: v.Records + 1, Detail: fmt.Sprintf("the records end before #%d", v.head)}
	}
	if err := v.reached(); err != nil {
		return nil, err
	}
	if len(v.expect) > 0 {
		return nil, &MismatchError{Expectation: v.expect[0], Head: v.head}
	}
	v.Root, v.Heads, v.Subjects = v.tree.root(), v.heads.Root(), v.heads.Len()
	return &v.Report, nil
}

// A frontier is what is needed of a Merkle tree to let it grow: the hash of the
// complete subtree of 2^i leaves for each bit i of the number of leaves.
type frontier struct {
	size  uint64
	nodes [64]tlog.Hash
}

func (f *frontier) add(leaf tlog.Hash) {
	level := 0
	for ; f.size>>level&1 == 1; level++ {
		leaf = tlog.NodeHash(f.nodes[level], leaf)
	}
	f.nodes[level] = leaf
	f.size++
}

func (f *frontier) root() tlog.Hash {
	var hash tlog.Hash
	for level, first := 0, true; f.size>>level > 0; level++ {
		switch {
		case f.size>>level&1 == 0:
		case first:
			hash, first = f.nodes[level], false
		default:
			hash = tlog.NodeHash(f.nodes[level], hash)
		}
	}
	if f.size == 0 {
		return tlog.Hash(events.HashOf(nil))
	}
	return hash
}
