package policy

import "caseledger/events"

// RetentionYears is how long records are kept after the final financial report
// of the award that paid for them (R32; 2 CFR 200.334).
const RetentionYears = 3

// A FinalReport is the final financial report of an award.
type FinalReport struct {
	Submitted events.Date
	Through   events.Date // last day that it covers
}

// RetentionEnds returns the first day on which what was last served on a day need
// not be kept any more: three years after the first final report that covers the
// day. It is false while no report does.
func RetentionEnds(reports []FinalReport, lastServed events.Date) (events.Date, bool) {
	var submitted events.Date
	for _, r := range reports {
		if r.Through >= lastServed && (submitted == 0 || r.Submitted < submitted) {
			submitted = r.Submitted
		}
	}
	if submitted == 0 {
		return 0, false
	}
	return submitted.AddMonths(12 * RetentionYears), true
}
