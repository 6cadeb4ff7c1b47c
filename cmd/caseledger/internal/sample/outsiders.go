package sample

import (
	"caseledger/events"
)

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
		case one.client && one.years < 17:
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
