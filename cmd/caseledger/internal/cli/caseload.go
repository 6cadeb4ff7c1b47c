package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
)

type caseloadOptions struct {
	question
	worker, agency string

	withoutLead, stalled, overloaded bool
}

func (p *Program) caseloadCommand() *cobra.Command {
	var o caseloadOptions
	cmd := &cobra.Command{
		Use:   "caseload",
		Short: "Show who works on which open cases on a day, and how heavy that is",
		Long: `Show who works on which open cases on a day (R28): without a flag by agency, with --agency by case
manager, with --worker case by case. A case is open until all its components are closed.

A case weighs its intensity; full_time_weight is what a full-time case manager would carry alike, and load
that weight in percent of what a full-time case manager can carry. What is out of line: cases without a
lead, hand-offs that nobody answered for a week, case managers with too much; see turnover as well.`,
		Example: `  caseledger caseload --on 2009-05-15
  caseledger caseload --without-lead
  caseledger caseload --stalled --agency A-017
  caseledger caseload --agency A-017
  caseledger caseload --worker W-DYVM81NT5MCE`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.worker, "worker", "", "one case manager's cases, by coded `id`")
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency's case managers, by coded `id`")
	cmd.Flags().BoolVar(&o.withoutLead, "without-lead", false, "cases without a lead, with an interim one, or whose lead has left")
	cmd.Flags().BoolVar(&o.stalled, "stalled", false, "cases with a hand-off that nobody answered for a week")
	cmd.Flags().BoolVar(&o.overloaded, "overloaded", false, "case managers who carry more than they can")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		if o.withoutLead && o.stalled || o.stalled && o.overloaded || o.overloaded && o.withoutLead {
			return usage("give one of --without-lead, --stalled and --overloaded")
		}
		return p.caseload(ctx, l, o)
	})
	return cmd
}

func (p *Program) caseload(ctx context.Context, l *app.Ledger, o caseloadOptions) error {
	var c *caseload.Caseload
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		if err := known(s, events.KindWorker, o.worker); err != nil {
			return err
		}
		c, err = caseload.On(s, caseload.Filter{On: at.on, Worker: o.worker, Agency: o.agency})
		return err
	})
	if err != nil {
		return err
	}
	var s sheet
	switch {
	case o.withoutLead:
		c.Cases = slices.DeleteFunc(c.Cases, func(x caseload.Case) bool { return x.Lead != "" && !x.LeadLeft && !x.Interim })
		c.Workers, c.Agencies = nil, nil
		s = leaderlessSheet(c)
	case o.stalled:
		c.Cases, c.Workers, c.Agencies = c.Stalled(), nil, nil
		s = stalledSheet(c)
	case o.overloaded:
		c.Workers, c.Cases, c.Agencies = c.Overloaded(), nil, nil
		s = workersSheet(c, o.agency)
		s.title = fmt.Sprintf("overloaded on %s", c.On)
		s.notes = []string{plural(len(c.Workers), "worker") + " with a load above 100 %"}
	case o.worker != "":
		s = casesSheet(c, o.worker)
	case o.agency != "":
		s = workersSheet(c, o.agency)
	default:
		s = agenciesSheet(c)
	}
	return p.answer(s, struct {
		*caseload.Caseload
		Provenance provenance `json:"provenance"`
	}{c, v}, v)
}

func agenciesSheet(c *caseload.Caseload) sheet {
	s := sheet{
		title: fmt.Sprintf("caseload by agency on %s", c.On),
		columns: append(left("agency", "name", "state", "standing"), right("locations"), right("workers"),
			right("cases"), right("weight"), right("no_lead"), right("interim_lead")),
	}
	cases, weight, noLead := 0, 0, 0
	for _, a := range c.Agencies {
		s.add(a.Agency, a.Name, a.State, string(a.Standing), strconv.Itoa(a.Locations), strconv.Itoa(a.Workers),
			strconv.Itoa(a.Cases), strconv.Itoa(a.Weight), strconv.Itoa(a.NoLead), strconv.Itoa(a.Interim))
		cases, weight, noLead = cases+a.Cases, weight+a.Weight, noLead+a.NoLead
	}
	s.notes = []string{fmt.Sprintf("%s, %s, weight %d; %d without a lead",
		plural(len(c.Agencies), "line"), plural(cases, "open case"), weight, noLead)}
	return s
}

