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

// deriveBatch is the number of subjects that a worker takes at a time.
const deriveBatch = 1024

// A job is a batch of subjects to derive, from its first one on; done receives
// where their rows are, once.
type job struct {
	start []byte
	done  chan jobResult
}

type jobResult struct {
	subjects uint64
	pages    [][]child // of each view, with the rows
	rows     tally
	links    [][]byte // keys of dependents; few: one for each derivative
	err      error
}

// derive derives every subject once and writes its rows, on all cores. It returns the
// numbers of rows.
func (b *builder) derive(ctx context.Context, total uint64) (rows tally, err error) {
	segments, err := b.segments()
	if err != nil {
		return nil, err
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
	// The records, most of the file, go to the disk meanwhile. Not earlier: while the
	// system frees the space of a file that was replaced, a sync may hold up every write.
	group.Go(func() { synced = b.file.file.Sync() })
	group.Go(func() { b.dispatch(ctx, jobs, ordered) })
	for range workers {
		group.Go(func() {
			w := b.worker(segments)
			for j := range jobs {
				j.done <- w.derive(j.start)
			}
		})
	}
	return b.collectRows(ctx, ordered, total)
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

// segments returns all segments: they are good as long as the file is open.
func (b *builder) segments() (all []segment, err error) {
	err = guard(func() error {
		return b.db.View(func(tx *bolt.Tx) error {
			all = make([]segment, 0, b.position.Sequence/segmentSize)
			return tx.Bucket(bucketRecords).ForEach(func(_, value []byte) error {
				all = append(all, value)
				return nil
			})
		})
	})
	return all, err
}

// A worker derives one batch of subjects after another and writes their rows.
type worker struct {
	*builder
	deriver  *deriver
	segments []segment
	pages    []leafBuilder // of each view
}

func (b *builder) worker(segments []segment) *worker {
	w := &worker{b, newDeriver(b.views), segments, make([]leafBuilder, len(b.views))}
	w.deriver.skip = b.skipped
	for i := range w.pages {
		w.pages[i].size = b.file.size
	}
	return w
}

func (w *worker) derive(start []byte) (result jobResult) {
	result.rows, result.pages = tally{}, make([][]child, len(w.views))
	result.err = guard(func() error {
		if err := w.db.View(func(tx *bolt.Tx) error { return w.deriveIn(tx, start, &result) }); err != nil {
			return err
		}
		for i := range w.pages {
			children, err := w.pages[i].write(w.file)
			if err != nil {
				return err
			}
			result.pages[i] = slices.Clone(children)
		}
		return nil
	})
	return result
}

func (w *worker) deriveIn(tx *bolt.Tx, start []byte, result *jobResult) error {
	s, err := newSnapshot(tx)
	if err != nil {
		return err
	}
	s.segments = w.segments
	var counts rowCounts
	c := s.subjects.Cursor()
	for k, value := c.Seek(start); k != nil && result.subjects < deriveBatch; k, value = c.Next() {
		if value, err = checked(k, value); err != nil {
			return err
		}
		name := events.Subject(k)
		if counts.kind != name.Kind() {
			counts.addTo(result.rows, w.views)
			counts = rowCounts{name.Kind(), make([]int, len(w.views))}
		}
		principals, err := w.deriver.deriveFrom(s, name, value, func(i int, row []byte) error {
			if len(row) > 0 {
				w.pages[i].putSum(k, row)
				counts.rows[i]++
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range principals {
			result.links = append(result.links, dependentKey(p, name.ID()))
		}
		result.subjects++
	}
	counts.addTo(result.rows, w.views)
	return nil
}

// rowCounts counts the rows of subjects of one kind by view.
type rowCounts struct {
	kind events.Kind
	rows []int
}

func (c rowCounts) addTo(t tally, views []View) {
	for i, n := range c.rows {
		if n > 0 {
			t[tallyKey(views[i].Name(), c.kind)] += n
		}
	}
}

// collectRows puts the pages of all batches together, in the order of their subjects.
func (b *builder) collectRows(ctx context.Context, ordered <-chan job, total uint64) (tally, error) {
	views, rows := make([]tree, len(b.views)), tally{}
	for i := range views {
		views[i].file = b.file
	}
	var links [][]byte
	var done uint64
	for j := range ordered {
		result := <-j.done
		err := result.err
		for i := 0; i < len(views) && err == nil; i++ {
			err = views[i].add(0, result.pages[i]...)
		}
		if err != nil {
			return nil, err
		}
		for key, n := range result.rows {
			rows[key] += n
		}
		links = append(links, result.links...)
		done += result.subjects
		b.progress(Progress{Derive, done, total})
	}
	// A build that is broken off ends the batches early, which looks like their end.
	if done != total {
		return nil, cmp.Or(ctx.Err(), fmt.Errorf("derive: %d of %d subjects", done, total))
	}
	for i, view := range b.views {
		if err := b.complete(viewBucket(view.Name()), &views[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(links, bytes.Compare)
	dependents := newBucket(b.file)
	for _, key := range links {
		if err := dependents.putSum(key, nil); err != nil {
			return nil, err
		}
	}
	return rows, b.complete(bucketDependents, dependents)
}
