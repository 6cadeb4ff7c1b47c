package projections

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	var taken *LockedError // then what is there is another's
	if err != nil && !errors.As(err, &taken) {
		err = errors.Join(err, os.Remove(b.path))
	}
	if err != nil {
		return fmt.Errorf("build views: %w", err)
	}
	defer keepOpen(path)()
	if err := os.Rename(b.path, path); err != nil {
		return fmt.Errorf("build views: %w", err)
	}
	return nil
}

// keepOpen keeps a file, if it is there, that is about to be replaced. When it is let
// go nobody waits: to free its space may take the system a second.
func keepOpen(path string) (letGo func()) {
	old, err := os.Open(path)
	if err != nil {
		return func() {}
	}
	return func() { go old.Close() }
}

// A builder makes a views file from nothing: ingest, index, derive.
type builder struct {
	path     string
	views    []View
	until    uint64
	progress func(Progress)
	db       *bolt.DB // holds the file, and reads it while rows are derived
	file     *pageFile
	buckets  map[string][]byte // those that are complete, see [tree.finish]
	runs     *runs

	position Position
	ignored  []string    // types that every view ignores
	skipped  positions   // the records of these types, by position
	free     chan *batch // batches that are written
	starts   [][]byte    // the first subject of each batch to derive
}

func newBuilder(path string, views []View, until uint64, runSize int, progress func(Progress)) (*builder, error) {
	if err := removeLeftover(path); err != nil {
		return nil, err
	}
	b := &builder{
		path: path, views: views, until: until, progress: progress, buckets: map[string][]byte{},
		free: make(chan *batch, 2*batchesAhead), ignored: ignoredBy(views),
	}
	if err := b.open(); err != nil {
		return nil, fmt.Errorf("build views: %w", err)
	}
	var err error
	if b.file, err = appendTo(path, b.db.Info().PageSize); err != nil {
		return nil, errors.Join(fmt.Errorf("build views: %w", err), b.db.Close())
	}
	if b.runs, err = newRuns(filepath.Dir(path), runSize); err != nil {
		return nil, errors.Join(fmt.Errorf("build views: %w", err), b.file.close(false), b.db.Close())
	}
	return b, nil
}

// open opens the file by bbolt, which makes it if it is not there, and locks it.
func (b *builder) open() error {
	db, err := bolt.Open(b.path, 0o600, &bolt.Options{
		Timeout: 100 * time.Millisecond, NoSync: true, FreelistType: bolt.FreelistMapType,
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{b.path}
	case err == nil:
		b.db = db
	}
	return err
}

// reopen opens the file again, when it has grown beyond what bbolt knows of it. It is
// not locked for a moment: another process may have taken it for a leftover.
func (b *builder) reopen() error {
	if err := b.db.Close(); err != nil {
		return err
	}
	if err := b.open(); err != nil {
		return err
	}
	ours, err := b.file.file.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Stat(b.path); err != nil || !os.SameFile(ours, now) {
		return &LockedError{b.path}
	}
	return nil
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

func (b *builder) close(complete bool) error {
	return errors.Join(b.runs.close(), b.file.close(complete), b.db.Close())
}

func (b *builder) build(ctx context.Context, src Source) error {
	if err := b.ingest(ctx, src); err != nil {
		return err
	}
	b.free = nil
	subjects, err := b.index()
	if err != nil {
		return err
	}
	if err := b.commit(nil); err != nil {
		return err
	}
	if err := b.reopen(); err != nil {
		return err
	}
	rows, err := b.derive(ctx, subjects)
	if err != nil {
		return err
	}
	return b.commit(rows)
}

// commit makes the buckets count that are complete; the others are empty.
func (b *builder) commit(rows tally) error {
	since := b.file.used.Load()
	buckets := maps.Clone(b.buckets)
	for _, name := range bucketNames(b.views) {
		if buckets[string(name)] == nil {
			buckets[string(name)], _ = new(tree).finish()
		}
	}
	values := map[string][]byte{
		string(keyFormat):     []byte(format),
		string(keyViews):      []byte(describe(b.views)),
		string(keyCheckpoint): withSum(keyCheckpoint, b.position.checkpoint()),
	}
	for key, n := range rows {
		values[key] = withSum([]byte(key), binary.AppendUvarint(nil, uint64(n)))
	}
	meta := newBucket(b.file)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := meta.put(0, []byte(key), values[key]); err != nil {
			return err
		}
	}
	var err error
	if buckets[string(bucketMeta)], err = meta.finish(); err != nil {
		return err
	}
	return b.file.commit(buckets, since)
}

// complete ends a bucket, of which nothing is written any more.
func (b *builder) complete(name []byte, w interface{ finish() ([]byte, error) }) (err error) {
	b.buckets[string(name)], err = w.finish()
	return err
}

// index merges the runs into the bucket of subjects and returns their number. It
// notes where the batches begin in which they are derived.
func (b *builder) index() (uint64, error) {
	var count uint64
	var value []byte
	w := newBucket(b.file)
	err := b.runs.merge(func(subject []byte, e *entry) error {
		if count%deriveBatch == 0 {
			b.starts = append(b.starts, bytes.Clone(subject))
		}
		if count++; count%10_000 == 0 {
			b.progress(Progress{Index, count, count})
		}
		value = e.append(value[:0])
		return w.putSum(subject, value)
	})
	if err == nil {
		err = b.complete(bucketSubjects, w)
	}
	b.progress(Progress{Index, count, count})
	return count, err
}
