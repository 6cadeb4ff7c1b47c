package projtest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
)

// Lives draws the lives of a few clients, C-0 and on, some of them derivatives of
// C-0, in any order and with any facts that a case can hold.
func Lives(t testing.TB, rt *rapid.T, clients int) *Stream {
	s := &Stream{}
	if rapid.Bool().Draw(rt, "policy") {
		s.Add(t, Entry{Subject: events.ProgrammeSubject, On: "2006-01-01", Event: &events.PolicyAdopted{
			Settings: map[string]string{
				"derivative_rate":    rapid.SampledFrom([]string{"certified_own_clock", "follows_principal", "none"}).Draw(rt, "derivative_rate"),
				"reenrollment_clock": rapid.SampledFrom([]string{"resume", "restart", "elapsed"}).Draw(rt, "reenrollment_clock"),
			},
			Authority: "memo",
		}})
	}
	days := make([]events.Date, clients)
	for i := range clients {
		days[i] = events.MustDate("2007-01-01") + events.Date(rapid.IntRange(0, 200).Draw(rt, "enrolled"))
		e := &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor}
		if rapid.Bool().Draw(rt, "minor") {
			e.AgeGroup = events.Minor
		}
		if i > 0 && rapid.Bool().Draw(rt, "derivative") {
			e.Class, e.Form = events.Derivative, ""
			e.Derivative = &events.DerivativeLink{Principal: "C-0", VisaClass: events.T3, EntryDate: days[i] - 10}
		}
		s.Add(t, Entry{Subject: lifeSubject(i), On: days[i].String(), Event: e})
	}
	for range rapid.IntRange(0, 12*clients).Draw(rt, "facts") {
		i := rapid.IntRange(0, clients-1).Draw(rt, "client")
		days[i] += events.Date(rapid.IntRange(0, 60).Draw(rt, "days"))
		s.fact(t, rt, lifeSubject(i), days[i])
	}
	return s
}

func lifeSubject(i int) events.Subject {
	return events.SubjectOf(events.KindCase, fmt.Sprintf("C-%d", i))
}

func (s *Stream) fact(t testing.TB, rt *rapid.T, subject events.Subject, day events.Date) {
	agency := rapid.SampledFrom([]string{"A-1", "A-2"}).Draw(rt, "agency")
	worker := rapid.SampledFrom([]string{"W-1", "W-2", "W-3"}).Draw(rt, "worker")
	letter := day - events.Date(rapid.IntRange(0, 200).Draw(rt, "back"))
	kinds := []events.Event{
		&events.LetterReceived{Kind: events.Certification, LetterDate: letter, ReceivedOn: day},
		&events.LetterReceived{Kind: events.Eligibility, LetterDate: letter, ReceivedOn: day},
		&events.ClientTurned18{},
		&events.EligibilityEnded{Cause: "departed"},
		&events.ServiceClosed{Reason: Sealed},
		&events.ServiceReopened{Agency: agency, Reason: Sealed},
		&events.TransferAccepted{From: "A-1", To: agency, Lead: worker},
		&events.ExpenseBooked{Agency: agency, Category: "housing", AmountCents: events.Cents(rapid.IntRange(1, 200_000).Draw(rt, "cents"))},
		&events.ExpenseBooked{Agency: "A-1", Category: "food", AmountCents: events.Cents(rapid.IntRange(1, 90_000).Draw(rt, "cents"))},
		&events.ExtensionRequested{Reason: Sealed},
		&events.LeadAssigned{Worker: worker},
		&events.LeadLeft{Worker: worker, Interim: "W-9"},
		&events.HandOffAccepted{From: "W-1", To: worker},
		&events.IntensitySet{Intensity: rapid.IntRange(1, 25).Draw(rt, "intensity")},
		&events.ComponentClosed{Component: events.ImmigrationComponent, Reason: Sealed},
		&events.ComponentClosed{Component: events.ProsecutionComponent, Reason: Sealed},
		&events.ComponentReopened{Component: events.ProsecutionComponent, Reason: Sealed},
		&events.PlacementStarted{Setting: "foster"},
		&events.PlacementEnded{Reason: Sealed},
	}
	if r := s.any(rt, subject, "client.enrolled.v1", "expense.booked.v1", "expense.reversed.v1"); r != nil {
		kinds = append(kinds, &events.CaseFactWithdrawn{Record: r.ID, Reason: Sealed})
	}
	if r := s.any(rt, subject); r != nil && r.Type == "extension.requested.v1" {
		kinds = append(kinds, &events.ExtensionDecided{Request: r.ID, Granted: true})
	}
	s.Add(t, Entry{Subject: subject, On: day.String(), Event: rapid.SampledFrom(kinds).Draw(rt, "fact")})
}

// any draws a record of a subject whose type is none of the given ones.
func (s *Stream) any(rt *rapid.T, subject events.Subject, not ...string) *events.Record {
	i := rapid.IntRange(0, len(s.Messages)-1).Draw(rt, "record")
	r, err := events.Decode(uint64(i+1), s.Messages[i].Data)
	if err != nil || r.Subject != subject || slices.Contains(not, r.Type) {
		return nil
	}
	return r
}
