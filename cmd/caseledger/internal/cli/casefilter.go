package cli

import (
	"context"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
)

// A caseFilter selects open cases by who leads them and where.
type caseFilter struct {
	question
	worker, agency string
}

func (f *caseFilter) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.worker, "worker", "", "only cases that a case manager leads, by coded `id`")
	cmd.Flags().StringVar(&f.agency, "agency", "", "only clients of an agency, by coded `id`")
	f.question.flags(cmd)
}

// at returns the filter at a standpoint, or says that an id is not known.
func (f *caseFilter) at(s *projections.Snapshot, at standpoint) (caseload.Filter, error) {
	if err := knownAgency(s, f.agency); err != nil {
		return caseload.Filter{}, err
	}
	if err := known(s, events.KindWorker, f.worker); err != nil {
		return caseload.Filter{}, err
	}
	return caseload.Filter{On: at.on, Worker: f.worker, Agency: f.agency}, nil
}

// title adds whom the filter selects to the title of a table.
func (f *caseFilter) title(text string) string {
	if f.worker != "" {
		text += ", cases of " + f.worker
	}
	if f.agency != "" {
		text += ", clients of " + f.agency
	}
	return text
}

// openCases asks about the open cases of a filter.
func (p *Program) openCases(ctx context.Context, l *app.Ledger, f caseFilter, ask func(s *projections.Snapshot, cases []caseload.Case, on events.Date) error) (provenance, error) {
	return p.askAll(ctx, l, f.question, func(s *projections.Snapshot, at standpoint) error {
		filter, err := f.at(s, at)
		if err != nil {
			return err
		}
		load, err := caseload.On(s, filter)
		if err != nil {
			return err
		}
		return ask(s, load.Cases, at.on)
	})
}

// daysAhead reads the value of a flag --within.
func daysAhead(text string) (int, error) {
	n, err := parseDays(text)
	if err != nil {
		return 0, usage("--within: %v", err)
	}
	return n, nil
}
