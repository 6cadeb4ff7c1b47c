package network

import (
	"caseledger/events"
)

// A workerRow is what the view keeps of a worker.
type workerRow struct {
	leaves   []leave
	supports []Support
}

// A leave is a worker's absence, both days included.
type leave struct{ from, to events.Date }

// Support is what was offered to a worker against burn-out (S4).
type Support struct {
	On       events.Date `json:"on"`
	Support  string      `json:"support"`
	Accepted bool        `json:"accepted"`
}

func (w *workerRow) empty() bool { return len(w.leaves)+len(w.supports) == 0 }

func (w *workerRow) apply(r *events.Record, e events.Event) {
	on := r.OccurredOn
	switch e := e.(type) {
	case *events.LeaveStarted:
		w.leaves = insert(w.leaves, leave{on, e.ThroughDate}, func(l *leave) events.Date { return l.from })
	case *events.LeaveEnded: // its date is the first day back
		for i := range w.leaves {
			if l := &w.leaves[i]; l.from <= on && on <= l.to {
				l.to = on - 1
			}
		}
	case *events.SupportOffered:
		w.supports = insert(w.supports, Support{on, e.Support, e.Accepted}, func(s *Support) events.Date { return s.On })
	}
}

func (w *workerRow) code(c *codec) {
	codeList(c, &w.leaves, func(l *leave) { c.fields(&l.from, &l.to) })
	codeList(c, &w.supports, func(s *Support) { c.fields(&s.On, &s.Support, &s.Accepted) })
}

// leaveOn returns the leave of a day, the zero leave when there is none.
func (w *workerRow) leaveOn(day events.Date) leave {
	for _, l := range w.leaves {
		if l.from <= day && day <= l.to {
			return l
		}
	}
	return leave{}
}

// A partnerRow is what the view keeps of a provider.
type partnerRow struct {
	entries  []entry
	vettings []vetting
	rooms    []room
}

// An entry is what the directory says of a provider from a day on; nothing after its
// last day there.
type entry struct {
	on       events.Date
	delisted bool // the day is the first one out of the directory
	events.PartnerListed
}

type vetting struct {
	on       events.Date
	cultures []string
	suitable bool
	through  events.Date
}

type room struct {
	on                events.Date
	openings, waiting int
}

func (p *partnerRow) empty() bool { return len(p.entries) == 0 }

func (p *partnerRow) apply(r *events.Record, e events.Event) {
	on := r.OccurredOn
	switch e := e.(type) {
	case *events.PartnerListed:
		p.entries = insert(p.entries, entry{on, false, *e}, entryDay)
	case *events.PartnerDelisted:
		p.entries = insert(p.entries, entry{on: on + 1, delisted: true}, entryDay)
	case *events.PartnerVetted:
		p.vettings = insert(p.vettings, vetting{on, e.Cultures, e.Suitable, e.ThroughDate}, func(v *vetting) events.Date { return v.on })
	case *events.PartnerAvailabilityChanged:
		p.rooms = insert(p.rooms, room{on, e.Openings, e.WaitingDays}, func(x *room) events.Date { return x.on })
	}
}

func entryDay(e *entry) events.Date { return e.on }

func (p *partnerRow) code(c *codec) {
	codeList(c, &p.entries, func(e *entry) {
		c.fields(&e.on, &e.delisted, &e.Name, &e.State, &e.City, &e.Cost, &e.Services, &e.Languages, &e.Takes)
	})
	codeList(c, &p.vettings, func(v *vetting) { c.fields(&v.on, &v.cultures, &v.suitable, &v.through) })
	codeList(c, &p.rooms, func(x *room) { c.fields(&x.on, &x.openings, &x.waiting) })
}

// A trainingRow is what the view keeps of a training.
type trainingRow struct {
	on            events.Date
	course, topic string
	minutes       int
	workers       []string
	agencies      []string // of the workers, one by one
	record        uint64
}

func (t *trainingRow) empty() bool { return t.on == 0 }

func (t *trainingRow) apply(r *events.Record, e events.Event) {
	switch e := e.(type) {
	case *events.TrainingHeld:
		t.on, t.course, t.topic, t.minutes, t.record = r.OccurredOn, e.Course, e.Topic, e.Minutes, r.Sequence
		t.workers, t.agencies = append(t.workers, e.Workers...), append(t.agencies, e.Agencies...)
	case *events.TrainingAttended:
		t.workers, t.agencies = append(t.workers, e.Workers...), append(t.agencies, e.Agencies...)
	}
}

func (t *trainingRow) code(c *codec) {
	c.fields(&t.on, &t.course, &t.topic, &t.minutes, &t.workers, &t.agencies, &t.record)
}

// An awardRow is what the view keeps of a grant or contract.
type awardRow struct {
	terms    []terms
	outreach []outreach
}

type terms struct {
	on events.Date
	events.AwardRecorded
}

type outreach struct {
	on                  events.Date
	manner              string
	reached, identified int
}

func (a *awardRow) empty() bool { return len(a.terms) == 0 }

func (a *awardRow) apply(r *events.Record, e events.Event) {
	switch e := e.(type) {
	case *events.AwardRecorded:
		a.terms = insert(a.terms, terms{r.OccurredOn, *e}, func(t *terms) events.Date { return t.on })
	case *events.OutreachLogged:
		a.outreach = insert(a.outreach, outreach{r.OccurredOn, e.Manner, e.Reached, e.Identified}, func(o *outreach) events.Date { return o.on })
	}
}

func (a *awardRow) code(c *codec) {
	codeList(c, &a.terms, func(t *terms) {
		c.fields(&t.on, &t.Purpose, &t.Grantee, &t.Funder, &t.State, &t.AmountCents, &t.ThroughDate)
	})
	codeList(c, &a.outreach, func(o *outreach) { c.fields(&o.on, &o.manner, &o.reached, &o.identified) })
}

// A leadRow is what the view keeps of a referral that an award led to.
type leadRow struct {
	award    string
	on       events.Date
	enrolled events.Date // zero: not enrolled
}

func (l *leadRow) empty() bool { return l.award == "" }

func (l *leadRow) apply(r *events.Record, e events.Event) {
	switch e := e.(type) {
	case *events.LeadReferred:
		l.award, l.on = e.Award, r.OccurredOn
	case *events.ReferralEnrolled:
		l.enrolled = r.OccurredOn
	}
}

func (l *leadRow) code(c *codec) { c.fields(&l.award, &l.on, &l.enrolled) }
