package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/network"
)

type trainingOptions struct {
	question
	agency string
	year   int
}

func (p *Program) trainingCommand() *cobra.Command {
	var o trainingOptions
	cmd := &cobra.Command{
		Use:   "training",
		Short: "Show which agencies attended the monthly core training, and whom the prime contractor advised",
		Long: `Show for a fiscal year, by agency, how many workers attended the core training of each month (S2), the
special trainings, and the consultations that were given. A month without core training is empty, and
one in which the agency was not under subcontract has a point.`,
		Example: `  caseledger training --year 2008
  caseledger training --agency A-017`,
		Args: noArgs,
	}
	cmd.Flags().IntVar(&o.year, "year", 0, "fiscal `year` (default the one of the day), up to the day")
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency, by coded `id`")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.training(ctx, l, o) })
	return cmd
}

// A trainingYear is what one agency got in a fiscal year.
type trainingYear struct {
	Agency        string      `json:"agency"`
	Months        []monthLine `json:"months"`
	Missed        int         `json:"missed"`    // months with core training that nobody attended
	Specialty     int         `json:"specialty"` // attendances
	Consultations int         `json:"consultations"`
	Minutes       int         `json:"consultation_minutes"`
}

// A monthLine is an agency's month.
type monthLine struct {
	Month    events.Date `json:"month"` // first day
	Held     bool        `json:"held"`
	Under    bool        `json:"under_subcontract"` // at the end of the month, or on the day that is asked about
	Attended int         `json:"attended"`
}

func (m monthLine) cell() string {
	switch {
	case !m.Under && m.Attended == 0:
		return "."
	case !m.Held:
		return ""
	}
	return strconv.Itoa(m.Attended)
}

func (p *Program) training(ctx context.Context, l *app.Ledger, o trainingOptions) error {
	var years []trainingYear
	var held []network.Training
	var first, last events.Date
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		if first, last, err = fiscalYearUntil(o.year, at.on); err != nil {
			return err
		}
		years, held, err = trainingYears(s, o.agency, first, last)
		return err
	})
	if err != nil {
		return err
	}
	return p.answer(trainingSheet(first, last, held, years), struct {
		First      events.Date        `json:"first"`
		Last       events.Date        `json:"last"`
		Trainings  []network.Training `json:"trainings"`
		Agencies   []trainingYear     `json:"agencies"`
		Provenance provenance         `json:"provenance"`
	}{first, last, held, years, v}, v)
}

// trainingYears adds up what every agency, or one, got in first..last.
func trainingYears(s *projections.Snapshot, agency string, first, last events.Date) (years []trainingYear, held []network.Training, err error) {
	n, err := network.On(s, last, agency)
	if err != nil {
		return nil, nil, err
	}
	if held, err = network.Trainings(s, first, last); err != nil {
		return nil, nil, err
	}
	core, err := network.CoreAttendance(s, first, last)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range n.Agencies {
		y := trainingYear{Agency: a.Agency}
		for _, t := range held {
			if t.Course != network.Core {
				y.Specialty += t.Agencies[a.Agency]
			}
		}
		for _, c := range a.Consultations {
			if c.On >= first {
				y.Consultations++
				y.Minutes += c.Minutes
			}
		}
		years = append(years, y)
	}
	for month := first; month <= last; month = month.AddMonths(1) {
		under, err := underSubcontract(s, min(month.LastOfMonth(), last))
		if err != nil {
			return nil, nil, err
		}
		attended, was := core[month]
		for i := range years {
			y := &years[i]
			m := monthLine{month, was, under[y.Agency], attended[y.Agency]}
			if m.Held && m.Under && m.Attended == 0 {
				y.Missed++
			}
			y.Months = append(y.Months, m)
		}
	}
	return years, held, nil
}

