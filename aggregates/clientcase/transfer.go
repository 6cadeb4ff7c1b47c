package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// ProposeTransfer proposes that another agency takes the client (R21).
type ProposeTransfer struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	To     string `json:"to" doc:"id of the agency" required:"true" format:"id" example:"A-018"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"client moves to Dallas"`
}

// Target implements [aggregates.Command].
func (c *ProposeTransfer) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ProposeTransfer) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.To)}
}

func decideProposeTransfer(s *State, c *ProposeTransfer, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.enrolledRefusal(ctx); refusal != nil {
		return nil, refusal
	}
	if f, pending := s.pendingTransfer(); pending != nil {
		if pending.To == c.To && f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R21", "transfer_pending", "a transfer to agency %s is proposed since %s", pending.To, f.On).
			WithHint("accept or decline it first").Citing(f.ID)
	}
	from := s.AgencyOn(ctx.OccurredOn)
	if c.To == from {
		return nil, aggregates.Refuse("R21", "transfer_to_self", "client %s is at agency %s already", s.client, c.To).On("to")
	}
	if refusal := openAgency(ctx, c.To, "to", ""); refusal != nil {
		return nil, refusal
	}
	return &events.TransferProposed{
		From: from, To: c.To, Reason: events.Plain(c.Reason), Basis: ctx.Basis.References(agencySubject(c.To)),
	}, nil
}

// enrolledRefusal refuses an effective date that is not an enrolled day.
func (s *State) enrolledRefusal(ctx *aggregates.Context) *aggregates.Refusal {
	if s.course().enrolledOn(ctx.OccurredOn) {
		return nil
	}
	return aggregates.Refuse("R23", "not_enrolled", "client %s is not enrolled on %s", s.client, ctx.OccurredOn).On("client")
}

// pendingTransfer returns the proposal that was neither answered nor overtaken by
// a closure; nil when there is none.
func (s *State) pendingTransfer() (fact aggregates.Fact, pending *events.TransferProposed) {
	for f := range s.history.Standing() {
		switch e := f.Event.(type) {
		case *events.TransferProposed:
			fact, pending = f, e
		case *events.TransferAccepted, *events.TransferDeclined, *events.ServiceClosed:
			pending = nil
		}
	}
	return fact, pending
}

func (s *State) proposedTransfer(ctx *aggregates.Context) (*events.TransferProposed, *aggregates.Refusal) {
	f, pending := s.pendingTransfer()
	if pending == nil {
		return nil, aggregates.Refuse("R21", "no_transfer", "no transfer is proposed").On("client").WithHint("propose-transfer comes first")
	}
	if ctx.OccurredOn < f.On {
		return nil, aggregates.Refuse("R21", "before_proposal", "the transfer was proposed on %s only", f.On).Citing(f.ID)
	}
	return pending, nil
}

// AcceptTransfer takes the client over; occurred_on is the first day at the new
// agency. Clock and budget follow the client (R21). Without a lead of the new
// agency the case has none until one is assigned.
type AcceptTransfer struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Location string `json:"location" doc:"location of the new agency" format:"id" example:"L1"`
	Lead     string `json:"lead" doc:"lead case manager at the new agency" format:"id" example:"W-3D4"`
}

// Target implements [aggregates.Command].
func (c *AcceptTransfer) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *AcceptTransfer) Needs(state aggregates.State) []events.Subject {
	var needs []events.Subject
	if _, pending := state.(*State).pendingTransfer(); pending != nil {
		needs = append(needs, agencySubject(pending.To))
	}
	if c.Lead != "" {
		needs = append(needs, workerSubject(c.Lead))
	}
	return needs
}

func decideAcceptTransfer(s *State, c *AcceptTransfer, ctx *aggregates.Context) (events.Event, error) {
	if _, pending := s.pendingTransfer(); pending == nil && answeredOn[*events.TransferAccepted](s, ctx) {
		return nil, nil
	}
	pending, refusal := s.proposedTransfer(ctx)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := s.enrolledRefusal(ctx); refusal != nil {
		return nil, refusal
	}
	course := s.course()
	if stay := course.stays[len(course.stays)-1]; ctx.OccurredOn <= stay.from {
		return nil, aggregates.Refuse("R21", "too_early", "the client came to agency %s on %s and can leave it after that day", stay.agency, stay.from)
	}
	if current := course.lead(); ctx.OccurredOn < current.from {
		return nil, aggregates.Refuse("R28", "overlapping_lead", "worker %s leads the case from %s on", current.worker, current.from).Citing(current.fact)
	}
	if refusal := openAgency(ctx, pending.To, "", c.Location); refusal != nil {
		return nil, refusal
	}
	if c.Lead != "" {
		if _, refusal := workerAt(ctx, c.Lead, "lead", pending.To); refusal != nil {
			return nil, refusal
		}
	}
	return &events.TransferAccepted{
		From: pending.From, To: pending.To, Location: c.Location, Lead: c.Lead, Basis: ctx.Basis.References(c.Needs(s)...),
	}, nil
}

// DeclineTransfer is the other agency's refusal; the client stays (R21).
type DeclineTransfer struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"no housing for men"`
}

// Target implements [aggregates.Command].
func (c *DeclineTransfer) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDeclineTransfer(s *State, c *DeclineTransfer, ctx *aggregates.Context) (events.Event, error) {
	if _, pending := s.pendingTransfer(); pending == nil && answeredOn[*events.TransferDeclined](s, ctx) {
		return nil, nil
	}
	pending, refusal := s.proposedTransfer(ctx)
	if refusal != nil {
		return nil, refusal
	}
	return &events.TransferDeclined{To: pending.To, Reason: events.Plain(c.Reason)}, nil
}
