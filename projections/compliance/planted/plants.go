package planted

import (
	"math/rand/v2"
	"slices"

	"caseledger/events"
)

// A Finding is what a monitor must find: a rule that is broken, and by whom.
type Finding struct {
	Rule  string
	About string // client, worker or agency; empty for the prime contractor
}

// A Plant puts one thing out of line.
type Plant struct {
	Rule string
	Name string
	put  func(s *scene) ([]Finding, bool)
}

// Plants lists all of them.
func Plants() []Plant {
	return slices.Concat(letterPlants(), moneyPlants(), agencyPlants(), leadPlants(), practicePlants())
}

// A Bed is a programme in which things are planted, as seen from a day. Two plants
// never touch the same client, worker or agency.
type Bed struct {
	*Programme
	Day   events.Date
	Dice  *rand.Rand
	taken map[string]bool
}

// NewBed returns a bed in a copy of a programme.
func NewBed(clean *Programme, day events.Date, seed uint64) *Bed {
	return &Bed{clean.Clone(), day, rand.New(rand.NewPCG(seed, 28)), map[string]bool{}}
}

// Put plants one thing. It returns what is to be found, and false when nobody fits.
func (b *Bed) Put(p Plant) ([]Finding, bool) {
	s := look(b.Programme, b.Day, b.Dice)
	for id := range b.taken { // out of sight
		delete(s.agencies, id)
		delete(s.workers, id)
		if c := s.clients[id]; c != nil {
			c.others = true
		}
	}
	if b.taken[coreTraining] {
		s.trainings = nil
	}
	found, ok := p.put(s)
	for _, f := range found {
		b.taken[f.About] = true
	}
	for _, id := range s.touched {
		b.taken[id] = true
	}
	return found, ok
}

func one(rule, about string) ([]Finding, bool) { return []Finding{{rule, about}}, true }

func none() ([]Finding, bool) { return nil, false }

// forClient makes a plant of what is done to one client who meets a condition.
func forClient(rule, name string, fit func(*scene, *client) bool, do func(*scene, *client)) Plant {
	return Plant{rule, name, func(s *scene) ([]Finding, bool) {
		c := s.pick(func(c *client) bool { return fit(s, c) })
		if c == nil {
			return none()
		}
		do(s, c)
		return one(rule, c.id)
	}}
}

// is reports whether a fact is one of a list.
func is(list ...*Fact) func(*Fact) bool {
	return func(f *Fact) bool { return slices.Contains(list, f) }
}

func letterPlants() []Plant {
	hhs := func(c *client) events.Subject { return events.SubjectOf(events.KindLetter, c.id) }
	held := func(s *scene, c *client) bool { return len(c.received) == 1 && len(c.issued) == 1 && !c.derivative }
	return []Plant{
		forClient("R05.missing", "the receipt was forgotten", func(s *scene, c *client) bool {
			return held(s, c) && s.forDays(33)(c) && c.issued[0].OccurredOn+33 < s.day && c.on+200 > s.day
		}, func(s *scene, c *client) { s.drop(is(c.received...)) }),
		forClient("R05.mismatch", "a day was misread", held, func(s *scene, c *client) {
			change(c.received[0], func(e *events.LetterReceived) { e.LetterDate-- })
		}),
		forClient("R05.unissued", "HHS never wrote it", held, func(s *scene, c *client) { s.drop(is(c.issued...)) }),
		forClient("R07.ended", "nobody told the agency", func(s *scene, c *client) bool {
			return held(s, c) && s.forDays(45)(c) && c.issued[0].OccurredOn+45 < s.day
		}, func(s *scene, c *client) {
			s.add(hhs(c), s.day-s.between(31, 40), &events.CertificationEnded{Reason: sealed})
		}),
		minor("R09.notice", "the office waited", 20, func(s *scene, id events.Subject, on events.Date) {
			s.add(id, on, &events.MinorDiscovered{By: "state", HoursToNotice: 25 + s.dice.IntN(100)})
			s.told(id, on)
		}),
		minor("R09.departments", "nobody told them", 20, func(s *scene, id events.Subject, on events.Date) {
			s.add(id, on, &events.MinorDiscovered{By: "local", HoursToNotice: 3})
		}),
		minor("R09.departments", "told too late", 20, func(s *scene, id events.Subject, on events.Date) {
			s.add(id, on, &events.MinorDiscovered{By: "local", HoursToNotice: 3})
			s.add(id, on+1, &events.DepartmentsNotified{Departments: []string{"justice", "homeland_security"}, HoursToNotice: 30})
		}),
		minor("R09.interim", "ninety days went by", 100, func(s *scene, id events.Subject, on events.Date) {
			s.add(id, on, &events.MinorDiscovered{By: "federal", HoursToNotice: 3})
			s.told(id, on)
			s.add(id, on+2, &events.InterimAssistanceIssued{Number: sealed})
		}),
		minor("R09.interim", "the extension too", 130, func(s *scene, id events.Subject, on events.Date) {
			s.add(id, on, &events.MinorDiscovered{By: "federal", HoursToNotice: 3})
			s.told(id, on)
			s.add(id, on+2, &events.InterimAssistanceIssued{Number: sealed})
			s.add(id, on+80, &events.InterimAssistanceExtended{Reason: sealed})
		}),
	}
}

