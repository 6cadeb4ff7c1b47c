package projections

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"caseledger/events"
)

// Following the log derives a whole history for almost every record that is missing,
// and takes some forty times as long for one as building the views again does for each
// record of the ledger. So they are built again when more is missing than one in
// rebuildShare, and at least rebuildBehind.
const (
	rebuildBehind = 5_000
	rebuildShare  = 32
)

// liveBatch bounds the records that one transaction of a live batch applies.
const liveBatch = 1_000

// CatchUp applies all records up to the head that src has now. Views that are
// empty, in doubt or far behind are built again beside the file, which stays
// readable until the new one replaces it; progress may be nil and is called then.
// Unless they are in doubt, src is asked only for what they lack.
//
// The first call after Open demands that src still holds the record that the
// views end with, else it returns a [*DivergedError]; so does a log that ends
// before the views do. A broken chain yields a [*ChainError]. Either way the views
// stay as they were.
func (v *Views) CatchUp(ctx context.Context, src Source, progress func(Progress)) error {
	v.following.Lock()
	defer v.following.Unlock()
	head, err := src.Head(ctx)
	if err != nil {
		return err
	}
	position, err := v.verify(ctx, src, head)
	if behind := head - position.Sequence; err == nil && behind > rebuildBehind && behind > head/rebuildShare {
		err = v.rebuild(ctx, continued{localSource{v}, position.Sequence, src}, head, progress)
	} else if err == nil && position.Sequence < head {
		err = v.follow(ctx, src, position.Sequence, head)
	}
	var doubt *DoubtError
	if errors.As(err, &doubt) {
		return v.rebuild(ctx, src, head, progress)
	}
	return err
}

// A continued source is the views' own copy of the records, which took the log's as they
// were and checks each by its checksum, and from its end on the log: reading its file
// takes a fifth of the time, and the server need not load all of the stream.
type continued struct {
	own localSource
	end uint64
	log Source
}

func (c continued) Head(ctx context.Context) (uint64, error) { return c.log.Head(ctx) }

func (c continued) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	return c.Lend(ctx, from, to, func(batch []events.Message, _ func()) error { return f(batch) })
}

// Lend makes a continued source a [lender].
func (c continued) Lend(ctx context.Context, from, to uint64, f func(batch []events.Message, done func()) error) error {
	if from <= c.end {
		if err := c.own.Lend(ctx, from, min(to, c.end), f); err != nil {
			return err
		}
	}
	if from = max(from, c.end+1); from > to {
		return nil
	}
	return lend(ctx, c.log, from, to, f)
}

// Rebuild builds the views of all records of src again beside the file and
// replaces it when they are complete. A rebuild that is interrupted or fails
// leaves the file as it was.
func (v *Views) Rebuild(ctx context.Context, src Source, progress func(Progress)) error {
	v.following.Lock()
	defer v.following.Unlock()
	head, err := src.Head(ctx)
	if err != nil {
		return err
	}
	var doubt *DoubtError
	if _, err := v.verify(ctx, src, head); err != nil && !errors.As(err, &doubt) {
		return err
	}
	return v.rebuild(ctx, src, head, progress)
}

// rebuild leaves the old file open, and readable, until the new one stands at
// its place.
func (v *Views) rebuild(ctx context.Context, src Source, head uint64, progress func(Progress)) error {
	defer keepOpen(v.path)()
	if err := Build(ctx, src, v.path, v.views, head, progress); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.db != nil {
		if err := v.db.Close(); err != nil {
			return fmt.Errorf("close views %s: %w", v.path, err)
		}
	}
	v.db, v.doubt, v.verified = nil, nil, true
	return v.open()
}

// verify returns the position of the views once src is known to hold the record
// that they end with.
func (v *Views) verify(ctx context.Context, src Source, head uint64) (Position, error) {
	p, err := v.Position()
	if err != nil {
		return p, err
	}
	if head < p.Sequence {
		return p, &DivergedError{p, head}
	}
	if v.verified || p.Sequence == 0 {
		return p, nil
	}
	err = src.Read(ctx, p.Sequence, p.Sequence, func(batch []events.Message) error {
		for _, m := range batch {
			if m.Sequence != p.Sequence || events.HashOf(m.Data) != p.Hash {
				return &DivergedError{p, head}
			}
			v.verified = true
		}
		return nil
	})
	return p, err
}

func (v *Views) follow(ctx context.Context, src Source, from, head uint64) error {
	return src.Read(ctx, from+1, head, func(batch []events.Message) error {
		for len(batch) > 0 {
			n := min(len(batch), liveBatch)
			if err := v.apply(batch[:n]); err != nil {
				return err
			}
			batch = batch[n:]
		}
		return nil
	})
}

// apply ingests a batch and derives what it touches, in one transaction.
func (v *Views) apply(batch []events.Message) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if err := v.usable(); err != nil {
		return err
	}
	return v.blame(guard(func() error {
		return v.db.Update(func(tx *bolt.Tx) error {
			l, err := newLive(tx)
			if err != nil {
				return err
			}
			for _, m := range batch {
				if err := l.ingest(m); err != nil {
					return err
				}
			}
			v.filter.follow(l.written)
			return l.finish(v.views)
		})
	}))
}

// A live applies one batch of records to a views file in place.
type live struct {
	*Snapshot
	touched map[events.Subject]*entry
	written []commandKey
}

