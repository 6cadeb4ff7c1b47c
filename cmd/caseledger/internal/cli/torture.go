package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/torture"
	"caseledger/replay"
)

func (p *Program) tortureCommand() *cobra.Command {
	var c torture.Config
	cmd := &cobra.Command{
		Use:   "torture",
		Short: "Kill, cut off, damage and fill ledgers, and show what they lose",
		Long: `Make ledgers in a temporary directory, run this program on them in processes of their own, and kill
those, cut the power of their disk, damage and fill it, and take servers of a cluster away. Everything
that was acknowledged is then held against what is there, and answers against those of a sound copy.

  ` + strings.Join(tortureClasses("%-7s %s"), "\n  ") + `

Prints one line of figures for each, and fails when anything was lost, or was answered falsely. What
needs root is not run without, and the line says so. The seed repeats what is random; when a
process dies depends on the machine too.`,
		Example: `  caseledger torture
  caseledger torture --only kills,faults --count 50 --seed 7`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range c.Only {
				if names := tortureClasses("%s"); !slices.Contains(names, name) {
					return usage("--only %s: there are %s", name, strings.Join(names, ", "))
				}
			}
			if c.Count < 0 {
				return usage("--count is at least 1")
			}
			if !cmd.Flags().Changed("seed") {
				c.Seed = rand.Uint64N(1_000_000)
			}
			return p.torture(cmd.Context(), c)
		},
	}
	cmd.Flags().StringSliceVar(&c.Only, "only", nil, "run only some `classes`: "+strings.Join(tortureClasses("%s"), ", "))
	cmd.Flags().BoolVar(&c.Short, "short", false, "a few of each instead of many")
	cmd.Flags().IntVar(&c.Count, "count", 0, "how many of each")
	cmd.Flags().Uint64Var(&c.Seed, "seed", 0, "`number` that everything random comes from (default a random one, which is printed)")
	cmd.AddCommand(p.tortureUnsyncedCommand(), p.tortureNodeCommand())
	return cmd
}

// tortureClasses writes the name, and as far as the format takes it the summary, of each class.
func tortureClasses(format string) (lines []string) {
	for _, c := range torture.Classes() {
		args := []any{c.Name, c.Summary}
		lines = append(lines, fmt.Sprintf(format, args[:strings.Count(format, "%")]...))
	}
	return lines
}

func (p *Program) torture(ctx context.Context, c torture.Config) error {
	var err error
	if c.Program, err = os.Executable(); err != nil {
		return err
	}
	c.Now = p.Now
	c.Say = func(format string, args ...any) { fmt.Fprintf(p.Err, "caseledger: "+format+"\n", args...) }
	c.Say("torture with seed %d", c.Seed)
	failures := 0
	err = torture.Run(ctx, c, func(r torture.Result) {
		failures += len(r.Failures)
		if p.flags.format == formatJSON {
			_ = p.printJSONLine(r)
		} else {
			_ = p.printf("%s\n", r)
		}
		if r.NotRun != "" {
			c.Say("%s WAS NOT RUN: %s", strings.ToUpper(r.Class), r.NotRun)
		}
		if r.Kept != "" {
			c.Say("what %s left is kept in %s", r.Class, r.Kept)
		}
	})
	if failures > 0 {
		err = errors.Join(err, fmt.Errorf("the ledger failed %s, seed %d", plural(failures, "time"), c.Seed))
	}
	return err
}

// tortureUnsyncedCommand is record on a ledger that does not sync what it writes:
// what the cuts are held against, to show that they would find a loss.
func (p *Program) tortureUnsyncedCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "unsynced",
		Short:  "Record a file without syncing it, to be lost in a power cut",
		Args:   noArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			l, err := app.Open(cmd.Context(), p.place(), app.OpenOptions{
				Catalogue: p.catalogue(), Views: replay.Views(), Now: p.Now, Unsynced: true,
			})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, l.Close()) }()
			return p.recordFile(cmd.Context(), l, "-", false, app.Defaults{Actor: p.defaultActor(), Role: app.DefaultRole})
		},
	}
}

// tortureNodeCommand is one server of a cluster.
func (p *Program) tortureNodeCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "node CONFIG",
		Short:  "Run one server of a cluster until the standard input ends",
		Args:   oneArg("its configuration"),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return torture.RunNode(args[0], p.In, p.Out)
		},
	}
}
