package agency

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// colleague is what an agency asks of its workers.
type colleague interface {
	ServesAgency(agency string, day events.Date) bool
	OnLeave(day events.Date) bool
}

func workerSubject(id string) events.Subject { return events.SubjectOf(events.KindWorker, id) }

// colleagueAt refuses a worker who is unknown, or not at work for the agency on the
// effective date.
func (s *State) colleagueAt(ctx *aggregates.Context, worker string) (colleague, *aggregates.Refusal) {
	st := ctx.Basis[workerSubject(worker)]
	if !st.Exists() {
		return nil, aggregates.Unknown("R28", events.KindWorker, worker)
	}
	w := st.State.(colleague)
	if !w.ServesAgency(s.agency, ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "worker_elsewhere", "worker %s does not work at agency %s on %s", worker, s.agency, ctx.OccurredOn).
			On("worker")
	}
	return w, nil
}

// NamePointOfContact names the one person whom others ask about the agency's cases,
// from occurred_on on (R28).
type NamePointOfContact struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Worker string `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
}

// Target implements [aggregates.Command].
func (c *NamePointOfContact) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *NamePointOfContact) Needs(aggregates.State) []events.Subject {
	return []events.Subject{workerSubject(c.Worker)}
}

func decidePointOfContact(s *State, c *NamePointOfContact, ctx *aggregates.Context) (events.Event, error) {
	if _, refusal := s.colleagueAt(ctx, c.Worker); refusal != nil {
		return nil, refusal
	}
	if s.pointOfContact(ctx.OccurredOn) == c.Worker {
		return nil, nil
	}
	return &events.PointOfContactNamed{Worker: c.Worker, Basis: ctx.Basis.References(workerSubject(c.Worker))}, nil
}

// pointOfContact returns who is named on a day.
func (s *State) pointOfContact(day events.Date) (worker string) {
	for _, f := range s.history.ByDate() {
		if e, ok := f.Event.(*events.PointOfContactNamed); ok && f.On <= day {
			worker = e.Worker
		}
	}
	return worker
}

// AssignOnCall says who answers the after-hours number from the night of occurred_on
// on (R27). The last assignment of a night holds, so that a shift can be taken over.
type AssignOnCall struct {
	Agency      string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Worker      string      `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
	ThroughDate events.Date `json:"through_date" doc:"last night" required:"true" example:"2009-02-28"`
}

// Target implements [aggregates.Command].
func (c *AssignOnCall) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *AssignOnCall) Needs(aggregates.State) []events.Subject {
	return []events.Subject{workerSubject(c.Worker)}
}

func decideOnCall(s *State, c *AssignOnCall, ctx *aggregates.Context) (events.Event, error) {
	w, refusal := s.colleagueAt(ctx, c.Worker)
	switch {
	case refusal != nil:
		return nil, refusal
	case w.OnLeave(ctx.OccurredOn):
		return nil, aggregates.Refuse("R27", "worker_on_leave", "worker %s is on leave on %s", c.Worker, ctx.OccurredOn).On("worker").
			WithHint("assign somebody else, or end-leave first")
	case c.ThroughDate < ctx.OccurredOn:
		return nil, aggregates.Refuse("R27", "ends_before_start", "the last night %s is before the first, %s", c.ThroughDate, ctx.OccurredOn).
			On("through_date")
	}
	var last *events.OnCallAssigned
	for f, e := range aggregates.Of[*events.OnCallAssigned](&s.history) {
		if f.On == ctx.OccurredOn {
			last = e
		}
	}
	if last != nil && last.Worker == c.Worker && last.ThroughDate == c.ThroughDate {
		return nil, nil
	}
	return &events.OnCallAssigned{Worker: c.Worker, ThroughDate: c.ThroughDate, Basis: ctx.Basis.References(workerSubject(c.Worker))}, nil
}
