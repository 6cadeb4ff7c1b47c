package compliance_test

import (
	"slices"
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/compliance"
	"caseledger/projections/projtest"
)

// A world is a small programme in which no rule is broken on its day: one agency,
// its people, a client, a minor who waits for HHS. Records have labels, so that an
// example can leave one out, change it, or name it as evidence.
type world struct {
	*testing.T
	entries []labelled
	day     string
}

type labelled struct {
	label string
	projtest.Entry
}

const (
	agency   = events.Subject("agency/A-1")
	client   = events.Subject("case/C-1")
	hhs      = events.Subject("letter/C-1")
	minor    = events.Subject("letter/C-9")
	worker   = events.Subject("worker/W-1")
	super    = events.Subject("worker/W-9")
	billing  = events.Subject("billing/A-1")
	training = events.Subject("training/T-1")
)

func newWorld(t *testing.T) *world {
	w := &world{T: t, day: "2009-06-15"}
	w.add("signed", agency, "2008-06-01", &events.SubcontractSigned{Name: "Lantern", State: "CA"})
	w.add("location", agency, "2008-06-01", &events.LocationOpened{Location: "MAIN", City: "Los Angeles", State: "CA"})
	w.add("worker", worker, "2008-06-01", &events.WorkerEngaged{Agency: "A-1", CapacityPercent: 100, Languages: []string{"en", "es"}})
	w.add("supervisor", super, "2008-06-01", &events.WorkerEngaged{Agency: "A-1", Supervisor: true, CapacityPercent: 100, Languages: []string{"en"}})
	for _, c := range policy.Criteria() {
		for _, need := range c.Requirements {
			through := events.Date(0)
			if need.Expires {
				through = events.MustDate("2010-05-31")
			}
			w.add(need.Documents[0], agency, "2008-06-01", &events.CredentialRecorded{Criterion: c.Name, Document: need.Documents[0], ThroughDate: through})
		}
	}
	w.add("contact point", agency, "2008-06-01", &events.PointOfContactNamed{Worker: "W-9"})
	w.add("on call", agency, "2008-06-01", &events.OnCallAssigned{Worker: "W-9", ThroughDate: events.MustDate("2010-12-31")})
	w.add("review", agency, "2008-10-01", &events.ReviewHeld{Review: "V-1", Manner: "site_visit"})
	w.add("enrolled", client, "2009-03-01", &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, Sex: events.Female, AgeGroup: events.Adult, Form: events.FormLabor, Language: "es", ImmigrationStatus: "undocumented"})
	w.add("lead", client, "2009-03-01", &events.LeadAssigned{Worker: "W-1"})
	w.add("intake_form", client, "2009-03-01", &events.DocumentFiled{Document: "intake_form"})
	w.add("rights_statement", client, "2009-03-01", &events.DocumentFiled{Document: "rights_statement"})
	w.add("justice", client, "2009-03-10", &events.ClientInformed{Topic: "criminal_justice", Language: "es"})
	w.add("immigration", client, "2009-03-10", &events.ClientInformed{Topic: "immigration", Language: "es"})
	w.add("plan", client, "2009-03-20", &events.PlanAgreed{Goals: []string{"G-1"}, Language: "es", ReviewOn: events.MustDate("2009-09-01")})
	w.add("service_plan", client, "2009-03-20", &events.DocumentFiled{Document: "service_plan"})
	for _, on := range []string{"2009-03-20", "2009-04-15", "2009-05-10", "2009-06-05"} {
		w.add("contact "+on, client, on, &events.ContactMade{Manner: "in_person", Worker: "W-1", Language: "es"})
	}
	w.add("release", client, "2009-03-20", &events.ConsentGiven{Recipient: "P-1", Scope: "health", ThroughDate: events.MustDate("2010-03-20")})
	w.add("referral", client, "2009-03-21", &events.ServiceReferred{Referral: "R-1", Partner: "P-1", Category: "medical", Release: "release"})
	w.add("emergency", client, "2009-04-02", &events.EmergencyHandled{Emergency: "medical", ResponseMinutes: 20, Worker: "W-9"})
	w.add("expense", client, "2009-04-03", &events.ExpenseBooked{Agency: "A-1", Category: "medical", AmountCents: 200_00})
	w.add("issued", hhs, "2009-04-01", &events.LetterIssued{Kind: events.Certification, Number: projtest.Sealed, Basis: "bona_fide", Sex: events.Female, Form: events.FormLabor})
	w.add("received", client, "2009-04-06", &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2009-04-01"), ReceivedOn: events.MustDate("2009-04-06")})
	w.add("invoice", billing, "2009-05-06", &events.InvoiceGenerated{Number: 2, Month: "2009-04", Closing: events.MustDate("2009-04-30")})
	w.add("invoice march", billing, "2009-04-06", &events.InvoiceGenerated{Number: 1, Month: "2009-03", Closing: events.MustDate("2009-03-31")})
	w.add("training april", "training/T-0", "2009-04-12", core())
	w.add("training", training, "2009-05-12", &events.TrainingHeld{Course: "core", Topic: "case_management", Minutes: 90, Workers: []string{"W-1"}, Agencies: []string{"A-1"}})
	w.add("request", minor, "2009-05-01", &events.LetterRequested{Kind: events.Eligibility, DiscoveredOn: events.MustDate("2009-05-01")})
	w.add("discovered", minor, "2009-05-01", &events.MinorDiscovered{By: "local", HoursToNotice: 6})
	w.add("notified", minor, "2009-05-01", &events.DepartmentsNotified{Departments: []string{"justice", "homeland_security"}, HoursToNotice: 8})
	w.add("interim", minor, "2009-05-04", &events.InterimAssistanceIssued{Number: projtest.Sealed})
	return w
}

