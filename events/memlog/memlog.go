// Package memlog keeps a ledger's records in memory: a strict [events.Log] for
// tests and for worked examples that need no disk.
//
// It copies what it is given and what it returns, and panics on misuse that a
// real log could only corrupt itself with: an empty record, one above
// [events.MaxRecord], a subject that is not well formed, a record id used twice.
package memlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"caseledger/events"
)

// ErrClosed reports the use of a closed log.
var ErrClosed = errors.New("the log is closed")

// batchSize is the largest number of messages in one batch of Read.
const batchSize = 512

// A Fault decides what happens to the n-th Append, counted from 1. It returns
// nil for an ordinary append. With [events.ErrUncertain] the record is written
// and the error is returned all the same, as when an acknowledgement is lost;
// [Lost] is the same without writing; any other error is returned and nothing
// is written. A fault sees only appends whose expectation holds.
type Fault func(n int, subject events.Subject) error

// Lost is a [Fault]'s way to say "not acknowledged, and not written either". It
// is an [events.ErrUncertain].
var Lost = fmt.Errorf("%w", events.ErrUncertain)

// FailAt returns a [Fault] that fails the n-th append with err.
func FailAt(n int, err error) Fault {
	return func(i int, _ events.Subject) error {
		if i == n {
			return err
		}
		return nil
	}
}

// ConflictAt returns a [Fault] that fails the n-th append as if another writer
// had been first.
func ConflictAt(n int) Fault {
	return func(i int, subject events.Subject) error {
		if i == n {
			return &events.ConflictError{Subject: subject}
		}
		return nil
	}
}

// A Log is an in-memory [events.Log]. The zero value is empty and ready.
type Log struct {
	mu       sync.Mutex
	messages []events.Message // index is sequence - 1
	last     map[events.Subject][]uint64
	ids      map[string]uint64
	fault    Fault
	appends  int
	closed   bool
}

var _ events.Log = (*Log)(nil)

// New returns an empty log.
func New() *Log { return &Log{} }

// SetFault makes f decide over each Append from now on, counting from 1 again;
// nil ends it.
func (l *Log) SetFault(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault, l.appends = f, 0
}

// Append implements [events.Log].
func (l *Log) Append(ctx context.Context, subject events.Subject, expected uint64, recordID string, data []byte) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(ctx); err != nil {
		return 0, fmt.Errorf("append to %s: %w", subject, err)
	}
	mustBeWellFormed(subject, recordID, data)
	var last uint64
	if h := l.last[subject]; len(h) > 0 {
		last = h[len(h)-1]
	}
	if last != expected {
		return 0, &events.ConflictError{Subject: subject, Expected: expected}
	}
	if at, found := l.ids[recordID]; found {
		panic(fmt.Sprintf("memlog: record id %s stands at #%d already", recordID, at))
	}
	var fault error
	if l.appends++; l.fault != nil {
		fault = l.fault(l.appends, subject)
	}
	if conflict := (*events.ConflictError)(nil); errors.As(fault, &conflict) {
		return 0, &events.ConflictError{Subject: subject, Expected: expected}
	}
	if fault != nil && fault != events.ErrUncertain {
		return 0, fault
	}
	sequence := l.write(subject, recordID, data)
	if fault != nil {
		return 0, fault
	}
	return sequence, nil
}

func (l *Log) write(subject events.Subject, recordID string, data []byte) uint64 {
	if l.last == nil {
		l.last, l.ids = map[events.Subject][]uint64{}, map[string]uint64{}
	}
	sequence := uint64(len(l.messages)) + 1
	l.messages = append(l.messages, events.Message{Sequence: sequence, Subject: subject, Data: bytes.Clone(data)})
	l.last[subject] = append(l.last[subject], sequence)
	l.ids[recordID] = sequence
	return sequence
}

// History implements [events.Log].
func (l *Log) History(ctx context.Context, subject events.Subject) ([]events.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(ctx); err != nil {
		return nil, fmt.Errorf("read history of %s: %w", subject, err)
	}
	var history []events.Message
	for _, sequence := range l.last[subject] {
		history = append(history, l.copy(sequence))
	}
	return history, nil
}

// Read implements [events.Log].
func (l *Log) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	for next := max(from, 1); next <= to; {
		batch, err := l.batch(ctx, next, to)
		if err != nil {
			return err
		}
		if err := f(batch); err != nil {
			return err
		}
		next += uint64(len(batch))
	}
	return nil
}

// batch copies up to batchSize messages from next on.
func (l *Log) batch(ctx context.Context, next, to uint64) ([]events.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(ctx); err != nil {
		return nil, fmt.Errorf("read the log from #%d: %w", next, err)
	}
	head := uint64(len(l.messages))
	if next > head {
		return nil, &events.DamageError{Sequence: next, Detail: fmt.Sprintf("the log ends at #%d", head)}
	}
	end := min(to, head, next+batchSize-1)
	batch := make([]events.Message, 0, end-next+1)
	for sequence := next; sequence <= end; sequence++ {
		m := l.copy(sequence)
		if m.Data == nil {
			break
		}
		batch = append(batch, m)
	}
	if len(batch) == 0 {
		return nil, &events.DamageError{Sequence: next, Detail: "it was damaged by a test"}
	}
	return batch, nil
}

// Get returns the messages at the given sequence numbers, in that order.
func (l *Log) Get(ctx context.Context, sequences []uint64) ([]events.Message, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(ctx); err != nil {
		return nil, fmt.Errorf("get %d records: %w", len(sequences), err)
	}
	messages := make([]events.Message, 0, len(sequences))
	for _, sequence := range sequences {
		if sequence == 0 || sequence > uint64(len(l.messages)) {
			return nil, &events.DamageError{Sequence: sequence, Detail: fmt.Sprintf("the log ends at #%d", len(l.messages))}
		}
		messages = append(messages, l.copy(sequence))
	}
	return messages, nil
}

// Head implements [events.Log].
func (l *Log) Head(ctx context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(ctx); err != nil {
		return 0, fmt.Errorf("read the head: %w", err)
	}
	return uint64(len(l.messages)), nil
}

// Close implements [events.Log]; the records are gone with it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return nil
}

// Damage replaces the bytes of the message at a sequence number, as a flipped bit
// would, for tests of those who read; with nil the message is gone and whoever
// reads it gets a [*events.DamageError].
func (l *Log) Damage(sequence uint64, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages[sequence-1].Data = bytes.Clone(data)
}

func (l *Log) copy(sequence uint64) events.Message {
	m := l.messages[sequence-1]
	m.Data = bytes.Clone(m.Data)
	return m
}

func (l *Log) usable(ctx context.Context) error {
	if l.closed {
		return ErrClosed
	}
	return ctx.Err()
}

func mustBeWellFormed(subject events.Subject, recordID string, data []byte) {
	if _, err := events.ParseSubject(string(subject)); err != nil {
		panic("memlog: " + err.Error())
	}
	if recordID == "" || len(data) == 0 || len(data) > events.MaxRecord {
		panic(fmt.Sprintf("memlog: record %q of %d bytes", recordID, len(data)))
	}
}
