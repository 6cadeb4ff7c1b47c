package policy

import "caseledger/events"

// A Span is a run of days, both ends included.
type Span struct {
	From events.Date `json:"from"`
	To   events.Date `json:"to"` // [events.MaxDate] or later: no end is known
}

// forever is later than every date; one day more still fits.
const forever events.Date = 1 << 30

// Days returns the number of days of s.
func (s Span) Days() int { return int(s.To-s.From) + 1 }

func (s Span) has(day events.Date) bool { return s.From <= day && day <= s.To }

// runs joins openings to closings, both in order: each opening to the first
// closing on or after it. An opening inside an open run, and a closing outside
// one, say nothing new and are passed over.
func runs(spans []Span, opens, closes []events.Date) []Span {
	for _, from := range opens {
		if n := len(spans); n > 0 && from <= spans[n-1].To {
			continue
		}
		s := Span{from, forever}
		for _, to := range closes {
			if to >= from {
				s.To = to
				break
			}
		}
		spans = append(spans, s)
	}
	return spans
}

// EnrolledSpans returns the enrolled days: from the enrollment or a reopening to
// the closure, whose day is the last enrolled one (R23). The last span has no
// end while service goes on. Money settings do not matter to it.
func (f *Facts) EnrolledSpans() []Span {
	e, ok := f.Enrollment()
	if !ok {
		return nil
	}
	var opens, closes [8]events.Date
	o := append(opens[:0], e.OccurredOn)
	for _, r := range f.Reopenings {
		if r.OccurredOn > e.OccurredOn {
			o = append(o, r.OccurredOn)
		}
	}
	c := closes[:0]
	for _, s := range f.Closures {
		c = append(c, s.OccurredOn)
	}
	return runs(make([]Span, 0, len(o)), o, c)
}

// EnrolledOn reports whether day is an enrolled day, funded or not.
func (f *Facts) EnrolledOn(day events.Date) bool {
	for _, s := range f.EnrolledSpans() {
		if s.has(day) {
			return true
		}
	}
	return false
}

// departed is the one cause of an ending that a later reopening undoes: who is
// back is present again (ours; R01).
const departed = "departed"

// endedBy returns the ending that leaves day without funding, and whether there
// is one. opened is the first day of the enrolled span that day lies in, or that
// precedes it.
func (f *Facts) endedBy(day, opened events.Date, first bool) (Ending, bool) {
	for _, e := range f.Endings {
		if e.OccurredOn > day {
			break
		}
		if e.Cause == departed && !first && opened >= e.OccurredOn {
			continue
		}
		return e, true
	}
	return Ending{}, false
}

// fundable returns the enrolled days on which the client's status allows
// funding: without the days from an ending of eligibility on (R01, R07).
func (f *Facts) fundable(enrolled []Span) []Span {
	if len(f.Endings) == 0 {
		return enrolled
	}
	var kept []Span
	for i, s := range enrolled {
		for _, e := range f.Endings {
			lifted := e.Cause == departed && i > 0 && s.From >= e.OccurredOn
			if !lifted && e.OccurredOn <= s.To {
				s.To = e.OccurredOn - 1
			}
		}
		if s.From <= s.To {
			kept = append(kept, s)
		}
	}
	return kept
}

// placed returns the days in a URM placement; the day of its end is the first
// one outside (R11).
func (f *Facts) placed() []Span {
	if len(f.Placements) == 0 {
		return nil
	}
	var opens, closes []events.Date
	for _, p := range f.Placements {
		if p.Started {
			opens = append(opens, p.OccurredOn)
		} else {
			closes = append(closes, p.OccurredOn-1)
		}
	}
	return runs(nil, opens, closes)
}

// stays returns who had the client from which day on, in order: the agency of
// enrollment, of transfers and of reopenings. On one day the last recorded holds.
func (f *Facts) stays(buffer []Stay) []Stay {
	e, ok := f.Enrollment()
	if !ok {
		return nil
	}
	stays := append(buffer, Stay{e.Source, e.Agency})
	for _, t := range f.Transfers {
		insert(&stays, t)
	}
	for _, r := range f.Reopenings {
		insert(&stays, r)
	}
	return stays
}

// Agencies returns the stays at whose first day another agency takes the client, in
// order (R21).
func (f *Facts) Agencies() []Stay {
	stays := f.stays(nil)
	var changes []Stay
	for i, s := range stays {
		if i+1 < len(stays) && stays[i+1].OccurredOn == s.OccurredOn {
			continue // of one day the last recorded holds
		}
		if n := len(changes); n == 0 || changes[n-1].Agency != s.Agency {
			changes = append(changes, s)
		}
	}
	return changes
}

// AgencyOn returns the agency that has the client on a day: the one of the last
// enrollment, transfer or reopening by then, or "" before the first (R21).
func (f *Facts) AgencyOn(day events.Date) string {
	agency := ""
	for _, s := range f.stays(nil) {
		if s.OccurredOn > day {
			break
		}
		agency = s.Agency
	}
	return agency
}
