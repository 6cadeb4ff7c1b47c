package casework

import (
	"slices"

	"caseledger/events"
)

// Language returns the client's language of choice, as corrected; empty when it is
// not on record.
func (c *Case) Language() string { return c.language }

// ServedSince returns the first day of the stretch of enrolled days that a day lies
// in, and false when the client is not enrolled on it (R23).
func (c *Case) ServedSince(day events.Date) (events.Date, bool) {
	for _, s := range c.spells {
		if s.From <= day && day <= s.To {
			return s.From, true
		}
	}
	return 0, false
}

// until returns the part of a list that is effective by a day.
func until[T interface{ at() events.Date }](list []T, day events.Date) []T {
	for i := len(list); i > 0; i-- {
		if list[i-1].at() <= day {
			return list[:i]
		}
	}
	return nil
}

// Plan returns the service plan in force on a day, false when none was agreed.
func (c *Case) Plan(day events.Date) (Plan, bool) {
	plans := until(c.plans, day)
	if len(plans) == 0 {
		return Plan{}, false
	}
	return plans[len(plans)-1], true
}

// Contacts returns the contacts by a day, the failed ones too. They must not be
// changed.
func (c *Case) Contacts(day events.Date) []Contact { return until(c.contacts, day) }

// LastContact returns the last contact with the client by a day, false when there
// was none: failed ones and those for the client do not count.
func (c *Case) LastContact(day events.Date) (Contact, bool) {
	for _, x := range slices.Backward(until(c.contacts, day)) {
		if x.With() {
			return x, true
		}
	}
	return Contact{}, false
}

// Told returns when the client was told last, by a day, about a topic:
// criminal_justice, immigration, confidentiality, rights or benefits.
func (c *Case) Told(topic string, day events.Date) (Told, bool) {
	for _, x := range slices.Backward(until(c.told, day)) {
		if x.Topic == topic {
			return x, true
		}
	}
	return Told{}, false
}

// Topics returns the last time that the client was told, by a day, for each topic,
// in order of day.
func (c *Case) Topics(day events.Date) (last []Told) {
	for _, x := range until(c.told, day) {
		last = slices.DeleteFunc(last, func(t Told) bool { return t.Topic == x.Topic })
		last = append(last, x)
	}
	return last
}

// Documents returns what lies in the client's file on a day.
func (c *Case) Documents(day events.Date) []Document { return until(c.documents, day) }

// Filed returns when a document of a kind was filed last by a day.
func (c *Case) Filed(document string, day events.Date) (Document, bool) {
	for _, x := range slices.Backward(until(c.documents, day)) {
		if x.Document == document {
			return x, true
		}
	}
	return Document{}, false
}

// EmergencyContact returns when the client named somebody to call, last by a day.
func (c *Case) EmergencyContact(day events.Date) (Fact, bool) {
	named := until(c.trusted, day)
	if len(named) == 0 {
		return Fact{}, false
	}
	return named[len(named)-1], true
}

// Needs returns how each need was assessed last by a day, in order of day.
func (c *Case) Needs(day events.Date) (last []Need) {
	for _, x := range until(c.needs, day) {
		last = slices.DeleteFunc(last, func(n Need) bool { return n.Need == x.Need })
		last = append(last, x)
	}
	return last
}

// Goals returns the goals set by a day, in order of day, and where they stand on it.
func (c *Case) Goals(day events.Date) []Goal {
	goals := slices.Clone(until(c.goals, day))
	plan, _ := c.Plan(day)
	for i := range goals {
		g := &goals[i]
		g.Progress, g.InPlan = "none", slices.Contains(plan.Goals, g.Goal)
		for _, p := range until(c.progress, day) {
			if p.goal == g.Goal {
				g.Progress, g.Since = p.progress, p.On
			}
		}
	}
	return goals
}

// Interpreted returns the interpreters and translations by a day.
func (c *Case) Interpreted(day events.Date) []Interpreted { return until(c.interpreted, day) }

// Emergencies returns the calls for help by a day.
func (c *Case) Emergencies(day events.Date) []Emergency { return until(c.emergencies, day) }

// Outcomes returns what the client reached by a day.
func (c *Case) Outcomes(day events.Date) []Outcome { return until(c.outcomes, day) }

// Milestones returns the steps of the legal components by a day.
func (c *Case) Milestones(day events.Date) []Milestone { return until(c.milestones, day) }

// CourtDates returns the appointments that are known on a day, in order of their own
// days, with what had become of them by then.
func (c *Case) CourtDates(day events.Date) []CourtDate {
	dates := slices.Clone(until(c.appointed, day))
	for i := range dates {
		if d := &dates[i]; d.EndedOn > day {
			d.Result, d.EndedOn, d.Accompanied = "", 0, false
		}
	}
	slices.SortStableFunc(dates, func(a, b CourtDate) int { return int(a.Day - b.Day) })
	return dates
}

// Closed returns the day on which a component was closed, false while it is open on
// a day; the day itself is still open. A legal component is open from enrollment on;
// the service component has closed with the last enrolled day.
func (c *Case) Closed(component events.Component, day events.Date) (on events.Date, closed bool) {
	if component == events.ServiceComponent {
		return c.served(day)
	}
	for _, x := range c.closures {
		if x.component != component {
			continue
		}
		if x.open && x.On <= day {
			closed = false
		} else if !x.open && x.On < day {
			on, closed = x.On, true
		}
	}
	return on, closed
}

func (c *Case) served(day events.Date) (last events.Date, closed bool) {
	for _, s := range c.spells {
		if s.From <= day {
			last, closed = s.To, s.To < day
		}
	}
	return last, closed
}

// Holds reports whether a release holds on a day, as it is known now.
func (r Release) Holds(day events.Date) bool {
	return r.On <= day && day <= r.Through && (r.Withdrawn == 0 || day < r.Withdrawn)
}

// Releases returns the releases that hold on a day, as given: a withdrawal that comes
// later does not show.
func (c *Case) Releases(day events.Date) (held []Release) {
	for _, r := range until(c.releases, day) {
		if r.Holds(day) {
			r.Withdrawn = 0
			held = append(held, r)
		}
	}
	return held
}

// Requested returns when an extension was asked for last by a day (R22).
func (c *Case) Requested(day events.Date) (Fact, bool) {
	asked := until(c.requests, day)
	if len(asked) == 0 {
		return Fact{}, false
	}
	return asked[len(asked)-1], true
}
