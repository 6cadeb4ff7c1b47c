package app

import (
	"context"
	"math"
	"sync"

	"caseledger/events"
)

// How far the index may lag behind this process: half of the log, since catching
// up with much costs as much as building the index again, within bounds. At the
// most this takes some 70 MB.
const (
	minAppended = 100_000
	maxAppended = 500_000
)

// appended knows which commands were recorded: what the index knows, plus what
// this process appended since.
type appended struct {
	index Index // may be nil

	mu    sync.Mutex
	since map[string]uint64 // sequence by command id, above the index's position
	// subjects that this process appended to, or tried to, of which the index may
	// not know all: the last sequence, or unknown
	subjects map[events.Subject]uint64
}

// unknown is the sequence of a record that may or may not be written.
const unknown = math.MaxUint64

func newAppended(index Index) *appended {
	return &appended{index: index, since: map[string]uint64{}, subjects: map[events.Subject]uint64{}}
}

// find returns the sequence of the record that a command id led to.
func (a *appended) find(ctx context.Context, id string) (sequence uint64, found bool, err error) {
	a.mu.Lock()
	sequence, found = a.since[id]
	a.mu.Unlock()
	if found || a.index == nil {
		return sequence, found, nil
	}
	sequence, err = a.index.Command(ctx, id)
	return sequence, sequence > 0, err
}

// touched reports whether this process may have appended to a subject what the
// index does not know.
func (a *appended) touched(subject events.Subject) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, touched := a.subjects[subject]
	return touched
}

// touch notes that something is about to be appended to a subject.
func (a *appended) touch(subject events.Subject) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.subjects[subject] = unknown
}

// add notes a command that was recorded. Now and then it has the index catch up
// and forgets what the index then knows.
func (a *appended) add(ctx context.Context, id string, subject events.Subject, sequence uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.since[id], a.subjects[subject] = sequence, sequence
	if a.index == nil || uint64(len(a.since)) < min(max(sequence/2, minAppended), maxAppended) {
		return nil
	}
	position, err := a.index.CatchUp(ctx)
	if err != nil {
		return err
	}
	for id, sequence := range a.since {
		if sequence <= position {
			delete(a.since, id)
		}
	}
	for subject, sequence := range a.subjects {
		if sequence <= position {
			delete(a.subjects, subject)
		}
	}
	return nil
}
