// Package simulate answers one question: what would have been due, had other
// settings of the rulebook been in force?
//
// It folds every case of the ledger once and evaluates it twice, under the
// policies adopted and under a supposition laid over them. It only reads: neither
// the records nor the views change.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// Options say what is simulated.
type Options struct {
	// Overlay is what is supposed.
	Overlay policy.Overlay
	// Closing is the day up to and including which amounts are due.
	Closing events.Date
	// Position is the last record that counts, 0 for all of the views'. The
	// facts of the records up to it count whatever their effective date.
	Position uint64
	// Progress, when not nil, is called with the number of cases done so far, by
	// one goroutine at a time.
	Progress func(done uint64)
}

// batch is the number of cases that a worker takes at a time. A read transaction
// lasts no longer: the views can be followed meanwhile.
const batch = 256

// Run simulates over all cases of the views, on all cores. An unknown setting,
// reading or rate yields a [*policy.SettingError]. The result is the same every
// time.
//
// Cost: about as much as deriving the views once. Memory: what the result holds,
// which grows with the clients whose clocks change, and a batch for each core.
func Run(ctx context.Context, v *projections.Views, o Options) (*Result, error) {
	r := &run{views: v, Options: o}
	if err := v.Read(r.begin); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	tallies := make([]*tally, runtime.GOMAXPROCS(0))
	faults := make([]error, len(tallies))
	for i := range tallies {
		tallies[i] = newTally()
		group.Go(func() {
			if faults[i] = r.work(ctx, tallies[i]); faults[i] != nil {
				cancel() // the others need not go on
			}
		})
	}
	group.Wait()
	if err := cause(faults); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	for _, t := range tallies[1:] {
		tallies[0].merge(t)
	}
	return tallies[0].result(r), nil
}

// cause returns what stopped the workers: a cancellation only when nothing else
// did.
func cause(faults []error) (first error) {
	for _, err := range faults {
		if first == nil || errors.Is(first, context.Canceled) && err != nil {
			first = err
		}
	}
	return first
}

// A run is one simulation. Its workers share the walk over the cases.
type run struct {
	Options
	views    *projections.Views
	position projections.Position
	adopted  *policy.Book
	supposed *policy.Book

	mu   sync.Mutex // guards what follows
	last events.Subject
	done uint64
}

// begin fixes the position, at which every batch is read, and makes the books.
func (r *run) begin(s *projections.Snapshot) error {
	head := s.Position()
	if r.Position > head.Sequence {
		return fmt.Errorf("read record #%d: the views end at #%d", r.Position, head.Sequence)
	}
	if r.Position == 0 {
		r.Position = head.Sequence
	}
	s, err := s.AsOf(r.Position)
	if err != nil {
		return err
	}
	r.position = s.Position()
	if r.adopted, err = s.Book(); err != nil {
		return err
	}
	r.supposed, err = r.adopted.With(r.Overlay)
	return err
}

// work evaluates batches of cases until none is left.
func (r *run) work(ctx context.Context, t *tally) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := r.views.Read(func(s *projections.Snapshot) error {
			names := r.take(s)
			more = len(names) > 0
			s, err := s.AsOf(r.Position)
			for i := 0; i < len(names) && err == nil; i++ {
				err = r.evaluate(s, names[i], t)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// take returns the next cases, none when all are taken.
func (r *run) take(s *projections.Snapshot) []events.Subject {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := s.SubjectsAfter(events.KindCase, r.last, batch)
	if n := len(names); n > 0 {
		r.last = names[n-1]
		r.done += uint64(n)
		if r.Progress != nil {
			r.Progress(r.done)
		}
	}
	return names
}

// evaluate adds one case to a tally.
func (r *run) evaluate(s *projections.Snapshot, name events.Subject, t *tally) error {
	subject, err := s.Subject(name)
	if err != nil {
		return err
	}
	f, err := subject.Facts()
	if err != nil {
		return err
	}
	if len(f.Enrollments) == 0 && len(f.Expenses) == 0 {
		return nil
	}
	var two [2]*policy.Entitlement
	for i, book := range [2]*policy.Book{r.adopted, r.supposed} {
		if two[i], err = subject.EvaluateUnder(book, f, events.MaxDate); err != nil {
			return fmt.Errorf("evaluate %s: %w", name, err)
		}
	}
	t.add(f.Client, two, r.Closing)
	return nil
}
