package partner

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// ListPartner puts a provider into the directory from occurred_on on, or replaces
// what the directory says of it. The id of a new one is derived from the command's
// when it is not given.
type ListPartner struct {
	Partner   string   `json:"partner" doc:"id of the provider; derived from the command's id when empty" format:"id" example:"N-3HF7"`
	Name      string   `json:"name" doc:"name of the provider; an organisation" required:"true" example:"Bay Area Tenants House"`
	State     string   `json:"state" doc:"two-letter code of the State or territory" required:"true" format:"state" example:"TX"`
	City      string   `json:"city" doc:"city" required:"true" example:"Houston"`
	Services  []string `json:"services" doc:"needs that it serves" required:"true" enum:"housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"housing,safety"`
	Languages []string `json:"languages" doc:"languages that it speaks with clients" required:"true" format:"language" example:"en,es"`
	Takes     []string `json:"takes" doc:"whom it takes" required:"true" enum:"women,men,children,families" example:"women,children"`
	Cost      string   `json:"cost" doc:"what it costs: nothing, by income, or a fee" required:"true" enum:"free,sliding,fee" example:"free"`
}

// Target implements [aggregates.Command].
func (c *ListPartner) Target(commandID string) (events.Subject, error) {
	if c.Partner == "" {
		return target(aggregates.NewID("N", commandID))
	}
	return target(c.Partner)
}

func decideList(s *State, c *ListPartner, ctx *aggregates.Context) (events.Event, error) {
	listed, _, _ := s.listing(ctx.OccurredOn)
	if listed != nil && listed.Name == c.Name && listed.State == c.State && listed.City == c.City && listed.Cost == c.Cost &&
		slices.Equal(listed.Services, c.Services) && slices.Equal(listed.Languages, c.Languages) && slices.Equal(listed.Takes, c.Takes) {
		return nil, nil
	}
	return &events.PartnerListed{
		Name: c.Name, State: c.State, City: c.City, Services: c.Services, Languages: c.Languages, Takes: c.Takes, Cost: c.Cost,
	}, nil
}

// VetPartner says that somebody looked into whether a provider is fit for the
// cultures that it serves, and with what result.
type VetPartner struct {
	Partner     string      `json:"partner" doc:"id of the provider" required:"true" format:"id" example:"N-3HF7"`
	Cultures    []string    `json:"cultures" doc:"languages, BCP 47, or regions that were looked at" required:"true" example:"es,th"`
	Suitable    bool        `json:"suitable" doc:"whether it is fit for them"`
	ThroughDate events.Date `json:"through_date" doc:"when it is to be looked at again; never when empty" example:"2010-03-31"`
}

// Target implements [aggregates.Command].
func (c *VetPartner) Target(string) (events.Subject, error) { return target(c.Partner) }

func decideVet(s *State, c *VetPartner, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.refusal(ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	if c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn {
		return nil, aggregates.Refuse("R28", "ends_before_start", "it would have to be looked at again on %s, before %s", c.ThroughDate, ctx.OccurredOn).
			On("through_date")
	}
	if same(s, ctx.OccurredOn, func(e *events.PartnerVetted) bool {
		return slices.Equal(e.Cultures, c.Cultures) && e.Suitable == c.Suitable && e.ThroughDate == c.ThroughDate
	}) {
		return nil, nil
	}
	return &events.PartnerVetted{Cultures: c.Cultures, Suitable: c.Suitable, ThroughDate: c.ThroughDate}, nil
}

// ChangePartnerAvailability says whom a provider can take from occurred_on on. The
// same answer on a later day is a new fact: it says that it still holds.
type ChangePartnerAvailability struct {
	Partner     string `json:"partner" doc:"id of the provider" required:"true" format:"id" example:"N-3HF7"`
	Openings    int    `json:"openings" doc:"places that are free; none when empty" min:"0" max:"1000" example:"2"`
	WaitingDays int    `json:"waiting_days" doc:"days that a client waits; none when empty" min:"0" max:"1000" example:"14"`
}

// Target implements [aggregates.Command].
func (c *ChangePartnerAvailability) Target(string) (events.Subject, error) { return target(c.Partner) }

func decideAvailability(s *State, c *ChangePartnerAvailability, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.refusal(ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	if same(s, ctx.OccurredOn, func(e *events.PartnerAvailabilityChanged) bool {
		return e.Openings == c.Openings && e.WaitingDays == c.WaitingDays
	}) {
		return nil, nil
	}
	return &events.PartnerAvailabilityChanged{Openings: c.Openings, WaitingDays: c.WaitingDays}, nil
}

// DelistPartner takes a provider out of the directory; occurred_on is its last day
// there. Clients who were sent to it stay where they are.
type DelistPartner struct {
	Partner string `json:"partner" doc:"id of the provider" required:"true" format:"id" example:"N-3HF7"`
	Reason  string `json:"reason" doc:"why; no names" required:"true" example:"closed its shelter"`
}

// Target implements [aggregates.Command].
func (c *DelistPartner) Target(string) (events.Subject, error) { return target(c.Partner) }

func decideDelist(s *State, c *DelistPartner, ctx *aggregates.Context) (events.Event, error) {
	if _, _, delisted := s.listing(ctx.OccurredOn + 1); delisted == ctx.OccurredOn {
		return nil, nil
	}
	if refusal := s.refusal(ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	return &events.PartnerDelisted{Reason: c.Reason}, nil
}
