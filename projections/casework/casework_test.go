package casework_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/clocks"
	"caseledger/projections/projtest"
)

// A ledger of cases, and what is asked of it.
type ledger struct {
	testing.TB
	projtest.Stream
}

// enroll adds client C-1, whom W-1 of agency A leads.
func (l *ledger) enroll(on string) {
	l.add(on, &events.ClientEnrolled{Agency: "A", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, Language: "es", ImmigrationStatus: "undocumented"})
	l.add(on, &events.LeadAssigned{Worker: "W-1"})
}

// add adds a fact of client C-1 and returns its record.
func (l *ledger) add(on string, e events.Event) *events.Record {
	l.Helper()
	return l.Add(l, projtest.Entry{Subject: "case/C-1", On: on, Event: e})
}

func (l *ledger) withdraw(on string, r *events.Record) {
	l.Helper()
	l.add(on, &events.CaseFactWithdrawn{Record: r.ID, Reason: projtest.Sealed})
}

func (l *ledger) ask(f func(*projections.Snapshot) error) {
	l.Helper()
	projtest.Ask(l, &l.Stream, f, caseload.View{}, clocks.View{}, casework.View{}, benefits.View{})
}

// due lists what is due as "day task what".
func (l *ledger) due(on string, within int, f caseload.Filter) (lines []string) {
	l.Helper()
	f.On = events.MustDate(on)
	l.ask(func(s *projections.Snapshot) error {
		d, err := casework.Due(s, f, within)
		if err != nil {
			return err
		}
		for _, x := range d.Items {
			if x.Days != int(x.Due-f.On) || x.Client != "C-1" || x.Agency != "A" {
				l.Errorf("item %+v", x)
			}
			lines = append(lines, fmt.Sprintf("%s %s %s", x.Due, x.Task, x.What))
		}
		return nil
	})
	return lines
}

// settled adds what is due in the first month, so that nothing else is in the way.
func (l *ledger) settled(on string) {
	l.add(on, &events.ClientInformed{Topic: "immigration", Language: "es"})
	l.add(on, &events.ClientInformed{Topic: "criminal_justice", Language: "es"})
	l.add(on, &events.GoalSet{Goal: "G-1", Need: "housing", Text: projtest.Sealed, ByDate: events.MustDate("2009-03-01")})
	l.add(on, &events.PlanAgreed{Goals: []string{"G-1"}, Language: "es", ReviewOn: events.MustDate("2009-12-01")})
	l.add(on, &events.ContactMade{Manner: "phone", Worker: "W-1"})
}

