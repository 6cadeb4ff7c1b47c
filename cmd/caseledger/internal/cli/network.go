package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/aggregates"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/network"
)

type networkOptions struct {
	question
	agency, state string
}

// askNetwork asks for the network on the day of a question: all of it, or one agency.
func (p *Program) askNetwork(ctx context.Context, l *app.Ledger, o networkOptions) (n *network.Network, v provenance, err error) {
	if o.state != "" {
		if err := aggregates.CheckFormat("state", o.state); err != nil {
			return nil, v, usage("--state: %v", err)
		}
	}
	v, err = p.askAgency(ctx, l, o.question, o.agency, func(s *projections.Snapshot, at standpoint) (err error) {
		n, err = network.On(s, at.on, o.agency)
		return err
	})
	if err == nil && o.state != "" {
		n.Agencies = slices.DeleteFunc(n.Agencies, func(a network.Agency) bool {
			return a.State != o.state && !slices.ContainsFunc(a.Locations, func(x caseload.Location) bool { return x.State == o.state })
		})
	}
	return n, v, err
}

func (p *Program) agenciesCommand() *cobra.Command {
	var o networkOptions
	cmd := &cobra.Command{
		Use:   "agencies",
		Short: "Show the agencies: where they serve clients, and how they stand",
		Long: `Show the agencies of the network on a day: standing, locations, single point of contact, how many of
the nine criteria are met (R27), and what monitors have found. With --agency all that is known of one:
also who is on call, memoranda, reviews, and the consultations of the twelve months before.`,
		Example: `  caseledger agencies --state TX
  caseledger agencies --agency A-017
  caseledger agencies --on 2007-06-01 --format csv`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.state, "state", "", "only agencies that serve clients in a State, such as `TX`")
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency, by coded `id`")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		n, v, err := p.askNetwork(ctx, l, o)
		if err != nil {
			return err
		}
		s := networkSheet(n)
		if o.agency != "" && len(n.Agencies) == 1 {
			s = agencySheet(n.On, &n.Agencies[0])
		}
		return p.answer(s, struct {
			On         events.Date      `json:"on"`
			Agencies   []network.Agency `json:"agencies"`
			Provenance provenance       `json:"provenance"`
		}{n.On, n.Agencies, v}, v)
	})
	return cmd
}

func networkSheet(n *network.Network) sheet {
	s := sheet{
		title: fmt.Sprintf("agencies on %s", n.On),
		columns: append(left("agency", "name", "state", "standing", "locations", "point_of_contact"),
			right("criteria_met"), column{name: "not_met"}, right("open_findings"), right("overdue"), column{name: "last_review"}),
	}
	counts, locations := map[caseload.Standing]int{}, 0
	for i := range n.Agencies {
		a := &n.Agencies[i]
		counts[a.Standing]++
		locations += len(a.Locations)
		var places, unmet []string
		for _, x := range a.Locations {
			places = append(places, x.City+" "+x.State)
		}
		for _, c := range a.Unmet() {
			unmet = append(unmet, c.Criterion)
		}
		open, overdue := 0, 0
		for _, f := range a.Findings {
			if f.State != network.Closed {
				open++
			}
			if f.State == network.Overdue {
				overdue++
			}
		}
		last, _ := a.LastReview()
		s.add(a.Agency, a.Name, a.State, string(a.Standing), strings.Join(places, ", "), a.PointOfContact,
			strconv.Itoa(len(a.Criteria)-len(unmet)), strings.Join(unmet, " "), strconv.Itoa(open), strconv.Itoa(overdue), last.On.String())
	}
	s.notes = []string{fmt.Sprintf("%d active, %d suspended, %d ended; %s", counts[caseload.Active], counts[caseload.Suspended],
		counts[caseload.Ended], plural(locations, "location"))}
	return s
}

