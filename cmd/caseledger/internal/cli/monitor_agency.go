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
	"caseledger/projections/compliance"
	"caseledger/projections/network"
)

func (p *Program) monitorAgencyCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "agency AGENCY",
		Short: "Print the review sheet that a monitor takes on a site visit",
		Long: `Print the review sheet that a monitor takes on a site visit of one agency: the subcontract and its money,
locations, the nine criteria with their documents and dates (R27), who answers at night, staff and caseload,
core training, findings, invoices, everything that is out of line, and lines to sign. It holds no names of
clients. With --format csv: one row for each item.`,
		Example: `  caseledger monitor agency A-017
  caseledger monitor agency A-017 --on 2008-12-31 > sheet.txt`,
		Args: oneArg("the agency, by coded id"),
	}
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
		return p.reviewSheet(ctx, l, args[0], q)
	})
	return cmd
}

func (p *Program) reviewSheet(ctx context.Context, l *app.Ledger, agency string, q question) error {
	var r *compliance.Review
	v, err := p.askAgency(ctx, l, q, agency, func(s *projections.Snapshot, at standpoint) (err error) {
		r, err = compliance.ReviewOf(s, agency, at.on)
		return err
	})
	if err != nil {
		return err
	}
	sections := reviewSections(r)
	if p.flags.format != formatText {
		return p.answer(flat(sections), struct {
			*compliance.Review
			Provenance provenance `json:"provenance"`
		}{r, v}, v)
	}
	for i, s := range sections {
		if i > 0 {
			if err := p.printf("\n"); err != nil {
				return err
			}
		}
		if err := p.printSheet(s); err != nil {
			return err
		}
	}
	return p.printf(`
reviewed on ______________ by ______________________________ (monitor)

present for the agency ______________________________________________

findings raised: record raise-finding --agency %s …; the review: record hold-review --agency %[1]s …

%s
`, r.Agency.Agency, v)
}

// reviewSections are the tables of a review sheet, in the order of the visit.
func reviewSections(r *compliance.Review) []sheet {
	return []sheet{
		contractSection(r), criteriaSection(r), staffSection(r), trainingSection(r), findingsSection(r), invoicesSection(r), outOfLineSection(r),
	}
}

// flat is one table of all sections, for programs.
func flat(sections []sheet) sheet {
	s := sheet{columns: left("section", "item", "field", "value")}
	for _, section := range sections {
		title, _, _ := strings.Cut(section.title, ":")
		for _, cells := range section.rows {
			for i, c := range cells[1:] {
				s.add(title, cells[0], section.columns[i+1].name, c)
			}
		}
	}
	return s
}

