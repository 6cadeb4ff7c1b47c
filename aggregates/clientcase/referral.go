package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// What a case asks of a provider in the partner directory.
type partnerStanding interface {
	Listed(day events.Date) bool
	Serves(need string, day events.Date) bool
}

func partnerSubject(id string) events.Subject { return events.SubjectOf(events.KindPartner, id) }

// listedPartner refuses a provider that does not stand in the partner directory on
// the effective date.
func listedPartner(ctx *aggregates.Context, id string) (partnerStanding, *aggregates.Refusal) {
	st := ctx.Basis[partnerSubject(id)]
	if !st.Exists() {
		return nil, aggregates.Unknown("R28", events.KindPartner, id)
	}
	p := st.State.(partnerStanding)
	if !p.Listed(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "partner_not_listed", "partner %s does not stand in the partner directory on %s", id, ctx.OccurredOn).
			On("partner").WithHint("list-partner puts it there")
	}
	return p, nil
}

// ReferService sends the client to a provider of the partner directory, under the
// client's release to it (R28, R31). The referral's id within the case is derived
// from the command's when it is not given.
type ReferService struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Referral string `json:"referral" doc:"id of the referral within the case; derived from the command's id when empty" format:"id" example:"R-1"`
	Partner  string `json:"partner" doc:"id of the provider in the partner directory" required:"true" format:"id" example:"N-3HF7"`
	Category string `json:"category" doc:"need that it serves" required:"true" enum:"housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"mental_health"`
}

// Target implements [aggregates.Command].
func (c *ReferService) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ReferService) Needs(aggregates.State) []events.Subject {
	return []events.Subject{partnerSubject(c.Partner)}
}

func decideReferService(s *State, c *ReferService, ctx *aggregates.Context) (events.Event, error) {
	e := &events.ServiceReferred{Referral: c.Referral, Partner: c.Partner, Category: c.Category}
	if e.Referral == "" {
		e.Referral = aggregates.NewID("R", ctx.CommandID)
	}
	for f, old := range aggregates.Of[*events.ServiceReferred](&s.history) {
		same := old.Partner == e.Partner && old.Category == e.Category && f.On == ctx.OccurredOn
		switch {
		case same && (old.Referral == e.Referral || c.Referral == ""):
			return nil, nil
		case old.Referral == e.Referral:
			return nil, aggregates.Refuse("R28", "referral_exists", "referral %s went to partner %s on %s", old.Referral, old.Partner, f.On).
				On("referral").WithHint("give another id").Citing(f.ID)
		}
	}
	p, refusal := listedPartner(ctx, c.Partner)
	if refusal != nil {
		return nil, refusal
	}
	if !p.Serves(c.Category, ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "service_not_offered", "partner %s does not serve %s on %s", c.Partner, c.Category, ctx.OccurredOn).
			On("category").WithHint("list-partner changes what the directory says of a provider")
	}
	if e.Release, refusal = s.releaseFor(c.Partner, c.Category, ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	e.Basis = ctx.Basis.References(partnerSubject(c.Partner))
	return e, nil
}

// scopeOf returns the scope of a release that covers a referral for a need, beside
// whole_case (R31).
func scopeOf(need string) string {
	switch need {
	case "medical", "dental", "mental_health":
		return "health"
	case "legal", "immigration":
		return "legal"
	}
	return "services"
}

// releaseFor returns the record id of the client's release that lets a provider be
// told of a need on a day, the one recorded last.
func (s *State) releaseFor(partner, need string, day events.Date) (record string, refusal *aggregates.Refusal) {
	scope := scopeOf(need)
	held := s.releases(partner, day)
	for _, r := range held {
		if r.Scope == scope || r.Scope == "whole_case" {
			record = r.record
		}
	}
	switch {
	case record != "":
		return record, nil
	case len(held) > 0:
		refusal = aggregates.Refuse("R31", "release_too_narrow", "the client's release to partner %s does not cover %s on %s", partner, need, day).
			Citing(held[0].record)
	default:
		refusal = aggregates.Refuse("R31", "no_release", "the client has released nothing to partner %s on %s", partner, day)
	}
	return "", refusal.On("partner").WithHint("give-consent with recipient %s and scope %s or whole_case comes first", partner, scope)
}

// AnswerServiceReferral records the provider's answer to a referral. A later answer
// takes the place of the one before.
type AnswerServiceReferral struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Referral string `json:"referral" doc:"id of the referral within the case" required:"true" format:"id" example:"R-1"`
	Answer   string `json:"answer" doc:"what the provider said" required:"true" enum:"accepted,waiting_list,declined,no_answer" example:"accepted"`
}

// Target implements [aggregates.Command].
func (c *AnswerServiceReferral) Target(string) (events.Subject, error) { return target(c.Client) }

func decideAnswerServiceReferral(s *State, c *AnswerServiceReferral, ctx *aggregates.Context) (events.Event, error) {
	e := events.ServiceReferralAnswered{Referral: c.Referral, Answer: c.Answer}
	for f, old := range aggregates.Of[*events.ServiceReferralAnswered](&s.history) {
		if f.On == ctx.OccurredOn && *old == e {
			return nil, nil
		}
	}
	for f, referred := range aggregates.Of[*events.ServiceReferred](&s.history) {
		if referred.Referral != c.Referral {
			continue
		}
		if ctx.OccurredOn < f.On {
			return nil, aggregates.Refuse("R28", "before_referral", "referral %s was made on %s only", c.Referral, f.On).Citing(f.ID)
		}
		return &e, nil
	}
	return nil, aggregates.Refuse("R28", "unknown_referral", "client %s has no referral %s", s.client, c.Referral).On("referral").
		WithHint("refer-service makes one; plan CLIENT lists those that there are")
}