// agencySheet lists all that is known of one agency on a day.
func agencySheet(on events.Date, a *network.Agency) sheet {
	s := sheet{
		title:   fmt.Sprintf("%s, %s, %s, on %s: %s", a.Agency, a.Name, a.State, on, a.Standing),
		columns: append(left("what", "detail", "from", "through"), right("record")),
	}
	add := func(what, detail string, from, through events.Date, record uint64) {
		position := ""
		if record != 0 {
			position = "#" + strconv.FormatUint(record, 10)
		}
		s.add(what, detail, from.String(), through.String(), position)
	}
	for _, x := range a.Locations {
		add("location "+x.Location, x.City+" "+x.State, 0, 0, 0)
	}
	add("point of contact", cmp.Or(a.PointOfContact, "nobody"), 0, 0, 0)
	add("on call", strings.TrimSpace(a.OnCall.Worker+" "+string(a.OnCall.Gap)+" "+strings.Join(a.OnCall.Languages, " ")), a.OnCall.Since, a.OnCall.Through, a.OnCall.Record)
	for _, c := range a.Criteria {
		detail := "met"
		if !c.Met {
			detail = "not met"
		}
		add(fmt.Sprintf("criterion %d", c.Number), c.Criterion+": "+detail, 0, c.Through, 0)
	}
	for _, m := range a.Memoranda {
		add("memorandum", m.Partner+": "+m.Scope, m.From, m.Through, m.Record)
	}
	for _, v := range a.Reviews {
		add("review "+v.Review, fmt.Sprintf("%s, %s read, %d of 9 criteria met", v.Manner, plural(len(v.Clients), "file"), len(v.Met)), v.On, 0, v.Record)
	}
	for _, f := range a.Findings {
		add("finding "+f.Finding, strings.Join(strings.Fields(f.Severity+" "+f.Rule+" "+f.Criterion+" "+f.Client), " ")+": "+string(f.State),
			f.Raised, f.Due, f.Records[len(f.Records)-1])
	}
	for _, c := range a.Consultations {
		if c.On > on.AddMonths(-12) {
			add("consultation", strings.TrimSpace(c.Manner+" on "+c.Topic+" "+c.Client), c.On, 0, c.Record)
		}
	}
	return s
}

type credentialsOptions struct {
	networkOptions
	within string
	lapsed bool
}

func (p *Program) credentialsCommand() *cobra.Command {
	var o credentialsOptions
	cmd := &cobra.Command{
		Use:   "credentials",
		Short: "Show how the agencies meet the nine criteria, and what expires",
		Long: `Show the nine criteria of a subcontractor (R27): without a flag one line for each agency, with the last
day of what expires; with --agency by which documents each criterion is shown; with
--expiring-within or --lapsed the documents that have to be renewed.`,
		Example: `  caseledger credentials --expiring-within 60d
  caseledger credentials --agency A-017 --on 2008-09-30`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency's documents, by coded `id`")
	cmd.Flags().StringVar(&o.within, "expiring-within", "", "only documents whose last day lies within some `days`, such as 60d")
	cmd.Flags().BoolVar(&o.lapsed, "lapsed", false, "only what is not shown: expired, revoked, or never filed")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.credentials(ctx, l, o) })
	return cmd
}

// A shownLine is one requirement of an agency.
type shownLine struct {
	Agency    string `json:"agency"`
	Number    int    `json:"number"`
	Criterion string `json:"criterion"`
	network.Shown
}

func (p *Program) credentials(ctx context.Context, l *app.Ledger, o credentialsOptions) error {
	within := -1
	if o.within != "" {
		var err error
		if within, err = parseDays(o.within); err != nil {
			return usage("--expiring-within: %v", err)
		}
		if o.lapsed {
			return usage("give either --expiring-within or --lapsed")
		}
	}
	n, v, err := p.askNetwork(ctx, l, o.networkOptions)
	if err != nil {
		return err
	}
	if o.agency == "" {
		n.Agencies = slices.DeleteFunc(n.Agencies, func(a network.Agency) bool { return a.Standing == caseload.Ended })
	}
	if o.agency == "" && within < 0 && !o.lapsed {
		return p.answer(criteriaSheet(n), struct {
			On         events.Date     `json:"on"`
			Agencies   []criteriaEntry `json:"agencies"`
			Provenance provenance      `json:"provenance"`
		}{n.On, criteriaEntries(n), v}, v)
	}
	lines := shownLines(n, within, o.lapsed)
	s := documentsSheet(n.On, lines)
	switch {
	case o.lapsed:
		s.title = fmt.Sprintf("not shown on %s", n.On)
	case within >= 0:
		s.title = fmt.Sprintf("documents whose last day lies between %s and %s", n.On, n.On+events.Date(within))
	}
	return p.answer(s, struct {
		On         events.Date `json:"on"`
		Documents  []shownLine `json:"documents"`
		Provenance provenance  `json:"provenance"`
	}{n.On, lines, v}, v)
}

// A criteriaEntry is an agency with its criteria.
type criteriaEntry struct {
	Agency   string              `json:"agency"`
	Name     string              `json:"name"`
	Standing caseload.Standing   `json:"standing"`
	Criteria []network.Criterion `json:"criteria"`
}

