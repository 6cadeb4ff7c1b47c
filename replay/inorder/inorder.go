// Package inorder answers one question: how is a sequence worked on by all cores
// at once, and its results used in order?
package inorder

import (
	"context"
	"runtime"
	"sync"
)

type job[I, O any] struct {
	in   I
	done chan result[O] // receives once
}

type result[O any] struct {
	out O
	err error
}

// Run calls work on everything that produce emits, on all cores, and consume on
// the results in the order in which they were emitted, on this goroutine. It
// returns the first error in that order, after everything that it started has
// ended. What lies between emitting and consuming is bounded: a few per core.
func Run[I, O any](ctx context.Context, produce func(ctx context.Context, emit func(I) error) error, work func(I) (O, error), consume func(O) error) error {
	workers := runtime.GOMAXPROCS(0)
	jobs := make(chan job[I, O])
	ordered := make(chan job[I, O], 2*workers)
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var produced error
	group.Go(func() {
		defer close(ordered)
		defer close(jobs)
		produced = produce(ctx, func(in I) error {
			j := job[I, O]{in, make(chan result[O], 1)}
			// To a worker first: the consumer waits for every job that it is given.
			for _, to := range []chan<- job[I, O]{jobs, ordered} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range workers {
		group.Go(func() {
			for j := range jobs {
				out, err := work(j.in)
				j.done <- result[O]{out, err}
			}
		})
	}
	for j := range ordered {
		r := <-j.done
		if r.err != nil {
			return r.err
		}
		if err := consume(r.out); err != nil {
			return err
		}
	}
	return produced // written before ordered was closed
}
