package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/projections"
	"caseledger/replay"
)

// Formats of what is printed.
const (
	formatText = "text"
	formatCSV  = "csv"
	formatJSON = "json"
)

// moreFormats annotates a command that can print more than these.
const moreFormats = "formats"

func (p *Program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "caseledger",
		Short: "An event-sourced case ledger",
		Long: `caseledger records every action on a case as an immutable event, and answers from
those events: caseloads, clocks, reimbursement, statistics and each client's full history.

Exit codes:
  0  done
  1  it failed
  2  the command line, or a file's line, does not say anything sensible
  3  a rule refuses it; for book-expense: it is recorded, and not reimbursed
  4  the ledger is not there, held by another process, or cannot be reached
  5  the ledger or its archive is damaged, has lost records, or its stream was reconfigured;
     or a checkpoint, bundle or cosignature does not hold
  6  the disk, or a limit, is full
  7  some rows of an import were left out`,
		SuggestionsMinimumDistance: 2,

		Version:       p.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			known := []string{formatText, formatCSV, formatJSON}
			more := strings.Fields(cmd.Annotations[moreFormats])
			if !slices.Contains(append(known, more...), p.flags.format) {
				return usage("--format %s: it is text, csv or json%s", p.flags.format, strings.Join(append([]string{""}, more...), " or "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			e := &UsageError{fmt.Sprintf("there is no command %q", args[0]), "caseledger"}
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				e.Problem += ": did you mean " + strings.Join(near, " or ")
			}
			return e
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		problem := strconvProblem.ReplaceAllString(lowerFirst(err.Error()), ": it is not a whole number in range")
		return &UsageError{Problem: problem, Help: cmd.CommandPath()}
	})
	root.SetVersionTemplate("caseledger {{.Version}}\n")
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
	})
	flags := root.PersistentFlags()
	flags.StringVar(&p.flags.place.Dir, "data", "", "the ledger's `directory` (default $CASELEDGER_DATA or ./ledger)")
	flags.StringVar(&p.flags.format, "format", formatText, "text, csv or json")
	flags.StringVar(&p.flags.identity, "identity", "", "`file` of the key that says who you are ($CASELEDGER_IDENTITY)")
	flags.StringVar(&p.flags.place.MasterKey, "master-key", p.Getenv("CASELEDGER_MASTER_KEY"), "`file` of the master key (default master.key in the directory)")
	flags.StringVar(&p.flags.place.Archive, "archive", p.Getenv("CASELEDGER_ARCHIVE"), "`directory` of the second copy of the records (default archive in the directory)")
	flags.StringVar(&p.flags.place.URL, "nats", "", "`URL` of a NATS server or cluster that holds the records")
	flags.StringVar(&p.flags.place.CredsFile, "creds", "", "credentials `file` for --nats")
	flags.StringVar(&p.flags.place.TokenFile, "token-file", "", "`file` with a token for --nats")
	flags.IntVar(&p.flags.place.Replicas, "replicas", 0, "copies of the stream that --nats keeps, such as 3")

	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"write", "Recording:", []*cobra.Command{p.recordCommand(), p.importCommand(), p.commandsCommand(), p.schemaCommand()}},
		{"case", "Clients and their cases:", []*cobra.Command{
			p.historyCommand(), p.planCommand(), p.dueCommand(), p.caseloadCommand(), p.turnoverCommand(), p.datesCommand(), p.benefitsCommand(),
			p.emergenciesCommand(), p.familyCommand(), p.releasesCommand(), p.revealCommand(),
		}},
		{"way", "From a first call to a letter:", []*cobra.Command{
			p.referralsCommand(), p.pipelineCommand(), p.requestsCommand(), p.watchCommand(), p.placementsCommand(), p.decisionsCommand(),
		}},
		{"network", "Agencies and their people:", []*cobra.Command{
			p.monitorCommand(), p.agenciesCommand(), p.credentialsCommand(), p.findingsCommand(), p.coverageCommand(), p.partnersCommand(),
			p.staffCommand(), p.trainingCommand(), p.awardsCommand(),
		}},
		{"money", "Clocks and money:", []*cobra.Command{
			p.clocksCommand(), p.reimbursementCommand(), p.invoiceCommand(), p.advanceCommand(), p.recoverablesCommand(), p.signalsCommand(),
			p.fundingCommand(), p.simulateCommand(), p.policyCommand(),
		}},
		{"figures", "Figures:", []*cobra.Command{p.reportCommand(), p.systemsCommand()}},
		{"prove", "Proof and safekeeping:", []*cobra.Command{p.auditCommand(), p.backupCommand(), p.restoreCommand(), p.keysCommand(), p.retentionCommand()}},
		{"run", "Running:", []*cobra.Command{
			p.initCommand(), p.serveCommand(), p.demoCommand(), p.replayCommand(), p.identityCommand(), p.principalsCommand(), p.benchCommand(), p.tortureCommand(),
		}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	root.AddCommand(p.versionCommand(), p.docsCommand())
	return root
}

