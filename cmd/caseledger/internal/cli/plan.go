package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/clocks"
)

func (p *Program) planCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "plan CLIENT",
		Short: "Show one client's service plan page: needs, goals, contacts, components, benefits",
		Long: `Show the page that a case manager prints for one client (R28, S4): the service plan with its goals and how
far they are, needs, contacts, what the client was told, the three components with their dates,
benefits, referrals, releases and documents on file.

What the client said is sealed and not on the page: reveal shows it, and records the look.`,
		Example: `  caseledger plan C-7QK2M4
  caseledger plan C-7QK2M4 --on 2008-05-15 --format json`,
		Args: oneArg("the client's coded id"),
	}
	q.flags(cmd)
	cmd.RunE = p.onLedger(func(ctx context.Context, l *app.Ledger, args []string) error {
		return p.plan(ctx, l, args[0], q)
	})
	return cmd
}

// A planPage is everything on the page of one client.
type planPage struct {
	Client      string               `json:"client"`
	On          events.Date          `json:"on"`
	Case        *caseload.Case       `json:"case,omitempty"` // none before enrollment
	Language    string               `json:"language,omitzero"`
	Plan        *casework.Plan       `json:"plan,omitempty"`
	Needs       []casework.Need      `json:"needs"`
	Goals       []casework.Goal      `json:"goals"`
	Contacts    []casework.Contact   `json:"contacts"` // the last ones, latest first
	Told        []casework.Told      `json:"told"`
	Interpreted int                  `json:"interpreters_and_translations"`
	Components  []componentLine      `json:"components"`
	CourtDates  []casework.CourtDate `json:"court_dates"`
	Benefits    []benefits.Benefit   `json:"benefits"`
	Referrals   []benefits.Referral  `json:"referrals"`
	Relief      []benefits.Relief    `json:"relief"`
	Funding     []benefits.Funding   `json:"other_funding"`
	Emergencies []casework.Emergency `json:"emergencies"`
	Documents   []casework.Document  `json:"documents"`
	Releases    []casework.Release   `json:"releases"`
	Outcomes    []casework.Outcome   `json:"outcomes"`
	Assistance  string               `json:"assistance,omitzero"` // the clock of R26 in words
	contact     bool                 // an emergency contact is named
}

// A componentLine says how one component of a case stands.
type componentLine struct {
	Component events.Component `json:"component"`
	Standing  string           `json:"standing"`
}

func (p *Program) plan(ctx context.Context, l *app.Ledger, name string, q question) error {
	var page *planPage
	v, err := p.askClient(ctx, l, q, name, func(s *projections.Snapshot, id string, at standpoint) (err error) {
		subject, err := s.Client(id)
		if err != nil {
			return err
		}
		page, err = planPageOf(s, subject, at.on)
		return err
	})
	if err != nil {
		return err
	}
	if p.flags.format == formatText {
		return p.printPlan(page, v)
	}
	s := sheet{columns: left("section", "item", "standing", "since", "until", "detail")}
	for _, section := range page.sections() {
		for _, x := range section.lines {
			s.add(section.name, x.item, x.standing, x.since.String(), x.until.String(), x.detail)
		}
	}
	return p.answer(s, struct {
		*planPage
		Provenance provenance `json:"provenance"`
	}{page, v}, v)
}

// shownContacts is how many contacts are on the page.
const shownContacts = 5

