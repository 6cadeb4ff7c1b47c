package agency

import "caseledger/events"

// Contract returns the contract year that a day is charged to and the ceiling of
// the subcontract then, 0 for none; false for an agency that was never under
// subcontract by that day. Contract years are counted from the day of the last
// signing (ours); what comes after the end of a subcontract is charged to its
// last year.
func (s *State) Contract(day events.Date) (year events.Date, ceiling events.Cents, signed bool) {
	var contract *events.SubcontractSigned
	var from, end events.Date
	for _, f := range s.history.ByDate(typeEnded) {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.SubcontractSigned:
			contract, from, end = e, f.On, e.ThroughDate
		case *events.SubcontractEnded:
			end = f.On
		}
	}
	if contract == nil {
		return 0, 0, false
	}
	if end != 0 {
		day = max(from, min(day, end))
	}
	return events.YearOf(from, day), contract.CeilingCents, true
}
