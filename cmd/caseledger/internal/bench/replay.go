package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"syscall"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/projections"
	"caseledger/replay"
)

// A cost is what some work took: by the clock, and of all cores together, which
// says more on a machine that others use; and what it did to the heap, in bytes.
type cost struct {
	wall, cpu time.Duration
	before    uint64 // what lived before it
	most      uint64 // the most that was in the heap, garbage included
	lived     uint64 // the most that lived
}

func (r *run) spend(f func(context.Context) error) (cost, error) {
	runtime.GC()
	_, before := heap()
	high := watchHeap()
	begin, used := r.Now(), processTime()
	err := f(r.ctx)
	c := cost{wall: r.Now().Sub(begin), cpu: processTime() - used, before: before}
	c.most, c.lived = high()
	return c, err
}

func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// replay rebuilds every view, from the stream and from the archive, in turns with the
// bare consumer, and before that once as the program does it, for its heap.
func (r *run) replay() error {
	n := r.Records
	path := filepath.Join(r.ledger.Place.Dir, "bench-views.db")
	restore := app.CollectLate()
	used, err := r.spend(func(ctx context.Context) error {
		return projections.Build(ctx, r.ledger.Records(nil), path, replay.Views(), n, nil)
	})
	restore()
	if err != nil {
		return err
	}
	r.addHeap(used)
	bare, err := jetstream.OpenBare(r.ledger.Stream())
	if err != nil {
		return err
	}
	defer bare.Close()
	defer app.CollectLate()() // as the program does; the floor is better off, too
	copied, err := r.ledger.Archive(false)
	if err != nil {
		return err
	}
	rounds := make([][4]cost, r.Rounds)
	phases := &phases{now: r.Now}
	for i := range rounds {
		r.Say("replay of %d events: round %d of %d", n, i+1, r.Rounds)
		for k, work := range [...]func(context.Context) error{
			func(ctx context.Context) error { return bare.Count(ctx, n) },
			func(ctx context.Context) error {
				return r.ledger.Log.Read(ctx, 1, n, func([]events.Message) error { return nil })
			},
			func(ctx context.Context) error {
				phases.begin()
				return projections.Build(ctx, r.ledger.Log, path, replay.Views(), n, phases.add)
			},
			func(ctx context.Context) error {
				return projections.Build(ctx, copied, path, replay.Views(), n, nil)
			},
		} {
			if rounds[i][k], err = r.spend(work); err != nil {
				return err
			}
		}
	}
	wall := func(k int) float64 {
		return float64(n) / medianOf(rounds, func(c [4]cost) float64 { return c[k].wall.Seconds() })
	}
	micros := func(k int) float64 {
		return medianOf(rounds, func(c [4]cost) float64 { return float64(c[k].cpu.Nanoseconds()) / 1000 / float64(n) })
	}
	ratio := func(k int) float64 {
		return medianOf(rounds, func(c [4]cost) float64 { return c[0].wall.Seconds() / c[k].wall.Seconds() })
	}
	cpuRatio := func(k int) float64 {
		return medianOf(rounds, func(c [4]cost) float64 { return c[0].cpu.Seconds() / c[k].cpu.Seconds() })
	}
	r.add(Figure{Name: "replay with every view", Unit: "events/s", Ours: wall(2), Floor: wall(0), Ratio: ratio(2), Target: 0.5,
		Note: "floor: an ordered consumer that only counts; " + phases.String(r.Rounds)})
	r.add(Figure{Name: "replay, processor time", Unit: "µs/event", Ours: micros(2), Floor: micros(0), Ratio: cpuRatio(2)})
	r.add(Figure{Name: "replay from the archive, verified", Unit: "events/s", Ours: wall(3), Floor: wall(0), Ratio: ratio(3), Target: 1})
	r.add(Figure{Name: "replay from the archive, processor time", Unit: "µs/event", Ours: micros(3), Floor: micros(0), Ratio: cpuRatio(3)})
	r.add(Figure{Name: "reading the log alone", Unit: "events/s", Ours: wall(1), Floor: wall(0), Ratio: ratio(1)})
	r.add(Figure{Name: "reading alone, processor time", Unit: "µs/event", Ours: micros(1), Floor: micros(0), Ratio: cpuRatio(1)})
	var most uint64
	for _, c := range rounds {
		most = max(most, c[2].most)
	}
	r.add(Figure{Name: "largest heap, from the stream", Unit: "MB", Ours: megabytes(most), Note: "with what the embedded server keeps of what it read"})
	return nil
}

// addHeap adds the largest heap, all of the process with its garbage, and how much
// of it lives: before the rebuild, which is the embedded server's index of subjects,
// and in the rebuild.
func (r *run) addHeap(c cost) {
	r.add(Figure{Name: "largest heap while replaying", Unit: "MB", Ours: megabytes(c.most), Target: 512, Note: "all of the process, with the garbage that the collector is told to leave"})
	r.add(Figure{Name: "of it living before", Unit: "MB", Ours: megabytes(c.before)})
	r.add(Figure{Name: "of it living in the rebuild", Unit: "MB", Ours: megabytes(c.lived - min(c.lived, c.before))})
}

func megabytes(bytes uint64) float64 { return float64(bytes) / (1 << 20) }

// heap returns the bytes in the heap, and those of them that lived at the last
// collection.
func heap() (inUse, lived uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}

// phases adds up how long each phase of a rebuild takes.
type phases struct {
	now   func() time.Time
	last  time.Time
	spent map[projections.Phase]time.Duration
}

func (p *phases) begin() { p.last = p.now() }

func (p *phases) add(progress projections.Progress) {
	if p.spent == nil {
		p.spent = map[projections.Phase]time.Duration{}
	}
	now := p.now()
	p.spent[progress.Phase] += now.Sub(p.last)
	p.last = now
}

func (p *phases) String(rounds int) string {
	s := func(phase projections.Phase) float64 { return p.spent[phase].Seconds() / float64(rounds) }
	return fmt.Sprintf("ingest %.2f s, index %.2f s, derive %.2f s", s(projections.Ingest), s(projections.Index), s(projections.Derive))
}

// watchHeap samples the heap until the returned function is called, which returns
// the most that was in it, and the most that lived, in bytes.
func watchHeap() (high func() (most, lived uint64)) {
	var most, lived uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			m, l := heap()
			most, lived = max(most, m), max(lived, l)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() (uint64, uint64) { close(stop); <-done; return most, lived }
}

func medianOf[T any](list []T, of func(T) float64) float64 {
	values := make([]float64, len(list))
	for i, v := range list {
		values[i] = of(v)
	}
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}
