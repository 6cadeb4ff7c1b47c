package clientcase

import (
	"slices"

	"caseledger/aggregates"
	"caseledger/events"
)

// milestones lists the steps of each legal component, in their usual order.
var milestones = map[events.Component][]string{
	events.ImmigrationComponent: {
		"attorney_retained", "continued_presence", "application_filed", "biometrics_taken", "evidence_requested",
		"bona_fide_determination", "work_permit", "t_visa", "other_relief", "family_petition_filed", "travel_document",
		"lpr_application_filed", "lpr_granted", "application_denied", "appeal_filed",
	},
	events.ProsecutionComponent: {
		"crime_reported", "victim_interviewed", "investigation_opened", "referred_to_prosecutor", "indicted", "arrested",
		"plea", "trial_began", "client_testified", "convicted", "acquitted", "dismissed", "sentenced", "impact_statement",
		"restitution_ordered", "appeal_filed", "not_prosecuted",
	},
}

// ReachMilestone records a step of a legal component of the case, reached on
// occurred_on (S4).
type ReachMilestone struct {
	Client    string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Component string `json:"component" doc:"component of the case" required:"true" enum:"immigration,criminal_prosecution" example:"immigration"`
	Milestone string `json:"milestone" doc:"step of that component" required:"true" enum:"attorney_retained,continued_presence,application_filed,biometrics_taken,evidence_requested,bona_fide_determination,work_permit,t_visa,other_relief,family_petition_filed,travel_document,lpr_application_filed,lpr_granted,application_denied,appeal_filed,crime_reported,victim_interviewed,investigation_opened,referred_to_prosecutor,indicted,arrested,plea,trial_began,client_testified,convicted,acquitted,dismissed,sentenced,impact_statement,restitution_ordered,not_prosecuted" example:"application_filed"`
	Note      string `json:"note" doc:"what happened; sealed" secret:"identity"`
}

// Target implements [aggregates.Command].
func (c *ReachMilestone) Target(string) (events.Subject, error) { return target(c.Client) }

