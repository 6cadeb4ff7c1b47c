package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
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
	commands []commandKey // of the incomplete run
	free     chan *batch  // batches that are written
	ignored  []string     // types that every view ignores
	skipped  positions    // the records of these types, by position
	starts   [][]byte     // the first subject of each batch to derive
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
	return &builder{
		path: path, views: views, until: until, progress: progress, db: db, runs: r,
		free: make(chan *batch, 2*batchesAhead), ignored: ignoredBy(views),
	}, nil
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
	return int(min(records*2048+64<<20, 1<<38))
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

// index merges the runs into the bucket of subjects and returns their number. It
// notes where the batches begin in which they are derived.
func (b *builder) index() (uint64, error) {
	var count uint64
	w := &sortedWriter{db: b.db}
	err := b.runs.merge(func(subject []byte, e *entry) error {
		if count%deriveBatch == 0 {
			b.starts = append(b.starts, bytes.Clone(subject))
		}
		if count++; count%10_000 == 0 {
			b.progress(Progress{Index, count, count})
		}
		return w.put(bucketSubjects, subject, e.append(nil))
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