func workersSheet(c *caseload.Caseload, agency string) sheet {
	s := sheet{
		title: fmt.Sprintf("caseload of %s by case manager on %s", agency, c.On),
		columns: append(left("worker", "agency", "role"), right("capacity"), column{name: "languages"},
			right("cases"), right("weight"), right("full_time_weight"), right("load")),
	}
	for _, w := range c.Workers {
		role := "case manager"
		if w.Supervisor {
			role = "supervisor"
		}
		if w.Left {
			role += ", left"
		}
		s.add(w.Worker, w.Agency, role, fmt.Sprintf("%d %%", w.CapacityPercent), strings.Join(w.Languages, " "),
			strconv.Itoa(w.Cases), strconv.Itoa(w.Weight), strconv.Itoa(w.FullTimeWeight), fmt.Sprintf("%d %%", w.Load))
	}
	s.notes = []string{plural(len(c.Cases), "open case")}
	return s
}

func casesSheet(c *caseload.Caseload, worker string) sheet {
	s := sheet{
		title: fmt.Sprintf("caseload of %s on %s", worker, c.On),
		columns: append(left("client", "agency", "status", "lead"), right("intensity"),
			column{name: "open_components"}, right("days_left"), column{name: "clock_end"}),
	}
	weight := 0
	for _, x := range c.Cases {
		lead := "lead"
		if x.Interim {
			lead = "interim lead"
		}
		days := ""
		if x.Funded {
			days = strconv.Itoa(x.DaysLeft)
		}
		var open []string
		for _, component := range x.Open {
			open = append(open, string(component))
		}
		s.add(x.Client, x.Agency, string(x.Status), lead, strconv.Itoa(x.Intensity), strings.Join(open, " "), days, x.ClockEnd.String())
		weight += x.Intensity
	}
	s.notes = []string{fmt.Sprintf("%s, weight %d; no days left: no service clock runs", plural(len(c.Cases), "open case"), weight)}
	return s
}

// leaderlessSheet lists cases without a lead of their own.
func leaderlessSheet(c *caseload.Caseload) sheet {
	s := sheet{
		title:   fmt.Sprintf("cases without a lead on %s", c.On),
		columns: append(left("client", "agency", "status", "lead", "note"), right("intensity"), column{name: "clock_end"}),
	}
	none := 0
	for _, x := range c.Cases {
		note := "interim lead"
		switch {
		case x.Lead == "":
			note = "nobody"
		case x.LeadLeft:
			note = "the lead has left"
		}
		if x.Lead == "" || x.LeadLeft {
			none++
		}
		s.add(x.Client, x.Agency, string(x.Status), x.Lead, note, strconv.Itoa(x.Intensity), x.ClockEnd.String())
	}
	s.notes = []string{fmt.Sprintf("%s: %d without a lead, %d with an interim one", plural(len(c.Cases), "open case"), none, len(c.Cases)-none)}
	return s
}

// stalledSheet lists hand-offs that nobody answered.
func stalledSheet(c *caseload.Caseload) sheet {
	s := sheet{
		title:   fmt.Sprintf("hand-offs that nobody answered for %d days, on %s", caseload.StalledAfter, c.On),
		columns: append(left("client", "agency", "lead", "proposed_to", "proposed_on"), right("days")),
	}
	for _, x := range c.Cases {
		s.add(x.Client, x.Agency, x.Lead, x.ProposedTo, x.ProposedOn.String(), strconv.Itoa(int(c.On-x.ProposedOn)))
	}
	s.notes = []string{plural(len(c.Cases), "hand-off")}
	return s
}
