package statistics

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// lettersByFiscalYear counts HHS's letters by the fiscal year of their date.
func lettersByFiscalYear(q Query) *sheet {
	columns := []string{"fiscal_year", "adult_victims", "child_victims", "total"}
	sh := &sheet{
		title:   "Certification and eligibility letters by fiscal year",
		columns: columns,
		definitions: []string{
			"adult_victims: certification letters; child_victims: eligibility letters; interim letters do not count",
			"a letter counts in the federal fiscal year of its date (R29); letters that were withdrawn do not count",
		},
	}
	from, to := policy.FiscalYear(q.First), policy.FiscalYear(q.Last)
	for year := from; year <= to; year++ {
		sh.newLine(strconv.Itoa(year), columns[1:]...)
	}
	sh.across("total", "adult_victims", "child_victims")
	sh.fill = func(s *projections.Snapshot) error {
		return eachLetterRow(s, func(id []byte, l letter) {
			if l.date < q.First || l.date > q.Last {
				return
			}
			cells := sh.lines[policy.FiscalYear(l.date)-from].cells
			switch l.kind {
			case events.Certification:
				cells[1].add(events.KindLetter, id, l.sequence)
			case events.Eligibility:
				cells[2].add(events.KindLetter, id, l.sequence)
			}
			cells[3].add(events.KindLetter, id, l.sequence)
		})
	}
	return sh
}

func eachLetterRow(s *projections.Snapshot, f func(id []byte, l letter)) error {
	return s.Rows(viewName, events.KindLetter, func(id, b []byte) error {
		if err := eachLetter(b, func(l letter) { f(id, l) }); err != nil {
			return malformed(id, err)
		}
		return nil
	})
}

func eachPerson(s *projections.Snapshot, f func(id []byte, p *person)) error {
	var p person
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := p.read(b); err != nil {
			return malformed(id, err)
		}
		f(id, &p)
		return nil
	})
}

// clientsEnrolled is S1's Table 3: who had a served day in the range, by the
// statuses of the days served in it.
func clientsEnrolled(q Query) *sheet {
	columns := []string{"category", "total", "male", "female", "adult", "children_and_youth", "sex", "labor", "both"}
	sh := &sheet{
		title:   "Clients enrolled, " + q.period(),
		columns: columns,
		definitions: []string{
			"a client counts once, by the statuses of the days served in the range (R30); minors stand with the adults: pre-eligible with pre-certified, eligible with certified",
			"adult and children_and_youth are age groups at enrollment; sex, age group and form may be unknown, so that parts need not sum to totals",
			"sex, labor, both: form of trafficking; a derivative has none (N/A)",
		},
	}
	preOnly := sh.newLine("Pre-certified only", columns[1:]...)
	certifiedOnly := sh.newLine("Certified only", columns[1:]...)
	moved := sh.newLine("Clients originally enrolled as pre-certified who became certified", columns[1:]...)
	victims := sh.newLine("Total victims enrolled", columns[1:]...)
	derivatives := sh.newLine("Family derivative", columns[1:6]...)
	for i := 6; i < 9; i++ {
		derivatives.texts[i] = "N/A"
	}
	all := sh.newLine("Total clients served", columns[1:]...)
	sh.down(victims, preOnly, certifiedOnly, moved)
	sh.down(all, victims, derivatives)
	sh.across("total", "male", "female")
	sh.across("total", "adult", "children_and_youth")
	sh.across("total", "sex", "labor", "both")
	sh.fill = func(s *projections.Snapshot) error {
		return eachPerson(s, func(id []byte, p *person) {
			switch p.category(q.First, q.Last) {
			case policy.PreCertifiedOnly:
				p.count(id, preOnly, victims, all)
			case policy.CertifiedOnly:
				p.count(id, certifiedOnly, victims, all)
			case policy.Moved:
				p.count(id, moved, victims, all)
			case policy.FamilyDerivative:
				p.count(id, derivatives, all)
			}
		})
	}
	return sh
}

// count adds a person to the columns of Table 3 that apply.
func (p *person) count(id []byte, lines ...*line) {
	for _, l := range lines {
		for i, applies := range [...]bool{
			1: true, 2: p.sex == events.Male, 3: p.sex == events.Female, 4: p.age == events.Adult, 5: p.age == events.Minor,
			6: p.form == events.FormSex, 7: p.form == events.FormLabor, 8: p.form == events.FormBoth,
		} {
			if applies && l.cells[i] != nil {
				l.cells[i].add(events.KindCase, id, 0)
			}
		}
	}
}

