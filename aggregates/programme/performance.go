package programme

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// AgreeGoal sets a target for one measure of the programme's performance in one
// fiscal year, agreed with a partner (S3: the improvement plan). A later one
// replaces it.
type AgreeGoal struct {
	Measure    string `json:"measure" doc:"what is measured" required:"true" enum:"victims_certified,children_eligible,clients_served,certified_of_enrolled_percent,days_to_letter_median,left_before_letter_percent,months_of_service,dollars_per_client,spent_of_allocated_percent,paid_within_30_days_percent" example:"victims_certified"`
	FiscalYear int    `json:"fiscal_year" doc:"federal fiscal year" required:"true" min:"2001" max:"2100" example:"2008"`
	Goal       int    `json:"target" doc:"in the measure's unit: people, percent, days, months or whole dollars" required:"true" min:"1" max:"1000000000" example:"300"`
	Partner    string `json:"partner" doc:"organisation with which it was agreed" required:"true" example:"PRIME-CONTRACTS"`
}

// Target implements [aggregates.Command].
func (c *AgreeGoal) Target(string) (events.Subject, error) { return events.ProgrammeSubject, nil }

func decideGoal(s *State, c *AgreeGoal, _ *aggregates.Context) (events.Event, error) {
	e := &events.GoalAgreed{Measure: c.Measure, Year: c.FiscalYear, Target: c.Goal, Partner: c.Partner}
	var latest *events.GoalAgreed
	for _, earlier := range aggregates.Of[*events.GoalAgreed](&s.history) {
		if earlier.Measure == e.Measure && earlier.Year == e.Year {
			latest = earlier
		}
	}
	if latest != nil && *latest == *e {
		return nil, nil
	}
	return e, nil
}

// RecordBestPractice records a practice that identifies or serves victims well, as
// practitioners tell it (S3: the improvement plan).
type RecordBestPractice struct {
	Topic   string `json:"topic" doc:"what it is about" required:"true" enum:"identification,outreach,certification,case_management,law_enforcement,children,housing,mental_health,data" example:"identification"`
	Partner string `json:"partner" doc:"organisation that tells it" required:"true" example:"A-017"`
	Text    string `json:"text" doc:"the practice; no names" required:"true" example:"ask health centers for walk-in hours on Sundays"`
}

// Target implements [aggregates.Command].
func (c *RecordBestPractice) Target(string) (events.Subject, error) {
	return events.ProgrammeSubject, nil
}

func decideBestPractice(s *State, c *RecordBestPractice, _ *aggregates.Context) (events.Event, error) {
	e := &events.BestPracticeRecorded{Topic: c.Topic, Partner: c.Partner, Text: c.Text}
	for _, earlier := range aggregates.Of[*events.BestPracticeRecorded](&s.history) {
		if *earlier == *e {
			return nil, nil
		}
	}
	return e, nil
}

// AllocateFunds sets money of a fiscal year aside for a purpose (S3). A later
// allocation of the same year and purpose replaces it.
type AllocateFunds struct {
	FiscalYear  int          `json:"fiscal_year" doc:"federal fiscal year" required:"true" min:"2001" max:"2100" example:"2008"`
	Purpose     string       `json:"purpose" doc:"what it is for" required:"true" enum:"administration,client_expenses,training,outreach" example:"client_expenses"`
	AmountCents events.Cents `json:"amount_cents" doc:"in cents" required:"true" min:"1" max:"100000000000" example:"60000000"`
}

// Target implements [aggregates.Command].
func (c *AllocateFunds) Target(string) (events.Subject, error) { return events.ProgrammeSubject, nil }

func decideAllocate(s *State, c *AllocateFunds, _ *aggregates.Context) (events.Event, error) {
	e := &events.FundsAllocated{Year: c.FiscalYear, Purpose: c.Purpose, AmountCents: c.AmountCents}
	var latest *events.FundsAllocated
	for _, earlier := range aggregates.Of[*events.FundsAllocated](&s.history) {
		if earlier.Year == e.Year && earlier.Purpose == e.Purpose {
			latest = earlier
		}
	}
	if latest != nil && *latest == *e {
		return nil, nil
	}
	return e, nil
}