func newLive(tx *bolt.Tx) (*live, error) {
	s, err := newSnapshot(tx)
	if err != nil {
		return nil, err
	}
	return &live{Snapshot: s, touched: map[events.Subject]*entry{}}, nil
}

func (l *live) ingest(m events.Message) error {
	d := decoded{message: m}
	if err := d.decode(new(events.Record)); err != nil {
		return err
	}
	e, err := l.entry(d.subject)
	if err != nil {
		return err
	}
	if err := d.follows(l.position.Sequence, e); err != nil {
		return err
	}
	e.positions = binary.AppendUvarint(e.positions, m.Sequence-e.last)
	e.version, e.hash, e.last = d.version, d.hash, m.Sequence
	l.position = Position{m.Sequence, d.hash, max(l.position.Latest, d.time)}
	if err := l.addRecord(m); err != nil {
		return err
	}
	command := commandKey{d.command, m.Sequence}
	l.written = append(l.written, command)
	return l.addCommand(command)
}

func (l *live) entry(subject events.Subject) (*entry, error) {
	if e := l.touched[subject]; e != nil {
		return e, nil
	}
	e := &entry{}
	known, err := l.Snapshot.entry(subject)
	if err != nil {
		return nil, err
	}
	if known != nil {
		*e = *known
		e.positions = slices.Clone(known.positions)
	}
	l.touched[subject] = e
	return e, nil
}

// addRecord keeps a record in the tail and packs the tail when it is complete.
func (l *live) addRecord(m events.Message) error {
	number, index := segmentOf(m.Sequence)
	if index < segmentSize-1 {
		return putSum(l.tail, key64(m.Sequence), m.Data)
	}
	var p packer
	p.reset(0)
	c := l.tail.Cursor()
	for k, stored := c.First(); k != nil; k, stored = c.Next() {
		raw, err := checked(k, stored)
		if err != nil {
			return err
		}
		p.add(raw)
	}
	p.add(m.Data)
	if !p.full() {
		return fmt.Errorf("pack records up to #%d: the tail holds %d records", m.Sequence, p.count-1)
	}
	l.records.FillPercent = 1
	err := l.records.Put(key64(number), p.segment())
	if err == nil {
		err = putSum(l.times, key64(number), key64(uint64(l.position.Latest)))
	}
	if err != nil {
		return err
	}
	return empty(l.tail)
}

func (l *live) addCommand(k commandKey) error {
	if k.sequence%commandRun != 0 {
		return l.commandsTail.Put(k.bytes(), nil)
	}
	keys := make([]commandKey, 0, commandRun)
	err := l.commandsTail.ForEach(func(b, _ []byte) error {
		keys = append(keys, commandKey{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[commandPrefix:])})
		return nil
	})
	if err != nil {
		return err
	}
	keys = append(keys, k)
	l.commands.FillPercent = 1
	if err := l.commands.Put(key64(runOf(k.sequence)), packCommands(keys)); err != nil {
		return err
	}
	return empty(l.commandsTail)
}

// empty deletes all keys of a bucket.
func empty(b *bolt.Bucket) error {
	var keys [][]byte
	err := b.ForEach(func(k, _ []byte) error { keys = append(keys, slices.Clone(k)); return nil })
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the touched subjects and the checkpoint and derives every row
// that depends on them.
func (l *live) finish(views []View) error {
	touched := slices.Sorted(maps.Keys(l.touched))
	for _, subject := range touched {
		if err := putSum(l.subjects, []byte(subject), l.touched[subject].append(nil)); err != nil {
			return err
		}
	}
	l.until = l.position.Sequence
	if err := putSum(l.tx.Bucket(bucketMeta), keyCheckpoint, l.position.checkpoint()); err != nil {
		return err
	}
	affected, err := l.affected(touched)
	if err != nil {
		return err
	}
	d, rows := newDeriver(views), tally{}
	for _, subject := range affected {
		principals, err := d.derive(l.Snapshot, subject, func(i int, row []byte) error { return l.put(views[i].Name(), subject, row, rows) })
		if err != nil {
			return err
		}
		if subject.Kind() == events.KindCase {
			if err := l.linkDerivative(subject.ID(), principals); err != nil {
				return err
			}
		}
	}
	return rows.add(l.tx.Bucket(bucketMeta))
}

// affected returns the subjects whose rows may change when others are touched:
// themselves, the derivatives of a principal, and every case when a policy is
// adopted.
func (l *live) affected(touched []events.Subject) ([]events.Subject, error) {
	set := map[events.Subject]bool{}
	for _, subject := range touched {
		set[subject] = true
		if subject == events.ProgrammeSubject {
			err := l.Subjects(events.KindCase, func(c events.Subject) error { set[c] = true; return nil })
			if err != nil {
				return nil, err
			}
		}
		if subject.Kind() == events.KindCase {
			derivatives, err := l.Derivatives(subject.ID())
			if err != nil {
				return nil, err
			}
			for _, derivative := range derivatives {
				set[events.SubjectOf(events.KindCase, derivative)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// put replaces the row of a subject in a view, and counts what is more or less.
func (l *live) put(view string, subject events.Subject, row []byte, rows tally) error {
	b, key := l.tx.Bucket(viewBucket(view)), []byte(subject)
	if before := b.Get(key) != nil; before != (len(row) > 0) {
		more := 1
		if before {
			more = -1
		}
		rows[tallyKey(view, subject.Kind())] += more
	}
	if len(row) == 0 {
		return b.Delete(key)
	}
	return putSum(b, key, row)
}
