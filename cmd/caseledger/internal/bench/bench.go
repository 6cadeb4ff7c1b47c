// Package bench answers one question: how fast is the program, as a share of what
// nothing on the same machine could exceed?
//
// It measures whole paths, on a ledger of the sample programme at scale: durable
// commands as the program runs them, a rebuild of every view from the stream, one
// client's history, every report, what proves and keeps the ledger. Each figure that has a floor is taken in turns
// with it, since what else the machine does strikes both alike.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/projections"
	"caseledger/replay"
)

// A Config says what is measured.
type Config struct {
	// Events is the number of events of the ledger, about: the sample comes in
	// whole copies.
	Events int
	// Rounds is how often a figure and its floor are taken; the median counts.
	Rounds int
	// Only says which of [Parts] are measured; empty: all.
	Only []string
	// Dir is where ledgers and views are made. A ledger that an earlier run kept
	// there is used again.
	Dir string
	// Say is told what is being done.
	Say func(format string, args ...any)
	Now func() time.Time
}

// perCopy is about the number of events of one copy of the sample.
const perCopy = 64_100

// scale returns how many copies of the sample make the events, at least one.
func (c *Config) scale() int { return max(1, (c.Events+perCopy/2)/perCopy) }

// A Figure is one measured number.
type Figure struct {
	Name  string  `json:"figure"`
	Unit  string  `json:"unit"`
	Ours  float64 `json:"ours"`
	Floor float64 `json:"floor,omitzero"` // of the same run, in the same unit; 0: there is none
	Ratio float64 `json:"ratio,omitzero"` // how near ours comes to the floor: 1 is as good
	// Target is what the ratio must reach, or when there is no floor what ours must
	// not exceed; 0: the figure is only reported.
	Target float64 `json:"target,omitzero"`
	Note   string  `json:"note,omitzero"`
}

// Passes reports whether a figure is as it must be.
func (f *Figure) Passes() bool {
	switch {
	case f.Target == 0:
		return true
	case f.Floor != 0:
		return f.Ratio >= f.Target
	}
	return f.Ours <= f.Target
}

// A Result is what a run measured.
type Result struct {
	Records uint64   `json:"events"` // in the ledger
	Figures []Figure `json:"figures"`
}

// A run is one measurement under way.
type run struct {
	Config
	Result
	ctx    context.Context
	ledger *app.Ledger
	turns  int // of commands so far

	records uint64 // that are proven
}

// Run makes the ledger, if it is not there, and measures everything.
func Run(ctx context.Context, c Config) (_ *Result, err error) {
	r := &run{Config: c, ctx: ctx}
	place := app.Place{Dir: filepath.Join(c.Dir, fmt.Sprintf("ledger-%d", c.scale()))}
	if err := r.prepare(place); err != nil {
		return nil, err
	}
	if err := r.archive(place); err != nil {
		return nil, fmt.Errorf("archive the sample: %w", err)
	}
	if r.ledger, err = open(ctx, place, c.Now, false); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.ledger.Close()) }()
	if r.Records, err = r.ledger.Log.Head(ctx); err != nil {
		return nil, err
	}
	for i, measure := range [...]func() error{r.replay, r.queries, r.commands, r.programme, r.proof} {
		if len(c.Only) > 0 && !slices.Contains(c.Only, parts[i]) {
			continue
		}
		if err := measure(); err != nil {
			return nil, err
		}
	}
	return &r.Result, nil
}

var parts = [...]string{"replay", "queries", "commands", "programme", "proof"}

// Parts lists what can be measured by itself.
func Parts() []string { return parts[:] }

// ledgerDone marks a ledger that was loaded to its end.
const ledgerDone = "bench.loaded"

func (r *run) prepare(place app.Place) error {
	done := filepath.Join(place.Dir, ledgerDone)
	if _, err := os.Stat(done); err == nil {
		r.Say("using the ledger in %s", place.Dir)
		return nil
	}
	if err := os.RemoveAll(place.Dir); err != nil {
		return err
	}
	if err := r.load(place); err != nil {
		return fmt.Errorf("load the sample: %w", err)
	}
	return os.WriteFile(done, nil, 0o600)
}

// archive brings the ledger's archive up to its stream, in a ledger that is opened for
// that alone: its embedded server then forgets what it has read.
func (r *run) archive(place app.Place) (err error) {
	l, err := open(r.ctx, place, r.Now, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	a, err := l.Archive(true)
	if err != nil {
		return err
	}
	head, err := l.Log.Head(r.ctx)
	if missing := head - a.Size(); err != nil || missing == 0 {
		return err
	} else {
		r.Say("archiving %d events", missing)
		begin := r.Now()
		if _, err := l.CatchUpArchive(r.ctx); err != nil {
			return err
		}
		r.add(Figure{Name: "archiving", Unit: "events/s", Ours: float64(missing) / r.Now().Sub(begin).Seconds()})
	}
	return nil
}

func (r *run) add(f Figure) { r.Figures = append(r.Figures, f) }

func open(ctx context.Context, place app.Place, now func() time.Time, unsynced bool) (*app.Ledger, error) {
	return app.Open(ctx, place, app.OpenOptions{Catalogue: app.Commands(), Views: replay.Views(), Now: now, Unsynced: unsynced})
}

func (c *Config) sample() sample.Config { return sample.Config{Scale: c.scale()} }

// read asks the ledger's views.
func (r *run) read(f func(*projections.Snapshot) error) error { return r.ledger.Views.Read(f) }
