package placements_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/placements"
	"caseledger/projections/projtest"
)

// Given minors in the URM programme, then on every day those are listed who are
// placed, with the range of days in which they reach their State's age.
func TestOn(t *testing.T) {
	src := projtest.Of(t, []projtest.Entry{
		{Subject: events.ProgrammeSubject, On: "2006-04-01", Event: &events.PlacementAgeAdopted{State: "TX", Years: 21, Authority: "State plan"}},
		{Subject: events.ProgrammeSubject, On: "2010-01-01", Event: &events.PlacementAgeAdopted{State: "TX", Years: 19, Authority: "State plan"}},
		{Subject: "case/C-1", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Minor, AgeYears: 16}},
		{Subject: "case/C-1", On: "2009-01-20", Event: &events.PlacementStarted{Setting: "foster", State: "TX"}},
		{Subject: "case/C-1", On: "2009-02-10", Event: &events.TransferAccepted{From: "A-1", To: "A-2"}},
		{Subject: "case/C-1", On: "2009-03-01", Event: &events.PlacementEnded{Reason: projtest.Sealed}},
		{Subject: "case/C-1", On: "2009-03-10", Event: &events.PlacementStarted{Setting: "group", State: "MP"}},
		{Subject: "case/C-2", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Minor}},
		{Subject: "case/C-2", On: "2009-01-20", Event: &events.PlacementStarted{Setting: "foster", State: "TX"}},
		{Subject: "case/C-2", On: "2009-01-21", Event: &events.CaseFactWithdrawn{Record: projtest.ID(9), Reason: projtest.Sealed}},
		{Subject: "case/C-3", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Minor}},
		{Subject: "case/C-3", On: "2009-02-20", Event: &events.PlacementStarted{Setting: "guardianship"}},
		{Subject: "case/C-4", On: "2009-06-01", Event: &events.ClientEnrolled{Agency: "A-3", Class: events.Victim, AgeGroup: events.Minor}},
		{Subject: "case/C-4", On: "2009-06-05", Event: &events.PlacementReferred{State: "MA"}},
		{Subject: "case/C-4", On: "2009-06-10", Event: &events.PlacementReferred{State: "TX"}},
		{Subject: "case/C-4", On: "2009-06-12", Event: &events.PlacementReferred{State: "AL"}},
		{Subject: "case/C-4", On: "2009-06-13", Event: &events.CaseFactWithdrawn{Record: projtest.ID(16), Reason: projtest.Sealed}},
		{Subject: "case/C-4", On: "2009-06-20", Event: &events.PlacementStarted{Setting: "foster", State: "TX"}},
		{Subject: "case/C-4", On: "2009-06-25", Event: &events.GuardianshipEstablished{Custodian: "county"}},
	}...)
	for _, test := range []struct {
		on, agency string
		ended      bool
		want       []string // client, agency, setting, (State, day asked, guardian,) days, limit, ages out, over age
	}{
		{"2009-01-19", "", true, nil},
		{"2009-01-20", "", false, []string{"C-1 A-1 foster 1 21 2013-01-06 2014-01-05 false"}},
		{"2009-02-28", "", false, []string{"C-3 A-1 guardianship 9 18   false", "C-1 A-2 foster 40 21 2013-01-06 2014-01-05 false"}},
		{"2009-02-28", "A-2", false, []string{"C-1 A-2 foster 40 21 2013-01-06 2014-01-05 false"}},
		{"2009-03-01", "A-2", false, nil},
		{"2009-03-01", "A-2", true, []string{"C-1 A-2 foster 40 21 2013-01-06 2014-01-05 false"}},
		{"2011-01-05", "A-2", false, []string{"C-1 A-2 group 667 18 2010-01-06 2011-01-05 false"}},
		{"2011-01-06", "A-2", true, []string{"C-1 A-2 group 668 18 2010-01-06 2011-01-05 true", "C-1 A-2 foster 40 19 2011-01-06 2012-01-05 false"}},
		{"2009-06-09", "A-3", false, []string{"C-4 A-3 waiting MA 2009-06-05  4 18   false"}},
		{"2009-06-19", "A-3", false, []string{"C-4 A-3 waiting TX 2009-06-10  9 21   false"}},
		{"2009-06-24", "A-3", false, []string{"C-4 A-3 foster TX 2009-06-10  5 21   false"}},
		{"2009-06-25", "A-3", false, []string{"C-4 A-3 foster TX 2009-06-10 county 6 21   false"}},
	} {
		projtest.Ask(t, src, func(s *projections.Snapshot) error {
			list, err := placements.On(s, placements.Filter{On: events.MustDate(test.on), Agency: test.agency, Ended: test.ended})
			var got []string
			for _, p := range list {
				from, to := "", ""
				if p.AgesOutTo != 0 {
					from, to = p.AgesOutFrom.String(), p.AgesOutTo.String()
				}
				what := p.Setting
				if p.Standing == placements.Waiting {
					what = "waiting"
				}
				if p.Referred != 0 {
					what += fmt.Sprint(" ", p.State, " ", p.Referred, " ", p.Guardian)
				}
				got = append(got, fmt.Sprint(p.Client, " ", p.Agency, " ", what, " ", p.Days, " ", p.AgeLimit, " ", from, " ", to, " ", p.Over))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("on %s (-want +got):\n%s", test.on, diff)
			}
			return err
		}, placements.View{})
	}
}
