package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// RequestExtension asks for one more service period (R22).
type RequestExtension struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"trial begins in June"`
}

// Target implements [aggregates.Command].
func (c *RequestExtension) Target(string) (events.Subject, error) { return target(c.Client) }

func decideRequestExtension(s *State, c *RequestExtension, ctx *aggregates.Context) (events.Event, error) {
	if f, pending := s.pendingExtension(); pending {
		if f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R22", "extension_pending", "an extension was requested on %s and is not decided", f.On).
			WithHint("decide-extension decides it").Citing(f.ID)
	}
	if refusal := s.enrolledRefusal(ctx); refusal != nil {
		return nil, refusal
	}
	return &events.ExtensionRequested{Reason: events.Plain(c.Reason)}, nil
}

// pendingExtension returns the request that was made last, while it is undecided.
func (s *State) pendingExtension() (fact aggregates.Fact, pending bool) {
	for f := range s.history.Standing() {
		switch e := f.Event.(type) {
		case *events.ExtensionRequested:
			fact, pending = f, true
		case *events.ExtensionDecided:
			pending = pending && e.Request != fact.ID
		}
	}
	return fact, pending
}

// DecideExtension decides the extension that was requested last. A granted one
// lengthens the clock and the overall budget by one period (R22).
type DecideExtension struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Granted string `json:"granted" doc:"whether it is granted" required:"true" enum:"yes,no" example:"yes"`
	Reason  string `json:"reason" doc:"why; sealed" secret:"identity" example:"one exception"`
}

// Target implements [aggregates.Command].
func (c *DecideExtension) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDecideExtension(s *State, c *DecideExtension, ctx *aggregates.Context) (events.Event, error) {
	request, pending := s.pendingExtension()
	if !pending {
		if f, e, ok := aggregates.Last[*events.ExtensionDecided](&s.history); ok && f.On == ctx.OccurredOn && e.Granted == (c.Granted == "yes") {
			return nil, nil
		}
		return nil, aggregates.Refuse("R22", "no_request", "no extension is requested").On("client").WithHint("request-extension comes first")
	}
	if ctx.OccurredOn < request.On {
		return nil, aggregates.Refuse("R22", "before_request", "the extension was requested on %s only", request.On).Citing(request.ID)
	}
	return &events.ExtensionDecided{Request: request.ID, Granted: c.Granted == "yes", Reason: events.Plain(c.Reason)}, nil
}

// ApprovePeriod is the month-to-month approval of the service period that
// occurred_on lies in (R22).
type ApprovePeriod struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" secret:"identity" example:"still unable to work"`
}

// Target implements [aggregates.Command].
func (c *ApprovePeriod) Target(string) (events.Subject, error) { return target(c.Client) }

func decideApprovePeriod(s *State, c *ApprovePeriod, ctx *aggregates.Context) (events.Event, error) {
	if refusal := s.enrolledRefusal(ctx); refusal != nil {
		return nil, refusal
	}
	for f := range aggregates.Of[*events.PeriodApproved](&s.history) {
		if f.On == ctx.OccurredOn {
			return nil, nil
		}
	}
	return &events.PeriodApproved{Reason: events.Plain(c.Reason)}, nil
}
