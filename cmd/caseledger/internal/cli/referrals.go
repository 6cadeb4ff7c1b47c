package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/family"
	"caseledger/projections/placements"
	"caseledger/projections/referrals"
)

type referralsOptions struct {
	aboutAgency
	source string
	year   int
	list   bool
}

func (p *Program) referralsCommand() *cobra.Command {
	var o referralsOptions
	cmd := &cobra.Command{
		Use:   "referrals",
		Short: "Show who was found or sent, by source, and how long it took to an enrollment",
		Long: `Show who was found or sent by a day, by source: signals by channel, leads by the award of the outreach,
inbound referrals by programme, official or country, and citizens and permanent residents who were sent to
mainstream help by path, which the programme never reimburses (R03). With --list, or with --source, one by
one. A source is a kind (signal, lead, inbound, domestic), a channel, an award, a programme, a country or a path.`,
		Example: `  caseledger referrals --year 2008
  caseledger referrals --source hotline
  caseledger referrals --source domestic --format csv`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.source, "source", "", "only one `source`, one by one")
	cmd.Flags().IntVar(&o.year, "year", 0, "only those that began in one fiscal `year`")
	cmd.Flags().BoolVar(&o.list, "list", false, "one by one")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.referrals(ctx, l, o) })
	return cmd
}

func (p *Program) referrals(ctx context.Context, l *app.Ledger, o referralsOptions) error {
	if err := checkYear(o.year); err != nil {
		return err
	}
	answer := struct {
		On         events.Date            `json:"on"`
		Referrals  []referrals.Referral   `json:"referrals,omitempty"`
		Sources    []referrals.SourceLine `json:"sources"`
		Paths      []referrals.PathLine   `json:"domestic_paths"`
		Provenance provenance             `json:"provenance"`
	}{}
	var list []referrals.Referral
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		answer.On = at.on
		if list, err = referrals.On(s, referrals.Filter{On: at.on, Agency: o.agency, Source: o.source, Year: o.year}); err != nil {
			return err
		}
		answer.Paths = referrals.Paths(list, at.on)
		answer.Sources, err = referrals.Sources(s, list)
		return err
	})
	if err != nil {
		return err
	}
	answer.Provenance = v
	if o.list || o.source != "" {
		answer.Referrals = list
		return p.answer(referralsSheet(answer.On, list), answer, v)
	}
	sheets := []sheet{sourcesSheet(answer.On, answer.Sources)}
	if len(answer.Paths) > 0 {
		sheets = append(sheets, pathsSheet(answer.Paths))
	}
	return p.answerAll(sheets, answer, v)
}

func sourcesSheet(on events.Date, lines []referrals.SourceLine) sheet {
	s := sheet{
		title: fmt.Sprintf("referrals by source up to %s", on),
		columns: append(left("kind", "source"), right("referrals"), right("forwarded"), right("enrolled"), right("median_days"), right("p90_days"),
			right("closed"), right("domestic"), right("open"), column{name: "note"}),
	}
	for _, l := range lines {
		note := ""
		if l.Unknown {
			note = "the award is not on record"
		}
		s.add(string(l.Kind), l.Source, strconv.Itoa(l.Referrals), strconv.Itoa(l.Forwarded), strconv.Itoa(l.Enrolled),
			daysOf(l.ToEnrollment, l.ToEnrollment.MedianDays), daysOf(l.ToEnrollment, l.ToEnrollment.P90Days),
			strconv.Itoa(l.Closed), strconv.Itoa(l.Domestic), strconv.Itoa(l.Open), note)
	}
	return s
}

func pathsSheet(lines []referrals.PathLine) sheet {
	s := sheet{
		title: "citizens and permanent residents by path; never reimbursed (R03)",
		columns: append(left("path"), right("stay_days"), right("referrals"), right("minors"), right("lpr"), right("barred_under_5_years"),
			right("staying"), right("stay_over")),
	}
	for _, l := range lines {
		s.add(l.Path, numberOrNothing(l.StayDays), strconv.Itoa(l.Referrals), strconv.Itoa(l.Minors), strconv.Itoa(l.Residents), strconv.Itoa(l.Barred),
			strconv.Itoa(l.Staying), strconv.Itoa(l.Overdue))
	}
	return s
}

func referralsSheet(on events.Date, list []referrals.Referral) sheet {
	s := sheet{
		title: fmt.Sprintf("referrals up to %s", on),
		columns: append(left("referral", "kind", "source", "state", "opened", "standing", "agency", "client", "enrolled"), right("days"),
			column{name: "result"}, column{name: "stay_ends"}, column{name: "cooperation"}),
	}
	for i := range list {
		r := &list[i]
		days, result, ends := "", r.Result, ""
		if n, enrolled := r.Days(); enrolled {
			days = strconv.Itoa(n)
		}
		if r.Domestic != nil {
			ends = r.Domestic.StayEnds.String()
			if result == "" {
				result = r.Domestic.Path
			}
		}
		var with []string
		for _, c := range r.Cooperation {
			with = append(with, c.With+" "+c.Matter)
		}
		s.add(r.Referral, string(r.Kind), r.Source, r.State, r.Opened.String(), string(r.Standing), r.Agency, r.Client, r.Enrolled.String(),
			days, result, ends, strings.Join(with, "; "))
	}
	s.notes = []string{plural(len(list), "referral")}
	return s
}

