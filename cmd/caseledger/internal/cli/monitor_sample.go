package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/projections"
	"caseledger/projections/compliance"
)

type drawOptions struct {
	question
	agency, seed string
	cases        int
}

func (p *Program) monitorSampleCommand() *cobra.Command {
	var o drawOptions
	cmd := &cobra.Command{
		Use:   "sample --agency A --cases 10 --seed S",
		Short: "Draw an agency's files for a review, reproducibly, and say what to look for in each",
		Long: `Draw an agency's files for a review, and say for each what to look for in it: what the ledger claims and
the records that claim it.

The cases that the agency has on the day, in service or closed within the year before, are divided into new
ones (90 days), continuing and closed ones, and drawn in proportion: one place after the other goes to the
group that is furthest behind, first of all to each that has none. Within a group the order is that of
SHA-256 over "caseledger file review 1", the seed, the agency and the client, each on a line of its own
without one at the end. So the same seed at the same position draws the same files for ever, and nobody can
choose them.`,
		Example: `  caseledger monitor sample --agency A-017 --cases 10 --seed "visit of 2009-07-14"
  caseledger monitor sample --agency A-017 --cases 10 --seed 7 --as-of '#43188'`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "the agency, by coded `id`")
	cmd.Flags().IntVar(&o.cases, "cases", 10, "how `many` files")
	cmd.Flags().StringVar(&o.seed, "seed", "", "any `text`, such as the day of the visit: the same one draws the same files")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.drawFiles(ctx, l, o) })
	return cmd
}

func (p *Program) drawFiles(ctx context.Context, l *app.Ledger, o drawOptions) error {
	switch {
	case o.agency == "":
		return &UsageError{"--agency is missing: whose files", "caseledger monitor sample"}
	case o.seed == "" || strings.ContainsRune(o.seed, '\n'):
		return &UsageError{"--seed is missing: a text on one line, such as the day of the visit", "caseledger monitor sample"}
	case o.cases < 1 || o.cases > 1000:
		return usage("--cases %d: it is 1 to 1000", o.cases)
	}
	var d *compliance.Draw
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		d, err = compliance.DrawFiles(s, o.agency, at.on, o.cases, o.seed)
		return err
	})
	if err != nil {
		return err
	}
	switch p.flags.format {
	case formatText:
		return p.printDraw(d, v)
	default:
		return p.answer(drawSheet(d), struct {
			*compliance.Draw
			Provenance provenance `json:"provenance"`
		}{d, v}, v)
	}
}

// drawSheet has a row for each thing to look for.
func drawSheet(d *compliance.Draw) sheet {
	s := sheet{columns: append([]column{right("file")}, left("client", "stratum", "enrolled", "closed", "kind", "what", "records")...)}
	for i, f := range d.Files {
		closed := ""
		if f.Closed != 0 {
			closed = f.Closed.String()
		}
		add := func(kind, what string, evidence []uint64) {
			s.add(fmt.Sprint(i+1), f.Client, string(f.Stratum), f.Enrolled.String(), closed, kind, what, positions(evidence))
		}
		for _, x := range f.LookFor {
			add("look for", x.What, x.Evidence)
		}
		for _, x := range f.Exceptions {
			add(x.Rule, x.Sentence, x.Evidence)
		}
	}
	return s
}

// printDraw prints the files as a list to take along.
func (p *Program) printDraw(d *compliance.Draw, v provenance) error {
	frame := 0
	var parts []string
	for _, x := range []compliance.Stratum{compliance.NewCase, compliance.Continuing, compliance.ClosedCase} {
		frame += d.Frame[x]
		parts = append(parts, fmt.Sprintf("%d %s", d.Frame[x], x))
	}
	if err := p.printf("files of %s to review on %s: %d of %s (%s), drawn with seed %q\n",
		d.Agency, d.On, len(d.Files), plural(frame, "case"), strings.Join(parts, ", "), d.Seed); err != nil {
		return err
	}
	for i, f := range d.Files {
		text := fmt.Sprintf("\n%d. %s  %s, enrolled %s", i+1, f.Client, f.Stratum, f.Enrolled)
		if f.Closed != 0 {
			text += ", closed " + f.Closed.String()
		}
		for _, x := range f.LookFor {
			text += fmt.Sprintf("\n   [ ] %s  %s", x.What, positions(x.Evidence))
		}
		for _, x := range f.Exceptions {
			text += fmt.Sprintf("\n   [!] %s: %s, since %s  %s", x.Rule, x.Sentence, x.Since, positions(x.Evidence))
		}
		if err := p.printf("%s\n", text); err != nil {
			return err
		}
	}
	return p.printf("\n%s\n", v)
}
