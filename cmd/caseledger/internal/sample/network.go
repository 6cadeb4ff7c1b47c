package sample

import (
	"fmt"

	"caseledger/aggregates"
	"caseledger/aggregates/agency"
	"caseledger/aggregates/worker"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// agenciesPerCopy is the published size of the network; ten agencies have a
// second location.
const agenciesPerCopy = 80

// A site is one subcontracted agency of the sample.
type site struct {
	ordinal   int // across all copies
	id        string
	place     place
	from      events.Date // first day of the subcontract
	to        events.Date // last day; zero while it lasts
	suspended span
	weight    int // share of the clients
	locations []location
	staff     []colleague
}

type location struct {
	id    string
	place place
	from  events.Date
}

// A colleague is a case manager or supervisor of a site.
type colleague struct {
	id         string
	command    string // that engages the worker
	supervisor bool
	percent    int
	raisedOn   events.Date // day from which a part-timer is full time; zero for none
	languages  []string
	from, to   events.Date // to is the last day, zero while engaged
	leaves     []span
}

// away reports whether the colleague is on leave on a day of a range.
func (c *colleague) away(first, last events.Date) bool {
	for _, l := range c.leaves {
		if l.first <= last && first <= l.last {
			return true
		}
	}
	return false
}

// engaged reports whether the colleague is there, and on record, on every day of a
// range.
func (c *colleague) engaged(first, last events.Date) bool {
	return c.from < first && (c.to == 0 || c.to >= last)
}

// takes reports whether a client can come to the site on a day and stay there up
// to the last day.
func (s *site) takes(first, last events.Date) bool {
	return first > s.from+1 && (s.to == 0 || last < s.to) &&
		(first < s.suspended.first || first > s.suspended.last+3) // by then the reinstatement is on record
}

// supervisor returns the site's supervisor, who stays as long as the site does.
func (s *site) supervisor() *colleague { return &s.staff[0] }

// managers returns the case managers engaged, and on record, on every day of a
// range.
func (s *site) managers(first, last events.Date) []*colleague {
	var present []*colleague
	for i := range s.staff {
		if c := &s.staff[i]; !c.supervisor && c.engaged(first, last) {
			present = append(present, c)
		}
	}
	return present
}

// newNetwork plans the sites of one copy of the programme.
func newNetwork(seed uint64, copyOf int) []*site {
	d := newDice(seed, copyOf, diceForNetwork, 0)
	second := otherPlaces()
	var sites []*site
	for i, at := range networkPlaces() {
		s := &site{
			ordinal: copyOf*agenciesPerCopy + i, place: at,
			from: programmeStart, weight: 1,
		}
		s.id = fmt.Sprintf("A-%03d", s.ordinal+1)
		if i >= 50 { // the network grew until July 2008
			s.from = day("2006-05-20") + events.Date(26*(i-50)) + d.days(0, 12)
		}
		switch {
		case i < 10:
			s.weight = 6
		case i < 30:
			s.weight = 3
		}
		switch i {
		case 12:
			s.suspended = days("2007-05-10", "2007-07-19")
		case 40:
			s.suspended = days("2008-02-04", "2008-03-27")
		case 33, 47:
			s.to = day("2008-03-31")
		case 58:
			s.to = day("2008-12-31")
		}
		s.locations = []location{{"MAIN", at, s.from}}
		if i < len(second) {
			s.locations = append(s.locations, location{"BRANCH", second[i], s.from + d.days(60, 400)})
		}
		s.staff = newStaff(d, seed, s, i)
		s.planLeaves(newDice(seed, copyOf, diceForStaff, uint64(i)))
		sites = append(sites, s)
	}
	return sites
}

// newStaff plans a site's supervisor and case managers. At every third site a
// case manager leaves; the successor comes before that, or too late.
func newStaff(d dice, seed uint64, s *site, i int) []colleague {
	keys := newKeyring(seed, sourceWorker, s.ordinal)
	engage := func(supervisor bool, percent int, from events.Date) colleague {
		id := keys.take()
		c := colleague{id: aggregates.NewID("W", id), command: id, supervisor: supervisor, percent: percent, from: from, to: s.to}
		c.languages = []string{"en"}
		if s.weight > 3 || d.chance(70) {
			c.languages = append(c.languages, "es")
		}
		if d.chance(60) {
			c.languages = append(c.languages, pick(d, otherLanguages))
		}
		return c
	}
	staff := []colleague{engage(true, 100, s.from)}
	for n := range 1 + min(s.weight/2, 3) {
		percent := 100
		if (i+n)%3 == 2 {
			percent = pick(d, []int{50, 60, 80})
		}
		c := engage(false, percent, s.from)
		if percent < 100 && i%4 == 0 {
			c.raisedOn = s.from + d.days(150, 500)
		}
		staff = append(staff, c)
	}
	if i%3 == 1 && s.to == 0 {
		leaver := &staff[1]
		leaver.to = max(s.from+150, day("2006-12-01")+d.days(0, 830))
		leaver.raisedOn = 0
		arrival := leaver.to - 20
		if i%2 == 0 {
			arrival = leaver.to + 16
		}
		staff = append(staff, engage(false, 100, arrival))
	}
	return staff
}

// record yields the commands that record a site, ordered by time.
func (s *site) record(seed uint64) []app.Request {
	d := newDice(seed, s.ordinal, diceForNetwork, 1)
	keys := newKeyring(seed, sourceAgency, s.ordinal)
	var sheet sheet
	note := func(on events.Date, at events.Instant, name string, cmd aggregates.Command) {
		sheet.add(app.Request{Name: name, ID: keys.take(), OccurredOn: on, RecordedAt: at, Actor: contractOffice, Role: rolePrime, Command: cmd})
	}
	signed := d.at(s.from - 1)
	note(s.from, signed, "sign-subcontract", &agency.SignSubcontract{
		Agency: s.id, Name: agencyName(s.ordinal%agenciesPerCopy, s.place.city), State: s.place.state,
		CeilingCents: events.Cents(s.weight) * 15_000_000,
	})
	for _, l := range s.locations {
		at := signed + 60_000
		if l.from > s.from {
			at = d.at(l.from)
		}
		note(l.from, at, "open-location", &agency.OpenLocation{Agency: s.id, Location: l.id, City: l.place.city, State: l.place.state})
	}
	if s.suspended != (span{}) {
		note(s.suspended.first, d.at(s.suspended.first), "suspend-agency", &agency.SuspendAgency{Agency: s.id, Reason: "audit report overdue"})
		note(s.suspended.last+1, d.at(s.suspended.last+2), "reinstate-agency", &agency.ReinstateAgency{Agency: s.id, Reason: "audit report received"})
	}
	for i := range s.staff {
		s.recordColleague(&sheet, d, keys.seed, &s.staff[i])
	}
	if s.to != 0 {
		note(s.to, d.at(s.to+3), "end-subcontract", &agency.EndSubcontract{Agency: s.id, Reason: "not renewed"})
	}
	return sheet.sorted()
}

func (s *site) recordColleague(sheet *sheet, d dice, seed uint64, c *colleague) {
	by, role := s.supervisor().id, roleSupervisor
	if c.supervisor {
		by, role = contractOffice, rolePrime
	}
	note := func(id string, on, recorded events.Date, name string, cmd aggregates.Command) {
		sheet.add(app.Request{Name: name, ID: id, OccurredOn: on, RecordedAt: d.at(recorded), Actor: by, Role: role, Agency: s.id, Command: cmd})
	}
	// The commands after the engagement have ids of their own, derived from it.
	next := func(n byte) string { return c.command + "-" + string('0'+n) }
	note(c.command, c.from, c.from, "engage-worker", &worker.EngageWorker{
		Agency: s.id, Supervisor: c.supervisor, CapacityPercent: c.percent, Languages: c.languages, Name: inventedName(d),
	})
	if c.raisedOn != 0 {
		note(next(1), c.raisedOn, c.raisedOn+1, "change-worker", &worker.ChangeWorker{
			Worker: c.id, Supervisor: c.supervisor, CapacityPercent: 100, Languages: c.languages,
		})
	}
	if c.to != 0 {
		reason := "took other work"
		if c.to == s.to {
			reason = "subcontract ended"
		}
		note(next(2), c.to, c.to+1, "worker-left", &worker.WorkerLeft{Worker: c.id, Reason: reason})
	}
}
