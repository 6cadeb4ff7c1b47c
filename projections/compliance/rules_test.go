package compliance_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections/compliance"
	"caseledger/projections/projtest"
)

func date(s string) events.Date { return events.MustDate(s) }

// An example changes the world. When evidence is given, the rule, and no other but
// those in also, is broken on the day, and these records show it; else nothing is.
type example struct {
	rule, name string
	on         string // another day than the world's
	change     func(w *world)
	since      string
	evidence   []string
	also       []string
}

func examples() []example {
	list := slices.Concat(letterExamples(), moneyExamples(), agencyExamples(), leadExamples(), practiceExamples())
	for _, c := range policy.Criteria() {
		list = append(list, criterionExamples(c)...)
	}
	return list
}

func letterExamples() []example {
	certified := func(on string) *events.LetterReceived {
		return &events.LetterReceived{Kind: events.Certification, LetterDate: date(on), ReceivedOn: date("2009-04-06")}
	}
	return []example{
		{rule: "R05.missing", name: "the letter was never received", change: func(w *world) { w.drop("received") }, since: "2009-05-02", evidence: []string{"issued"}},
		{rule: "R05.missing", name: "thirty days are allowed", on: "2009-05-01", change: func(w *world) { w.drop("received") }},
		{rule: "R05.mismatch", name: "another date", change: func(w *world) { w.entries[w.find("received")].Event = certified("2009-04-02") },
			since: "2009-04-06", evidence: []string{"issued", "received"}},
		{rule: "R05.mismatch", name: "a wrong receipt that was withdrawn", change: func(w *world) {
			w.add("wrong", client, "2009-04-04", certified("2009-04-03"))
			w.add("withdrawn", client, "2009-04-05", &events.CaseFactWithdrawn{Record: "wrong", Reason: projtest.Sealed})
		}},
		{rule: "R05.unissued", name: "HHS knows nothing of it", change: func(w *world) { w.drop("issued") }, since: "2009-04-06", evidence: []string{"received"}},
		{rule: "R05.unissued", name: "an interim letter is another matter", change: func(w *world) {
			w.add("interim received", client, "2009-03-05", &events.LetterReceived{Kind: events.Interim, LetterDate: date("2009-03-03"), ReceivedOn: date("2009-03-05")})
		}},
		{rule: "R07.ended", name: "HHS ended it, the case goes on", change: func(w *world) {
			w.add("over", hhs, "2009-05-01", &events.CertificationEnded{Reason: projtest.Sealed})
		}, since: "2009-06-01", evidence: []string{"over"}},
		{rule: "R07.ended", name: "the case ended it too", change: func(w *world) {
			w.add("over", hhs, "2009-05-01", &events.CertificationEnded{Reason: projtest.Sealed})
			w.add("ended", client, "2009-05-01", &events.EligibilityEnded{Cause: "certification_ended"})
		}},
		{rule: "R09.notice", name: "after 30 hours", change: func(w *world) { event[*events.MinorDiscovered](w, "discovered").HoursToNotice = 30 }, since: "2009-05-01", evidence: []string{"discovered"}},
		{rule: "R09.notice", name: "after 24 hours", change: func(w *world) { event[*events.MinorDiscovered](w, "discovered").HoursToNotice = 24 }},
		{rule: "R09.notice", name: "the request says how long it took", change: func(w *world) {
			w.drop("discovered")
			event[*events.LetterRequested](w, "request").DiscoveredOn = date("2009-04-28")
		}, since: "2009-05-01", evidence: []string{"request"}},
		{rule: "R09.departments", name: "never told", change: func(w *world) { w.drop("notified") }, since: "2009-05-03", evidence: []string{"request"}},
		{rule: "R09.departments", name: "told after 25 hours", change: func(w *world) { event[*events.DepartmentsNotified](w, "notified").HoursToNotice = 25 }, since: "2009-05-01", evidence: []string{"notified"}},
		{rule: "R09.departments", name: "before the law", change: func(w *world) {
			w.drop("notified", "interim", "discovered")
			w.move("request", "2008-12-20")
			event[*events.LetterRequested](w, "request").DiscoveredOn = 0
		}},
		{rule: "R09.interim", name: "day 91", on: "2009-08-02", change: calm, since: "2009-08-02", evidence: []string{"interim"}},
		{rule: "R09.interim", name: "day 90", on: "2009-08-01", change: calm},
		{rule: "R09.interim", name: "day 121 with an extension", on: "2009-09-01", change: func(w *world) {
			calm(w)
			w.add("extended", minor, "2009-07-20", &events.InterimAssistanceExtended{Reason: projtest.Sealed})
		}, since: "2009-09-01", evidence: []string{"interim", "extended"}},
		{rule: "R09.interim", name: "decided", on: "2009-09-01", change: func(w *world) {
			calm(w)
			w.add("denied", minor, "2009-07-20", &events.LetterDenied{Kind: events.Eligibility, Reason: projtest.Sealed})
		}},
	}
}

