package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/clocks"
)

type clocksOptions struct {
	question
	client, agency, within string
}

func (p *Program) clocksCommand() *cobra.Command {
	var o clocksOptions
	cmd := &cobra.Command{
		Use:   "clocks",
		Short: "Show service clocks: those that run on a day, or one client's periods",
		Long: `Show the service clocks that run on a day, the one that ends first on top (R12, R13), or with
--client all clocks and service periods of one client.`,
		Example: `  caseledger clocks --ending-within 30d --on 2009-05-15
  caseledger clocks --client C-7QK2M4 --as-of 2008-05-15`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.client, "client", "", "one client's clocks, by coded `id`")
	cmd.Flags().StringVar(&o.agency, "agency", "", "only clients of an agency, by coded `id`")
	cmd.Flags().StringVar(&o.within, "ending-within", "", "only clocks whose last day lies within some `days`, such as 30d")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		switch {
		case o.client == "":
			return p.listClocks(ctx, l, o)
		case o.agency != "" || o.within != "":
			return usage("--client goes without --agency and --ending-within")
		}
		return p.clientClocks(ctx, l, o.client, o.question)
	})
	return cmd
}

// parseDays reads a number of days such as 30d.
func parseDays(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || n < 0 || n > 3660 {
		return 0, fmt.Errorf("%q is not a number of days such as 30d", text)
	}
	return n, nil
}

func (p *Program) listClocks(ctx context.Context, l *app.Ledger, o clocksOptions) error {
	f := clocks.Filter{Agency: o.agency, Ending: o.within != ""}
	if f.Ending {
		var err error
		if f.Within, err = parseDays(o.within); err != nil {
			return usage("--ending-within: %v", err)
		}
	}
	var lines []clocks.Line
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		f.On = at.on
		lines, err = clocks.List(s, f)
		return err
	})
	if err != nil {
		return err
	}
	return p.answer(clocksSheet(f, lines), struct {
		On         events.Date   `json:"on"`
		Clocks     []clocks.Line `json:"clocks"`
		Provenance provenance    `json:"provenance"`
	}{f.On, lines, v}, v)
}

// knownAgency reports an agency without records: no clients is another answer
// than no such agency.
func knownAgency(s *projections.Snapshot, id string) error { return known(s, events.KindAgency, id) }

// known reports that what the flag of a kind names has no records.
func known(s *projections.Snapshot, kind events.Kind, id string) error {
	if id == "" {
		return nil
	}
	subject, err := events.NewSubject(kind, id)
	if err != nil {
		return usage("--%s: %v", kind, err)
	}
	if _, found, err := s.Head(subject); err != nil || found {
		return err
	}
	return &projections.NotFoundError{Name: string(subject)}
}

func clocksSheet(f clocks.Filter, lines []clocks.Line) sheet {
	s := sheet{
		title: fmt.Sprintf("clocks that run on %s", f.On),
		columns: append(left("client", "agency", "status", "start", "end"),
			right("days_used"), right("days_left"), column{name: "last_funded_day"}),
	}
	if f.Ending {
		s.title = fmt.Sprintf("clocks that end from %s to %s", f.On, f.On+events.Date(f.Within))
	}
	if f.Agency != "" {
		s.title += " at " + f.Agency
	}
	for _, c := range lines {
		s.add(c.Client, c.Agency, string(c.Status), c.Start.String(), c.End.String(),
			strconv.Itoa(c.DaysUsed), strconv.Itoa(c.DaysLeft), c.LastFundedDay.String())
	}
	s.notes = []string{plural(len(lines), "clock")}
	return s
}

func (p *Program) clientClocks(ctx context.Context, l *app.Ledger, name string, q question) error {
	var r *policy.ClocksReport
	v, err := p.askClient(ctx, l, q, name, func(s *projections.Snapshot, id string, at standpoint) (err error) {
		r, err = clocks.Of(s, id, at.on)
		return err
	})
	if err != nil {
		return err
	}
	return p.answer(periodsSheet(r), struct {
		*policy.ClocksReport
		Provenance provenance `json:"provenance"`
	}{r, v}, v)
}

// periodsSheet lists a client's service periods, clock by clock.
func periodsSheet(r *policy.ClocksReport) sheet {
	s := sheet{
		title: fmt.Sprintf("clocks of %s on %s", r.Client, r.On),
		columns: append(left("status", "clock"), right("period"), column{name: "start"}, column{name: "end"},
			right("days"), right("administrative"), column{name: "agencies"}, column{name: "note"}),
	}
	for i, c := range r.Clocks {
		for _, x := range c.Periods {
			var agencies []string
			for _, share := range x.Shares {
				agencies = append(agencies, fmt.Sprintf("%s %dd %s", share.Agency, share.Days, share.Cents))
			}
			s.add(string(c.Status), strconv.Itoa(i+1), strconv.Itoa(x.Number), x.Start.String(), x.End.String(),
				strconv.Itoa(x.Days), x.AdministrativeCents.String(), strings.Join(agencies, ", "), periodNote(x, r.On))
		}
		s.notes = append(s.notes, fmt.Sprintf("clock %d: %s, %s to %s, %s used and %d left, client budget %s",
			i+1, strings.ReplaceAll(string(c.Status), "_", "-"), c.Start, c.End, plural(c.DaysUsed, "day"), c.DaysLeft, c.BudgetCents))
	}
	last := "nothing is funded"
	if r.LastFundedDay != 0 {
		last = "last funded day: " + r.LastFundedDay.String()
	}
	s.notes = append(s.notes, last)
	return s
}

func periodNote(x policy.PeriodReport, on events.Date) string {
	var notes []string
	if x.Start <= on && on <= x.End {
		notes = append(notes, "now")
	}
	if x.Extension {
		notes = append(notes, "extension")
	}
	if x.Unapproved {
		notes = append(notes, "awaits approval")
	}
	return strings.Join(notes, ", ")
}
