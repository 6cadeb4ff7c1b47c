package policy

import (
	"slices"

	"caseledger/events"
)

// Days returns the days from a line's start to its end that are paid to an
// agency in the line's period; 0 for any other line, and for one whose period no
// longer exists.
func (e *Entitlement) Days(agency string, l Line) int {
	c, p := e.find(l.LineKey)
	if p == nil || l.Kind != AdministrativeLine {
		return 0
	}
	days := 0
	for _, s := range e.pieces[p.from:p.to] {
		if s.agency == agency || c.Policy.TransferSplit == PeriodStartAgency {
			days += max(0, Span{max(s.From, l.Start), min(s.To, l.End)}.Days())
		}
	}
	return days
}

// Behind returns the positions of the records that a line rests on, in order:
// what opened and moved the client's enrollment and status by the line's last
// day, the adopted policy, and for a client expense its own record. The day after
// is looked at too, since what happens then ends the line.
func (e *Entitlement) Behind(l Line) []uint64 {
	c, p := e.find(l.LineKey)
	of := e.facts
	if c != nil {
		of = c.of
	}
	by := l.End + 1
	var positions []uint64
	if l.Kind == ClientLine {
		positions = appendCause(positions, e.facts.Causes, l.Expense)
	} else {
		positions = appendCourse(positions, e.facts, by)
	}
	positions = appendSources(positions, e.facts.Enrollments, by)
	positions = appendSources(positions, e.facts.Links, forever)
	if letter, ok := of.letter(); ok && letter.LetterDate <= by {
		positions = append(positions, letter.Sequence)
	}
	if p != nil && p.Extension {
		positions = appendSources(positions, e.facts.Requests, by)
		positions = appendSources(positions, e.facts.Decisions, by)
	}
	if c != nil && c.Policy.Sequence > 0 {
		positions = append(positions, c.Policy.Sequence)
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}

// appendCourse adds what moves a client between agencies and in and out of
// funding.
func appendCourse(to []uint64, f *Facts, by events.Date) []uint64 {
	to = appendSources(to, f.Transfers, by)
	to = appendSources(to, f.Closures, by)
	to = appendSources(to, f.Reopenings, by)
	to = appendSources(to, f.Endings, by)
	to = appendSources(to, f.Placements, by)
	return appendSources(to, f.Approvals, by)
}

func appendSources[F fact](to []uint64, facts []F, by events.Date) []uint64 {
	for _, f := range facts {
		if s := f.source(); s.OccurredOn <= by {
			to = append(to, s.Sequence)
		}
	}
	return to
}

func appendCause(to []uint64, causes []Cause, id string) []uint64 {
	for _, c := range causes {
		if c.ID == id {
			to = append(to, c.Sequence)
		}
	}
	return to
}

// PrincipalSince returns the positions of the facts of a principal, recorded after
// a position, that can have moved what a derivative's lines come to (R06).
func (e *Entitlement) PrincipalSince(position uint64) []uint64 {
	for i := range e.Clocks {
		if e.Clocks[i].of == e.facts {
			continue
		}
		var positions []uint64
		for _, c := range e.Clocks[i].of.Causes {
			if c.Sequence > position && c.Type != "expense.booked.v1" && c.Type != "expense.reversed.v1" {
				positions = append(positions, c.Sequence)
			}
		}
		return positions
	}
	return nil
}

// find returns the clock of a line's period or expense, and the period; nil for
// what the facts no longer know.
func (e *Entitlement) find(key LineKey) (*Clock, *Period) {
	if key.Kind == ClientLine {
		for _, x := range e.expenses {
			if x.ID == key.Expense && x.clock >= 0 {
				return &e.Clocks[x.clock], &e.Clocks[x.clock].Periods[x.period]
			}
		}
		return nil, nil
	}
	for i := range e.Clocks {
		c := &e.Clocks[i]
		if c.Start != key.Clock || c.pre != (key.Rate == PreCertified) {
			continue
		}
		for j := range c.Periods {
			if c.Periods[j].Number == key.Period {
				return c, &c.Periods[j]
			}
		}
	}
	return nil, nil
}
