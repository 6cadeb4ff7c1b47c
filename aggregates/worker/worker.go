// Package worker decides what may be recorded of a case manager or supervisor:
// engagement at one agency, capacity, languages, leave, support and leaving (R28).
package worker

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the worker streams and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindWorker,
		New:  func(s events.Subject) aggregates.State { return &State{worker: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindWorker, "engage-worker", "R28", "add a case manager or supervisor to an agency", decideEngage),
			aggregates.Define(events.KindWorker, "change-worker", "R28", "change a worker's capacity, languages or role", decideChange),
			aggregates.Define(events.KindWorker, "worker-left", "R28", "end a worker's engagement", decideLeft),
			aggregates.Define(events.KindWorker, "start-leave", "R28", "say that a worker is on leave", decideStartLeave),
			aggregates.Define(events.KindWorker, "end-leave", "R28", "say that a worker is back before the leave ends", decideEndLeave),
			aggregates.Define(events.KindWorker, "offer-support", "R28", "record support offered to a worker", decideOfferSupport),
		},
	}
}

// A State is the folded history of one worker.
type State struct {
	worker  string
	history aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

// A standing is a worker's engagement on one day; from is zero outside one.
type standing struct {
	from       events.Date // first day of the engagement
	changed    events.Date // day from which capacity, languages and role hold
	left       events.Date // last day of the engagement before
	agency     string
	supervisor bool
	capacity   int
	languages  []string
}

// on returns the standing on a day, from the facts effective by then.
func (s *State) on(day events.Date) standing {
	var st standing
	for _, f := range s.history.ByDate("worker.left.v1") {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.WorkerEngaged:
			st = standing{f.On, f.On, 0, e.Agency, e.Supervisor, e.CapacityPercent, e.Languages}
		case *events.WorkerChanged:
			st.changed, st.supervisor, st.capacity, st.languages = f.On, e.Supervisor, e.CapacityPercent, e.Languages
		case *events.WorkerLeft:
			if f.On < day { // its date is the last day
				st = standing{left: f.On}
			}
		}
	}
	return st
}

// ServesAgency reports whether the worker is engaged at an agency on a day.
func (s *State) ServesAgency(agency string, day events.Date) bool {
	st := s.on(day)
	return st.from != 0 && st.agency == agency
}

// IsEngaged reports whether the worker is engaged anywhere on a day.
func (s *State) IsEngaged(day events.Date) bool { return s.on(day).from != 0 }

// IsSupervisor reports whether the worker is a supervisor on a day.
func (s *State) IsSupervisor(day events.Date) bool { return s.on(day).supervisor }

// Speaks reports whether the worker speaks a language, a BCP 47 code, on a day.
func (s *State) Speaks(language string, day events.Date) bool {
	return slices.ContainsFunc(s.on(day).languages, func(l string) bool { return aggregates.SameLanguage(l, language) })
}

// employer is what a worker's engagement asks of the agency.
type employer interface {
	UnderSubcontract(day events.Date) bool
}

// EngageWorker adds a case manager or supervisor to an agency from occurred_on on.
// The id of a new worker is derived from the command's when it is not given.
type EngageWorker struct {
	Worker          string   `json:"worker" doc:"coded id of the worker; derived from the command's id when empty" format:"id" example:"W-1B2"`
	Agency          string   `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Supervisor      bool     `json:"supervisor" doc:"whether the worker becomes interim lead when a lead leaves"`
	CapacityPercent int      `json:"capacity_percent" doc:"100 for full time, less for part time" required:"true" min:"1" max:"100" example:"100"`
	Languages       []string `json:"languages" doc:"languages that the worker speaks with clients" required:"true" format:"language" example:"en,es"`
	Name            string   `json:"name" doc:"name of the worker; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *EngageWorker) Target(commandID string) (events.Subject, error) {
	if c.Worker == "" {
		return events.NewSubject(events.KindWorker, aggregates.NewID("W", commandID))
	}
	return target(c.Worker)
}

// Needs implements [aggregates.Dependent].
func (c *EngageWorker) Needs(aggregates.State) []events.Subject {
	return []events.Subject{events.SubjectOf(events.KindAgency, c.Agency)}
}

