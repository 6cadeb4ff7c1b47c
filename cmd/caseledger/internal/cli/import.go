package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
)

func (p *Program) importCommand() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE.csv --command COMMAND",
		Short: "Record the rows of a CSV file, all or none",
		Long: `Record the rows of a CSV file as commands of one kind. The first row names the columns: the
command's fields, and id, occurred_on, recordedat, actor, role, actor_agency and correlation_id.

Every row is tried against the ledger and the rows before it first; unless all pass, nothing is
recorded and each bad row is reported. A row without an id gets one from what it says, so that a
file can be imported again, or after an interruption, and records only what is missing.`,
		Example: `  caseledger import clients.csv --command enroll-client --dry-run
  caseledger import clients.csv --command enroll-client --skip-bad rejects.csv`,
		Args: oneArg("the file, or - for the standard input"),
	}
	cmd.Flags().StringVar(&o.command, "command", "", "the `command` that each row is")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "try every row and record nothing")
	cmd.Flags().StringVar(&o.skipBad, "skip-bad", "", "record the good rows and write the bad ones to a `file`")
	p.addDefaults(cmd.Flags(), &o.defaults)
	cmd.RunE = func(c *cobra.Command, args []string) error {
		if o.command == "" {
			return &UsageError{"--command is missing: which command is each row", c.CommandPath()}
		}
		return p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
			return p.importFile(ctx, l, args[0], o)
		})(c, args)
	}
	return cmd
}

type importOptions struct {
	command  string
	dryRun   bool
	skipBad  string
	defaults app.Defaults
}

func (p *Program) importFile(ctx context.Context, l *app.Ledger, name string, o importOptions) error {
	in, closeFile, err := p.open(name)
	if err != nil {
		return err
	}
	defer closeFile() //nolint:errcheck // it was only read
	file, err := l.Catalogue().ReadImport(in, o.command, o.defaults)
	if err != nil {
		return fmt.Errorf("import %s: %w", name, err)
	}
	show := p.progress()
	defer show.done()
	total := uint64(len(file.Rows))
	if err := l.Check(ctx, file, func(done int) { show.count("checked", uint64(done), total) }); err != nil {
		return err
	}
	show.done()
	bad := file.Bad()
	done := 0
	for _, row := range file.Rows {
		if row.Done {
			done++
		}
	}
	if len(bad) > 0 && o.skipBad == "" {
		return badRows(bad, len(file.Rows))
	}
	if o.dryRun {
		if err := p.printf("%s would be recorded; %d had been recorded before\n", plural(len(file.Rows)-len(bad)-done, "row"), done); err != nil {
			return err
		}
		if len(bad) > 0 {
			return badRows(bad, len(file.Rows))
		}
		return nil
	}
	if len(bad) > 0 {
		if err := p.writeRejects(o.skipBad, file); err != nil {
			return err
		}
	}
	if err := l.PrepareKeys(file.Good()); err != nil {
		return err
	}
	show = p.progress()
	recorded, err := l.Record(ctx, file, func(done int) { show.count("recorded", uint64(done), total) },
		func(line int, r app.Receipt) { p.noteRuling(show, line, r) })
	show.done()
	err = errors.Join(err, p.printf("recorded %s; %d had been recorded before\n", plural(recorded, "row"), done))
	if err == nil && len(bad) > 0 {
		return &RejectedError{Rows: len(bad), File: o.skipBad}
	}
	return err
}

// badRows reports every bad row.
func badRows(bad []app.ImportRow, rows int) error {
	var all []error
	for _, row := range bad {
		for _, fault := range app.Faults(row.Err) {
			var input *app.InputError
			switch {
			case !errors.As(fault, &input):
				fault = fmt.Errorf("line %d: %w", row.Line, fault)
			case input.Line == 0: // found against the ledger, not in the row
				at := *input
				at.Line, fault = row.Line, &at
			}
			all = append(all, fault)
		}
	}
	return errors.Join(append(all, &NothingImportedError{len(bad), rows})...)
}

// A NothingImportedError reports a file that was not imported for its bad rows.
type NothingImportedError struct{ Bad, Rows int }

func (e *NothingImportedError) Error() string {
	return fmt.Sprintf("nothing was recorded: %d of %s cannot be", e.Bad, plural(e.Rows, "row"))
}

// Hint says what a person can do about it.
func (e *NothingImportedError) Hint() string {
	return "correct the file, or record the other rows with: --skip-bad REJECTS.csv"
}

// A RejectedError reports rows that were left out and written to a file.
type RejectedError struct {
	Rows int
	File string
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("%s left out, each with its reason in %s", plural(e.Rows, "row"), e.File)
}

// Hint says what a person can do about it.
func (e *RejectedError) Hint() string { return "correct that file and import it" }

func (p *Program) writeRejects(name string, file *app.Import) error {
	f, err := os.OpenFile(p.path(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the rejects: %w", err)
	}
	return errors.Join(file.WriteRejects(f), f.Close())
}
