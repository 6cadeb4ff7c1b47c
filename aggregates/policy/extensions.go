package policy

import (
	"slices"

	"caseledger/events"
)

// An extension is a request and the decision to grant it, as far as they are
// known; one that was denied is none (R22).
type extension struct {
	asked   events.Date // 0: nobody is known to have asked, or it was denied
	granted events.Date // 0: not decided
}

// extensions returns the client's extensions. One request makes one extension,
// and so does a decision to grant what nobody is known to have asked for.
func (f *Facts) extensions() []extension {
	if len(f.Requests)+len(f.Decisions) == 0 {
		return nil
	}
	list := make([]extension, len(f.Requests))
	for i, r := range f.Requests {
		list[i].asked = r.OccurredOn
	}
	for _, d := range f.Decisions {
		i := slices.IndexFunc(f.Requests, func(s Source) bool { return s.ID == d.Request })
		switch {
		case i < 0 && d.Granted:
			list = append(list, extension{granted: d.OccurredOn})
		case i < 0:
		case !d.Granted:
			list[i].asked = 0
		case list[i].granted == 0:
			list[i].granted = d.OccurredOn
		}
	}
	return list
}

// day returns the day from which x counts under a policy, if it does so from
// since on: that of the decision or, where nothing needs one
// (month_to_month_approval none), that of the request when it comes before.
func (x extension) day(p *Policy, since events.Date) (events.Date, bool) {
	day := events.Date(forever)
	if x.granted != 0 && x.granted >= since {
		day = x.granted
	}
	if p.MonthToMonthApproval == None && x.asked != 0 && x.asked >= since {
		day = min(day, x.asked)
	}
	return day, day < forever
}

// lengthening divides extensions into the days of those that lengthen a clock,
// in order, and the rest. An extension lengthens the clock that runs or ended
// last: a clock has those that count from since, the day on which it opened,
// until the next one opens; the first clock also those from before it.
func lengthening(list []extension, p *Policy, since, until events.Date) (days []events.Date, rest []extension) {
	for _, x := range list {
		if day, counts := x.day(p, since); counts && day < until {
			days = append(days, day)
		} else {
			rest = append(rest, x)
		}
	}
	slices.Sort(days)
	return days, rest
}
