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
	clean    bool // the life holds nothing that a monitor would find
	showcase bool
}

// clientID returns the person's coded id, derived from the command that opens
// the case, or for a person outside the programme, the way to the letter.
func (p *person) clientID(seed uint64) string {
	source := sourceLetter
	if p.opens() == events.KindCase {
		source = sourceCase
	}
	return aggregates.NewID("C", newKeyring(seed, source, p.ordinal).first())
}

// opens returns the kind of the subject that the person's first command, in the
// order of the keyrings, opens.
func (p *person) opens() events.Kind {
	if p.client || p.screened {
		return events.KindCase
	}
	return events.KindLetter
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
	if c.standing == moved {
		one.letter = p.within(c.name, c.letter)
		one.enroll = p.within(c.name, c.enrollBefore(one.letter))
		one.last = p.within(c.name, c.lastAfterLetter(one.letter))
		return
	}
	one.enroll = p.within(c.name, c.enroll)
	one.last = p.within(c.name, c.lastAfterEnrollment(one.enroll))
	if c.standing == certifiedOnly { // recent letters are likelier
		reach := c.letterBefore(one.enroll)
		one.letter = max(p.within(c.name, reach), p.within(c.name, reach))
	}
}

// within throws a day of a span. An empty span means that a cohort contradicts
// itself; a test goes through all their days.
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
		one.years = 17
		if one.last >= interimStart {
			one.years = 16 // still a minor when interim assistance comes
		}
	case one.minor:
		one.years = 12 + p.d.IntN(6)
	case p.d.chance(12):
		one.years = 18 + p.d.IntN(3)
	default:
		one.years = 21 + int(p.d.soon(0, 34))
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