// sealed stands for any identifying text.
var sealed = events.SealedSecret("s1.1.c2VhbGVk")

// minor makes a plant of a new request for a child, asked for some days ago.
func minor(rule, name string, ago events.Date, do func(s *scene, id events.Subject, on events.Date)) Plant {
	return Plant{rule, name, func(s *scene) ([]Finding, bool) {
		on := s.day - ago
		if on <= events.MustDate("2008-12-23") {
			return none()
		}
		id := events.SubjectOf(events.KindLetter, s.newID())
		s.add(id, on, &events.LetterRequested{Kind: events.Eligibility, DiscoveredOn: on})
		do(s, id, on)
		return one(rule, id.ID())
	}}
}

func (s *scene) told(id events.Subject, on events.Date) {
	s.add(id, on, &events.DepartmentsNotified{Departments: []string{"justice", "homeland_security"}, HoursToNotice: 5})
}

func moneyPlants() []Plant {
	return []Plant{
		{"R13.ending", "the clock was forgotten", func(s *scene) ([]Finding, bool) {
			id, ok := s.enroll(s.day - 269 + s.between(0, 10))
			return []Finding{{"R13.ending", id}}, ok
		}},
		{"R13.expired", "nobody closed the case", func(s *scene) ([]Finding, bool) {
			id, ok := s.enroll(s.day - 270 - s.between(0, 30))
			return []Finding{{"R13.expired", id}}, ok
		}},
		{"R18.late", "spent after the clock", func(s *scene) ([]Finding, bool) {
			on := s.day - 270 - s.between(5, 30)
			id, ok := s.enroll(on)
			if ok {
				s.spend(id, on+271, 50_00)
			}
			return []Finding{{"R18.late", id}, {"R13.expired", id}}, ok
		}},
		{"R16.budget", "month after month", func(s *scene) ([]Finding, bool) {
			on := s.day - 200
			id, ok := s.enroll(on)
			for i := range events.Date(6) {
				if ok {
					s.spend(id, on+30*i+s.between(2, 25), 1000_00)
				}
			}
			return []Finding{{"R16.budget", id}}, ok
		}},
		forClient("R16.month", "a large purchase", func(s *scene, c *client) bool {
			return !s.everCertified(c) && !c.derivative && s.forDays(10)(c)
		}, func(s *scene, c *client) { s.spend(c.id, s.day-s.between(0, 8), 1200_01) }),
		forClient("R18.refused", "before the enrollment", func(s *scene, c *client) bool { return c.on+300 > s.day },
			func(s *scene, c *client) { s.spend(c.id, c.on-s.between(1, 9), 40_00) }),
		{"R17.invoice", "the office did not bill", unbilled},
	}
}

// everCertified reports whether a letter is received, even after the day.
func (s *scene) everCertified(c *client) bool {
	return slices.ContainsFunc(s.facts, func(f *Fact) bool {
		_, ok := f.Event.(*events.LetterReceived)
		return ok && f.Subject == caseOf(c)
	})
}

func (s *scene) spend(id string, on events.Date, cents events.Cents) {
	agency := ""
	if c := s.clients[id]; c != nil {
		agency = c.agency
	}
	s.add(events.SubjectOf(events.KindCase, id), on, &events.ExpenseBooked{Agency: agency, Category: "housing", AmountCents: cents})
}

// unbilled drops the invoices of an agency from the last month on that should have
// been billed by the day, and in which somebody was served throughout.
func unbilled(s *scene) ([]Finding, bool) {
	due := (s.day - 31).FirstOfMonth() - 1
	served := func(a *agency) bool {
		for _, c := range s.clients {
			if c.agency == a.id && !c.closed && !c.others && !c.reopened && c.came <= due.FirstOfMonth() {
				return true
			}
		}
		return false
	}
	a := s.pickAgency(served)
	if a == nil {
		return none()
	}
	gone := false
	s.drop(func(f *Fact) bool {
		if f.Subject.Kind() != events.KindBilling || f.Subject.ID() != a.id {
			return false
		}
		if e, ok := f.Event.(*events.InvoiceGenerated); ok && e.Closing >= due {
			gone = true
		}
		return gone
	})
	return one("R17.invoice", a.id)
}

