// Package decisions answers one question: what waits for the programme's decision on
// a day, extensions that were asked for and service periods that need an approval
// (R22)?
package decisions

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/clocks"
	"caseledger/projections/row"
)

const viewName = "decisions"

// View is the view behind [On]. A row stands for each case that ever waited for a
// decision: requests for extensions (number, and of each the day, the day of the
// decision or 0 and the position), and whether a service period needs an approval,
// or has one.
type View struct{ projections.OfCases }

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	f, err := s.Facts()
	if err != nil {
		return b, err
	}
	periods, err := needsApproval(s, f)
	if err != nil || len(f.Requests) == 0 && !periods {
		return b, err
	}
	b = row.Len(b, len(f.Requests))
	for _, r := range f.Requests {
		decided := events.Date(0)
		for _, d := range f.Decisions {
			if d.Request == r.ID {
				decided = d.OccurredOn
			}
		}
		b = row.Uint(row.Date(row.Date(b, r.OccurredOn), decided), r.Sequence)
	}
	return row.Bool(b, periods), nil
}

func needsApproval(s *projections.Subject, f *policy.Facts) (bool, error) {
	if len(f.Approvals) > 0 {
		return true, nil
	}
	if _, enrolled := f.Enrollment(); !enrolled {
		return false, nil
	}
	e, err := s.Entitlement()
	if err != nil {
		return false, err
	}
	for i := range e.Clocks {
		if slices.ContainsFunc(e.Clocks[i].Periods, func(p policy.Period) bool { return p.Unapproved }) {
			return true, nil
		}
	}
	return false, nil
}

// A Matter is what is to be decided.
type Matter string

// The matters.
const (
	Extension Matter = "extension" // asked for, and neither granted nor denied
	Period    Matter = "period"    // has begun, and is not payable until it is approved
)

// A Decision is one that waits.
type Decision struct {
	Matter   Matter      `json:"matter"`
	Client   string      `json:"client"`
	Agency   string      `json:"agency"`
	Since    events.Date `json:"since"`               // day of the request, or first day of the period
	Days     int         `json:"days"`                // waited, up to the day
	ClockEnd events.Date `json:"clock_end,omitzero"`  // last day of the clock that runs or ran last
	DaysLeft int         `json:"days_left"`           // to that day; below zero when it is over
	Number   int         `json:"period,omitzero"`     // of the clock
	Record   uint64      `json:"record,omitzero"`     // of the request
	Policy   string      `json:"adoption,omitzero"`   // record that asks for the approval
	Through  events.Date `json:"period_end,omitzero"` // last day of the period
}

// On returns what waits on a day, what the clock leaves least time for on top. An
// empty agency means all. Cost: an evaluation, some ten microseconds, for each case
// that has something to decide.
func On(s *projections.Snapshot, on events.Date, agency string) ([]Decision, error) {
	found := []Decision{}
	err := s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		list, err := waiting(s, string(id), b, on)
		for _, d := range list {
			if agency == "" || d.Agency == agency {
				found = append(found, d)
			}
		}
		return err
	})
	slices.SortStableFunc(found, func(a, b Decision) int {
		return cmp.Or(cmp.Compare(a.ClockEnd, b.ClockEnd), cmp.Compare(a.Since, b.Since))
	})
	return found, err
}

func waiting(s *projections.Snapshot, id string, b []byte, on events.Date) (list []Decision, err error) {
	r := row.Read(b)
	for range r.Len() {
		d := Decision{Matter: Extension, Client: id, Since: r.Date()}
		decided := r.Date()
		d.Record = r.Uint()
		if d.Since <= on && (decided == 0 || decided > on) {
			list = append(list, d)
		}
	}
	periods := r.Bool()
	if r.Err() != nil {
		return nil, fmt.Errorf("read decisions of %s: %w", id, r.Err())
	}
	if len(list) == 0 && !periods {
		return nil, nil
	}
	return complete(s, id, list, periods, on)
}

// complete adds the periods that need an approval, and to everything the clock and
// the agency as they stand on the day.
func complete(s *projections.Snapshot, id string, list []Decision, periods bool, on events.Date) ([]Decision, error) {
	report, err := clocks.Of(s, id, on)
	if err != nil {
		return nil, err
	}
	client, err := s.Client(id)
	if err != nil {
		return nil, err
	}
	f, err := client.Facts()
	if err != nil {
		return nil, err
	}
	end := events.Date(0)
	for _, c := range report.Clocks {
		if c.Start <= on {
			end = c.End
		}
		for _, p := range c.Periods {
			if periods && p.Unapproved && p.Start <= on {
				list = append(list, Decision{Matter: Period, Client: id, Since: p.Start, Number: p.Number, Through: p.End, Policy: c.Policy})
			}
		}
	}
	for i := range list {
		d := &list[i]
		d.Agency, d.Days, d.ClockEnd = f.AgencyOn(on), int(on-d.Since), end
		if end != 0 {
			d.DaysLeft = int(end - on)
		}
	}
	return list, nil
}
