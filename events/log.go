package events

import (
	"context"
	"errors"
	"fmt"
)

// A Message is one record as a [Log] holds it: bytes at a position.
type Message struct {
	Sequence uint64 // from 1, without gaps
	Subject  Subject
	Data     []byte // owned by the receiver
}

// A Log is an append-only sequence of records, ordered by one writer-independent
// sequence number that starts at 1 and has no gaps.
//
// Every implementation passes the conformance suite in package logtest. A Log
// is safe for concurrent use.
type Log interface {
	// Append writes one record durably: when it returns without error, the
	// record survives a power cut. expected is the sequence number of the
	// subject's last record, 0 when it has none; a subject that has moved on
	// yields a [*ConflictError] and nothing is written. recordID is the
	// record's ULID. After [ErrUncertain] the caller reads the subject back.
	Append(ctx context.Context, subject Subject, expected uint64, recordID string, data []byte) (sequence uint64, err error)

	// History returns all messages of a subject in order, none for a subject
	// without records. It sees every acknowledged Append.
	History(ctx context.Context, subject Subject) ([]Message, error)

	// Read calls f with consecutive batches of the messages from..to, both
	// inclusive, without a gap; a missing or damaged one yields a
	// [*DamageError]. The data of a batch may be kept. An error of f ends it.
	Read(ctx context.Context, from, to uint64, f func([]Message) error) error

	// Head returns the sequence number of the last message, 0 when empty.
	Head(ctx context.Context) (uint64, error)

	// Close releases the log. A second Close does nothing.
	Close() error
}

// ErrUncertain reports that an Append may or may not have been written: the
// acknowledgement was lost. Read the subject back before trying again.
var ErrUncertain = errors.New("the log did not acknowledge: the record may or may not be written")

// ErrFull reports that the log cannot take more: the disk or a limit is full.
// Nothing was written, and nothing that was acknowledged is lost.
var ErrFull = errors.New("the ledger's disk or limit is full")

// A ConflictError reports a stale expectation: another record was appended to
// the subject first. Nothing was written.
type ConflictError struct {
	Subject  Subject
	Expected uint64
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("append to %s: its last record is no longer #%d", e.Subject, e.Expected)
}

// A DamageError reports a message that is missing from the log or unreadable.
type DamageError struct {
	Sequence uint64 // the message that was expected
	Detail   string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("read the log: record #%d is missing or damaged: %s", e.Sequence, e.Detail)
}
