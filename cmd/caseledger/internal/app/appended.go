package app

import (
	"context"
	"sync"
)

// maxAppended bounds how far the index may lag behind this process.
const maxAppended = 100_000

// appended knows which commands were recorded: what the index knows, plus what
// this process appended since.
type appended struct {
	index Index // may be nil

	mu    sync.Mutex
	since map[string]uint64 // sequence by command id, above the index's position
}

func newAppended(index Index) *appended {
	return &appended{index: index, since: map[string]uint64{}}
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

// add notes a command that was recorded. Now and then it has the index catch up
// and forgets what the index then knows.
func (a *appended) add(ctx context.Context, id string, sequence uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.since[id] = sequence
	if len(a.since) < maxAppended || a.index == nil {
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
	return nil
}
