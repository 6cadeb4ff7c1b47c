package pipeline

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// A Matter is a kind of date to watch.
type Matter string

// The matters.
const (
	PresenceEnds   Matter = "continued_presence_ends" // the day through which it was granted (R05, R07)
	StatusEnds     Matter = "t_status_ends"           // without an application for permanent residence (R07)
	ResidencyOpens Matter = "lpr_application_opens"   // three years of T status (R07)
	Turning18      Matter = "turns_18"                // without an eligibility letter (R10)
)

// Matters lists them.
func Matters() []Matter { return []Matter{PresenceEnds, StatusEnds, ResidencyOpens, Turning18} }

// A Warning is one date to watch of one person.
type Warning struct {
	Matter Matter      `json:"matter"`
	Client string      `json:"client"`
	Agency string      `json:"agency,omitzero"`
	Day    events.Date `json:"day"`           // the day, or the first on which it can come
	To     events.Date `json:"to,omitzero"`   // the last on which it can; birth dates are sealed
	Note   string      `json:"note,omitzero"` // what is on record that bears on it
	Record uint64      `json:"record,omitzero"`
}

// A WatchFilter selects what to watch.
type WatchFilter struct {
	Query
	Within int    // days ahead; the day itself counts
	Matter Matter // one matter; empty for all
}

// Watch returns the dates that come within some days after a day, the next one
// first. Birth dates are sealed, so turning 18 is watched from the age in years on
// record: a range of up to a year, on the list from its first day until the letter or
// the recorded turning 18. Cost: about a microsecond for each person.
func Watch(s *projections.Snapshot, q WatchFilter) ([]Warning, error) {
	found := []Warning{}
	last := q.On + events.Date(q.Within)
	err := eachFile(s, q.On, func(f *file) error {
		agency := f.agencyOn(q.On)
		if q.Agency != "" && agency != q.Agency {
			return nil
		}
		for _, w := range f.warnings(q.On) {
			if (q.Matter == "" || w.Matter == q.Matter) && w.Day <= last && (w.Day >= q.On || w.Matter == Turning18) {
				w.Client, w.Agency = f.id, agency
				found = append(found, w)
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(cmp.Or(a.To, a.Day), cmp.Or(b.To, b.Day)), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Client, b.Client))
	})
	return found, err
}

// warnings returns the dates to watch of one person, also those that are past.
func (f *file) warnings(on events.Date) (list []Warning) {
	status := f.letter.last(approved)
	if status != nil {
		opens, ends := status.status()
		filed := f.letter.first(residence)
		if filed == nil {
			list = append(list,
				Warning{Matter: ResidencyOpens, Day: opens, To: ends, Record: status.sequence},
				Warning{Matter: StatusEnds, Day: ends, Note: "no application for permanent residence on record", Record: status.sequence})
		}
		if ends < on {
			status = nil
		}
	}
	if p := f.held(); p != nil && p.day != 0 && status == nil {
		list = append(list, Warning{Matter: PresenceEnds, Day: p.day, Note: f.restsOnPresence(), Record: p.sequence})
	}
	if w, is := f.turning18(on); is {
		list = append(list, w)
	}
	return list
}

// held returns the continued presence granted last, nil when it was ended since.
func (f *file) held() (held *fact) {
	for i := range f.letter.facts {
		switch x := &f.letter.facts[i]; x.step {
		case presence:
			held = x
		case presenceEnded:
			held = nil
		}
	}
	return held
}

// restsOnPresence says that a certification may end with continued presence (R07).
func (f *file) restsOnPresence() string {
	if l := f.letter.letter(); l != nil && l.text == "continued_presence" && f.letter.first(certificationEnded) == nil {
		return "the certification rests on it"
	}
	return ""
}

// turning18 returns the range of days in which a minor without a letter turns 18, by
// every age on record. Who left, or is recorded as turned 18, needs no watch.
func (f *file) turning18(on events.Date) (Warning, bool) {
	c := &f.enrolled
	if c.derivative || f.letter.letter() != nil || !f.isChild(on) || !f.awaits(on) {
		return Warning{}, false
	}
	for _, l := range c.letters {
		if letterKinds[l.kind] == events.Eligibility && l.letter <= on {
			return Warning{}, false
		}
	}
	w := Warning{Matter: Turning18, To: events.MaxDate}
	if c.minor && c.years > 0 && len(c.spells) > 0 {
		w.Day, w.To = policy.BirthdayRange(c.spells[0].first, c.years, 18)
	}
	if d := f.letter.first(discovered); d != nil && d.set > 0 {
		first, last := policy.BirthdayRange(d.on, int(d.set), 18)
		w.Day, w.To, w.Record = max(w.Day, first), min(w.To, last), d.sequence
	}
	if w.Day == 0 {
		return Warning{}, false // no age is on record
	}
	if asked := f.letter.childRequest(); asked != nil {
		w.Note, w.Record = "requested on "+asked.on.String(), asked.sequence
	} else {
		w.Note = "no letter was requested"
	}
	if w.To < on {
		w.Note += "; is 18 by now, and that is not recorded"
	}
	return w, true
}

// awaits reports whether a letter is still to be hoped for: the person is enrolled,
// or asked for one without a denial.
func (f *file) awaits(on events.Date) bool {
	if f.enrolled.spellOn(on) != nil {
		return f.enrolled.openOn(on)
	}
	return f.decision() == nil
}
