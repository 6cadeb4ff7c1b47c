package clientcase

import (
	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A State is the folded history of one case. It keeps the facts and derives
// every standing from those that stand: a fact taken back counts as if it had
// never been.
type State struct {
	client  string
	history aggregates.History
	money   policy.Facts // what the rules about money need to know
}

func newState(client string) *State { return &State{client: client} }

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error {
	if err := s.history.Add(r, !decidesNothing(r.Type)); err != nil {
		return err
	}
	return s.money.Apply(r)
}

// decidesNothing reports whether no decision looks into facts of a type.
func decidesNothing(eventType string) bool {
	switch eventType {
	case "service.delivered.v1", "contact.made.v1", "interpreter.used.v1", "emergency-contact.named.v1", "emergency.handled.v1":
		return true
	}
	return false
}

// A spell is a stretch of enrolled days; last is zero while it is open.
type spell struct{ first, last events.Date }

func (p spell) covers(day events.Date) bool {
	return p.first <= day && (p.last == 0 || day <= p.last)
}

// A stay is a client's time with one agency, until the next one.
type stay struct {
	agency, location string
	from             events.Date
}

// A lead is the time of one lead case manager, until the next one; the worker is
// empty while the case has none.
type lead struct {
	worker  string
	from    events.Date
	interim bool
	fact    string // id of the record
}

// A course is where a client was enrolled when and who led the case, by
// effective date.
type course struct {
	spells []spell
	stays  []stay
	leads  []lead
}

const typeServiceClosed = "service.closed.v1"

// course derives the course of the case. Facts that no longer fit, since one
// before them was taken back, have no effect.
func (s *State) course() *course {
	c := &course{}
	for _, f := range s.history.ByDate(typeServiceClosed) {
		switch e := f.Event.(type) {
		case *events.ClientEnrolled:
			if len(c.spells) == 0 {
				c.spells = append(c.spells, spell{first: f.On})
				c.stays = append(c.stays, stay{e.Agency, e.Location, f.On})
			}
		case *events.ServiceClosed:
			if c.open() {
				c.spells[len(c.spells)-1].last = f.On
			}
		case *events.ServiceReopened:
			c.reopen(f, e)
		case *events.TransferAccepted:
			if len(c.stays) > 0 {
				c.stays = append(c.stays, stay{e.To, e.Location, f.On})
				c.leads = append(c.leads, lead{worker: e.Lead, from: f.On, fact: f.ID})
			}
		case *events.LeadAssigned:
			c.leads = append(c.leads, lead{worker: e.Worker, from: f.On, fact: f.ID})
		case *events.LeadLeft:
			c.leads = append(c.leads, lead{e.Interim, f.On, true, f.ID})
		case *events.HandOffAccepted:
			c.leads = append(c.leads, lead{worker: e.To, from: f.On, fact: f.ID})
		}
	}
	return c
}

func (c *course) reopen(f *aggregates.Fact, e *events.ServiceReopened) {
	if len(c.spells) == 0 || c.open() {
		return
	}
	if c.stays[len(c.stays)-1].agency != e.Agency && len(c.leads) > 0 {
		c.leads = append(c.leads, lead{from: f.On, fact: f.ID}) // the old agency's lead stays there
	}
	c.spells = append(c.spells, spell{first: f.On})
	c.stays = append(c.stays, stay{agency: e.Agency, from: f.On})
}

// open reports whether the last spell has no end.
func (c *course) open() bool {
	return len(c.spells) > 0 && c.spells[len(c.spells)-1].last == 0
}

// enrolledOn reports whether a day is an enrolled day.
func (c *course) enrolledOn(day events.Date) bool {
	for _, p := range c.spells {
		if p.covers(day) {
			return true
		}
	}
	return false
}

// lead returns the last lead; the zero lead when there never was one.
func (c *course) lead() lead {
	if len(c.leads) == 0 {
		return lead{}
	}
	return c.leads[len(c.leads)-1]
}

// AgencyOn returns the client's agency on a day: the one that enrolled the client
// for days before, the last one for days after, and the one that screened for a
// client who is not enrolled.
func (s *State) AgencyOn(day events.Date) string {
	agency := ""
	if _, e, ok := aggregates.Last[*events.ClientScreened](&s.history); ok {
		agency = e.Agency
	}
	for i, st := range s.course().stays {
		if i == 0 || st.from <= day {
			agency = st.agency
		}
	}
	return agency
}

// EnrolledOn reports whether a day is an enrolled day (R23).
func (s *State) EnrolledOn(day events.Date) bool { return s.course().enrolledOn(day) }

// LeadOn returns the lead case manager on a day, interim ones included, or "" for
// none (R28).
func (s *State) LeadOn(day events.Date) string {
	worker := ""
	for _, l := range s.course().leads {
		if l.from <= day {
			worker = l.worker
		}
	}
	return worker
}

// A person is what the enrollment says of the client, as corrected.
type person struct {
	events.ClientCorrected
	class    events.ClientClass
	enrolled events.Date
	turned18 events.Date // effective date of the fact; zero when there is none
}

// person returns the client as enrolled and corrected, false before enrollment.
func (s *State) person() (p person, ok bool) {
	f, e, ok := aggregates.Last[*events.ClientEnrolled](&s.history)
	if !ok {
		return person{}, false
	}
	p = person{class: e.Class, enrolled: f.On}
	p.ClientCorrected = events.ClientCorrected{
		Sex: e.Sex, AgeGroup: e.AgeGroup, AgeYears: e.AgeYears, Form: e.Form, Country: e.Country, Language: e.Language,
	}
	for _, c := range aggregates.Of[*events.ClientCorrected](&s.history) {
		p.ClientCorrected = overlay(p.ClientCorrected, c)
	}
	for f := range aggregates.Of[*events.ClientTurned18](&s.history) {
		p.turned18 = f.On
	}
	return p, true
}

// overlay returns base with what c gives.
func overlay(base events.ClientCorrected, c *events.ClientCorrected) events.ClientCorrected {
	set(&base.Sex, c.Sex)
	set(&base.AgeGroup, c.AgeGroup)
	set(&base.AgeYears, c.AgeYears)
	set(&base.Form, c.Form)
	set(&base.Country, c.Country)
	set(&base.Language, c.Language)
	return base
}

func set[T comparable](to *T, value T) {
	var zero T
	if value != zero {
		*to = value
	}
}

// IsDerivative reports whether the client is enrolled as a derivative (R06).
func (s *State) IsDerivative() bool {
	p, ok := s.person()
	return ok && p.class == events.Derivative
}

// IsAdultOn reports whether the client is known to be an adult on a day: from the
// enrollment as an adult on, or from the recorded turning 18 on, whose effective
// date lies up to one service period after the birthday (R10).
func (s *State) IsAdultOn(day events.Date) bool {
	p, ok := s.person()
	return ok && p.isAdultOn(day)
}

func (p person) isAdultOn(day events.Date) bool {
	switch p.AgeGroup {
	case events.Adult:
		return day >= p.enrolled.AddMonths(-12*max(0, p.AgeYears-18))
	case events.Minor:
		return p.turned18 != 0 && day >= p.turned18
	}
	return false
}

// IsMinorOn reports whether the client is known to be a minor on a day: enrolled
// as one, and not yet within a service period of the recorded turning 18 (R10).
func (s *State) IsMinorOn(day events.Date) bool {
	p, ok := s.person()
	return ok && p.isMinorOn(day)
}

// longestPeriod is the length in days of the longest service period (R13).
const longestPeriod = 31

func (p person) isMinorOn(day events.Date) bool {
	return p.AgeGroup == events.Minor && (p.turned18 == 0 || day < p.turned18-longestPeriod)
}
