package planted

import (
	"maps"
	"math/rand/v2"
	"slices"

	"caseledger/events"
)

// A scene is what a day looks like, as far as the plants need it to choose where to
// put something.
type scene struct {
	*Programme
	day       events.Date
	dice      *rand.Rand
	clients   map[string]*client
	agencies  map[string]*agency
	workers   map[string]*worker
	trainings []*Fact
	touched   []string // ids that nothing else may be planted on
}

// A client is a case on the day.
type client struct {
	id         string
	enrolled   *Fact
	on         events.Date // of the enrollment
	came       events.Date // enrollment, reopening or transfer, whichever was last by the day
	closed     bool        // service, by the day
	agency     string
	lead       string
	leads      []*Fact
	handOffs   []*Fact
	contacts   []*Fact // and all that was said, by the day
	plans      []*Fact
	informed   []*Fact
	documents  []*Fact
	referrals  []*Fact
	releases   []*Fact
	received   []*Fact // letters by the day
	issued     []*Fact // by HHS, by the day
	language   string
	derivative bool
	reopened   bool
	others     bool // withdrawals and the like: hands off
}

type agency struct {
	id     string
	signed events.Date
	facts  []*Fact // by the day
}

type worker struct {
	id, agency string
	supervisor bool
	capacity   int
	languages  []string
	left       bool
	leave      bool
}

// look folds the programme as of a day.
func look(p *Programme, day events.Date, dice *rand.Rand) *scene {
	s := &scene{p, day, dice, map[string]*client{}, map[string]*agency{}, map[string]*worker{}, nil, nil}
	for _, f := range p.facts {
		if f.OccurredOn > day {
			continue
		}
		id := f.Subject.ID()
		switch f.Subject.Kind() {
		case events.KindCase:
			s.foldCase(s.client(id), f)
		case events.KindLetter:
			if _, ok := f.Event.(*events.LetterIssued); ok {
				s.client(id).issued = append(s.client(id).issued, f)
			}
		case events.KindAgency:
			a := s.agencies[id]
			if a == nil {
				a = &agency{id: id, signed: f.OccurredOn}
				s.agencies[id] = a
			}
			a.facts = append(a.facts, f)
		case events.KindWorker:
			s.foldWorker(id, f)
		case events.KindTraining:
			s.trainings = append(s.trainings, f)
		}
	}
	maps.DeleteFunc(s.clients, func(_ string, c *client) bool { return c.enrolled == nil })
	return s
}

func (s *scene) client(id string) *client {
	if s.clients[id] == nil {
		s.clients[id] = &client{id: id}
	}
	return s.clients[id]
}

func (s *scene) foldCase(c *client, f *Fact) {
	switch e := f.Event.(type) {
	case *events.ClientEnrolled:
		c.enrolled, c.on, c.came, c.agency, c.language = f, f.OccurredOn, f.OccurredOn, e.Agency, e.Language
		c.derivative = e.Class == events.Derivative
	case *events.ClientCorrected:
		if e.Language != "" {
			c.language = e.Language
		}
	case *events.ServiceReopened:
		c.closed, c.came, c.agency, c.reopened = false, f.OccurredOn, e.Agency, true
	case *events.ServiceClosed:
		if f.OccurredOn < s.day {
			c.closed = true
		}
	case *events.TransferAccepted:
		c.came, c.agency, c.lead = f.OccurredOn, e.To, e.Lead
		c.leads = append(c.leads, f)
	case *events.LeadAssigned:
		c.lead, c.leads = e.Worker, append(c.leads, f)
	case *events.LeadLeft:
		c.lead, c.leads = e.Interim, append(c.leads, f)
	case *events.HandOffAccepted:
		c.lead, c.leads, c.handOffs = e.To, append(c.leads, f), append(c.handOffs, f)
	case *events.HandOffProposed, *events.HandOffDeclined, *events.HandOffWithdrawn:
		c.handOffs = append(c.handOffs, f)
	case *events.LetterReceived:
		if e.Kind != events.Interim && e.ReceivedOn <= s.day {
			c.received = append(c.received, f)
		}
	case *events.ContactMade, *events.InterpreterUsed:
		c.contacts = append(c.contacts, f)
	case *events.PlanAgreed:
		c.plans = append(c.plans, f)
	case *events.ClientInformed:
		c.informed = append(c.informed, f)
	case *events.DocumentFiled:
		c.documents = append(c.documents, f)
	case *events.ServiceReferred:
		c.referrals = append(c.referrals, f)
	case *events.ConsentGiven:
		c.releases = append(c.releases, f)
	case *events.CaseFactWithdrawn, *events.EligibilityEnded, *events.PlacementStarted:
		c.others = true
	}
}

func (s *scene) foldWorker(id string, f *Fact) {
	w := s.workers[id]
	if w == nil {
		w = &worker{id: id}
		s.workers[id] = w
	}
	switch e := f.Event.(type) {
	case *events.WorkerEngaged:
		w.agency, w.supervisor, w.capacity, w.languages = e.Agency, e.Supervisor, e.CapacityPercent, e.Languages
	case *events.WorkerChanged:
		w.capacity, w.languages = e.CapacityPercent, e.Languages
	case *events.WorkerLeft:
		w.left = true
	case *events.LeaveStarted:
		w.leave = s.day <= e.ThroughDate
	case *events.LeaveEnded:
		w.leave = false
	}
}

// pick throws a client who meets every condition, nil when nobody does.
func (s *scene) pick(conditions ...func(*client) bool) *client {
	var fit []*client
	for _, id := range slices.Sorted(maps.Keys(s.clients)) {
		c := s.clients[id]
		if !c.others && !slices.ContainsFunc(conditions, func(is func(*client) bool) bool { return !is(c) }) {
			fit = append(fit, c)
		}
	}
	return throw(s.dice, fit)
}

func (s *scene) pickAgency(is func(*agency) bool) *agency {
	var fit []*agency
	for _, id := range slices.Sorted(maps.Keys(s.agencies)) {
		if a := s.agencies[id]; is(a) {
			fit = append(fit, a)
		}
	}
	return throw(s.dice, fit)
}

func (s *scene) pickWorker(is func(*worker) bool) *worker {
	var fit []*worker
	for _, id := range slices.Sorted(maps.Keys(s.workers)) {
		if w := s.workers[id]; !w.left && is(w) {
			fit = append(fit, w)
		}
	}
	return throw(s.dice, fit)
}

func throw[T any](dice *rand.Rand, list []*T) *T {
	if len(list) == 0 {
		return nil
	}
	return list[dice.IntN(len(list))]
}

// between throws a number of days.
func (s *scene) between(least, most int) events.Date {
	return events.Date(least + s.dice.IntN(most-least+1))
}

func inService(c *client) bool { return !c.closed }

// forDays is a client who has been in service, at the same agency, for some days.
func (s *scene) forDays(n events.Date) func(*client) bool {
	return func(c *client) bool { return !c.closed && c.came+n < s.day && c.on+n < s.day }
}

func caseOf(c *client) events.Subject { return events.SubjectOf(events.KindCase, c.id) }
