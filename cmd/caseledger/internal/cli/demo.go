package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/replay"
)

func (p *Program) demoCommand() *cobra.Command {
	var c sample.Config
	cmd := &cobra.Command{
		Use:   "demo --data DIRECTORY",
		Short: "Make a ledger of a sample programme and show what it answers",
		Long: `Make a ledger in a new or empty directory, record a sample programme in it (80 agencies, 1,309
clients, the letters of eight years, 38 months of invoices) under a simulated clock, and show what it answers: every
published table beside the one computed again, one client's history, clocks and entitlements, an
invoice, its agency's contract year, every line ever billed traced to its records and computed again, what a
monitor finds out of line, the way to certification, and the programme's targets. The programme is invoiced month by month for its whole life. The ledger stays there for every other command. The sample's people are invented.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.flags.place.Dir == "" {
				return &UsageError{"--data is missing: which new directory is the ledger to be made in", cmd.CommandPath()}
			}
			if err := c.Validate(); err != nil {
				return &UsageError{Problem: err.Error()}
			}
			return p.demo(cmd.Context(), c)
		},
	}
	cmd.Flags().IntVar(&c.Scale, "scale", 1, "multiply agencies, clients and letters")
	cmd.Flags().Uint64Var(&c.Seed, "seed", 0, "another invention with the same totals")
	return cmd
}

func (p *Program) demo(ctx context.Context, c sample.Config) error {
	begin := p.Now()
	if err := app.Init(ctx, p.place(), app.InitOptions{Name: "sample", SimulatedClock: true, Actor: "demo", Now: sampleBegins.Time()}); err != nil {
		return err
	}
	if err := p.printf("made a ledger with a simulated clock in %s\n", p.place().Dir); err != nil {
		return err
	}
	recorded, err := p.recordSample(ctx, c)
	if ctx.Err() != nil {
		return &UnfinishedError{p.place().Dir, recorded}
	}
	if err != nil {
		return fmt.Errorf("record the sample programme: %w", err)
	}
	seconds := p.Now().Sub(begin).Seconds()
	if err := p.printf("recorded the sample programme: %s in %.1f s; the disk was not synced meanwhile, since a sample can be made again\n",
		plural(recorded, "command"), seconds); err != nil {
		return err
	}
	l, release, err := p.ledger(ctx)
	if err != nil {
		return err
	}
	return errors.Join(p.showSample(ctx, l, c), release())
}

// An UnfinishedError reports a sample programme that was broken off.
type UnfinishedError struct {
	Dir      string
	Recorded int // commands
}

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("interrupted: the sample programme in %s ends after %s", e.Dir, plural(e.Recorded, "command"))
}

// Hint says what a person can do about it.
func (e *UnfinishedError) Hint() string {
	return "it can be asked as it is; for the whole of it remove " + e.Dir + " and run the demo again"
}

// sampleBegins is when the sample's ledger is made.
var sampleBegins = events.MustInstant("2000-10-27T14:00:00Z")

// recordSample records the sample through the same path as any command.
func (p *Program) recordSample(ctx context.Context, c sample.Config) (recorded int, err error) {
	l, err := app.Open(ctx, p.place(), app.OpenOptions{Catalogue: p.catalogue(), Views: replay.Views(), Now: p.Now, Unsynced: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	show := p.progress()
	defer show.done()
	return sample.Record(ctx, c, l, l.PrepareKeys, func(recorded int) {
		show.count("recording the sample programme:", uint64(recorded), 0)
	})
}

// showSample prints what the demo shows.
func (p *Program) showSample(ctx context.Context, l *app.Ledger, c sample.Config) error {
	if err := p.showPublished(ctx, l, max(c.Scale, 1)); err != nil {
		return err
	}
	show := sample.Show(c)
	month := show.Month.String()[:7]
	data := " --data " + p.flags.place.Dir
	invoice, err := adjustedInvoice(l, show.Agency)
	if err != nil {
		return err
	}
	for _, step := range []struct{ title, line string }{
		{"the history of one client", "history " + show.Client},
		{"the clocks that end in the 30 days after 2009-05-15", "clocks --ending-within 30d --on 2009-05-15"},
		{"that client's clocks", "clocks --client " + show.Client},
		{"the same client as known a year before", "clocks --client " + show.Client + " --as-of " + show.KnownLater.String()},
		{"one agency's entitlement for one month", "reimbursement --agency " + show.Agency + " --month " + month},
		{"an invoice of that agency, with adjustments", "invoice show " + invoice},
		{"that agency's contract year", "reimbursement --contract --year 2008 --agency " + show.Agency},
		{"every line ever billed, from its records and computed again", "audit trace --all"},
		{"what a monitor finds, by rule", "monitor --summary"},
		{"and the worst of it", "monitor --severity critical"},
		{"the way to a letter, its days and its drop-outs in fiscal year 2008", "pipeline --year 2008"},
		{"the programme's targets and what came of them", "report performance --year 2008"},
	} {
		if err := p.printf("\n── %s: caseledger %s\n", step.title, step.line); err != nil {
			return err
		}
		if err := p.runOn(ctx, l, p.Out, strings.Fields(step.line)...); err != nil {
			return err
		}
	}
	return p.printf(`
── what to type next
  caseledger systems%[1]s
  caseledger caseload%[1]s
  caseledger due --within 7d%[1]s
  caseledger monitor agency A-017%[1]s
  caseledger coverage%[1]s
  caseledger partners --client %[2]s --service legal%[1]s
  caseledger reimbursement --client %[2]s%[1]s
  caseledger audit trace %[3]s 1%[1]s
  caseledger invoice show %[3]s --format pdf --out invoice.pdf%[1]s
  caseledger invoice list --state open%[1]s
  caseledger report clients-enrolled --from 2006-04 --to 2009-05 --explain 'Certified only' both%[1]s
  caseledger replay --compare%[1]s
  caseledger serve%[1]s
  caseledger record book-expense --help
`, data, show.Client, invoice)
}

// adjustedInvoice returns the name of an agency's shortest invoice with adjustments
// that was paid.
func adjustedInvoice(l *app.Ledger, agency string) (name string, err error) {
	err = l.Views.Read(func(s *projections.Snapshot) error {
		account, err := billing.Of(s, agency)
		shortest := 0
		for _, i := range account.Invoices {
			if i.State == "paid" && i.Totals.AdjustmentCents != 0 && (name == "" || i.Totals.Lines < shortest) {
				name, shortest = invoiceName(agency, i.Number), i.Totals.Lines
			}
		}
		if err == nil && name == "" {
			err = fmt.Errorf("find an invoice of agency %s with adjustments: there is none", agency)
		}
		return err
	})
	return name, err
}

// showPublished prints every published table beside the one computed again.
func (p *Program) showPublished(ctx context.Context, l *app.Ledger, scale int) error {
	different := 0
	_, err := p.askAll(ctx, l, question{}, func(s *projections.Snapshot, _ standpoint) error {
		book, err := bookOf(s)
		if err != nil {
			return err
		}
		for _, t := range publications() {
			columns, rows, err := t.recompute(s, book)
			if err != nil {
				return fmt.Errorf("compute %s again: %w", t.file, err)
			}
			c, err := t.compareTo(columns, rows)
			if err != nil {
				return err
			}
			different += c.different
			if err := p.printf("\n"); err != nil {
				return err
			}
			if err := p.printSheet(c.sheet); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if different > 0 && scale > 1 {
		return p.printf("\nat --scale %d the counts are multiplied; the published ones are those of scale 1\n", scale)
	}
	if different > 0 {
		return &PublishedError{different}
	}
	return p.printf("\nevery published figure that the ledger computes comes out again\n")
}

// A PublishedError reports a sample whose tables are not the published ones.
type PublishedError struct{ Different int }

func (e *PublishedError) Error() string {
	return fmt.Sprintf("%s to the published tables", differences(e.Different))
}

// bookOf folds the policies that were adopted.
func bookOf(s *projections.Snapshot) (*policy.Book, error) {
	book := policy.NewBook()
	records, err := s.History(events.ProgrammeSubject)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if err := book.Apply(r); err != nil {
			return nil, err
		}
	}
	return book, nil
}
