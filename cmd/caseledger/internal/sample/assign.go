package sample

import (
	"fmt"
	"slices"

	"caseledger/events"
)

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

// stageShowcase turns one client of the 16 who moved within the profiled year
// into the life that documentation and the demonstration tell.
func (p *planner) stageShowcase() {
	for _, one := range p.people {
		if one.cohort != nil && one.cohort.name == "moved-3" && one.sex == events.Female && one.form == events.FormLabor {
			one.showcase, one.years = true, 24
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
