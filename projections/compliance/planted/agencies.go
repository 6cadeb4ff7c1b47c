package planted

import (
	"fmt"
	"slices"

	"caseledger/events"
)

// papers are the documents that show the criteria of a subcontractor: each line one
// requirement, which any of its documents meets.
var papers = [...][][]string{
	{{"experience_statement"}},
	{{"program_description"}},
	{{"staff_qualifications"}, {"supervision_plan"}},
	{{"facility_inspection"}, {"emergency_procedure"}, {"after_hours_number"}},
	{{"partner_list"}},
	{{"service_list"}},
	{{"signed_assurances"}, {"financial_report"}},
	{{"duns"}, {"ein"}},
	{{"a133_report", "audited_statements"}},
}

// coreTraining stands, among the ids, for the trainings of last month.
const coreTraining = "core training"

// forAgency makes a plant of what is done to one agency that meets a condition.
func forAgency(rule, name string, fit func(*scene, *agency) bool, do func(*scene, *agency)) Plant {
	return Plant{rule, name, func(s *scene) ([]Finding, bool) {
		a := s.pickAgency(func(a *agency) bool { return a.signed+60 < s.day && fit(s, a) })
		if a == nil {
			return none()
		}
		do(s, a)
		return one(rule, a.id)
	}}
}

func anyone(*scene, *agency) bool { return true }

func agencyOf(a *agency) events.Subject { return events.SubjectOf(events.KindAgency, a.id) }

func agencyPlants() []Plant {
	list := []Plant{
		forAgency("R27.coverage", "the rota has a hole", anyone, func(s *scene, a *agency) {
			s.drop(func(f *Fact) bool {
				e, ok := f.Event.(*events.OnCallAssigned)
				return ok && f.Subject == agencyOf(a) && f.OccurredOn <= s.day && s.day <= e.ThroughDate
			})
		}),
		forAgency("R27.coverage", "on leave while on call", anyone, func(s *scene, a *agency) {
			s.touched = append(s.touched, s.onCall(a))
			s.add(events.SubjectOf(events.KindWorker, s.onCall(a)), s.day, &events.LeaveStarted{ThroughDate: s.day + 3})
		}),
		forAgency("R27.review", "nobody came", func(s *scene, a *agency) bool { return a.signed+367 < s.day }, func(s *scene, a *agency) {
			s.drop(func(f *Fact) bool {
				_, ok := f.Event.(*events.ReviewHeld)
				return ok && f.Subject == agencyOf(a) && f.OccurredOn >= s.day-366
			})
		}),
		forAgency("R27.finding", "not corrected in time", anyone, func(s *scene, a *agency) {
			s.add(agencyOf(a), s.day-50, &events.FindingRaised{Finding: "F-PLANTED", Rule: "R27", Severity: "major", DueOn: s.day - 9, Text: "planted"})
			s.add(agencyOf(a), s.day-40, &events.CorrectiveActionAgreed{Finding: "F-PLANTED", DueOn: s.day - s.between(1, 8), Text: "planted"})
		}),
		forAgency("R27.action", "nothing was agreed", anyone, func(s *scene, a *agency) {
			s.add(agencyOf(a), s.day-s.between(31, 50), &events.FindingRaised{Finding: "F-PLANTED", Rule: "R28", Severity: "critical", DueOn: s.day + 5, Text: "planted"})
		}),
		forAgency("R28.point-of-contact", "never named", anyone, func(s *scene, a *agency) {
			s.drop(func(f *Fact) bool {
				_, ok := f.Event.(*events.PointOfContactNamed)
				return ok && f.Subject == agencyOf(a)
			})
		}),
		forAgency("R28.training", "nobody went", func(s *scene, a *agency) bool { return a.signed < s.lastMonth() && len(s.coreLastMonth()) > 0 }, func(s *scene, a *agency) {
			s.touched = append(s.touched, coreTraining)
			for _, f := range s.facts {
				if slices.Contains(s.coreLastMonth(), f.Subject) {
					absent(f, a.id)
				}
			}
		}),
		{"R28.training-held", "the training fell through", func(s *scene) ([]Finding, bool) {
			core := s.coreLastMonth()
			s.touched = append(s.touched, coreTraining)
			s.drop(func(f *Fact) bool { return slices.Contains(core, f.Subject) })
			return []Finding{{"R28.training-held", ""}}, len(core) > 0
		}},
		{"R27.standing", "enrolled while suspended", suspend},
	}
	for i := range papers {
		rule := fmt.Sprintf("R27.%d", i+1)
		list = append(list, forAgency(rule, "the document is missing", anyone, func(s *scene, a *agency) {
			documents := papers[i][s.dice.IntN(len(papers[i]))]
			s.drop(func(f *Fact) bool {
				e, ok := f.Event.(*events.CredentialRecorded)
				return ok && f.Subject == agencyOf(a) && slices.Contains(documents, e.Document)
			})
		}), forAgency(rule, "the document was revoked", anyone, func(s *scene, a *agency) {
			for _, document := range papers[i][s.dice.IntN(len(papers[i]))] {
				s.add(agencyOf(a), s.day, &events.CredentialRevoked{Criterion: "planted", Document: document, Reason: "withdrawn"})
			}
		}))
	}
	return list
}

// onCall returns who answers on the night of the day.
func (s *scene) onCall(a *agency) (worker string) {
	var from events.Date
	for _, f := range a.facts {
		if e, ok := f.Event.(*events.OnCallAssigned); ok && s.day <= e.ThroughDate && f.OccurredOn >= from {
			worker, from = e.Worker, f.OccurredOn
		}
	}
	return worker
}

// lastMonth returns the first day of the month before the day's.
func (s *scene) lastMonth() events.Date { return s.day.FirstOfMonth().AddMonths(-1) }

// coreLastMonth returns the core trainings of last month.
func (s *scene) coreLastMonth() (subjects []events.Subject) {
	for _, f := range s.trainings {
		if e, ok := f.Event.(*events.TrainingHeld); ok && e.Course == "core" && f.OccurredOn >= s.lastMonth() && f.OccurredOn < s.day.FirstOfMonth() {
			subjects = append(subjects, f.Subject)
		}
	}
	return subjects
}

// absent takes an agency off a list of attendance.
func absent(f *Fact, agency string) {
	without := func(workers, agencies []string) (w, a []string) {
		for i := range agencies {
			if agencies[i] != agency {
				w, a = append(w, workers[i]), append(a, agencies[i])
			}
		}
		return w, a
	}
	switch f.Event.(type) {
	case *events.TrainingHeld:
		change(f, func(e *events.TrainingHeld) { e.Workers, e.Agencies = without(e.Workers, e.Agencies) })
	case *events.TrainingAttended:
		change(f, func(e *events.TrainingAttended) { e.Workers, e.Agencies = without(e.Workers, e.Agencies) })
	}
}

// suspend suspends an agency for the day on which a client came, and for everybody
// else who came that day.
func suspend(s *scene) ([]Finding, bool) {
	c := s.pick(func(c *client) bool {
		return c.came+360 > s.day && s.agencies[c.agency] != nil && c.came > s.agencies[c.agency].signed
	})
	if c == nil {
		return none()
	}
	a := s.agencies[c.agency]
	s.add(agencyOf(a), c.came, &events.AgencySuspended{Reason: "planted"})
	s.add(agencyOf(a), c.came+1, &events.AgencyReinstated{Reason: "planted"})
	found := []Finding{}
	for _, x := range s.clients {
		if x.agency == c.agency && x.came == c.came {
			found = append(found, Finding{"R27.standing", x.id})
		}
	}
	return found, true
}