func decideReachMilestone(s *State, c *ReachMilestone, ctx *aggregates.Context) (events.Event, error) {
	component := events.Component(c.Component)
	if !slices.Contains(milestones[component], c.Milestone) {
		return nil, aggregates.Refuse("R28", "milestone_elsewhere", "%s is no step of the %s component", c.Milestone, component).On("milestone")
	}
	for f, e := range aggregates.Of[*events.MilestoneReached](&s.history) {
		if f.On == ctx.OccurredOn && e.Component == component && e.Milestone == c.Milestone && c.Note == "" {
			return nil, nil
		}
	}
	if refusal := s.openComponent(component, ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	return &events.MilestoneReached{Component: component, Milestone: c.Milestone, Note: events.Plain(c.Note)}, nil
}

// openComponent refuses work on a component that is closed on a day; the day of
// the closure itself is open.
func (s *State) openComponent(component events.Component, day events.Date) *aggregates.Refusal {
	var last aggregates.Fact
	closed := false
	for _, f := range s.history.ByDate() {
		switch e := f.Event.(type) {
		case *events.ComponentClosed:
			if e.Component == component && f.On < day {
				last, closed = *f, true
			}
		case *events.ComponentReopened:
			if e.Component == component && f.On <= day {
				closed = false
			}
		}
	}
	if !closed {
		return nil
	}
	return aggregates.Refuse("R28", "component_closed", "the %s component is closed since %s", component, last.On).On("component").
		WithHint("reopen-component opens it again").Citing(last.ID)
}

// SetCourtDate records an appointment of a legal component, known since
// occurred_on (S4). Its id within the case is derived from the command's when it is
// not given.
type SetCourtDate struct {
	Client    string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	CourtDate string      `json:"court_date" doc:"id of the appointment within the case; derived from the command's id when empty" format:"id" example:"D-1"`
	Component string      `json:"component" doc:"component of the case" required:"true" enum:"immigration,criminal_prosecution" example:"criminal_prosecution"`
	On        events.Date `json:"on" doc:"day of the appointment" required:"true" example:"2009-06-15"`
	Occasion  string      `json:"occasion" doc:"what it is" required:"true" enum:"hearing,trial,sentencing,deposition,interview,biometrics,grand_jury,other" example:"hearing"`
}

// Target implements [aggregates.Command].
func (c *SetCourtDate) Target(string) (events.Subject, error) { return target(c.Client) }

func decideSetCourtDate(s *State, c *SetCourtDate, ctx *aggregates.Context) (events.Event, error) {
	e := &events.CourtDateSet{CourtDate: c.CourtDate, Component: events.Component(c.Component), On: c.On, Occasion: c.Occasion}
	if e.CourtDate == "" {
		e.CourtDate = aggregates.NewID("D", ctx.CommandID)
	}
	for f, old := range aggregates.Of[*events.CourtDateSet](&s.history) {
		same := old.Component == e.Component && old.On == e.On && old.Occasion == e.Occasion
		_, _, ended := s.courtDateEnd(old.CourtDate)
		switch {
		case old.CourtDate == e.CourtDate && !same:
			return nil, aggregates.Refuse("R28", "court_date_exists", "appointment %s is a %s on %s", old.CourtDate, old.Occasion, old.On).On("court_date").
				WithHint("end-court-date says that it was postponed; set the new day under another id").Citing(f.ID)
		case same && (!ended || old.CourtDate == e.CourtDate):
			return nil, nil
		}
	}
	if c.On < ctx.OccurredOn {
		return nil, aggregates.Refuse("R28", "court_date_past", "the appointment of %s lies before %s, when it became known", c.On, ctx.OccurredOn).On("on").
			WithHint("occurred_on is the day since which it is known")
	}
	if refusal := s.openComponent(e.Component, ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	return e, nil
}

// courtDateEnd returns what became of an appointment.
func (s *State) courtDateEnd(id string) (aggregates.Fact, *events.CourtDateEnded, bool) {
	for f, e := range aggregates.Of[*events.CourtDateEnded](&s.history) {
		if e.CourtDate == id {
			return f, e, true
		}
	}
	return aggregates.Fact{}, nil, false
}

// EndCourtDate says what became of an appointment: on occurred_on it was held or
// missed, or it became known that it does not take place that day.
type EndCourtDate struct {
	Client      string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	CourtDate   string `json:"court_date" doc:"id of the appointment within the case" required:"true" format:"id" example:"D-1"`
	Result      string `json:"result" doc:"what became of it" required:"true" enum:"held,postponed,cancelled,missed" example:"held"`
	Accompanied bool   `json:"accompanied" doc:"whether the agency went with the client"`
}

// Target implements [aggregates.Command].
func (c *EndCourtDate) Target(string) (events.Subject, error) { return target(c.Client) }

func decideEndCourtDate(s *State, c *EndCourtDate, ctx *aggregates.Context) (events.Event, error) {
	e := events.CourtDateEnded{CourtDate: c.CourtDate, Result: c.Result, Accompanied: c.Accompanied}
	if f, old, ended := s.courtDateEnd(c.CourtDate); ended {
		if f.On == ctx.OccurredOn && *old == e {
			return nil, nil
		}
		return nil, aggregates.Refuse("R28", "court_date_ended", "appointment %s was %s on %s", c.CourtDate, old.Result, f.On).On("court_date").
			WithHint("set-court-date records the next one").Citing(f.ID)
	}
	for f, set := range aggregates.Of[*events.CourtDateSet](&s.history) {
		if set.CourtDate != c.CourtDate {
			continue
		}
		earliest := f.On
		if c.Result == "held" || c.Result == "missed" {
			earliest = set.On
		}
		if ctx.OccurredOn < earliest {
			return nil, aggregates.Refuse("R28", "before_court_date", "appointment %s cannot be %s on %s, before %s", c.CourtDate, c.Result, ctx.OccurredOn, earliest).
				Citing(f.ID)
		}
		return &e, nil
	}
	return nil, aggregates.Refuse("R28", "unknown_court_date", "client %s has no appointment %s", s.client, c.CourtDate).On("court_date").
		WithHint("set-court-date sets one; dates --client lists those that there are")
}