func contractSection(r *compliance.Review) sheet {
	a := &r.Agency
	s := sheet{title: fmt.Sprintf("review of %s on %s: %s, %s", a.Agency, r.On, a.Name, a.State), columns: left("item", "as the ledger has it")}
	s.add("standing", plainWord(string(a.Standing))+", under subcontract since "+r.Contract.Signed.String())
	if y := r.Contract.Year; y != nil {
		ceiling := "no ceiling"
		if y.CeilingCents != 0 {
			ceiling = fmt.Sprintf("ceiling %s, %s left", y.CeilingCents, y.LeftCents)
		}
		s.add("contract year", fmt.Sprintf("%s to %s: billed %s, paid %s, advanced %s; %s", y.Start, y.End, y.BilledCents, y.PaidCents, y.AdvancedCents, ceiling))
	}
	for _, l := range a.Locations {
		s.add("location "+l.Location, l.City+", "+l.State)
	}
	s.add("point of contact", orNone(a.PointOfContact))
	cover := orNone(a.OnCall.Worker)
	switch a.OnCall.Gap {
	case network.Unassigned:
		cover = "nobody"
	case network.OnLeave, network.Gone:
		cover += ": " + plainWord(string(a.OnCall.Gap))
	}
	s.add("on call tonight", cover)
	review := "never"
	if last, held := a.LastReview(); held {
		review = fmt.Sprintf("%s, %s, %s", last.On, plainWord(last.Manner), plural(len(last.Clients), "file"))
	}
	s.add("last review", review)
	s.add("caseload", fmt.Sprintf("%s in service; %s open with their legal components", plural(r.InService, "case"), plural(r.OpenCases, "case")))
	return s
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func criteriaSection(r *compliance.Review) sheet {
	s := sheet{title: "the nine criteria (R27): documents to see", columns: left("criterion", "met", "document", "through", "record", "seen")}
	for _, c := range r.Agency.Criteria {
		for _, x := range c.Shown {
			document, through, record := plainWord(strings.Join(x.Documents, " or ")), "", ""
			if x.Record != 0 {
				document, record = plainWord(x.Document), positions([]uint64{x.Record})
			}
			if x.Through != 0 {
				through = x.Through.String()
			}
			met := "yes"
			switch {
			case !x.Met && x.Record != 0:
				met = "lapsed"
			case !x.Met:
				met = "missing"
			}
			s.add(fmt.Sprintf("R27.%d %s", c.Number, plainWord(c.Criterion)), met, document, through, record, "[ ]")
		}
	}
	return s
}

func staffSection(r *compliance.Review) sheet {
	s := sheet{title: "staff and caseload", columns: append(left("worker", "role"), right("capacity"), column{name: "languages"}, right("cases"), right("weight"), column{name: "note"})}
	for _, w := range r.Staff {
		role, note := "case manager", ""
		if w.Supervisor {
			role = "supervisor"
		}
		switch {
		case w.Left:
			note = "has left"
		case w.Leave != 0:
			note = "on leave through " + w.Leave.String()
		}
		s.add(w.Worker.Worker, role, fmt.Sprintf("%d %%", w.CapacityPercent), strings.Join(w.Languages, " "), strconv.Itoa(w.Cases), strconv.Itoa(w.Weight), note)
	}
	return s
}

func trainingSection(r *compliance.Review) sheet {
	s := sheet{title: "monthly core training (S2)", columns: append(left("month", "held"), right("attended"))}
	for _, m := range r.Trainings {
		held := "yes"
		if !m.Held {
			held = "no"
		}
		s.add(m.Month, held, strconv.Itoa(m.Attended))
	}
	return s
}

func findingsSection(r *compliance.Review) sheet {
	s := sheet{title: "findings: open, or closed in the year before", columns: left("finding", "rule", "client", "severity", "raised", "due", "state", "records")}
	for _, f := range r.Agency.Findings {
		if f.State == network.Closed && f.Closed < r.On-365 {
			continue
		}
		rule := f.Rule
		if f.Criterion != "" {
			rule += " " + plainWord(f.Criterion)
		}
		s.add(f.Finding, rule, f.Client, f.Severity, f.Raised.String(), f.Due.String(), string(f.State), positions(f.Records))
	}
	return s
}

func invoicesSection(r *compliance.Review) sheet {
	s := sheet{title: "invoices of the year before", columns: append(left("invoice", "closing", "state"), right("total"), column{name: "record"})}
	total := events.Cents(0)
	for _, i := range r.Invoices {
		s.add(invoiceName(r.Agency.Agency, i.Number), i.Closing.String(), i.State, i.TotalCents.String(), positions([]uint64{i.Record}))
		if i.State != "denied" {
			total += i.TotalCents
		}
	}
	s.notes = []string{"in all, but for denied ones: " + total.String()}
	return s
}

func outOfLineSection(r *compliance.Review) sheet {
	s := sheet{title: "out of line", columns: left("rule", "severity", "client", "worker", "since", "what", "records")}
	for _, x := range r.Exceptions {
		s.add(x.Rule, string(x.Severity), x.Client, x.Worker, x.Since.String(), x.Sentence, positions(x.Evidence))
	}
	for _, c := range r.Summary {
		s.notes = append(s.notes, fmt.Sprintf("%d × %s: %s; do: %s", c.Count, c.Rule, c.Sentence, c.Hint))
	}
	return s
}
