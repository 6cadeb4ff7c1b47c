package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/bench"
	"caseledger/cmd/caseledger/internal/prose"
)

type benchOptions struct {
	events, rounds int
	keep, profile  string
	only           []string
}

func (p *Program) benchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the program on this machine, beside what nothing could exceed",
		Long: `Measure the program on this machine: durable commands, a rebuild of every view, one client's history,
every report, verifying, bundles and a backup. A ledger of the sample programme is made for it, without syncing, and thrown away
afterwards, or kept with --keep. Where there is a floor (bare publishes, a consumer that only counts),
it is measured in turns with the program, and the ratio of the medians counts.`,
		Example: `  caseledger bench --events 1000000
  caseledger bench --events 4000000 --keep bench-data`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.events < 1 || o.rounds < 1 {
				return usage("--events and --rounds are at least 1")
			}
			for _, part := range o.only {
				if !slices.Contains(bench.Parts(), part) {
					return usage("--only %s: the parts are %s", part, strings.Join(bench.Parts(), ", "))
				}
			}
			return p.bench(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.events, "events", 1_000_000, "about how many events")
	cmd.Flags().IntVar(&o.rounds, "rounds", 5, "how often each figure and its floor are taken")
	cmd.Flags().StringVar(&o.keep, "keep", "", "`directory` that keeps the ledger for another run")
	cmd.Flags().StringSliceVar(&o.only, "only", nil, "measure only some `parts`: "+strings.Join(bench.Parts(), ", "))
	cmd.Flags().StringVar(&o.profile, "cpuprofile", "", "write a processor profile to a `file`, for go tool pprof")
	return cmd
}

func (p *Program) bench(ctx context.Context, o benchOptions) (err error) {
	dir := p.path(o.keep)
	if dir == "" {
		if dir, err = os.MkdirTemp("", "caseledger-bench-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	if o.profile != "" {
		stop, err := profileTo(p.path(o.profile))
		if err != nil {
			return err
		}
		defer stop()
	}
	r, err := bench.Run(ctx, bench.Config{Events: o.events, Rounds: o.rounds, Only: o.only, Dir: dir, Now: p.Now,
		Say: func(format string, args ...any) { fmt.Fprintf(p.Err, "caseledger: "+format+"\n", args...) }})
	if err != nil {
		return err
	}
	if p.flags.format == formatJSON {
		return p.printJSON(r)
	}
	return p.answerBench(r)
}

func profileTo(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}

func (p *Program) answerBench(r *bench.Result) error {
	s := sheet{
		title:   fmt.Sprintf("%s events", prose.Thousands(r.Records)),
		columns: []column{{name: "figure"}, right("ours"), right("floor"), {name: "unit"}, right("ratio"), right("target"), {name: ""}, {name: "note"}},
	}
	for _, f := range r.Figures {
		s.add(f.Name, measured(f.Ours), measured(f.Floor), f.Unit, ratio(f.Ratio), target(f), verdict(f), f.Note)
	}
	if p.flags.format == formatCSV {
		return p.printCSV(s)
	}
	return p.printSheet(s)
}

// measured writes a number as precisely as it was measured.
func measured(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 100:
		return prose.Thousands(uint64(v + 0.5))
	}
	return fmt.Sprintf("%.2f", v)
}

func ratio(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", v)
}

func target(f bench.Figure) string {
	switch {
	case f.Target == 0:
		return ""
	case f.Floor != 0:
		return fmt.Sprintf("≥ %.2f", f.Target)
	}
	return "≤ " + measured(f.Target)
}

func verdict(f bench.Figure) string {
	switch {
	case f.Target == 0:
		return ""
	case f.Passes():
		return "pass"
	}
	return "below"
}
