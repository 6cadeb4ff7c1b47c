package decisions_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/decisions"
	"caseledger/projections/projtest"
)

// Given requests for extensions and a policy that asks for month-to-month approval,
// then on every day just what is undecided waits.
func TestOn(t *testing.T) {
	enrolled := func() *events.ClientEnrolled {
		return &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult}
	}
	monthly := projtest.Entry{Subject: events.ProgrammeSubject, On: "2006-04-01", Event: &events.PolicyAdopted{Settings: map[string]string{"month_to_month_approval": "certified_and_extensions"}, Authority: "letter"}}
	asked := []projtest.Entry{
		{Subject: "case/C-1", On: "2009-01-05", Event: enrolled()},
		{Subject: "case/C-1", On: "2009-09-20", Event: &events.ExtensionRequested{Reason: projtest.Sealed}},
		{Subject: "case/C-1", On: "2009-09-27", Event: &events.ExtensionDecided{Request: projtest.ID(2), Granted: true, Reason: projtest.Sealed}},
	}
	certified := []projtest.Entry{
		monthly,
		{Subject: "case/C-1", On: "2009-01-05", Event: enrolled()},
		{Subject: "case/C-1", On: "2009-01-05", Event: &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2009-01-05"), ReceivedOn: events.MustDate("2009-01-05")}},
		{Subject: "case/C-1", On: "2009-02-10", Event: &events.PeriodApproved{}},
	}
	for _, test := range []struct {
		name, on, agency string
		entries          []projtest.Entry
		want             []string
	}{
		{"before it is asked for", "2009-09-19", "", asked, nil},
		{"asked for", "2009-09-26", "A-1", asked, []string{"extension C-1 A-1 2009-09-20 6 days, clock 2009-10-01, 5 left"}},
		{"asked for, another agency", "2009-09-26", "A-2", asked, nil},
		{"decided", "2009-09-27", "", asked, nil},
		{"never decided", "2009-10-05", "", asked[:2], []string{"extension C-1 A-1 2009-09-20 15 days, clock 2009-10-01, -4 left"}},
		{"first period", "2009-01-10", "", certified, []string{"period C-1 A-1 2009-01-05 5 days, clock 2009-05-04, 114 left"}},
		{"second period approved", "2009-02-10", "", certified, []string{"period C-1 A-1 2009-01-05 36 days, clock 2009-05-04, 83 left"}},
		{"no approval is asked for", "2009-02-10", "", certified[1:], nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			projtest.Ask(t, projtest.Of(t, test.entries...), func(s *projections.Snapshot) error {
				list, err := decisions.On(s, events.MustDate(test.on), test.agency)
				var got []string
				for _, d := range list {
					got = append(got, fmt.Sprintf("%s %s %s %s %d days, clock %s, %d left", d.Matter, d.Client, d.Agency, d.Since, d.Days, d.ClockEnd, d.DaysLeft))
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return err
			}, decisions.View{})
		})
	}
}
