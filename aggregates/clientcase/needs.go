package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// AssessNeed records one need of the client, and the strengths to build on, as
// assessed together with the client on occurred_on (R28). A need that was assessed
// before is assessed again in the same way; one that is met has the urgency met.
type AssessNeed struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Need      string `json:"need" doc:"the need" required:"true" enum:"housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"housing"`
	Urgency   string `json:"urgency" doc:"how urgent it is" required:"true" enum:"crisis,high,medium,low,met" example:"high"`
	Strengths string `json:"strengths" doc:"what the client brings along; sealed" secret:"identity" example:"cooks well, has a cousin nearby"`
	Note      string `json:"note" doc:"what was found; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *AssessNeed) Target(string) (events.Subject, error) { return target(c.Client) }

func decideAssessNeed(s *State, c *AssessNeed, ctx *aggregates.Context) (events.Event, error) {
	if c.Strengths == "" && c.Note == "" {
		for f, e := range aggregates.Of[*events.NeedAssessed](&s.history) {
			if f.On == ctx.OccurredOn && e.Need == c.Need && e.Urgency == c.Urgency {
				return nil, nil
			}
		}
	}
	return &events.NeedAssessed{
		Need: c.Need, Urgency: c.Urgency, Strengths: events.Plain(c.Strengths), Note: events.Plain(c.Note),
	}, nil
}

// assessed reports whether a need was assessed by a day.
func (s *State) assessed(need string, day events.Date) bool {
	for f, e := range aggregates.Of[*events.NeedAssessed](&s.history) {
		if e.Need == need && f.On <= day {
			return true
		}
	}
	return false
}

// SetGoal records a goal that the client set, for a need that was assessed (R28).
// The goal's id within the case is derived from the command's when it is not given.
type SetGoal struct {
	Client string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Goal   string      `json:"goal" doc:"id of the goal within the case; derived from the command's id when empty" format:"id" example:"G-1"`
	Need   string      `json:"need" doc:"need that it meets" required:"true" enum:"housing,food,clothing,medical,dental,mental_health,legal,immigration,education,employment,income,transportation,safety,life_skills,family_reunification,interpretation,general_support" example:"housing"`
	Text   string      `json:"text" doc:"the goal in the client's words; sealed" required:"true" secret:"identity" example:"a flat of my own by June"`
	ByDate events.Date `json:"by_date" doc:"when it should be reached" example:"2009-06-30"`
}

// Target implements [aggregates.Command].
func (c *SetGoal) Target(string) (events.Subject, error) { return target(c.Client) }

func decideSetGoal(s *State, c *SetGoal, ctx *aggregates.Context) (events.Event, error) {
	id := c.Goal
	if id == "" {
		id = aggregates.NewID("G", ctx.CommandID)
	}
	if f, e, exists := s.goal(id); exists {
		if f.On == ctx.OccurredOn && e.Need == c.Need && e.ByDate == c.ByDate {
			return nil, nil
		}
		return nil, aggregates.Refuse("R28", "goal_exists", "goal %s was set on %s", id, f.On).On("goal").
			WithHint("give another id; record-progress says where a goal stands").Citing(f.ID)
	}
	if !s.assessed(c.Need, ctx.OccurredOn) {
		return nil, aggregates.Refuse("R28", "need_not_assessed", "the need %s was not assessed by %s", c.Need, ctx.OccurredOn).On("need").
			WithHint("assess-need comes first: a goal answers a need that was assessed with the client")
	}
	if c.ByDate != 0 && c.ByDate < ctx.OccurredOn {
		return nil, aggregates.Refuse("R28", "ends_before_start", "the goal would have to be reached on %s, before it is set on %s", c.ByDate, ctx.OccurredOn).
			On("by_date")
	}
	return &events.GoalSet{Goal: id, Need: c.Need, Text: events.Plain(c.Text), ByDate: c.ByDate}, nil
}

// goal returns a goal by its id within the case.
func (s *State) goal(id string) (aggregates.Fact, *events.GoalSet, bool) {
	for f, e := range aggregates.Of[*events.GoalSet](&s.history) {
		if e.Goal == id {
			return f, e, true
		}
	}
	return aggregates.Fact{}, nil, false
}

// progressOn returns where a goal stands on a day: none until something else is
// recorded.
func (s *State) progressOn(goal string, day events.Date) (fact aggregates.Fact, progress string) {
	progress = "none"
	for _, f := range s.history.ByDate() {
		if e, ok := f.Event.(*events.ProgressRecorded); ok && e.Goal == goal && f.On <= day {
			fact, progress = *f, e.Progress
		}
	}
	return fact, progress
}

// RecordProgress says where a goal stands on occurred_on (R28). A goal that was
// given up or achieved is taken up again in the same way.
type RecordProgress struct {
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Goal     string `json:"goal" doc:"id of the goal within the case" required:"true" format:"id" example:"G-1"`
	Progress string `json:"progress" doc:"where it stands" required:"true" enum:"none,some,most,achieved,given_up" example:"some"`
	Note     string `json:"note" doc:"what happened; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *RecordProgress) Target(string) (events.Subject, error) { return target(c.Client) }

func decideRecordProgress(s *State, c *RecordProgress, ctx *aggregates.Context) (events.Event, error) {
	f, _, refusal := s.knownGoal(c.Goal, "goal")
	if refusal != nil {
		return nil, refusal
	}
	if ctx.OccurredOn < f.On {
		return nil, aggregates.Refuse("R28", "before_goal", "goal %s was set on %s only", c.Goal, f.On).Citing(f.ID)
	}
	if last, progress := s.progressOn(c.Goal, ctx.OccurredOn); last.On == ctx.OccurredOn && progress == c.Progress && c.Note == "" {
		return nil, nil
	}
	return &events.ProgressRecorded{Goal: c.Goal, Progress: c.Progress, Note: events.Plain(c.Note)}, nil
}

// knownGoal refuses a goal that was never set.
func (s *State) knownGoal(id, field string) (aggregates.Fact, *events.GoalSet, *aggregates.Refusal) {
	f, e, known := s.goal(id)
	if !known {
		return f, nil, aggregates.Refuse("R28", "unknown_goal", "client %s has no goal %s", s.client, id).On(field).
			WithHint("set-goal sets one; plan CLIENT lists those that there are")
	}
	return f, e, nil
}
