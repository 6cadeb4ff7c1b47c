package sample

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/aggregates/partner"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// What the network beside its agencies throws dice and takes command ids for.
const (
	diceForPartners uint64 = iota + 32
	diceForCredentials
	diceForRotas
	diceForMonitoring
	diceForStaff
	diceForTraining
	diceForAwards
)

const (
	sourceNetwork uint64 = iota + 12
	sourcePartner
	sourceProgrammeWork
)

// sourceLateLeads stands apart: kinds of sources end at 15, which is taken.
const sourceLateLeads uint64 = 11

// A provider is one entry of the partner directory.
type provider struct {
	ordinal   int // across all copies
	id        string
	name      string
	place     place
	services  []string
	languages []string
	takes     []string
	cost      string
	from, to  events.Date // to is the last day in the directory; zero while it stands there
}

// providersPerCopy bounds the providers of a copy, so that ordinals do not collide.
const providersPerCopy = 512

// A trade is a kind of provider.
type trade struct {
	name     string
	services []string
	takes    []string
	cost     string
}

// trades are dealt to the cities in this order: legal aid first, since every client
// needs it; housing for men, mental health and dental care are scarce (S4).
func trades() []trade {
	everyone := []string{"women", "men", "children", "families"}
	return []trade{
		{"Legal Aid", []string{"legal", "immigration"}, everyone, "free"},
		{"Women's Shelter", []string{"housing", "safety", "food"}, []string{"women", "children"}, "free"},
		{"Community Clinic", []string{"medical"}, everyone, "sliding"},
		{"Learning Center", []string{"education", "employment", "life_skills"}, []string{"women", "men"}, "free"},
		{"Food Pantry", []string{"food", "clothing", "general_support", "transportation"}, everyone, "free"},
		{"Transitional Housing", []string{"housing", "life_skills"}, []string{"women", "families"}, "sliding"},
		{"Counseling Practice", []string{"mental_health"}, []string{"women", "men"}, "fee"},
		{"Interpreters' Cooperative", []string{"interpretation"}, everyone, "fee"},
		{"Family Reunification Project", []string{"family_reunification", "general_support"}, everyone, "free"},
		{"Men's Residence", []string{"housing"}, []string{"men"}, "fee"},
		{"Dental School Clinic", []string{"dental", "medical"}, everyone, "sliding"},
	}
}

// providers plans the partner directory of one copy of the programme: two or three
// providers in the city of each site, some 200 in all.
func providers(seed uint64, copyOf int, sites []*site) []*provider {
	d := newDice(seed, copyOf, diceForPartners, 0)
	all := trades()
	var list []*provider
	dealt := 0
	for i, s := range sites {
		here := 2
		if s.weight > 1 {
			here++
		}
		if i%4 == 0 {
			here++
		}
		for n := range here {
			kind := all[0]
			if n > 0 {
				kind = all[1+dealt%(len(all)-1)]
				dealt++
			}
			p := &provider{
				ordinal: copyOf*providersPerCopy + len(list), name: s.place.city + " " + kind.name, place: s.place,
				services: kind.services, takes: kind.takes, cost: kind.cost, languages: []string{"en", "es"},
				from: s.from + d.days(1, 25),
			}
			if d.chance(60) {
				p.languages = append(p.languages, pick(d, otherLanguages))
			}
			if n > 0 && d.chance(4) {
				p.to = d.day(day("2008-06-01"), day("2009-05-01"))
			}
			keys := newKeyring(seed, sourcePartner, p.ordinal)
			p.id = aggregates.NewID("N", keys.first())
			list = append(list, p)
		}
	}
	return list
}

// serves reports whether the provider stands in the directory on a day as one that
// serves a need.
func (p *provider) serves(need string, on events.Date) bool {
	return p.from < on && (p.to == 0 || on <= p.to) && slices.Contains(p.services, need)
}

// record yields the commands that keep the provider's entry, ordered by time: it is
// listed, examined every year, and asked about its room once or twice a year.
func (p *provider) record(c Config) []app.Request {
	d := newDice(c.Seed, p.ordinal, diceForPartners, 1)
	keys := newKeyring(c.Seed, sourcePartner, p.ordinal)
	var sheet sheet
	note := func(on events.Date, name string, cmd aggregates.Command) {
		sheet.add(app.Request{Name: name, ID: keys.take(), OccurredOn: on, RecordedAt: d.at(on), Actor: contractOffice, Role: rolePrime, Command: cmd})
	}
	last := horizon
	if p.to != 0 {
		last = p.to - 1
	}
	note(p.from, "list-partner", &partner.ListPartner{
		Name: p.name, State: p.place.state, City: p.place.city, Services: p.services, Languages: p.languages, Takes: p.takes, Cost: p.cost,
	})
	if c.Clean || d.chance(95) { // a few were never looked at
		for on := p.from + d.days(3, 30); on < last; on += 340 + d.days(0, 20) {
			note(on, "vet-partner", &partner.VetPartner{
				Partner: p.id, Cultures: p.languages[1:], Suitable: d.chance(93), ThroughDate: on + 364,
			})
		}
	}
	for on := p.from + d.days(2, 20); on < last; on = p.askedAgain(d, on) {
		a := &partner.ChangePartnerAvailability{Partner: p.id, Openings: d.IntN(8)}
		if p.scarce() {
			a.Openings = d.IntN(3)
		}
		if a.Openings == 0 {
			a.WaitingDays = 3 + d.IntN(60)
		}
		note(on, "change-partner-availability", a)
	}
	if p.to != 0 {
		note(p.to, "delist-partner", &partner.DelistPartner{Partner: p.id, Reason: pick(d, []string{"closed its doors", "takes no referrals any more"})})
	}
	return sheet.sorted()
}

// scarce reports whether places at such a provider are few (S4).
func (p *provider) scarce() bool {
	return p.cost == "fee" || slices.Contains(p.services, "housing") || slices.Contains(p.services, "dental")
}

// askedAgain returns when the provider is asked about its room after a day: once or
// twice a year, and from the spring of 2009 on every month where places are scarce.
func (p *provider) askedAgain(d dice, on events.Date) events.Date {
	spring := day("2009-04-01")
	next := on + d.days(180, 300)
	if p.scarce() && next > spring {
		return max(on, spring) + d.days(18, 28)
	}
	return next
}