// calm closes the client's case and goes on with trainings, so that later days are
// quiet.
func calm(w *world) {
	w.add("closed", client, "2009-06-10", &events.ServiceClosed{Reason: projtest.Sealed})
	w.add("invoice 2", billing, "2009-07-06", &events.InvoiceGenerated{Number: 3, Month: "2009-06", Closing: date("2009-06-30")})
	for i, on := range []string{"2009-06-12", "2009-07-12", "2009-08-12"} {
		w.add("training "+on, events.SubjectOf(events.KindTraining, "T-"+string(rune('2'+i))), on,
			&events.TrainingHeld{Course: "core", Topic: "safety", Minutes: 60, Agencies: []string{"A-1"}})
	}
}

// untilLate goes on with contacts and trainings to the end of the clock.
func untilLate(w *world) {
	calm(w)
	w.drop("closed")
	w.add("contact late", client, "2009-07-02", &events.ContactMade{Manner: "phone", Worker: "W-1"})
	w.add("contact later", client, "2009-07-30", &events.ContactMade{Manner: "phone", Worker: "W-1"})
}

func moneyExamples() []example {
	spend := func(label, on string, cents events.Cents) func(w *world) {
		return func(w *world) {
			w.add(label, client, on, &events.ExpenseBooked{Agency: "A-1", Category: "housing", AmountCents: cents})
		}
	}
	return []example{
		{rule: "R13.ending", name: "nothing is settled", on: "2009-07-19", change: untilLate, since: "2009-07-19", evidence: []string{"enrolled"}},
		{rule: "R13.ending", name: "eleven days before", on: "2009-07-18", change: untilLate},
		{rule: "R13.ending", name: "an extension is asked for", on: "2009-07-25", change: func(w *world) {
			untilLate(w)
			w.add("asked", client, "2009-07-20", &events.ExtensionRequested{Reason: projtest.Sealed})
		}},
		{rule: "R13.expired", name: "the day after the clock", on: "2009-07-30", change: untilLate, since: "2009-07-30", evidence: []string{"enrolled"}},
		{rule: "R13.expired", name: "closed in time", on: "2009-07-30", change: func(w *world) {
			untilLate(w)
			w.drop("contact later")
			w.add("closed", client, "2009-07-27", &events.ServiceClosed{Reason: projtest.Sealed})
		}},
		{rule: "R16.budget", name: "above 1,600 dollars", change: func(w *world) {
			spend("a", "2009-04-20", 500_00)(w)
			spend("b", "2009-05-20", 700_00)(w)
			spend("c", "2009-06-10", 201_00)(w)
		}, since: "2009-06-10", evidence: []string{"c"}},
		{rule: "R16.budget", name: "exactly the budget", change: func(w *world) {
			spend("a", "2009-04-20", 500_00)(w)
			spend("b", "2009-05-20", 700_00)(w)
			spend("c", "2009-06-10", 200_00)(w)
		}},
		{rule: "R16.month", name: "more than twice the cap", change: spend("a", "2009-05-20", 800_01), since: "2009-05-20", evidence: []string{"a"}},
		{rule: "R16.month", name: "twice the cap", change: spend("a", "2009-05-20", 800_00)},
		{rule: "R16.month", name: "reversed", change: func(w *world) {
			spend("a", "2009-05-20", 900_00)(w)
			w.add("reversed", client, "2009-05-21", &events.ExpenseReversed{Expense: "a", AmountCents: -900_00, Reason: projtest.Sealed})
		}},
		{rule: "R17.invoice", name: "April was never billed", change: func(w *world) { w.drop("invoice") }, since: "2009-05-31", evidence: []string{"enrolled", "invoice march"}},
		{rule: "R17.invoice", name: "the invoice was denied", change: func(w *world) {
			w.add("denied", billing, "2009-05-20", &events.InvoiceDenied{Number: 2, Reasons: []string{"duplicate"}})
		}, since: "2009-05-31", evidence: []string{"enrolled", "invoice march"}},
		{rule: "R17.invoice", name: "thirty days are allowed", on: "2009-05-30", change: func(w *world) { w.drop("invoice") }},
		{rule: "R18.late", name: "after the clock", on: "2009-07-31", change: func(w *world) {
			untilLate(w)
			spend("a", "2009-07-31", 10_00)(w)
		}, since: "2009-07-31", evidence: []string{"a"}, also: []string{"R13.expired"}},
		{rule: "R18.late", name: "on the last day of the clock", on: "2009-07-29", change: func(w *world) {
			untilLate(w)
			w.add("asked", client, "2009-07-15", &events.ExtensionRequested{Reason: projtest.Sealed})
			spend("a", "2009-07-29", 10_00)(w)
		}},
		{rule: "R18.refused", name: "before the enrollment", change: spend("a", "2009-02-28", 10_00), since: "2009-02-28", evidence: []string{"a"}},
		{rule: "R18.refused", name: "on the first day", change: spend("a", "2009-03-01", 10_00)},
	}
}

