package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
)

func (p *Program) policyCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Show the rulebook's settings and rates in force on a day",
		Long: `Show every setting of the rulebook with the reading in force on a day, the readings it may have,
and the rates. Readings are adopted with an effective date: caseledger record adopt-policy --help.`,
		Args: noArgs,
	}
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.policy(ctx, l, q)
	})
	return cmd
}

type settingJSON struct {
	Name     string           `json:"name"`
	Rule     string           `json:"rule"`
	Reading  policy.Reading   `json:"reading"`
	Readings []policy.Reading `json:"readings"` // the default first
	Doc      string           `json:"doc"`
}

func (p *Program) policy(ctx context.Context, l *app.Ledger, q question) error {
	var inForce *policy.Policy
	v, err := p.askOne(ctx, l, q, func(s *projections.Snapshot, at standpoint) error {
		book, err := bookOf(s)
		if err != nil {
			return err
		}
		inForce = book.On(at.on)
		return nil
	})
	if err != nil {
		return err
	}
	var settings []settingJSON
	s := sheet{title: "policy in force on " + v.On, columns: left("rule", "setting", "in force", "other readings")}
	for _, d := range policy.Catalogue() {
		value := d.Value(inForce.Settings)
		settings = append(settings, settingJSON{d.Name, d.Rule, value, d.Readings, d.Doc})
		var others []string
		for i, r := range d.Readings {
			name := string(r)
			if i == 0 {
				name += " (default)"
			}
			if r != value {
				others = append(others, name)
			}
		}
		s.add(d.Rule, d.Name, string(value), strings.Join(others, ", "))
	}
	s.notes = policyNotes(inForce)
	return p.answer(s, struct {
		On         string           `json:"on"`
		Effective  events.Date      `json:"effective,omitzero"`
		Record     string           `json:"record,omitzero"`
		Rates      events.RateChart `json:"rates"`
		Settings   []settingJSON    `json:"settings"`
		Provenance provenance       `json:"provenance"`
	}{v.On, inForce.Effective, inForce.Record, inForce.Rates, settings, v}, v)
}

func policyNotes(in *policy.Policy) []string {
	rate := func(name string, r events.Rate) string {
		return fmt.Sprintf("R12 %s: %s administrative and up to %s client expense a period, at most %d periods",
			name, r.AdministrativeCents, r.ClientCents, r.MaximumPeriods)
	}
	adopted := "these are the rulebook's defaults: nothing was adopted for this day"
	if in.Record != "" {
		adopted = fmt.Sprintf("adopted with effect from %s by record #%d, hash %s", in.Effective, in.Sequence, in.Hash.Short())
	}
	return []string{
		rate("pre-certified and pre-eligible", in.Rates.PreCertified),
		rate("certified and eligible", in.Rates.Certified), adopted,
	}
}
