package pipeline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/pipeline"
	"caseledger/projections/projtest"
	"caseledger/projections/referrals"
)

// history is a short way to write a stream: what happened to whom, and when.
type history []projtest.Entry

func (h history) stream(t testing.TB) *projtest.Stream { return projtest.Of(t, h...) }

func at(subject events.Subject, on string, e events.Event) projtest.Entry {
	return projtest.Entry{Subject: subject, On: on, Event: e}
}

func ask(t testing.TB, src projections.Source, f func(*projections.Snapshot) error) {
	t.Helper()
	projtest.Ask(t, src, f, referrals.View{}, pipeline.View{})
}

func adult(agency string) *events.ClientEnrolled {
	return &events.ClientEnrolled{Agency: agency, Class: events.Victim, AgeGroup: events.Adult, AgeYears: 30}
}

func minor(years int) *events.ClientEnrolled {
	return &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Minor, AgeYears: years}
}

// theWay is one certification that goes as it should.
var theWay = history{
	at("referral/R-1", "2009-01-01", &events.SignalReceived{Channel: "hotline"}),
	at("referral/R-1", "2009-01-02", &events.ReferralForwarded{Agency: "A-1"}),
	at("case/C-1", "2009-01-03", &events.ClientScreened{Agency: "A-1", Eligible: true, ImmigrationStatus: "undocumented"}),
	at("case/C-1", "2009-01-05", adult("A-1")),
	at("referral/R-1", "2009-01-05", &events.ReferralEnrolled{Client: "C-1"}),
	at("letter/C-1", "2009-01-20", &events.BonaFideApplied{}),
	at("letter/C-1", "2009-02-19", &events.BonaFideDetermined{Granted: true}),
	at("letter/C-1", "2009-02-21", &events.LetterRequested{Kind: events.Certification, Agency: "A-1"}),
	at("letter/C-1", "2009-03-10", &events.LetterIssued{Kind: events.Certification, Number: projtest.Sealed, Basis: "bona_fide"}),
	at("case/C-1", "2009-03-17", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2009-03-10"), ReceivedOn: events.MustDate("2009-03-17")}),
	at("case/C-1", "2009-06-30", &events.ServiceClosed{Reason: projtest.Sealed, Outcomes: []string{"employed"}}),
}

// Given a certification that goes as it should, then on every day the person stands at
// the stage reached last, and the report tells the days between.
func TestWay(t *testing.T) {
	ask(t, theWay.stream(t), func(s *projections.Snapshot) error {
		for _, test := range []struct {
			on, stage, since string
			done             bool
		}{
			{"2009-01-01", "identified", "2009-01-01", false},
			{"2009-01-04", "screened", "2009-01-03", false},
			{"2009-01-05", "enrolled", "2009-01-05", false},
			{"2009-02-18", "presence_or_application", "2009-01-20", false},
			{"2009-02-19", "determination", "2009-02-19", false},
			{"2009-03-09", "letter_requested", "2009-02-21", false},
			{"2009-03-10", "letter_issued", "2009-03-10", false},
			{"2009-06-30", "letter_received", "2009-03-17", false},
			{"2009-07-01", "service_closed", "2009-06-30", true},
		} {
			people, err := pipeline.People(s, pipeline.Query{On: events.MustDate(test.on)})
			if err != nil {
				return err
			}
			if len(people) != 1 {
				t.Fatalf("on %s: %d people", test.on, len(people))
			}
			p := people[0]
			if p.Stage.String() != test.stage || p.Since.String() != test.since || p.Done != test.done || p.Left != 0 || p.Standing() == p.Done {
				t.Errorf("on %s: %+v, want %s since %s", test.on, p, test.stage, test.since)
			}
		}
		r, err := pipeline.Run(s, pipeline.Query{On: events.MustDate("2009-07-01")}, 2009)
		if err != nil {
			return err
		}
		var days []int
		for _, l := range r.Stages {
			days = append(days, l.MovedOn.MedianDays)
		}
		if diff := cmp.Diff([]int{2, 2, 15, 30, 2, 17, 7, 105, 0}, days); diff != "" {
			t.Errorf("days per stage (-want +got):\n%s", diff)
		}
		got := map[string]int{}
		for _, l := range r.Intervals {
			got[l.Interval] = l.MedianDays
		}
		want := map[string]int{"identified_to_enrolled": 4, "identified_to_letter": 68, "enrolled_to_letter": 64, "ground_to_letter": 49, "request_to_letter": 17, "letter_to_receipt": 7}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("intervals (-want +got):\n%s", diff)
		}
		if r, err = pipeline.Run(s, pipeline.Query{On: events.MustDate("2009-07-01")}, 2008); err != nil || r.Stages[1].Reached != 0 || len(r.Intervals) != 0 || r.Done != 1 {
			t.Errorf("in another year: %+v, %v", r, err)
		}
		none, err := pipeline.People(s, pipeline.Query{On: events.MustDate("2009-07-01"), Agency: "A-2"})
		if len(none) != 0 {
			t.Errorf("at another agency: %+v", none)
		}
		return err
	})
}

