package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// RecordTurned18 records that a minor turned 18; occurred_on is the first day of
// the next service period after the birthday, so that it does not give the
// birthday away (R10).
type RecordTurned18 struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
}

// Target implements [aggregates.Command].
func (c *RecordTurned18) Target(string) (events.Subject, error) { return target(c.Client) }

func decideTurned18(s *State, c *RecordTurned18, ctx *aggregates.Context) (events.Event, error) {
	p, _ := s.person()
	f, _, recorded := aggregates.Last[*events.ClientTurned18](&s.history)
	switch {
	case recorded && f.On == ctx.OccurredOn:
		return nil, nil
	case recorded:
		return nil, aggregates.Refuse("R10", "turned_18_already", "turning 18 is on record with effect from %s", f.On).Citing(f.ID)
	case p.AgeGroup != events.Minor:
		return nil, aggregates.Refuse("R10", "not_a_minor", "client %s was not enrolled as a minor", s.client).On("client").
			WithHint("correct-client corrects the age group")
	case ctx.OccurredOn <= p.enrolled:
		return nil, aggregates.Refuse("R10", "before_enrollment", "a minor enrolled on %s turns 18 after that day", p.enrolled)
	}
	return &events.ClientTurned18{}, nil
}

// CorrectClient replaces facts of the enrollment that were recorded wrongly or
// became known later; an empty field stays as it was. It counts from the first
// enrolled day on.
type CorrectClient struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Sex      string `json:"sex" doc:"sex" enum:"male,female,unknown" example:"female"`
	AgeGroup string `json:"age_group" doc:"age group on the first enrolled day" enum:"adult,minor,unknown" example:"minor"`
	AgeYears int    `json:"age_years" doc:"age in years on the first enrolled day" min:"1" max:"120" example:"17"`
	Form     string `json:"form" doc:"form of trafficking" enum:"sex,labor,both,unknown" example:"labor"`
	Country  string `json:"country" doc:"country of origin, ISO 3166-1 alpha-2" format:"country" example:"MX"`
	Language string `json:"language" doc:"language of choice, BCP 47" format:"language" example:"es"`
	Reason   string `json:"reason" doc:"why it is corrected; sealed" required:"true" secret:"identity" example:"passport seen"`
}

// Target implements [aggregates.Command].
func (c *CorrectClient) Target(string) (events.Subject, error) { return target(c.Client) }

func decideCorrect(s *State, c *CorrectClient, _ *aggregates.Context) (events.Event, error) {
	p, _ := s.person()
	given := events.ClientCorrected{
		Sex: events.Sex(c.Sex), AgeGroup: events.AgeGroup(c.AgeGroup), AgeYears: c.AgeYears,
		Form: events.Form(c.Form), Country: c.Country, Language: c.Language,
	}
	corrected := overlay(p.ClientCorrected, &given)
	if given == (events.ClientCorrected{}) {
		return nil, aggregates.Refuse("R24", "nothing_corrected", "a correction names at least one fact").
			WithHint("give sex, age_group, age_years, form, country or language")
	}
	if p.class == events.Derivative && c.Form != "" {
		return nil, aggregates.Refuse("R30", "form_of_derivative", "a derivative has no form of trafficking").On("form")
	}
	if corrected == p.ClientCorrected {
		return nil, nil
	}
	if refusal := checkAge(string(corrected.AgeGroup), corrected.AgeYears, 0, p.enrolled); refusal != nil {
		return nil, refusal
	}
	given.Reason = events.Plain(c.Reason)
	return &given, nil
}

// WithdrawCaseFact takes back a record of this case that was made in error: it
// counts as if it had never been. Nothing is edited; record the right fact anew (R24).
type WithdrawCaseFact struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Record string `json:"record" doc:"the record's id, or the id of the command that recorded it" required:"true" example:"01HZX0000000000000000000AB"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"wrong client"`
}

// Target implements [aggregates.Command].
func (c *WithdrawCaseFact) Target(string) (events.Subject, error) { return target(c.Client) }

// notWithdrawn are the types that are never taken back, with what to do instead.
var notWithdrawn = map[string]string{
	typeExpenseBooked:        "reverse-expense takes an expense back",
	typeExpenseReversed:      "book-expense books the expense anew",
	"case-fact.withdrawn.v1": "record the fact anew",
}

func decideWithdrawFact(s *State, c *WithdrawCaseFact, _ *aggregates.Context) (events.Event, error) {
	id, refusal := s.history.Withdrawal(c.Record, notWithdrawn)
	if refusal != nil {
		return nil, refusal
	}
	if id == "" {
		return nil, nil
	}
	if later, ok := s.reopeningAfter(id); ok {
		return nil, aggregates.Refuse("R24", "reopened_since", "the service was reopened on %s after that closure", later.On).
			On("record").WithHint("take the reopening back first").Citing(later.ID)
	}
	return &events.CaseFactWithdrawn{Record: id, Reason: events.Plain(c.Reason)}, nil
}

// reopeningAfter returns the reopening that rests on the closure of a record id.
func (s *State) reopeningAfter(id string) (aggregates.Fact, bool) {
	closed := false
	for _, f := range s.history.ByDate(typeServiceClosed) {
		closed = closed || f.ID == id && f.Type == typeServiceClosed
		if _, ok := f.Event.(*events.ServiceReopened); ok && closed {
			return *f, true
		}
	}
	return aggregates.Fact{}, false
}