func leadPlants() []Plant {
	return []Plant{
		forClient("R28.lead", "nobody was named", func(s *scene, c *client) bool { return inService(c) && len(c.leads) == 1 },
			func(s *scene, c *client) { s.drop(is(c.leads...)) }),
		{"R28.lead", "the lead left, and nobody noticed", leadLeaves},
		forClient("R28.lead-legal", "nobody was named, the court goes on", func(s *scene, c *client) bool {
			return c.closed && len(c.leads) == 1 && s.legalOpen(c)
		}, func(s *scene, c *client) { s.drop(is(c.leads...)) }),
		forClient("R28.lead-agency", "handed to somebody elsewhere", func(s *scene, c *client) bool {
			return s.forDays(20)(c) && s.elsewhere(c) != nil
		}, func(s *scene, c *client) {
			s.add(caseOf(c), s.day-s.between(0, 10), &events.HandOffAccepted{From: c.lead, To: s.elsewhere(c).id})
		}),
		forClient("R28.gap", "the supervisor stands in", func(s *scene, c *client) bool {
			return s.forDays(20)(c) && quietLead(c, s.day-15) && s.supervisorOf(c) != nil
		}, func(s *scene, c *client) {
			s.add(caseOf(c), s.day-s.between(0, 10), &events.LeadLeft{Worker: c.lead, Interim: s.supervisorOf(c).id})
		}),
		forClient("R28.hand-off", "no answer", func(s *scene, c *client) bool { return s.forDays(30)(c) && quietLead(c, s.day-25) },
			func(s *scene, c *client) {
				s.add(caseOf(c), s.day-s.between(7, 20), &events.HandOffProposed{From: c.lead, To: "W-SOMEBODY", Reason: sealed})
			}),
		forClient("R28.language", "the field was left empty", func(s *scene, c *client) bool { return inService(c) }, func(s *scene, c *client) {
			for _, f := range s.facts {
				if f.Subject != caseOf(c) {
					continue
				}
				switch f.Event.(type) {
				case *events.ClientEnrolled:
					change(f, func(e *events.ClientEnrolled) { e.Language = "" })
				case *events.ClientCorrected:
					change(f, func(e *events.ClientCorrected) { e.Language = "" })
				}
			}
		}),
		{"R28.caseload", "a very hard case", func(s *scene) ([]Finding, bool) {
			c := s.pick(inService, func(c *client) bool { w := s.workers[c.lead]; return w != nil && w.agency == c.agency && !w.left })
			if c == nil {
				return none()
			}
			s.add(caseOf(c), c.came, &events.IntensitySet{Intensity: 26})
			s.touched = append(s.touched, c.id)
			return []Finding{{"R28.caseload", c.lead}}, true
		}},
	}
}

// quietLead is a client about whose lead nothing was recorded since a day.
func quietLead(c *client, since events.Date) bool {
	return !slices.ContainsFunc(append(slices.Clone(c.leads), c.handOffs...), func(f *Fact) bool { return f.OccurredOn >= since })
}

// elsewhere returns a worker of another agency.
func (s *scene) elsewhere(c *client) *worker {
	return s.pickWorker(func(w *worker) bool { return w.agency != c.agency })
}

func (s *scene) supervisorOf(c *client) *worker {
	return s.pickWorker(func(w *worker) bool { return w.agency == c.agency && w.supervisor && w.id != c.lead })
}

// legalOpen reports whether a legal component is open.
func (s *scene) legalOpen(c *client) bool {
	open := map[events.Component]bool{events.ImmigrationComponent: true, events.ProsecutionComponent: true}
	for _, f := range s.facts {
		if f.Subject != caseOf(c) || f.OccurredOn >= s.day {
			continue
		}
		switch e := f.Event.(type) {
		case *events.ComponentClosed:
			open[e.Component] = false
		case *events.ComponentReopened:
			open[e.Component] = true
		}
	}
	return open[events.ImmigrationComponent] || open[events.ProsecutionComponent]
}

// leadLeaves lets a worker leave who is neither on call nor the point of contact: all
// the cases are without a lead.
func leadLeaves(s *scene) ([]Finding, bool) {
	busy := map[string]bool{}
	for _, f := range s.facts {
		switch e := f.Event.(type) {
		case *events.OnCallAssigned:
			busy[e.Worker] = busy[e.Worker] || f.OccurredOn <= s.day && e.ThroughDate >= s.day
		case *events.PointOfContactNamed:
			busy[e.Worker] = true
		}
	}
	leads := map[string]bool{}
	for _, c := range s.clients {
		leads[c.lead] = leads[c.lead] || !c.closed
		busy[c.lead] = busy[c.lead] || c.others && !c.closed
	}
	w := s.pickWorker(func(w *worker) bool { return leads[w.id] && !busy[w.id] })
	if w == nil {
		return none()
	}
	s.add(events.SubjectOf(events.KindWorker, w.id), s.day-s.between(1, 5), &events.WorkerLeft{Reason: sealed})
	s.touched = append(s.touched, w.id)
	found := []Finding{}
	for _, c := range s.clients {
		switch {
		case c.lead != w.id:
		case !c.closed:
			found = append(found, Finding{"R28.lead", c.id})
		case s.legalOpen(c):
			found = append(found, Finding{"R28.lead-legal", c.id})
		}
	}
	return found, true
}
