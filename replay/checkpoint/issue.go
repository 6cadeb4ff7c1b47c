package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/replay/archive"
	"caseledger/replay/heads"
	"caseledger/replay/inorder"
)

// A State is a checkpoint with the heads of its size.
type State struct {
	Signed *Signed
	Note   []byte // signed note of the heads
	Heads  *heads.Tree
}

// ErrNone reports an archive without a checkpoint.
var ErrNone = errors.New("no checkpoint was signed yet")

// headsFile is where the heads at a size lie in an archive, and their note.
func headsFile(size uint64) (tree, signed string) {
	return fmt.Sprintf("heads/%d", size), fmt.Sprintf("heads/%d.note", size)
}

// Load returns the checkpoint of an archive and the heads of its size, verified
// by the ledger's key.
func Load(a *archive.Archive, key note.Verifier, witnesses ...note.Verifier) (*State, error) {
	signed, err := a.Checkpoint()
	if err != nil {
		return nil, err
	}
	if signed == nil {
		return nil, fmt.Errorf("read archive %s: %w", a.Dir(), ErrNone)
	}
	s := &State{}
	if s.Signed, err = Open(signed, key, witnesses...); err != nil {
		return nil, err
	}
	return s, s.loadHeads(a, key)
}

func (s *State) loadHeads(a *archive.Archive, key note.Verifier) (err error) {
	treeFile, noteFile := headsFile(s.Signed.Size)
	if s.Note, err = a.File(noteFile); err != nil {
		return err
	}
	h, err := OpenHeads(s.Note, key, s.Signed.Checkpoint)
	if err != nil {
		return err
	}
	b, err := a.File(treeFile)
	if err != nil {
		return err
	}
	s.Heads, err = heads.Unmarshal(b, h.Root)
	if err != nil {
		return &archive.DamageError{Path: filepath.Join(a.Dir(), treeFile), Detail: err.Error()}
	}
	return nil
}

// Issue signs a checkpoint of all records of an archive, and of all looks of another one, which is nil
// for a ledger that has none. earlier are signed
// checkpoints that are kept elsewhere; every one of them and the archive's own must be
// consistent with both, else a [*ForkError] is returned and nothing is
// signed. New records must continue their subjects, else a [*heads.ChainError]. When
// neither archive has grown, the checkpoint is returned as it is. progress may be nil.
func Issue(ctx context.Context, a, looks *archive.Archive, key note.Verifier, signer note.Signer, earlier [][]byte, progress func(done, total uint64)) (*State, error) {
	own, err := a.Checkpoint()
	if err != nil {
		return nil, err
	}
	if own != nil {
		earlier = append([][]byte{own}, earlier...)
	}
	for _, signed := range earlier {
		s, err := Open(signed, key)
		if err != nil {
			return nil, err
		}
		if err := consistentWithBoth(s.Checkpoint, a, looks); err != nil {
			return nil, err
		}
	}
	tree := a.Tree()
	next := Checkpoint{Origin: key.Name(), Size: uint64(tree.N), Root: tree.Hash}
	if looks != nil {
		tree := looks.Tree()
		next.Access = Access{uint64(tree.N), tree.Hash}
	}
	state, err := Load(a, key)
	if err == nil && state.Signed.Checkpoint == next {
		return state, nil
	}
	from, all := uint64(0), heads.New()
	if err == nil {
		from, all = state.Signed.Size, state.Heads
	}
	// Heads that are lost or damaged, which may show as late as here, are made again
	// from the first record on.
	err = Follow(ctx, a, all, from, uint64(tree.N), progress)
	var damaged *heads.DamageError
	if errors.As(err, &damaged) {
		all = heads.New()
		err = Follow(ctx, a, all, 0, uint64(tree.N), progress)
	}
	if err != nil {
		return nil, err
	}
	return put(a, key, signer, Heads{all.Root(), next}, all)
}

// consistentWithBoth proves that a checkpoint's records and looks are the first ones
// of the archives.
func consistentWithBoth(c Checkpoint, a, looks *archive.Archive) error {
	if _, err := Consistent(c, a); err != nil {
		return err
	}
	l, said := c.Looks()
	switch {
	case !said:
		return nil
	case looks == nil:
		return &ForkError{Signed: l}
	}
	_, err := Consistent(l, looks)
	return err
}

// put signs and stores a checkpoint: its heads first, so that a checkpoint is
// never there without them.
func put(a *archive.Archive, key note.Verifier, signer note.Signer, h Heads, all *heads.Tree) (*State, error) {
	signedHeads, err := Sign(h.Text(), signer)
	if err != nil {
		return nil, err
	}
	signed, err := Sign(h.Checkpoint.Text(), signer)
	if err != nil {
		return nil, err
	}
	s, err := Open(signed, key)
	if err != nil {
		return nil, fmt.Errorf("the signing key is not the one that the ledger's first record names: %w", err)
	}
	treeFile, noteFile := headsFile(h.Checkpoint.Size)
	for _, f := range []struct {
		name string
		data []byte
	}{{treeFile, all.Marshal()}, {noteFile, signedHeads}, {archive.CheckpointFile, signed}} {
		if err := a.PutFile(f.name, f.data); err != nil {
			return nil, err
		}
	}
	return &State{s, signedHeads, all}, a.Prune("heads", filepath.Base(treeFile), filepath.Base(noteFile))
}

// PutHeads stores the signed note of the heads of a checkpoint, and the heads
// themselves, unverified: [Load] does that. Either may be nil.
func PutHeads(a *archive.Archive, of *Signed, signed, tree []byte) error {
	if of == nil {
		return fmt.Errorf("write archive %s: heads belong to a checkpoint", a.Dir())
	}
	treeFile, noteFile := headsFile(of.Size)
	if signed != nil {
		return a.PutFile(noteFile, signed)
	}
	return a.PutFile(treeFile, tree)
}

// Follow brings heads from one size to another by the records in between.
func Follow(ctx context.Context, src archive.Source, all *heads.Tree, from, to uint64, progress func(done, total uint64)) error {
	if from == to {
		return nil
	}
	type decoded struct {
		record *events.Record
		hash   events.Hash
	}
	return inorder.Run(ctx, func(ctx context.Context, emit func([]events.Message) error) error {
		return src.Read(ctx, from+1, to, emit)
	}, func(batch []events.Message) ([]decoded, error) {
		out := make([]decoded, len(batch))
		for i, m := range batch {
			r, err := events.Decode(m.Sequence, m.Data)
			if err != nil {
				return nil, err
			}
			out[i] = decoded{r, r.Hash()}
		}
		return out, nil
	}, func(batch []decoded) error {
		for _, d := range batch {
			if err := all.Follow(d.record, d.hash); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(batch[len(batch)-1].record.Sequence, to)
		}
		return nil
	})
}
