package letter

import (
	"caseledger/aggregates"
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// RequestLetter records a request to HHS for a certification or eligibility
// letter, or a Request for Assistance for a minor (R05, R08, R09).
type RequestLetter struct {
	Client       string      `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Kind         string      `json:"kind" doc:"kind of letter" required:"true" enum:"certification,eligibility,interim" example:"certification"`
	Agency       string      `json:"agency" doc:"agency that asked; empty for law enforcement and others" format:"id" example:"A-017"`
	DiscoveredOn events.Date `json:"discovered_on" doc:"minors: day on which an official discovered the minor" example:"2009-02-10"`
}

// Target implements [aggregates.Command].
func (c *RequestLetter) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *RequestLetter) Needs(aggregates.State) []events.Subject {
	if c.Agency == "" {
		return nil
	}
	return []events.Subject{events.SubjectOf(events.KindAgency, c.Agency)}
}

func decideRequest(s *State, c *RequestLetter, ctx *aggregates.Context) (events.Event, error) {
	e := &events.LetterRequested{Kind: events.LetterKind(c.Kind), Agency: c.Agency, DiscoveredOn: c.DiscoveredOn}
	switch {
	case c.Agency != "" && !ctx.Basis[events.SubjectOf(events.KindAgency, c.Agency)].Exists():
		return nil, aggregates.Unknown("", events.KindAgency, c.Agency)
	case c.DiscoveredOn != 0 && e.Kind == events.Certification:
		return nil, aggregates.Refuse("R09", "discovery_of_adult", "only minors are discovered and notified to HHS").On("discovered_on")
	case c.DiscoveredOn > ctx.OccurredOn:
		return nil, aggregates.Refuse("R09", "discovered_after_request", "the minor cannot be discovered on %s, after the request", c.DiscoveredOn).
			On("discovered_on")
	}
	for f, earlier := range aggregates.Of[*events.LetterRequested](&s.history) {
		if f.On == ctx.OccurredOn && *earlier == *e {
			return nil, nil
		}
	}
	return e, nil
}

// GrantContinuedPresence is one of the ways to certification (R05); a limited one
// may be granted again, for longer.
type GrantContinuedPresence struct {
	Client      string      `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	ThroughDate events.Date `json:"through_date" doc:"last day, when limited" example:"2009-12-31"`
}

// Target implements [aggregates.Command].
func (c *GrantContinuedPresence) Target(string) (events.Subject, error) { return target(c.Client) }

func decideGrantPresence(s *State, c *GrantContinuedPresence, ctx *aggregates.Context) (events.Event, error) {
	if c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("R05", "continued presence", c.ThroughDate)
	}
	e := &events.ContinuedPresenceGranted{ThroughDate: c.ThroughDate}
	if same, ok := recordedOn[*events.ContinuedPresenceGranted](s, ctx.OccurredOn); ok && *same == *e {
		return nil, nil
	}
	f, held := s.presence(ctx.OccurredOn)
	if held != nil && (held.ThroughDate == 0 || c.ThroughDate != 0 && c.ThroughDate <= held.ThroughDate) {
		return nil, aggregates.Refuse("R05", "has_continued_presence", "continued presence is granted since %s", f.On).Citing(f.ID)
	}
	return e, nil
}

// presence returns the continued presence that holds on a day, nil for none.
func (s *State) presence(day events.Date) (fact aggregates.Fact, held *events.ContinuedPresenceGranted) {
	for _, f := range s.history.ByDate() {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.ContinuedPresenceGranted:
			fact, held = *f, e
		case *events.ContinuedPresenceEnded:
			held = nil
		}
	}
	if held != nil && held.ThroughDate != 0 && held.ThroughDate < day {
		held = nil
	}
	return fact, held
}