func planPageOf(s *projections.Snapshot, subject *projections.Subject, on events.Date) (*planPage, error) {
	c, err := casework.Fold(subject)
	if err != nil {
		return nil, err
	}
	b, err := benefits.Fold(subject)
	if err != nil {
		return nil, err
	}
	page := &planPage{
		Client: subject.Name.ID(), On: on, Language: c.Language(), Needs: c.Needs(on), Goals: c.Goals(on), Told: c.Topics(on),
		Interpreted: len(c.Interpreted(on)), CourtDates: c.CourtDates(on), Benefits: b.Benefits(on), Referrals: b.Referrals(on),
		Relief: b.Relief(on), Funding: b.Funding(on), Emergencies: c.Emergencies(on), Documents: c.Documents(on),
		Releases: c.Releases(on), Outcomes: c.Outcomes(on),
	}
	_, page.contact = c.EmergencyContact(on)
	if plan, agreed := c.Plan(on); agreed {
		page.Plan = &plan
	}
	contacts := slices.Clone(c.Contacts(on))
	slices.Reverse(contacts)
	page.Contacts = contacts[:min(shownContacts, len(contacts))]
	if a, entitled := b.Assistance(on); entitled {
		page.Assistance = fmt.Sprintf("%d months from %s, through %s (R26)", a.Months, a.From, a.To)
	}
	return page, page.addCase(s, subject, c)
}

// addCase adds who leads the case and how its components stand.
func (page *planPage) addCase(s *projections.Snapshot, subject *projections.Subject, c *casework.Case) error {
	x, enrolled, err := caseload.Of(subject, page.On)
	if err != nil || !enrolled {
		return err
	}
	r, err := clocks.Of(s, page.Client, page.On)
	if err != nil {
		return err
	}
	for _, clock := range r.Clocks {
		if clock.Start <= page.On && page.On <= clock.End {
			x.Funded, x.DaysLeft, x.ClockEnd = true, clock.DaysLeft, clock.End
		}
	}
	page.Case = &x
	page.Components = []componentLine{
		{events.ServiceComponent, serviceStanding(c, x, page.On)},
		{events.ImmigrationComponent, legalStanding(c, events.ImmigrationComponent, page.On)},
		{events.ProsecutionComponent, legalStanding(c, events.ProsecutionComponent, page.On)},
	}
	return nil
}

// A planLine is one line of a section: since and until are days where they mean
// something.
type planLine struct {
	item, standing string
	since, until   events.Date
	detail         string
}

// A planSection is one part of the page.
type planSection struct {
	name    string
	columns []string // what item, standing, since, until and detail mean; empty: not shown
	lines   []planLine
}

func section[T any](name string, columns []string, list []T, line func(T) planLine) planSection {
	s := planSection{name: name, columns: columns}
	for _, v := range list {
		s.lines = append(s.lines, line(v))
	}
	return s
}

func (page *planPage) sections() []planSection {
	return []planSection{
		section("goals", []string{"goal", "progress", "set", "by", "need"}, page.Goals, func(g casework.Goal) planLine {
			detail := g.Need
			if !g.InPlan {
				detail += ", not in the plan"
			}
			return planLine{g.Goal, g.Progress, g.On, g.ByDate, detail}
		}),
		section("needs", []string{"need", "urgency", "assessed", "", ""}, page.Needs, func(n casework.Need) planLine {
			return planLine{n.Need, n.Urgency, n.On, 0, ""}
		}),
		section("last contacts", []string{"manner", "", "day", "", "worker"}, page.Contacts, func(c casework.Contact) planLine {
			return planLine{c.Manner, "", c.On, 0, c.Worker}
		}),
		section("told about", []string{"topic", "language", "day", "", "interpreter"}, page.Told, func(t casework.Told) planLine {
			return planLine{t.Topic, t.Language, t.On, 0, yes(t.Interpreter)}
		}),
		section("components", []string{"component", "standing", "", "", ""}, page.Components, func(c componentLine) planLine {
			return planLine{string(c.Component), c.Standing, 0, 0, ""}
		}),
		section("appointments", []string{"appointment", "result", "day", "", "component"}, page.CourtDates, func(d casework.CourtDate) planLine {
			return planLine{d.CourtDate + " " + d.Occasion, courtResult(d, page.On), d.Day, 0, string(d.Component)}
		}),
		section("benefits", []string{"benefit", "standing", "since", "through", "state"}, page.Benefits, func(b benefits.Benefit) planLine {
			return planLine{b.Benefit, string(b.Standing), b.Since, b.Through, b.State}
		}),
		section("referrals", []string{"referral", "answer", "made", "answered", "to"}, page.Referrals, func(r benefits.Referral) planLine {
			return planLine{r.Referral, r.Answer, r.On, r.AnsweredOn, r.Partner + " " + r.Category}
		}),
		section("other relief", []string{"relief", "standing", "since", "", "unrestricted_funds"}, page.Relief, func(r benefits.Relief) planLine {
			return planLine{r.Relief, r.Standing, r.On, 0, yes(r.UnrestrictedFunds)}
		}),
		section("other funding", []string{"funder", "amount", "day", "", "category"}, page.Funding, func(f benefits.Funding) planLine {
			return planLine{f.Funder, f.Cents.String(), f.On, 0, f.Category}
		}),
		section("emergencies", []string{"emergency", "minutes", "day", "", "hours"}, page.Emergencies, func(e casework.Emergency) planLine {
			return planLine{e.Emergency, fmt.Sprint(e.Minutes), e.On, 0, map[bool]string{true: "after", false: "office"}[e.AfterHours]}
		}),
		section("releases", []string{"recipient", "scope", "given", "through", ""}, page.Releases, func(r casework.Release) planLine {
			return planLine{r.Recipient, r.Scope, r.On, r.Through, ""}
		}),
		section("documents", []string{"document", "", "filed", "", ""}, page.Documents, func(d casework.Document) planLine {
			return planLine{d.Document, "", d.On, 0, ""}
		}),
		section("outcomes", []string{"outcome", "", "day", "", ""}, page.Outcomes, func(o casework.Outcome) planLine {
			return planLine{o.Outcome, "", o.On, 0, ""}
		}),
	}
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return ""
}

