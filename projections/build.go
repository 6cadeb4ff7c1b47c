package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"caseledger/events"
)

// Build builds the views of the records 1..until of src in a new file at path,
// which exists only when it is complete and on disk. What a killed build left is
// removed; one that still runs in another process yields a [*LockedError].
// Memory is bounded, whatever the number of records.
func Build(ctx context.Context, src Source, path string, views []View, until uint64, progress func(Progress)) error {
	return build(ctx, src, path, views, until, runSize, progress)
}

func build(ctx context.Context, src Source, path string, views []View, until uint64, runSize int, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	b, err := newBuilder(path+".part", views, until, runSize, progress)
	if err != nil {
		return err
	}
	err = guard(func() error { return b.build(ctx, src) })
	err = errors.Join(err, b.close(err == nil))
	if err != nil {
		return fmt.Errorf("build views: %w", errors.Join(err, os.Remove(b.path)))
	}
	if err := os.Rename(b.path, path); err != nil {
		return fmt.Errorf("build views: %w", err)
	}
	return nil
}

// A builder makes a views file from nothing: ingest, index, derive.
type builder struct {
	path     string
	views    []View
	until    uint64
	progress func(Progress)
	db       *bolt.DB
	runs     *runs

	position Position
	packer   packer
	spare    [][]byte // buffers of segments, free after a commit
	used     [][]byte
	commands []commandKey   // of the incomplete run
	free     chan []decoded // batches that are written
}

func newBuilder(path string, views []View, until uint64, runSize int, progress func(Progress)) (*builder, error) {
	if err := removeLeftover(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout: 100 * time.Millisecond, NoSync: true, NoGrowSync: true, NoFreelistSync: true,
		FreelistType: bolt.FreelistMapType, InitialMmapSize: mapSize(until),
	})
	if err != nil {
		return nil, fmt.Errorf("build views: %w", err)
	}
	r, err := newRuns(filepath.Dir(path), runSize)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("build views: %w", err), db.Close())
	}
	return &builder{path: path, views: views, until: until, progress: progress, db: db, runs: r, free: make(chan []decoded, batchesAhead+2)}, nil
}

// removeLeftover removes what a killed build left. It is locked first: a build in
// another process is not disturbed.
func removeLeftover(path string) error {
	err := guard(func() error {
		db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: 100 * time.Millisecond, ReadOnly: true})
		if err != nil {
			return err
		}
		return db.Close()
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{path}
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("build views: %w", err)
	}
	return nil
}

// mapSize is address space for a file of so many records. The file may outgrow
// it, at the price of a new mapping.
func mapSize(records uint64) int {
	return int(min(records*1024+64<<20, 1<<38))
}

func (b *builder) close(complete bool) error {
	err := b.runs.close()
	if complete {
		err = errors.Join(err, b.db.Sync())
	}
	return errors.Join(err, b.db.Close())
}

func (b *builder) build(ctx context.Context, src Source) error {
	if err := b.db.Update((&Views{views: b.views}).create); err != nil {
		return err
	}
	if err := b.ingest(ctx, src); err != nil {
		return err
	}
	b.packer, b.spare, b.used, b.commands, b.free = packer{}, nil, nil, nil, nil
	subjects, err := b.index()
	if err != nil {
		return err
	}
	if err := b.derive(ctx, subjects); err != nil {
		return err
	}
	// The list of free pages, left out so far: without it every Open would have to
	// visit all pages.
	b.db.NoFreelistSync = false
	return b.db.Update(func(*bolt.Tx) error { return nil })
}

// batchesAhead is how many batches are read ahead of what is written.
const batchesAhead = 4

// ingest reads and decodes on this goroutine while another one writes.
func (b *builder) ingest(ctx context.Context, src Source) error {
	if b.until == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []decoded, batchesAhead)
	written := make(chan error, 1)
	go func() {
		err := guard(func() error { return b.write(batches) })
		cancel(err)
		for range batches { // the reader may still be sending
		}
		written <- err
	}()
	err := src.Read(ctx, 1, b.until, func(messages []events.Message) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch := b.batch(len(messages))
		for i, m := range messages {
			if err := batch[i].decode(m); err != nil {
				return err
			}
		}
		batches <- batch
		return nil
	})
	close(batches)
	if wrote := <-written; wrote != nil {
		return wrote // the cause; what the reader says follows from it
	}
	if err == nil && b.position.Sequence != b.until {
		err = fmt.Errorf("the source ended at #%d before #%d", b.position.Sequence, b.until)
	}
	return err
}

// batch returns room for a batch, which the writer has done with.
func (b *builder) batch(n int) []decoded {
	select {
	case batch := <-b.free:
		if cap(batch) >= n {
			return batch[:n]
		}
	default:
	}
	return make([]decoded, n)
}

// ingestCommit is the number of records in one transaction of ingest: whole
// segments, and few enough to keep the heap small.
const ingestCommit = 1 << 14

// write ingests batches.
func (b *builder) write(batches <-chan []decoded) error {
	tx, err := b.db.Begin(true)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	b.packer.reset(nil)
	for batch := range batches {
		for i := range batch {
			if err := b.add(tx, &batch[i]); err != nil {
				return err
			}
			if b.position.Sequence%ingestCommit == 0 {
				if tx, err = b.next(tx); err != nil {
					return err
				}
			}
		}
		b.progress(Progress{Ingest, b.position.Sequence, b.until})
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
	b.position = Position{d.record.Sequence, d.hash, max(b.position.Latest, d.record.Time)}
	b.commands = append(b.commands, commandKey{d.command, d.record.Sequence})
	b.packer.add(d.record.Raw)
	if !b.packer.full() {
		return nil
	}
	number, _ := segmentOf(d.record.Sequence)
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
		run := (b.position.Sequence - 1) / commandRun
		if err := commands.Put(key64(run), packCommands(b.commands)); err != nil {
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

// index merges the runs into the bucket of subjects and returns their number.
func (b *builder) index() (uint64, error) {
	var count uint64
	w := &sortedWriter{db: b.db}
	err := b.runs.merge(func(subject events.Subject, e *entry) error {
		if count++; count%10_000 == 0 {
			b.progress(Progress{Index, count, count})
		}
		return w.put(bucketSubjects, []byte(subject), e.append(nil))
	})
	if err = errors.Join(err, w.finish(err)); err != nil {
		return 0, err
	}
	b.progress(Progress{Index, count, count})
	return count, nil
}

// A sortedWriter puts keys that grow, and values with their checksums, in
// transactions of bounded size.
type sortedWriter struct {
	db    *bolt.DB
	tx    *bolt.Tx
	bytes int
}

// writerBytes bounds what one transaction of a sortedWriter holds.
const writerBytes = 4 << 20

func (w *sortedWriter) put(bucket, key, value []byte) error {
	if w.tx == nil {
		tx, err := w.db.Begin(true)
		if err != nil {
			return err
		}
		w.tx, w.bytes = tx, 0
	}
	b := w.tx.Bucket(bucket)
	b.FillPercent = 1
	if err := putSum(b, key, value); err != nil {
		return err
	}
	if w.bytes += len(key) + len(value); w.bytes < writerBytes {
		return nil
	}
	return w.finish(nil)
}

// finish commits, or rolls back when there was an error.
func (w *sortedWriter) finish(err error) error {
	if w.tx == nil {
		return nil
	}
	tx := w.tx
	w.tx = nil
	if err != nil {
		return tx.Rollback()
	}
	return tx.Commit()
}
