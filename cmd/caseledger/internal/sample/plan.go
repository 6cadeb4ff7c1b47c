package sample

import (
	"fmt"
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// The programme's own days.
var (
	actSigned      = events.MustDate("2000-10-28") // Trafficking Victims Protection Act
	programmeStart = events.MustDate("2006-04-01")
	interimStart   = events.MustDate("2008-12-23") // interim assistance exists from here on (R09)
	// knownBy is the last day on which a fact that a published table rests on is
	// recorded; horizon is the last day on which anything is.
	knownBy = events.MustDate("2009-06-25")
	horizon = events.MustDate("2009-06-30")
)

// A person is the plan of one life: everything that the tables rest on, and what
// others need to know of it. The rest is thrown when the life is recorded.
type person struct {
	ordinal int // across all copies
	rank    int // a random place in the copy, 0 to clients-1, that spreads special events evenly
	cohort  *cohort

	standing standing // of a client
	client   bool     // false for a person outside the per-capita programme
	screened bool     // a person in need who was referred elsewhere, not enrolled
	minor    bool
	sex      events.Sex
	form     events.Form
	years    int
	country  string
	state    string // to which the letter went

	enroll, last     events.Date // first and last enrolled day
	letter, received events.Date // letter date and notice date; zero without a letter
	interim          events.Date // date of the interim assistance letter to a minor (R09)
	enrolledAt       events.Instant

	site      *site
	location  string
	moveTo    *site // another agency takes the client
	moveOn    events.Date
	gap       span // days outside enrollment between closing and reopening
	principal *person
	visa      events.VisaClass

	denied   bool // the request for a letter was denied
	showcase bool
}

// clientID returns the person's coded id, derived from the command that opens
// the case, or for a person outside the programme, the way to the letter.
func (p *person) clientID(seed uint64) string {
	source := sourceLetter
	if p.client || p.screened {
		source = sourceCase
	}
	return aggregates.NewID("C", newKeyring(seed, source, p.ordinal).first())
}

func (p *person) kind() events.LetterKind {
	if p.minor {
		return events.Eligibility
	}
	return events.Certification
}

func (p *person) ageGroup() events.AgeGroup {
	if p.minor {
		return events.Minor
	}
	return events.Adult
}

// each is true for every nth person, beginning with the one of rank offset.
func (p *person) each(n, offset int) bool { return p.rank%n == offset }

// A planner allocates the people of one copy.
type planner struct {
	d       dice
	copyOf  int
	sites   []*site
	people  []*person
	clients int
}

// peoplePerCopy bounds the people of a copy, so that ordinals do not collide.
const peoplePerCopy = 4096

// plan returns the people and the sites of one copy of the programme.
func plan(seed uint64, copyOf int) ([]*person, []*site) {
	p := &planner{d: newDice(seed, copyOf, diceForPlan, 0), copyOf: copyOf, sites: newNetwork(seed, copyOf)}
	for _, c := range victimCohorts() {
		p.enrollCohort(&c)
	}
	for _, c := range familyCohorts() {
		p.enrollCohort(&c)
	}
	p.clients = len(p.people)
	ranks := p.d.Perm(p.clients)
	for i, one := range p.people {
		one.rank = ranks[i]
	}
	p.issueOutsiders()
	p.screenOutsiders()
	p.setInterim()
	p.setCountries()
	p.setStates()
	p.stageShowcase()
	slices.SortStableFunc(p.people[:p.clients], func(a, b *person) int { return int(a.enroll - b.enroll) })
	p.linkFamilies()
	p.assignSites()
	for i, one := range p.people {
		one.ordinal = copyOf*peoplePerCopy + i
		if one.client {
			one.enrolledAt = p.d.at(one.enroll + p.recordingDelay(one))
			one.received = p.receipt(one)
		}
	}
	return p.people, p.sites
}

// spread calls add once for every person that the counts hold.
func (c counts) spread(add func(sex events.Sex, form events.Form)) {
	for i, form := range formOf {
		for range c.male[i] {
			add(events.Male, form)
		}
		for range c.female[i] {
			add(events.Female, form)
		}
	}
}

func (p *planner) enrollCohort(c *cohort) {
	for _, group := range []struct {
		counts
		minor bool
	}{{c.adults, false}, {c.minors, true}} {
		group.spread(func(sex events.Sex, form events.Form) {
			one := &person{cohort: c, standing: c.standing, client: true, minor: group.minor, sex: sex, form: form}
			if c.standing == derivative {
				one.form = ""
			}
			p.setDates(one, c)
			p.setYears(one)
			p.people = append(p.people, one)
		})
	}
}

// setDates throws the days of a life within what the cohort allows.
func (p *planner) setDates(one *person, c *cohort) {
	switch c.standing {
	case preOnly, derivative:
		one.enroll = p.within(c.name, c.enroll)
	case moved:
		one.letter = p.within(c.name, c.letter)
		one.enroll = p.within(c.name, c.enroll.clamp(span{one.letter - 255, one.letter - 25}))
		one.last = p.within(c.name, c.last.clamp(span{one.letter + 25, one.letter + 150}))
		return
	case certifiedOnly:
		one.enroll = p.within(c.name, c.enroll)
		reach := fiscalYear(c.letterYear).clamp(span{one.enroll - events.Date(c.reach), one.enroll})
		one.letter = max(p.within(c.name, reach), p.within(c.name, reach))
	}
	stay := span{one.enroll + events.Date(c.stay[0]), one.enroll + events.Date(c.stay[1])}
	one.last = p.within(c.name, c.last.clamp(stay))
}

// within throws a day of a span. An empty span means that a cohort contradicts
// itself, which a test of the cohorts' corners excludes.
func (p *planner) within(cohort string, s span) events.Date {
	if s.last < s.first {
		panic(fmt.Sprintf("sample: cohort %s leaves no day between %s and %s", cohort, s.first, s.last))
	}
	return p.d.day(s.first, s.last)
}

func (p *planner) setYears(one *person) {
	switch {
	case one.minor && one.standing == derivative:
		one.years = 1 + p.d.IntN(17)
	case one.minor && one.standing == moved:
		one.years = 12 + p.d.IntN(5) // the letter comes before the 18th birthday (R10)
	case one.minor && one.standing == preOnly:
		one.years = 16 + p.d.IntN(2)
	case one.minor:
		one.years = 12 + p.d.IntN(6)
	case p.d.chance(12):
		one.years = 18 + p.d.IntN(3)
	default:
		one.years = 21 + int(p.d.soon(0, 34))
	}
}

// recordingDelay is how many days after the enrollment it is recorded: mostly
// none, sometimes weeks.
func (p *planner) recordingDelay(one *person) events.Date {
	switch {
	case one.showcase:
		return 1
	case p.d.chance(70):
		return p.d.days(0, 1)
	case p.d.chance(85):
		return p.d.days(2, 6)
	}
	return p.d.days(9, 24)
}

// receipt returns the day on which the agency received the letter: mostly within
// three weeks of its date, sometimes months later, always before the case closes.
func (p *planner) receipt(one *person) events.Date {
	if one.letter == 0 || one.showcase {
		return one.received
	}
	normal := one.letter + p.d.days(2, 20)
	latest := min(one.last-3, knownBy-5)
	switch {
	case one.standing == moved && one.each(6, 1):
		normal = one.letter + p.d.days(45, 120)
	case one.standing == certifiedOnly && one.each(9, 2):
		normal = one.enroll + p.d.days(5, 40)
	case one.standing == certifiedOnly:
		normal = min(normal, max(one.enroll, one.letter+2))
	}
	return min(normal, latest)
}

// issueOutsiders adds the people who got a letter without being clients of the
// programme, so that each fiscal year has its letters.
func (p *planner) issueOutsiders() {
	for _, q := range letterQuotas() {
		adults, children := q.adults, q.children
		for _, one := range p.people {
			if one.client && one.cohort.letterYear == q.year {
				if one.minor {
					children--
				} else {
					adults--
				}
			}
		}
		if q.year == profiledYear {
			a, c := outsiders2008()
			p.outsiders(q.year, a, false)
			p.outsiders(q.year, c, true)
			continue
		}
		p.outsiders(q.year, p.throwCounts(adults, 45, [3]int{25, 65, 6}), false)
		p.outsiders(q.year, p.throwCounts(children, 20, [3]int{60, 25, 6}), true)
	}
	// Requests that HHS denied: no letter, no place in any table.
	for range 28 {
		one := &person{denied: true, sex: events.Female, form: events.FormUnknown, years: 30}
		one.letter = p.d.day(day("2003-01-10"), day("2009-05-20"))
		p.people = append(p.people, one)
	}
}

// screenOutsiders adds people whom agencies screened and did not enroll: citizens
// and permanent residents (R03), and people who do not meet every criterion (R04).
func (p *planner) screenOutsiders() {
	for i := range 36 {
		one := &person{screened: true, sex: events.Female, years: 25, minor: i%3 == 0, enroll: p.d.day(day("2006-05-02"), day("2009-06-20"))}
		one.site = p.sites[p.d.IntN(50)] // there from the beginning
		p.people = append(p.people, one)
	}
}

// setInterim gives interim assistance to minors whose letter was long in coming,
// once it exists, and to the children who are never found eligible.
func (p *planner) setInterim() {
	for _, one := range p.people {
		switch {
		case !one.minor || one.standing == derivative && one.client:
		case one.letter != 0:
			if on := one.letter - p.d.days(12, 88); on >= interimStart {
				one.interim = on
			}
		case one.client:
			if on := max(one.enroll+10, interimStart+3); on < min(one.last, knownBy)-10 {
				one.interim = on
			}
		}
	}
}

// throwCounts throws n people by sex and form in given percentages.
func (p *planner) throwCounts(n, male int, forms [3]int) (c counts) {
	for range n {
		t := &c.female
		if p.d.chance(male) {
			t = &c.male
		}
		roll, i := p.d.IntN(100), 0
		for i < 3 && roll >= forms[i] {
			roll -= forms[i]
			i++
		}
		t[i]++
	}
	return c
}

func (p *planner) outsiders(year int, c counts, minor bool) {
	dates := fiscalYear(year).clamp(span{actSigned + 75, knownBy - 5})
	c.spread(func(sex events.Sex, form events.Form) {
		one := &person{minor: minor, sex: sex, form: form, letter: p.d.day(dates.first, dates.last)}
		p.setYears(one)
		p.people = append(p.people, one)
	})
}

// setCountries gives the adults of the profiled year the countries of its quota,
// and everyone else a likely one.
func (p *planner) setCountries() {
	var quota []string
	for _, q := range countries2008() {
		for range q.letters {
			quota = append(quota, q.country)
		}
	}
	shuffle(p.d, quota)
	for _, one := range p.people {
		if p.profiled(one) && !one.minor {
			one.country, quota = quota[0], quota[1:]
		} else {
			one.country = pick(p.d, origins)
		}
	}
}

// profiled reports whether a person's letter is one of the profiled year's.
func (p *planner) profiled(one *person) bool {
	year := fiscalYear(profiledYear)
	return !one.denied && one.letter >= year.first && one.letter <= year.last
}

// setStates says where letters went. The States of the profiled year's children
// are a quota whose first places are the clients'.
func (p *planner) setStates() {
	quota := childPlaces2008()
	for _, one := range p.people { // clients come first
		if p.profiled(one) && one.minor {
			one.state, quota = quota[0], quota[1:]
		} else {
			one.state = pick(p.d, letterStates)
		}
	}
}

// linkFamilies gives every derivative a principal who enrolled at least a month
// before, and the visa class that fits both (R06). Clients are in order of
// enrollment.
func (p *planner) linkFamilies() {
	married := map[*person]bool{}
	for i, one := range p.people[:p.clients] {
		if one.standing != derivative {
			continue
		}
		var eligible []*person
		for _, other := range p.people[:i] {
			if (other.standing == certifiedOnly || other.standing == moved) && !other.showcase &&
				other.enroll+30 <= one.enroll && other.letter < one.enroll && other.last+200 > one.enroll {
				eligible = append(eligible, other)
			}
		}
		principal := pick(p.d, eligible)
		young := principal.years < 21
		switch {
		case one.minor && young:
			one.visa = events.T5
		case one.minor:
			one.visa = events.T3
		case young:
			one.visa, one.years = events.T4, max(one.years, principal.years+18)
		case !married[principal]:
			one.visa, married[principal] = events.T2, true
		default:
			one.visa, one.years = events.T3, 18+p.d.IntN(3)
		}
		one.principal, one.country = principal, principal.country
	}
}

// assignSites gives every client a site that takes clients on those days, and
// every location of the network at least one client.
func (p *planner) assignSites() {
	type opening struct {
		site *site
		location
	}
	var unserved []opening
	for _, s := range p.sites {
		for _, l := range s.locations {
			unserved = append(unserved, opening{s, l})
		}
	}
	slices.SortStableFunc(unserved, func(a, b opening) int { return int(a.from - b.from) })
	for i, one := range p.people[:p.clients] {
		if one.site != nil {
			continue // on stage already
		}
		if i%2 == 0 && !p.profiled(one) {
			next := slices.IndexFunc(unserved, func(o opening) bool {
				return o.site.takes(one.enroll, one.last) && o.from < one.enroll
			})
			if next >= 0 {
				one.site, one.location = unserved[next].site, unserved[next].id
				unserved = slices.Delete(unserved, next, next+1)
			}
		}
		if one.site == nil {
			one.site = p.throwSite(one)
			one.location = p.throwLocation(one)
		}
		p.throwTransfer(one)
		p.throwGap(one)
		if one.letter != 0 && !(one.minor && p.profiled(one)) {
			one.state = one.site.place.state
		}
	}
	if len(unserved) > 0 {
		panic(fmt.Sprintf("sample: %d locations have no client", len(unserved)))
	}
}

func (p *planner) throwSite(one *person) *site {
	if f := one.principal; f != nil && f.site.takes(one.enroll, one.last) {
		return f.site
	}
	var open []*site
	for _, s := range p.sites {
		if !s.takes(one.enroll, one.last) || one.minor && p.profiled(one) && s.place.state != one.state {
			continue
		}
		for range s.weight {
			open = append(open, s)
		}
	}
	return pick(p.d, open)
}

func (p *planner) throwLocation(one *person) string {
	l := pick(p.d, one.site.locations)
	if l.from >= one.enroll {
		l = one.site.locations[0]
	}
	return l.id
}

// throwTransfer sends some clients to another agency while they are served.
func (p *planner) throwTransfer(one *person) {
	if one.showcase || !one.each(23, 5) || one.last-one.enroll < 90 {
		return
	}
	on := p.d.day(one.enroll+40, one.last-35)
	open := slices.DeleteFunc(slices.Clone(p.sites), func(s *site) bool {
		// It is asked some weeks before.
		return s == one.site || !s.takes(on-25, one.last) || !s.takes(on, one.last)
	})
	one.moveTo, one.moveOn = pick(p.d, open), on
}

// throwGap closes and reopens some cases. Only those may have a gap whose days all
// lie in one fiscal year and have one status, so that no table notices.
func (p *planner) throwGap(one *person) {
	if !one.each(15, 8) || one.standing == moved || one.moveTo != nil || one.last-one.enroll < 90 ||
		one.miscorded() || one.letterMixedUp() {
		return
	}
	from := one.enroll + (one.last-one.enroll)/2
	gap := span{from, from + p.d.days(9, 24)}
	// Three months on, a fiscal year is a calendar year.
	first, _, _ := one.enroll.FirstOfMonth().AddMonths(3).Civil()
	last, _, _ := one.last.FirstOfMonth().AddMonths(3).Civil()
	if first == last && one.site.takes(gap.last+1, one.last) {
		one.gap = gap
	}
}

// reopens reports whether the case is closed and reopened.
func (p *person) reopens() bool { return p.gap != span{} }

// miscorded reports whether a fact of the enrollment is recorded wrongly at first.
func (p *person) miscorded() bool { return p.each(17, 6) && !p.showcase }

// letterMixedUp reports whether the case receives another client's letter.
func (p *person) letterMixedUp() bool {
	return p.standing == preOnly && p.each(25, 9) && p.enroll < day("2009-03-01")
}

// stageShowcase turns one client of the 16 who moved within the profiled year
// into the life that documentation and the demonstration tell.
func (p *planner) stageShowcase() {
	for _, one := range p.people {
		if one.cohort != nil && one.cohort.name == "moved-3" && one.sex == events.Female && one.form == events.FormLabor {
			one.showcase = true
			one.enroll, one.last = day("2007-11-05"), day("2008-09-12")
			one.letter, one.received = day("2008-04-21"), day("2008-06-09")
			p.swapCountry(one, "MX")
			one.moveTo, one.moveOn = p.sites[8], day("2008-02-11")
			one.site, one.location, one.state = p.sites[0], p.sites[0].locations[0].id, p.sites[0].place.state
			return
		}
	}
	panic("sample: the cohorts hold no showcase")
}

// swapCountry gives a person with a profiled letter a country, and the one who had
// it that person's.
func (p *planner) swapCountry(one *person, country string) {
	for _, other := range p.people {
		if p.profiled(other) && !other.minor && other.country == country {
			one.country, other.country = other.country, one.country
			return
		}
	}
}
