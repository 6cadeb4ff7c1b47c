package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// GiveConsent records a client's release of information to a recipient: limited
// in scope and time, and revocable (R31).
type GiveConsent struct {
	Client      string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Recipient   string      `json:"recipient" doc:"an organisation or an agency's id" required:"true" example:"A-018"`
	Scope       string      `json:"scope" doc:"what may be seen" required:"true" enum:"identity,services,legal,health,whole_case" example:"services"`
	ThroughDate events.Date `json:"through_date" doc:"last day of the release" required:"true" example:"2009-12-31"`
}

// Target implements [aggregates.Command].
func (c *GiveConsent) Target(string) (events.Subject, error) { return target(c.Client) }

func decideGiveConsent(s *State, c *GiveConsent, ctx *aggregates.Context) (events.Event, error) {
	if c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("R31", "the release", c.ThroughDate)
	}
	e := &events.ConsentGiven{Recipient: c.Recipient, Scope: c.Scope, ThroughDate: c.ThroughDate}
	for _, given := range s.releases(c.Recipient, ctx.OccurredOn) {
		if *given.ConsentGiven == *e {
			return nil, nil
		}
	}
	return e, nil
}

// WithdrawConsent ends every release to a recipient from occurred_on on.
type WithdrawConsent struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Recipient string `json:"recipient" doc:"an organisation or an agency's id" required:"true" example:"A-018"`
}

// Target implements [aggregates.Command].
func (c *WithdrawConsent) Target(string) (events.Subject, error) { return target(c.Client) }

func decideWithdrawConsent(s *State, c *WithdrawConsent, ctx *aggregates.Context) (events.Event, error) {
	if len(s.releases(c.Recipient, ctx.OccurredOn)) > 0 {
		return &events.ConsentWithdrawn{Recipient: c.Recipient}, nil
	}
	for f, e := range aggregates.Of[*events.ConsentWithdrawn](&s.history) {
		if e.Recipient == c.Recipient && f.On <= ctx.OccurredOn {
			return nil, nil
		}
	}
	return nil, aggregates.Refuse("R31", "no_consent", "there is no release to %q on %s", c.Recipient, ctx.OccurredOn).On("recipient")
}

// A release is a consent and the record that gave it.
type release struct {
	*events.ConsentGiven
	record string
}

// releases returns what was released to a recipient and holds on a day, in order of
// the day on which it was given.
func (s *State) releases(recipient string, day events.Date) (held []release) {
	for _, f := range s.history.ByDate() {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.ConsentGiven:
			if e.Recipient == recipient && e.ThroughDate >= day {
				held = append(held, release{e, f.ID})
			}
		case *events.ConsentWithdrawn:
			if e.Recipient == recipient {
				held = nil
			}
		}
	}
	return held
}

// Released reports whether the client's release lets a recipient see who the
// client is, on a day (R31).
func (s *State) Released(recipient string, day events.Date) bool {
	for _, given := range s.releases(recipient, day) {
		if given.Scope == "identity" || given.Scope == "whole_case" {
			return true
		}
	}
	return false
}
