package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// ProposeHandOff proposes another lead case manager, with the tasks and promises
// that are carried over (R28). The successor works at the client's agency and
// speaks the client's language.
type ProposeHandOff struct {
	Client    string   `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	To        string   `json:"to" doc:"coded id of the successor" required:"true" format:"id" example:"W-2C3"`
	Reason    string   `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"part time from June on"`
	Language  string   `json:"language" doc:"language that the successor has to speak, BCP 47; the client's of choice when empty, so name another one when an interpreter has to do" format:"language" example:"es"`
	OpenTasks []string `json:"open_tasks" doc:"tasks and promises carried over; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *ProposeHandOff) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *ProposeHandOff) Needs(aggregates.State) []events.Subject {
	return []events.Subject{workerSubject(c.To)}
}

func decideProposeHandOff(s *State, c *ProposeHandOff, ctx *aggregates.Context) (events.Event, error) {
	current, refusal := s.currentLead(ctx)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := s.allClosed(); refusal != nil {
		return nil, refusal
	}
	if f, pending := s.pendingHandOff(); pending != nil {
		if pending.To == c.To && f.On == ctx.OccurredOn {
			return nil, nil
		}
		return nil, aggregates.Refuse("R28", "hand_off_pending", "a hand-off to worker %s is proposed since %s", pending.To, f.On).
			WithHint("accept, decline or withdraw it first").Citing(f.ID)
	}
	if c.To == current.worker {
		return nil, aggregates.Refuse("R28", "hand_off_to_lead", "worker %s leads the case already", c.To).On("to")
	}
	w, refusal := s.successor(ctx, c.To, "to")
	if refusal != nil {
		return nil, refusal
	}
	if refusal := s.speaks(w, c, ctx); refusal != nil {
		return nil, refusal
	}
	return &events.HandOffProposed{
		From: current.worker, To: c.To, Reason: events.Plain(c.Reason), OpenTasks: plain(c.OpenTasks),
		Basis: ctx.Basis.References(workerSubject(c.To)),
	}, nil
}

// plain returns texts as secrets that still have to be sealed.
func plain(texts []string) (secrets []events.Secret) {
	for _, t := range texts {
		secrets = append(secrets, events.Plain(t))
	}
	return secrets
}

// successor refuses a worker who cannot take the lead on the effective date.
func (s *State) successor(ctx *aggregates.Context, worker, field string) (workerStanding, *aggregates.Refusal) {
	w, refusal := workerAt(ctx, worker, field, s.AgencyOn(ctx.OccurredOn))
	if refusal != nil {
		return nil, refusal
	}
	if w.OnLeave(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "worker_on_leave", "worker %s is on leave on %s", worker, ctx.OccurredOn).On(field).
			WithHint("choose a worker who is there; end-leave ends a leave early")
	}
	return w, nil
}

// speaks refuses a successor without the language that was asked for: the one that
// the proposal names, or else the client's of choice.
func (s *State) speaks(w workerStanding, c *ProposeHandOff, ctx *aggregates.Context) *aggregates.Refusal {
	p, _ := s.person()
	language, whose := p.Language, "the client's language"
	if c.Language != "" {
		language, whose = c.Language, "the language that was asked for"
	}
	if language == "" || w.Speaks(language, ctx.OccurredOn) {
		return nil
	}
	return aggregates.Refuse("R28", "language", "worker %s does not speak %s, %s", c.To, whose, language).On("to").
		WithHint("choose a worker who does, or name another language when an interpreter has to do; change-worker records a language that was learned")
}

// pendingHandOff returns the proposal that was neither answered nor overtaken by a
// transfer; nil when there is none.
func (s *State) pendingHandOff() (fact aggregates.Fact, pending *events.HandOffProposed) {
	for f := range s.history.Standing() {
		switch e := f.Event.(type) {
		case *events.HandOffProposed:
			fact, pending = f, e
		case *events.HandOffAccepted, *events.HandOffDeclined, *events.HandOffWithdrawn, *events.TransferAccepted:
			pending = nil
		}
	}
	return fact, pending
}

// proposedHandOff returns the pending proposal, or refuses a command without one
// or dated before it.
func (s *State) proposedHandOff(ctx *aggregates.Context) (*events.HandOffProposed, *aggregates.Refusal) {
	f, pending := s.pendingHandOff()
	if pending == nil {
		return nil, aggregates.Refuse("R28", "no_hand_off", "no hand-off is proposed").On("client").WithHint("propose-hand-off comes first")
	}
	if ctx.OccurredOn < f.On {
		return nil, aggregates.Refuse("R28", "before_proposal", "the hand-off was proposed on %s only", f.On).Citing(f.ID)
	}
	return pending, nil
}

// answeredOn reports whether the last answer to a hand-off or transfer is an E of
// the effective date: the same answer again.
func answeredOn[E events.Event](s *State, ctx *aggregates.Context) bool {
	f, _, ok := aggregates.Last[E](&s.history)
	return ok && f.On == ctx.OccurredOn
}

// AcceptHandOff makes the proposed worker the lead from occurred_on on (R28).
type AcceptHandOff struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
}

// Target implements [aggregates.Command].
func (c *AcceptHandOff) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *AcceptHandOff) Needs(state aggregates.State) []events.Subject {
	if _, pending := state.(*State).pendingHandOff(); pending != nil {
		return []events.Subject{workerSubject(pending.To)}
	}
	return nil
}

func decideAcceptHandOff(s *State, _ *AcceptHandOff, ctx *aggregates.Context) (events.Event, error) {
	if _, pending := s.pendingHandOff(); pending == nil && answeredOn[*events.HandOffAccepted](s, ctx) {
		return nil, nil
	}
	pending, refusal := s.proposedHandOff(ctx)
	if refusal != nil {
		return nil, refusal
	}
	current, refusal := s.currentLead(ctx)
	if refusal != nil {
		return nil, refusal
	}
	if _, refusal := s.successor(ctx, pending.To, ""); refusal != nil {
		return nil, refusal
	}
	return &events.HandOffAccepted{From: current.worker, To: pending.To}, nil
}

// DeclineHandOff is the proposed worker's refusal; the lead stays (R28).
type DeclineHandOff struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"caseload is full"`
}

// Target implements [aggregates.Command].
func (c *DeclineHandOff) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDeclineHandOff(s *State, c *DeclineHandOff, ctx *aggregates.Context) (events.Event, error) {
	if _, pending := s.pendingHandOff(); pending == nil && answeredOn[*events.HandOffDeclined](s, ctx) {
		return nil, nil
	}
	pending, refusal := s.proposedHandOff(ctx)
	if refusal != nil {
		return nil, refusal
	}
	return &events.HandOffDeclined{To: pending.To, Reason: events.Plain(c.Reason)}, nil
}

// WithdrawHandOff takes a proposal back; the lead stays (R28).
type WithdrawHandOff struct {
	Client string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Reason string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"the lead stays after all"`
}

// Target implements [aggregates.Command].
func (c *WithdrawHandOff) Target(string) (events.Subject, error) { return target(c.Client) }

func decideWithdrawHandOff(s *State, c *WithdrawHandOff, ctx *aggregates.Context) (events.Event, error) {
	if _, pending := s.pendingHandOff(); pending == nil && answeredOn[*events.HandOffWithdrawn](s, ctx) {
		return nil, nil
	}
	pending, refusal := s.proposedHandOff(ctx)
	if refusal != nil {
		return nil, refusal
	}
	return &events.HandOffWithdrawn{To: pending.To, Reason: events.Plain(c.Reason)}, nil
}