func criteriaEntries(n *network.Network) (entries []criteriaEntry) {
	for _, a := range n.Agencies {
		entries = append(entries, criteriaEntry{a.Agency, a.Name, a.Standing, a.Criteria})
	}
	return entries
}

func criteriaSheet(n *network.Network) sheet {
	s := sheet{title: fmt.Sprintf("the nine criteria on %s", n.On), columns: left("agency", "standing")}
	complete := 0
	for i, a := range n.Agencies {
		cells := []string{a.Agency, string(a.Standing)}
		for _, c := range a.Criteria {
			if i == 0 {
				s.columns = append(s.columns, column{name: c.Criterion})
			}
			cell := "no"
			if c.Met {
				cell = cmp.Or(c.Through.String(), "yes")
			}
			cells = append(cells, cell)
		}
		if len(a.Unmet()) == 0 {
			complete++
		}
		s.add(cells...)
	}
	s.notes = []string{
		fmt.Sprintf("%d of %s meet all nine", complete, agencyCount(len(n.Agencies))),
		"a day: met, up to the last day of what expires first; no: see credentials --lapsed",
	}
	return s
}

// shownLines lists the requirements of all agencies: all, or those that expire within
// some days, the first one on top, or those that are not met.
func shownLines(n *network.Network, within int, lapsed bool) (lines []shownLine) {
	for _, a := range n.Agencies {
		for _, c := range a.Criteria {
			for _, x := range c.Shown {
				expiring := x.Met && x.Through != 0 && x.Through <= n.On+events.Date(within)
				if lapsed && !x.Met || within >= 0 && expiring || within < 0 && !lapsed {
					lines = append(lines, shownLine{a.Agency, c.Number, c.Criterion, x})
				}
			}
		}
	}
	if within >= 0 || lapsed {
		slices.SortStableFunc(lines, func(a, b shownLine) int { return cmp.Compare(a.Through, b.Through) })
	}
	return lines
}

func documentsSheet(on events.Date, lines []shownLine) sheet {
	s := sheet{
		title:   fmt.Sprintf("the nine criteria on %s", on),
		columns: append(append(left("agency"), right("number")), append(left("criterion", "shown_by", "met", "through"), right("record"))...),
	}
	agencies := map[string]bool{}
	for _, x := range lines {
		document, met, record := cmp.Or(x.Document, strings.Join(x.Documents, " or ")), "yes", ""
		switch {
		case !x.Met && x.Document != "":
			met = "lapsed"
		case !x.Met:
			met = "never filed"
		}
		if x.Record != 0 {
			record = "#" + strconv.FormatUint(x.Record, 10)
		}
		s.add(x.Agency, strconv.Itoa(x.Number), x.Criterion, document, met, x.Through.String(), record)
		agencies[x.Agency] = true
	}
	s.notes = []string{plural(len(lines), "document") + " of " + agencyCount(len(agencies))}
	return s
}

type findingsOptions struct {
	networkOptions
	open, overdue bool
}

func (p *Program) findingsCommand() *cobra.Command {
	var o findingsOptions
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "Show what monitors found at the agencies, and what became of it",
		Long: `Show the findings that were raised by a day, the longest overdue on top. What counts is the day that
was agreed last with the agency, or else the day that the monitor set.`,
		Example: `  caseledger findings --overdue
  caseledger findings --agency A-017 --on 2008-12-31`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency's findings, by coded `id`")
	cmd.Flags().BoolVar(&o.open, "open", false, "only findings that are not closed")
	cmd.Flags().BoolVar(&o.overdue, "overdue", false, "only findings that should have been corrected by now")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error {
		n, v, err := p.askNetwork(ctx, l, o.networkOptions)
		if err != nil {
			return err
		}
		all := slices.DeleteFunc(n.Findings(), func(f network.Finding) bool {
			return o.open && f.State == network.Closed || o.overdue && f.State != network.Overdue
		})
		return p.answer(findingsSheet(n.On, all), struct {
			On         events.Date       `json:"on"`
			Findings   []network.Finding `json:"findings"`
			Provenance provenance        `json:"provenance"`
		}{n.On, all, v}, v)
	})
	return cmd
}

