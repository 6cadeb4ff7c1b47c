package sample

import (
	"slices"

	"caseledger/aggregates/clientcase"
	"caseledger/aggregates/letter"
	"caseledger/aggregates/programme"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// What Requests for Assistance and what follows a T visa throw dice and take command
// ids for.
const (
	diceForRequests uint64 = 56
	sourceRequest   uint64 = 9
)

// A followUp is what is on record of one person's way to a letter beside what
// [recordPathway] writes: a child's discovery, HHS's notices and consultations, the
// application for permanent residence. It has dice and command ids of its own.
type followUp struct {
	life
	clean     bool
	requested app.Request
	last      events.Instant
}

// recordFollowUp returns these commands of one person, in order of time.
func recordFollowUp(c Config, p *person) []app.Request {
	f := &followUp{clean: c.Clean, life: life{
		person: p, d: newDice(c.Seed, 0, diceForRequests, uint64(p.ordinal)),
		id: p.clientID(c.Seed), keys: newKeyring(c.Seed, sourceRequest, p.ordinal),
	}}
	way := recordPathway(c.Seed, p)
	asked := slices.IndexFunc(way, func(r app.Request) bool { return r.Name == "request-letter" })
	if asked < 0 {
		return nil // after the sample's end
	}
	f.requested, f.last = way[asked], way[asked].RecordedAt
	if p.minor {
		f.report()
		f.notify()
		f.consult()
	}
	if i := slices.IndexFunc(way, func(r app.Request) bool { return r.Name == "approve-t-visa" }); i >= 0 {
		f.applyForResidence(way[i])
	}
	return f.sheet.sorted()
}

// write notes a fact of a day that HHS records, after the one before it.
func (f *followUp) write(on, delay events.Date, name string, cmd interface {
	Target(string) (events.Subject, error)
}) {
	f.last = f.at(on+delay, f.last)
	f.note(on, f.last, hhs, name, cmd)
}

// lapses is true of one child in so many, spread evenly.
func (f *followUp) lapses(of, offset uint64) bool {
	return !f.clean && mix(uint64(f.ordinal)+77)%of == offset
}

// report writes who discovered the child, and how soon HHS was told. A notice that
// takes longer than 24 hours comes on the next day at the earliest.
func (f *followUp) report() {
	on := f.requested.Command.(*letter.RequestLetter).DiscoveredOn
	r := &letter.ReportMinor{
		Client: f.id, By: pick(f.d, []string{"federal", "federal", "state", "local", "local", "local", "tribal", "other"}),
		HoursToNotice: 1 + int(f.d.soon(0, 20)), AgeYears: f.yearsOn(on),
	}
	if f.lapses(9, 1) && f.requested.OccurredOn > on {
		r.HoursToNotice = 26 + f.d.IntN(14)
	}
	f.write(on, f.requested.OccurredOn-on, "report-minor", r)
}

// yearsOn returns the completed years of a minor on a day, 0 when the age is not that
// of a minor.
func (f *followUp) yearsOn(day events.Date) int {
	if !f.client {
		return min(f.years, 17)
	}
	years := f.years
	for birth := f.birthDate(); years > 0 && birth.AddMonths(12*years) > day; {
		years--
	}
	if years > 17 {
		return 0
	}
	return years
}

// notify writes HHS's notices to Justice and Homeland Security, since the law asks for
// them. A few come late, to one of them only, or not at all.
func (f *followUp) notify() {
	on := f.requested.OccurredOn
	if on < interimStart {
		return
	}
	n := &letter.NotifyDepartments{Client: f.id, Departments: []string{"justice", "homeland_security"}, HoursToNotice: 1 + f.d.IntN(20)}
	switch {
	case f.lapses(8, 1):
		n.HoursToNotice = 27 + f.d.IntN(20)
		on++
	case f.lapses(8, 4):
		n.Departments = n.Departments[:1]
	case f.lapses(16, 7):
		return
	}
	f.write(on, 0, "notify-departments", n)
}

// consult writes HHS's consultation before the letter, often in two parts. Now and then
// nobody asks the NGOs.
func (f *followUp) consult() {
	first := f.requested.OccurredOn + 1
	last := f.letter - 1
	if f.letter == 0 {
		last = min(first+60, knownBy)
	}
	if last < first {
		return
	}
	on := f.d.day(first, first+(last-first)/2)
	everyone := []string{"justice", "homeland_security", "ngo"}
	switch {
	case f.lapses(14, 3) && on >= interimStart:
		f.write(on, 1, "hold-consultation", &letter.HoldConsultation{Client: f.id, With: everyone[:2]})
	case f.d.chance(35):
		f.write(on, 0, "hold-consultation", &letter.HoldConsultation{Client: f.id, With: everyone[:2]})
		on = f.d.day(on, last)
		f.write(on, 0, "hold-consultation", &letter.HoldConsultation{Client: f.id, With: everyone[2:]})
	default:
		f.write(on, f.d.days(0, 2), "hold-consultation", &letter.HoldConsultation{Client: f.id, With: everyone})
	}
}

// applyForResidence writes the application for permanent residence of two in three,
// after three years of T status (R07).
func (f *followUp) applyForResidence(approved app.Request) {
	on := approved.OccurredOn.AddMonths(36) + f.d.soon(2, 330)
	if f.d.chance(33) || on > knownBy {
		return
	}
	f.write(on, f.d.days(0, 12), "file-lpr-application", &letter.FileLprApplication{Client: f.id})
}

// recordMinor returns what is done around the placement of a minor that [recordCase]
// writes: the URM programme is asked, and a court names a guardian. Some wait for a
// place that never comes (R11).
func recordMinor(c Config, p *person) []app.Request {
	l := newLife(c.Seed, p)
	l.sheet, l.keys = nil, newKeyring(c.Seed, sourceRequest, 1<<26|p.ordinal)
	l.d = newDice(c.Seed, 0, diceForRequests, 1<<26|uint64(p.ordinal))
	on := p.enroll + l.d.days(3, 16)
	if p.moveTo != nil && p.moveOn < p.enroll+60 || p.last < on+40 {
		return nil
	}
	asked := l.at(on, l.enrolledAt)
	l.note(on, asked, l.lead(on), "refer-placement", &clientcase.ReferPlacement{Client: l.id, State: p.site.place.state})
	if l.d.chance(70) {
		on = p.enroll + l.d.days(22, 38)
		l.note(on, l.at(on+l.d.days(0, 3), asked), l.lead(on), "establish-guardianship", &clientcase.EstablishGuardianship{
			Client: l.id, Custodian: pick(l.d, []string{"state", "county", "urm_program", "urm_program", "relative"}),
		})
	}
	return l.sheet.sorted()
}

// recordPending returns what is open when the sample ends, of a client who is served
// on: a request for an extension that nobody has decided, a minor's placement.
func recordPending(c Config, p *person) []app.Request {
	l := newLife(c.Seed, p)
	l.sheet, l.keys = nil, newKeyring(c.Seed, sourceRequest, 1<<25|p.ordinal)
	l.d = newDice(c.Seed, 0, diceForRequests, 1<<25|uint64(p.ordinal))
	by := l.lead(horizon)
	switch end := l.clockEnd(); {
	case p.minor && !c.Clean && p.standing != derivative && p.enroll+60 < horizon-9 && l.serves(horizon-9):
		on := horizon - 9
		l.note(on, l.d.at(on), by, "start-placement", &clientcase.StartPlacement{Client: l.id, Setting: "foster", State: p.site.place.state})
	case end > horizon+20 && end < horizon+60 && p.each(4, 1) && p.enrolledAt < startOf(horizon-8) && l.serves(horizon-7) && l.serves(horizon-3):
		on := horizon - l.d.days(3, 7)
		l.note(on, l.d.at(on), by, "request-extension", &clientcase.RequestExtension{Client: l.id, Reason: "housing not yet found"})
	}
	return l.sheet.sorted()
}

// placementAges are invented, as everything in the sample but places: up to what age
// some States keep minors in the URM programme. In the others it is 18 (R11).
var placementAges = []struct {
	state string
	years int
}{
	{"AZ", 21}, {"CA", 19}, {"DC", 21}, {"FL", 18}, {"IL", 21}, {"MA", 22}, {"MI", 20}, {"NY", 21}, {"PA", 21}, {"TX", 21}, {"UT", 21}, {"VA", 21}, {"WA", 21},
}

// recordPlacementAges yields what States' rules say as the programme begins, and what
// one of them changes later.
func recordPlacementAges(seed uint64) []app.Request {
	keys := newKeyring(seed, sourceRequest, 1<<24)
	var sheet sheet
	add := func(on events.Date, at events.Instant, state string, years int) {
		sheet.add(app.Request{
			Name: "adopt-placement-age", ID: keys.take(), OccurredOn: on, RecordedAt: at, Actor: letterOffice, Role: roleHHS,
			Command: &programme.AdoptPlacementAge{State: state, Years: years, Authority: "State plan, title IV-B"},
		})
	}
	at := events.MustInstant("2006-03-31T14:30:00Z")
	for i, x := range placementAges {
		add(programmeStart, at+events.Instant(i)*45_000, x.state, x.years)
	}
	add(day("2008-07-01"), events.MustInstant("2008-07-02T15:00:00Z"), "CA", 21)
	return sheet.sorted()
}
