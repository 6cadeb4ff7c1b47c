package app

import (
	"bytes"
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"

	"caseledger/aggregates"
	"caseledger/events"
)

// A folded aggregate is one subject's history, folded.
type folded struct {
	subject  events.Subject
	state    aggregates.State
	version  uint64
	sequence uint64 // of its last record: the next append's expectation
	last     events.Hash
	commands map[string]mark // by command id
}

// A mark is what must be known of a command that was recorded before.
type mark struct {
	digest   events.Hash
	sequence uint64
}

func (f *folded) reference() events.Reference {
	return events.Reference{Subject: f.subject, Version: f.version, Hash: f.last}
}

// An end says how far a history was folded, and of which.
type end struct {
	version uint64
	last    events.Hash
}

func (f *folded) end() end { return end{f.version, f.last} }

// apply folds the next record, and refuses one that does not follow.
func (f *folded) apply(r *events.Record) error {
	if r.Subject != f.subject || r.Version != f.version+1 || r.Previous != f.last {
		return &events.DamageError{Sequence: r.Sequence, Detail: fmt.Sprintf(
			"it says it is version %d of %s, where version %d of %s belongs", r.Version, r.Subject, f.version+1, f.subject)}
	}
	if err := f.state.Apply(r); err != nil {
		return fmt.Errorf("fold record #%d of %s: %w", r.Sequence, r.Subject, err)
	}
	f.version, f.sequence, f.last = r.Version, r.Sequence, r.Hash()
	f.commands[r.CausationID] = mark{r.CommandDigest, r.Sequence}
	return nil
}

// fold reads and folds the whole history of a subject from the log. It demands
// every record that was ever read: the log forgets a damaged last record without
// a word, and the next one would fork the subject.
func (a *App) fold(ctx context.Context, subject events.Subject) (*folded, error) {
	// Asked before the log, which may grow meanwhile.
	known, err := a.known(ctx, subject)
	if err != nil {
		return nil, err
	}
	messages, err := a.log.History(ctx, subject)
	if err != nil {
		return nil, err
	}
	f, err := a.foldMessages(subject, messages)
	if err != nil {
		return nil, err
	}
	if n := uint64(len(known)); f.version < n {
		return nil, &events.DamageError{Sequence: f.sequence + 1, Detail: fmt.Sprintf(
			"version %d of %s, or a later one, was read before and is gone", f.version+1, subject)}
	}
	return f, nil
}

// foldIndexed folds a subject's history out of the index and what this process
// appended since where that is all of it, as far as this process knows: then it is
// known where the records stand, which the log needs a search of its files for. The
// log must still hold each record, or have held it when it was folded before. What
// other writers appended since is missing then; the
// expectation of an append finds that out, as it does when the log has lost a
// record that the index holds. stale says that there may be other writers.
func (a *App) foldIndexed(ctx context.Context, subject events.Subject) (f *folded, stale bool, err error) {
	// Asked before the index, which may catch up meanwhile.
	recent := a.appended.recent(subject)
	if a.index == nil || !recent.surely() || a.shared && len(recent.sequences) > 0 {
		f, err = a.fold(ctx, subject)
		return f, false, err
	}
	known, err := a.known(ctx, subject)
	if err != nil {
		return nil, false, err
	}
	later := after(known, recent.sequences)
	if f := a.foldAgain(ctx, subject, known, later); f != nil {
		return f, a.shared, nil
	}
	messages, err := a.held(ctx, subject, known, later)
	if err != nil {
		return nil, false, err
	}
	f, err = a.foldMessages(subject, messages)
	return f, a.shared, err
}

// after returns the places behind a history.
func after(history []events.Message, sequences []uint64) []uint64 {
	if n := len(history); n > 0 {
		last := history[n-1].Sequence
		return slices.DeleteFunc(slices.Clone(sequences), func(n uint64) bool { return n <= last })
	}
	return sequences
}

// foldAgain folds a history that was in the cache, and asks the log only for what the
// index lacks: each record holds the hash of the one before, so that a fold that comes
// to the same end is what the cache would still hold if it had more room. It returns
// nil when it cannot tell. Without it every miss would have the log load a file of eight
// megabytes for almost every record of the subject.
func (a *App) foldAgain(ctx context.Context, subject events.Subject, known []events.Message, later []uint64) *folded {
	end, was := a.cache.left(subject)
	if !was {
		return nil
	}
	newer, err := a.get(ctx, later)
	if err != nil {
		return nil
	}
	f, err := a.foldMessages(subject, slices.Concat(known, newer))
	if err != nil || f.end() != end {
		return nil
	}
	return f
}

// held returns a history as it was read before and the records at some later places.
// It demands that the log holds every record of it as it was: nothing is built on one
// that is damaged or has vanished.
func (a *App) held(ctx context.Context, subject events.Subject, known []events.Message, later []uint64) ([]events.Message, error) {
	sequences := make([]uint64, 0, len(known)+len(later))
	for _, m := range known {
		sequences = append(sequences, m.Sequence)
	}
	held, err := a.get(ctx, append(sequences, later...))
	if err != nil {
		return nil, err
	}
	for i, m := range known {
		if i >= len(held) || !bytes.Equal(held[i].Data, m.Data) {
			return nil, &events.DamageError{Sequence: m.Sequence, Detail: fmt.Sprintf("it is not the record of %s that was read before", subject)}
		}
	}
	return held, nil
}

