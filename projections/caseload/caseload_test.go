package caseload_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/clocks"
	"caseledger/projections/projtest"
)

func snapshot(t testing.TB, src projections.Source, f func(*projections.Snapshot)) {
	t.Helper()
	projtest.Ask(t, src, func(s *projections.Snapshot) error { f(s); return nil }, caseload.View{}, clocks.View{})
}

func on(t testing.TB, s *projections.Snapshot, f caseload.Filter) *caseload.Caseload {
	t.Helper()
	c, err := caseload.On(s, f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// story is one client's way through two agencies, recorded out of order in part.
func story(t *testing.T) *projtest.Stream {
	s := &projtest.Stream{}
	add := func(subject events.Subject, on string, e events.Event) *events.Record {
		return s.Add(t, projtest.Entry{Subject: subject, On: on, Event: e})
	}
	for _, a := range []string{"A-1", "A-2"} {
		add(events.SubjectOf(events.KindAgency, a), "2008-01-01", &events.SubcontractSigned{Name: "Name " + a, State: "NY"})
		add(events.SubjectOf(events.KindAgency, a), "2008-01-01", &events.LocationOpened{Location: "L-1", City: "Albany", State: "NY"})
	}
	engage := func(id, agency string, supervisor bool, capacity int) {
		add(events.SubjectOf(events.KindWorker, id), "2008-01-01",
			&events.WorkerEngaged{Agency: agency, Supervisor: supervisor, CapacityPercent: capacity, Languages: []string{"es"}})
	}
	engage("W-1", "A-1", false, 50)
	engage("W-2", "A-1", false, 100)
	engage("W-8", "A-1", true, 100)
	engage("W-3", "A-2", false, 100)
	const c = events.Subject("case/C-1")
	add(c, "2009-01-05", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult})
	add(c, "2009-01-06", &events.LeadAssigned{Worker: "W-1"})
	add(c, "2009-02-01", &events.LeadLeft{Worker: "W-1", Interim: "W-8"})
	add("worker/W-1", "2009-01-31", &events.WorkerLeft{Reason: projtest.Sealed})
	add(c, "2009-02-10", &events.HandOffAccepted{From: "W-8", To: "W-2"})
	add(c, "2009-03-01", &events.TransferAccepted{From: "A-1", To: "A-2"})
	add(c, "2009-03-05", &events.LeadAssigned{Worker: "W-3"})
	add(c, "2009-01-20", &events.IntensitySet{Intensity: 5}) // recorded late
	wrong := add(c, "2009-01-25", &events.IntensitySet{Intensity: 25})
	add(c, "2009-01-25", &events.CaseFactWithdrawn{Record: wrong.ID, Reason: projtest.Sealed})
	letter := events.MustDate("2009-02-19")
	add(c, "2009-02-25", &events.LetterReceived{Kind: events.Certification, LetterDate: letter, ReceivedOn: letter + 6})
	add(c, "2009-04-30", &events.ServiceClosed{Reason: projtest.Sealed})
	add(c, "2009-05-10", &events.ComponentClosed{Component: events.ImmigrationComponent, Reason: projtest.Sealed})
	add(c, "2009-06-10", &events.ComponentClosed{Component: events.ProsecutionComponent, Reason: projtest.Sealed})
	add("agency/A-1", "2009-03-10", &events.AgencySuspended{Reason: "audit"})
	return s
}

func TestCaseByDay(t *testing.T) {
	all := []events.Component{events.ServiceComponent, events.ImmigrationComponent, events.ProsecutionComponent}
	base := caseload.Case{Client: "C-1", Agency: "A-1", Status: policy.PreCertified, Intensity: 1, Open: all, Funded: true, ClockEnd: events.MustDate("2009-10-01")}
	with := func(change func(*caseload.Case)) *caseload.Case { c := base; change(&c); return &c }
	certified := func(c *caseload.Case) {
		c.Status, c.ClockEnd, c.Intensity = policy.Certified, events.MustDate("2009-06-18"), 5
	}
	tests := []struct {
		on   string
		want *caseload.Case // nil: not open
	}{
		{"2009-01-04", nil},
		{"2009-01-05", with(func(c *caseload.Case) { c.DaysLeft = 269 })},
		{"2009-01-06", with(func(c *caseload.Case) { c.DaysLeft, c.Lead = 268, "W-1" })},
		{"2009-01-26", with(func(c *caseload.Case) { c.DaysLeft, c.Lead, c.Intensity = 248, "W-1", 5 })},
		{"2009-02-01", with(func(c *caseload.Case) { c.DaysLeft, c.Lead, c.Intensity, c.Interim = 242, "W-8", 5, true })},
		{"2009-02-10", with(func(c *caseload.Case) { c.DaysLeft, c.Lead, c.Intensity = 233, "W-2", 5 })},
		{"2009-02-19", with(func(c *caseload.Case) { certified(c); c.DaysLeft, c.Lead = 119, "W-2" })},
		{"2009-03-01", with(func(c *caseload.Case) { certified(c); c.DaysLeft, c.Agency = 109, "A-2" })},
		{"2009-03-05", with(func(c *caseload.Case) { certified(c); c.DaysLeft, c.Agency, c.Lead = 105, "A-2", "W-3" })},
		{"2009-05-01", with(func(c *caseload.Case) {
			certified(c)
			c.DaysLeft, c.Agency, c.Lead, c.Funded, c.ClockEnd, c.Open = 0, "A-2", "W-3", false, 0, all[1:]
		})},
		{"2009-06-10", with(func(c *caseload.Case) {
			certified(c)
			c.DaysLeft, c.Agency, c.Lead, c.Funded, c.ClockEnd, c.Open = 0, "A-2", "W-3", false, 0, all[2:]
		})},
		{"2009-06-11", nil},
	}
	snapshot(t, story(t), func(s *projections.Snapshot) {
		for _, test := range tests {
			var want []caseload.Case
			if test.want != nil {
				want = append(want, *test.want)
			}
			got := on(t, s, caseload.Filter{On: events.MustDate(test.on)})
			if diff := cmp.Diff(want, got.Cases); diff != "" {
				t.Errorf("on %s (-want +got):\n%s", test.on, diff)
			}
		}
	})
}

func TestWorkersAndAgencies(t *testing.T) {
	snapshot(t, story(t), func(s *projections.Snapshot) {
		c := on(t, s, caseload.Filter{On: events.MustDate("2009-01-26"), Agency: "A-1"})
		want := []caseload.Worker{
			{Worker: "W-1", Agency: "A-1", CapacityPercent: 50, Languages: []string{"es"}, Cases: 1, Weight: 5, FullTimeWeight: 10, Load: 40},
			{Worker: "W-2", Agency: "A-1", CapacityPercent: 100, Languages: []string{"es"}},
			{Worker: "W-8", Agency: "A-1", Supervisor: true, CapacityPercent: 100, Languages: []string{"es"}},
		}
		if diff := cmp.Diff(want, c.Workers); diff != "" {
			t.Errorf("workers (-want +got):\n%s", diff)
		}
		agencies := []caseload.Agency{{Agency: "A-1", Name: "Name A-1", State: "NY", Standing: caseload.Active, Locations: 1,
			Places: []caseload.Location{{Location: "L-1", City: "Albany", State: "NY"}}, Workers: 3, Cases: 1, Weight: 5}}
		if diff := cmp.Diff(agencies, c.Agencies); diff != "" {
			t.Errorf("agencies (-want +got):\n%s", diff)
		}
		if c := on(t, s, caseload.Filter{On: events.MustDate("2009-01-26"), Worker: "W-2"}); len(c.Cases) != 0 || len(c.Workers) != 1 {
			t.Errorf("the caseload of W-2: %+v", c)
		}
		if c := on(t, s, caseload.Filter{On: events.MustDate("2009-02-05")}); len(c.InterimLead()) != 1 || len(c.NoLead()) != 0 {
			t.Errorf("with an interim lead: %+v", c.Cases)
		}
		if c := on(t, s, caseload.Filter{On: events.MustDate("2009-03-01")}); len(c.NoLead()) != 1 || c.Agencies[1].NoLead != 1 {
			t.Errorf("without a lead: %+v", c.Cases)
		}
		for day, want := range map[string]caseload.Standing{"2007-12-31": caseload.NotSigned, "2009-03-09": caseload.Active, "2009-03-10": caseload.Suspended} {
			if c := on(t, s, caseload.Filter{On: events.MustDate(day), Agency: "A-1"}); c.Agencies[0].Standing != want {
				t.Errorf("A-1 on %s: %s, want %s", day, c.Agencies[0].Standing, want)
			}
		}
	})
}

// Given any lives, then status, agency and clock are those of the policy, and
// every case counts with its agency.
func TestCasesAreThePolicys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		snapshot(t, projtest.Lives(t, rt, 3), func(s *projections.Snapshot) {
			for range 10 {
				day := events.MustDate("2007-01-01") + events.Date(rapid.IntRange(0, 800).Draw(rt, "on"))
				c := on(t, s, caseload.Filter{On: day})
				for _, x := range c.Cases {
					subject, err := s.Client(x.Client)
					if err != nil {
						rt.Fatal(err)
					}
					f, err := subject.Facts()
					if err != nil {
						rt.Fatal(err)
					}
					if want := policy.StatusOn(f, day); x.Status != want {
						rt.Fatalf("%s on %s: status %s, want %s", x.Client, day, x.Status, want)
					}
					if want := f.AgencyOn(day); x.Agency != want {
						rt.Fatalf("%s on %s: agency %s, want %s", x.Client, day, x.Agency, want)
					}
					line, runs, err := clocks.Running(s, x.Client, day)
					if err != nil || runs != x.Funded || line.DaysLeft != x.DaysLeft {
						rt.Fatalf("%s on %s: %+v, clock %+v, %v", x.Client, day, x, line, err)
					}
					alone := on(t, s, caseload.Filter{On: day, Agency: x.Agency, Worker: x.Lead})
					find := func(y caseload.Case) bool { return y.Client == x.Client }
					if !cmp.Equal([]caseload.Case{x}, filter(alone.Cases, find), cmpopts.EquateEmpty()) {
						rt.Fatalf("%s on %s is not in its lead's caseload", x.Client, day)
					}
				}
			}
		})
	})
}

func filter(cases []caseload.Case, keep func(caseload.Case) bool) (kept []caseload.Case) {
	for _, c := range cases {
		if keep(c) {
			kept = append(kept, c)
		}
	}
	return kept
}
