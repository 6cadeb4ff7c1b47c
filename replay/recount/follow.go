package recount

import (
	"slices"

	"caseledger/events"
)

// A follower holds the principal's clocks for a derivative whose setting is
// follows_principal: the same periods and end, with the derivative's own payable
// days and expenses (R06).
type follower struct {
	days   []day // the principal's
	at     int
	clocks []*clock
	same   map[*period]*period // from the principal's period to the derivative's
}

// follow copies the principal's clocks. A principal without an enrollment has
// none, and then nothing is paid for the derivative.
func follow(principal *walker, link string) *follower {
	f := &follower{same: map[*period]*period{}}
	if principal == nil {
		return f
	}
	f.days = principal.days
	copies := map[*clock]*clock{}
	for _, theirs := range principal.clocks {
		ours := theirs.clone()
		ours.carryFrom = copies[theirs.carryFrom]
		ours.records = append(slices.Clone(theirs.records), link)
		copies[theirs] = ours
		for i, p := range ours.periods {
			p.stays, p.approved = nil, false
			p.records = slices.Clone(p.records)
			f.same[theirs.periods[i]] = p
		}
		f.clocks = append(f.clocks, ours)
	}
	return f
}

// periodOn is the principal's period of day d; days come in order.
func (f *follower) periodOn(d events.Date) *period {
	for f.at < len(f.days) && f.days[f.at].through < d {
		f.at++
	}
	if f.at == len(f.days) || f.days[f.at].on > d {
		return nil
	}
	return f.same[f.days[f.at].period]
}

// end is the last day on which the principal's clocks change anything.
func (f *follower) end() events.Date {
	if f == nil || len(f.days) == 0 {
		return 0
	}
	return f.days[len(f.days)-1].on
}