func TestDue(t *testing.T) {
	for _, test := range []struct {
		name   string
		on     string
		within int
		give   func(l *ledger)
		want   []string
	}{
		{"nothing was done", "2009-01-10", 30, func(l *ledger) { l.enroll("2009-01-05") }, []string{
			"2009-02-04 contact no contact since service began on 2009-01-05",
			"2009-02-04 plan no service plan since 2009-01-05",
			"2009-02-04 inform not told about criminal justice",
			"2009-02-04 inform not told about immigration",
		}},
		{"a failed contact is none, nor is one for the client", "2009-02-10", 0, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-01-06")
			l.add("2009-02-01", &events.ContactMade{Manner: "missed", Worker: "W-1"})
			l.add("2009-02-02", &events.ContactMade{Manner: "advocacy", Worker: "W-1"})
		}, []string{"2009-02-05 contact last contact 2009-01-06, phone"}},
		{"a contact that was taken back never was", "2009-02-10", 0, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-01-06")
			r := l.add("2009-02-01", &events.ContactMade{Manner: "phone", Worker: "W-1"})
			l.withdraw("2009-02-02", r)
		}, []string{"2009-02-05 contact last contact 2009-01-06, phone"}},
		{"a goal of the plan, until it is achieved", "2009-02-27", 5, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-01-06")
			l.add("2009-01-20", &events.ProgressRecorded{Goal: "G-1", Progress: "some"})
			l.add("2009-02-27", &events.ContactMade{Manner: "phone", Worker: "W-1"})
			l.add("2009-03-02", &events.ProgressRecorded{Goal: "G-1", Progress: "achieved"})
		}, []string{"2009-03-01 goal goal G-1, housing, stands at some"}},
		{"appointments, and what became of them", "2009-02-01", 20, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-01-28")
			for i, on := range []string{"2009-01-30", "2009-02-10", "2009-02-12", "2009-03-10"} {
				l.add("2009-01-06", &events.CourtDateSet{CourtDate: fmt.Sprintf("D-%d", i), Component: events.ProsecutionComponent, On: events.MustDate(on), Occasion: "grand_jury"})
			}
			l.add("2009-02-01", &events.CourtDateEnded{CourtDate: "D-2", Result: "cancelled"})
		}, []string{
			"2009-01-30 court_result what became of the grand jury, criminal prosecution",
			"2009-02-10 court_date grand jury, criminal prosecution",
		}},
		{"benefits: renewals, a lapse, an answer that is awaited, the end of assistance", "2009-03-05", 30, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-03-05")
			l.add("2009-01-05", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2008-08-01"), ReceivedOn: events.MustDate("2009-01-05")})
			l.add("2009-01-06", &events.BenefitApproved{Benefit: "rca", ThroughDate: events.MustDate("2009-05-30")})
			l.add("2009-01-06", &events.BenefitApproved{Benefit: "medicaid", ThroughDate: events.MustDate("2009-02-28")})
			l.add("2009-01-07", &events.BenefitReferred{Benefit: "wic"})
			l.add("2009-03-06", &events.BenefitRenewed{Benefit: "medicaid", ThroughDate: events.MustDate("2009-12-31")})
		}, []string{
			"2009-02-21 benefit_answer no answer about wic since 2009-01-07",
			"2009-02-28 renew_benefit medicaid ended on 2009-02-28: renew it, or record its end",
			"2009-03-01 goal goal G-1, housing, stands at none",
			"2009-03-31 assistance_end 8 months of rca end",
			"2009-04-04 contact last contact 2009-03-05, phone",
		}},
		{"a referral without an answer, and a release that ends", "2009-02-01", 20, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-02-01")
			l.add("2009-01-06", &events.ConsentGiven{Recipient: "N-1", Scope: "legal", ThroughDate: events.MustDate("2009-02-15")})
			l.add("2009-01-06", &events.ConsentGiven{Recipient: "N-2", Scope: "legal", ThroughDate: events.MustDate("2009-02-16")})
			l.add("2009-01-07", &events.ConsentGiven{Recipient: "N-2", Scope: "legal", ThroughDate: events.MustDate("2009-12-31")})
			l.add("2009-01-08", &events.ServiceReferred{Referral: "R-1", Partner: "N-1", Category: "legal", Release: projtest.ID(1)})
			l.add("2009-01-08", &events.ServiceReferred{Referral: "R-2", Partner: "N-2", Category: "legal", Release: projtest.ID(1)})
			l.add("2009-01-20", &events.ServiceReferralAnswered{Referral: "R-2", Answer: "accepted"})
		}, []string{
			"2009-01-22 referral_answer referral R-1 to N-1, legal, has no answer",
			"2009-02-15 consent_end release to N-1, legal",
		}},
		{"the clock ends: ask for an extension", "2009-09-20", 12, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-09-20")
			l.add("2009-09-20", &events.ProgressRecorded{Goal: "G-1", Progress: "given_up"})
		}, []string{
			"2009-09-17 request_extension the clock ends on 2009-10-01: ask for an extension, or close",
			"2009-10-01 clock_end last funded day of the clock, pre certified",
		}},
		{"the clock ends, and an extension was asked for", "2009-09-20", 12, func(l *ledger) {
			l.enroll("2009-01-05")
			l.settled("2009-09-20")
			l.add("2009-09-20", &events.ProgressRecorded{Goal: "G-1", Progress: "given_up"})
			l.add("2009-09-20", &events.ExtensionRequested{Reason: projtest.Sealed})
		}, []string{"2009-10-01 clock_end last funded day of the clock, pre certified"}},
		{"a closed service leaves appointments", "2009-03-01", 30, func(l *ledger) {
			l.enroll("2009-01-05")
			l.add("2009-01-06", &events.CourtDateSet{CourtDate: "D-1", Component: events.ImmigrationComponent, On: events.MustDate("2009-03-10"), Occasion: "interview"})
			l.add("2009-02-20", &events.ServiceClosed{Reason: projtest.Sealed})
		}, []string{"2009-03-10 court_date interview, immigration"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &ledger{TB: t}
			test.give(l)
			if d := cmp.Diff(test.want, l.due(test.on, test.within, caseload.Filter{})); d != "" {
				t.Errorf("due (-want +got):\n%s", d)
			}
		})
	}
}