func criterionExamples(c policy.Criterion) (list []example) {
	rule := "R27." + string(rune('0'+c.Number))
	for _, need := range c.Requirements {
		document := need.Documents[0]
		list = append(list,
			example{rule: rule, name: document + " missing", change: func(w *world) { w.drop(document) }, since: "2008-06-01", evidence: []string{"signed"}},
			example{rule: rule, name: document + " revoked", change: func(w *world) {
				w.add("revoked", agency, "2009-02-01", &events.CredentialRevoked{Criterion: c.Name, Document: document, Reason: "withdrawn by its issuer"})
			}, since: "2009-02-01", evidence: []string{document}},
			example{rule: rule, name: document + " renewed in time", change: func(w *world) {
				event[*events.CredentialRecorded](w, document).ThroughDate = date("2009-05-31")
				w.add("renewed", agency, "2009-06-01", &events.CredentialRecorded{Criterion: c.Name, Document: need.Documents[len(need.Documents)-1], ThroughDate: date("2010-05-31")})
			}},
		)
	}
	return list
}

func agencyExamples() []example {
	raised := func(w *world) {
		w.add("finding", agency, "2009-04-01", &events.FindingRaised{Finding: "F-1", Rule: "R27", Severity: "major", DueOn: date("2009-05-31"), Text: "late"})
	}
	action := func(on, due string) func(w *world) {
		return func(w *world) {
			raised(w)
			w.add("action", agency, on, &events.CorrectiveActionAgreed{Finding: "F-1", DueOn: date(due), Text: "will do"})
		}
	}
	return []example{
		{rule: "R27.coverage", name: "nobody after May", change: func(w *world) { event[*events.OnCallAssigned](w, "on call").ThroughDate = date("2009-05-31") }, since: "2009-06-01", evidence: []string{"on call"}},
		{rule: "R27.coverage", name: "the last night", change: func(w *world) { event[*events.OnCallAssigned](w, "on call").ThroughDate = date("2009-06-15") }},
		{rule: "R27.coverage", name: "the worker on call has left", change: func(w *world) {
			w.add("left", super, "2009-06-01", &events.WorkerLeft{Reason: projtest.Sealed})
			w.add("new point", agency, "2009-06-02", &events.PointOfContactNamed{Worker: "W-1"})
		}, since: "2009-06-02", evidence: []string{"on call", "left"}},
		{rule: "R27.coverage", name: "the worker on call is on leave", change: func(w *world) {
			w.add("leave", super, "2009-06-10", &events.LeaveStarted{ThroughDate: date("2009-06-20")})
		}, since: "2009-06-10", evidence: []string{"on call", "leave"}},
		{rule: "R27.coverage", name: "back from leave early", change: func(w *world) {
			w.add("leave", super, "2009-06-10", &events.LeaveStarted{ThroughDate: date("2009-06-20")})
			w.add("back", super, "2009-06-15", &events.LeaveEnded{})
		}},
		{rule: "R27.standing", name: "enrolled while suspended", change: func(w *world) {
			w.add("suspended", agency, "2009-02-20", &events.AgencySuspended{Reason: "audit overdue"})
			w.add("reinstated", agency, "2009-03-05", &events.AgencyReinstated{Reason: "audit received"})
		}, since: "2009-03-01", evidence: []string{"suspended", "enrolled"}},
		{rule: "R27.standing", name: "enrolled on the day of the reinstatement", change: func(w *world) {
			w.add("suspended", agency, "2009-02-20", &events.AgencySuspended{Reason: "audit overdue"})
			w.add("reinstated", agency, "2009-03-01", &events.AgencyReinstated{Reason: "audit received"})
		}},
		{rule: "R27.standing", name: "enrolled before the subcontract", change: func(w *world) {
			for _, e := range w.entries {
				if e.On == "2008-06-01" {
					w.move(e.label, "2009-03-02")
				}
			}
			w.drop("review")
		}, since: "2009-03-01", evidence: []string{"enrolled"}},
		{rule: "R27.review", name: "a year ago", on: "2009-10-02", change: func(w *world) { later(w, "2009-09-20") }, since: "2009-10-02", evidence: []string{"review"}},
		{rule: "R27.review", name: "a year ago to the day", on: "2009-10-01", change: func(w *world) { later(w, "2009-09-20") }},
		{rule: "R27.review", name: "never, a year after the signature", change: func(w *world) { w.drop("review") }, since: "2009-06-02", evidence: []string{"signed"}},
		{rule: "R27.finding", name: "due in May", change: action("2009-04-20", "2009-05-31"), since: "2009-06-01", evidence: []string{"finding", "action"}},
		{rule: "R27.finding", name: "a second action has more time", change: func(w *world) {
			action("2009-04-20", "2009-05-31")(w)
			w.add("second", agency, "2009-06-05", &events.CorrectiveActionAgreed{Finding: "F-1", DueOn: date("2009-06-30"), Text: "will do"})
		}},
		{rule: "R27.finding", name: "the action has more time", change: action("2009-04-20", "2009-06-15")},
		{rule: "R27.finding", name: "closed", change: func(w *world) {
			action("2009-04-20", "2009-05-31")(w)
			w.add("closed", agency, "2009-06-10", &events.FindingClosed{Finding: "F-1"})
		}},
		{rule: "R27.action", name: "none after a month", on: "2009-05-02", change: raised, since: "2009-05-02", evidence: []string{"finding"}},
		{rule: "R27.action", name: "a month is allowed", on: "2009-05-01", change: raised},
		{rule: "R27.action", name: "not for a minor one", change: func(w *world) {
			raised(w)
			f := event[*events.FindingRaised](w, "finding")
			f.Severity, f.DueOn = "minor", date("2009-07-31")
		}},
		{rule: "R28.point-of-contact", name: "nobody", change: func(w *world) { w.drop("contact point") }, since: "2008-06-01", evidence: []string{"signed"}},
		{rule: "R28.point-of-contact", name: "who is named has left", change: func(w *world) {
			w.add("left", super, "2009-06-01", &events.WorkerLeft{Reason: projtest.Sealed})
			w.add("new call", agency, "2009-06-02", &events.OnCallAssigned{Worker: "W-1", ThroughDate: date("2010-12-31")})
		}, since: "2009-06-02", evidence: []string{"contact point", "left"}},
		{rule: "R28.point-of-contact", name: "another one is named", change: func(w *world) {
			w.add("new point", agency, "2009-06-02", &events.PointOfContactNamed{Worker: "W-1"})
		}},
		{rule: "R28.training", name: "not there in May", change: func(w *world) { event[*events.TrainingHeld](w, "training").Agencies = []string{"A-7"} }, since: "2009-06-01", evidence: []string{"training"}},
		{rule: "R28.training", name: "on the late list", change: func(w *world) {
			event[*events.TrainingHeld](w, "training").Agencies = []string{"A-7"}
			w.add("list", training, "2009-06-08", &events.TrainingAttended{Workers: []string{"W-1"}, Agencies: []string{"A-1"}})
		}},
		{rule: "R28.training-held", name: "none in May", change: func(w *world) { w.drop("training") }, since: "2009-06-01", evidence: []string{"training april"}},
		{rule: "R28.training-held", name: "a specialty training is none", change: func(w *world) { event[*events.TrainingHeld](w, "training").Course = "specialty" }, since: "2009-06-01", evidence: []string{"training april"}},
		{rule: "R28.training-held", name: "on the last day of May", change: func(w *world) { w.move("training", "2009-05-31") }},
		{rule: "R28.caseload", name: "26 at full time", change: func(w *world) {
			w.add("heavy", client, "2009-03-02", &events.IntensitySet{Intensity: 26})
		}, since: "2009-03-01", evidence: []string{"worker", "lead"}},
		{rule: "R28.caseload", name: "25 at full time", change: func(w *world) {
			w.add("heavy", client, "2009-03-02", &events.IntensitySet{Intensity: 25})
		}},
		{rule: "R28.caseload", name: "13 at half time", change: func(w *world) {
			event[*events.WorkerEngaged](w, "worker").CapacityPercent = 50
			w.add("heavy", client, "2009-03-02", &events.IntensitySet{Intensity: 13})
		}, since: "2009-03-01", evidence: []string{"worker", "lead"}},
	}
}

