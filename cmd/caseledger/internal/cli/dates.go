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
	"caseledger/projections/casework"
)

type datesOptions struct {
	caseFilter
	client, within string
	status         bool
}

func (p *Program) datesCommand() *cobra.Command {
	var o datesOptions
	cmd := &cobra.Command{
		Use:   "dates",
		Short: "Show court dates and milestones, and how the three components of cases stand",
		Long: `Show the court dates and other appointments ahead in open cases, and those that have passed without a
result (S4). With --client all of one client's appointments and milestones; with --status how each
component of each open case stands: service, immigration, criminal prosecution.`,
		Example: `  caseledger dates --within 60d --agency A-017
  caseledger dates --status --worker W-DYVM81NT5MCE
  caseledger dates --client C-7QK2M4`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.client, "client", "", "one client's appointments and milestones, by coded `id`")
	cmd.Flags().StringVar(&o.within, "within", "30d", "look ahead some `days`, such as 60d")
	cmd.Flags().BoolVar(&o.status, "status", false, "how the three components of each open case stand")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		switch {
		case o.client != "" && (o.status || o.agency != "" || o.worker != ""):
			return usage("--client goes without --status, --agency and --worker")
		case o.client != "":
			return p.clientDates(ctx, l, o)
		case o.status:
			return p.componentStatus(ctx, l, o)
		}
		return p.datesAhead(ctx, l, o)
	})
	return cmd
}

// An appointment is a court date with whose it is.
type appointment struct {
	Client string `json:"client"`
	Agency string `json:"agency"`
	Lead   string `json:"lead"`
	casework.CourtDate
}

func (p *Program) datesAhead(ctx context.Context, l *app.Ledger, o datesOptions) error {
	ahead, err := daysAhead(o.within)
	if err != nil {
		return err
	}
	found := []appointment{}
	var on events.Date
	v, err := p.openCases(ctx, l, o.caseFilter, func(s *projections.Snapshot, cases []caseload.Case, day events.Date) error {
		on = day
		for _, x := range cases {
			c, err := casework.Read(s, x.Client)
			if err != nil {
				return err
			}
			for _, d := range c.CourtDates(day) {
				if d.Result == "" && d.Day <= day+events.Date(ahead) {
					found = append(found, appointment{x.Client, x.Agency, x.Lead, d})
				}
			}
		}
		slices.SortStableFunc(found, func(a, b appointment) int { return int(a.Day - b.Day) })
		return nil
	})
	if err != nil {
		return err
	}
	s := sheet{
		title:   o.title(fmt.Sprintf("appointments by %s", on+events.Date(ahead))),
		columns: append(append(left("day"), right("days")), left("client", "component", "occasion", "court_date", "agency", "lead", "note")...),
	}
	for _, a := range found {
		note := ""
		if a.Day < on {
			note = "no result: end-court-date"
		}
		s.add(a.Day.String(), strconv.Itoa(int(a.Day-on)), a.Client, string(a.Component), a.Occasion, a.CourtDate.CourtDate, a.Agency, a.Lead, note)
	}
	s.notes = []string{plural(len(found), "appointment")}
	return p.answer(s, struct {
		On           events.Date   `json:"on"`
		Appointments []appointment `json:"appointments"`
		Provenance   provenance    `json:"provenance"`
	}{on, found, v}, v)
}

// A threePart says how the components of one case stand.
type threePart struct {
	Client      string      `json:"client"`
	Agency      string      `json:"agency"`
	Lead        string      `json:"lead"`
	Service     string      `json:"service"`
	Immigration string      `json:"immigration"`
	Prosecution string      `json:"criminal_prosecution"`
	NextDate    events.Date `json:"next_date,omitzero"`
}

