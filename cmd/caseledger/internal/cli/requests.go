package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates/policy"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/decisions"
	"caseledger/projections/pipeline"
)

type requestsOptions struct {
	aboutAgency
	list, since string
}

func (p *Program) requestsCommand() *cobra.Command {
	var o requestsOptions
	cmd := &cobra.Command{
		Use:   "requests",
		Short: "List Requests for Assistance: late notices, day 90 and 120, who waits",
		Long: `List Requests for Assistance of minors on a day (R09). A child may stand on several lists:

  minor_reported_late         an official's notice to HHS took more than 24 hours
  departments_not_notified    Justice or Homeland Security is not notified, and 24 hours are over
  departments_notified_late   HHS's notice to them took more than 24 hours
  decided_without_consulting  a letter or denial before Justice, Homeland Security and NGOs were consulted
  interim_ended               interim assistance ended without a letter: Pre-Eligible, due for a decision
  interim_day_90              interim assistance runs; the day is the first one counted as 1
  interim_day_120             extended by 30 days
  pending                     neither interim assistance nor a decision

The first four are of the fiscal year of the day, or --since; the others are of that day.`,
		Example: `  caseledger requests --on 2009-05-15
  caseledger requests --list interim_day_90 --agency A-017
  caseledger requests --list minor_reported_late --since 2008-12-23 --format csv`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.list, "list", "", "one `list`")
	cmd.Flags().StringVar(&o.since, "since", "", "what was not done in time since a `day`")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.requests(ctx, l, o) })
	return cmd
}

func (p *Program) requests(ctx context.Context, l *app.Ledger, o requestsOptions) error {
	if o.list != "" && !slices.Contains(pipeline.Lists(), pipeline.List(o.list)) {
		return usage("--list %s: it is one of %s", o.list, joined(pipeline.Lists()))
	}
	since, err := dayFlag("--since", o.since)
	if err != nil {
		return err
	}
	var list []pipeline.Request
	q := pipeline.RequestFilter{List: pipeline.List(o.list)}
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		first, _ := policy.FiscalYearRange(policy.FiscalYear(at.on))
		q.Query, q.Since = pipeline.Query{On: at.on, Agency: o.agency}, cmp.Or(since, first)
		list, err = pipeline.Requests(s, q)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{
		title: fmt.Sprintf("Requests for Assistance%s on %s; late notices since %s", ofAgency(o.agency), q.On, q.Since),
		columns: append(left("list", "client", "agency", "requested", "since", "due"), right("day"), right("hours"),
			column{name: "missing"}, column{name: "record"}),
	}
	for _, r := range list {
		s.add(string(r.List), r.Client, r.Agency, r.Requested.String(), r.Since.String(), r.Due.String(),
			numberOrNothing(r.Day), numberOrNothing(r.Hours), strings.Join(r.Missing, " "), fmt.Sprintf("#%d", r.Record))
	}
	s.notes = []string{plural(len(list), "line")}
	return p.answer(s, struct {
		On         events.Date        `json:"on"`
		Since      events.Date        `json:"since"`
		Requests   []pipeline.Request `json:"requests"`
		Provenance provenance         `json:"provenance"`
	}{q.On, q.Since, list, v}, v)
}

// dayFlag reads a day that may be left out.
func dayFlag(flag, text string) (events.Date, error) {
	if text == "" {
		return 0, nil
	}
	day, err := events.ParseDate(text)
	if err != nil {
		return 0, usage("%s: %v", flag, err)
	}
	return day, nil
}

// joined lists words for a person.
func joined[S ~string](list []S) string {
	texts := make([]string, len(list))
	for i, x := range list {
		texts[i] = string(x)
	}
	return strings.Join(texts, ", ")
}