func core() *events.TrainingHeld {
	return &events.TrainingHeld{Course: "core", Topic: "safety", Minutes: 60, Agencies: []string{"A-1"}}
}

// later keeps the world quiet until autumn.
func later(w *world, trained string) {
	calm(w)
	w.add("trained", "training/T-8", trained, core())
	w.add("denied", minor, "2009-07-20", &events.LetterDenied{Kind: events.Eligibility, Reason: projtest.Sealed})
}

func leadExamples() []example {
	leaves := func(w *world) { w.add("gone", worker, "2009-05-31", &events.WorkerLeft{Reason: projtest.Sealed}) }
	closed := func(w *world) {
		w.add("closed", client, "2009-05-20", &events.ServiceClosed{Reason: projtest.Sealed})
	}
	propose := func(w *world) {
		w.add("proposed", client, "2009-06-08", &events.HandOffProposed{From: "W-1", To: "W-9", Reason: projtest.Sealed})
	}
	return []example{
		{rule: "R28.lead", name: "nobody was assigned", change: func(w *world) { w.drop("lead") }, since: "2009-03-01", evidence: []string{"enrolled"}},
		{rule: "R28.lead", name: "the lead has left", change: leaves, since: "2009-06-01", evidence: []string{"lead", "gone"}},
		{rule: "R28.lead", name: "on the lead's last day", on: "2009-05-31", change: leaves},
		{rule: "R28.lead-legal", name: "the service is closed, the court is not", change: func(w *world) { closed(w); leaves(w) }, since: "2009-06-01", evidence: []string{"lead", "gone"}},
		{rule: "R28.lead-legal", name: "all components are closed", change: func(w *world) {
			closed(w)
			leaves(w)
			w.add("ic", client, "2009-05-20", &events.ComponentClosed{Component: events.ImmigrationComponent, Reason: projtest.Sealed})
			w.add("pc", client, "2009-05-20", &events.ComponentClosed{Component: events.ProsecutionComponent, Reason: projtest.Sealed})
		}},
		{rule: "R28.lead-agency", name: "the lead works elsewhere", change: func(w *world) {
			w.add("w2", "worker/W-2", "2008-07-01", &events.WorkerEngaged{Agency: "A-2", CapacityPercent: 100, Languages: []string{"es"}})
			w.add("taken", client, "2009-06-10", &events.HandOffAccepted{From: "W-1", To: "W-2"})
		}, since: "2009-06-10", evidence: []string{"enrolled", "taken"}},
		{rule: "R28.lead-agency", name: "a colleague takes over", change: func(w *world) {
			w.add("taken", client, "2009-06-10", &events.HandOffAccepted{From: "W-1", To: "W-9"})
		}},
		{rule: "R28.gap", name: "the supervisor stands in", change: func(w *world) {
			leaves(w)
			w.add("stands in", client, "2009-06-01", &events.LeadLeft{Worker: "W-1", Interim: "W-9"})
		}, since: "2009-06-01", evidence: []string{"stands in"}},
		{rule: "R28.gap", name: "the supervisor accepts for good", change: func(w *world) {
			leaves(w)
			w.add("stands in", client, "2009-06-01", &events.LeadLeft{Worker: "W-1", Interim: "W-9"})
			w.add("for good", client, "2009-06-05", &events.HandOffAccepted{From: "W-9", To: "W-9"})
		}},
		{rule: "R28.hand-off", name: "a week without an answer", change: propose, since: "2009-06-15", evidence: []string{"proposed"}},
		{rule: "R28.hand-off", name: "six days", on: "2009-06-14", change: propose},
		{rule: "R28.hand-off", name: "declined", change: func(w *world) {
			propose(w)
			w.add("declined", client, "2009-06-12", &events.HandOffDeclined{To: "W-9", Reason: projtest.Sealed})
		}},
	}
}

