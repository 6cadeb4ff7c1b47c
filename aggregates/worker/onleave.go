package worker

import "caseledger/events"

// OnLeave reports whether the worker is on leave on a day (R28). A leave ends with
// its last day, or the day before the first day back.
func (s *State) OnLeave(day events.Date) bool {
	var last events.Date
	for _, f := range s.history.ByDate() {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.LeaveStarted:
			last = e.ThroughDate
		case *events.LeaveEnded:
			last = f.On - 1
		}
	}
	return day <= last
}
