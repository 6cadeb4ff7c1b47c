package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// CloseService closes the service component: it ends enrollment and funding.
// occurred_on is the last enrolled day (R23). The case stays open until the
// immigration and criminal-prosecution components close too.
type CloseService struct {
	Client   string   `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason   string   `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"goals reached"`
	Outcomes []string `json:"outcomes" doc:"what was reached" enum:"self_sufficient,employed,housed,in_school,health_cared_for,family_reunified,benefits_obtained,status_obtained,cooperated_with_investigation,referred_elsewhere,moved_away,left_country,lost_contact,declined_services" example:"employed,housed"`
}

// Target implements [aggregates.Command].
func (c *CloseService) Target(string) (events.Subject, error) { return target(c.Client) }

func decideCloseService(s *State, c *CloseService, ctx *aggregates.Context) (events.Event, error) {
	course := s.course()
	last := course.spells[len(course.spells)-1]
	if !course.open() {
		if last.last == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R23", "closed_already", "the service component is closed: the last enrolled day was %s", last.last).
			WithHint("if that day is wrong, take the closure back with withdraw-case-fact")
	}
	if began := max(last.first, course.stays[len(course.stays)-1].from); ctx.OccurredOn < began {
		return nil, aggregates.Refuse("R23", "before_enrolled_day", "%s is a known enrolled day, and the last one cannot lie before it", began)
	}
	return &events.ServiceClosed{Reason: events.Plain(c.Reason), Outcomes: c.Outcomes}, nil
}

// ReopenService enrolls a former client again; occurred_on is the first enrolled
// day (R23). The agency may be another one.
type ReopenService struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Agency string `json:"agency" doc:"agency that enrolls again" required:"true" format:"id" example:"A-017"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"needs help again"`
}

// Target implements [aggregates.Command].
func (c *ReopenService) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ReopenService) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

func decideReopenService(s *State, c *ReopenService, ctx *aggregates.Context) (events.Event, error) {
	course := s.course()
	last := course.spells[len(course.spells)-1]
	switch {
	case course.open() && len(course.spells) > 1 && last.first == ctx.OccurredOn && s.AgencyOn(ctx.OccurredOn) == c.Agency:
		return nil, nil
	case course.open():
		return nil, aggregates.Refuse("R23", "not_closed", "the service component is open since %s", last.first)
	case ctx.OccurredOn <= last.last:
		return nil, aggregates.Refuse("R23", "overlapping_enrollment", "the client was enrolled until %s", last.last)
	}
	for f, e := range aggregates.Of[*events.EligibilityEnded](&s.history) {
		if f.On <= ctx.OccurredOn && (e.Cause == "adjusted_to_lpr" || e.Cause == "became_citizen") {
			return nil, aggregates.Refuse("R03", "domestic_victim", "the client is a lawful permanent resident or citizen since %s", f.On).Citing(f.ID)
		}
	}
	if refusal := openAgency(ctx, c.Agency, "agency", ""); refusal != nil {
		return nil, refusal
	}
	return &events.ServiceReopened{
		Agency: c.Agency, Reason: events.Plain(c.Reason), Basis: ctx.Basis.References(agencySubject(c.Agency)),
	}, nil
}

// CloseComponent closes the immigration or criminal-prosecution component (R28).
type CloseComponent struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Component string `json:"component" doc:"component of the case" required:"true" enum:"immigration,criminal_prosecution" example:"immigration"`
	Reason    string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"T visa approved"`
	Outcome   string `json:"outcome" doc:"what came of it" enum:"t_visa,other_relief,permanent_residence,relief_denied,departed,convicted,plea,acquitted,dismissed,not_prosecuted,client_withdrew" example:"t_visa"`
}

// Target implements [aggregates.Command].
func (c *CloseComponent) Target(string) (events.Subject, error) { return target(c.Client) }

func decideCloseComponent(s *State, c *CloseComponent, ctx *aggregates.Context) (events.Event, error) {
	last, closed := s.component(events.Component(c.Component))
	switch {
	case closed && last.On == ctx.OccurredOn:
		return nil, nil
	case closed:
		return nil, aggregates.Refuse("R28", "closed_already", "the %s component is closed since %s", c.Component, last.On).On("component").Citing(last.ID)
	case ctx.OccurredOn < last.On:
		return nil, aggregates.Refuse("R28", "before_reopening", "the %s component was reopened on %s", c.Component, last.On).Citing(last.ID)
	}
	return &events.ComponentClosed{Component: events.Component(c.Component), Reason: events.Plain(c.Reason), Outcome: c.Outcome}, nil
}

// ReopenComponent reopens the immigration or criminal-prosecution component (R28).
type ReopenComponent struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Component string `json:"component" doc:"component of the case" required:"true" enum:"immigration,criminal_prosecution" example:"immigration"`
	Reason    string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"appeal"`
}

// Target implements [aggregates.Command].
func (c *ReopenComponent) Target(string) (events.Subject, error) { return target(c.Client) }

func decideReopenComponent(s *State, c *ReopenComponent, ctx *aggregates.Context) (events.Event, error) {
	last, closed := s.component(events.Component(c.Component))
	switch {
	case !closed && last.ID != "" && last.On == ctx.OccurredOn:
		return nil, nil
	case !closed:
		return nil, aggregates.Refuse("R28", "not_closed", "the %s component is open", c.Component).On("component")
	case ctx.OccurredOn < last.On:
		return nil, aggregates.Refuse("R28", "before_closure", "the %s component was closed on %s", c.Component, last.On).Citing(last.ID)
	}
	return &events.ComponentReopened{Component: events.Component(c.Component), Reason: events.Plain(c.Reason)}, nil
}

// component returns the fact that closed or reopened a component last, and whether
// it is closed. Every component is open from enrollment on.
func (s *State) component(component events.Component) (last aggregates.Fact, closed bool) {
	for _, f := range s.history.ByDate() {
		switch e := f.Event.(type) {
		case *events.ComponentClosed:
			if e.Component == component {
				last, closed = *f, true
			}
		case *events.ComponentReopened:
			if e.Component == component {
				last, closed = *f, false
			}
		}
	}
	return last, closed
}

// allClosed refuses work on a case whose three components are closed (R28).
func (s *State) allClosed() *aggregates.Refusal {
	course := s.course()
	_, immigration := s.component(events.ImmigrationComponent)
	_, prosecution := s.component(events.ProsecutionComponent)
	if len(course.spells) == 0 || course.open() || !immigration || !prosecution {
		return nil
	}
	return aggregates.Refuse("R28", "case_closed", "the case of client %s is closed: all three components are", s.client).On("client").
		WithHint("reopen-service or reopen-component opens it again")
}
