package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// minorRefusal refuses what is for minors of a client who was enrolled as an adult.
func (s *State) minorRefusal() *aggregates.Refusal {
	if p, _ := s.person(); p.AgeGroup == events.Adult {
		return aggregates.Refuse("R11", "not_a_minor", "client %s was enrolled as an adult, and placements are for minors", s.client).On("client")
	}
	return nil
}

// ReferPlacement asks a State's Unaccompanied Refugee Minor programme to take a minor
// without a parent or relative who can (R11). Another State may be asked as well.
type ReferPlacement struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	State  string `json:"state" doc:"two-letter code of the State or territory that is asked" required:"true" format:"state" example:"TX"`
}

// Target implements [aggregates.Command].
func (c *ReferPlacement) Target(string) (events.Subject, error) { return target(c.Client) }

func decideReferPlacement(s *State, c *ReferPlacement, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.minorRefusal(); refusal != nil {
		return nil, refusal
	}
	if open, _ := s.placement(); open != nil && open.On <= ctx.OccurredOn {
		return nil, aggregates.Refuse("R11", "placed_already", "client %s is placed since %s", s.client, open.On).
			WithHint("end-placement comes first").Citing(open.ID)
	}
	for _, f := range s.history.ByDate() {
		if e, ok := f.Event.(*events.PlacementReferred); ok && f.On == ctx.OccurredOn && e.State == c.State {
			return nil, nil
		}
	}
	return &events.PlacementReferred{State: c.State}, nil
}

// EstablishGuardianship records a court's order of occurred_on that gives a minor a
// legal guardian; a later order takes the place of an earlier one (R11).
type EstablishGuardianship struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Custodian string `json:"custodian" doc:"to whom custody was given" required:"true" enum:"state,county,urm_program,relative,other" example:"urm_program"`
}

// Target implements [aggregates.Command].
func (c *EstablishGuardianship) Target(string) (events.Subject, error) { return target(c.Client) }

func decideGuardianship(s *State, c *EstablishGuardianship, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.minorRefusal(); refusal != nil {
		return nil, refusal
	}
	e := &events.GuardianshipEstablished{Custodian: c.Custodian}
	for f, earlier := range aggregates.Of[*events.GuardianshipEstablished](&s.history) {
		if f.On != ctx.OccurredOn {
			continue
		}
		if *earlier == *e {
			return nil, nil
		}
		return nil, aggregates.Refuse("R11", "guardian_on_record", "the order of %s gives custody to %s", f.On, earlier.Custodian).
			On("custodian").WithHint("withdraw-case-fact takes a wrong one back").Citing(f.ID)
	}
	return e, nil
}

// StartPlacement places a minor in the Unaccompanied Refugee Minor programme. It
// may last beyond 18, to the State's higher age (R11).
type StartPlacement struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Setting string `json:"setting" doc:"setting of the placement" required:"true" enum:"foster,group,independent_living,guardianship" example:"foster"`
	State   string `json:"state" doc:"two-letter code of the State or territory" format:"state" example:"TX"`
}

// Target implements [aggregates.Command].
func (c *StartPlacement) Target(string) (events.Subject, error) { return target(c.Client) }

func decideStartPlacement(s *State, c *StartPlacement, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.minorRefusal(); refusal != nil {
		return nil, refusal
	}
	open, ended := s.placement()
	switch {
	case open == nil && ctx.OccurredOn < ended:
		return nil, aggregates.Refuse("R11", "overlapping_placement", "the placement before lasted until %s", ended)
	case open == nil:
		return &events.PlacementStarted{Setting: c.Setting, State: c.State}, nil
	}
	if e := open.Event.(*events.PlacementStarted); open.On == ctx.OccurredOn && e.Setting == c.Setting && e.State == c.State {
		return nil, nil
	}
	return nil, aggregates.Refuse("R11", "placed_already", "client %s is placed since %s", s.client, open.On).
		WithHint("end-placement comes first").Citing(open.ID)
}

// placement returns the start of the placement that has no end, or the end of the
// last one, zero for none.
func (s *State) placement() (open *aggregates.Fact, ended events.Date) {
	for _, f := range s.history.ByDate() {
		switch f.Event.(type) {
		case *events.PlacementStarted:
			open = f
		case *events.PlacementEnded:
			open, ended = nil, f.On
		}
	}
	return open, ended
}

// EndPlacement ends a placement; occurred_on is the first day outside it (R11).
type EndPlacement struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"moved in with an aunt"`
}

// Target implements [aggregates.Command].
func (c *EndPlacement) Target(string) (events.Subject, error) { return target(c.Client) }

func decideEndPlacement(s *State, c *EndPlacement, ctx *aggregates.Context) (events.Event, error) {
	open, ended := s.placement()
	switch {
	case open == nil && ended == ctx.OccurredOn:
		return nil, nil
	case open == nil:
		return nil, aggregates.Refuse("R11", "not_placed", "client %s is not placed", s.client).On("client").
			WithHint("start-placement comes first")
	case ctx.OccurredOn <= open.On:
		return nil, aggregates.Refuse("R11", "ends_before_start", "the placement began on %s and ends after that day", open.On).Citing(open.ID)
	}
	return &events.PlacementEnded{Reason: events.Plain(c.Reason)}, nil
}