// perCapita counts the clients of one year by their status on the last day served.
func perCapita(q Query) *sheet {
	sh := &sheet{
		title:   fmt.Sprintf("Per-capita clients served, %s to %s", q.First, q.Last),
		columns: []string{"measure", "value", "year_as_stated"},
		definitions: []string{
			"a client counts once, under the status of the last day served in the year (R30)",
			"transferred clients went from pre-certified to certified within the year and sit inside the two lines above them",
		},
	}
	add := func(label string) *cell {
		l := sh.newLine(label, "value")
		l.texts[2] = strconv.Itoa(policy.FiscalYear(q.Last))
		return sh.cell(l, "value")
	}
	total, pre, certified := add("total_clients_served"), add("pre_certified_victims"), add("certified_victims")
	derivatives, transferred := add("family_derivatives"), add("transferred_pre_certified_to_certified")
	sh.sums = []sum{{total, []*cell{pre, certified, derivatives}}}
	sh.fill = func(s *projections.Snapshot) error {
		return eachPerson(s, func(id []byte, p *person) {
			switch status := p.lastStatus(q.First, q.Last); {
			case status == "":
				return
			case status == policy.Derivative:
				derivatives.add(events.KindCase, id, 0)
			case status.HasLetter():
				certified.add(events.KindCase, id, 0)
			default:
				pre.add(events.KindCase, id, 0)
			}
			total.add(events.KindCase, id, 0)
			if p.category(q.First, q.Last) == policy.Moved {
				transferred.add(events.KindCase, id, 0)
			}
		})
	}
	return sh
}

// perCapitaCumulative counts a whole range of months, with the network.
func perCapitaCumulative(q Query) *sheet {
	sh := &sheet{
		title:   "Per-capita programme, " + q.period(),
		columns: []string{"measure", "value", "qualifier"},
		definitions: []string{
			"victims and derivatives with a day served in the range, each once (R30)",
			"subcontractors with a day under subcontract, and their locations with a day of operation, in the range",
		},
	}
	add := func(label, qualifier string) *cell {
		l := sh.newLine(label, "value")
		l.texts[2] = qualifier
		return sh.cell(l, "value")
	}
	victims, derivatives := add("victims_served", q.period()), add("family_derivatives_served", "additional")
	subcontractors, locations := add("subcontractors", ""), add("locations", "")
	sh.fill = func(s *projections.Snapshot) error {
		err := eachPerson(s, func(id []byte, p *person) {
			switch c := p.category(q.First, q.Last); {
			case c.IsVictim():
				victims.add(events.KindCase, id, 0)
			case c == policy.FamilyDerivative:
				derivatives.add(events.KindCase, id, 0)
			}
		})
		if err != nil {
			return err
		}
		return countNetwork(s, q, subcontractors, locations)
	}
	return sh
}

func countNetwork(s *projections.Snapshot, q Query, subcontractors, locations *cell) error {
	var a agency
	return s.Rows(viewName, events.KindAgency, func(id, b []byte) error {
		if err := a.read(b); err != nil {
			return malformed(id, err)
		}
		under := func(s policy.Span) bool { return overlap(s, q.First, q.Last) }
		if slices.ContainsFunc(a.contracts, under) {
			subcontractors.add(events.KindAgency, id, 0)
		}
		for _, l := range a.locations {
			if under(l) {
				locations.add(events.KindAgency, id, 0)
			}
		}
		return nil
	})
}

// percent rounds half up to whole percent.
func percent(part, whole int) string {
	if whole == 0 {
		return "N/A"
	}
	return strconv.Itoa((200*part + whole) / (2 * whole))
}

// A profile counts the letters of one population.
type profile struct {
	sh         *sheet
	population string
	kind       events.LetterKind
	all        *cell
	shares     []share
}

type share struct {
	line *line
	cell *cell
	in   func(letter) bool
}

const profileCount = "implied_count_range" // the published file's name for the count behind a percentage

