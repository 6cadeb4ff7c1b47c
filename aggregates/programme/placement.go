package programme

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// AdoptPlacementAge records up to what age a State's foster care rules keep a minor
// in the Unaccompanied Refugee Minor programme, from occurred_on on. Where none was
// adopted it is 18 (R11).
type AdoptPlacementAge struct {
	State     string `json:"state" doc:"two-letter code of the State or territory" required:"true" format:"state" example:"TX"`
	Years     int    `json:"years" doc:"age in years at which a placement ends" required:"true" min:"18" max:"26" example:"21"`
	Authority string `json:"authority" doc:"document that the age rests on" required:"true" example:"State plan, title IV-B"`
}

// Target implements [aggregates.Command].
func (c *AdoptPlacementAge) Target(string) (events.Subject, error) {
	return events.ProgrammeSubject, nil
}

func decidePlacementAge(s *State, c *AdoptPlacementAge, ctx *aggregates.Context) (events.Event, error) {
	for f, e := range aggregates.Of[*events.PlacementAgeAdopted](&s.history) {
		if f.On != ctx.OccurredOn || e.State != c.State {
			continue
		}
		if e.Years == c.Years {
			return nil, nil
		}
		return nil, aggregates.Refuse("R11", "age_on_record", "the age of %s from %s on is %d", c.State, f.On, e.Years).
			On("years").WithHint("give another effective date").Citing(f.ID)
	}
	return &events.PlacementAgeAdopted{State: c.State, Years: c.Years, Authority: c.Authority}, nil
}