// Given a case that is proposed to another worker, when each asks what is due, then
// the lead sees the case's tasks and the other one the hand-off.
func TestDueByWorker(t *testing.T) {
	l := &ledger{TB: t}
	l.enroll("2009-01-05")
	l.settled("2009-01-06")
	l.add("2009-01-20", &events.HandOffProposed{From: "W-1", To: "W-2", Reason: projtest.Sealed})
	for worker, want := range map[string][]string{
		"W-1": {"2009-02-05 contact last contact 2009-01-06, phone"},
		"W-2": {"2009-01-27 answer_hand_off accept or decline the case: proposed on 2009-01-20"},
		"W-3": nil,
	} {
		if d := cmp.Diff(want, l.due("2009-02-01", 7, caseload.Filter{Worker: worker})); d != "" {
			t.Errorf("due for %s (-want +got):\n%s", worker, d)
		}
	}
}

// Given a history, when a case is asked about on different days, then each answer is
// what was true on that day.
func TestAnswersByDay(t *testing.T) {
	l := &ledger{TB: t}
	l.enroll("2009-01-05")
	l.add("2009-01-06", &events.NeedAssessed{Need: "housing", Urgency: "crisis"})
	l.add("2009-02-06", &events.NeedAssessed{Need: "housing", Urgency: "met"})
	l.settled("2009-01-10")
	l.add("2009-01-11", &events.ConsentGiven{Recipient: "N-1", Scope: "legal", ThroughDate: events.MustDate("2009-12-31")})
	l.add("2009-02-11", &events.ConsentWithdrawn{Recipient: "N-1"})
	l.add("2009-01-12", &events.ComponentClosed{Component: events.ImmigrationComponent, Reason: projtest.Sealed})
	l.add("2009-02-12", &events.ComponentReopened{Component: events.ImmigrationComponent, Reason: projtest.Sealed})
	l.add("2009-01-13", &events.CourtDateSet{CourtDate: "D-1", Component: events.ProsecutionComponent, On: events.MustDate("2009-02-01"), Occasion: "trial"})
	l.add("2009-02-13", &events.CourtDateEnded{CourtDate: "D-1", Result: "held", Accompanied: true})
	l.add("2009-02-14", &events.EmergencyContactNamed{Relation: "friend", Contact: projtest.Sealed})
	l.add("2009-02-14", &events.DocumentFiled{Document: "hhs_letter"})
	l.add("2009-02-14", &events.EmergencyHandled{Emergency: "safety", ResponseMinutes: 20, AfterHours: true, Worker: "W-1"})
	l.add("2009-02-14", &events.EmergencyHandled{Emergency: "safety", ResponseMinutes: 30})
	l.ask(func(s *projections.Snapshot) error {
		c, err := casework.Read(s, "C-1")
		if err != nil {
			return err
		}
		summary := func(on string) string {
			day := events.MustDate(on)
			_, planned := c.Plan(day)
			_, closed := c.Closed(events.ImmigrationComponent, day)
			_, named := c.EmergencyContact(day)
			_, filed := c.Filed("hhs_letter", day)
			_, served := c.ServedSince(day)
			urgency, result := "none", "none"
			for _, n := range c.Needs(day) {
				urgency = n.Urgency
			}
			for _, d := range c.CourtDates(day) {
				result = "set" + d.Result
			}
			return strings.TrimSpace(fmt.Sprintln(c.Language(), served, urgency, planned, len(c.Goals(day)), len(c.Releases(day)), closed, result, named, filed, len(c.Topics(day))))
		}
		for on, want := range map[string]string{
			"2009-01-04": "es false none false 0 0 false none false false 0",
			"2009-01-06": "es true crisis false 0 0 false none false false 0",
			"2009-01-12": "es true crisis true 1 1 false none false false 2",
			"2009-01-13": "es true crisis true 1 1 true set false false 2",
			"2009-02-10": "es true met true 1 1 true set false false 2",
			"2009-02-14": "es true met true 1 0 false setheld true true 2",
		} {
			if got := summary(on); got != want {
				t.Errorf("on %s: %s, want %s", on, got, want)
			}
		}
		calls, err := casework.Calls(s, events.MustDate("2009-01-01"), events.MustDate("2009-12-31"), "A")
		want := []casework.Responses{{Agency: "A", Calls: 2, AfterHours: 1, Median: 20, Slowest: 30, MedianAfterHours: 20}}
		if d := cmp.Diff(want, casework.ResponsesOf(calls)); d != "" {
			t.Errorf("responses (-want +got):\n%s", d)
		}
		return err
	})
}