// lettersProfile is S1's paragraph about one year's letters.
func lettersProfile(q Query) *sheet {
	sh := &sheet{
		title:   fmt.Sprintf("Profile of letters, %s to %s", q.First, q.Last),
		columns: []string{"population", "measure", "value", "unit", "n", profileCount, "note"},
		definitions: []string{
			"adults: certification letters; children: eligibility letters, by date of the letter",
			"percentages are rounded half up to whole percent from the counts beside them; the form may be unknown",
		},
	}
	adults := &profile{sh: sh, population: "adults_certified", kind: events.Certification}
	children := &profile{sh: sh, population: "children_eligible", kind: events.Eligibility}
	adults.all = adults.number("certification_letters", "letters")
	children.all = children.number("eligibility_letters", "letters")
	adults.share("male", func(l letter) bool { return l.sex == events.Male })
	adults.form(events.FormLabor, events.FormSex, events.FormBoth)
	children.share("female", func(l letter) bool { return l.sex == events.Female })
	children.form(events.FormSex, events.FormLabor, events.FormBoth)
	states := children.number("states", "states")
	countries := adults.number("countries_of_origin", "countries")
	places, origins := map[string]int{}, map[string]int{}
	sh.fill = func(s *projections.Snapshot) error {
		return eachLetterRow(s, func(id []byte, l letter) {
			if l.date < q.First || l.date > q.Last {
				return
			}
			adults.count(id, l)
			children.count(id, l)
			switch {
			case l.kind == events.Eligibility && l.state != "":
				states.add(events.KindLetter, id, l.sequence)
				places[l.state]++
			case l.kind == events.Certification && l.country != "":
				countries.add(events.KindLetter, id, l.sequence)
				origins[l.country]++
			}
		})
	}
	sh.conceal = func() { adults.conceal(); children.conceal() }
	sh.finish = func() {
		adults.finish()
		children.finish()
		n := len(sh.lines)
		sh.lines[n-2].texts[2], sh.lines[n-2].texts[6] = statesOf(places)
		sh.lines[n-1].texts[2], sh.lines[n-1].texts[6] = strconv.Itoa(len(origins)), topCountries(origins, 4)
	}
	return sh
}

// conceal hides the count that percentages are of when it is hidden itself.
func (p *profile) conceal() {
	for _, s := range p.shares {
		if p.all.hidden {
			s.line.texts[4] = Suppressed
		}
	}
}

func (p *profile) number(measure, unit string) *cell {
	l := p.sh.newLine(p.population, "value")
	l.label, l.measure = p.population+"/"+measure, measure
	l.texts[1], l.texts[3] = measure, unit
	return p.sh.cell(l, "value")
}

func (p *profile) share(measure string, in func(letter) bool) {
	l := p.sh.newLine(p.population, "value", profileCount)
	l.label, l.measure = p.population+"/"+measure, measure
	l.texts[1], l.texts[3] = measure, "percent"
	p.shares = append(p.shares, share{l, p.sh.cell(l, profileCount), in})
}

func (p *profile) form(forms ...events.Form) {
	first := len(p.shares)
	for _, f := range forms {
		p.share(string(f), func(l letter) bool { return l.form == f })
	}
	p.share("form_not_stated", func(l letter) bool { return !slices.Contains(forms, l.form) })
	all := sum{total: p.all}
	for _, s := range p.shares[first:] {
		all.parts = append(all.parts, s.cell)
	}
	p.sh.sums = append(p.sh.sums, all)
}

func (p *profile) count(id []byte, l letter) {
	if l.kind != p.kind {
		return
	}
	p.all.add(events.KindLetter, id, l.sequence)
	for _, s := range p.shares {
		if s.in(l) {
			s.cell.add(events.KindLetter, id, l.sequence)
			s.line.cells[2].add(events.KindLetter, id, l.sequence) // behind the percentage
		}
	}
}

func (p *profile) finish() {
	for _, s := range p.shares {
		p.sh.sums = append(p.sh.sums, sum{s.cell, []*cell{s.line.cells[2]}}) // one hides the other
		s.line.texts[2] = percent(s.cell.n, p.all.n)
		s.line.texts[4] = strconv.Itoa(p.all.n)
	}
}

// territories are the places of letters that are not States.
var territories = map[string]string{
	"DC": "the District of Columbia", "MP": "Saipan", "PR": "Puerto Rico", "GU": "Guam",
	"VI": "the U.S. Virgin Islands", "AS": "American Samoa",
}

// statesOf counts the States among places and names the others.
func statesOf(places map[string]int) (states, note string) {
	n := 0
	var others []string
	for _, code := range sortedKeys(places) {
		if name := territories[code]; name != "" {
			others = append(others, name)
		} else {
			n++
		}
	}
	if len(others) > 0 {
		note = "plus " + joinAnd(others)
	}
	return strconv.Itoa(n), note
}

func joinAnd(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return words[0]
}

// topCountries names the most frequent countries, ties in order of name.
func topCountries(origins map[string]int, n int) string {
	codes := sortedKeys(origins)
	slices.SortStableFunc(codes, func(a, b string) int {
		if origins[a] != origins[b] {
			return origins[b] - origins[a]
		}
		return strings.Compare(countryName(a), countryName(b))
	})
	if len(codes) == 0 {
		return ""
	}
	names := make([]string, 0, n)
	for _, c := range codes[:min(n, len(codes))] {
		names = append(names, countryName(c))
	}
	return fmt.Sprintf("top %d in order: %s", len(names), strings.Join(names, "; "))
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
