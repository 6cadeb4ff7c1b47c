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
	"caseledger/projections/caseload"
	"caseledger/projections/history"
	"caseledger/projections/network"
)

// A staffLine is one worker with the last twelve months.
type staffLine struct {
	network.Worker
	Offered     int         `json:"support_offered"` // in the last twelve months
	Accepted    int         `json:"support_accepted"`
	LastOffered events.Date `json:"last_offered,omitzero"`
	Given       int         `json:"cases_given"` // to another lead, in the last twelve months
	Got         int         `json:"cases_got"`
}

func (p *Program) staffCommand() *cobra.Command {
	var o networkOptions
	var unsupported, onLeave bool
	cmd := &cobra.Command{
		Use:   "staff",
		Short: "Show who works at the agencies: capacity, languages, leave, support",
		Long: `Show the case managers and supervisors of a day: capacity, languages, leave, and for the twelve months
before it the support that they were offered against burn-out (S4) and the cases that they gave to
another lead, or got from one.`,
		Example: `  caseledger staff --agency A-017
  caseledger staff --unsupported --on 2008-12-31`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency's staff, by coded `id`")
	cmd.Flags().BoolVar(&unsupported, "unsupported", false, "only who was offered no support in twelve months")
	cmd.Flags().BoolVar(&onLeave, "on-leave", false, "only who is on leave")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		lines, v, err := p.staff(ctx, l, o)
		if err != nil {
			return err
		}
		lines = slices.DeleteFunc(lines, func(w staffLine) bool { return unsupported && w.Offered > 0 || onLeave && !w.OnLeave() })
		return p.answer(staffSheet(v.On, lines), struct {
			On         string      `json:"on"`
			Staff      []staffLine `json:"staff"`
			Provenance provenance  `json:"provenance"`
		}{v.On, lines, v}, v)
	})
	return cmd
}

func (p *Program) staff(ctx context.Context, l *app.Ledger, o networkOptions) (lines []staffLine, v provenance, err error) {
	v, err = p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) error {
		n, err := network.On(s, at.on, o.agency)
		if err != nil {
			return err
		}
		yearAgo := at.on.AddMonths(-12) + 1
		passed, err := caseload.PassedIn(s, yearAgo, at.on)
		for _, w := range n.Workers {
			line := staffLine{Worker: w, Given: passed[w.Worker].Given, Got: passed[w.Worker].Got}
			for _, x := range w.Support {
				line.LastOffered = x.On
				if x.On < yearAgo {
					continue
				}
				if line.Offered++; x.Accepted {
					line.Accepted++
				}
			}
			lines = append(lines, line)
		}
		return err
	})
	return lines, v, err
}

func staffSheet(on string, lines []staffLine) sheet {
	s := sheet{
		title: "staff on " + on,
		columns: append(left("worker", "agency", "role"), right("capacity"), column{name: "languages"}, column{name: "on_leave_through"},
			right("support_offered"), right("accepted"), column{name: "last_offered"}, right("cases_given"), right("cases_got")),
	}
	away, unsupported := 0, 0
	for _, w := range lines {
		role := "case manager"
		if w.Supervisor {
			role = "supervisor"
		}
		if w.OnLeave() {
			away++
		}
		if w.Offered == 0 {
			unsupported++
		}
		s.add(w.Worker.Worker, w.Agency, role, fmt.Sprintf("%d %%", w.CapacityPercent), strings.Join(w.Languages, " "), w.LeaveThrough.String(),
			strconv.Itoa(w.Offered), strconv.Itoa(w.Accepted), w.LastOffered.String(), strconv.Itoa(w.Given), strconv.Itoa(w.Got))
	}
	s.notes = []string{fmt.Sprintf("%s, %d on leave, %d without an offer of support in twelve months", plural(len(lines), "worker"), away, unsupported)}
	return s
}

type turnoverOptions struct {
	question
	agency, client string
	year           int
	clients        bool
}

func (p *Program) turnoverCommand() *cobra.Command {
	var o turnoverOptions
	cmd := &cobra.Command{
		Use:   "turnover",
		Short: "Show how often clients change case managers, and agencies their staff",
		Long: `Show the turnover of a fiscal year by agency: every change of the lead is a setback for the client (S4).
With --clients how many case managers each client had by a day, most changes on top; with --client
one client's leads, spell by spell: there and back again is two changes, and two spells of the first lead.`,
		Example: `  caseledger turnover --year 2008
  caseledger turnover --clients --agency A-017
  caseledger turnover --client C-7QK2M4`,
		Args: noArgs,
	}
	cmd.Flags().IntVar(&o.year, "year", 0, "fiscal `year` (default the one of the day), up to the day")
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency, by coded `id`")
	cmd.Flags().BoolVar(&o.clients, "clients", false, "client by client")
	cmd.Flags().StringVar(&o.client, "client", "", "one client's leads, by coded `id`")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		switch {
		case o.client != "" && (o.agency != "" || o.clients || o.year != 0):
			return usage("--client goes alone")
		case o.clients && o.year != 0:
			return usage("give either --clients or --year")
		case o.client != "":
			return p.clientLeads(ctx, l, o)
		case o.clients:
			return p.allLeads(ctx, l, o)
		}
		return p.turnover(ctx, l, o)
	})
	return cmd
}

