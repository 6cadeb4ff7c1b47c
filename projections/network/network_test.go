package network_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/network"
	"caseledger/projections/projtest"
)

var d = events.MustDate

// A ledger is a stream that is being written, and what is asked of it.
type ledger struct {
	*testing.T
	projtest.Stream
}

func (l *ledger) add(subject events.Subject, on string, e events.Event) uint64 {
	l.Helper()
	return l.Add(l, projtest.Entry{Subject: subject, On: on, Event: e}).Sequence
}

func (l *ledger) ask(f func(*projections.Snapshot)) {
	l.Helper()
	projtest.Ask(l, l, func(s *projections.Snapshot) error { f(s); return nil }, caseload.View{}, network.View{})
}

// agency asks for agency A-1 on a day.
func (l *ledger) agency(s *projections.Snapshot, day string) network.Agency {
	l.Helper()
	n, err := network.On(s, d(day), "A-1")
	if err != nil || len(n.Agencies) != 1 {
		l.Fatalf("A-1 on %s: %+v, %v", day, n, err)
	}
	return n.Agencies[0]
}

const a1 = events.Subject("agency/A-1")

func newLedger(t *testing.T) *ledger {
	l := &ledger{T: t}
	l.add(a1, "2008-01-01", &events.SubcontractSigned{Name: "Harbor", State: "TX"})
	l.add(a1, "2008-01-01", &events.LocationOpened{Location: "L-1", City: "Houston", State: "TX"})
	l.add("worker/W-1", "2008-01-01", &events.WorkerEngaged{Agency: "A-1", CapacityPercent: 100, Languages: []string{"en", "es"}})
	return l
}

func unmet(a network.Agency) (names []string) {
	for _, c := range a.Unmet() {
		names = append(names, c.Criterion)
	}
	return names
}