func numberOrNothing(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

type watchOptions struct {
	aboutAgency
	within, matter string
}

func (p *Program) watchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "List dates ahead: continued presence, T status, permanent residence, 18th birthdays",
		Long: `List the dates that come within some days (R07, R10):

  continued_presence_ends  the day through which it was granted
  t_status_ends            the last day of T status, without an application for permanent residence
  lpr_application_opens    three years of T status: permanent residence may be applied for
  turns_18                 a minor without an eligibility letter

Birth dates are sealed. Turning 18 is watched from the age in years on record, which gives a range of up
to a year: from "day" on the birthday can come, by "to" it has. The exact day is seen by who may reveal it.
A child stays on the list until the letter or the recorded turning 18.`,
		Example: `  caseledger watch --within 90d --on 2009-05-15
  caseledger watch --matter turns_18 --agency A-017`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.within, "within", "90d", "how many `days` ahead, such as 90d")
	cmd.Flags().StringVar(&o.matter, "matter", "", "one `kind` of date")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.watch(ctx, l, o) })
	return cmd
}

func (p *Program) watch(ctx context.Context, l *app.Ledger, o watchOptions) error {
	within, err := parseDays(o.within)
	if err != nil {
		return usage("--within: %v", err)
	}
	if o.matter != "" && !slices.Contains(pipeline.Matters(), pipeline.Matter(o.matter)) {
		return usage("--matter %s: it is one of %s", o.matter, joined(pipeline.Matters()))
	}
	var list []pipeline.Warning
	q := pipeline.WatchFilter{Within: within, Matter: pipeline.Matter(o.matter)}
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		q.Query = pipeline.Query{On: at.on, Agency: o.agency}
		list, err = pipeline.Watch(s, q)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{
		title:   fmt.Sprintf("dates ahead%s from %s to %s", ofAgency(o.agency), q.On, q.On+events.Date(within)),
		columns: append(left("matter", "client", "agency", "day", "to"), right("days_left"), column{name: "note"}),
	}
	for _, w := range list {
		s.add(string(w.Matter), w.Client, w.Agency, w.Day.String(), w.To.String(), strconv.Itoa(int(w.Day-q.On)), w.Note)
	}
	s.notes = []string{plural(len(list), "date") + "; birth dates are sealed, and turning 18 is a range that follows from the age on record"}
	return p.answer(s, struct {
		On         events.Date        `json:"on"`
		Within     int                `json:"within_days"`
		Dates      []pipeline.Warning `json:"dates"`
		Provenance provenance         `json:"provenance"`
	}{q.On, within, list, v}, v)
}

func (p *Program) decisionsCommand() *cobra.Command {
	var o aboutAgency
	cmd := &cobra.Command{
		Use:   "decisions",
		Short: "List extensions and month-to-month approvals that wait for a decision",
		Long: `List what waits for the programme's decision on a day (R22): extensions that were requested, and service
periods that have begun and are not payable until they are approved (month_to_month_approval).`,
		Example: `  caseledger decisions --on 2009-05-15`,
		Args:    noArgs,
	}
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.decisions(ctx, l, o) })
	return cmd
}

func (p *Program) decisions(ctx context.Context, l *app.Ledger, o aboutAgency) error {
	var list []decisions.Decision
	var on events.Date
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		on = at.on
		list, err = decisions.On(s, at.on, o.agency)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{
		title:   fmt.Sprintf("what waits for a decision%s on %s", ofAgency(o.agency), on),
		columns: append(left("matter", "client", "agency", "since"), right("days"), column{name: "clock_end"}, right("days_left"), right("period")),
	}
	for _, d := range list {
		s.add(string(d.Matter), d.Client, d.Agency, d.Since.String(), strconv.Itoa(d.Days), d.ClockEnd.String(), strconv.Itoa(d.DaysLeft), numberOrNothing(d.Number))
	}
	s.notes = []string{plural(len(list), "decision")}
	return p.answer(s, struct {
		On         events.Date          `json:"on"`
		Decisions  []decisions.Decision `json:"decisions"`
		Provenance provenance           `json:"provenance"`
	}{on, list, v}, v)
}
