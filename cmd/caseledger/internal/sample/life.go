package sample

import (
	"caseledger/aggregates"
	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// earliestScreening is how many days before the enrollment a case may begin.
const earliestScreening = 12

// A life is one client's case being written.
type life struct {
	*person
	d       dice
	id      string // coded id
	keys    keyring
	sheet   sheet
	tenures []tenure
	led     events.Instant // moment of the last command about the lead

	principalID string
}

// A tenure is the time of one lead case manager at one agency, until the next.
type tenure struct {
	site *site
	lead *colleague
	from events.Date
}

// on returns the tenure of a day.
func (l *life) on(day events.Date) tenure {
	t := l.tenures[0]
	for _, next := range l.tenures {
		if next.from <= day {
			t = next
		}
	}
	return t
}

// An actor gives a command.
type actor struct{ name, role, agency string }

var (
	monitor = actor{monitorOffice, rolePrime, ""}
	hhs     = actor{letterOffice, roleHHS, ""}
)

func (s *site) actor(c *colleague) actor {
	if c.supervisor {
		return actor{c.id, roleSupervisor, s.id}
	}
	return actor{c.id, roleManager, s.id}
}

// lead returns the actor who leads the case on a day.
func (l *life) lead(day events.Date) actor {
	t := l.on(day)
	return t.site.actor(t.lead)
}

// note writes a command of an effective date, recorded at a moment, and returns
// its id.
func (l *life) note(on events.Date, at events.Instant, by actor, name string, cmd aggregates.Command) string {
	id := l.keys.take()
	l.sheet.add(app.Request{
		Name: name, ID: id, OccurredOn: on, RecordedAt: at,
		Actor: by.name, Role: by.role, Agency: by.agency, Command: cmd,
	})
	return id
}

// at returns a moment of a day that comes after another moment.
func (l *life) at(day events.Date, after events.Instant) events.Instant {
	if t := l.d.at(day); t > after {
		return t
	}
	return after + events.Instant(20_000+l.d.IntN(240_000))
}

// recordCase returns the commands of a client's case, in order of time.
func recordCase(seed uint64, p *person) []app.Request {
	l := newLife(seed, p)
	l.writeLetter()
	l.writeServices()
	l.writeExpenses()
	l.writeExtension()
	l.writeCorrections()
	l.writeCircumstances()
	l.close()
	return l.sheet.sorted()
}

// newLife writes a life as far as others build on it: the enrollment, and who leads
// the case when.
func newLife(seed uint64, p *person) *life {
	l := &life{
		person: p, d: newDice(seed, 0, diceForLife, uint64(p.ordinal)),
		id: p.clientID(seed), keys: newKeyring(seed, sourceCase, p.ordinal),
	}
	l.planLeads()
	l.open(seed)
	l.writeLeads()
	return l
}

// open writes the enrollment. One in ten was screened some days before.
func (l *life) open(seed uint64) {
	by := l.lead(l.enroll)
	e := l.enrollment(by)
	switch {
	case l.standing == derivative:
		l.principalID = l.principal.clientID(seed)
		e.Class, e.Principal, e.VisaClass = string(events.Derivative), l.principalID, string(l.visa)
		if l.d.chance(40) {
			e.NoticeDate = l.enroll - l.d.days(2, 40)
		} else {
			e.EntryDate = l.enroll - l.d.days(1, 25)
		}
	case l.each(10, 1) && l.enroll > l.site.from+earliestScreening+2:
		on := l.enroll - l.d.days(3, earliestScreening-2)
		l.note(on, l.d.at(on), l.site.actor(l.site.supervisor()), "screen-client", &clientcase.ScreenClient{
			Agency: l.site.id, VictimOfSevereTrafficking: "yes", RemovedFromSituation: "yes", PresentInUS: "yes",
			ImmigrationStatus: e.ImmigrationStatus, RequiresCaseManagement: "yes", DeterminedBy: l.site.supervisor().id,
			Evidence: "interview by telephone",
		})
		e.Client, e.VictimOfSevereTrafficking, e.RemovedFromSituation = l.id, "", ""
	}
	if l.standing == derivative {
		e.VictimOfSevereTrafficking, e.RemovedFromSituation = "", ""
	}
	l.misrecord(e)
	l.note(l.enroll, l.enrolledAt, by, "enroll-client", e)
}

// recordScreening returns the screening of a person who is not enrolled.
func recordScreening(seed uint64, p *person) []app.Request {
	l := &life{
		person: p, d: newDice(seed, 0, diceForLife, uint64(p.ordinal)),
		keys: newKeyring(seed, sourceCase, p.ordinal),
	}
	by := p.site.actor(p.site.supervisor())
	c := &clientcase.ScreenClient{
		Agency: p.site.id, VictimOfSevereTrafficking: "yes", RemovedFromSituation: "yes", PresentInUS: "yes",
		ImmigrationStatus: "undocumented", RequiresCaseManagement: "yes", DeterminedBy: by.name,
	}
	switch p.ordinal % 3 {
	case 0:
		c.ImmigrationStatus, c.ReferredTo = pick(l.d, []string{"citizen", "lpr"}), "domestic violence shelter"
		if p.minor {
			c.ReferredTo = "child welfare"
		}
	case 1:
		c.VictimOfSevereTrafficking, c.ReferredTo = "unknown", "legal aid"
	case 2:
		c.RemovedFromSituation, c.ReferredTo = "no", "law enforcement"
	}
	l.note(p.enroll, l.d.at(p.enroll+l.d.days(0, 3)), by, "screen-client", c)
	return l.sheet.sorted()
}

func (l *life) enrollment(by actor) *clientcase.EnrollClient {
	return &clientcase.EnrollClient{
		Agency: l.site.id, Location: l.location, Sex: string(l.sex), AgeGroup: string(l.ageGroup()), AgeYears: l.years,
		Form: string(l.form), Country: l.country, Language: languageOf(l.country),
		VictimOfSevereTrafficking: "yes", RemovedFromSituation: "yes", PresentInUS: "yes", RequiresCaseManagement: "yes",
		ImmigrationStatus: l.immigrationStatus(), DeterminedBy: by.name, Evidence: "interview and referral letter",
		Name: inventedName(l.d), BirthDate: l.birthDate(), Contact: "through the after-hours number of " + l.site.id,
	}
}

func (l *life) immigrationStatus() string {
	switch {
	case l.standing == derivative:
		return "t_visa"
	case l.letter != 0 && l.letter <= l.enroll && l.basis() != basisMinor:
		return map[string]string{basisPresence: "continued_presence", basisBonaFide: "undocumented", basisVisa: "t_visa"}[l.basis()]
	case l.each(4, 1):
		return "nonimmigrant"
	}
	return "undocumented"
}

// birthDate returns a birth date that fits the age at enrollment; it depends on
// nothing that is thrown, so that turning 18 can be told.
func (l *life) birthDate() events.Date {
	return l.enroll.AddMonths(-12*l.years) - events.Date(mix(uint64(l.ordinal))%360)
}

// writeLetter writes the receipt of HHS's letter by the agency: at enrollment,
// on the day it came, or whenever it came to be known.
func (l *life) writeLetter() {
	after := l.enrolledAt
	if l.interim > l.enroll {
		on := l.interim + l.d.days(2, 5)
		after = l.at(on, after)
		l.note(on, after, l.lead(on), "receive-letter", &clientcase.ReceiveLetter{
			Client: l.id, Kind: string(events.Interim), LetterDate: l.interim, ReceivedOn: on, Number: l.interimNumber(),
		})
	}
	if l.letter == 0 {
		return
	}
	at := l.at(max(l.received+l.d.days(0, 3), l.enroll), after)
	l.note(l.received, at, l.lead(max(l.received, l.enroll)), "receive-letter", &clientcase.ReceiveLetter{
		Client: l.id, Kind: string(l.kind()), LetterDate: l.letter, ReceivedOn: l.received, Number: l.letterNumber(),
	})
}

// clockEnd returns the last funded day of the clock that the client's time ends
// in, without extensions: 270 days pre-certified, 120 days certified (R12, R13).
func (p *person) clockEnd() events.Date {
	switch p.standing {
	case preOnly:
		return p.enroll + 269
	case moved:
		return p.letter + 119
	}
	return p.enroll + 119
}

// writeExtension asks for one more period when the clock ends before the case
// does; most are granted. A few ask who did not need it, and are denied.
func (l *life) writeExtension() {
	end := l.clockEnd()
	asked := end - l.d.days(10, 20)
	if l.last < end-8 || l.received > asked-5 || l.reopens() {
		return
	}
	requested := l.at(asked, l.enrolledAt)
	l.note(asked, requested, l.lead(asked), "request-extension", &clientcase.RequestExtension{
		Client: l.id, Reason: pick(l.d, []string{"housing not yet found", "prosecution still under way", "medical treatment not finished"}),
	})
	decided := asked + l.d.days(2, 7)
	decision := &clientcase.DecideExtension{Client: l.id, Granted: "yes", Reason: "approved as an exception"}
	if l.last <= end || l.each(7, 3) && !l.showcase {
		decision.Granted, decision.Reason = "no", "goals can be met without it"
	}
	at := l.at(decided, requested)
	l.note(decided, at, monitor, "decide-extension", decision)
	if decision.Granted == "yes" && l.each(3, 1) && l.last > end+4 {
		on := end + 3
		l.note(on, l.at(on+1, at), monitor, "approve-period", &clientcase.ApprovePeriod{Client: l.id, Reason: "approved as an exception"})
	}
}

// misrecord spoils one fact of the enrollment of one client in seventeen.
func (l *life) misrecord(e *clientcase.EnrollClient) {
	if !l.miscorded() {
		return
	}
	switch {
	case l.standing == derivative || l.each(2, 0):
		e.Sex = map[events.Sex]string{events.Male: "female", events.Female: "male"}[l.sex]
	case l.form == events.FormLabor:
		e.Form = string(events.FormUnknown)
	default:
		e.Form = string(events.FormLabor)
	}
}

// writeCorrections puts right what was recorded wrongly: facts of the enrollment,
// a derivative's dates, and the receipt of a letter that was somebody else's.
func (l *life) writeCorrections() {
	if l.standing == derivative && l.each(7, 3) {
		on := l.enroll + l.d.days(12, 40)
		l.note(on, l.at(on, l.enrolledAt), l.lead(on), "link-derivative", &clientcase.LinkDerivative{
			Client: l.id, Principal: l.principalID, VisaClass: string(l.visa), EntryDate: l.enroll - 27,
		})
	}
	if l.miscorded() {
		on := min(l.enroll+l.d.days(15, 60), l.last-4, knownBy-4)
		c := &clientcase.CorrectClient{Client: l.id, Reason: "the intake form was misread"}
		if l.standing == derivative || l.each(2, 0) {
			c.Sex = string(l.sex)
		} else {
			c.Form = string(l.form)
		}
		l.note(on, l.at(on, l.enrolledAt), l.lead(on), "correct-client", c)
	}
	if l.letterMixedUp() {
		on := l.enroll + l.d.days(20, 30)
		at := l.at(on, l.enrolledAt)
		wrong := l.note(on, at, l.lead(on), "receive-letter", &clientcase.ReceiveLetter{
			Client: l.id, Kind: string(l.kind()), LetterDate: on - 9, ReceivedOn: on,
		})
		off := on + l.d.days(4, 12)
		l.note(off, l.at(off, at), l.lead(off), "withdraw-case-fact", &clientcase.WithdrawCaseFact{
			Client: l.id, Record: wrong, Reason: "the letter is another client's",
		})
	}
}
