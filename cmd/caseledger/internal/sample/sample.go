// Package sample invents a programme: 80 agencies in 90 locations, their case
// managers, the 1,309 clients of April 2006 – May 2009 and the people who got
// letters from HHS in fiscal years 2001–2009, as a stream of commands to be
// recorded under a simulated clock. Whatever the seed, the facts add up to the
// tables that the programme published; only quotas hold them there, see
// [Requests].
package sample

import (
	"errors"
	"iter"

	"caseledger/aggregates/programme"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// Config says which sample. The zero Config is the sample of seed 0 at scale 1.
type Config struct {
	Seed uint64
	// Scale multiplies agencies, workers, clients and letters, for benchmarks;
	// 0 means 1. Every published count is multiplied, but for numbers of States
	// and of countries. The stream of scale 1 is part of that of every scale.
	Scale int
	// Clean leaves out the lapses that a monitor would find: with it, no rule of
	// practice is broken by the facts of the sample.
	Clean bool
	// Agencies, when not 0, keeps only the first agencies of each copy, their clients
	// and a tenth of the other people: a small programme for tests, whose tables are
	// not the published ones.
	Agencies int
}

// MaxScale bounds [Config.Scale]: some 30 million commands.
const MaxScale = 1000

func (c Config) scale() int { return max(c.Scale, 1) }

// Validate reports a scale out of range.
func (c Config) Validate() error {
	if c.Scale < 0 || c.Scale > MaxScale {
		return errors.New("scale must lie between 1 and 1000")
	}
	return nil
}

// The roles and offices in whose name the sample's commands are given.
const (
	roleManager    = "case_manager"
	roleSupervisor = "supervisor"
	rolePrime      = "prime_contractor"
	roleHHS        = "hhs"

	contractOffice = "PRIME-CONTRACTS"
	monitorOffice  = "PRIME-MONITORING"
	letterOffice   = "HHS-ORR"
)

// Requests returns the commands of a sample in the order of their RecordedAt,
// which never decreases, from October 2000 to June 2009. The same Config gives
// the same commands, and no command is refused when all are recorded in order in
// an empty ledger with a simulated clock; expenses that R18 denies reimbursement
// are recorded all the same.
//
// The plan of all lives is made first, in some 200 bytes per person; a life's
// commands are made when their time comes.
func Requests(c Config) iter.Seq[app.Request] {
	return func(yield func(app.Request) bool) { merge(sourcesOf(c), yield) }
}

// sourcesOf plans a sample.
func sourcesOf(c Config) []source {
	sources := []source{
		{0, func() []app.Request { return recordPolicies(c.Seed) }},
		{0, func() []app.Request { return recordPlacementAges(c.Seed) }},
		{startOf(programmeStart), func() []app.Request { return recordGoals(c.Seed) }},
		{startOf(day("2009-06-01")), func() []app.Request { return recordFigures(c.Seed) }},
	}
	for copyOf := range c.scale() {
		people, sites := c.plan(copyOf)
		for _, s := range sites {
			sources = append(sources, source{startOf(s.from - 1), func() []app.Request { return s.record(c.Seed) }})
		}
		partners := providers(c.Seed, copyOf, sites)
		directory := map[place][]*provider{}
		for _, n := range partners {
			directory[n.place] = append(directory[n.place], n)
			sources = append(sources, source{startOf(n.from), func() []app.Request { return n.record(c) }})
		}
		sources = append(sources, network{c, copyOf, sites, people, partners}.sources()...)
		for _, p := range people {
			if p.client {
				sources = append(sources, source{startOf(p.enroll - earliestScreening), func() []app.Request { return recordCase(c.Seed, p) }})
				sources = append(sources, source{startOf(p.enroll), func() []app.Request { return recordCasework(c, p, directory) }})
			}
			if p.client && p.minor && p.standing != derivative {
				sources = append(sources, source{startOf(p.enroll), func() []app.Request { return recordMinor(c, p) }})
			}
			if p.client && p.last > horizon {
				sources = append(sources, source{startOf(horizon - 30), func() []app.Request { return recordPending(c, p) }})
			}
			if p.client && p.referred() {
				sources = append(sources, source{startOf(p.enroll - earliestReferral), func() []app.Request { return recordReferral(c, p) }})
			}
			if p.screened {
				sources = append(sources, source{startOf(p.enroll), func() []app.Request { return recordScreening(c.Seed, p) }})
			}
			if first := firstDate(p.letter, p.interim); first != 0 {
				sources = append(sources, source{startOf(first - earliestRequest), func() []app.Request { return recordPathway(c.Seed, p) }})
				sources = append(sources, source{startOf(first - earliestRequest), func() []app.Request { return recordFollowUp(c, p) }})
			}
		}
		for _, x := range strays(c.Seed, copyOf, sites) {
			sources = append(sources, source{startOf(x.on), func() []app.Request { return x.record(c) }})
		}
	}
	return sources
}

// firstDate returns the earlier of two dates, a zero one not counting.
func firstDate(a, b events.Date) events.Date {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}

// recordPolicies yields the adoptions of policy. The rates are the programme's
// from its first day on; the settings stay at the rulebook's defaults.
func recordPolicies(seed uint64) []app.Request {
	keys := newKeyring(seed, sourceProgramme, 0)
	var sheet sheet
	sheet.add(app.Request{
		Name: "adopt-policy", ID: keys.take(), OccurredOn: actSigned, RecordedAt: events.MustInstant("2000-10-30T15:00:00Z"),
		Actor: letterOffice, Role: roleHHS,
		Command: &programme.AdoptPolicy{
			Settings:  map[string]string{"retro_certification_effect": "letter_date"},
			Authority: "Trafficking Victims Protection Act of 2000",
		},
	})
	sheet.add(app.Request{
		Name: "adopt-policy", ID: keys.take(), OccurredOn: programmeStart, RecordedAt: events.MustInstant("2006-03-31T14:00:00Z"),
		Actor: contractOffice, Role: rolePrime,
		Command: &programme.AdoptPolicy{
			Authority:                       "Per Capita Victim Services contract, rates chart",
			PreCertifiedAdministrativeCents: 70000, PreCertifiedClientCents: 60000, PreCertifiedMaximumPeriods: 9,
			CertifiedAdministrativeCents: 50000, CertifiedClientCents: 40000, CertifiedMaximumPeriods: 4,
		},
	})
	return sheet.sorted()
}

// People returns a subject of every person of a sample, so that their keys can be
// made in one go before their first commands.
func People(c Config) (subjects []events.Subject) {
	for copyOf := range c.scale() {
		people, sites := c.plan(copyOf)
		for _, s := range sites {
			for _, one := range s.staff {
				subjects = append(subjects, events.SubjectOf(events.KindWorker, one.id))
			}
		}
		for _, p := range people {
			subjects = append(subjects, events.SubjectOf(p.opens(), p.clientID(c.Seed)))
		}
	}
	return subjects
}

// A Showcase names what is worth showing of a sample.
type Showcase struct {
	// Client is the coded id of a client with a rich history: enrolled before
	// certification, transferred, handed off and back, an expense reversed, a letter
	// received seven weeks late, an extension.
	Client string
	// KnownLater lies after the date of that letter and before its receipt.
	KnownLater events.Instant
	// Agency and Month, the first day of a month, have many clients.
	Agency string
	Month  events.Date
}

// Show returns the showcase of a sample, the same at every scale.
func Show(c Config) Showcase {
	people, sites := c.plan(0)
	show := Showcase{KnownLater: events.MustInstant("2008-05-15T16:00:00Z"), Month: day("2008-03-01")}
	days := map[*site]events.Date{}
	for _, p := range people {
		if p.showcase {
			show.Client = p.clientID(c.Seed)
		}
		if p.client {
			days[p.site] += max(0, min(p.last, show.Month.LastOfMonth())-max(p.enroll, show.Month)+1)
		}
	}
	busiest := sites[0]
	for _, s := range sites {
		if days[s] > days[busiest] {
			busiest = s
		}
	}
	show.Agency = busiest.id
	return show
}
