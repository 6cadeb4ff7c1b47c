package network

import (
	"fmt"

	"caseledger/events"
	"caseledger/projections"
)

// An Award is a grant or contract beside the per-capita one, with what came of it by
// a day: people reached, possible victims among them, leads that were referred, and
// those who were enrolled (S0, S1).
type Award struct {
	Award       string       `json:"award"`
	Purpose     string       `json:"purpose"`
	Grantee     string       `json:"grantee"`
	Funder      string       `json:"funder"`
	State       string       `json:"state,omitzero"`
	AmountCents events.Cents `json:"amount_cents"`
	From        events.Date  `json:"from"`
	Through     events.Date  `json:"through"`
	Outreach    int          `json:"outreach"` // times
	Reached     int          `json:"reached"`
	Identified  int          `json:"identified"`
	Leads       int          `json:"leads"`
	Enrolled    int          `json:"enrolled"`
}

// Awards returns the awards that began by a day, in order of id.
func Awards(s *projections.Snapshot, day events.Date) (all []Award, err error) {
	leads, enrolled := map[string]int{}, map[string]int{}
	err = s.Rows(viewName, events.KindReferral, func(id, b []byte) error {
		var l leadRow
		if err := read(b, &l); err != nil {
			return fmt.Errorf("read referral %s: %w", id, err)
		}
		if l.on <= day {
			leads[l.award]++
		}
		if l.enrolled != 0 && l.enrolled <= day {
			enrolled[l.award]++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.Rows(viewName, events.KindAward, func(id, b []byte) error {
		var r awardRow
		if err := read(b, &r); err != nil {
			return fmt.Errorf("read award %s: %w", id, err)
		}
		known := until(r.terms, day, func(t *terms) events.Date { return t.on })
		if len(known) == 0 {
			return nil
		}
		t := known[len(known)-1]
		a := Award{
			Award: string(id), Purpose: t.Purpose, Grantee: t.Grantee, Funder: t.Funder, State: t.State, AmountCents: t.AmountCents,
			From: known[0].on, Through: t.ThroughDate, Leads: leads[string(id)], Enrolled: enrolled[string(id)],
		}
		for _, o := range until(r.outreach, day, func(o *outreach) events.Date { return o.on }) {
			a.Outreach++
			a.Reached += o.reached
			a.Identified += o.identified
		}
		all = append(all, a)
		return nil
	})
	return all, err
}
