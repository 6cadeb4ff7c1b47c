package planted

import (
	"fmt"
	"slices"

	"caseledger/events"
)

func practicePlants() []Plant {
	dropped := func(of func(*client) []*Fact) func(s *scene, c *client) {
		return func(s *scene, c *client) { s.drop(is(of(c)...)) }
	}
	fresh := func(s *scene, c *client) bool { return s.forDays(33)(c) && !c.reopened }
	return []Plant{
		forClient("R28.contact", "a month went by", fresh, func(s *scene, c *client) {
			s.drop(func(f *Fact) bool { return slices.Contains(c.contacts, f) && f.OccurredOn >= s.day-32 })
		}),
		forClient("R28.contact", "the client never came", fresh, func(s *scene, c *client) {
			for _, f := range c.contacts {
				if _, ok := f.Event.(*events.ContactMade); ok && f.OccurredOn >= s.day-32 {
					change(f, func(e *events.ContactMade) { e.Manner = "missed" })
				}
			}
		}),
		forClient("R28.plan", "no plan was made", fresh, dropped(func(c *client) []*Fact { return c.plans })),
		forClient("R28.plan-review", "the review was forgotten", func(s *scene, c *client) bool {
			return inService(c) && len(c.plans) > 0 && c.plans[len(c.plans)-1].OccurredOn+3 < s.day
		}, func(s *scene, c *client) {
			change(c.plans[len(c.plans)-1], func(e *events.PlanAgreed) { e.ReviewOn = s.day - 1 })
		}),
		forClient("R28.interpreter", "a colleague without the language", func(s *scene, c *client) bool {
			return s.forDays(5)(c) && s.mute(c) != nil && !slices.ContainsFunc(c.contacts, func(f *Fact) bool { return f.OccurredOn == s.day })
		}, func(s *scene, c *client) {
			s.add(caseOf(c), s.day, &events.ContactMade{Manner: "phone", Worker: s.mute(c).id, Minutes: 10})
		}),
		forClient("R28.interpreter", "in English", func(s *scene, c *client) bool {
			return s.forDays(5)(c) && c.language != "en" && !slices.ContainsFunc(c.contacts, func(f *Fact) bool { return f.OccurredOn == s.day })
		}, func(s *scene, c *client) {
			s.add(caseOf(c), s.day, &events.ClientInformed{Topic: "benefits", Language: "en"})
		}),
		forClient("R28.informed", "not told", fresh, func(s *scene, c *client) {
			topic := []string{"criminal_justice", "immigration"}[s.dice.IntN(2)]
			s.drop(func(f *Fact) bool {
				e, ok := f.Event.(*events.ClientInformed)
				return ok && f.Subject == caseOf(c) && e.Topic == topic
			})
		}),
		forClient("R28.documents", "not filed", fresh, func(s *scene, c *client) {
			document := []string{"intake_form", "rights_statement", "service_plan"}[s.dice.IntN(3)]
			s.drop(func(f *Fact) bool {
				e, ok := f.Event.(*events.DocumentFiled)
				return ok && f.Subject == caseOf(c) && e.Document == document
			})
		}),
		forClient("R28.emergency", "called back the next day", func(s *scene, c *client) bool { return s.forDays(20)(c) }, func(s *scene, c *client) {
			s.add(caseOf(c), s.day-s.between(0, 15), &events.EmergencyHandled{Emergency: "safety", ResponseMinutes: 61 + s.dice.IntN(600)})
		}),
		forClient("R31.release", "the client withdrew it", func(s *scene, c *client) bool {
			return inService(c) && s.recipient(c) != ""
		}, func(s *scene, c *client) {
			s.add(caseOf(c), s.day, &events.ConsentWithdrawn{Recipient: s.recipient(c)})
		}),
		forClient("basis", "two writers at once", func(s *scene, c *client) bool {
			return c.on+300 > s.day && len(basisOf(c.enrolled.Event)) > 0
		}, func(s *scene, c *client) { c.enrolled.Outdated = true }),
	}
}

// mute returns a worker of the client's agency who does not speak the language.
func (s *scene) mute(c *client) *worker {
	return s.pickWorker(func(w *worker) bool {
		return c.language != "" && w.agency == c.agency && !slices.Contains(w.languages, c.language)
	})
}

// recipient returns whom the release behind the client's last referral names, when
// the provider did not decline.
func (s *scene) recipient(c *client) string {
	if len(c.referrals) == 0 {
		return ""
	}
	last := c.referrals[len(c.referrals)-1]
	referred := last.Event.(*events.ServiceReferred)
	for _, f := range s.facts {
		if e, ok := f.Event.(*events.ServiceReferralAnswered); ok && f.Subject == caseOf(c) && e.Referral == referred.Referral && e.Answer != "accepted" {
			return ""
		}
	}
	for _, f := range c.releases {
		if f.ID == referred.Release {
			return f.Event.(*events.ConsentGiven).Recipient
		}
	}
	return ""
}

// newID makes the coded id of somebody new.
func (s *scene) newID() string {
	s.made++
	return fmt.Sprintf("C-PLANTED-%d", s.made)
}

// billed reports whether an agency billed the last month that should be billed by the
// day: whoever is added there is billed with the others.
func (s *scene) billed(agency string) bool {
	return slices.ContainsFunc(s.facts, func(f *Fact) bool {
		e, ok := f.Event.(*events.InvoiceGenerated)
		return ok && f.Subject.ID() == agency && e.Closing >= (s.day-31).FirstOfMonth()-1 && f.OccurredOn <= s.day
	})
}

// enroll adds a client with whom everything is done as it should be, at an agency
// with a case manager who has room.
func (s *scene) enroll(on events.Date) (id string, ok bool) {
	w := s.pickWorker(func(w *worker) bool {
		a := s.agencies[w.agency]
		return a != nil && a.signed < on && s.billed(w.agency) && !w.supervisor && w.capacity == 100 && slices.Contains(w.languages, "en")
	})
	if w == nil {
		return "", false
	}
	id = s.newID()
	subject := events.SubjectOf(events.KindCase, id)
	add := func(day events.Date, e events.Event) { s.add(subject, day, e) }
	add(on, &events.ClientEnrolled{
		Agency: w.agency, Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormSex, Language: "en", ImmigrationStatus: "undocumented",
	})
	add(on, &events.LeadAssigned{Worker: w.id})
	for _, document := range []string{"intake_form", "rights_statement", "service_plan"} {
		add(on+5, &events.DocumentFiled{Document: document})
	}
	for _, topic := range []string{"criminal_justice", "immigration"} {
		add(on+6, &events.ClientInformed{Topic: topic, Language: "en"})
	}
	for day := on + 10; day <= s.day; day += 80 {
		add(day, &events.PlanAgreed{Goals: []string{"G-1"}, Language: "en", ReviewOn: day + 85})
	}
	for day := on + 20; day <= s.day; day += 25 {
		add(day, &events.ContactMade{Manner: "in_person", Worker: w.id, Language: "en"})
	}
	s.clients[id] = &client{id: id, agency: w.agency}
	return id, true
}
