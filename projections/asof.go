package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"caseledger/events"
)

// keptPast is the number of views files of past positions that are kept.
const keptPast = 8

// PositionAt returns the position of the longest prefix whose records all have a
// time of at most t: what the ledger knew at t.
func (v *Views) PositionAt(t events.Instant) (sequence uint64, err error) {
	err = v.Read(func(s *Snapshot) error { sequence, err = s.PositionAt(t); return err })
	return sequence, err
}

// ReadAsOf calls f with a snapshot of the views as they stood at a position, rows
// included. Their file is built at the first question, from the views' own copy
// of the records, in a directory beside the views; the newest few are kept. One
// subject's history alone is cheaper from [Snapshot.AsOf].
func (v *Views) ReadAsOf(ctx context.Context, sequence uint64, progress func(Progress), f func(*Snapshot) error) error {
	position, err := v.Position()
	if err != nil {
		return err
	}
	if sequence >= position.Sequence {
		return v.Read(f)
	}
	past, err := v.openPast(ctx, sequence, progress)
	if err != nil {
		return fmt.Errorf("open views as of #%d: %w", sequence, err)
	}
	return errors.Join(past.Read(f), past.Close())
}

func (v *Views) openPast(ctx context.Context, sequence uint64, progress func(Progress)) (*Views, error) {
	path, err := v.pastPath(sequence)
	if err != nil {
		return nil, err
	}
	readOnly := Options{Timeout: v.opt.Timeout, ReadOnly: true}
	past, err := Open(path, v.views, readOnly)
	if err == nil && past.Doubt() == nil {
		return past, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := Build(ctx, v.Source(), path, v.views, sequence, progress); err != nil {
		return nil, err
	}
	if err := prune(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return Open(path, v.views, readOnly)
}

// pastPath names a file by all that its content depends on.
func (v *Views) pastPath(sequence uint64) (path string, err error) {
	err = v.Read(func(s *Snapshot) error {
		past, err := s.AsOf(sequence)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d-%s-%s", sequence, past.Position().Hash.Short(), fingerprint(v.views))
		path = filepath.Join(v.path+".past", name)
		return nil
	})
	return path, err
}

// prune removes the oldest files of past positions.
func prune(directory string) error {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return err
	}
	var files []os.FileInfo
	for _, e := range entries {
		if filepath.Ext(e.Name()) != "" {
			continue // one that is being built
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		files = append(files, info)
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, f := range files[min(len(files), keptPast):] {
		if err := os.Remove(filepath.Join(directory, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
