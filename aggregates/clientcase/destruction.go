package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// What the destruction of a client's keys asks of other subjects.
type (
	reporting interface {
		RetentionEnds(lastServed events.Date) (events.Date, bool)
	}
	people interface{ SamePerson(a, b string) bool }
)

// RequestDestruction asks that a client's keys be destroyed; another principal
// confirms it. Until then withdraw-case-fact takes the request back (R32).
type RequestDestruction struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Grounds string `json:"grounds" doc:"what it rests on" required:"true" enum:"retention_ended,court_order" example:"retention_ended"`
}

// Target implements [aggregates.Command].
func (c *RequestDestruction) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *RequestDestruction) Needs(aggregates.State) []events.Subject {
	return []events.Subject{events.ProgrammeSubject}
}

func decideRequestDestruction(s *State, c *RequestDestruction, ctx *aggregates.Context) (events.Event, error) {
	if _, destroyed := s.Destroyed(); destroyed {
		return nil, nil
	}
	if f, pending := s.pendingDestruction(); pending != nil {
		if f.Actor == ctx.Actor && pending.Grounds == c.Grounds {
			return nil, nil
		}
		return nil, aggregates.Refuse("R32", "destruction_pending", "destruction was requested on %s by %s", f.On, f.Actor).
			WithHint("confirm-destruction confirms it, withdraw-case-fact takes it back").Citing(f.ID)
	}
	if refusal := s.destructible(ctx, c.Grounds); refusal != nil {
		return nil, refusal
	}
	return &events.DestructionRequested{Grounds: c.Grounds, Basis: ctx.Basis.References(events.ProgrammeSubject)}, nil
}

// ConfirmDestruction orders the destruction that another principal requested: it
// cannot be undone. Counts, money and proofs stay as they are (R32).
type ConfirmDestruction struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
}

// Target implements [aggregates.Command].
func (c *ConfirmDestruction) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ConfirmDestruction) Needs(aggregates.State) []events.Subject {
	return []events.Subject{events.ProgrammeSubject, events.RosterSubject}
}

func decideConfirmDestruction(s *State, c *ConfirmDestruction, ctx *aggregates.Context) (events.Event, error) {
	if _, destroyed := s.Destroyed(); destroyed {
		return nil, nil
	}
	f, pending := s.pendingDestruction()
	if pending == nil {
		return nil, aggregates.Refuse("R32", "not_requested", "nobody requested to destroy the keys of client %s", s.client).On("client").
			WithHint("request-destruction comes first, by another principal")
	}
	if ctx.Basis[events.RosterSubject].State.(people).SamePerson(f.Actor, ctx.Actor) {
		return nil, aggregates.Refuse("R32", "four_eyes", "%s requested it: another person must confirm", f.Actor).Citing(f.ID)
	}
	if refusal := s.destructible(ctx, pending.Grounds); refusal != nil {
		return nil, refusal
	}
	return &events.IdentityDestroyed{Request: f.ID, Basis: ctx.Basis.References(events.ProgrammeSubject, events.RosterSubject)}, nil
}

// destructible refuses to destroy what is still needed: by an open case, or, but
// for a court's order, for the three years of R32.
func (s *State) destructible(ctx *aggregates.Context, grounds string) *aggregates.Refusal {
	last := s.lastServed()
	if len(s.course().spells) > 0 && s.allClosed() == nil {
		return aggregates.Refuse("R32", "case_open", "the case of client %s is open", s.client).On("client").
			WithHint("a court's order too is carried out when all three components are closed")
	}
	if grounds == "court_order" {
		return nil
	}
	end, reported := ctx.Basis[events.ProgrammeSubject].State.(reporting).RetentionEnds(last)
	switch {
	case !reported:
		return aggregates.Refuse("R32", "not_reported", "no final financial report covers %s, the client's last day", last).On("client").
			WithHint("submit-final-report records one")
	case ctx.Today < end:
		return aggregates.Refuse("R32", "retention", "records of client %s are kept until %s", s.client, end-1).On("client")
	}
	return nil
}

// lastServed is the last enrolled day; of a person who was never enrolled, the day
// of the last fact.
func (s *State) lastServed() (last events.Date) {
	if spells := s.course().spells; len(spells) > 0 {
		return spells[len(spells)-1].last
	}
	for f := range s.history.Standing() {
		if f.Type != typeDestructionRequested {
			last = max(last, f.On)
		}
	}
	return last
}

const (
	typeDestructionRequested = "destruction.requested.v1"
	typeIdentityDestroyed    = "identity.destroyed.v1"
)

func (s *State) pendingDestruction() (aggregates.Fact, *events.DestructionRequested) {
	f, pending, _ := aggregates.Last[*events.DestructionRequested](&s.history)
	return f, pending
}

// Destroyed returns the day on which the destruction of the client's keys was
// ordered, and whether it was.
func (s *State) Destroyed() (events.Date, bool) {
	f, _, destroyed := aggregates.Last[*events.IdentityDestroyed](&s.history)
	return f.On, destroyed
}
