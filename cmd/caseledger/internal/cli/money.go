package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/billing"
	"caseledger/projections/signals"
)

func (p *Program) advanceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "advance",
		Short: "Issue cash advances for clients' expenses",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command, err := p.catalogue().Lookup("issue-advance")
	if err != nil {
		panic("cli: " + err.Error()) // a test lists every command
	}
	issue := p.recordOneCommand(command)
	issue.Use = "issue --agency A --client C --amount DOLLARS"
	cmd.AddCommand(issue)
	return cmd
}

// aboutAgency are the flags of a question about one agency, or all.
type aboutAgency struct {
	question
	agency string
}

func (o *aboutAgency) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.agency, "agency", "", "only one agency, by coded `id`")
	o.question.flags(cmd)
}

func (p *Program) recoverablesCommand() *cobra.Command {
	var o aboutAgency
	cmd := &cobra.Command{
		Use:   "recoverables",
		Short: "List what agencies that have left still owe",
		Long: `List what agencies that have left still owe: invoices below zero and advances that are not cleared,
until they are settled with: caseledger record settle-recoverable.`,
		Args: noArgs,
	}
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.recoverables(ctx, l, o) })
	return cmd
}

func (p *Program) recoverables(ctx context.Context, l *app.Ledger, o aboutAgency) error {
	var owed []billing.Recoverable
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		owed, err = billing.RecoverablesOn(s, o.agency, at.on)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{title: "owed by agencies that have left, on " + v.On,
		columns: append(left("agency", "left_on", "invoice", "advance", "client"), right("owed"), right("settled"), column{name: "since"}, column{name: "record"})}
	var sum events.Cents
	for _, r := range owed {
		name := ""
		if r.Number > 0 {
			name = invoiceName(r.Agency, r.Number)
		}
		sum += r.Cents
		s.add(r.Agency, r.LeftOn.String(), name, r.Advance, r.Client, r.Cents.String(), r.Settled.String(), r.Since.String(), fmt.Sprintf("#%d", r.Position))
	}
	s.notes = []string{"owed in all: " + sum.String()}
	return p.answer(s, struct {
		Recoverables []billing.Recoverable `json:"recoverables"`
		Cents        events.Cents          `json:"cents"`
		Provenance   provenance            `json:"provenance"`
	}{owed, sum, v}, v)
}

func (p *Program) signalsCommand() *cobra.Command {
	var o aboutAgency
	cmd := &cobra.Command{
		Use:   "signals",
		Short: "List expenses that an auditor should look at, with the evidence",
		Long: `List expenses that an auditor should look at: one receipt for several, the same amount twice on one day,
dated or booked after the closure, exactly the cap period after period, claimed late. A finding is a
reason to look and refuses nothing.`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "only one agency, by coded `id`")
	cmd.Flags().StringVar(&o.asOf, "as-of", "", "what the ledger knew at a `moment`: a day, a time such as 2009-05-15T09:00:00-04:00, or #N, a record")
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.signals(ctx, l, o) })
	return cmd
}

func (p *Program) signals(ctx context.Context, l *app.Ledger, o aboutAgency) error {
	found := []signals.Finding{}
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) error {
		list, err := signals.Findings(s, o.agency)
		found = append(found, list...)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{columns: append(left("signal", "agency", "client"), right("amount"), column{name: "what"}, column{name: "records"})}
	for _, f := range found {
		var records []string
		for _, position := range f.Evidence {
			records = append(records, "#"+strconv.FormatUint(position, 10))
		}
		s.add(strings.ReplaceAll(string(f.Kind), "_", " "), strings.Join(f.Agencies, " "), strings.Join(f.Clients, " "), f.Cents.String(), f.Sentence, strings.Join(records, " "))
	}
	s.notes = []string{plural(len(found), "finding")}
	return p.answer(s, struct {
		Findings   []signals.Finding `json:"findings"`
		Provenance provenance        `json:"provenance"`
	}{found, v}, v)
}

// contractYears shows what agencies were billed in their contract years against
// the ceilings.
func (p *Program) contractYears(ctx context.Context, l *app.Ledger, o reimbursementOptions) error {
	if _, err := strconv.Atoi(o.year); o.year != "" && (err != nil || len(o.year) != 4) {
		return usage("--year %s: it is a year such as 2008", o.year)
	}
	years := []billing.ContractYear{}
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) error {
		all, err := billing.ContractYears(s, o.agency, at.on)
		for _, y := range all {
			if o.year == "" && y.End >= at.on || o.year != "" && y.Start.String()[:4] == o.year {
				years = append(years, y)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	total := sumYears(years)
	return p.answer(contractSheet(years, total, o.year, v.On), struct {
		Years      []billing.ContractYear `json:"years"`
		Total      billing.ContractYear   `json:"total"`
		Provenance provenance             `json:"provenance"`
	}{years, total, v}, v)
}

// sumYears adds up the amounts of contract years; agencies without a ceiling add
// nothing to what is left.
func sumYears(years []billing.ContractYear) (t billing.ContractYear) {
	for _, y := range years {
		t.CeilingCents += y.CeilingCents
		t.BilledCents += y.BilledCents
		t.ApprovedCents += y.ApprovedCents
		t.PaidCents += y.PaidCents
		t.AdvancedCents += y.AdvancedCents
		t.CommittedCents += y.CommittedCents
		t.LeftCents += y.LeftCents
		t.BurnCents += y.BurnCents
		t.ForecastCents += y.ForecastCents
		t.Exceeded, t.WillExceed = t.Exceeded || y.Exceeded, t.WillExceed || y.WillExceed
	}
	return t
}

func contractSheet(years []billing.ContractYear, total billing.ContractYear, year, on string) sheet {
	s := sheet{title: "contract years that run on " + on, columns: append(left("agency", "from", "to"),
		right("ceiling"), right("billed"), right("paid"), right("advanced"), right("committed"), right("left"), right("per_30_days"), right("forecast"), column{name: "exhausted_on"})}
	if year != "" {
		s.title = "contract years that began in " + year + ", on " + on
	}
	amounts := func(y billing.ContractYear) []string {
		ceiling, leftOver := "none", ""
		if y.CeilingCents != 0 {
			ceiling, leftOver = y.CeilingCents.String(), y.LeftCents.String()
		}
		return []string{ceiling, y.BilledCents.String(), y.PaidCents.String(), y.AdvancedCents.String(), y.CommittedCents.String(), leftOver, y.BurnCents.String(), y.ForecastCents.String()}
	}
	for _, y := range years {
		exhausted := ""
		if y.ExhaustedOn != 0 {
			exhausted = y.ExhaustedOn.String()
		}
		s.add(append(append([]string{y.Agency, y.Start.String(), y.End.String()}, amounts(y)...), exhausted)...)
	}
	s.total = append([]string{"total", "", ""}, amounts(total)...)
	s.notes = []string{"committed is what was billed and not denied, and advances; forecast is the whole year at that rate"}
	return s
}