func decideEngage(s *State, c *EngageWorker, ctx *aggregates.Context) (events.Event, error) {
	st := s.on(ctx.OccurredOn)
	if st.from != 0 {
		if st.from == ctx.OccurredOn && st.agency == c.Agency && st.sameAs(c.Supervisor, c.CapacityPercent, c.Languages) {
			return nil, nil
		}
		return nil, aggregates.Refuse("R28", "worker_engaged", "worker %s is engaged at agency %s since %s", s.worker, st.agency, st.from).
			On("worker").WithHint("change-worker changes the engagement, worker-left ends it")
	}
	if next := s.next(ctx.OccurredOn); next != 0 {
		return nil, aggregates.Refuse("R28", "worker_engaged", "worker %s is engaged from %s on", s.worker, next).On("worker")
	}
	agency := ctx.Basis[events.SubjectOf(events.KindAgency, c.Agency)]
	if !agency.Exists() {
		return nil, aggregates.Unknown("", events.KindAgency, c.Agency)
	}
	if a, ok := agency.State.(employer); ok && !a.UnderSubcontract(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R27", "agency_not_under_subcontract", "agency %s is not under subcontract on %s", c.Agency, ctx.OccurredOn).
			On("agency")
	}
	return &events.WorkerEngaged{
		Agency: c.Agency, Supervisor: c.Supervisor, CapacityPercent: c.CapacityPercent,
		Languages: c.Languages, Name: events.Plain(c.Name),
	}, nil
}

// next returns the first day of the first engagement after a day, zero for none.
func (s *State) next(day events.Date) events.Date {
	for _, f := range s.history.ByDate() {
		if _, ok := f.Event.(*events.WorkerEngaged); ok && f.On > day {
			return f.On
		}
	}
	return 0
}

func (st standing) sameAs(supervisor bool, capacity int, languages []string) bool {
	return st.supervisor == supervisor && st.capacity == capacity && slices.Equal(st.languages, languages)
}

// ChangeWorker replaces a worker's capacity, languages and role from occurred_on
// on: all three, so give the ones that stay as well.
type ChangeWorker struct {
	Worker          string   `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
	Supervisor      bool     `json:"supervisor" doc:"whether the worker is a supervisor from now on"`
	CapacityPercent int      `json:"capacity_percent" doc:"100 for full time, less for part time" required:"true" min:"1" max:"100" example:"50"`
	Languages       []string `json:"languages" doc:"languages that the worker speaks with clients" required:"true" format:"language" example:"en,es"`
}

// Target implements [aggregates.Command].
func (c *ChangeWorker) Target(string) (events.Subject, error) { return target(c.Worker) }

func decideChange(s *State, c *ChangeWorker, ctx *aggregates.Context) (events.Event, error) {
	st, err := s.engaged(ctx)
	if err != nil {
		return nil, err
	}
	if st.sameAs(c.Supervisor, c.CapacityPercent, c.Languages) {
		return nil, nil
	}
	return &events.WorkerChanged{Supervisor: c.Supervisor, CapacityPercent: c.CapacityPercent, Languages: c.Languages}, nil
}

// WorkerLeft ends a worker's engagement; occurred_on is the last day. The cases
// that the worker leads need lead-left or a hand-off.
type WorkerLeft struct {
	Worker string `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"moved away"`
}

// Target implements [aggregates.Command].
func (c *WorkerLeft) Target(string) (events.Subject, error) { return target(c.Worker) }

func decideLeft(s *State, c *WorkerLeft, ctx *aggregates.Context) (events.Event, error) {
	if s.on(ctx.OccurredOn+1).left == ctx.OccurredOn {
		return nil, nil
	}
	st, err := s.engaged(ctx)
	if err != nil {
		return nil, err
	}
	for f := range s.history.Standing() {
		if f.On > ctx.OccurredOn && f.On > st.from {
			return nil, aggregates.Refuse("R28", "later_facts", "worker %s has a record of %s, after that day", s.worker, f.On).Citing(f.ID)
		}
	}
	return &events.WorkerLeft{Reason: events.Plain(c.Reason)}, nil
}

// engaged returns the engagement on the effective date, or a refusal.
func (s *State) engaged(ctx *aggregates.Context) (standing, error) {
	st := s.on(ctx.OccurredOn)
	switch {
	case s.history.Len() == 0:
		return st, aggregates.Unknown("", events.KindWorker, s.worker)
	case st.left != 0:
		return st, aggregates.Refuse("R28", "worker_left", "worker %s left on %s", s.worker, st.left).On("worker")
	case st.from == 0:
		return st, aggregates.Refuse("R28", "worker_not_engaged", "worker %s is not engaged on %s", s.worker, ctx.OccurredOn).On("worker")
	}
	return st, nil
}

func target(worker string) (events.Subject, error) {
	return events.NewSubject(events.KindWorker, worker)
}

// Agencies returns the agency where the worker is engaged on a day.
func (s *State) Agencies(day events.Date) []string {
	if st := s.on(day); st.from != 0 {
		return []string{st.agency}
	}
	return nil
}