// add records a fact on its own day, at noon; several of one day in the given order.
func (w *world) add(label string, subject events.Subject, on string, e events.Event) {
	w.addAt(label, subject, on, "", e)
}

func (w *world) addAt(label string, subject events.Subject, on, at string, e events.Event) {
	if at != "" {
		at += "T12:00:00Z"
	}
	w.entries = append(w.entries, labelled{label, projtest.Entry{Subject: subject, On: on, At: at, Event: e}})
}

func (w *world) drop(labels ...string) {
	w.Helper()
	for _, label := range labels {
		i := w.find(label)
		w.entries = slices.Delete(w.entries, i, i+1)
	}
}

// move changes the day of a record.
func (w *world) move(label, on string) { w.entries[w.find(label)].On = on }

func (w *world) find(label string) int {
	w.Helper()
	i := slices.IndexFunc(w.entries, func(e labelled) bool { return e.label == label })
	if i < 0 {
		w.Fatalf("there is no record %q", label)
	}
	return i
}

func event[E events.Event](w *world, label string) E {
	w.Helper()
	return w.entries[w.find(label)].Event.(E)
}

// record puts the records in the order of their times, and returns the label of each
// position.
func (w *world) record() (*projtest.Stream, []string) {
	w.Helper()
	at := func(e labelled) string {
		if e.At != "" {
			return e.At
		}
		return e.On
	}
	slices.SortStableFunc(w.entries, func(a, b labelled) int {
		switch x, y := at(a)[:10], at(b)[:10]; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	s, labels, ids := &projtest.Stream{}, []string{""}, map[string]string{}
	for _, e := range w.entries {
		switch x := e.Event.(type) { // labels stand for the ids of records
		case *events.ServiceReferred:
			x.Release = ids[x.Release]
		case *events.CaseFactWithdrawn:
			x.Record = ids[x.Record]
		case *events.ExpenseReversed:
			x.Expense = ids[x.Expense]
		}
		r := s.Add(w.T, e.Entry)
		ids[e.label] = r.ID
		labels = append(labels, e.label)
	}
	return s, labels
}

// ask returns the exceptions of the world's day, with their evidence as labels.
func (w *world) ask(f compliance.Filter) ([]compliance.Exception, func(compliance.Exception) []string) {
	w.Helper()
	stream, labels := w.record()
	r := report(w.T, stream, f)
	return r.Exceptions, func(x compliance.Exception) (evidence []string) {
		for _, position := range x.Evidence {
			evidence = append(evidence, labels[position])
		}
		return evidence
	}
}

func report(t *testing.T, stream projections.Source, f compliance.Filter) (r *compliance.Report) {
	t.Helper()
	projtest.Ask(t, stream, func(s *projections.Snapshot) (err error) { r, err = compliance.On(s, f); return err }, compliance.View{})
	return r
}