func practiceExamples() []example {
	last := "contact 2009-06-05"
	return []example{
		{rule: "R28.contact", name: "36 days", change: func(w *world) { w.drop(last) }, since: "2009-06-10", evidence: []string{"contact 2009-05-10"}},
		{rule: "R28.contact", name: "a missed one is none", change: func(w *world) { event[*events.ContactMade](w, last).Manner = "missed" }, since: "2009-06-10", evidence: []string{"contact 2009-05-10"}},
		{rule: "R28.contact", name: "30 days", on: "2009-06-09", change: func(w *world) { w.drop(last) }},
		{rule: "R28.plan", name: "none", change: func(w *world) { w.drop("plan") }, since: "2009-04-01", evidence: []string{"enrolled"}},
		{rule: "R28.plan", name: "on day 30", change: func(w *world) { w.move("plan", "2009-03-31") }},
		{rule: "R28.plan-review", name: "due yesterday", change: func(w *world) { event[*events.PlanAgreed](w, "plan").ReviewOn = date("2009-06-14") }, since: "2009-06-15", evidence: []string{"plan"}},
		{rule: "R28.plan-review", name: "after 90 days when the plan does not say", on: "2009-06-19", change: func(w *world) { event[*events.PlanAgreed](w, "plan").ReviewOn = 0 }, since: "2009-06-19", evidence: []string{"plan"}},
		{rule: "R28.plan-review", name: "agreed anew", change: func(w *world) {
			event[*events.PlanAgreed](w, "plan").ReviewOn = date("2009-06-01")
			w.add("again", client, "2009-06-01", &events.PlanAgreed{Goals: []string{"G-1"}, Language: "es", ReviewOn: date("2009-09-01")})
		}},
		{rule: "R28.language", name: "not recorded", change: func(w *world) { event[*events.ClientEnrolled](w, "enrolled").Language = "" }, since: "2009-03-01", evidence: []string{"enrolled"}},
		{rule: "R28.language", name: "corrected", change: func(w *world) {
			event[*events.ClientEnrolled](w, "enrolled").Language = ""
			w.add("corrected", client, "2009-03-05", &events.ClientCorrected{Language: "es", Reason: projtest.Sealed})
		}},
		{rule: "R28.interpreter", name: "the worker does not speak it", change: func(w *world) { event[*events.ContactMade](w, last).Worker = "W-9" }, since: "2009-06-05", evidence: []string{"supervisor", last}},
		{rule: "R28.interpreter", name: "with an interpreter", change: func(w *world) {
			c := event[*events.ContactMade](w, last)
			c.Worker, c.Interpreter = "W-9", true
		}},
		{rule: "R28.interpreter", name: "an interpreter on that day", change: func(w *world) {
			event[*events.ContactMade](w, last).Worker = "W-9"
			w.add("interpreter", client, "2009-06-05", &events.InterpreterUsed{Language: "es", Manner: "phone"})
		}},
		{rule: "R28.interpreter", name: "the plan in English", change: func(w *world) {
			w.add("english", client, "2009-06-10", &events.PlanAgreed{Goals: []string{"G-1"}, Language: "en", ReviewOn: date("2009-09-01")})
		}, since: "2009-06-10", evidence: []string{"english"}},
		{rule: "R28.interpreter", name: "a region of the language", change: func(w *world) {
			w.add("mexican", client, "2009-06-10", &events.PlanAgreed{Goals: []string{"G-1"}, Language: "es-MX", ReviewOn: date("2009-09-01")})
		}},
		{rule: "R28.informed", name: "not of immigration", change: func(w *world) { w.drop("immigration") }, since: "2009-04-01", evidence: []string{"enrolled"}},
		{rule: "R28.informed", name: "on day 30", change: func(w *world) { w.move("immigration", "2009-03-31") }},
		{rule: "R28.documents", name: "no intake form", change: func(w *world) { w.drop("intake_form") }, since: "2009-04-01", evidence: []string{"enrolled"}},
		{rule: "R28.documents", name: "on day 30", change: func(w *world) { w.move("intake_form", "2009-03-31") }},
		{rule: "R28.emergency", name: "after 61 minutes", change: func(w *world) { event[*events.EmergencyHandled](w, "emergency").ResponseMinutes = 61 }, since: "2009-04-02", evidence: []string{"emergency"}},
		{rule: "R28.emergency", name: "after an hour", change: func(w *world) { event[*events.EmergencyHandled](w, "emergency").ResponseMinutes = 60 }},
		{rule: "R31.release", name: "the release is over", change: func(w *world) { event[*events.ConsentGiven](w, "release").ThroughDate = date("2009-06-01") }, since: "2009-06-02", evidence: []string{"release", "referral"}},
		{rule: "R31.release", name: "withdrawn", change: func(w *world) {
			w.add("withdrawn", client, "2009-05-01", &events.ConsentWithdrawn{Recipient: "P-1"})
		}, since: "2009-05-01", evidence: []string{"release", "referral"}},
		{rule: "R31.release", name: "given again", change: func(w *world) {
			event[*events.ConsentGiven](w, "release").ThroughDate = date("2009-06-01")
			w.add("again", client, "2009-05-30", &events.ConsentGiven{Recipient: "P-1", Scope: "health", ThroughDate: date("2010-03-20")})
		}},
		{rule: "R31.release", name: "the partner declined", change: func(w *world) {
			event[*events.ConsentGiven](w, "release").ThroughDate = date("2009-06-01")
			w.add("answer", client, "2009-04-01", &events.ServiceReferralAnswered{Referral: "R-1", Answer: "declined"})
		}},
		{rule: "basis", name: "the agency changed meanwhile", change: func(w *world) {
			// Version 2 of the agency, its location, was recorded long before.
			event[*events.LeadAssigned](w, "lead").Basis = []events.Reference{{Subject: agency, Version: 1, Hash: events.HashOf([]byte("signed"))}}
		}, since: "2009-03-01", evidence: []string{"lead"}},
		{rule: "basis", name: "the worker as last recorded", change: func(w *world) {
			event[*events.LeadAssigned](w, "lead").Basis = []events.Reference{{Subject: worker, Version: 1, Hash: events.HashOf([]byte("worker"))}}
			w.add("changed later", worker, "2009-03-02", &events.WorkerChanged{CapacityPercent: 100, Languages: []string{"es"}})
		}},
	}
}