func underSubcontract(s *projections.Snapshot, day events.Date) (map[string]bool, error) {
	agencies, _, err := caseload.Network(s, day)
	under := map[string]bool{}
	for _, a := range agencies {
		under[a.Agency] = a.Standing == caseload.Active || a.Standing == caseload.Suspended
	}
	return under, err
}

func trainingSheet(first, last events.Date, held []network.Training, years []trainingYear) sheet {
	s := sheet{title: fmt.Sprintf("workers at the monthly core training from %s to %s", first, last), columns: left("agency")}
	for month := first; month <= last; month = month.AddMonths(1) {
		s.columns = append(s.columns, right(month.String()[:7]))
	}
	s.columns = append(s.columns, right("missed"), right("specialty"), right("consultations"), right("minutes"))
	missed, consultations := 0, 0
	for _, y := range years {
		cells := []string{y.Agency}
		for _, m := range y.Months {
			cells = append(cells, m.cell())
		}
		s.add(append(cells, strconv.Itoa(y.Missed), strconv.Itoa(y.Specialty), strconv.Itoa(y.Consultations), strconv.Itoa(y.Minutes))...)
		missed, consultations = missed+y.Missed, consultations+y.Consultations
	}
	courses := map[string]int{}
	for _, t := range held {
		courses[t.Course]++
	}
	s.notes = []string{fmt.Sprintf("%d core and %d special trainings; %d times an agency missed a month; %s",
		courses[network.Core], len(held)-courses[network.Core], missed, plural(consultations, "consultation"))}
	return s
}

func (p *Program) awardsCommand() *cobra.Command {
	var q question
	var purpose string
	cmd := &cobra.Command{
		Use:   "awards",
		Short: "Show grants and intermediary contracts, and the victims that they identified",
		Long: `Show the awards beside the per-capita contract (S0, S1) with what came of them by a day: people reached by
outreach, possible victims among them, leads referred to the programme, and those who were enrolled.`,
		Example: `  caseledger awards --on 2008-09-30
  caseledger awards --purpose intermediary`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&purpose, "purpose", "", "only awards for one `purpose`, such as outreach or intermediary")
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.awards(ctx, l, q, purpose) })
	return cmd
}

func (p *Program) awards(ctx context.Context, l *app.Ledger, q question, purpose string) error {
	if err := oneOf("purpose", purpose, "record-award", "purpose"); err != nil {
		return err
	}
	var all []network.Award
	v, err := p.askAll(ctx, l, q, func(s *projections.Snapshot, at standpoint) error {
		awards, err := network.Awards(s, at.on)
		for _, a := range awards {
			if purpose == "" || a.Purpose == purpose {
				all = append(all, a)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{
		title: "awards on " + v.On,
		columns: append(append(left("award", "purpose", "grantee", "funder", "state"), right("amount")), column{name: "from"}, column{name: "through"},
			right("outreach"), right("reached"), right("identified"), right("leads"), right("enrolled")),
	}
	var amount events.Cents
	identified, leads, enrolled := 0, 0, 0
	for _, a := range all {
		s.add(a.Award, a.Purpose, a.Grantee, a.Funder, cmp.Or(a.State, "all"), a.AmountCents.String(), a.From.String(), a.Through.String(),
			strconv.Itoa(a.Outreach), strconv.Itoa(a.Reached), strconv.Itoa(a.Identified), strconv.Itoa(a.Leads), strconv.Itoa(a.Enrolled))
		if amount, err = amount.Plus(a.AmountCents); err != nil {
			return err
		}
		identified, leads, enrolled = identified+a.Identified, leads+a.Leads, enrolled+a.Enrolled
	}
	s.notes = []string{fmt.Sprintf("%s of %s; %d possible victims identified, %d leads referred, %d enrolled",
		plural(len(all), "award"), amount, identified, leads, enrolled)}
	return p.answer(s, struct {
		On         string          `json:"on"`
		Awards     []network.Award `json:"awards"`
		Provenance provenance      `json:"provenance"`
	}{v.On, all, v}, v)
}
