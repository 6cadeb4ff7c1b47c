package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/casework"
)

type emergenciesOptions struct {
	question
	agency, from string
}

func (p *Program) emergenciesCommand() *cobra.Command {
	var o emergenciesOptions
	cmd := &cobra.Command{
		Use:   "emergencies",
		Short: "Show calls for help and how soon they were answered",
		Long: `Show how soon agencies answered calls for help, in office hours and after them (R27): by agency, or with
--agency call by call. An agency is the one that had the client on that day.`,
		Example: `  caseledger emergencies --from 2008-10-01 --on 2009-05-15
  caseledger emergencies --agency A-017`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency's calls, by coded `id`")
	cmd.Flags().StringVar(&o.from, "from", "", "the first `day` (default one year before the last one)")
	o.flags(cmd)
	cmd.Flags().Lookup("on").Usage = "the last `day`, YYYY-MM-DD (default the day of --as-of, or today)"
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		return p.emergencies(ctx, l, o)
	})
	return cmd
}

func (p *Program) emergencies(ctx context.Context, l *app.Ledger, o emergenciesOptions) error {
	var calls []casework.Call
	var from, to events.Date
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) (err error) {
		from, to = at.on.AddMonths(-12)+1, at.on
		if o.from != "" {
			if from, err = events.ParseDate(o.from); err != nil {
				return usage("--from: %v", err)
			}
		}
		if from > to {
			return usage("--from %s lies after %s", from, to)
		}
		if err := knownAgency(s, o.agency); err != nil {
			return err
		}
		calls, err = casework.Calls(s, from, to, o.agency)
		return err
	})
	if err != nil {
		return err
	}
	title := fmt.Sprintf("calls for help from %s to %s", from, to)
	if o.agency != "" {
		return p.answer(callsSheet(calls, title+", clients of "+o.agency), struct {
			Calls      []casework.Call `json:"calls"`
			Provenance provenance      `json:"provenance"`
		}{calls, v}, v)
	}
	responses := casework.ResponsesOf(calls)
	return p.answer(responsesSheet(responses, title), struct {
		From       events.Date          `json:"from"`
		To         events.Date          `json:"to"`
		Agencies   []casework.Responses `json:"agencies"`
		Provenance provenance           `json:"provenance"`
	}{from, to, responses, v}, v)
}

func callsSheet(calls []casework.Call, title string) sheet {
	s := sheet{title: title, columns: append(left("day", "client", "emergency"), right("minutes"), column{name: "hours"}, column{name: "worker"})}
	for _, c := range calls {
		hours := "office"
		if c.AfterHours {
			hours = "after"
		}
		s.add(c.On.String(), c.Client, c.Emergency.Emergency, strconv.Itoa(c.Minutes), hours, c.Worker)
	}
	s.notes = []string{plural(len(calls), "call")}
	return s
}

func responsesSheet(responses []casework.Responses, title string) sheet {
	s := sheet{title: title, columns: append(left("agency"), right("calls"), right("after_hours"),
		right("median_minutes"), right("median_after_hours"), right("slowest_minutes"))}
	calls := 0
	for _, r := range responses {
		late := ""
		if r.AfterHours > 0 {
			late = strconv.Itoa(r.MedianAfterHours)
		}
		s.add(r.Agency, strconv.Itoa(r.Calls), strconv.Itoa(r.AfterHours), strconv.Itoa(r.Median), late, strconv.Itoa(r.Slowest))
		calls += r.Calls
	}
	s.notes = []string{plural(calls, "call")}
	return s
}