// strconvProblem is what package flag says of a number, in the words of its code.
var strconvProblem = regexp.MustCompile(`: strconv\.\w+: parsing .*$`)

// ledger returns the open ledger and what releases it.
func (p *Program) ledger(ctx context.Context) (*app.Ledger, func() error, error) {
	return p.ledgerFor(ctx, "")
}

// ledgerFor opens the ledger for one action. What a federal reporter may do needs no
// key, whoever does it, and so no key is opened for it (R31).
func (p *Program) ledgerFor(ctx context.Context, action auth.Action) (*app.Ledger, func() error, error) {
	if p.held != nil {
		return p.held, func() error { return nil }, nil
	}
	show := p.progress()
	l, err := app.Open(ctx, p.place(), app.OpenOptions{
		Catalogue: p.catalogue(), Views: replay.Views(), Now: p.Now, Progress: show.views, Mended: p.viewsMended,
		NoKeys: auth.Allow(auth.FederalReporter, auth.Stranger, action, auth.ClearFields),
	})
	show.done()
	if err != nil {
		return nil, nil, err
	}
	return l, l.Close, nil
}

// viewsMended tells of damaged views: none was served, and the disk may be failing.
func (p *Program) viewsMended(damage *projections.DoubtError) {
	fmt.Fprintf(p.Err, "caseledger: note: built every view again: %s\n", oneLine(damage.Error()))
}

// onLedger makes the run function of a command that works on an open ledger. When
// serve holds the directory, the command is handed over to it.
func (p *Program) onLedger(run func(ctx context.Context, l *app.Ledger, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		if handed, err := p.handOver(cmd.Context()); handed || err != nil {
			return err
		}
		l, release, err := p.ledgerFor(cmd.Context(), actionOf(cmd))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, release()) }()
		if err := p.permitted(cmd.Context(), l, cmd, args); err != nil {
			return err
		}
		return run(cmd.Context(), l, args)
	}
}

// catalogue is every command of the ledger. Its faults are a test's to find.
func (p *Program) catalogue() *app.Catalogue { return app.Commands() }

// A UsageError reports a command line that says nothing sensible.
type UsageError struct {
	Problem string // lower case, no full stop
	Help    string // the command whose --help helps; may be empty
}

func (e *UsageError) Error() string { return e.Problem }

func usage(format string, args ...any) error {
	return &UsageError{Problem: fmt.Sprintf(format, args...)}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// noArgs and oneArg say what is wrong in the words of [UsageError].
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &UsageError{fmt.Sprintf("%s takes no argument, and %q was given", cmd.CommandPath(), args[0]), cmd.CommandPath()}
	}
	return nil
}

func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return &UsageError{fmt.Sprintf("%s takes one argument: %s", cmd.CommandPath(), what), cmd.CommandPath()}
		}
		return nil
	}
}
