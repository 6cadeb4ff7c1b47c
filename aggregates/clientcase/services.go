package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// DeliverService records one service to the client on occurred_on (R28).
type DeliverService struct {
	Client      string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Category    string `json:"category" doc:"need that it serves" required:"true" enum:"case_management,housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"legal"`
	Worker      string `json:"worker" doc:"coded id of the worker who delivered it" format:"id" example:"W-1B2"`
	Minutes     int    `json:"minutes" doc:"how long it took" min:"1" max:"1440" example:"60"`
	Language    string `json:"language" doc:"language that was spoken, BCP 47" format:"language" example:"es"`
	Interpreter bool   `json:"interpreter" doc:"whether an interpreter helped"`
	Note        string `json:"note" doc:"what happened; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *DeliverService) Target(string) (events.Subject, error) { return target(c.Client) }

// Needs implements [aggregates.Dependent].
func (c *DeliverService) Needs(aggregates.State) []events.Subject {
	if c.Worker == "" {
		return nil
	}
	return []events.Subject{workerSubject(c.Worker)}
}

// Two services alike on one day are two services: none is taken for the other.
func decideDeliverService(_ *State, c *DeliverService, ctx *aggregates.Context) (events.Event, error) {
	if c.Worker != "" {
		if _, refusal := knownWorker(ctx, c.Worker, "worker"); refusal != nil {
			return nil, refusal
		}
	}
	return &events.ServiceDelivered{
		Category: c.Category, Worker: c.Worker, Minutes: c.Minutes, Language: c.Language,
		Interpreter: c.Interpreter, Note: events.Plain(c.Note),
	}, nil
}

// SetIntensity says how much work the case is, for weighing caseloads (R28).
type SetIntensity struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Intensity int    `json:"intensity" doc:"1 is an ordinary case; one may outweigh 25 others" required:"true" min:"1" max:"25" example:"5"`
	Reason    string `json:"reason" doc:"why; sealed" secret:"identity" example:"trial begins"`
}

// Target implements [aggregates.Command].
func (c *SetIntensity) Target(string) (events.Subject, error) { return target(c.Client) }

func decideSetIntensity(s *State, c *SetIntensity, ctx *aggregates.Context) (events.Event, error) {
	intensity := 0
	for _, f := range s.history.ByDate() {
		if e, ok := f.Event.(*events.IntensitySet); ok && f.On <= ctx.OccurredOn {
			intensity = e.Intensity
		}
	}
	if intensity == c.Intensity {
		return nil, nil
	}
	return &events.IntensitySet{Intensity: c.Intensity, Reason: events.Plain(c.Reason)}, nil
}
