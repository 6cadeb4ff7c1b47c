package compliance

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/casework"
)

// A caseFile is a case as the rules see it: facts folded into lists, each in
// order of effective date, those of one day in order of recording. Records that
// were taken back are not in it.
type caseFile struct {
	facts       *policy.Facts
	entitlement *policy.Entitlement

	enrollment  policy.Enrollment
	enrolled    []policy.Span // service component open (R23)
	open        []policy.Span // any component open (R28)
	stays       []stay
	language    string // of choice; empty while none is recorded
	languageOn  mark   // of the record that says so
	leads       []lead
	intensities []intensity
	handOffs    []handOff
	contacts    []mark
	spoken      []talk
	plans       []plan
	informed    []topic
	documents   []filed
	referrals   []referral
	releases    []release
	emergencies []emergency
	components  []component
	stale       []mark // decisions that rested on an outdated version of another subject
}

// A stay is the client's time with an agency, until the next: it begins with an
// enrollment, a transfer or a reopening.
type stay struct {
	mark
	agency string
}

// A lead is who leads the case from a day on; nobody when worker is empty.
type lead struct {
	mark
	worker  string
	interim bool
}

type intensity struct {
	on    events.Date
	value int
}

type handOff struct {
	mark
	answered events.Date // first day on which it is no longer open; 0 while it is
}

// A talk is a conversation with the client in some language.
type talk struct {
	mark
	worker      string
	language    string
	interpreter bool
}

type plan struct {
	mark
	reviewOn events.Date
}

type topic struct {
	mark
	about string
}

type filed struct {
	mark
	document string
}

type referral struct {
	mark
	id, partner, release string
	closed               events.Date // the partner declined; 0 otherwise
}

type release struct {
	mark
	id, recipient string
	through       events.Date // last day on which it holds
}

type emergency struct {
	mark
	minutes int
}

type component struct {
	on    events.Date
	which events.Component
	open  bool
}

// foldCase returns nil for somebody who is not enrolled.
func foldCase(s *projections.Subject) (*caseFile, error) {
	facts, err := s.Facts()
	if err != nil {
		return nil, err
	}
	e, enrolled := facts.Enrollment()
	if !enrolled {
		return nil, nil
	}
	c := &caseFile{facts: facts, enrollment: e, enrolled: facts.EnrolledSpans()}
	if c.entitlement, err = s.Entitlement(); err != nil {
		return nil, err
	}
	err = s.Standing(relevant, func(r *events.Record, event events.Event) error { return c.fold(s, r, event) })
	if err != nil {
		return nil, err
	}
	c.settle()
	return c, nil
}

// relevant leaves undecoded what no rule asks for; facts are folded by policy.
func relevant(eventType string) bool {
	switch eventType {
	case "client.enrolled.v1", "client.corrected.v1", "lead.assigned.v1", "lead.left.v1", "hand-off.proposed.v1",
		"hand-off.accepted.v1", "hand-off.declined.v1", "hand-off.withdrawn.v1", "transfer.accepted.v1", "service.reopened.v1",
		"intensity.set.v1", "component.closed.v1", "component.reopened.v1", "contact.made.v1",
		"interpreter.used.v1", "plan.agreed.v1", "client.informed.v1", "document.filed.v1", "consent.given.v1",
		"consent.withdrawn.v1", "service.referred.v1", "service-referral.answered.v1", "emergency.handled.v1":
		return true
	}
	return false
}

func (c *caseFile) fold(s *projections.Subject, r *events.Record, event events.Event) error {
	m := mark{r.OccurredOn, r.Sequence}
	switch e := event.(type) {
	case *events.ClientEnrolled:
		c.stays = append(c.stays, stay{m, e.Agency})
		c.speaks(m, e.Language)
		return c.basis(s, m, e.Basis)
	case *events.ClientCorrected:
		c.speaks(m, e.Language)
	case *events.ServiceReopened:
		c.stays = append(c.stays, stay{m, e.Agency})
		return c.basis(s, m, e.Basis)
	case *events.TransferAccepted:
		c.stays = append(c.stays, stay{m, e.To})
		c.leads = append(c.leads, lead{m, e.Lead, false})
		return c.basis(s, m, e.Basis)
	case *events.LeadAssigned:
		c.leads = append(c.leads, lead{m, e.Worker, false})
		return c.basis(s, m, e.Basis)
	case *events.LeadLeft:
		c.leads = append(c.leads, lead{m, e.Interim, e.Interim != ""})
	case *events.HandOffProposed:
		c.handOffs = append(c.handOffs, handOff{mark: m})
		return c.basis(s, m, e.Basis)
	case *events.HandOffAccepted:
		c.answer(m)
		c.leads = append(c.leads, lead{m, e.To, false})
	case *events.HandOffDeclined, *events.HandOffWithdrawn:
		c.answer(m)
	case *events.IntensitySet:
		c.intensities = append(c.intensities, intensity{m.on, e.Intensity})
	case *events.ComponentClosed:
		c.components = append(c.components, component{m.on + 1, e.Component, false})
	case *events.ComponentReopened:
		c.components = append(c.components, component{m.on, e.Component, true})
	default:
		return c.foldPractice(s, r, m, event)
	}
	return nil
}

