package worker

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// StartLeave takes a worker out of the rota from occurred_on on: no case is handed
// over to a worker on leave. The worker's own cases stay (R28).
type StartLeave struct {
	Worker      string      `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
	ThroughDate events.Date `json:"through_date" doc:"last day of the leave" required:"true" example:"2009-02-15"`
}

// Target implements [aggregates.Command].
func (c *StartLeave) Target(string) (events.Subject, error) { return target(c.Worker) }

func decideStartLeave(s *State, c *StartLeave, ctx *aggregates.Context) (events.Event, error) {
	if _, err := s.engaged(ctx); err != nil {
		return nil, err
	}
	if c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("R28", "the leave", c.ThroughDate)
	}
	for _, l := range s.leaves() {
		switch {
		case l.from == ctx.OccurredOn && l.to == c.ThroughDate:
			return nil, nil
		case l.from <= c.ThroughDate && ctx.OccurredOn <= l.to:
			return nil, aggregates.Refuse("R28", "on_leave", "worker %s is on leave from %s to %s", s.worker, l.from, l.to).On("worker").
				WithHint("end-leave ends that one first; a longer leave starts on the day after").Citing(l.record)
		}
	}
	return &events.LeaveStarted{ThroughDate: c.ThroughDate}, nil
}

// EndLeave ends a leave before its last day; occurred_on is the first day back.
type EndLeave struct {
	Worker string `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
}

// Target implements [aggregates.Command].
func (c *EndLeave) Target(string) (events.Subject, error) { return target(c.Worker) }

func decideEndLeave(s *State, _ *EndLeave, ctx *aggregates.Context) (events.Event, error) {
	if f, _, ok := aggregates.Last[*events.LeaveEnded](&s.history); ok && f.On == ctx.OccurredOn {
		return nil, nil
	}
	if _, err := s.engaged(ctx); err != nil {
		return nil, err
	}
	if !s.OnLeave(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "not_on_leave", "worker %s is not on leave on %s", s.worker, ctx.OccurredOn).On("worker")
	}
	return &events.LeaveEnded{}, nil
}

// OfferSupport records what an agency does against burn-out and secondary trauma
// (S4), and whether the worker took it up. It says nothing about the worker's health.
type OfferSupport struct {
	Worker   string `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
	Support  string `json:"support" doc:"what was offered" required:"true" enum:"supervision,debriefing,counseling,peer_support,time_off,training" example:"debriefing"`
	Accepted bool   `json:"accepted" doc:"whether the worker took it up"`
}

// Target implements [aggregates.Command].
func (c *OfferSupport) Target(string) (events.Subject, error) { return target(c.Worker) }

func decideOfferSupport(s *State, c *OfferSupport, ctx *aggregates.Context) (events.Event, error) {
	if _, err := s.engaged(ctx); err != nil {
		return nil, err
	}
	e := &events.SupportOffered{Support: c.Support, Accepted: c.Accepted}
	for f, before := range aggregates.Of[*events.SupportOffered](&s.history) {
		if f.On == ctx.OccurredOn && *before == *e {
			return nil, nil
		}
	}
	return e, nil
}
