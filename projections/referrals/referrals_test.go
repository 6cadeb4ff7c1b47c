package referrals_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/referrals"
)

func ask(t *testing.T, entries []projtest.Entry, f func(*projections.Snapshot) error) {
	t.Helper()
	projtest.Ask(t, projtest.Of(t, entries...), f, referrals.View{})
}

func at(subject events.Subject, on string, e events.Event) projtest.Entry {
	return projtest.Entry{Subject: subject, On: on, Event: e}
}

var world = []projtest.Entry{
	at("award/AW-1", "2008-10-01", &events.AwardRecorded{Purpose: "outreach", Grantee: "Casa", Funder: "hhs"}),
	at("referral/R-1", "2009-01-01", &events.SignalReceived{Channel: "hotline", State: "TX"}),
	at("referral/R-1", "2009-01-02", &events.ReferralForwarded{Agency: "A-1"}),
	at("referral/R-1", "2009-01-05", &events.ReferralEnrolled{Client: "C-1"}),
	at("referral/R-1", "2009-03-05", &events.CooperationRecorded{With: "MX", Matter: "family_tracing"}),
	at("referral/R-2", "2009-01-03", &events.LeadReferred{Award: "AW-1"}),
	at("referral/R-2", "2009-01-04", &events.ReferralForwarded{Agency: "A-1"}),
	at("referral/R-2", "2009-01-06", &events.ReferralForwarded{Agency: "A-2"}),
	at("referral/R-3", "2009-01-03", &events.LeadReferred{Award: "AW-9"}),
	at("referral/R-3", "2009-01-30", &events.ReferralClosed{Result: "lost_contact"}),
	at("referral/R-4", "2009-01-07", &events.InboundReferralReceived{Source: "other_country", Country: "CA"}),
	at("referral/R-5", "2009-01-08", &events.InboundReferralReceived{Source: "tribal", State: "AZ"}),
	at("referral/R-6", "2009-01-09", &events.DomesticReferralMade{Path: "runaway_homeless_youth", ImmigrationStatus: "citizen", StayDays: 15, Minor: true}),
	at("referral/R-7", "2009-01-10", &events.SignalReceived{Channel: "text"}),
	at("referral/R-7", "2009-01-11", &events.DomesticReferralMade{Path: "sponsored_lpr_assistance", ImmigrationStatus: "lpr", LPRSince: events.MustDate("2006-02-01"), Sponsored: true}),
	at("referral/R-8", "2009-01-12", &events.SignalReceived{Channel: "hotline"}),
	at("referral/R-8", "2009-01-13", &events.ReferralEnrolled{Client: "C-9"}),
	at("referral/R-8", "2009-01-14", &events.ReferralFactWithdrawn{Record: projtest.ID(17), Cause: "wrong_client"}),
}

// Given people who were found and sent, then each stands where the facts effective by
// the day put it.
func TestOn(t *testing.T) {
	ask(t, world, func(s *projections.Snapshot) error {
		for _, test := range []struct {
			on   string
			want map[string]referrals.Standing
		}{
			{"2008-12-31", map[string]referrals.Standing{}},
			{"2009-01-02", map[string]referrals.Standing{"R-1": referrals.Forwarded}},
			{"2009-01-05", map[string]referrals.Standing{"R-1": referrals.Enrolled, "R-2": referrals.Forwarded, "R-3": referrals.Open}},
			{"2009-02-01", map[string]referrals.Standing{"R-1": referrals.Enrolled, "R-2": referrals.Forwarded, "R-3": referrals.Closed, "R-4": referrals.Open,
				"R-5": referrals.Open, "R-6": referrals.Sent, "R-7": referrals.Sent, "R-8": referrals.Open}},
		} {
			list, err := referrals.On(s, referrals.Filter{On: events.MustDate(test.on)})
			if err != nil {
				return err
			}
			got := map[string]referrals.Standing{}
			for _, r := range list {
				got[r.Referral] = r.Standing
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("on %s (-want +got):\n%s", test.on, diff)
			}
		}
		for filter, want := range map[referrals.Filter]int{
			{}: 8, {Agency: "A-2"}: 1, {Agency: "A-1"}: 1, {Source: "hotline"}: 2, {Source: "signal"}: 3, {Source: "domestic"}: 2,
			{Source: "CA"}: 1, {Source: "sponsored_lpr_assistance"}: 1, {Year: 2009}: 8, {Year: 2008}: 0,
		} {
			filter.On = events.MustDate("2009-02-01")
			if list, err := referrals.On(s, filter); err != nil || len(list) != want {
				t.Errorf("%+v: %d, want %d; %v", filter, len(list), want, err)
			}
		}
		return nil
	})
}

// Given the same, then sources and domestic paths are counted, an award that is not on
// record is marked, and stays and bars have their ends.
func TestSourcesAndPaths(t *testing.T) {
	ask(t, world, func(s *projections.Snapshot) error {
		on := events.MustDate("2009-01-24")
		list, err := referrals.On(s, referrals.Filter{On: on})
		if err != nil {
			return err
		}
		sources, err := referrals.Sources(s, list)
		want := []referrals.SourceLine{
			{Kind: "signal", Source: "hotline", Referrals: 2, Forwarded: 1, Enrolled: 1, Open: 1, ToEnrollment: projections.Spread{Count: 1, MedianDays: 4, P90Days: 4, MostDays: 4}},
			{Kind: "signal", Source: "text", Referrals: 1, Domestic: 1},
			{Kind: "lead", Source: "AW-1", Referrals: 1, Forwarded: 1, Open: 1},
			{Kind: "lead", Source: "AW-9", Referrals: 1, Open: 1, Unknown: true},
			{Kind: "inbound", Source: "CA", Referrals: 1, Open: 1},
			{Kind: "inbound", Source: "tribal", Referrals: 1, Open: 1},
			{Kind: "domestic", Source: "runaway_homeless_youth", Referrals: 1, Domestic: 1},
		}
		if diff := cmp.Diff(want, sources); diff != "" {
			t.Errorf("sources (-want +got):\n%s", diff)
		}
		paths := []referrals.PathLine{
			{Path: "runaway_homeless_youth", StayDays: 15, Referrals: 1, Minors: 1, Overdue: 1}, // the 15th day was the 23rd
			{Path: "sponsored_lpr_assistance", Referrals: 1, Residents: 1, Barred: 1},
		}
		if diff := cmp.Diff(paths, referrals.Paths(list, on)); diff != "" {
			t.Errorf("paths (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(1, referrals.Paths(list, on-1)[0].Staying); diff != "" {
			t.Error("the 15th day is within the stay")
		}
		if barred := referrals.Paths(list, events.MustDate("2011-02-01"))[1].Barred; barred != 0 {
			t.Error("five years of residence are over")
		}
		return err
	})
}
