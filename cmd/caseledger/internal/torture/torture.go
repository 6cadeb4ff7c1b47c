// Package torture answers one question: what does the ledger lose, and what false
// answer does it give, when what it stands on fails?
//
// It runs the program as its users do, in processes of their own, and keeps a
// model of what they were told: every acknowledged command. Then it kills the
// processes, cuts the power of their disk, damages and fills it, takes servers of a
// cluster away, and holds what is there afterwards against the model. Everything
// random comes from a seed that is printed; what depends on the moment of a kill
// repeats only in kind.
package torture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Config says what is done to the program.
type Config struct {
	Program string   // path of caseledger
	Only    []string // names of [Classes]; empty: all
	Short   bool     // few of each fault instead of many
	Count   int      // of faults of each class; 0: as many as the class has by itself
	Seed    uint64
	// Say is told what is being done.
	Say func(format string, args ...any)
	Now func() time.Time
}

// A Class is one way to fail.
type Class struct {
	Name, Summary string
	full, short   int // how many faults
	root          bool
	run           func(*trial) error
}

// Classes lists them in the order in which they run.
func Classes() []Class {
	return []Class{
		{Name: "kills", Summary: "processes are killed at any moment", full: 1000, short: 30, run: (*trial).kills},
		{Name: "cuts", Summary: "the disk's power is cut; needs root", full: 300, short: 10, root: true, run: (*trial).cuts},
		{Name: "faults", Summary: "files are damaged, exchanged and deleted", full: 400, short: 12, run: (*trial).faults},
		{Name: "full", Summary: "a disk of 12 MB is filled; needs root", full: 30, short: 2, root: true, run: (*trial).fills},
		{Name: "nodes", Summary: "the leader of three servers is killed, paused and cut off", full: 30, short: 3, run: (*trial).nodes},
	}
}

// A Figure is one number that a class came to.
type Figure struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// A Result is what one class came to.
type Result struct {
	Class    string   `json:"class"`
	Seed     uint64   `json:"seed"`
	Seconds  float64  `json:"seconds"`
	Figures  []Figure `json:"figures"`
	NotRun   string   `json:"not_run,omitzero"` // why it was not run
	Failures []string `json:"failures,omitempty"`
	Kept     string   `json:"kept,omitzero"` // after a failure: where everything lies
}

// String is the line of figures of a class.
func (r Result) String() string {
	if r.NotRun != "" {
		return fmt.Sprintf("%-7s NOT RUN: %s", r.Class, r.NotRun)
	}
	parts := make([]string, len(r.Figures))
	for i, f := range r.Figures {
		parts[i] = strconv.Itoa(f.Count) + " " + f.Name
	}
	return fmt.Sprintf("%-7s %s; seed %d, %.0f s", r.Class, strings.Join(parts, ", "), r.Seed, r.Seconds)
}

// maxFailures ends a class: what follows says nothing more.
const maxFailures = 5

// Run runs the classes and tells each result. Its error says that one could not be
// run to its end; what the ledger did wrong stands in the results.
func Run(ctx context.Context, c Config, tell func(Result)) error {
	var faults []error
	for _, class := range Classes() {
		if len(c.Only) > 0 && !slices.Contains(c.Only, class.Name) {
			continue
		}
		r, err := c.runClass(ctx, class)
		tell(r)
		if err != nil {
			faults = append(faults, fmt.Errorf("torture by %s, seed %d: %w", class.Name, c.Seed, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(faults...)
}

func (c Config) runClass(ctx context.Context, class Class) (Result, error) {
	n := class.full
	if c.Short {
		n = class.short
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &trial{
		Config: c, ctx: ctx, n: cmp.Or(c.Count, n),
		rng:    rand.New(rand.NewPCG(c.Seed, uint64(len(class.Name))<<32|uint64(class.Name[0]))),
		result: Result{Class: class.Name, Seed: c.Seed},
	}
	if class.root {
		if t.result.NotRun = cannotMount(); t.result.NotRun != "" {
			return t.result, nil
		}
	}
	var err error
	if t.dir, err = os.MkdirTemp("", "caseledger-torture-"); err != nil {
		return t.result, err
	}
	begin := c.Now()
	err = class.run(t)
	t.result.Seconds = c.Now().Sub(begin).Seconds()
	if len(t.result.Failures) > 0 && ctx.Err() == nil {
		t.result.Kept = t.dir
		if errors.Is(err, errEnough) {
			err = nil
		}
		return t.result, err
	}
	return t.result, errors.Join(err, os.RemoveAll(t.dir))
}

// A trial is one class under way.
type trial struct {
	Config
	ctx context.Context
	n   int // faults to make
	dir string
	rng *rand.Rand // of the goroutine that makes the faults

	mu     sync.Mutex
	result Result
}

// errEnough ends a class that failed too often.
var errEnough = errors.New("it failed too often to go on")

// fail notes what the ledger did wrong.
func (t *trial) fail(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what := fmt.Sprintf(format, args...)
	t.result.Failures = append(t.result.Failures, what)
	t.Say("%s: %s", t.result.Class, what)
}

// failures returns what the ledger did wrong so far.
func (t *trial) failures() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.result.Failures)
}

// going reports whether the class goes on.
func (t *trial) going() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.result.Failures) >= maxFailures {
		return errEnough
	}
	return t.ctx.Err()
}

// count adds to a figure, which stands where it was first counted.
func (t *trial) count(name string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.result.Figures, func(f Figure) bool { return f.Name == name })
	if i < 0 {
		t.result.Figures = append(t.result.Figures, Figure{name, n})
		return
	}
	t.result.Figures[i].Count += n
}

// figure returns a figure as it stands.
func (t *trial) figure(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.result.Figures {
		if f.Name == name {
			return f.Count
		}
	}
	return 0
}

// path returns a path in the trial's directory.
func (t *trial) path(parts ...string) string {
	return filepath.Join(append([]string{t.dir}, parts...)...)
}

// within returns a random time below a bound.
func within(rng *rand.Rand, bound time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(bound)))
}

// pause waits, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
