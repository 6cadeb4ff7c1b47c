package projections

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"

	bolt "go.etcd.io/bbolt"

	"caseledger/events"
)

const (
	// batchSize is the least number of records that are worked on at a time.
	batchSize = 512
	// batchesAhead is how many batches are read ahead of what is written: enough
	// to work on during a commit. They hold half a megabyte to a megabyte each.
	batchesAhead = 16
)

// A batch is some consecutive records on their way from the source to the file.
type batch struct {
	records []decoded
	decoded chan error // receives once the records are
	lent    []func()   // give back the memory of the messages
}

// A lender is a [Source] that can use the memory of its messages again.
type lender interface {
	// Lend is Read, but what a batch holds is good only until done is called, by
	// any goroutine, once.
	Lend(ctx context.Context, from, to uint64, f func(batch []events.Message, done func()) error) error
}

// lend is Lend of any source.
func lend(ctx context.Context, src Source, from, to uint64, f func(batch []events.Message, done func()) error) error {
	if l, ok := src.(lender); ok {
		return l.Lend(ctx, from, to, f)
	}
	return src.Read(ctx, from, to, func(batch []events.Message) error { return f(batch, func() {}) })
}

// ingest reads on this goroutine, decodes on all cores, and writes in order on
// another goroutine.
func (b *builder) ingest(ctx context.Context, src Source) error {
	if b.until == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work, ordered := make(chan *batch, batchesAhead), make(chan *batch, batchesAhead)
	for range runtime.GOMAXPROCS(0) {
		go b.decode(work)
	}
	written := make(chan error, 1)
	go func() {
		err := guard(func() error { return b.write(ordered) })
		cancel(err)
		for range ordered { // the reader may still be sending
		}
		written <- err
	}()
	next := b.batch()
	send := func() {
		work <- next // first: the writer waits for every batch that it is given
		ordered <- next
		next = b.batch()
	}
	err := lend(ctx, src, 1, b.until, func(messages []events.Message, done func()) error {
		if next.add(messages, done); len(next.records) >= batchSize {
			send()
		}
		return ctx.Err()
	})
	if err == nil && len(next.records) > 0 {
		send()
	}
	close(work)
	close(ordered)
	if wrote := <-written; wrote != nil {
		return wrote // the cause; what the reader says follows from it
	}
	if err == nil && b.position.Sequence != b.until {
		err = fmt.Errorf("the source ended at #%d before #%d", b.position.Sequence, b.until)
	}
	return err
}

// batch returns an empty batch, which the writer has done with before.
func (b *builder) batch() *batch {
	select {
	case done := <-b.free:
		return done
	default:
		return &batch{decoded: make(chan error, 1)}
	}
}

func (b *batch) add(messages []events.Message, done func()) {
	b.lent = append(b.lent, done)
	n := len(b.records)
	b.records = slices.Grow(b.records, len(messages))[:n+len(messages)]
	for i, m := range messages {
		b.records[n+i].message = m
	}
}

// clear empties a batch that was written, of which nothing is needed any more.
func (b *batch) clear() {
	for _, done := range b.lent {
		done()
	}
	clear(b.lent)
	b.records, b.lent = b.records[:0], b.lent[:0]
}

// decode decodes batches; of one that holds a fault the rest is left undone.
func (b *builder) decode(work <-chan *batch) {
	var r events.Record
	for batch := range work {
		batch.decoded <- guard(func() error {
			for i := range batch.records {
				d := &batch.records[i]
				if err := d.decode(&r); err != nil {
					return err
				}
				d.ignored = slices.Contains(b.ignored, r.Type)
			}
			return nil
		})
	}
}

// ingestCommit is the number of records in one transaction of ingest: whole
// segments, and few enough to keep the heap small.
const ingestCommit = 1 << 13

// write ingests batches.
func (b *builder) write(batches <-chan *batch) error {
	tx, err := b.db.Begin(true)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	b.packer.reset(nil)
	for batch := range batches {
		if err := <-batch.decoded; err != nil {
			return err
		}
		for i := range batch.records {
			if err := b.add(tx, &batch.records[i]); err != nil {
				return err
			}
			if b.position.Sequence%ingestCommit == 0 {
				if tx, err = b.next(tx); err != nil {
					return err
				}
			}
		}
		b.progress(Progress{Ingest, b.position.Sequence, b.until})
		batch.clear()
		select {
		case b.free <- batch:
		default:
		}
	}
	if err := b.writeTails(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (b *builder) add(tx *bolt.Tx, d *decoded) error {
	if err := d.inOrder(b.position.Sequence); err != nil {
		return err
	}
	if err := b.runs.add(d); err != nil {
		return err
	}
	if d.ignored {
		b.skipped.add(d.message.Sequence)
	}
	b.position = Position{d.message.Sequence, d.hash, max(b.position.Latest, d.time)}
	b.commands = append(b.commands, commandKey{d.command, d.message.Sequence})
	b.packer.add(d.message.Data)
	if !b.packer.full() {
		return nil
	}
	number, _ := segmentOf(d.message.Sequence)
	records := tx.Bucket(bucketRecords)
	records.FillPercent = 1
	value := b.packer.seal(b.position.Latest)
	b.used = append(b.used, value)
	var buf []byte
	if n := len(b.spare); n > 0 {
		buf, b.spare = b.spare[n-1], b.spare[:n-1]
	}
	b.packer.reset(buf)
	return records.Put(key64(number), value)
}

// next writes the run of command ids when it is complete, and begins another
// transaction.
func (b *builder) next(tx *bolt.Tx) (*bolt.Tx, error) {
	if len(b.commands) == commandRun {
		commands := tx.Bucket(bucketCommands)
		commands.FillPercent = 1
		if err := commands.Put(key64(runOf(b.position.Sequence)), packCommands(b.commands)); err != nil {
			return nil, err
		}
		b.commands = b.commands[:0]
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	b.spare, b.used = append(b.spare, b.used...), b.used[:0]
	return b.db.Begin(true)
}

// writeTails writes what does not fill a segment or a run, and the checkpoint.
func (b *builder) writeTails(tx *bolt.Tx) error {
	tail := tx.Bucket(bucketTail)
	tail.FillPercent = 1
	first := b.position.Sequence - uint64(b.packer.count) + 1
	for i := range b.packer.count {
		raw, err := b.packer.buf.record(i)
		if err != nil {
			return err
		}
		if err := putSum(tail, key64(first+uint64(i)), raw); err != nil {
			return err
		}
	}
	ids := tx.Bucket(bucketCommandsTail)
	ids.FillPercent = 1
	keys := make([][]byte, len(b.commands))
	for i, k := range b.commands {
		keys[i] = k.bytes()
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, k := range keys {
		if err := ids.Put(k, nil); err != nil {
			return err
		}
	}
	return putSum(tx.Bucket(bucketMeta), keyCheckpoint, b.position.checkpoint())
}