func TestTheWorldIsInOrder(t *testing.T) {
	w := newWorld(t)
	found, _ := w.ask(compliance.Filter{On: date(w.day)})
	if len(found) != 0 {
		t.Errorf("exceptions in a world in order: %+v", found)
	}
}

// Given the world with one change, when the monitor is asked, then the rule that the
// change breaks is shown with its first day and evidence, and no other.
func TestRules(t *testing.T) {
	for _, e := range examples() {
		t.Run(e.rule+" "+e.name, func(t *testing.T) {
			w := newWorld(t)
			if e.on != "" {
				w.day = e.on
			}
			e.change(w)
			w.keepUntil(date(w.day))
			found, labels := w.ask(compliance.Filter{On: date(w.day)})
			got := map[string]bool{}
			for _, x := range found {
				got[x.Rule] = true
				if x.Rule != e.rule {
					if !slices.Contains(e.also, x.Rule) {
						t.Errorf("another exception: %+v", x)
					}
					continue
				}
				if d := cmp.Diff(e.evidence, append([]string{}, labels(x)...)); e.evidence == nil || d != "" {
					t.Errorf("%s %q: evidence (-want +got):\n%s", x.Rule, x.Sentence, d)
				}
				if x.Since.String() != e.since {
					t.Errorf("%s stands since %s, want %s", x.Rule, x.Since, e.since)
				}
			}
			if e.evidence != nil && !got[e.rule] {
				t.Errorf("not found; there are %+v", found)
			}
		})
	}
}

