package app

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events/jetstream"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/checkpoint"
)

// VerifyOptions say against what records are verified.
type VerifyOptions struct {
	FromArchive bool
	Checkpoints map[string][]byte // by the name of the file; each must be signed by Key
	Key         note.Verifier     // nil: the one that the ledger's first record names
	Progress    func(done, total uint64)
}

// Verify verifies every record of both streams, or of their archives, against the
// given checkpoints and everything that the ledger has at hand: the archive, its
// checkpoint and heads, and the copy of the last checkpoint. The files of the archive are
// verified too.
func (l *Ledger) Verify(ctx context.Context, o VerifyOptions) (*audit.Report, error) {
	a, looks, err := l.archives(o.FromArchive)
	if err != nil {
		return nil, err
	}
	if o.Key == nil {
		if o.Key, err = l.Key(); err != nil {
			return nil, err
		}
	}
	expect, expectLooks, err := l.expectations(a, looks, o)
	if err != nil {
		return nil, err
	}
	for _, x := range []*archive.Archive{a, looks} {
		if x == nil {
			continue
		}
		if err := x.Check(ctx); err != nil {
			return nil, err
		}
	}
	var from, fromLooks audit.Source = l.Log, looks
	if o.FromArchive {
		from = a
	} else if fromLooks, err = l.openLooks(ctx); err != nil {
		return nil, err
	}
	r, err := audit.Verify(ctx, from, expect, o.Progress)
	if err != nil || o.FromArchive && looks == nil && len(expectLooks) == 0 {
		return r, err
	}
	if o.FromArchive && looks == nil {
		return nil, &NoArchiveError{l.Place.LooksArchiveDir()}
	}
	if r.Looks, err = audit.VerifyLooks(ctx, fromLooks, r.Ledger, expectLooks, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", jetstream.Access, err)
	}
	return r, nil
}

// archives returns both archives, nil for one that the ledger does not have.
func (l *Ledger) archives(needed bool) (a, looks *archive.Archive, err error) {
	a, err = l.Archive(false)
	if errors.Is(err, archive.ErrNotFound) && !needed {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	looks, err = l.LooksArchive(false)
	if errors.Is(err, archive.ErrNotFound) {
		return a, nil, nil
	}
	return a, looks, err
}

func (l *Ledger) expectations(a, looks *archive.Archive, o VerifyOptions) (expect, expectLooks []audit.Expectation, err error) {
	signed := map[string][]byte{}
	for name, b := range o.Checkpoints {
		signed[name] = b
	}
	if promised, err := l.promise(); err != nil {
		return nil, nil, err
	} else if promised != nil {
		signed["the last checkpoint"] = promised
	}
	for name, b := range signed {
		s, err := checkpoint.Open(b, o.Key)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		expect = append(expect, audit.Expect(name, s.Checkpoint, nil))
		if of, said := s.Looks(); said {
			expectLooks = append(expectLooks, audit.Expect(name, of, nil))
		}
	}
	if looks != nil {
		tree := looks.Tree()
		expectLooks = append(expectLooks, audit.Expectation{What: "the archive", Size: uint64(tree.N), Root: tree.Hash})
	}
	if a == nil {
		return expect, expectLooks, nil
	}
	tree := a.Tree()
	expect = append(expect, audit.Expectation{What: "the archive", Size: uint64(tree.N), Root: tree.Hash})
	l.proof.Lock() // the heads belong to the checkpoint
	s, err := checkpoint.Load(a, o.Key)
	l.proof.Unlock()
	if errors.Is(err, checkpoint.ErrNone) {
		return expect, expectLooks, nil
	}
	if err != nil {
		return nil, nil, err
	}
	root := s.Heads.Root()
	return append(expect, audit.Expectation{What: "the archive's checkpoint and heads", Size: s.Signed.Size, Root: s.Signed.Root, Heads: &root}), expectLooks, nil
}