// EndContinuedPresence ends continued presence; occurred_on is the first day
// without it. Whether a certification ends with it is HHS's word: end-certification.
type EndContinuedPresence struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"trial is over"`
}

// Target implements [aggregates.Command].
func (c *EndContinuedPresence) Target(string) (events.Subject, error) { return target(c.Client) }

func decideEndPresence(s *State, c *EndContinuedPresence, ctx *aggregates.Context) (events.Event, error) {
	if _, ok := recordedOn[*events.ContinuedPresenceEnded](s, ctx.OccurredOn); ok {
		return nil, nil
	}
	if _, held := s.presence(ctx.OccurredOn - 1); held == nil {
		return nil, aggregates.Refuse("R05", "no_continued_presence", "there is no continued presence on the day before %s", ctx.OccurredOn).
			WithHint("grant-continued-presence comes first")
	}
	return &events.ContinuedPresenceEnded{Reason: events.Plain(c.Reason)}, nil
}

// ApplyBonaFide records the day of a bona fide T-visa application (R05).
type ApplyBonaFide struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
}

// Target implements [aggregates.Command].
func (c *ApplyBonaFide) Target(string) (events.Subject, error) { return target(c.Client) }

func decideApplyBonaFide(s *State, _ *ApplyBonaFide, ctx *aggregates.Context) (events.Event, error) {
	if _, ok := recordedOn[*events.BonaFideApplied](s, ctx.OccurredOn); ok {
		return nil, nil
	}
	if f, pending := s.application(); pending {
		return nil, aggregates.Refuse("R05", "application_pending", "the application of %s is not decided", f.On).Citing(f.ID).
			WithHint("withdraw-letter-fact takes a wrong date back")
	}
	return &events.BonaFideApplied{}, nil
}

// application returns the last application and whether it is undecided.
func (s *State) application() (fact aggregates.Fact, pending bool) {
	for _, f := range s.history.ByDate() {
		switch f.Event.(type) {
		case *events.BonaFideApplied:
			fact, pending = *f, true
		case *events.BonaFideDetermined, *events.TVisaApproved, *events.TVisaDenied:
			pending = false
		}
	}
	return fact, pending
}

// DetermineBonaFide records the day of the bona fide determination (R05). The
// application before it may be unknown.
type DetermineBonaFide struct {
	Client  string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Granted string `json:"granted" doc:"whether the application is bona fide" required:"true" enum:"yes,no" example:"yes"`
}

// Target implements [aggregates.Command].
func (c *DetermineBonaFide) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDetermineBonaFide(s *State, c *DetermineBonaFide, ctx *aggregates.Context) (events.Event, error) {
	e := &events.BonaFideDetermined{Granted: c.Granted == "yes"}
	if same, ok := recordedOn[*events.BonaFideDetermined](s, ctx.OccurredOn); ok {
		if *same == *e {
			return nil, nil
		}
		return nil, aggregates.Refuse("R05", "determined_otherwise", "the determination of %s is on record otherwise", ctx.OccurredOn).
			On("granted").WithHint("withdraw-letter-fact takes a wrong one back")
	}
	if f, pending := s.application(); pending && ctx.OccurredOn < f.On {
		return nil, aggregates.Refuse("R05", "before_application", "the application was made on %s only", f.On).Citing(f.ID)
	}
	return e, nil
}

// ApproveTVisa records the approval of T nonimmigrant status, which lasts at most
// four years (R07). The application before it may be unknown.
type ApproveTVisa struct {
	Client      string      `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	ThroughDate events.Date `json:"through_date" doc:"last day of the status" example:"2013-02-18"`
}

// Target implements [aggregates.Command].
func (c *ApproveTVisa) Target(string) (events.Subject, error) { return target(c.Client) }

func decideApproveTVisa(s *State, c *ApproveTVisa, ctx *aggregates.Context) (events.Event, error) {
	_, latest := policy.TVisaWatch(ctx.OccurredOn)
	switch {
	case c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn:
		return nil, ctx.EndsBeforeStart("R07", "the status", c.ThroughDate)
	case c.ThroughDate > latest:
		return nil, aggregates.Refuse("R07", "longer_than_four_years", "T status lasts at most four years, to %s", latest).On("through_date")
	}
	e := &events.TVisaApproved{ThroughDate: c.ThroughDate}
	for f, approved := range aggregates.Of[*events.TVisaApproved](&s.history) {
		if f.On == ctx.OccurredOn && *approved == *e {
			return nil, nil
		}
		if f.On <= ctx.OccurredOn && (approved.ThroughDate == 0 || approved.ThroughDate >= ctx.OccurredOn) {
			return nil, aggregates.Refuse("R07", "approved_already", "T status is approved since %s", f.On).Citing(f.ID)
		}
	}
	return e, nil
}

// DenyTVisa records the denial of a T-visa application (R05).
type DenyTVisa struct {
	Client string `json:"client" doc:"coded id of the person" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"not a victim of a severe form"`
}

// Target implements [aggregates.Command].
func (c *DenyTVisa) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDenyTVisa(s *State, c *DenyTVisa, ctx *aggregates.Context) (events.Event, error) {
	if _, ok := recordedOn[*events.TVisaDenied](s, ctx.OccurredOn); ok {
		return nil, nil
	}
	for f := range aggregates.Of[*events.TVisaApproved](&s.history) {
		if f.On <= ctx.OccurredOn {
			return nil, aggregates.Refuse("R05", "approved_already", "T status is approved since %s", f.On).Citing(f.ID)
		}
	}
	return &events.TVisaDenied{Reason: events.Plain(c.Reason)}, nil
}