func (p *Program) componentStatus(ctx context.Context, l *app.Ledger, o datesOptions) error {
	parts := []threePart{}
	v, err := p.openCases(ctx, l, o.caseFilter, func(s *projections.Snapshot, cases []caseload.Case, day events.Date) error {
		for _, x := range cases {
			c, err := casework.Read(s, x.Client)
			if err != nil {
				return err
			}
			parts = append(parts, threePart{
				Client: x.Client, Agency: x.Agency, Lead: x.Lead, Service: serviceStanding(c, x, day),
				Immigration: legalStanding(c, events.ImmigrationComponent, day),
				Prosecution: legalStanding(c, events.ProsecutionComponent, day), NextDate: nextDate(c, day),
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	s := sheet{
		title:   o.title("components of open cases on " + v.On),
		columns: left("client", "agency", "lead", "service", "immigration", "criminal_prosecution", "next_date"),
	}
	for _, x := range parts {
		s.add(x.Client, x.Agency, x.Lead, x.Service, x.Immigration, x.Prosecution, x.NextDate.String())
	}
	s.notes = []string{plural(len(parts), "open case")}
	return p.answer(s, struct {
		Cases      []threePart `json:"cases"`
		Provenance provenance  `json:"provenance"`
	}{parts, v}, v)
}

// serviceStanding says how the service component stands: funded or not, or closed.
func serviceStanding(c *casework.Case, x caseload.Case, day events.Date) string {
	if on, closed := c.Closed(events.ServiceComponent, day); closed {
		return "closed " + on.String()
	}
	if x.Funded {
		return fmt.Sprintf("open, %s left", plural(x.DaysLeft, "day"))
	}
	return "open, not funded"
}

// legalStanding says how a legal component stands: its last step, or its closure.
func legalStanding(c *casework.Case, component events.Component, day events.Date) string {
	if on, closed := c.Closed(component, day); closed {
		return "closed " + on.String()
	}
	for _, m := range slices.Backward(c.Milestones(day)) {
		if m.Component == component {
			return fmt.Sprintf("open, %s %s", strings.ReplaceAll(m.Milestone, "_", " "), m.On)
		}
	}
	return "open"
}

func nextDate(c *casework.Case, day events.Date) events.Date {
	for _, d := range c.CourtDates(day) {
		if d.Result == "" && d.Day >= day {
			return d.Day
		}
	}
	return 0
}

func (p *Program) clientDates(ctx context.Context, l *app.Ledger, o datesOptions) error {
	var c *casework.Case
	var id string
	var on events.Date
	v, err := p.askClient(ctx, l, o.question, o.client, func(s *projections.Snapshot, client string, at standpoint) error {
		id, on = client, at.on
		subject, err := s.Client(id)
		if err != nil {
			return err
		}
		c, err = casework.Fold(subject)
		return err
	})
	if err != nil {
		return err
	}
	appointments, milestones := c.CourtDates(on), c.Milestones(on)
	s := sheet{title: fmt.Sprintf("appointments and milestones of %s on %s", id, on), columns: left("day", "component", "what", "court_date", "result")}
	type dated struct {
		day   events.Date
		cells []string
	}
	var lines []dated
	for _, m := range milestones {
		lines = append(lines, dated{m.On, []string{m.On.String(), string(m.Component), m.Milestone, "", "reached"}})
	}
	for _, d := range appointments {
		lines = append(lines, dated{d.Day, []string{d.Day.String(), string(d.Component), d.Occasion, d.CourtDate, courtResult(d, on)}})
	}
	slices.SortStableFunc(lines, func(a, b dated) int { return int(a.day - b.day) })
	for _, x := range lines {
		s.add(x.cells...)
	}
	for _, component := range []events.Component{events.ImmigrationComponent, events.ProsecutionComponent} {
		s.notes = append(s.notes, fmt.Sprintf("%s: %s", strings.ReplaceAll(string(component), "_", " "), legalStanding(c, component, on)))
	}
	return p.answer(s, struct {
		Client       string               `json:"client"`
		Appointments []casework.CourtDate `json:"appointments"`
		Milestones   []casework.Milestone `json:"milestones"`
		Provenance   provenance           `json:"provenance"`
	}{id, appointments, milestones, v}, v)
}

// courtResult says what became of an appointment, or what is missing.
func courtResult(d casework.CourtDate, on events.Date) string {
	switch {
	case d.Result != "" && d.Accompanied:
		return d.Result + ", accompanied"
	case d.Result != "":
		return d.Result
	case d.Day < on:
		return "no result"
	}
	return "ahead"
}