type placementsOptions struct {
	aboutAgency
	all bool
}

func (p *Program) placementsCommand() *cobra.Command {
	var o placementsOptions
	cmd := &cobra.Command{
		Use:   "placements",
		Short: "List minors in the Unaccompanied Refugee Minor programme or waiting for it, and when they age out",
		Long: `List who is placed in the Unaccompanied Refugee Minor programme on a day, or waits for it since a State was
asked (R11), those who age out first on top. A placement lasts until 18 or the State's higher age, as adopt-placement-age recorded it. Birth dates are
sealed: the day is a range that follows from the age in years at enrollment.`,
		Example: `  caseledger placements --on 2009-05-15
  caseledger placements --all --format csv`,
		Args: noArgs,
	}
	cmd.Flags().BoolVar(&o.all, "all", false, "also placements that are over")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.placements(ctx, l, o) })
	return cmd
}

func (p *Program) placements(ctx context.Context, l *app.Ledger, o placementsOptions) error {
	var list []placements.Placement
	var on events.Date
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		on = at.on
		list, err = placements.On(s, placements.Filter{On: at.on, Agency: o.agency, Ended: o.all})
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{
		title: fmt.Sprintf("placements in the URM programme%s on %s", ofAgency(o.agency), on),
		columns: append(left("client", "agency", "standing", "referred", "setting", "state", "from", "to"), right("days"), column{name: "guardian"}, right("age_limit"),
			column{name: "ages_out_from"}, column{name: "ages_out_to"}, column{name: "note"}),
	}
	for _, x := range list {
		note := ""
		switch {
		case x.Over:
			note = "past the age for certain"
		case x.AgesOutTo == 0:
			note = "no age on record"
		}
		s.add(x.Client, x.Agency, string(x.Standing), x.Referred.String(), x.Setting, x.State, x.From.String(), x.To.String(), strconv.Itoa(x.Days), x.Guardian, strconv.Itoa(x.AgeLimit),
			x.AgesOutFrom.String(), x.AgesOutTo.String(), note)
	}
	s.notes = []string{plural(len(list), "placement")}
	return p.answer(s, struct {
		On         events.Date            `json:"on"`
		Placements []placements.Placement `json:"placements"`
		Provenance provenance             `json:"provenance"`
	}{on, list, v}, v)
}

func (p *Program) familyCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "family CLIENT",
		Short: "Show a principal with the derivatives, their visa classes, entries and letters",
		Long: `Show the family of a client: the principal, and the family members in T-2 to T-6 status with their visa
class, notice or entry date and the benefit date that stands in for a letter (R06). CLIENT may be any of them.`,
		Example: `  caseledger family C-7QK2M4 --on 2009-05-15`,
		Args:    oneArg("a client's coded id"),
	}
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error { return p.family(ctx, l, args[0], q) })
	return cmd
}

func (p *Program) family(ctx context.Context, l *app.Ledger, name string, q question) error {
	var f *family.Family
	v, err := p.askClient(ctx, l, q, name, func(s *projections.Snapshot, id string, at standpoint) (err error) {
		f, err = family.Of(s, id, at.on)
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{
		title:   fmt.Sprintf("family of %s on %s", f.Principal, f.On),
		columns: left("client", "role", "visa_class", "status", "agency", "enrolled", "closed", "entered", "notice", "benefit_date", "letters", "assistance_ends"),
	}
	for _, m := range f.Members {
		role := "derivative"
		if m.Principal {
			role = "principal"
		}
		var letters []string
		for _, x := range m.Letters {
			letters = append(letters, string(x.Kind)+" "+x.Date.String())
		}
		s.add(m.Client, role, m.VisaClass, string(m.Status), m.Agency, m.Enrolled.String(), m.Closed.String(), m.Entered.String(),
			m.NoticeDate.String(), m.BenefitDate.String(), strings.Join(letters, "; "), m.Assistance.To.String())
		if m.Principal && m.StatusEnds != 0 {
			s.notes = append(s.notes, "the principal's T status ends on "+m.StatusEnds.String())
		}
	}
	s.notes = append(s.notes, plural(len(f.Members)-1, "derivative"))
	return p.answer(s, struct {
		*family.Family
		Provenance provenance `json:"provenance"`
	}{f, v}, v)
}
