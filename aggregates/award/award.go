// Package award decides what may be recorded of a grant or contract beside the
// per-capita one: outreach, direct services, intermediaries, awareness, the hotline
// (S0, S1).
package award

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the award streams and their commands.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindAward,
		New:  func(s events.Subject) aggregates.State { return &State{award: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindAward, "record-award", "", "record or amend a grant or contract", decideRecord),
			aggregates.Define(events.KindAward, "log-outreach", "", "record a grantee's outreach or awareness work", decideOutreach),
		},
	}
}

// A State is the folded history of one award.
type State struct {
	award   string
	history aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

// on returns the award as it stands on a day, nil before its first one.
func (s *State) on(day events.Date) (award *events.AwardRecorded) {
	for _, f := range s.history.ByDate() {
		if e, ok := f.Event.(*events.AwardRecorded); ok && f.On <= day {
			award = e
		}
	}
	return award
}

// Runs reports whether the award runs on a day.
func (s *State) Runs(day events.Date) bool {
	award := s.on(day)
	return award != nil && day <= award.ThroughDate
}

// RecordAward records a grant or contract from occurred_on on, or what it is from
// then on. The id of a new one is derived from the command's when it is not given.
type RecordAward struct {
	Award       string       `json:"award" doc:"id of the award; derived from the command's id when empty" format:"id" example:"AW-014"`
	Purpose     string       `json:"purpose" doc:"what it is for" required:"true" enum:"outreach,direct_services,intermediary,awareness,hotline,technical_assistance" example:"outreach"`
	Grantee     string       `json:"grantee" doc:"organisation that gets it" required:"true" example:"Bay Area Outreach Coalition"`
	Funder      string       `json:"funder" doc:"who gives it" required:"true" enum:"hhs,doj,dhs,state,private" example:"hhs"`
	AmountCents events.Cents `json:"amount_cents" doc:"what it is worth, in cents" required:"true" min:"1" example:"12500000"`
	ThroughDate events.Date  `json:"through_date" doc:"last day" required:"true" example:"2009-09-29"`
	State       string       `json:"state" doc:"two-letter code of the State or territory, when it works in one" format:"state" example:"CA"`
}

// Target implements [aggregates.Command].
func (c *RecordAward) Target(commandID string) (events.Subject, error) {
	if c.Award == "" {
		return target(aggregates.NewID("AW", commandID))
	}
	return target(c.Award)
}

func decideRecord(s *State, c *RecordAward, ctx *aggregates.Context) (events.Event, error) {
	if c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("", "the award", c.ThroughDate)
	}
	e := &events.AwardRecorded{
		Purpose: c.Purpose, Grantee: c.Grantee, Funder: c.Funder, AmountCents: c.AmountCents, ThroughDate: c.ThroughDate, State: c.State,
	}
	if known := s.on(ctx.OccurredOn); known != nil && *known == *e {
		return nil, nil
	}
	return e, nil
}

// LogOutreach records work that a grantee ended on occurred_on: how many people it
// reached, and how many of them may be victims. Each of those whom somebody follows
// up is a lead of its own, see refer-lead.
type LogOutreach struct {
	Award      string `json:"award" doc:"id of the award" required:"true" format:"id" example:"AW-014"`
	Manner     string `json:"manner" doc:"what kind of work" required:"true" enum:"street,training,media,materials,meeting" example:"street"`
	Reached    int    `json:"reached" doc:"people who were reached" required:"true" min:"1" max:"100000000" example:"140"`
	Identified int    `json:"identified" doc:"possible victims among them; none when empty" min:"0" max:"100000" example:"3"`
}

// Target implements [aggregates.Command].
func (c *LogOutreach) Target(string) (events.Subject, error) { return target(c.Award) }

func decideOutreach(s *State, c *LogOutreach, ctx *aggregates.Context) (events.Event, error) {
	award := s.on(ctx.OccurredOn)
	switch {
	case s.history.Len() == 0:
		return nil, aggregates.Unknown("", events.KindAward, s.award)
	case award == nil:
		return nil, aggregates.Refuse("", "before_award", "award %s has not begun on %s", s.award, ctx.OccurredOn).On("award")
	case award.ThroughDate < ctx.OccurredOn:
		return nil, aggregates.Refuse("", "award_over", "award %s ended on %s", s.award, award.ThroughDate).On("award").
			WithHint("record-award with a later last day prolongs it")
	case c.Identified > c.Reached:
		return nil, aggregates.Refuse("", "more_identified", "%d people cannot be identified among %d", c.Identified, c.Reached).On("identified")
	}
	e := &events.OutreachLogged{Manner: c.Manner, Reached: c.Reached, Identified: c.Identified}
	for f, before := range aggregates.Of[*events.OutreachLogged](&s.history) {
		if f.On == ctx.OccurredOn && *before == *e {
			return nil, nil
		}
	}
	return e, nil
}

func target(award string) (events.Subject, error) {
	return events.NewSubject(events.KindAward, award)
}
