package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/projections"
	"caseledger/replay"
)

type replayOptions struct {
	compare     bool
	until, into string
	from        string
}

// Where records are replayed from.
const (
	fromStream = "stream"
	fromViews  = "views"
)

func (p *Program) replayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Build every view again from the records",
		Long: `Build every view again from the records. The views at hand stay in use until the new ones are
complete, also when the replay is killed.

The records are read from the archive, if there is one, as far as it goes, each checked against its
Merkle root, and from the stream behind it: that takes the least time and memory. With --compare, read
the stream, build the views beside those at hand and prove by digest that both are equal. With --until,
build the views of a past moment in another file.`,
		Example: `  caseledger replay --compare
  caseledger replay --until 2008-05-15
  caseledger replay --until 2008-05-15 --into views-2008.db`,
		Args: noArgs,
	}
	cmd.Flags().BoolVar(&o.compare, "compare", false, "compare the views at hand with the ones built again")
	cmd.Flags().StringVar(&o.until, "until", "", "build what the ledger knew at a `moment`: a day, a time or #N")
	cmd.Flags().StringVar(&o.into, "into", "", "new `file` for --until (default views-N.db here, after record N)")
	cmd.Flags().StringVar(&o.from, "from", "", "read all records from one `place`: stream, archive, or the views' own copy of them: views")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case o.until == "" && o.into != "":
			return &UsageError{"--into goes with --until", cmd.CommandPath()}
		case o.until != "" && o.compare:
			return &UsageError{"give either --until or --compare", cmd.CommandPath()}
		case o.from != "" && o.from != fromStream && o.from != fromViews && o.from != fromArchive:
			return &UsageError{"--from is stream, archive or views", cmd.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
			return p.replay(ctx, l, o)
		})(cmd, args)
	}
	return cmd
}

func (p *Program) replay(ctx context.Context, l *app.Ledger, o replayOptions) error {
	if _, err := l.CatchUp(ctx); err != nil {
		return err
	}
	src, err := p.replaySource(ctx, l, o)
	if err != nil {
		return err
	}
	show := p.progress()
	defer show.done()
	defer app.CollectLate()()
	begin := p.Now()
	switch {
	case o.compare:
		return p.compareViews(ctx, l, src, show, begin)
	case o.until != "":
		return p.replayUntil(ctx, l, src, o, show, begin)
	}
	position, err := replay.Rebuild(ctx, l.Views, src, show.views)
	show.done()
	if err != nil {
		return err
	}
	return p.replayed(position.Sequence, p.Now().Sub(begin), "")
}

// replaySource returns what the views are built from.
func (p *Program) replaySource(ctx context.Context, l *app.Ledger, o replayOptions) (projections.Source, error) {
	switch {
	case o.from == fromViews:
		return l.Views.Source(), nil
	case o.from == fromArchive:
		return l.CatchUpArchive(ctx)
	case o.from == fromStream, o.compare:
		return l.Log, nil
	}
	return l.Records(func(err error) {
		fmt.Fprintf(p.Err, "caseledger: note: the stream is read instead: %s\n", oneLine(err.Error()))
	}), nil
}

// replayed says how fast it was.
func (p *Program) replayed(records uint64, took time.Duration, file string) error {
	perSecond := uint64(float64(records) / max(took.Seconds(), 1e-6))
	if p.flags.format == formatJSON {
		return p.printJSON(struct {
			Records   uint64  `json:"records"`
			Seconds   float64 `json:"seconds"`
			PerSecond uint64  `json:"events_per_second"`
			File      string  `json:"file,omitzero"`
		}{records, took.Seconds(), perSecond, file})
	}
	if file != "" {
		file = " in " + file
	}
	return p.printf("built every view again%s: %s in %.2f s, %s events/s\n", file, plural(int(records), "event"), took.Seconds(), prose.Thousands(perSecond))
}

func (p *Program) replayUntil(ctx context.Context, l *app.Ledger, src projections.Source, o replayOptions, show *progress, begin time.Time) error {
	var sequence uint64
	err := l.Views.Read(func(s *projections.Snapshot) (err error) {
		sequence, _, err = asOf(l, s, o.until)
		return err
	})
	if err != nil {
		return err
	}
	name := cmp.Or(o.into, fmt.Sprintf("views-%d.db", sequence))
	path := p.path(name)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return usage("--into %s: the file exists already", name)
	}
	err = projections.Build(ctx, src, path, replay.Views(), sequence, show.views)
	show.done()
	if err != nil {
		return err
	}
	return p.replayed(sequence, p.Now().Sub(begin), path)
}

// A DifferentViewsError reports views that are not what the records say.
type DifferentViewsError struct{ Differences []projections.Difference }

func (e *DifferentViewsError) Error() string {
	s := "the views are not what the records say"
	for i, d := range e.Differences {
		if i == 3 {
			return s + ", …"
		}
		s += fmt.Sprintf(", %s", d)
	}
	return s
}

// Hint says what a person can do about it.
func (e *DifferentViewsError) Hint() string { return "build them again with: caseledger replay" }

func (p *Program) compareViews(ctx context.Context, l *app.Ledger, src projections.Source, show *progress, begin time.Time) error {
	c, err := replay.Compare(ctx, l.Views, replay.Views(), src, l.Place.Beside("compare.db"), show.views)
	show.done()
	if err != nil {
		return err
	}
	took := p.Now().Sub(begin)
	if p.flags.format == formatJSON {
		err = p.printJSON(c)
	} else {
		err = errors.Join(p.replayed(c.Position.Sequence, took, ""),
			p.printf("digest of the views at hand  %s\ndigest of those built again  %s\n", c.Live, c.Rebuilt))
		if c.Equal {
			err = errors.Join(err, p.printf("equal\n"))
		}
	}
	if err == nil && !c.Equal {
		return &DifferentViewsError{c.Differences}
	}
	return err
}
