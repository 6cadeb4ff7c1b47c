package programme

import (
	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// SubmitFinalReport records that the final financial report of an award was
// submitted on occurred_on: three years later what it covers need not be kept any
// more (R32).
type SubmitFinalReport struct {
	Award       string      `json:"award" doc:"number of the contract or grant" required:"true" example:"HHSP233200600028"`
	ThroughDate events.Date `json:"through_date" doc:"last day that the report covers" required:"true" example:"2010-09-30"`
}

// Target implements [aggregates.Command].
func (c *SubmitFinalReport) Target(string) (events.Subject, error) {
	return events.ProgrammeSubject, nil
}

func decideSubmit(s *State, c *SubmitFinalReport, ctx *aggregates.Context) (events.Event, error) {
	if ctx.OccurredOn < c.ThroughDate {
		return nil, aggregates.Refuse("R32", "before_end", "a final report is not submitted before %s, the last day that it covers", c.ThroughDate).On("occurred_on")
	}
	for f, e := range aggregates.Of[*events.FinalReportSubmitted](&s.history) {
		if e.Award != c.Award {
			continue
		}
		if e.ThroughDate == c.ThroughDate && f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R32", "reported_already", "the final report of %s was submitted on %s, through %s", c.Award, f.On, e.ThroughDate).On("award").Citing(f.ID)
	}
	return &events.FinalReportSubmitted{Award: c.Award, ThroughDate: c.ThroughDate}, nil
}

// RetentionEnds is [policy.RetentionEnds] of the final reports on record.
func (s *State) RetentionEnds(lastServed events.Date) (events.Date, bool) {
	var reports []policy.FinalReport
	for f, e := range aggregates.Of[*events.FinalReportSubmitted](&s.history) {
		reports = append(reports, policy.FinalReport{Submitted: f.On, Through: e.ThroughDate})
	}
	return policy.RetentionEnds(reports, lastServed)
}
