package agency

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// A State is the folded history of one agency.
type State struct {
	agency  string
	history aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

const (
	typeEnded  = "subcontract.ended.v1"
	typeClosed = "location.closed.v1"
)

// A standing is how the agency stands on one day.
type standing struct {
	signed    *events.SubcontractSigned // in force that day; nil when there is none
	signedOn  events.Date
	endedOn   events.Date // last day of the subcontract before; zero when it never ended
	suspended events.Date // first day of the suspension; zero when there is none
}

// on returns the standing on a day, from the facts effective by then.
func (s *State) on(day events.Date) standing {
	var st standing
	for _, f := range s.history.ByDate(typeEnded) {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.SubcontractSigned:
			st.signed, st.signedOn = e, f.On
		case *events.SubcontractEnded:
			if f.On < day { // its date is the last day of the subcontract
				st.signed, st.endedOn = nil, f.On
			}
		case *events.AgencySuspended:
			st.suspended = f.On
		case *events.AgencyReinstated:
			st.suspended = 0
		}
	}
	if st.signed != nil && st.signed.ThroughDate != 0 && st.signed.ThroughDate < day {
		st.endedOn, st.signed = st.signed.ThroughDate, nil
	}
	return st
}

// UnderSubcontract reports whether the agency is a subcontractor on a day.
func (s *State) UnderSubcontract(day events.Date) bool { return s.on(day).signed != nil }

// EnrollmentRefusal says why a client cannot come to the agency on a day: it is
// not under subcontract, or suspended (R27). It is nil when one can.
func (s *State) EnrollmentRefusal(day events.Date) *aggregates.Refusal {
	st := s.on(day)
	switch {
	case st.signed == nil && st.endedOn != 0:
		return aggregates.Refuse("R27", "agency_ended", "the subcontract of agency %s ended on %s", s.agency, st.endedOn)
	case st.signed == nil:
		return aggregates.Refuse("R27", "agency_not_under_subcontract", "agency %s is not under subcontract on %s", s.agency, day)
	case st.suspended != 0:
		return aggregates.Refuse("R27", "agency_suspended", "agency %s is suspended since %s", s.agency, st.suspended).
			WithHint("reinstate-agency lifts the suspension; until then another agency can enroll")
	}
	return nil
}

// HasLocation reports whether the agency serves clients at a location on a day.
func (s *State) HasLocation(location string, day events.Date) bool {
	opened, _ := s.location(location, day)
	return opened != nil
}

// location returns the opening of a location that is in force on a day, or the
// last day of one that was closed before it.
func (s *State) location(location string, day events.Date) (opened *aggregates.Fact, closedOn events.Date) {
	for _, f := range s.history.ByDate(typeClosed) {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.LocationOpened:
			if e.Location == location {
				opened = f
			}
		case *events.LocationClosed:
			if e.Location == location && f.On < day {
				opened, closedOn = nil, f.On
			}
		}
	}
	return opened, closedOn
}
