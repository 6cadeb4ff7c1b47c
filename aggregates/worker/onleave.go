package worker

import "caseledger/events"

// A leave is a worker's absence, both days included; one that was called off has
// no day.
type leave struct {
	from, to events.Date
	record   string
}

// leaves returns the worker's leaves in order of their first days.
func (s *State) leaves() (all []leave) {
	for _, f := range s.history.ByDate() {
		switch e := f.Event.(type) {
		case *events.LeaveStarted:
			all = append(all, leave{f.On, e.ThroughDate, f.ID})
		case *events.LeaveEnded: // its date is the first day back
			for i := range all {
				if all[i].from <= f.On && f.On <= all[i].to {
					all[i].to = f.On - 1
				}
			}
		}
	}
	return all
}

// OnLeave reports whether the worker is on leave on a day.
func (s *State) OnLeave(day events.Date) bool {
	for _, l := range s.leaves() {
		if l.from <= day && day <= l.to {
			return true
		}
	}
	return false
}