// Given any history, when a case is read from its row and folded from its records,
// then both say the same on every day.
func TestRowsAreTheRecords(t *testing.T) {
	l := &ledger{TB: t}
	const clients = 200
	for n := range clients {
		history(l, n)
	}
	l.ask(func(s *projections.Snapshot) error {
		for n := range clients {
			compare(t, s, fmt.Sprintf("C-%d", n))
		}
		return nil
	})
}

// history adds what a client's case may hold, and takes some of it back.
func history(l *ledger, n int) {
	subject := events.SubjectOf(events.KindCase, fmt.Sprintf("C-%d", n))
	add := func(on string, e events.Event) *events.Record {
		return l.Add(l, projtest.Entry{Subject: subject, On: on, Event: e})
	}
	add("2009-01-05", &events.ClientEnrolled{Agency: "A", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, Language: "es", ImmigrationStatus: "undocumented"})
	for _, f := range rapid.SliceOfN(rapid.Custom(anyFact), 0, 40).Example(n) {
		if r := add(f.on.String(), f.event); f.withdrawn {
			add(f.on.String(), &events.CaseFactWithdrawn{Record: r.ID, Reason: projtest.Sealed})
		}
	}
}

func compare(t *testing.T, s *projections.Snapshot, client string) {
	t.Helper()
	subject, err := s.Client(client)
	if err != nil {
		t.Fatal(err)
	}
	folded, err := casework.Fold(subject)
	foldedToo, errToo := benefits.Fold(subject)
	if err := errors.Join(err, errToo); err != nil {
		t.Fatal(err)
	}
	read, err := casework.Read(s, client)
	readToo, errToo := benefits.Read(s, client)
	if err := errors.Join(err, errToo); err != nil {
		t.Fatal(err)
	}
	for day := events.MustDate("2009-01-01"); day < events.MustDate("2009-06-01"); day += 17 {
		if d := cmp.Diff(answers(folded, foldedToo, day), answers(read, readToo, day)); d != "" {
			t.Fatalf("on %s the row of %s differs from its records (-records +row):\n%s", day, client, d)
		}
	}
}

// answers is everything that can be asked of a case on a day.
func answers(c *casework.Case, b *benefits.Case, day events.Date) []any {
	plan, planned := c.Plan(day)
	contact, contacted := c.LastContact(day)
	named, _ := c.EmergencyContact(day)
	asked, _ := c.Requested(day)
	on, closed := c.Closed(events.ImmigrationComponent, day)
	since, served := c.ServedSince(day)
	a, entitled := b.Assistance(day)
	return []any{
		c.Language(), since, served, plan, planned, contact, contacted, len(c.Contacts(day)), c.Topics(day), len(c.Documents(day)), named, asked,
		c.Needs(day), c.Goals(day), len(c.Interpreted(day)), c.Emergencies(day), c.Outcomes(day), c.Milestones(day),
		c.CourtDates(day), on, closed, c.Releases(day), b.Benefits(day), b.Referrals(day), b.Relief(day), b.Funding(day), a, entitled,
	}
}