// foldPractice folds what is done with the client.
func (c *caseFile) foldPractice(s *projections.Subject, r *events.Record, m mark, event events.Event) error {
	switch e := event.(type) {
	case *events.ContactMade:
		// Advocacy is for the client, not with the client.
		if e.Manner != "missed" && e.Manner != "advocacy" {
			c.contacts = append(c.contacts, m)
			c.spoken = append(c.spoken, talk{m, e.Worker, e.Language, e.Interpreter})
		}
	case *events.InterpreterUsed:
		c.spoken = append(c.spoken, talk{m, "", e.Language, true})
	case *events.PlanAgreed:
		review := e.ReviewOn
		if review == 0 {
			review = m.on + casework.ReviewDays
		}
		c.plans = append(c.plans, plan{m, review})
		c.spoken = append(c.spoken, talk{m, "", e.Language, e.Interpreter})
	case *events.ClientInformed:
		c.informed = append(c.informed, topic{m, e.Topic})
		c.spoken = append(c.spoken, talk{m, "", e.Language, e.Interpreter})
	case *events.DocumentFiled:
		c.documents = append(c.documents, filed{m, e.Document})
	case *events.ConsentGiven:
		c.releases = append(c.releases, release{m, r.ID, e.Recipient, e.ThroughDate})
	case *events.ConsentWithdrawn:
		for i := range c.releases {
			if x := &c.releases[i]; x.recipient == e.Recipient && x.on <= m.on {
				x.through = min(x.through, m.on-1)
			}
		}
	case *events.ServiceReferred:
		c.referrals = append(c.referrals, referral{m, e.Referral, e.Partner, e.Release, 0})
		return c.basis(s, m, e.Basis)
	case *events.ServiceReferralAnswered:
		for i := range c.referrals {
			if x := &c.referrals[i]; x.id == e.Referral && (e.Answer == "declined" || e.Answer == "no_answer") {
				x.closed = m.on
			}
		}
	case *events.EmergencyHandled:
		c.emergencies = append(c.emergencies, emergency{m, e.ResponseMinutes})
	}
	return nil
}

// speaks takes over the language of choice; one that is recorded later counts
// from the day on which it became known.
func (c *caseFile) speaks(m mark, language string) {
	if language == "" {
		return
	}
	if c.language == "" {
		c.languageOn = m
	}
	c.language = language
}

// answer closes the proposals of a hand-off that are open.
func (c *caseFile) answer(m mark) {
	for i := range c.handOffs {
		if c.handOffs[i].answered == 0 {
			c.handOffs[i].answered = m.on
		}
	}
}

// basis notes a decision that rested on what another subject no longer was when
// it was recorded: two writers at once.
func (c *caseFile) basis(s *projections.Subject, m mark, basis []events.Reference) error {
	for _, ref := range basis {
		next, err := s.Next(ref)
		if err != nil {
			return err
		}
		if next != 0 && next < m.seq {
			c.stale = append(c.stale, m)
			return nil
		}
	}
	return nil
}

// settle puts the lists in order and derives what takes all of them.
func (c *caseFile) settle() {
	byDay(c.stays, func(x stay) events.Date { return x.on })
	byDay(c.leads, func(x lead) events.Date { return x.on })
	byDay(c.intensities, func(x intensity) events.Date { return x.on })
	byDay(c.contacts, func(x mark) events.Date { return x.on })
	byDay(c.spoken, func(x talk) events.Date { return x.on })
	byDay(c.plans, func(x plan) events.Date { return x.on })
	byDay(c.informed, func(x topic) events.Date { return x.on })
	byDay(c.documents, func(x filed) events.Date { return x.on })
	byDay(c.components, func(x component) events.Date { return x.on })
	c.open = c.openSpans()
}

// byDay keeps the order of recording within a day.
func byDay[T any](list []T, day func(T) events.Date) {
	if !slices.IsSortedFunc(list, func(a, b T) int { return cmp.Compare(day(a), day(b)) }) {
		slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(day(a), day(b)) })
	}
}

// openSpans returns the days on which any component of the case is open: the
// service on enrolled days, the others from enrollment until they are closed.
func (c *caseFile) openSpans() []policy.Span {
	spans := slices.Clone(c.enrolled)
	for _, which := range []events.Component{events.ImmigrationComponent, events.ProsecutionComponent} {
		from := c.enrollment.OccurredOn // 0 while it is closed
		for _, x := range c.components {
			switch {
			case x.which != which:
			case x.open && from == 0:
				from = x.on
			case !x.open && from != 0:
				if x.on > from {
					spans = append(spans, policy.Span{From: from, To: x.on - 1})
				}
				from = 0
			}
		}
		if from != 0 {
			spans = append(spans, policy.Span{From: from, To: events.MaxDate})
		}
	}
	return union(spans)
}

// union joins spans that overlap or touch.
func union(spans []policy.Span) []policy.Span {
	slices.SortFunc(spans, func(a, b policy.Span) int { return cmp.Compare(a.From, b.From) })
	joined := spans[:0]
	for _, s := range spans {
		if n := len(joined); n > 0 && s.From <= joined[n-1].To+1 {
			joined[n-1].To = max(joined[n-1].To, s.To)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// minus returns the days of spans that lie in none of the holes, which are in
// order and do not overlap.
func minus(spans, holes []policy.Span) (rest []policy.Span) {
	for _, s := range spans {
		for _, h := range holes {
			if h.To < s.From || s.To < h.From {
				continue
			}
			if h.From > s.From {
				rest = append(rest, policy.Span{From: s.From, To: h.From - 1})
			}
			s.From = h.To + 1
		}
		if s.From <= s.To {
			rest = append(rest, s)
		}
	}
	return rest
}
