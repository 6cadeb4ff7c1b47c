package caseload_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/projtest"
)

// thereAndBack is a case that goes from A to B and back to A, and one that waits for
// the answer to a hand-off.
func thereAndBack(t *testing.T) *projtest.Stream {
	s := &projtest.Stream{}
	add := func(subject events.Subject, on string, e events.Event) {
		s.Add(t, projtest.Entry{Subject: subject, On: on, Event: e})
	}
	add("agency/A-1", "2008-01-01", &events.SubcontractSigned{Name: "Name", State: "NY"})
	for _, w := range []string{"W-A", "W-B"} {
		add(events.SubjectOf(events.KindWorker, w), "2008-01-01", &events.WorkerEngaged{Agency: "A-1", CapacityPercent: 50, Languages: []string{"es"}})
	}
	for _, c := range []events.Subject{"case/C-1", "case/C-2"} {
		add(c, "2009-01-05", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult})
		add(c, "2009-01-07", &events.LeadAssigned{Worker: "W-A"})
	}
	add("case/C-1", "2009-02-01", &events.HandOffProposed{From: "W-A", To: "W-B", Reason: projtest.Sealed})
	add("case/C-1", "2009-02-03", &events.HandOffAccepted{From: "W-A", To: "W-B"})
	add("case/C-1", "2009-03-01", &events.HandOffProposed{From: "W-B", To: "W-A", Reason: projtest.Sealed})
	add("case/C-1", "2009-03-02", &events.HandOffAccepted{From: "W-B", To: "W-A"})
	add("case/C-2", "2009-03-01", &events.HandOffProposed{From: "W-A", To: "W-B", Reason: projtest.Sealed})
	add("case/C-2", "2009-03-20", &events.HandOffDeclined{To: "W-B", Reason: projtest.Sealed})
	add("case/C-2", "2009-03-25", &events.IntensitySet{Intensity: 25})
	add("worker/W-B", "2009-04-30", &events.WorkerLeft{Reason: projtest.Sealed})
	add("worker/W-C", "2009-05-04", &events.WorkerEngaged{Agency: "A-1", CapacityPercent: 100, Languages: []string{"en"}})
	return s
}

