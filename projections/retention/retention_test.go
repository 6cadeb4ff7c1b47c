package retention_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/retention"
)

// on returns how every identity of a stream stands on a day.
func on(t *testing.T, src projections.Source, day string) (clients []retention.Client, orders map[string]string) {
	t.Helper()
	projtest.Ask(t, src, func(s *projections.Snapshot) (err error) {
		if clients, err = retention.On(s, events.MustDate(day)); err != nil {
			return err
		}
		orders, err = retention.Orders(s)
		return err
	}, retention.View{})
	return clients, orders
}

func TestOn(t *testing.T) {
	s := &projtest.Stream{}
	add := func(client, day string, e events.Event) *events.Record {
		return s.Add(t, projtest.Entry{Subject: events.SubjectOf(events.KindCase, client), On: day, Event: e})
	}
	enroll := func(client string) {
		add(client, "2009-01-05", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor})
	}
	close := func(client, day string) {
		add(client, day, &events.ComponentClosed{Component: events.ImmigrationComponent, Reason: projtest.Sealed})
		add(client, day, &events.ComponentClosed{Component: events.ProsecutionComponent, Reason: projtest.Sealed})
		add(client, day, &events.ServiceClosed{Reason: projtest.Sealed})
	}
	// Given clients whose cases stand in every way, and a final report through September 2009.
	for _, c := range []string{"C-CLOSED", "C-LATER", "C-OPEN", "C-PENDING", "C-GONE", "C-QUASHED"} {
		enroll(c)
	}
	close("C-CLOSED", "2009-03-31")
	close("C-LATER", "2009-10-01")
	add("C-OPEN", "2009-03-31", &events.ServiceClosed{Reason: projtest.Sealed}) // two components are open
	for _, c := range []string{"C-PENDING", "C-GONE", "C-QUASHED"} {
		close(c, "2009-03-31")
	}
	add("C-SCREENED", "2009-02-01", &events.ClientScreened{Agency: "A-2", ImmigrationStatus: "unknown"})
	s.Add(t, projtest.Entry{Subject: events.ProgrammeSubject, On: "2010-01-20", Event: &events.FinalReportSubmitted{Award: "X", ThroughDate: events.MustDate("2009-09-30")}})
	before, _ := on(t, s, "2013-01-19")
	add("C-PENDING", "2013-01-20", &events.DestructionRequested{Grounds: "retention_ended"})
	request := add("C-GONE", "2013-01-20", &events.DestructionRequested{Grounds: "retention_ended"})
	order := add("C-GONE", "2013-01-21", &events.IdentityDestroyed{Request: request.ID})
	quashed := add("C-QUASHED", "2013-01-20", &events.DestructionRequested{Grounds: "court_order"})
	add("C-QUASHED", "2013-01-21", &events.CaseFactWithdrawn{Record: quashed.ID, Reason: projtest.Sealed})

	standings := func(clients []retention.Client) map[string]retention.Standing {
		m := map[string]retention.Standing{}
		for _, c := range clients {
			m[c.Client] = c.Standing
		}
		return m
	}
	// Then the day before the three years are over all of it is kept,
	want := map[string]retention.Standing{
		"C-CLOSED": retention.Kept, "C-LATER": retention.Unreported, "C-OPEN": retention.Open, "C-PENDING": retention.Kept,
		"C-GONE": retention.Kept, "C-QUASHED": retention.Kept, "C-SCREENED": retention.Kept,
	}
	if diff := cmp.Diff(want, standings(before)); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	// and afterwards it is due, requested or destroyed, the due ones on top.
	clients, orders := on(t, s, "2013-01-20")
	want["C-CLOSED"], want["C-SCREENED"], want["C-QUASHED"] = retention.Due, retention.Due, retention.Due
	want["C-PENDING"], want["C-GONE"] = retention.Requested, retention.Destroyed
	if diff := cmp.Diff(want, standings(clients)); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	first := retention.Client{Client: "C-CLOSED", Agency: "A-1", Standing: retention.Due, LastServed: events.MustDate("2009-03-31"), DueOn: events.MustDate("2013-01-20")}
	if diff := cmp.Diff(first, clients[0]); diff != "" {
		t.Errorf("first line (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"C-GONE": order.ID}, orders); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}