// keepUntil leaves out what happens after a day that a monitor could not know of.
func (w *world) keepUntil(day events.Date) {
	w.entries = slices.DeleteFunc(w.entries, func(e labelled) bool { return e.At == "" && date(e.On) > day })
}

// Given the table, when the examples are counted, then each rule has one that breaks
// it and one that does not, and says everything that a table of rules says.
func TestEveryRuleHasExamples(t *testing.T) {
	breaks, holds := map[string]int{}, map[string]int{}
	for _, e := range examples() {
		if e.evidence != nil {
			breaks[e.rule]++
		} else {
			holds[e.rule]++
		}
	}
	if len(compliance.Rules()) < 40 {
		t.Fatalf("only %d rules", len(compliance.Rules()))
	}
	seen := map[string]bool{}
	for _, r := range compliance.Rules() {
		if breaks[r.ID] == 0 || holds[r.ID] == 0 {
			t.Errorf("%s: %d examples break it, %d do not", r.ID, breaks[r.ID], holds[r.ID])
		}
		for _, text := range []string{r.ID, r.Source, r.Sentence, r.LooksAt, r.Shows, r.Hint} {
			if text == "" || strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q", r.ID, text)
			}
		}
		if seen[r.ID] || !slices.Contains(compliance.Severities(), r.Severity) {
			t.Errorf("%s stands twice, or has the severity %q", r.ID, r.Severity)
		}
		seen[r.ID] = true
	}
	for rule := range breaks {
		if !seen[rule] {
			t.Errorf("an example breaks %s, which is not in the table", rule)
		}
	}
}