// Given a case that went to another lead and back, then these are two changes and
// three spells, two of them of the first lead.
func TestSpells(t *testing.T) {
	d := events.MustDate
	snapshot(t, thereAndBack(t), func(s *projections.Snapshot) {
		got, found, err := caseload.LeadsOf(s, "C-1", d("2009-04-01"))
		if err != nil || !found {
			t.Fatal(found, err)
		}
		want := caseload.Leads{Client: "C-1", Agency: "A-1", Workers: 2, Changes: 2, DaysNone: 2, Spells: []caseload.Spell{
			{Agency: "A-1", From: d("2009-01-05"), To: d("2009-01-06")},
			{Worker: "W-A", Agency: "A-1", From: d("2009-01-07"), To: d("2009-02-02")},
			{Worker: "W-B", Agency: "A-1", From: d("2009-02-03"), To: d("2009-03-01")},
			{Worker: "W-A", Agency: "A-1", From: d("2009-03-02")},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("leads of C-1 (-want +got):\n%s", diff)
		}
		if early, _, _ := caseload.LeadsOf(s, "C-1", d("2009-02-10")); early.Changes != 1 || early.Spells[2].To != 0 {
			t.Errorf("as it was on 2009-02-10: %+v", early)
		}
		if _, found, _ := caseload.LeadsOf(s, "C-1", d("2009-01-04")); found {
			t.Error("C-1 has leads before the case")
		}
		all, err := caseload.AllLeads(s, "A-1", d("2009-04-01"))
		if err != nil || len(all) != 2 || all[1].Changes != 0 || all[1].Workers != 1 {
			t.Errorf("all leads: %+v, %v", all, err)
		}
		if none, _ := caseload.AllLeads(s, "A-2", d("2009-04-01")); len(none) != 0 {
			t.Errorf("clients of another agency: %+v", none)
		}
	})
}

// Given a hand-off that nobody answers, then it is stalled from the seventh day until
// it is answered.
func TestStalled(t *testing.T) {
	snapshot(t, thereAndBack(t), func(s *projections.Snapshot) {
		for day, want := range map[string]int{"2009-03-01": 0, "2009-03-07": 0, "2009-03-08": 1, "2009-03-19": 1, "2009-03-20": 0} {
			c := on(t, s, caseload.Filter{On: events.MustDate(day)})
			if stalled := c.Stalled(); len(stalled) != want || want > 0 && (stalled[0].Client != "C-2" || stalled[0].ProposedTo != "W-B") {
				t.Errorf("stalled on %s: %+v, want %d", day, stalled, want)
			}
		}
	})
}

// Given a half-time worker with more than half of the capacity, then the worker is
// overloaded.
func TestOverloaded(t *testing.T) {
	snapshot(t, thereAndBack(t), func(s *projections.Snapshot) {
		if got := on(t, s, caseload.Filter{On: events.MustDate("2009-03-24")}).Overloaded(); len(got) != 0 {
			t.Errorf("overloaded with two ordinary cases: %+v", got)
		}
		got := on(t, s, caseload.Filter{On: events.MustDate("2009-03-25")}).Overloaded()
		if len(got) != 1 || got[0].Worker != "W-A" || got[0].Weight != 26 || got[0].FullTimeWeight != 52 || got[0].Load != 208 {
			t.Errorf("overloaded: %+v", got)
		}
	})
}

// Given a case that went there and back, then both workers gave one case and got one.
func TestPassed(t *testing.T) {
	snapshot(t, thereAndBack(t), func(s *projections.Snapshot) {
		for last, want := range map[string]map[string]caseload.Passed{
			"2009-02-02": {}, "2009-02-03": {"W-A": {Given: 1}, "W-B": {Got: 1}}, "2009-03-02": {"W-A": {1, 1}, "W-B": {1, 1}},
		} {
			got, err := caseload.PassedIn(s, events.MustDate("2009-01-01"), events.MustDate(last))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("until %s (-want +got):\n%s%v", last, diff, err)
			}
		}
		if late, err := caseload.PassedIn(s, events.MustDate("2009-02-04"), events.MustDate("2009-03-02")); err != nil || late["W-B"] != (caseload.Passed{Given: 1}) {
			t.Errorf("from 2009-02-04: %+v, %v", late, err)
		}
	})
}

func TestTurnover(t *testing.T) {
	snapshot(t, thereAndBack(t), func(s *projections.Snapshot) {
		for _, tc := range []struct {
			first, last string
			want        caseload.Turnover
		}{
			{"2008-10-01", "2009-09-30", caseload.Turnover{Agency: "A-1", Clients: 2, Changes: 2, Changed: 1, First: 2, Joined: 1, Left: 1, Last: 2, LeftPercent: 50}},
			{"2009-02-04", "2009-04-29", caseload.Turnover{Agency: "A-1", Clients: 2, Changes: 1, Changed: 1, First: 2, Last: 2}},
			{"2009-02-04", "2009-04-30", caseload.Turnover{Agency: "A-1", Clients: 2, Changes: 1, Changed: 1, First: 2, Left: 1, Last: 2, LeftPercent: 50}},
			{"2009-05-01", "2009-05-04", caseload.Turnover{Agency: "A-1", Clients: 2, First: 1, Joined: 1, Last: 2}},
			{"2007-10-01", "2008-09-30", caseload.Turnover{Agency: "A-1", Joined: 2, Last: 2}},
		} {
			got, err := caseload.TurnoverIn(s, events.MustDate(tc.first), events.MustDate(tc.last))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]caseload.Turnover{tc.want}, got); diff != "" {
				t.Errorf("%s to %s (-want +got):\n%s", tc.first, tc.last, diff)
			}
		}
	})
}
