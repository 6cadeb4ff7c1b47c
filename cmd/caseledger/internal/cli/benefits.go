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
	"caseledger/projections/benefits"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
)

type benefitsOptions struct {
	caseFilter
	within              string
	waiting, assistance bool
	all                 bool
}

func (p *Program) benefitsCommand() *cobra.Command {
	var o benefitsOptions
	cmd := &cobra.Command{
		Use:   "benefits",
		Short: "Show benefits to renew, waiting lists, and the clock of refugee assistance",
		Long: `Show the public benefits of clients in service that are to be renewed: those whose last day has passed or
comes within some days. With --waiting those that wait for an answer or on a waiting list, and referrals to
providers without a place; with --assistance the clock of refugee cash and medical assistance (R26). With
--all also clients whose service is closed while another component of the case is open.`,
		Example: `  caseledger benefits --within 45d --agency A-017
  caseledger benefits --waiting
  caseledger benefits --assistance --on 2009-05-15`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.within, "within", strconv.Itoa(casework.RenewDays)+"d", "look ahead some `days`, such as 45d")
	cmd.Flags().BoolVar(&o.waiting, "waiting", false, "what waits for an answer, or on a waiting list")
	cmd.Flags().BoolVar(&o.assistance, "assistance", false, "the clock of refugee cash and medical assistance")
	cmd.Flags().BoolVar(&o.all, "all", false, "also clients whose service is closed")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		switch {
		case o.waiting && o.assistance:
			return usage("give either --waiting or --assistance")
		case o.waiting:
			return p.waitingLists(ctx, l, o)
		case o.assistance:
			return p.assistanceClocks(ctx, l, o)
		}
		return p.renewals(ctx, l, o)
	})
	return cmd
}

// A held is one benefit with whose it is.
type held struct {
	Client string `json:"client"`
	Agency string `json:"agency"`
	Lead   string `json:"lead"`
	benefits.Benefit
	Note string `json:"note,omitzero"`
}

func (p *Program) renewals(ctx context.Context, l *app.Ledger, o benefitsOptions) error {
	ahead, err := daysAhead(o.within)
	if err != nil {
		return err
	}
	found := []held{}
	v, err := p.eachBenefits(ctx, l, o, func(x caseload.Case, c *benefits.Case, day events.Date) {
		for _, b := range c.Benefits(day) {
			switch {
			case b.Through == 0 || b.Through > day+events.Date(ahead):
			case b.Standing == benefits.Approved:
				found = append(found, held{x.Client, x.Agency, x.Lead, b, beyondAssistance(c, b, day)})
			case b.Standing == benefits.Lapsed:
				found = append(found, held{x.Client, x.Agency, x.Lead, b, "renew it, or record its end"})
			}
		}
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b held) int { return int(a.Through - b.Through) })
	s := sheet{title: o.title("benefits to renew within " + plural(ahead, "day") + " of " + v.On), columns: left("through", "client", "benefit", "state", "standing", "since", "agency", "lead", "note")}
	for _, b := range found {
		s.add(b.Through.String(), b.Client, b.Benefit.Benefit, b.State, string(b.Standing), b.Since.String(), b.Agency, b.Lead, b.Note)
	}
	s.notes = []string{plural(len(found), "benefit")}
	return p.answer(s, struct {
		Benefits   []held     `json:"benefits"`
		Provenance provenance `json:"provenance"`
	}{found, v}, v)
}

// beyondAssistance says that a benefit cannot be prolonged: its programme ends (R26).
func beyondAssistance(c *benefits.Case, b benefits.Benefit, day events.Date) string {
	a, entitled := c.Assistance(day)
	switch {
	case b.Benefit != "rca" && b.Benefit != "rma":
		return ""
	case !entitled:
		return "no letter or benefit date is on record (R26)"
	case b.Through >= a.To:
		return fmt.Sprintf("ends for good: %d months from %s (R26)", a.Months, a.From)
	}
	return ""
}

// eachBenefits calls f with every open case that is asked about, and its benefits.
func (p *Program) eachBenefits(ctx context.Context, l *app.Ledger, o benefitsOptions, f func(caseload.Case, *benefits.Case, events.Date)) (provenance, error) {
	return p.openCases(ctx, l, o.caseFilter, func(s *projections.Snapshot, cases []caseload.Case, day events.Date) error {
		for _, x := range cases {
			if !o.all && !slices.Contains(x.Open, events.ServiceComponent) {
				continue
			}
			c, err := benefits.Read(s, x.Client)
			if err != nil {
				return err
			}
			f(x, c, day)
		}
		return nil
	})
}

