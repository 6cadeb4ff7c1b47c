package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// AssignLead makes a worker the lead case manager of a case that has none: the
// first one, or the first at a new agency. From then on the lead changes by
// hand-off only, so that leads never overlap (R28). The first lead need not speak
// the client's language: an interpreter may have to do.
type AssignLead struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Worker string `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
}

// Target implements [aggregates.Command].
func (c *AssignLead) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *AssignLead) Needs(aggregates.State) []events.Subject {
	return []events.Subject{workerSubject(c.Worker)}
}

func decideAssignLead(s *State, c *AssignLead, ctx *aggregates.Context) (events.Event, error) {
	current := s.course().lead()
	switch {
	case current.worker == c.Worker && current.from == ctx.OccurredOn && !current.interim:
		return nil, nil
	case current.worker != "":
		return nil, aggregates.Refuse("R28", "second_lead", "worker %s leads the case since %s, and a case has one lead", current.worker, current.from).
			On("worker").WithHint("propose-hand-off changes the lead").Citing(current.fact)
	case ctx.OccurredOn < current.from:
		return nil, aggregates.Refuse("R28", "overlapping_lead", "the case had another lead until %s", current.from).Citing(current.fact)
	}
	if refusal := s.allClosed(); refusal != nil {
		return nil, refusal
	}
	if _, refusal := workerAt(ctx, c.Worker, "worker", s.AgencyOn(ctx.OccurredOn)); refusal != nil {
		return nil, refusal
	}
	return &events.LeadAssigned{Worker: c.Worker, Basis: ctx.Basis.References(workerSubject(c.Worker))}, nil
}

// LeadLeft records that the lead left before a successor accepted: a supervisor is
// interim lead from occurred_on on, and the gap is an exception (R28).
type LeadLeft struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Interim string `json:"interim" doc:"coded id of the supervisor who steps in" required:"true" format:"id" example:"W-9S1"`
}

// Target implements [aggregates.Command].
func (c *LeadLeft) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *LeadLeft) Needs(aggregates.State) []events.Subject {
	return []events.Subject{workerSubject(c.Interim)}
}

func decideLeadLeft(s *State, c *LeadLeft, ctx *aggregates.Context) (events.Event, error) {
	current, refusal := s.currentLead(ctx)
	if refusal != nil {
		return nil, refusal
	}
	if current.worker == c.Interim {
		if current.interim && current.from == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R28", "own_successor", "worker %s leads the case and cannot step in", c.Interim).On("interim")
	}
	w, refusal := workerAt(ctx, c.Interim, "interim", s.AgencyOn(ctx.OccurredOn))
	if refusal != nil {
		return nil, refusal
	}
	if !w.IsSupervisor(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "not_a_supervisor", "worker %s is not a supervisor on %s", c.Interim, ctx.OccurredOn).On("interim")
	}
	return &events.LeadLeft{Worker: current.worker, Interim: c.Interim, Basis: ctx.Basis.References(workerSubject(c.Interim))}, nil
}

// currentLead returns the lead, or refuses a case without one and an effective
// date before the lead began.
func (s *State) currentLead(ctx *aggregates.Context) (lead, *aggregates.Refusal) {
	current := s.course().lead()
	if current.worker == "" {
		return current, aggregates.Refuse("R28", "no_lead", "the case has no lead").On("client").WithHint("assign-lead comes first")
	}
	if ctx.OccurredOn < current.from {
		return current, aggregates.Refuse("R28", "overlapping_lead", "worker %s leads the case from %s on only", current.worker, current.from).Citing(current.fact)
	}
	return current, nil
}