// Given every document on file, then all criteria are met until the first of them
// expires or is revoked, and each names the record that shows it.
func TestCriteria(t *testing.T) {
	l := newLedger(t)
	records := map[string]uint64{}
	for _, c := range policy.Criteria() {
		for _, r := range c.Requirements {
			e := &events.CredentialRecorded{Criterion: c.Name, Document: r.Documents[0]}
			if r.Expires {
				e.ThroughDate = d("2009-01-31")
			}
			records[e.Document] = l.add(a1, "2008-02-01", e)
		}
	}
	late := l.add(a1, "2009-01-20", &events.CredentialRecorded{Criterion: "audit", Document: "audited_statements", ThroughDate: d("2010-01-31")})
	l.add(a1, "2008-06-01", &events.CredentialRevoked{Criterion: "registration", Document: "ein", Reason: "error"}) // recorded late
	l.add(a1, "2008-06-11", &events.CredentialRecorded{Criterion: "registration", Document: "ein"})
	l.ask(func(s *projections.Snapshot) {
		for day, want := range map[string][]string{
			"2008-02-01": nil, "2008-05-31": nil, "2008-06-01": {"registration"}, "2008-06-10": {"registration"}, "2008-06-11": nil, "2009-01-31": nil,
			"2009-02-01": {"qualified_staff", "safe_environment", "community_partners", "subcontract_terms", "registration"},
		} {
			if diff := cmp.Diff(want, unmet(l.agency(s, day)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("not met on %s (-want +got):\n%s", day, diff)
			}
		}
		audit := l.agency(s, "2008-12-31").Criteria[8]
		want := network.Criterion{Number: 9, Criterion: "audit", Met: true, Through: d("2009-01-31"), Shown: []network.Shown{{
			Documents: []string{"a133_report", "audited_statements"}, Met: true, Document: "a133_report", Through: d("2009-01-31"), Record: records["a133_report"],
		}}}
		if diff := cmp.Diff(want, audit); diff != "" {
			t.Errorf("the audit criterion (-want +got):\n%s", diff)
		}
		if audit := l.agency(s, "2009-02-01").Criteria[8]; !audit.Met || audit.Shown[0].Record != late {
			t.Errorf("the audit criterion a month later: %+v", audit)
		}
		if n, err := network.On(s, d("2007-12-31"), ""); err != nil || len(n.Agencies)+len(n.Workers) != 0 {
			t.Errorf("before the first subcontract: %+v, %v", n, err)
		}
	})
}

func TestCoverage(t *testing.T) {
	l := newLedger(t)
	l.add("worker/W-2", "2008-01-01", &events.WorkerEngaged{Agency: "A-1", Supervisor: true, CapacityPercent: 100, Languages: []string{"en"}})
	first := l.add(a1, "2008-02-01", &events.OnCallAssigned{Worker: "W-1", ThroughDate: d("2008-02-29")})
	second := l.add(a1, "2008-02-10", &events.OnCallAssigned{Worker: "W-2", ThroughDate: d("2008-02-12")})
	l.add("worker/W-1", "2008-02-20", &events.LeaveStarted{ThroughDate: d("2008-02-25")})
	l.add("worker/W-1", "2008-02-23", &events.LeaveEnded{})
	l.add("worker/W-1", "2008-02-27", &events.WorkerLeft{Reason: projtest.Sealed})
	l.add(a1, "2008-02-03", &events.PointOfContactNamed{Worker: "W-2"})
	l.ask(func(s *projections.Snapshot) {
		w1 := network.Cover{Worker: "W-1", Since: d("2008-02-01"), Through: d("2008-02-29"), Record: first, Languages: []string{"en", "es"}}
		away, gone := w1, w1
		away.Languages, away.Gap = nil, network.OnLeave
		gone.Languages, gone.Gap = nil, network.Gone
		for day, want := range map[string]network.Cover{
			"2008-01-31": {Gap: network.Unassigned}, "2008-02-01": w1, "2008-02-09": w1,
			"2008-02-10": {Worker: "W-2", Since: d("2008-02-10"), Through: d("2008-02-12"), Record: second, Languages: []string{"en"}},
			"2008-02-13": w1, "2008-02-20": away, "2008-02-22": away, "2008-02-23": w1, "2008-02-27": w1, "2008-02-28": gone,
			"2008-03-01": {Gap: network.Unassigned},
		} {
			if diff := cmp.Diff(want, l.agency(s, day).OnCall); diff != "" {
				t.Errorf("on call on %s (-want +got):\n%s", day, diff)
			}
		}
		if before, after := l.agency(s, "2008-02-02"), l.agency(s, "2008-02-03"); before.PointOfContact != "" || after.PointOfContact != "W-2" {
			t.Errorf("point of contact %q, then %q", before.PointOfContact, after.PointOfContact)
		}
	})
}

func TestFindings(t *testing.T) {
	l := newLedger(t)
	l.add(a1, "2008-03-01", &events.ReviewHeld{Review: "V-1", Manner: "site_visit", Met: []string{"audit"}, Clients: []string{"C-1"}})
	raised := l.add(a1, "2008-03-01", &events.FindingRaised{Finding: "F-1", Review: "V-1", Rule: "R27", Criterion: "audit", Severity: "major", DueOn: d("2008-04-01"), Text: "report missing"})
	l.add(a1, "2008-03-02", &events.FindingRaised{Finding: "F-2", Rule: "R28", Client: "C-1", Severity: "minor", DueOn: d("2008-03-10"), Text: "report missing"})
	agreed := l.add(a1, "2008-03-20", &events.CorrectiveActionAgreed{Finding: "F-1", DueOn: d("2008-05-01"), Text: "report missing"})
	closed := l.add(a1, "2008-05-10", &events.FindingClosed{Finding: "F-1", Text: "report missing"})
	l.add(a1, "2008-04-01", &events.ConsultationGiven{Manner: "legal_expert", Topic: "legal", Minutes: 30})
	l.ask(func(s *projections.Snapshot) {
		type brief struct {
			State   network.FindingState
			Overdue int
			Records []uint64
		}
		for day, want := range map[string]brief{
			"2008-03-01": {network.Open, 0, []uint64{raised}}, "2008-03-20": {network.Agreed, 0, []uint64{raised, agreed}},
			"2008-04-02": {network.Agreed, 0, []uint64{raised, agreed}}, "2008-05-01": {network.Agreed, 0, []uint64{raised, agreed}},
			"2008-05-02": {network.Overdue, 1, []uint64{raised, agreed}}, "2008-05-10": {network.Closed, 0, []uint64{raised, agreed, closed}},
		} {
			f := l.agency(s, day).Findings[0]
			if diff := cmp.Diff(want, brief{f.State, f.DaysOverdue, f.Records}); diff != "" {
				t.Errorf("F-1 on %s (-want +got):\n%s", day, diff)
			}
		}
		n, err := network.On(s, d("2008-04-15"), "")
		if err != nil {
			t.Fatal(err)
		}
		all := n.Findings()
		if len(all) != 2 || all[0].Finding != "F-2" || all[0].State != network.Overdue || all[0].DaysOverdue != 36 || all[0].Agency != "A-1" {
			t.Errorf("the findings on 2008-04-15: %+v", all)
		}
		a := n.Agencies[0]
		if last, held := a.LastReview(); !held || last.Review != "V-1" || len(last.Clients) != 1 || len(a.Consultations) != 1 {
			t.Errorf("review %+v, consultations %+v", last, a.Consultations)
		}
		if early := l.agency(s, "2008-02-29"); len(early.Reviews)+len(early.Findings)+len(early.Consultations) != 0 {
			t.Errorf("on 2008-02-29: %+v", early)
		}
	})
}

func TestStaffAndMemoranda(t *testing.T) {
	l := newLedger(t)
	l.add("worker/W-1", "2008-03-01", &events.SupportOffered{Support: "debriefing", Accepted: true})
	l.add(a1, "2008-03-01", &events.MemorandumSigned{Partner: "county task force", Scope: "referral"})
	l.add(a1, "2008-05-31", &events.MemorandumEnded{Partner: "county task force", Scope: "referral"})
	l.add(a1, "2008-07-01", &events.MemorandumSigned{Partner: "county task force", Scope: "referral", ThroughDate: d("2008-07-31")})
	l.ask(func(s *projections.Snapshot) {
		for day, want := range map[string]int{"2008-02-28": 0, "2008-03-01": 1, "2008-05-31": 1, "2008-06-01": 0, "2008-07-31": 1, "2008-08-01": 0} {
			if got := l.agency(s, day).Memoranda; len(got) != want {
				t.Errorf("memoranda on %s: %+v", day, got)
			}
		}
		n, err := network.On(s, d("2008-03-02"), "")
		if err != nil || len(n.Workers) != 1 || len(n.Workers[0].Support) != 1 || n.Workers[0].OnLeave() {
			t.Errorf("workers: %+v, %v", n.Workers, err)
		}
	})
}

func TestTrainings(t *testing.T) {
	l := newLedger(t)
	l.add("training/T-1", "2008-02-05", &events.TrainingHeld{Course: "core", Topic: "safety", Minutes: 60, Workers: []string{"W-1", "W-2"}, Agencies: []string{"A-1", "A-2"}})
	l.add("training/T-1", "2008-02-09", &events.TrainingAttended{Workers: []string{"W-3"}, Agencies: []string{"A-1"}})
	l.add("training/T-2", "2008-03-05", &events.TrainingHeld{Course: "core", Topic: "benefits", Minutes: 60})
	l.add("training/T-3", "2008-03-06", &events.TrainingHeld{Course: "specialty", Topic: "minors", Minutes: 60, Workers: []string{"W-1"}, Agencies: []string{"A-1"}})
	l.ask(func(s *projections.Snapshot) {
		got, err := network.CoreAttendance(s, d("2008-02-01"), d("2008-12-31"))
		want := map[events.Date]map[string]int{d("2008-02-01"): {"A-1": 2, "A-2": 1}, d("2008-03-01"): {}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("core attendance (-want +got):\n%s%v", diff, err)
		}
		if all, err := network.Trainings(s, d("2008-03-01"), d("2008-03-31")); err != nil || len(all) != 2 || all[1].Training != "T-3" {
			t.Errorf("trainings of March: %+v, %v", all, err)
		}
	})
}

func TestPartners(t *testing.T) {
	l := newLedger(t)
	list := func(id, city, on string, services, languages, takes []string) events.Subject {
		subject := events.SubjectOf(events.KindPartner, id)
		l.add(subject, on, &events.PartnerListed{Name: id, State: "TX", City: city, Services: services, Languages: languages, Takes: takes, Cost: "free"})
		return subject
	}
	women, men := []string{"women", "children"}, []string{"men"}
	n1 := list("N-1", "Houston", "2008-01-01", []string{"housing"}, []string{"en", "es-MX"}, women)
	n2 := list("N-2", "Austin", "2008-01-01", []string{"housing"}, []string{"en", "th"}, men)
	n3 := list("N-3", "Houston", "2008-01-01", []string{"housing", "food"}, []string{"es"}, women)
	list("N-4", "Houston", "2008-01-01", []string{"legal"}, []string{"en"}, women)
	l.add(n1, "2008-02-01", &events.PartnerVetted{Cultures: []string{"es"}, Suitable: true, ThroughDate: d("2008-12-31")})
	l.add(n1, "2008-02-01", &events.PartnerAvailabilityChanged{WaitingDays: 30})
	l.add(n2, "2008-02-01", &events.PartnerAvailabilityChanged{Openings: 1})
	l.add(n3, "2008-02-02", &events.PartnerAvailabilityChanged{WaitingDays: 7})
	l.add(n3, "2008-02-28", &events.PartnerDelisted{Reason: "closed"})
	list("N-3", "Houston", "2008-06-01", []string{"housing"}, []string{"es"}, women)
	l.ask(func(s *projections.Snapshot) {
		for _, tc := range []struct {
			name   string
			filter network.PartnerFilter
			want   []string
			soon   int
		}{
			{"housing", network.PartnerFilter{On: d("2008-02-10"), Service: "housing"}, []string{"N-2", "N-3", "N-1"}, 2},
			{"housing, from Houston", network.PartnerFilter{On: d("2008-02-10"), Service: "housing", City: "Houston"}, []string{"N-3", "N-2", "N-1"}, 2},
			{"nobody asked yet", network.PartnerFilter{On: d("2008-01-10"), Service: "housing"}, []string{"N-1", "N-2", "N-3"}, 0},
			{"the answers of a month ago", network.PartnerFilter{On: d("2008-03-02"), Service: "housing"}, []string{"N-2", "N-1"}, 1},
			{"answers that are older", network.PartnerFilter{On: d("2008-03-03"), Service: "housing"}, []string{"N-1", "N-2"}, 0},
			{"housing for women who speak es", network.PartnerFilter{On: d("2008-02-10"), Service: "housing", Language: "es-GT", Takes: "women"}, []string{"N-3", "N-1"}, 1},
			{"housing for men", network.PartnerFilter{On: d("2008-02-10"), Service: "housing", Takes: "men"}, []string{"N-2"}, 1},
			{"on its last day", network.PartnerFilter{On: d("2008-02-28"), Service: "food"}, []string{"N-3"}, 1},
			{"out of the directory", network.PartnerFilter{On: d("2008-02-29"), Language: "es"}, []string{"N-1"}, 0},
			{"back in it", network.PartnerFilter{On: d("2008-06-01"), Language: "es"}, []string{"N-1", "N-3"}, 0},
			{"elsewhere", network.PartnerFilter{On: d("2008-06-01"), State: "NY"}, nil, 0},
		} {
			all, err := network.Partners(s, tc.filter)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			soon := 0
			for _, p := range all {
				ids = append(ids, p.Partner)
				if p.ThisWeek == network.HasRoom {
					soon++
				}
			}
			if diff := cmp.Diff(tc.want, ids); diff != "" || soon != tc.soon {
				t.Errorf("%s: %d this week, want %d; (-want +got):\n%s", tc.name, soon, tc.soon, diff)
			}
		}
		for day, want := range map[string]network.Vetting{"2008-01-31": network.NeverVetted, "2008-02-01": network.Suitable, "2008-12-31": network.Suitable, "2009-01-01": network.VettingDue} {
			all, err := network.Partners(s, network.PartnerFilter{On: d(day), Language: "es", Service: "housing"})
			if err != nil || len(all) == 0 {
				t.Fatal(err)
			}
			for _, p := range all {
				if p.Partner == "N-1" && p.Vetting != want {
					t.Errorf("N-1 on %s: %s, want %s", day, p.Vetting, want)
				}
			}
		}
	})
}

func TestAwards(t *testing.T) {
	l := newLedger(t)
	terms := events.AwardRecorded{Purpose: "outreach", Grantee: "Bay Coalition", Funder: "hhs", AmountCents: 100, ThroughDate: d("2008-12-31"), State: "TX"}
	more := terms
	more.AmountCents, more.ThroughDate = 250, d("2009-12-31")
	l.add("award/G-1", "2008-01-01", &terms)
	l.add("award/G-1", "2009-01-01", &more)
	l.add("award/G-1", "2008-02-01", &events.OutreachLogged{Manner: "street", Reached: 40, Identified: 2})
	l.add("award/G-1", "2008-05-01", &events.OutreachLogged{Manner: "meeting", Reached: 10})
	l.add("referral/R-1", "2008-02-03", &events.LeadReferred{Award: "G-1"})
	l.add("referral/R-1", "2008-03-03", &events.ReferralEnrolled{Client: "C-1"})
	l.add("referral/R-2", "2008-02-04", &events.LeadReferred{Award: "G-1"})
	l.add("referral/R-3", "2008-02-04", &events.SignalReceived{Channel: "hotline"})
	l.add("referral/R-4", "2008-02-05", &events.LeadReferred{Award: "G-1"})
	l.add("referral/R-4", "2008-02-06", &events.ReferralFactWithdrawn{Record: projtest.ID(uint64(len(l.Messages))), Cause: "duplicate"})
	l.add("referral/R-2", "2008-03-04", &events.ReferralEnrolled{Client: "C-2"})
	l.add("referral/R-2", "2008-03-05", &events.ReferralFactWithdrawn{Record: projtest.ID(uint64(len(l.Messages))), Cause: "wrong_client"})
	l.ask(func(s *projections.Snapshot) {
		base := network.Award{Award: "G-1", Purpose: "outreach", Grantee: "Bay Coalition", Funder: "hhs", State: "TX", AmountCents: 100, From: d("2008-01-01"), Through: d("2008-12-31")}
		worked := base
		worked.Outreach, worked.Reached, worked.Identified, worked.Leads = 1, 40, 2, 2
		enrolled := worked
		enrolled.Outreach, enrolled.Reached, enrolled.Enrolled = 2, 50, 1
		amended := enrolled
		amended.AmountCents, amended.Through = 250, d("2009-12-31")
		for day, want := range map[string][]network.Award{
			"2007-12-31": nil, "2008-01-01": {base}, "2008-03-02": {worked}, "2008-12-31": {enrolled}, "2009-01-01": {amended},
		} {
			got, err := network.Awards(s, d(day))
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("awards on %s (-want +got):\n%s%v", day, diff, err)
			}
		}
	})
}