func (p *Program) turnover(ctx context.Context, l *app.Ledger, o turnoverOptions) error {
	var all []caseload.Turnover
	var first, last events.Date
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		if first, last, err = fiscalYearUntil(o.year, at.on); err != nil {
			return err
		}
		all, err = caseload.TurnoverIn(s, first, last)
		return err
	})
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(t caseload.Turnover) bool {
		return o.agency != "" && t.Agency != o.agency || t.Clients+t.First+t.Joined == 0
	})
	return p.answer(turnoverSheet(first, last, all), struct {
		First      events.Date         `json:"first"`
		Last       events.Date         `json:"last"`
		Turnover   []caseload.Turnover `json:"turnover"`
		Provenance provenance          `json:"provenance"`
	}{first, last, all, v}, v)
}

// fiscalYearUntil returns the days of a fiscal year up to a day; year 0 is the day's.
func fiscalYearUntil(year int, on events.Date) (first, last events.Date, err error) {
	year = cmp.Or(year, policy.FiscalYear(on))
	if year < 2001 || year > 2100 {
		return 0, 0, usage("--year %d: it is a fiscal year from 2001 to 2100", year)
	}
	first, last = policy.FiscalYearRange(year)
	if on < first {
		return 0, 0, usage("--year %d: it begins on %s, after %s", year, first, on)
	}
	return first, min(last, on), nil
}

func turnoverSheet(first, last events.Date, all []caseload.Turnover) sheet {
	s := sheet{
		title: fmt.Sprintf("turnover from %s to %s", first, last),
		columns: append(left("agency"), right("clients"), right("changes_of_lead"), right("clients_changed"), right("changes_per_client"), right("to_interim"),
			right("workers_first"), right("joined"), right("left"), right("workers_last"), right("left_percent")),
	}
	var total caseload.Turnover
	for _, t := range all {
		s.add(t.Agency, strconv.Itoa(t.Clients), strconv.Itoa(t.Changes), strconv.Itoa(t.Changed), perClient(t.Changes, t.Clients), strconv.Itoa(t.Interim),
			strconv.Itoa(t.First), strconv.Itoa(t.Joined), strconv.Itoa(t.Left), strconv.Itoa(t.Last), strconv.Itoa(t.LeftPercent)+" %")
		total.Changes, total.Joined, total.Left = total.Changes+t.Changes, total.Joined+t.Joined, total.Left+t.Left
	}
	s.notes = []string{fmt.Sprintf("%s of lead; %d joined, %d left", plural(total.Changes, "change"), total.Joined, total.Left)}
	return s
}

// perClient writes a quotient with two places, rounded half up.
func perClient(changes, clients int) string {
	if clients == 0 {
		return ""
	}
	hundredths := (200*changes + clients) / (2 * clients)
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

func (p *Program) allLeads(ctx context.Context, l *app.Ledger, o turnoverOptions) error {
	var all []caseload.Leads
	v, err := p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		all, err = caseload.AllLeads(s, o.agency, at.on)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b caseload.Leads) int {
		return cmp.Or(cmp.Compare(b.Changes, a.Changes), cmp.Compare(b.DaysNone, a.DaysNone))
	})
	s := sheet{
		title:   "case managers per client until " + v.On,
		columns: append(left("client", "agency"), right("managers"), right("changes"), right("interim"), right("days_without_lead")),
	}
	counts := map[int]int{}
	for _, x := range all {
		s.add(x.Client, x.Agency, strconv.Itoa(x.Workers), strconv.Itoa(x.Changes), strconv.Itoa(x.Interim), strconv.Itoa(x.DaysNone))
		counts[min(x.Workers, 4)]++
	}
	s.notes = []string{fmt.Sprintf("%s: %d had one case manager, %d two, %d three, %d more, %d none yet",
		plural(len(all), "client"), counts[1], counts[2], counts[3], counts[4], counts[0])}
	return p.answer(s, struct {
		On         string           `json:"on"`
		Clients    []caseload.Leads `json:"clients"`
		Provenance provenance       `json:"provenance"`
	}{v.On, all, v}, v)
}

func (p *Program) clientLeads(ctx context.Context, l *app.Ledger, o turnoverOptions) error {
	var leads caseload.Leads
	v, err := p.askAll(ctx, l, o.question, func(s *projections.Snapshot, at standpoint) error {
		id, err := history.Resolve(s, o.client)
		if err != nil {
			return err
		}
		found := false
		leads, found, err = caseload.LeadsOf(s, id, at.on)
		if err == nil && !found {
			err = fmt.Errorf("client %s is not enrolled on %s", id, at.on)
		}
		return err
	})
	if err != nil {
		return err
	}
	s := sheet{title: fmt.Sprintf("leads of %s until %s", leads.Client, v.On), columns: left("lead", "agency", "from", "to", "note")}
	for _, x := range leads.Spells {
		note := ""
		switch {
		case x.Worker == "":
			note = "nobody"
		case x.Interim:
			note = "interim"
		}
		s.add(x.Worker, x.Agency, x.From.String(), x.To.String(), note)
	}
	s.notes = []string{fmt.Sprintf("%s, %s of lead, %s without one", plural(leads.Workers, "case manager"), plural(leads.Changes, "change"), plural(leads.DaysNone, "day"))}
	return p.answer(s, struct {
		caseload.Leads
		Provenance provenance `json:"provenance"`
	}{leads, v}, v)
}
