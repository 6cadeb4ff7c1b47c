package clientcase

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// AgreePlan records a service plan agreed with the client on occurred_on, or the
// review of one: the goals that it pursues, in the order that matters to the
// client (R28). A later plan takes the place of the one before.
type AgreePlan struct {
	Client      string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Goals       []string    `json:"goals" doc:"ids of the goals that it pursues, at least one" format:"id" example:"G-1,G-2"`
	Language    string      `json:"language" doc:"language in which it was agreed, BCP 47; the client's when empty" format:"language" example:"es"`
	Interpreter bool        `json:"interpreter" doc:"whether an interpreter or a translation was used"`
	ReviewOn    events.Date `json:"review_on" doc:"when it is to be reviewed" example:"2009-08-14"`
}

// Target implements [aggregates.Command].
func (c *AgreePlan) Target(string) (events.Subject, error) { return target(c.Client) }

func decideAgreePlan(s *State, c *AgreePlan, ctx *aggregates.Context) (events.Event, error) {
	if len(c.Goals) == 0 {
		return nil, aggregates.Refuse("R28", "plan_without_goal", "a service plan has at least one goal that the client set").On("goals").
			WithHint("set-goal sets one; plan CLIENT lists those that there are")
	}
	for _, goal := range c.Goals {
		if refusal := s.pursuable(goal, ctx.OccurredOn); refusal != nil {
			return nil, refusal
		}
	}
	if c.ReviewOn != 0 && c.ReviewOn <= ctx.OccurredOn {
		return nil, aggregates.Refuse("R28", "ends_before_start", "the plan of %s would be reviewed on %s, not after it", ctx.OccurredOn, c.ReviewOn).
			On("review_on")
	}
	language, refusal := s.languageOr(c.Language)
	if refusal != nil {
		return nil, refusal
	}
	e := &events.PlanAgreed{Goals: c.Goals, Language: language, Interpreter: c.Interpreter, ReviewOn: c.ReviewOn}
	for f, old := range aggregates.Of[*events.PlanAgreed](&s.history) {
		if f.On == ctx.OccurredOn && slices.Equal(old.Goals, e.Goals) && old.Language == e.Language &&
			old.Interpreter == e.Interpreter && old.ReviewOn == e.ReviewOn {
			return nil, nil
		}
	}
	return e, nil
}

// pursuable says why a plan of a day cannot pursue a goal.
func (s *State) pursuable(goal string, day events.Date) *aggregates.Refusal {
	f, _, refusal := s.knownGoal(goal, "goals")
	if refusal != nil {
		return refusal
	}
	if f.On > day {
		return aggregates.Refuse("R28", "before_goal", "goal %s was set on %s only", goal, f.On).On("goals").Citing(f.ID)
	}
	if last, progress := s.progressOn(goal, day); progress == "given_up" {
		return aggregates.Refuse("R28", "goal_given_up", "goal %s was given up on %s", goal, last.On).On("goals").
			WithHint("record-progress takes it up again, set-goal sets another one").Citing(last.ID)
	}
	return nil
}

// languageOr returns a language, or the client's of choice when none is given (R28).
func (s *State) languageOr(language string) (string, *aggregates.Refusal) {
	if language != "" {
		return language, nil
	}
	if p, _ := s.person(); p.Language != "" {
		return p.Language, nil
	}
	return "", aggregates.Refuse("R28", "language_missing", "the language of choice of client %s is not on record", s.client).On("language").
		WithHint("say in which language it was; correct-client records the client's")
}

// InformClient records that the client was told about a process on occurred_on, in
// a language that the client understands (R28).
type InformClient struct {
	Client      string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Topic       string `json:"topic" doc:"what the client was told about" required:"true" enum:"criminal_justice,immigration,confidentiality,rights,benefits" example:"immigration"`
	Language    string `json:"language" doc:"language that was used, BCP 47; the client's when empty" format:"language" example:"es"`
	Interpreter bool   `json:"interpreter" doc:"whether an interpreter or a translation was used"`
}

// Target implements [aggregates.Command].
func (c *InformClient) Target(string) (events.Subject, error) { return target(c.Client) }

func decideInformClient(s *State, c *InformClient, ctx *aggregates.Context) (events.Event, error) {
	language, refusal := s.languageOr(c.Language)
	if refusal != nil {
		return nil, refusal
	}
	e := events.ClientInformed{Topic: c.Topic, Language: language, Interpreter: c.Interpreter}
	for f, old := range aggregates.Of[*events.ClientInformed](&s.history) {
		if f.On == ctx.OccurredOn && *old == e {
			return nil, nil
		}
	}
	return &e, nil
}

// RecordOutcome records a benefit of case management that the client reached on
// occurred_on, while the case is open or after it (S4).
type RecordOutcome struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Outcome string `json:"outcome" doc:"what was reached" required:"true" enum:"self_sufficient,employed,housed,in_school,english_learned,health_cared_for,safe,support_network,family_reunified,benefits_obtained,status_obtained,cooperated_with_investigation,testified" example:"employed"`
	Note    string `json:"note" doc:"what happened; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *RecordOutcome) Target(string) (events.Subject, error) { return target(c.Client) }

func decideRecordOutcome(s *State, c *RecordOutcome, ctx *aggregates.Context) (events.Event, error) {
	for f, e := range aggregates.Of[*events.OutcomeRecorded](&s.history) {
		if f.On == ctx.OccurredOn && e.Outcome == c.Outcome && c.Note == "" {
			return nil, nil
		}
	}
	return &events.OutcomeRecorded{Outcome: c.Outcome, Note: events.Plain(c.Note)}, nil
}
