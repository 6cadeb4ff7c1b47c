package caseload

import (
	"caseledger/events"
	"caseledger/projections"
)

// Of returns one client's case on a day from its records, open or closed, also in a
// snapshot of the past; false for somebody who was not enrolled by then. The clock,
// and whether the lead has left, are not looked up.
func Of(s *projections.Subject, day events.Date) (Case, bool, error) {
	f, err := s.Facts()
	if err != nil {
		return Case{}, false, err
	}
	e, enrolled := f.Enrollment()
	if !enrolled || e.OccurredOn > day {
		return Case{}, false, nil
	}
	c := &file{enrolled: e.OccurredOn}
	if err := s.Standing(concernsWork, c.fold); err != nil {
		return Case{}, false, err
	}
	c.foldFacts(f)
	l := on(c.leads, day)
	return Case{
		Client: s.Name.ID(), Agency: on(c.agencies, day), Status: on(c.statuses, day), Lead: l.worker, Interim: l.interim,
		Intensity: max(1, on(c.intensities, day)), Open: c.open(day),
	}, true, nil
}