func (p *Program) printPlan(page *planPage, v provenance) error {
	var b strings.Builder
	fmt.Fprintf(&b, "service plan of %s on %s\n", page.Client, page.On)
	for _, line := range page.heading() {
		fmt.Fprintf(&b, "%s\n", line)
	}
	for _, x := range page.sections() {
		if len(x.lines) > 0 {
			fmt.Fprintf(&b, "\n%s\n%s\n", x.name, columns(x.sheet()))
		}
	}
	fmt.Fprintf(&b, "\nwhat the client said is sealed: reveal shows it, and records the look\n%s\n", v)
	return p.printf("%s", b.String())
}

// heading says in words what is no list.
func (page *planPage) heading() (lines []string) {
	if x := page.Case; x != nil {
		lead := "no lead"
		if x.Lead != "" {
			lead = "lead " + x.Lead
		}
		if x.Interim {
			lead = "interim " + lead
		}
		lines = append(lines, fmt.Sprintf("%s, %s, %s", strings.ReplaceAll(string(x.Status), "_", "-"), x.Agency, lead))
	}
	if page.Language != "" {
		text := "language of choice: " + page.Language
		if page.Interpreted > 0 {
			text += "; " + plural(page.Interpreted, "interpreter or translation") + " so far"
		}
		lines = append(lines, text)
	}
	if page.Plan == nil {
		lines = append(lines, "no service plan was agreed")
	} else {
		lines = append(lines, fmt.Sprintf("plan agreed on %s in %s, to be reviewed on %s", page.Plan.On, page.Plan.Language, page.Plan.ReviewOn))
	}
	if page.Assistance != "" {
		lines = append(lines, "refugee cash and medical assistance: "+page.Assistance)
	}
	if !page.contact {
		lines = append(lines, "nobody is named to call in an emergency")
	}
	return lines
}

// sheet returns the section as a table of the columns that it has.
func (x planSection) sheet() sheet {
	var s sheet
	keep := func(cells ...string) (kept []string) {
		for i, c := range cells {
			if x.columns[i] != "" {
				kept = append(kept, c)
			}
		}
		return kept
	}
	s.columns = left(keep(x.columns...)...)
	for _, line := range x.lines {
		s.add(keep(line.item, line.standing, line.since.String(), line.until.String(), line.detail)...)
	}
	return s
}
