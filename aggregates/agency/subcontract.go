package agency

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// SignSubcontract makes an agency a subcontractor from occurred_on on, renews a
// subcontract, or takes a former subcontractor on again.
type SignSubcontract struct {
	Agency       string       `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Name         string       `json:"name" doc:"name of the agency" required:"true" example:"Harbor House"`
	State        string       `json:"state" doc:"two-letter code of the State or territory" required:"true" format:"state" example:"TX"`
	CeilingCents events.Cents `json:"ceiling_cents" doc:"most that the agency may be paid in a contract year, in cents; none when empty" min:"1" example:"25000000"`
	ThroughDate  events.Date  `json:"through_date" doc:"last day of the subcontract; open-ended when empty" example:"2010-03-31"`
}

// Target implements [aggregates.Command].
func (c *SignSubcontract) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideSign(s *State, c *SignSubcontract, ctx *aggregates.Context) (events.Event, error) {
	if c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("R27", "the subcontract", c.ThroughDate)
	}
	e := &events.SubcontractSigned{Name: c.Name, State: c.State, CeilingCents: c.CeilingCents, ThroughDate: c.ThroughDate}
	if st := s.on(ctx.OccurredOn); st.signed != nil && st.signedOn == ctx.OccurredOn && *st.signed == *e {
		return nil, nil
	}
	return e, nil
}

// EndSubcontract ends the subcontract; occurred_on is its last day.
type EndSubcontract struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Reason string `json:"reason" doc:"why it ends; no names" required:"true" example:"not renewed"`
}

// Target implements [aggregates.Command].
func (c *EndSubcontract) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideEnd(s *State, c *EndSubcontract, ctx *aggregates.Context) (events.Event, error) {
	if f, _, ok := aggregates.Last[*events.SubcontractEnded](&s.history); ok && f.On == ctx.OccurredOn && !s.UnderSubcontract(f.On+1) {
		return nil, nil
	}
	if !s.UnderSubcontract(ctx.OccurredOn) {
		return nil, s.EnrollmentRefusal(ctx.OccurredOn)
	}
	return &events.SubcontractEnded{Reason: c.Reason}, nil
}

// SuspendAgency stops new enrollments and transfers to the agency from
// occurred_on on; its clients stay.
type SuspendAgency struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Reason string `json:"reason" doc:"why it is suspended; no names" required:"true" example:"audit report overdue"`
}

// Target implements [aggregates.Command].
func (c *SuspendAgency) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideSuspend(s *State, c *SuspendAgency, ctx *aggregates.Context) (events.Event, error) {
	st := s.on(ctx.OccurredOn)
	switch {
	case st.signed == nil:
		return nil, s.EnrollmentRefusal(ctx.OccurredOn)
	case st.suspended == ctx.OccurredOn:
		return nil, nil
	case st.suspended != 0:
		return nil, s.EnrollmentRefusal(ctx.OccurredOn).WithHint("reinstate-agency lifts a suspension")
	}
	return &events.AgencySuspended{Reason: c.Reason}, nil
}

// ReinstateAgency lifts a suspension from occurred_on on.
type ReinstateAgency struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Reason string `json:"reason" doc:"why it is lifted; no names" required:"true" example:"audit report received"`
}

// Target implements [aggregates.Command].
func (c *ReinstateAgency) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideReinstate(s *State, c *ReinstateAgency, ctx *aggregates.Context) (events.Event, error) {
	if s.on(ctx.OccurredOn).suspended != 0 {
		return &events.AgencyReinstated{Reason: c.Reason}, nil
	}
	if f, _, ok := aggregates.Last[*events.AgencyReinstated](&s.history); ok && f.On == ctx.OccurredOn {
		return nil, nil
	}
	return nil, aggregates.Refuse("R27", "not_suspended", "agency %s is not suspended on %s", s.agency, ctx.OccurredOn)
}