// A wait is something that a client waits for.
type wait struct {
	Since    events.Date `json:"since"`
	Days     int         `json:"days"`
	Client   string      `json:"client"`
	For      string      `json:"for"`
	From     string      `json:"from,omitzero"` // a State, or a provider of the partner directory
	Standing string      `json:"standing"`
	Agency   string      `json:"agency"`
	Lead     string      `json:"lead"`
}

func (p *Program) waitingLists(ctx context.Context, l *app.Ledger, o benefitsOptions) error {
	waits := []wait{}
	v, err := p.eachBenefits(ctx, l, o, func(x caseload.Case, c *benefits.Case, day events.Date) {
		for _, b := range c.Benefits(day) {
			if b.Standing == benefits.Waiting || b.Standing == benefits.Referred {
				waits = append(waits, wait{b.Since, int(day - b.Since), x.Client, b.Benefit, b.State, string(b.Standing), x.Agency, x.Lead})
			}
		}
		for _, r := range c.Referrals(day) {
			switch r.Answer {
			case "":
				waits = append(waits, wait{r.On, int(day - r.On), x.Client, r.Category, r.Partner, "no answer", x.Agency, x.Lead})
			case "waiting_list", "no_answer":
				waits = append(waits, wait{r.On, int(day - r.On), x.Client, r.Category, r.Partner, strings.ReplaceAll(r.Answer, "_", " "), x.Agency, x.Lead})
			}
		}
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(waits, func(a, b wait) int { return int(a.Since - b.Since) })
	s := sheet{title: o.title("what clients wait for on " + v.On), columns: append(append(left("since"), right("days")), left("client", "for", "from", "standing", "agency", "lead")...)}
	for _, w := range waits {
		s.add(w.Since.String(), strconv.Itoa(w.Days), w.Client, w.For, w.From, w.Standing, w.Agency, w.Lead)
	}
	s.notes = []string{plural(len(waits), "wait")}
	return p.answer(s, struct {
		Waits      []wait     `json:"waits"`
		Provenance provenance `json:"provenance"`
	}{waits, v}, v)
}

// An assistanceLine is one client's clock of refugee assistance.
type assistanceLine struct {
	Client string      `json:"client"`
	From   events.Date `json:"from"`
	Months int         `json:"months"`
	To     events.Date `json:"to"`
	Days   int         `json:"days_left"`
	Cash   string      `json:"rca,omitzero"` // standing
	Health string      `json:"rma,omitzero"`
	Agency string      `json:"agency"`
	Lead   string      `json:"lead"`
}

func (p *Program) assistanceClocks(ctx context.Context, l *app.Ledger, o benefitsOptions) error {
	lines := []assistanceLine{}
	v, err := p.eachBenefits(ctx, l, o, func(x caseload.Case, c *benefits.Case, day events.Date) {
		a, entitled := c.Assistance(day)
		if !entitled || a.To < day {
			return
		}
		cash, _ := c.Benefit("rca", day)
		health, _ := c.Benefit("rma", day)
		lines = append(lines, assistanceLine{x.Client, a.From, a.Months, a.To, int(a.To-day) + 1, string(cash.Standing), string(health.Standing), x.Agency, x.Lead})
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(lines, func(a, b assistanceLine) int { return int(a.To - b.To) })
	s := sheet{title: o.title("refugee cash and medical assistance on " + v.On), columns: append(append(left("last_day"), right("days_left")), left("client", "from", "months", "rca", "rma", "agency", "lead")...)}
	idle := 0
	for _, a := range lines {
		s.add(a.To.String(), strconv.Itoa(a.Days), a.Client, a.From.String(), strconv.Itoa(a.Months), a.Cash, a.Health, a.Agency, a.Lead)
		if a.Cash == "" && a.Health == "" {
			idle++
		}
	}
	s.notes = []string{fmt.Sprintf("%s run; %d without an application for either", plural(len(lines), "clock"), idle)}
	return p.answer(s, struct {
		Clocks     []assistanceLine `json:"clocks"`
		Provenance provenance       `json:"provenance"`
	}{lines, v}, v)
}
