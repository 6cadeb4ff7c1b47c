// Package repair answers one question: which records can be had again, and where
// do they go?
//
// A log is written again, from nothing, out of the sources that are left: first all of the
// archive, which proves what it holds; then what others know beyond its end. A record is taken from them only
// when it is well formed and continues its subject, so that none can be put in the
// place of another; the first that is not there ends a source.
package repair

import (
	"context"
	"errors"
	"fmt"

	"caseledger/events"
	"caseledger/replay/heads"
)

// A Source is somewhere that records may be left.
type Source struct {
	Name string
	Read interface {
		Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error
		Head(ctx context.Context) (uint64, error)
	}
	// Proven says that what it hands out was proven, and that it must hold out to
	// its end.
	Proven bool
}

// A Part is what one source gave.
type Part struct {
	Source  string `json:"source"`
	From    uint64 `json:"from"`
	Records uint64 `json:"records"`
	// Ended is why nothing more was taken from it, empty when it had no more.
	Ended string `json:"ended,omitzero"`
}

// Fill writes the records of the sources to a log that is empty, each source from
// where the one before ended. progress may be nil.
func Fill(ctx context.Context, log events.Log, sources []Source, progress func(done, total uint64)) ([]Part, error) {
	if head, err := log.Head(ctx); err != nil || head != 0 {
		return nil, errors.Join(err, fmt.Errorf("write the records again: the log has %d records already", head))
	}
	f := &filler{log: log, heads: heads.New(), last: map[events.Subject]uint64{}, progress: progress}
	var parts []Part
	for _, s := range sources {
		before := f.sequence
		err := f.take(ctx, s)
		part := Part{Source: s.Name, From: before + 1, Records: f.sequence - before}
		var writing *writeError
		switch {
		case errors.As(err, &writing) || err != nil && (s.Proven || ctx.Err() != nil):
			return parts, err
		case err != nil:
			part.Ended = err.Error()
		}
		parts = append(parts, part)
	}
	return parts, nil
}

type filler struct {
	log      events.Log
	heads    *heads.Tree
	last     map[events.Subject]uint64
	sequence uint64
	progress func(done, total uint64)
}

// A writeError is a fault of the new log, not of a source.
type writeError struct{ err error }

func (e *writeError) Error() string { return "write the records again: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

func (f *filler) take(ctx context.Context, s Source) error {
	head, err := s.Read.Head(ctx)
	if err != nil || head <= f.sequence {
		return err
	}
	return s.Read.Read(ctx, f.sequence+1, head, func(batch []events.Message) error {
		for _, m := range batch {
			if err := f.add(ctx, m); err != nil {
				return err
			}
		}
		if f.progress != nil {
			f.progress(f.sequence, head)
		}
		return nil
	})
}

func (f *filler) add(ctx context.Context, m events.Message) error {
	if m.Sequence != f.sequence+1 {
		return &events.DamageError{Sequence: f.sequence + 1, Detail: fmt.Sprintf("record #%d comes in its place", m.Sequence)}
	}
	r, err := events.DecodeStrict(m.Sequence, m.Data)
	if err != nil {
		return err
	}
	if err := f.heads.Follow(r, r.Hash()); err != nil {
		return err
	}
	sequence, err := f.log.Append(ctx, r.Subject, f.last[r.Subject], r.ID, r.Raw)
	if err != nil {
		return &writeError{err}
	}
	if sequence != m.Sequence {
		return &writeError{fmt.Errorf("record #%d was written as #%d", m.Sequence, sequence)}
	}
	f.sequence, f.last[r.Subject] = sequence, sequence
	return nil
}