// A fact is one thing that may be recorded in a case.
type fact struct {
	on        events.Date
	event     events.Event
	withdrawn bool
}

func anyFact(rt *rapid.T) fact {
	on := events.MustDate("2009-01-05") + events.Date(rapid.IntRange(0, 120).Draw(rt, "day"))
	later := on + events.Date(rapid.IntRange(0, 60).Draw(rt, "later"))
	n := fmt.Sprint(rapid.IntRange(1, 3).Draw(rt, "n"))
	flag := rapid.Bool().Draw(rt, "flag")
	word := func(words ...string) string { return rapid.SampledFrom(words).Draw(rt, "word") }
	component := events.Component(word("immigration", "criminal_prosecution"))
	event := rapid.SampledFrom([]events.Event{
		&events.NeedAssessed{Need: word("housing", "legal", "something new"), Urgency: word("crisis", "met")},
		&events.GoalSet{Goal: "G-" + n, Need: "legal", Text: projtest.Sealed, ByDate: later},
		&events.PlanAgreed{Goals: []string{"G-" + n}, Language: word("es", "quc"), Interpreter: flag},
		&events.ProgressRecorded{Goal: "G-" + n, Progress: word("some", "given_up")},
		&events.ContactMade{Manner: word("phone", "missed", "advocacy"), Worker: "W-" + n},
		&events.InterpreterUsed{Language: "es", Manner: "phone"},
		&events.ClientInformed{Topic: word("immigration", "rights"), Language: "es", Interpreter: flag},
		&events.EmergencyContactNamed{Relation: "friend", Contact: projtest.Sealed},
		&events.EmergencyHandled{Emergency: "safety", ResponseMinutes: 5, AfterHours: flag, Worker: "W-" + n},
		&events.DocumentFiled{Document: word("intake_form", "hhs_letter")},
		&events.MilestoneReached{Component: component, Milestone: "appeal_filed"},
		&events.CourtDateSet{CourtDate: "D-" + n, Component: component, On: later, Occasion: "hearing"},
		&events.CourtDateEnded{CourtDate: "D-" + n, Result: word("held", "missed"), Accompanied: flag},
		&events.OutcomeRecorded{Outcome: word("employed", "safe")},
		&events.ComponentClosed{Component: component, Reason: projtest.Sealed},
		&events.ComponentReopened{Component: component, Reason: projtest.Sealed},
		&events.ConsentGiven{Recipient: "N-" + n, Scope: word("legal", "whole_case"), ThroughDate: later},
		&events.ConsentWithdrawn{Recipient: "N-" + n},
		&events.ClientCorrected{Language: word("th", "quc"), Reason: projtest.Sealed},
		&events.ExtensionRequested{Reason: projtest.Sealed},
		&events.ServiceClosed{Reason: projtest.Sealed},
		&events.LetterReceived{Kind: events.Certification, LetterDate: on, ReceivedOn: later},
		&events.BenefitReferred{Benefit: word("rca", "wic"), State: "TX", WaitingList: flag},
		&events.BenefitApproved{Benefit: word("rca", "wic"), ThroughDate: later},
		&events.BenefitRenewed{Benefit: word("rca", "wic"), ThroughDate: later},
		&events.BenefitDenied{Benefit: word("rca", "wic"), Reason: projtest.Sealed},
		&events.BenefitEnded{Benefit: word("rca", "wic"), Reason: projtest.Sealed},
		&events.ServiceReferred{Referral: "R-" + n, Partner: "N-" + n, Category: "legal", Release: projtest.ID(3)},
		&events.ServiceReferralAnswered{Referral: "R-" + n, Answer: word("accepted", "no_answer")},
		&events.AlternativeReliefRecorded{Relief: word("asylum", "u_visa"), Standing: "applied", UnrestrictedFunds: flag},
		&events.OtherFundingRecorded{Funder: word("doj", "dhs"), Category: "legal", AmountCents: 100, ReceiptHash: projtest.ID(7)},
	}).Draw(rt, "event")
	return fact{on, event, rapid.IntRange(0, 7).Draw(rt, "withdrawn") == 0}
}
