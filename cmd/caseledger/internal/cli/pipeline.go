package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/projections"
	"caseledger/projections/pipeline"
)

type pipelineOptions struct {
	aboutAgency
	year int
	show string
}

// The tables of a pipeline. As text all but the people are printed, one by default as
// CSV.
const (
	showStages    = "stages"
	showIntervals = "intervals"
	showDropOuts  = "drop-outs"
	showPeople    = "people"
)

func (p *Program) pipelineCommand() *cobra.Command {
	var o pipelineOptions
	cmd := &cobra.Command{
		Use:   "pipeline",
		Short: "Show where everyone stands on the way to a letter, how long it takes, and who drops out",
		Long: `Show where everyone stands on a day on the way from identification to HHS's letter and on to the
closure of services (R05), how many days people spend at each stage, and who left before a letter, at
which stage and for what reason. A day counts by what was effective: a letter from its date.

Days are by nearest rank: half of the people, or nine in ten, waited no longer. The way of people who
come with a letter has another order; a stage's days last until the next one that was reached.`,
		Example: `  caseledger pipeline --year 2008
  caseledger pipeline --agency A-017 --on 2009-05-15
  caseledger pipeline --show people --format csv`,
		Args: noArgs,
	}
	cmd.Flags().IntVar(&o.year, "year", 0, "count by what happened in one fiscal `year` (default all up to the day)")
	cmd.Flags().StringVar(&o.show, "show", "", "one `table`: stages, intervals, drop-outs or people")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.pipeline(ctx, l, o) })
	return cmd
}

func (o *pipelineOptions) check() error {
	switch o.show {
	case "", showStages, showIntervals, showDropOuts, showPeople:
	default:
		return usage("--show %s: it is stages, intervals, drop-outs or people", o.show)
	}
	return checkYear(o.year)
}

// checkYear reports a fiscal year that the calendar of the ledger does not have; 0 is
// none.
func checkYear(year int) error {
	if year != 0 && (year < 1901 || year > 2100) {
		return usage("--year %d: a fiscal year lies between 1901 and 2100", year)
	}
	return nil
}

func (p *Program) pipeline(ctx context.Context, l *app.Ledger, o pipelineOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	var r *pipeline.Report
	var people []pipeline.Person
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		q := pipeline.Query{On: at.on, Agency: o.agency}
		if people, err = pipeline.People(s, q); err == nil {
			r = pipeline.ReportOf(people, q, o.year)
		}
		return err
	})
	if err != nil {
		return err
	}
	var sheets []sheet
	for _, x := range []struct {
		name string
		make func() sheet
	}{
		{showStages, func() sheet { return stagesSheet(r) }},
		{showIntervals, func() sheet { return intervalsSheet(r) }},
		{showDropOuts, func() sheet { return dropOutsSheet(r) }},
	} {
		if o.show == "" || o.show == x.name {
			sheets = append(sheets, x.make())
		}
	}
	if o.show == showPeople {
		return p.answer(peopleSheet(r, people), struct {
			*pipeline.Report
			Persons    []pipeline.Person `json:"persons"`
			Provenance provenance        `json:"provenance"`
		}{r, people, v}, v)
	}
	return p.answerAll(sheets, struct {
		*pipeline.Report
		Provenance provenance `json:"provenance"`
	}{r, v}, v)
}

// answerAll is [Program.answer] with several tables: all of them as text, the first
// one as CSV.
func (p *Program) answerAll(sheets []sheet, value any, v provenance) error {
	if p.flags.format != formatText {
		return p.answer(sheets[0], value, v)
	}
	for _, s := range sheets[:len(sheets)-1] {
		if err := p.printSheet(s); err != nil {
			return err
		}
		if err := p.printf("\n"); err != nil {
			return err
		}
	}
	return p.answer(sheets[len(sheets)-1], value, v)
}

// inYear says what a table counts.
func inYear(year int) string {
	if year == 0 {
		return "up to the day"
	}
	return fmt.Sprintf("in fiscal year %d", year)
}

// ofAgency names the agency that a table is about, if it is one.
func ofAgency(agency string) string {
	if agency == "" {
		return ""
	}
	return " of " + agency
}

func stagesSheet(r *pipeline.Report) sheet {
	s := sheet{
		title: fmt.Sprintf("the way to a letter%s on %s; days and numbers %s", ofAgency(r.Agency), r.On, inYear(r.Year)),
		columns: append(left("stage"), right("reached"), right("moved_on"), right("median_days"), right("p90_days"),
			right("left"), right("standing"), right("standing_median_days")),
	}
	standing := 0
	for _, l := range r.Stages {
		s.add(l.Stage.String(), strconv.Itoa(l.Reached), strconv.Itoa(l.MovedOn.Count), daysOf(l.MovedOn, l.MovedOn.MedianDays), daysOf(l.MovedOn, l.MovedOn.P90Days),
			strconv.Itoa(l.Left), strconv.Itoa(l.Standing.Count), daysOf(l.Standing, l.Standing.MedianDays))
		standing += l.Standing.Count
	}
	s.notes = []string{fmt.Sprintf("%s: %d on the way, %d through, %d left without a letter", persons(r.People), standing, r.Done, r.Left)}
	return s
}

func persons(n int) string {
	if n == 1 {
		return "1 person"
	}
	return prose.Thousands(n) + " people"
}

// daysOf writes a number of days, nothing where nobody is counted.
func daysOf(s projections.Spread, days int) string {
	if s.Count == 0 {
		return ""
	}
	return strconv.Itoa(days)
}

func intervalsSheet(r *pipeline.Report) sheet {
	s := sheet{
		title:   "days from one stage to another, by the fiscal year of the second",
		columns: append(left("interval"), right("fiscal_year"), right("people"), right("median_days"), right("p90_days"), right("most_days")),
	}
	for _, l := range r.Intervals {
		s.add(l.Interval, strconv.Itoa(l.Year), strconv.Itoa(l.Count), strconv.Itoa(l.MedianDays), strconv.Itoa(l.P90Days), strconv.Itoa(l.MostDays))
	}
	return s
}

func dropOutsSheet(r *pipeline.Report) sheet {
	s := sheet{
		title:   "who left before a letter, by the stage where they stood",
		columns: append(append([]column{right("fiscal_year")}, left("stage", "reason")...), right("people")),
	}
	for _, l := range r.DropOuts {
		s.add(strconv.Itoa(l.Year), l.Stage.String(), l.Reason, strconv.Itoa(l.People))
	}
	return s
}

func peopleSheet(r *pipeline.Report, people []pipeline.Person) sheet {
	s := sheet{
		title:   fmt.Sprintf("everyone on the way to a letter%s on %s", ofAgency(r.Agency), r.On),
		columns: append(left("id", "agency", "found_by", "child", "stage", "since"), right("days"), column{name: "left"}, column{name: "reason"}),
	}
	for i := range people {
		x := &people[i]
		child, until := "", r.On
		if x.Child {
			child = "child"
		}
		if x.Left != 0 {
			until = x.Left
		}
		days := strconv.Itoa(int(until - x.Since))
		if x.Done {
			days = ""
		}
		s.add(x.ID, x.Agency, x.Source, child, x.Stage.String(), x.Since.String(), days, x.Left.String(), x.Reason)
	}
	s.notes = []string{persons(len(people))}
	return s
}
