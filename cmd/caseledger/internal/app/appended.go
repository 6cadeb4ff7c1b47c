package app

import (
	"context"
	"sync"

	"caseledger/events"
)

// How far the index may lag behind this process: half of the log, since catching
// up with much costs as much as building the index again, within bounds. At the
// most this takes some 140 MB.
const (
	minAppended = 100_000
	maxAppended = 1_000_000
)

// appended knows which commands were recorded: what the index knows, plus what
// this process appended since.
type appended struct {
	index Index // may be nil

	mu       sync.Mutex
	since    map[string]uint64 // sequence by command id, above the index's position
	subjects map[events.Subject]recent
}

// recent is what this process appended to a subject since the index last caught up,
// and of which the index may therefore not know all.
type recent struct {
	sequences []uint64
	pending   bool // an append is under way, or its outcome is not known
	doubtful  bool // it was not known, and then the next one began
}

// surely reports whether the sequences are all that was appended.
func (r recent) surely() bool { return !r.pending && !r.doubtful }

func newAppended(index Index) *appended {
	return &appended{index: index, since: map[string]uint64{}, subjects: map[events.Subject]recent{}}
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

// recent returns what this process may have appended to a subject that the index
// does not know.
func (a *appended) recent(subject events.Subject) recent {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.subjects[subject]
}

// touch notes that something is about to be appended to a subject.
func (a *appended) touch(subject events.Subject) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.subjects[subject]
	r.doubtful = r.doubtful || r.pending
	r.pending = true
	a.subjects[subject] = r
}

// add notes a command that was recorded. Now and then it has the index catch up
// and forgets what the index then knows.
func (a *appended) add(ctx context.Context, id string, subject events.Subject, sequence uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.since[id] = sequence
	r := a.subjects[subject]
	r.sequences, r.pending = append(r.sequences, sequence), false
	a.subjects[subject] = r
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
	for subject, r := range a.subjects {
		if !r.pending && r.sequences[len(r.sequences)-1] <= position {
			delete(a.subjects, subject)
		}
	}
	return nil
}
