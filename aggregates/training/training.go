// Package training decides what may be recorded of a training that the prime
// contractor held, and of who attended it (S2).
package training

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the training streams and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindTraining,
		New:  func(s events.Subject) aggregates.State { return &State{training: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindTraining, "hold-training", "R28", "record a training and who attended it", decideHold),
			aggregates.Define(events.KindTraining, "add-attendance", "R28", "add people who attended a training", decideAttend),
		},
	}
}

// A State is the folded history of one training.
type State struct {
	training  string
	held      *events.TrainingHeld // nil before it was recorded
	on        events.Date
	record    string
	attendees []string // in order of recording
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error {
	event, err := r.Event()
	if err != nil {
		return err
	}
	switch e := event.(type) {
	case *events.TrainingHeld:
		s.held, s.on, s.record = e, r.OccurredOn, r.ID
		s.attendees = append(s.attendees, e.Workers...)
	case *events.TrainingAttended:
		s.attendees = append(s.attendees, e.Workers...)
	}
	return nil
}

// employee is what a training asks of who attends it.
type employee interface {
	Agencies(day events.Date) []string
}

func workerSubject(id string) events.Subject { return events.SubjectOf(events.KindWorker, id) }

func workerSubjects(workers []string) (subjects []events.Subject) {
	for _, w := range workers {
		subjects = append(subjects, workerSubject(w))
	}
	return subjects
}

// agenciesOf returns the agency of each worker on a day, or refuses the first worker
// who is unknown or not engaged then.
func agenciesOf(ctx *aggregates.Context, workers []string, day events.Date) (agencies []string, refusal *aggregates.Refusal) {
	for _, w := range workers {
		st := ctx.Basis[workerSubject(w)]
		if !st.Exists() {
			return nil, aggregates.Unknown("R28", events.KindWorker, w).On("workers")
		}
		at := st.State.(employee).Agencies(day)
		if len(at) == 0 {
			return nil, aggregates.Refuse("R28", "worker_not_engaged", "worker %s is not engaged on %s", w, day).On("workers")
		}
		agencies = append(agencies, at[0])
	}
	return agencies, nil
}

// HoldTraining records a training on occurred_on. The agencies of those who attended
// are looked up. The id of a training is derived from the command's when it is not
// given.
type HoldTraining struct {
	Training string   `json:"training" doc:"id of the training; derived from the command's id when empty" format:"id" example:"T-2009-02"`
	Course   string   `json:"course" doc:"the monthly core training, or a special one" required:"true" enum:"core,specialty" example:"core"`
	Topic    string   `json:"topic" doc:"what it is about" required:"true" example:"safety planning"`
	Minutes  int      `json:"minutes" doc:"how long it takes" required:"true" min:"1" max:"2880" example:"90"`
	Workers  []string `json:"workers" doc:"coded ids of the workers who attended" format:"id" example:"W-1B2,W-2C3"`
}

// Target implements [aggregates.Command].
func (c *HoldTraining) Target(commandID string) (events.Subject, error) {
	if c.Training == "" {
		return target(aggregates.NewID("T", commandID))
	}
	return target(c.Training)
}

// Needs implements [aggregates.Dependent].
func (c *HoldTraining) Needs(aggregates.State) []events.Subject { return workerSubjects(c.Workers) }

func decideHold(s *State, c *HoldTraining, ctx *aggregates.Context) (events.Event, error) {
	if s.held != nil {
		if s.on == ctx.OccurredOn && s.held.Course == c.Course && s.held.Topic == c.Topic && s.held.Minutes == c.Minutes && slices.Equal(s.held.Workers, c.Workers) {
			return nil, nil
		}
		return nil, aggregates.Refuse("", "training_known", "training %s was held on %s", s.training, s.on).On("training").
			WithHint("add-attendance adds people; another training has another id").Citing(s.record)
	}
	agencies, refusal := agenciesOf(ctx, c.Workers, ctx.OccurredOn)
	if refusal != nil {
		return nil, refusal
	}
	return &events.TrainingHeld{Course: c.Course, Topic: c.Topic, Minutes: c.Minutes, Workers: c.Workers, Agencies: agencies}, nil
}

// AddAttendance adds people who attended a training, as a late or a long list says;
// who is on record already is not added again.
type AddAttendance struct {
	Training string   `json:"training" doc:"id of the training" required:"true" format:"id" example:"T-2009-02"`
	Workers  []string `json:"workers" doc:"coded ids of the workers who attended" required:"true" format:"id" example:"W-1B2,W-2C3"`
}

// Target implements [aggregates.Command].
func (c *AddAttendance) Target(string) (events.Subject, error) { return target(c.Training) }

// Needs implements [aggregates.Dependent].
func (c *AddAttendance) Needs(aggregates.State) []events.Subject { return workerSubjects(c.Workers) }

func decideAttend(s *State, c *AddAttendance, ctx *aggregates.Context) (events.Event, error) {
	switch {
	case s.held == nil:
		return nil, aggregates.Unknown("", events.KindTraining, s.training)
	case ctx.OccurredOn < s.on:
		return nil, aggregates.Refuse("", "before_training", "training %s was held on %s only", s.training, s.on).Citing(s.record)
	}
	added := slices.DeleteFunc(slices.Clone(c.Workers), func(w string) bool { return slices.Contains(s.attendees, w) })
	if len(added) == 0 {
		return nil, nil
	}
	agencies, refusal := agenciesOf(ctx, added, s.on)
	if refusal != nil {
		return nil, refusal
	}
	return &events.TrainingAttended{Workers: added, Agencies: agencies}, nil
}

func target(training string) (events.Subject, error) {
	return events.NewSubject(events.KindTraining, training)
}