// get reads the records at some places from the log.
func (a *App) get(ctx context.Context, sequences []uint64) (held []events.Message, err error) {
	if log, ok := a.log.(getter); ok && len(sequences) > 0 {
		return log.Get(ctx, sequences)
	}
	for _, n := range sequences {
		if err := a.log.Read(ctx, n, n, func(batch []events.Message) error { held = append(held, batch...); return nil }); err != nil {
			return nil, err
		}
	}
	return held, nil
}

// A getter is a log that returns single records faster than by a Read.
type getter interface {
	Get(ctx context.Context, sequences []uint64) ([]events.Message, error)
}

// known returns what the index knows of a subject.
func (a *App) known(ctx context.Context, subject events.Subject) ([]events.Message, error) {
	if a.index == nil {
		return nil, nil
	}
	known, err := a.index.History(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("look up %s in the views: %w", subject, err)
	}
	return known, nil
}

func (a *App) foldMessages(subject events.Subject, messages []events.Message) (*folded, error) {
	f, err := a.catalogue.unfolded(subject)
	if err != nil {
		return nil, err
	}
	records, err := decodeAll(messages)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if err := f.apply(r); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (c *Catalogue) unfolded(subject events.Subject) (*folded, error) {
	aggregate, known := c.aggregates[subject.Kind()]
	if !known {
		return nil, fmt.Errorf("fold %s: no aggregate is of kind %q", subject, subject.Kind())
	}
	return &folded{subject: subject, state: aggregate.New(subject), commands: map[string]mark{}}, nil
}

// records reads the history of a subject from the log.
func (a *App) records(ctx context.Context, subject events.Subject) ([]*events.Record, error) {
	messages, err := a.log.History(ctx, subject)
	if err != nil {
		return nil, err
	}
	return decodeAll(messages)
}

func decodeAll(messages []events.Message) (records []*events.Record, err error) {
	records = make([]*events.Record, len(messages))
	for i, m := range messages {
		if records[i], err = events.Decode(m.Sequence, m.Data); err != nil {
			return nil, &events.DamageError{Sequence: m.Sequence, Detail: err.Error()}
		}
	}
	return records, nil
}

// A cache keeps the aggregates that were folded last, at most limit of them, and of
// those that it had no room for where they ended. It
// may be stale when others write to the same log; the expectation of an append
// finds that out.
//
// States are read while mu is held for reading, and changed while it is held for
// writing: a decision on one subject may rest on the state of another.
type cache struct {
	mu      sync.RWMutex
	limit   int
	entries map[events.Subject]*list.Element // of *folded
	order   *list.List                       // last used first
	orderMu sync.Mutex                       // guards order while mu is held for reading

	// Where those ended that were dropped last: when there are too many, recent ones
	// become older ones, and the older ones are forgotten.
	recent, older map[events.Subject]end
}

// maxEnds bounds the ends that are kept; each takes about 100 bytes.
const maxEnds = 200_000

func newCache(limit int) *cache {
	return &cache{limit: limit, entries: map[events.Subject]*list.Element{}, order: list.New(), recent: map[events.Subject]end{}}
}

// left returns where the aggregate of a subject ended that was dropped for want of room.
func (c *cache) left(subject events.Subject) (end, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e, was := c.recent[subject]
	if !was {
		e, was = c.older[subject]
	}
	return e, was
}

// forget drops the aggregate that was used longest ago.
func (c *cache) forget() {
	f := c.order.Remove(c.order.Back()).(*folded)
	delete(c.entries, f.subject)
	if len(c.recent) == maxEnds/2 {
		c.recent, c.older = map[events.Subject]end{}, c.recent
	}
	c.recent[f.subject] = f.end()
}

// get returns the folded aggregate of a subject, or nil.
func (c *cache) get(subject events.Subject) *folded {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.entries[subject]
	if e == nil {
		return nil
	}
	c.orderMu.Lock()
	c.order.MoveToFront(e)
	c.orderMu.Unlock()
	return e.Value.(*folded)
}

// add keeps f unless a newer fold of the subject is there, and returns what is
// kept.
func (c *cache) add(f *folded) *folded {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[f.subject]; e != nil {
		if kept := e.Value.(*folded); kept.version >= f.version {
			return kept
		}
		e.Value = f
		return f
	}
	c.entries[f.subject] = c.order.PushFront(f)
	for c.order.Len() > c.limit {
		c.forget()
	}
	return f
}

// drop has the history of a subject read again, and compared with the log's.
func (c *cache) drop(subject events.Subject) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.recent, subject)
	delete(c.older, subject)
	if e := c.entries[subject]; e != nil {
		c.order.Remove(e)
		delete(c.entries, subject)
	}
}

// apply folds a record into f, which stays the cached fold of its subject.
func (c *cache) apply(f *folded, r *events.Record) error {
	c.mu.Lock()
	err := f.apply(r)
	c.mu.Unlock()
	if err != nil {
		c.drop(f.subject)
		return err
	}
	c.add(f)
	return nil
}
