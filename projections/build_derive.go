package projections

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"

	"caseledger/events"
)

// deriveBatch is the number of subjects that a worker takes at a time. A read
// transaction lasts no longer: the file cannot grow beneath it.
const deriveBatch = 1024

// A job is a batch of subjects to derive, from its first one on; done receives
// their rows, once.
type job struct {
	start []byte
	done  chan jobResult
}

type jobResult struct {
	rows []derived
	err  error
}

// derive derives every subject once, on all cores, and writes the rows in order.
func (b *builder) derive(ctx context.Context, total uint64) (err error) {
	segments, at, err := b.segments()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	workers := runtime.GOMAXPROCS(0)
	jobs, ordered := make(chan job), make(chan job, 2*workers)
	var group sync.WaitGroup
	var synced error
	defer func() {
		cancel()
		group.Wait()
		err = errors.Join(err, synced)
	}()
	// The records, most of the file, go to the disk meanwhile.
	group.Go(func() { synced = b.db.Sync() })
	group.Go(func() { b.dispatch(ctx, jobs, ordered) })
	for range workers {
		group.Go(func() {
			d := newDeriver(b.views)
			d.skip = b.skipped
			for j := range jobs {
				j.done <- b.deriveJob(d, segments, at, j.start)
			}
		})
	}
	return b.writeRows(ctx, ordered, total)
}

// dispatch hands out the subjects in order, to the workers and to the writer.
func (b *builder) dispatch(ctx context.Context, jobs, ordered chan<- job) {
	defer close(jobs)
	defer close(ordered)
	for _, start := range b.starts {
		j := job{start, make(chan jobResult, 1)}
		// To a worker first: the writer waits for every job that it is given.
		for _, to := range []chan<- job{jobs, ordered} {
			select {
			case to <- j:
			case <-ctx.Done():
				return
			}
		}
	}
}

// segments returns all segments, and where the file lies in memory: they are good
// as long as it lies there.
func (b *builder) segments() (all []segment, at uintptr, err error) {
	err = guard(func() error {
		return b.db.View(func(tx *bolt.Tx) error {
			all, at = make([]segment, 0, b.position.Sequence/segmentSize), b.db.Info().Data
			return tx.Bucket(bucketRecords).ForEach(func(_, value []byte) error {
				all = append(all, value)
				return nil
			})
		})
	})
	return all, at, err
}

func (b *builder) deriveJob(d *deriver, segments []segment, at uintptr, start []byte) (result jobResult) {
	result.rows = make([]derived, 0, deriveBatch)
	result.err = guard(func() error {
		return b.db.View(func(tx *bolt.Tx) error {
			s, err := newSnapshot(tx)
			if err != nil {
				return err
			}
			if b.db.Info().Data == at {
				s.segments = segments
			}
			buf := make([]byte, 0, deriveBatch*512)
			c := s.subjects.Cursor()
			for k, value := c.Seek(start); k != nil && len(result.rows) < deriveBatch; k, value = c.Next() {
				if value, err = checked(k, value); err != nil {
					return err
				}
				rows, err := d.deriveInto(s, events.Subject(k), value, buf)
				if err != nil {
					return err
				}
				result.rows = append(result.rows, rows)
				buf = rows.rows
			}
			return nil
		})
	})
	return result
}

// writeRows writes the rows of the batches in the order of their subjects.
func (b *builder) writeRows(ctx context.Context, ordered <-chan job, total uint64) error {
	buckets := make([][]byte, len(b.views))
	for i, view := range b.views {
		buckets[i] = viewBucket(view.Name())
	}
	w, rows := &sortedWriter{db: b.db}, tally{}
	var links [][]byte // few: one for each derivative
	var done uint64
	for {
		var j job
		var open bool
		select {
		case j, open = <-ordered:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), w.finish(ctx.Err()))
		}
		if !open {
			break
		}
		result := <-j.done
		err := result.err
		for i := 0; i < len(result.rows) && err == nil; i++ {
			err = w.putRows(buckets, &result.rows[i])
			b.countRows(rows, &result.rows[i])
			for _, p := range result.rows[i].principals {
				links = append(links, dependentKey(p, result.rows[i].subject.ID()))
			}
		}
		if err != nil {
			return errors.Join(err, w.finish(err))
		}
		done += uint64(len(result.rows))
		b.progress(Progress{Derive, done, total})
	}
	// A build that is broken off ends the batches early, which looks like their end.
	if done != total {
		return errors.Join(cmp.Or(ctx.Err(), fmt.Errorf("derive: %d of %d subjects", done, total)), w.finish(context.Canceled))
	}
	slices.SortFunc(links, bytes.Compare)
	for _, key := range links {
		if err := w.put(bucketDependents, key, nil); err != nil {
			return errors.Join(err, w.finish(err))
		}
	}
	if err := w.finish(nil); err != nil {
		return err
	}
	return b.db.Update(func(tx *bolt.Tx) error { return rows.add(tx.Bucket(bucketMeta)) })
}

func (b *builder) countRows(rows tally, d *derived) {
	for i, view := range b.views {
		if len(d.row(i)) > 0 {
			rows[tallyKey(view.Name(), d.subject.Kind())]++
		}
	}
}

func (w *sortedWriter) putRows(buckets [][]byte, d *derived) error {
	key := []byte(d.subject)
	for i, bucket := range buckets {
		if row := d.row(i); len(row) > 0 {
			if err := w.put(bucket, key, row); err != nil {
				return err
			}
		}
	}
	return nil
}
