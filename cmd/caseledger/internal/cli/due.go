package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/projections"
	"caseledger/projections/casework"
)

func (p *Program) dueCommand() *cobra.Command {
	var f caseFilter
	var within string
	cmd := &cobra.Command{
		Use:   "due",
		Short: "Show what is due for one case manager, or one agency, today",
		Long: fmt.Sprintf(`Show what is due on a day and in the days after it, one line each, what is overdue on top: appointments,
contacts, service plans and their reviews, goals, benefits to renew, answers that are awaited, hand-offs to
answer, releases and clocks that end, extensions to ask for.

A contact is due %d days after the last one, a plan and the information about both processes %d days after
service begins, a review %d days after a plan that does not name its day. A benefit is to be renewed %d days
before it ends, an extension asked for %d days before the clock does.`,
			casework.ContactDays, casework.PlanDays, casework.ReviewDays, casework.RenewDays, casework.RequestDays),
		Example: `  caseledger due --worker W-DYVM81NT5MCE
  caseledger due --agency A-017 --within 14d --on 2009-05-15`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&within, "within", "7d", "look ahead some `days`, such as 14d")
	f.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.due(ctx, l, f, within)
	})
	return cmd
}

func (p *Program) due(ctx context.Context, l *app.Ledger, f caseFilter, within string) error {
	ahead, err := daysAhead(within)
	if err != nil {
		return err
	}
	var d *casework.Day
	v, err := p.askAll(ctx, l, f.question, func(s *projections.Snapshot, at standpoint) error {
		filter, err := f.at(s, at)
		if err != nil {
			return err
		}
		d, err = casework.Due(s, filter, ahead)
		return err
	})
	if err != nil {
		return err
	}
	return p.answer(dueSheet(d, f), struct {
		*casework.Day
		Provenance provenance `json:"provenance"`
	}{d, v}, v)
}

func dueSheet(d *casework.Day, f caseFilter) sheet {
	s := sheet{
		title:   f.title(fmt.Sprintf("due by %s", d.Through)),
		columns: append(left("due"), right("days"), column{name: "client"}, column{name: "task"}, column{name: "what"}),
	}
	if f.worker == "" {
		s.columns = append(s.columns, left("worker")...)
	}
	overdue := 0
	for _, x := range d.Items {
		cells := []string{x.Due.String(), strconv.Itoa(x.Days), x.Client, strings.ReplaceAll(string(x.Task), "_", " "), x.What}
		if f.worker == "" {
			cells = append(cells, x.Worker)
		}
		s.add(cells...)
		if x.Days < 0 {
			overdue++
		}
	}
	s.notes = []string{fmt.Sprintf("%d overdue, %d by %s; %s", overdue, len(d.Items)-overdue, d.Through, plural(d.Cases, "open case"))}
	return s
}
