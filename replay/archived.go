package replay

import (
	"context"
	"errors"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/replay/archive"
)

// Archived returns log as a [projections.Source] from which views are built faster:
// a build reads the archive a as far as it goes, each record checked against its
// root, and log behind it. An embedded server keeps much of what it was asked to
// read in memory; an archive is read without one. All else is read from log.
//
// Where the archive is damaged, log is read instead, and damaged is told; it may be
// nil. That log holds what the archive holds is for the chains of the subjects to
// show, and for the caller, who has seen that both agree about its last record.
func Archived(a *archive.Archive, log projections.Source, damaged func(error)) projections.Source {
	if damaged == nil {
		damaged = func(error) {}
	}
	return &archived{log, a, damaged}
}

type archived struct {
	projections.Source
	archive *archive.Archive
	damaged func(error)
}

type lent = func(batch []events.Message, done func()) error

// Lend makes projections.Build read the archive first.
func (s *archived) Lend(ctx context.Context, from, to uint64, f lent) error {
	var failed error
	count := func(batch []events.Message, done func()) error {
		from += uint64(len(batch)) // before the memory of the batch is given back
		failed = f(batch, done)
		return failed
	}
	if end := min(to, s.archive.Size()); from <= end {
		err := s.archive.Lend(ctx, from, end, count)
		var fault *archive.DamageError
		switch {
		case err == nil:
		case failed != nil || !errors.As(err, &fault):
			return err
		default:
			s.damaged(err)
		}
	}
	if from > to {
		return nil
	}
	if log, lends := s.Source.(interface {
		Lend(ctx context.Context, from, to uint64, f lent) error
	}); lends {
		return log.Lend(ctx, from, to, f)
	}
	return s.Read(ctx, from, to, func(batch []events.Message) error { return f(batch, func() {}) })
}
