package sample

import (
	"slices"

	"caseledger/events"
)

// plan returns the people and the sites of one copy of the programme; in a clean
// sample without the lapses that are planned with them.
func (c Config) plan(copyOf int) ([]*person, []*site) {
	people, sites := plan(c.Seed, copyOf)
	if c.Agencies != 0 {
		people, sites = few(people, sites[:min(c.Agencies, len(sites))])
	}
	if c.Clean {
		for _, s := range sites {
			s.tidy()
		}
		for _, p := range people {
			p.tidy()
		}
	}
	return people, sites
}

// few keeps the people who have to do with some sites only, and a tenth of those who
// have to do with none.
func few(people []*person, sites []*site) ([]*person, []*site) {
	at := func(s *site) bool { return s == nil || slices.Contains(sites, s) }
	var kept []*person
	for _, p := range people {
		// A principal comes before the derivatives.
		if at(p.site) && at(p.moveTo) && (p.principal == nil || slices.Contains(kept, p.principal)) && (p.site != nil || p.ordinal%10 == 0) {
			kept = append(kept, p)
		}
	}
	return kept, sites
}

// tidy keeps a site in the network for good, with everybody who ever works there.
func (s *site) tidy() {
	s.to, s.suspended = 0, span{}
	for i := range s.staff {
		s.staff[i].to = 0
	}
}

// beforeClockEnd is how many days before the end of the clock a tidy life leaves
// the programme: nobody has to ask for more.
const beforeClockEnd = 30

// tidy lets a life end before its clock does, its letter come in time, and HHS
// decide about a child.
func (p *person) tidy() {
	p.clean = true
	if p.letter == 0 {
		p.interim = 0
	}
	if !p.client {
		return
	}
	p.last = min(p.last, p.clockEnd()-beforeClockEnd)
	if p.moveTo != nil && p.moveOn > p.last-10 {
		p.moveTo, p.moveOn = nil, 0
	}
	if p.gap.last > p.last-beforeClockEnd {
		p.gap = span{}
	}
	if p.letter != 0 {
		p.received = min(p.received, max(p.letter, p.enroll)+20, p.last-3)
	}
}

// most bounds an expense: a tidy life stays far below what its clock allows.
func (l *life) most() events.Cents {
	if l.clean {
		return 120_00
	}
	return 1_000_00
}