// Given people who left before a letter, then each left from where they stood, for
// the reason on record; who comes back has not left.
func TestDropOuts(t *testing.T) {
	closed := func(outcomes ...string) *events.ServiceClosed {
		return &events.ServiceClosed{Reason: projtest.Sealed, Outcomes: outcomes}
	}
	request := &events.LetterRequested{Kind: events.Certification}
	for _, test := range []struct {
		name    string
		history history
		want    string // stage, reason, day; "" for who did not leave
	}{
		{"contact lost", history{at("case/C-1", "2009-01-05", adult("A-1")), at("case/C-1", "2009-02-05", closed("employed", "lost_contact"))}, "enrolled lost_contact 2009-02-05"},
		{"closed without a word", history{at("case/C-1", "2009-01-05", adult("A-1")), at("letter/C-1", "2009-01-06", request), at("case/C-1", "2009-02-05", closed())}, "letter_requested service_closed 2009-02-05"},
		{"departed", history{at("case/C-1", "2009-01-05", adult("A-1")), at("case/C-1", "2009-02-06", &events.EligibilityEnded{Cause: "departed"}), at("case/C-1", "2009-02-05", closed())}, "enrolled departed 2009-02-05"},
		{"departed, not closed yet", history{at("case/C-1", "2009-01-05", adult("A-1")), at("case/C-1", "2009-02-06", &events.EligibilityEnded{Cause: "departed"})}, "enrolled departed 2009-02-06"},
		{"denied, no client", history{at("letter/C-1", "2009-01-05", request), at("letter/C-1", "2009-01-25", &events.LetterDenied{Kind: events.Certification, Reason: projtest.Sealed})}, "letter_requested letter_denied 2009-01-25"},
		{"denied, then asked again", history{at("letter/C-1", "2009-01-05", request), at("letter/C-1", "2009-01-25", &events.LetterDenied{Kind: events.Certification, Reason: projtest.Sealed}), at("letter/C-1", "2009-02-25", request)}, ""},
		{"denied client, closed", history{at("case/C-1", "2009-01-05", adult("A-1")), at("letter/C-1", "2009-01-25", &events.LetterDenied{Kind: events.Certification, Reason: projtest.Sealed}), at("case/C-1", "2009-02-05", closed())}, "enrolled letter_denied 2009-02-05"},
		{"citizen", history{at("case/C-1", "2009-01-05", &events.ClientScreened{Agency: "A-1", ImmigrationStatus: "citizen"})}, "screened citizen_or_lpr 2009-01-05"},
		{"sent on", history{at("case/C-1", "2009-01-05", &events.ClientScreened{Agency: "A-1", ImmigrationStatus: "unknown", ReferredTo: "legal aid"})}, "screened referred_elsewhere 2009-01-05"},
		{"not found", history{at("referral/R-1", "2009-01-05", &events.LeadReferred{Award: "AW-1"}), at("referral/R-1", "2009-01-15", &events.ReferralClosed{Result: "lost_contact"})}, "identified lost_contact 2009-01-15"},
		{"domestic", history{at("referral/R-1", "2009-01-05", &events.SignalReceived{Channel: "text"}), at("referral/R-1", "2009-01-06", &events.DomesticReferralMade{Path: "other", ImmigrationStatus: "citizen"})}, "identified citizen_or_lpr 2009-01-06"},
		{"closed with a letter", history{at("case/C-1", "2009-01-05", adult("A-1")), at("case/C-1", "2009-01-25", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2009-01-20"), ReceivedOn: events.MustDate("2009-01-25")}), at("case/C-1", "2009-02-05", closed("lost_contact"))}, ""},
		{"closed and reopened", history{at("case/C-1", "2009-01-05", adult("A-1")), at("case/C-1", "2009-02-05", closed("lost_contact")), at("case/C-1", "2009-02-20", &events.ServiceReopened{Agency: "A-1", Reason: projtest.Sealed})}, ""},
		{"a closure taken back", history{at("case/C-1", "2009-01-05", adult("A-1")), at("case/C-1", "2009-02-05", closed()), at("case/C-1", "2009-02-20", &events.CaseFactWithdrawn{Record: projtest.ID(2), Reason: projtest.Sealed})}, ""},
		{"a denial taken back", history{at("letter/C-1", "2009-01-05", request), at("letter/C-1", "2009-01-25", &events.LetterDenied{Kind: events.Certification, Reason: projtest.Sealed}), at("letter/C-1", "2009-01-26", &events.LetterFactWithdrawn{Record: projtest.ID(2), Reason: projtest.Sealed})}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			ask(t, test.history.stream(t), func(s *projections.Snapshot) error {
				q := pipeline.Query{On: events.MustDate("2009-03-01")}
				people, err := pipeline.People(s, q)
				if err != nil || len(people) != 1 {
					t.Fatalf("%+v, %v", people, err)
				}
				got := ""
				if p := people[0]; p.Left != 0 {
					got = fmt.Sprint(p.Stage, " ", p.Reason, " ", p.Left)
				}
				if got != test.want {
					t.Errorf("left %q, want %q", got, test.want)
				}
				if r := pipeline.ReportOf(people, q, 2009); len(r.DropOuts) != r.Left {
					t.Errorf("%+v", r)
				}
				before, err := pipeline.People(s, pipeline.Query{On: events.MustDate("2009-01-05")})
				if len(before) != 1 || before[0].Left != 0 && before[0].Left != events.MustDate("2009-01-05") {
					t.Errorf("on the first day: %+v", before)
				}
				return err
			})
		})
	}
}

// Given a derivative, then nobody is on the way.
func TestDerivativesAreNotOnTheWay(t *testing.T) {
	h := history{at("case/C-2", "2009-01-05", &events.ClientEnrolled{Agency: "A-1", Class: events.Derivative, Derivative: &events.DerivativeLink{Principal: "C-1", VisaClass: events.T3}})}
	ask(t, h.stream(t), func(s *projections.Snapshot) error {
		people, err := pipeline.People(s, pipeline.Query{On: events.MustDate("2009-03-01")})
		if len(people) != 0 {
			t.Errorf("%+v", people)
		}
		return err
	})
}

// Given any facts in any order, when they are asked about on a day, then the answer is
// that of a ledger that holds the facts effective by then and no others; and everyone
// stands, has left or is done.
func TestOnADayIsWhatWasEffective(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := randomFacts(rt)
		on := events.MustDate("2009-01-01") + events.Date(rapid.IntRange(0, 120).Draw(rt, "on"))
		effective := slices.DeleteFunc(slices.Clone(all), func(e projtest.Entry) bool { return events.MustDate(e.On) > on })
		var answers [2]string
		var lists [2][]pipeline.Person
		for i, h := range []history{all, effective} {
			ask(t, h.stream(t), func(s *projections.Snapshot) error {
				people, err := pipeline.People(s, pipeline.Query{On: on})
				if err != nil {
					return err
				}
				r := pipeline.ReportOf(people, pipeline.Query{On: on}, 0)
				standing := 0
				for _, l := range r.Stages {
					standing += l.Standing.Count
				}
				if standing+r.Done+r.Left != r.People {
					rt.Fatalf("%d stand, %d are done, %d left, of %d", standing, r.Done, r.Left, r.People)
				}
				requests, err := pipeline.Requests(s, pipeline.RequestFilter{Query: pipeline.Query{On: on}})
				for i := range requests {
					requests[i].Record = 0 // a position in another stream
				}
				answers[i], lists[i] = fmt.Sprintf("%+v %+v", r, requests), people
				return err
			})
		}
		if diff := cmp.Diff(answers[1], answers[0]); diff != "" {
			rt.Fatalf("on %s (-what was effective +got):\n%s", on, diff)
		}
		if diff := cmp.Diff(lists[1], lists[0], cmpopts.IgnoreUnexported(pipeline.Person{}), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("on %s (-what was effective +got):\n%s", on, diff)
		}
	})
}