// Given a client, then a provider must speak the corrected language, take the client's
// sex or age, and lie where the client is served on the day.
func TestFilterFor(t *testing.T) {
	l := newLedger(t)
	l.add(a1, "2008-01-01", &events.LocationOpened{Location: "L-2", City: "Galveston", State: "TX"})
	l.add("agency/A-2", "2008-01-01", &events.SubcontractSigned{Name: "Haven", State: "MP"})
	l.add("agency/A-2", "2008-01-01", &events.LocationOpened{Location: "L-9", City: "Saipan", State: "MP"})
	l.add("case/C-1", "2008-02-01", &events.ClientEnrolled{Agency: "A-1", Location: "L-2", Class: events.Victim, Sex: events.Female, AgeGroup: events.Minor, AgeYears: 17, Language: "en"})
	l.add("case/C-1", "2008-02-05", &events.ClientCorrected{Language: "th", Reason: projtest.Sealed})
	l.add("case/C-1", "2008-04-01", &events.ClientTurned18{})
	l.add("case/C-1", "2008-05-01", &events.TransferAccepted{From: "A-1", To: "A-2", Location: "L-9"})
	l.ask(func(s *projections.Snapshot) {
		client, err := s.Client("C-1")
		if err != nil {
			t.Fatal(err)
		}
		for day, want := range map[string]network.PartnerFilter{
			"2008-02-01": {Language: "th", Takes: "children", State: "TX", City: "Galveston"},
			"2008-04-01": {Language: "th", Takes: "women", State: "TX", City: "Galveston"},
			"2008-05-01": {Language: "th", Takes: "women", State: "MP", City: "Saipan"},
		} {
			want.On = d(day)
			got, enrolled, err := network.FilterFor(s, client, d(day))
			if err != nil || !enrolled || got != want {
				t.Errorf("on %s: %+v, %v, %v; want %+v", day, got, enrolled, err, want)
			}
		}
		if _, enrolled, err := network.FilterFor(s, client, d("2008-01-31")); enrolled || err != nil {
			t.Errorf("before the enrollment: %v, %v", enrolled, err)
		}
	})
}
