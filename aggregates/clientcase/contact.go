package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// MakeContact records a contact with or for the client on occurred_on (R28). The
// worker is engaged at the client's agency on that day.
type MakeContact struct {
	Client      string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Manner      string `json:"manner" doc:"how; missed: the client did not come or could not be reached" required:"true" enum:"in_person,phone,video,message,home_visit,accompaniment,advocacy,missed" example:"phone"`
	Worker      string `json:"worker" doc:"coded id of the worker" required:"true" format:"id" example:"W-1B2"`
	Minutes     int    `json:"minutes" doc:"how long it took" min:"1" max:"1440" example:"30"`
	Language    string `json:"language" doc:"language that was spoken, BCP 47" format:"language" example:"es"`
	Interpreter bool   `json:"interpreter" doc:"whether an interpreter helped"`
	Note        string `json:"note" doc:"what was said and agreed; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *MakeContact) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *MakeContact) Needs(aggregates.State) []events.Subject {
	return []events.Subject{workerSubject(c.Worker)}
}

// Two contacts alike on one day are two contacts: none is taken for the other.
func decideMakeContact(s *State, c *MakeContact, ctx *aggregates.Context) (events.Event, error) {
	if _, refusal := workerAt(ctx, c.Worker, "worker", s.AgencyOn(ctx.OccurredOn)); refusal != nil {
		return nil, refusal
	}
	return &events.ContactMade{
		Manner: c.Manner, Worker: c.Worker, Minutes: c.Minutes, Language: c.Language,
		Interpreter: c.Interpreter, Note: events.Plain(c.Note),
	}, nil
}

// UseInterpreter records an interpreter or a translation on occurred_on (R28). The
// language is the client's of choice; another one, where nobody speaks that, has to
// be said.
type UseInterpreter struct {
	Client        string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Language      string `json:"language" doc:"language that was interpreted or translated, BCP 47; the client's when empty" format:"language" example:"es"`
	OtherLanguage bool   `json:"other_language" doc:"whether it is knowingly not the client's language of choice"`
	Manner        string `json:"manner" doc:"how" required:"true" enum:"in_person,phone,video,translation" example:"phone"`
	Partner       string `json:"partner" doc:"id of the provider in the partner directory" format:"id" example:"N-3HF7"`
	Minutes       int    `json:"minutes" doc:"how long it took" min:"1" max:"1440" example:"60"`
}

// Target implements [aggregates.Command].
func (c *UseInterpreter) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *UseInterpreter) Needs(aggregates.State) []events.Subject {
	if c.Partner == "" {
		return nil
	}
	return []events.Subject{partnerSubject(c.Partner)}
}

// Two interpretations alike on one day are two.
func decideUseInterpreter(s *State, c *UseInterpreter, ctx *aggregates.Context) (events.Event, error) {
	language, refusal := s.languageOr(c.Language)
	if refusal != nil {
		return nil, refusal
	}
	if p, _ := s.person(); p.Language != "" && !aggregates.SameLanguage(p.Language, language) && !c.OtherLanguage {
		return nil, aggregates.Refuse("R28", "language", "the client's language of choice is %s, not %s", p.Language, language).On("language").
			WithHint("say other_language when it is meant; correct-client corrects the client's language")
	}
	if c.Partner != "" {
		if _, refusal := listedPartner(ctx, c.Partner); refusal != nil {
			return nil, refusal
		}
	}
	return &events.InterpreterUsed{Language: language, Manner: c.Manner, Partner: c.Partner, Minutes: c.Minutes}, nil
}

// NameEmergencyContact records whom the client wants called in an emergency, from
// occurred_on on.
type NameEmergencyContact struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Relation string `json:"relation" doc:"who it is to the client" required:"true" enum:"family,friend,partner,advocate,other" example:"friend"`
	Contact  string `json:"contact" doc:"name and number; sealed" required:"true" secret:"identity" example:"Ana Roe, 555 0100"`
}

// Target implements [aggregates.Command].
func (c *NameEmergencyContact) Target(string) (events.Subject, error) { return target(c.Client) }

// What is sealed cannot be compared: two alike are two.
func decideNameEmergencyContact(_ *State, c *NameEmergencyContact, _ *aggregates.Context) (events.Event, error) {
	return &events.EmergencyContactNamed{Relation: c.Relation, Contact: events.Plain(c.Contact)}, nil
}

// HandleEmergency records a call for help on occurred_on and how soon somebody
// answered it (R27, R28). Who answered is engaged at the client's agency.
type HandleEmergency struct {
	Client          string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Emergency       string `json:"emergency" doc:"what it was about" required:"true" enum:"safety,medical,mental_health,housing,legal,other" example:"safety"`
	ResponseMinutes int    `json:"response_minutes" doc:"minutes from the call to the answer" required:"true" min:"1" max:"10080" example:"20"`
	AfterHours      bool   `json:"after_hours" doc:"whether the call came outside office hours"`
	Worker          string `json:"worker" doc:"coded id of the worker who answered" format:"id" example:"W-1B2"`
	Note            string `json:"note" doc:"what happened; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *HandleEmergency) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *HandleEmergency) Needs(aggregates.State) []events.Subject {
	if c.Worker == "" {
		return nil
	}
	return []events.Subject{workerSubject(c.Worker)}
}

// Two emergencies alike on one day are two.
func decideHandleEmergency(s *State, c *HandleEmergency, ctx *aggregates.Context) (events.Event, error) {
	if c.Worker != "" {
		if _, refusal := workerAt(ctx, c.Worker, "worker", s.AgencyOn(ctx.OccurredOn)); refusal != nil {
			return nil, refusal
		}
	}
	return &events.EmergencyHandled{
		Emergency: c.Emergency, ResponseMinutes: c.ResponseMinutes, AfterHours: c.AfterHours,
		Worker: c.Worker, Note: events.Plain(c.Note),
	}, nil
}
