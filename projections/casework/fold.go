package casework

import (
	"caseledger/aggregates/policy"
	"caseledger/events"
)

// wanted reports whether a type of event is looked into.
func wanted(eventType string) bool {
	switch eventType {
	case "need.assessed.v1", "goal.set.v1", "plan.agreed.v1", "progress.recorded.v1", "contact.made.v1", "interpreter.used.v1",
		"client.informed.v1", "emergency-contact.named.v1", "emergency.handled.v1", "document.filed.v1", "milestone.reached.v1",
		"court-date.set.v1", "court-date.ended.v1", "outcome.recorded.v1", "component.closed.v1", "component.reopened.v1",
		"consent.given.v1", "consent.withdrawn.v1", "client.enrolled.v1", "client.corrected.v1", "extension.requested.v1":
		return true
	}
	return false
}

// fold adds one fact. Facts come in order of recording.
func (c *Case) fold(f Fact, event events.Event, facts *policy.Facts) {
	switch e := event.(type) {
	case *events.ClientEnrolled:
		c.language = e.Language
	case *events.ClientCorrected:
		if e.Language != "" {
			c.language = e.Language
		}
	case *events.NeedAssessed:
		insert(&c.needs, Need{f, e.Need, e.Urgency})
	case *events.GoalSet:
		insert(&c.goals, Goal{Fact: f, Goal: e.Goal, Need: e.Need, ByDate: e.ByDate})
	case *events.ProgressRecorded:
		insert(&c.progress, progress{f, e.Goal, e.Progress})
	case *events.PlanAgreed:
		review := e.ReviewOn
		if review == 0 {
			review = f.On + ReviewDays
		}
		insert(&c.plans, Plan{f, e.Goals, e.Language, e.Interpreter, review})
	case *events.ContactMade:
		insert(&c.contacts, Contact{f, e.Manner, e.Worker})
	case *events.InterpreterUsed:
		insert(&c.interpreted, Interpreted{f, e.Language, e.Manner})
	case *events.ClientInformed:
		insert(&c.told, Told{f, e.Topic, e.Language, e.Interpreter})
	case *events.EmergencyContactNamed:
		insert(&c.trusted, f)
	case *events.EmergencyHandled:
		insert(&c.emergencies, Emergency{f, e.Emergency, e.ResponseMinutes, e.AfterHours, facts.AgencyOn(f.On), e.Worker})
	case *events.DocumentFiled:
		insert(&c.documents, Document{f, e.Document})
	case *events.OutcomeRecorded:
		insert(&c.outcomes, Outcome{f, e.Outcome})
	case *events.ExtensionRequested:
		insert(&c.requests, f)
	default:
		c.foldComponents(f, event)
	}
}

// foldComponents adds what concerns the legal components, and releases.
func (c *Case) foldComponents(f Fact, event events.Event) {
	switch e := event.(type) {
	case *events.MilestoneReached:
		insert(&c.milestones, Milestone{f, e.Component, e.Milestone})
	case *events.CourtDateSet:
		insert(&c.appointed, CourtDate{Fact: f, CourtDate: e.CourtDate, Component: e.Component, Day: e.On, Occasion: e.Occasion})
	case *events.CourtDateEnded:
		for i := range c.appointed {
			if a := &c.appointed[i]; a.CourtDate == e.CourtDate {
				a.Result, a.EndedOn, a.Accompanied = e.Result, f.On, e.Accompanied
			}
		}
	case *events.ComponentClosed:
		insert(&c.closures, closure{f, e.Component, false})
	case *events.ComponentReopened:
		insert(&c.closures, closure{f, e.Component, true})
	case *events.ConsentGiven:
		insert(&c.releases, Release{f, e.Recipient, e.Scope, e.ThroughDate, 0})
	case *events.ConsentWithdrawn: // from that day on
		for i := range c.releases {
			if r := &c.releases[i]; r.Recipient == e.Recipient && r.On <= f.On && r.Holds(f.On) {
				r.Withdrawn = f.On
			}
		}
	}
}
