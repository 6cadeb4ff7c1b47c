package agency

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// OpenLocation adds a place at which the agency serves clients from occurred_on on.
type OpenLocation struct {
	Agency   string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Location string `json:"location" doc:"id of the location within the agency" required:"true" format:"id" example:"L1"`
	City     string `json:"city" doc:"city" required:"true" example:"Houston"`
	State    string `json:"state" doc:"two-letter code of the State or territory" required:"true" format:"state" example:"TX"`
}

// Target implements [aggregates.Command].
func (c *OpenLocation) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideOpenLocation(s *State, c *OpenLocation, ctx *aggregates.Context) (events.Event, error) {
	e := &events.LocationOpened{Location: c.Location, City: c.City, State: c.State}
	opened, _ := s.location(c.Location, ctx.OccurredOn)
	switch {
	case opened == nil:
		return e, nil
	case opened.On == ctx.OccurredOn && *opened.Event.(*events.LocationOpened) == *e:
		return nil, nil
	}
	return nil, aggregates.Refuse("", "location_open", "location %s is open since %s", c.Location, opened.On).
		On("location").WithHint("close-location ends it").Citing(opened.ID)
}

// CloseLocation ends a location; occurred_on is its last day.
type CloseLocation struct {
	Agency   string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Location string `json:"location" doc:"id of the location within the agency" required:"true" format:"id" example:"L1"`
}

// Target implements [aggregates.Command].
func (c *CloseLocation) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideCloseLocation(s *State, c *CloseLocation, ctx *aggregates.Context) (events.Event, error) {
	if opened, closedOn := s.location(c.Location, ctx.OccurredOn+1); opened == nil && closedOn == ctx.OccurredOn {
		return nil, nil
	}
	if !s.HasLocation(c.Location, ctx.OccurredOn) {
		return nil, aggregates.Refuse("", "location_not_open", "agency %s has no open location %s on %s", s.agency, c.Location, ctx.OccurredOn).
			On("location")
	}
	return &events.LocationClosed{Location: c.Location}, nil
}