func findingsSheet(on events.Date, all []network.Finding) sheet {
	s := sheet{
		title: fmt.Sprintf("findings on %s", on),
		columns: append(left("agency", "finding", "severity", "rule", "criterion", "client", "raised", "due", "state"),
			right("days_overdue"), column{name: "closed"}, column{name: "review"}),
	}
	counts := map[network.FindingState]int{}
	for _, f := range all {
		counts[f.State]++
		overdue := ""
		if f.DaysOverdue > 0 {
			overdue = strconv.Itoa(f.DaysOverdue)
		}
		s.add(f.Agency, f.Finding, f.Severity, f.Rule, f.Criterion, f.Client, f.Raised.String(), f.Due.String(), string(f.State),
			overdue, f.Closed.String(), f.Review)
	}
	s.notes = []string{fmt.Sprintf("%d overdue, %d open, %d agreed, %d closed", counts[network.Overdue], counts[network.Open],
		counts[network.Agreed], counts[network.Closed])}
	return s
}

type coverageOptions struct {
	networkOptions
	gaps     bool
	language string
}

func (p *Program) coverageCommand() *cobra.Command {
	var o coverageOptions
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "Show who answers the after-hours numbers tonight, and where nobody does",
		Long: `Show who is on call at each agency in the night of a day, and in which languages (R27). Nobody answers
where nobody is on call, or who is on call is on leave or no longer works there.`,
		Example: `  caseledger coverage
  caseledger coverage --on 2008-12-24 --gaps
  caseledger coverage --language th`,
		Args: noArgs,
	}
	cmd.Flags().StringVar(&o.agency, "agency", "", "one agency, by coded `id`")
	cmd.Flags().StringVar(&o.state, "state", "", "only agencies that serve clients in a State, such as `TX`")
	cmd.Flags().StringVar(&o.language, "language", "", "only where somebody answers in a `language`, such as es")
	cmd.Flags().BoolVar(&o.gaps, "gaps", false, "only where nobody answers")
	o.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, _ []string) error { return p.coverage(ctx, l, o) })
	return cmd
}

// A coverLine says who answers for one agency.
type coverLine struct {
	Agency string `json:"agency"`
	Name   string `json:"name"`
	State  string `json:"state"`
	network.Cover
}

func (p *Program) coverage(ctx context.Context, l *app.Ledger, o coverageOptions) error {
	if o.language != "" {
		if err := aggregates.CheckFormat("language", o.language); err != nil {
			return usage("--language: %v", err)
		}
	}
	n, v, err := p.askNetwork(ctx, l, o.networkOptions)
	if err != nil {
		return err
	}
	var lines []coverLine
	languages := map[string]int{}
	served, answered := 0, 0
	for _, a := range n.Agencies {
		if a.Standing == caseload.Ended {
			continue
		}
		served++
		if a.OnCall.Gap == "" {
			answered++
		}
		for _, spoken := range a.OnCall.Languages {
			languages[spoken]++
		}
		speaks := slices.ContainsFunc(a.OnCall.Languages, func(spoken string) bool { return aggregates.SameLanguage(spoken, o.language) })
		if o.gaps && a.OnCall.Gap == "" || o.language != "" && !speaks {
			continue
		}
		lines = append(lines, coverLine{a.Agency, a.Name, a.State, a.OnCall})
	}
	s := coverageSheet(n.On, lines)
	s.notes = []string{fmt.Sprintf("%d of %s answer; at %d nobody does", answered, agencyCount(served), served-answered), spokenNote(languages)}
	return p.answer(s, struct {
		On         events.Date    `json:"on"`
		Coverage   []coverLine    `json:"coverage"`
		Answered   int            `json:"answered"`
		Agencies   int            `json:"agencies"`
		Languages  map[string]int `json:"languages"`
		Provenance provenance     `json:"provenance"`
	}{n.On, lines, answered, served, languages, v}, v)
}

func coverageSheet(on events.Date, lines []coverLine) sheet {
	s := sheet{
		title:   fmt.Sprintf("who answers in the night of %s", on),
		columns: left("agency", "name", "state", "on_call", "through", "languages", "gap"),
	}
	for _, c := range lines {
		s.add(c.Agency, c.Name, c.State, c.Worker, c.Through.String(), strings.Join(c.Languages, " "), string(c.Gap))
	}
	return s
}

// spokenNote counts the agencies that answer in each language, most first.
func spokenNote(languages map[string]int) string {
	codes := slices.Sorted(maps.Keys(languages))
	slices.SortStableFunc(codes, func(a, b string) int { return languages[b] - languages[a] })
	parts := make([]string, len(codes))
	for i, code := range codes {
		parts[i] = fmt.Sprintf("%s %d", code, languages[code])
	}
	return "agencies that answer by language: " + cmp.Or(strings.Join(parts, ", "), "none")
}

func agencyCount(n int) string {
	if n == 1 {
		return "1 agency"
	}
	return prose.Thousands(n) + " agencies"
}