// randomFacts throws facts of two people: who of them gets a case is thrown too.
func randomFacts(rt *rapid.T) (h history) {
	day := func() string {
		return (events.MustDate("2009-01-01") + events.Date(rapid.IntRange(0, 120).Draw(rt, "day"))).String()
	}
	for _, id := range []string{"C-1", "C-2"} {
		letter := events.SubjectOf(events.KindLetter, id)
		pool := []func() events.Event{
			func() events.Event { return &events.LetterRequested{Kind: events.Eligibility} },
			func() events.Event {
				return &events.MinorDiscovered{By: "local", HoursToNotice: rapid.IntRange(1, 60).Draw(rt, "hours")}
			},
			func() events.Event {
				return &events.DepartmentsNotified{Departments: []string{"justice"}, HoursToNotice: 30}
			},
			func() events.Event { return &events.ConsultationHeld{With: []string{"ngo"}} },
			func() events.Event { return &events.InterimAssistanceIssued{Number: projtest.Sealed} },
			func() events.Event { return &events.ContinuedPresenceGranted{} },
			func() events.Event { return &events.LetterIssued{Kind: events.Eligibility, Number: projtest.Sealed} },
			func() events.Event { return &events.LetterDenied{Kind: events.Eligibility, Reason: projtest.Sealed} },
		}
		if rapid.Bool().Draw(rt, "a case") {
			enrolled := events.MustDate("2009-01-01") + events.Date(rapid.IntRange(0, 60).Draw(rt, "enrolled"))
			h = append(h, at(events.SubjectOf(events.KindCase, id), enrolled.String(), minor(16)))
			if rapid.Bool().Draw(rt, "closed") {
				h = append(h, at(events.SubjectOf(events.KindCase, id), (enrolled+30).String(), &events.ServiceClosed{Reason: projtest.Sealed}))
			}
		}
		for range rapid.IntRange(0, 7).Draw(rt, "facts") {
			h = append(h, at(letter, day(), rapid.SampledFrom(pool).Draw(rt, "fact")()))
		}
	}
	return h
}
