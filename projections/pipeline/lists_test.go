package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/pipeline"
	"caseledger/projections/projtest"
)

// Given a child's request, then on every day the child stands on the lists that R09
// asks for, and on no others.
func TestRequests(t *testing.T) {
	asked := at("letter/C-1", "2009-02-10", &events.LetterRequested{Kind: events.Eligibility, Agency: "A-1"})
	told := at("letter/C-1", "2009-02-10", &events.DepartmentsNotified{Departments: []string{"homeland_security", "justice"}, HoursToNotice: 24})
	interim := at("letter/C-1", "2009-02-11", &events.InterimAssistanceIssued{Number: projtest.Sealed})
	everyone := at("letter/C-1", "2009-02-20", &events.ConsultationHeld{With: []string{"homeland_security", "justice", "ngo"}})
	longer := at("letter/C-1", "2009-05-01", &events.InterimAssistanceExtended{Reason: projtest.Sealed})
	letter := at("letter/C-1", "2009-04-01", &events.LetterIssued{Kind: events.Eligibility, Number: projtest.Sealed, Basis: "minor"})
	for _, test := range []struct {
		name    string
		history history
		on      string
		want    []string // list, due, day of assistance, hours, missing
	}{
		{"asked for", history{asked, told}, "2009-02-12", []string{"pending  0 0 justice homeland_security ngo"}},
		{"nobody told on the next day", history{asked}, "2009-02-11", []string{"pending  0 0 justice homeland_security ngo"}},
		{"nobody told after it", history{asked}, "2009-02-12", []string{"departments_not_notified 2009-02-11 0 0 justice homeland_security", "pending  0 0 justice homeland_security ngo"}},
		{"Justice alone told, late", history{asked, at("letter/C-1", "2009-02-12", &events.DepartmentsNotified{Departments: []string{"justice"}, HoursToNotice: 25}), everyone}, "2009-02-20",
			[]string{"departments_not_notified 2009-02-11 0 0 homeland_security", "departments_notified_late 2009-02-11 0 25 ", "pending  0 0 "}},
		{"reported late", history{at("letter/C-1", "2009-02-09", &events.MinorDiscovered{By: "local", HoursToNotice: 25}), asked, told, everyone}, "2009-02-20", []string{"minor_reported_late 2009-02-10 0 25 ", "pending  0 0 "}},
		{"reported in time", history{at("letter/C-1", "2009-02-09", &events.MinorDiscovered{By: "local", HoursToNotice: 24}), asked, told, everyone}, "2009-02-20", []string{"pending  0 0 "}},
		{"reported late, not asked for yet", history{at("letter/C-1", "2009-02-09", &events.MinorDiscovered{By: "local", HoursToNotice: 25})}, "2009-02-20", []string{"minor_reported_late 2009-02-10 0 25 "}},
		{"asked two days after the discovery", history{at("letter/C-1", "2009-02-12", &events.LetterRequested{Kind: events.Interim, DiscoveredOn: events.MustDate("2009-02-10")}), at("letter/C-1", "2009-02-12", told.Event), everyone}, "2009-02-20",
			[]string{"minor_reported_late 2009-02-11 0 0 ", "pending  0 0 "}},
		{"asked on the day after", history{at("letter/C-1", "2009-02-11", &events.LetterRequested{Kind: events.Interim, DiscoveredOn: events.MustDate("2009-02-10")}), at("letter/C-1", "2009-02-12", told.Event), everyone}, "2009-02-20", []string{"pending  0 0 "}},
		{"before the law", history{at("letter/C-1", "2008-12-20", &events.MinorDiscovered{By: "local", HoursToNotice: 90}), at("letter/C-1", "2008-12-22", &events.LetterRequested{Kind: events.Eligibility}), everyone}, "2009-02-20", []string{"pending  0 0 "}},
		{"first day of assistance", history{asked, told, interim}, "2009-02-11", []string{"interim_day_90 2009-05-11 1 0 justice homeland_security ngo"}},
		{"day 90", history{asked, told, interim, everyone}, "2009-05-11", []string{"interim_day_90 2009-05-11 90 0 "}},
		{"day 91", history{asked, told, interim, everyone}, "2009-05-12", []string{"interim_ended 2009-05-11 0 0 "}},
		{"extended", history{asked, told, interim, everyone, longer}, "2009-05-12", []string{"interim_day_120 2009-06-10 91 0 "}},
		{"day 120", history{asked, told, interim, everyone, longer}, "2009-06-10", []string{"interim_day_120 2009-06-10 120 0 "}},
		{"day 121", history{asked, told, interim, everyone, longer}, "2009-06-11", []string{"interim_ended 2009-06-10 0 0 "}},
		{"decided", history{asked, told, interim, everyone, letter}, "2009-06-11", nil},
		{"decided, seen from the day before", history{asked, told, interim, everyone, letter}, "2009-03-31", []string{"interim_day_90 2009-05-11 49 0 "}},
		{"decided without the NGOs", history{asked, told, at("letter/C-1", "2009-02-20", &events.ConsultationHeld{With: []string{"justice", "homeland_security"}}), letter}, "2009-06-11", []string{"decided_without_consulting  0 0 ngo"}},
		{"consulted after the decision", history{asked, told, letter, at("letter/C-1", "2009-04-02", everyone.Event)}, "2009-06-11", []string{"decided_without_consulting  0 0 justice homeland_security ngo"}},
		{"only interim assistance denied", history{asked, told, everyone, at("letter/C-1", "2009-02-12", &events.LetterDenied{Kind: events.Interim, Reason: projtest.Sealed})}, "2009-06-11", []string{"pending  0 0 "}},
		{"came of age without a letter", history{at("case/C-1", "2009-02-01", minor(17)), asked, told, everyone, at("case/C-1", "2009-05-01", &events.ClientTurned18{})}, "2009-06-11", nil},
		{"not of age yet", history{at("case/C-1", "2009-02-01", minor(17)), asked, told, everyone, at("case/C-1", "2009-05-01", &events.ClientTurned18{})}, "2009-04-30", []string{"pending  0 0 "}},
		{"came of age when a request suffices", history{at("case/C-1", "2016-02-01", minor(17)), at("letter/C-1", "2016-02-10", asked.Event), at("letter/C-1", "2016-02-10", told.Event), at("letter/C-1", "2016-02-20", everyone.Event), at("case/C-1", "2016-05-01", &events.ClientTurned18{})}, "2016-05-11", []string{"pending  0 0 "}},
		{"left the programme", history{at("case/C-1", "2009-02-01", minor(16)), asked, told, everyone, at("case/C-1", "2009-05-01", &events.ServiceClosed{Reason: projtest.Sealed})}, "2009-06-11", nil},
		{"an adult's", history{at("letter/C-1", "2009-02-12", &events.LetterRequested{Kind: events.Certification})}, "2009-06-11", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			ask(t, test.history.stream(t), func(s *projections.Snapshot) error {
				list, err := pipeline.Requests(s, pipeline.RequestFilter{Query: pipeline.Query{On: events.MustDate(test.on)}})
				var got []string
				for _, r := range list {
					due := ""
					if r.Due != 0 {
						due = r.Due.String()
					}
					got = append(got, fmt.Sprint(r.List, " ", due, " ", r.Day, " ", r.Hours, " ", strings.Join(r.Missing, " ")))
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("on %s (-want +got):\n%s", test.on, diff)
				}
				return err
			})
		})
	}
}

// Given late notices of last year, when what happened since is asked for, then they
// are left out, and who still waits is not.
func TestRequestsSince(t *testing.T) {
	h := history{
		at("letter/C-1", "2009-02-09", &events.MinorDiscovered{By: "local", HoursToNotice: 25}),
		at("letter/C-1", "2009-02-10", &events.LetterRequested{Kind: events.Eligibility}),
	}
	ask(t, h.stream(t), func(s *projections.Snapshot) error {
		q := pipeline.RequestFilter{Query: pipeline.Query{On: events.MustDate("2010-01-05")}, Since: events.MustDate("2009-10-01")}
		list, err := pipeline.Requests(s, q)
		if err != nil || len(list) != 1 || list[0].List != pipeline.Pending {
			t.Errorf("%+v, %v", list, err)
		}
		q.Since, q.List = 0, pipeline.ReportedLate
		if list, err = pipeline.Requests(s, q); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		q.Agency = "A-7"
		if list, err = pipeline.Requests(s, q); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		return nil
	})
}

// Given what has an end or a beginning ahead, then it is on the watch from as many
// days before as are asked for until it is over.
func TestWatch(t *testing.T) {
	held := at("letter/C-1", "2009-01-10", &events.ContinuedPresenceGranted{ThroughDate: events.MustDate("2010-01-10")})
	visa := at("letter/C-1", "2009-02-10", &events.TVisaApproved{ThroughDate: events.MustDate("2013-02-09")})
	for _, test := range []struct {
		name    string
		history history
		on      string
		within  int
		want    []string
	}{
		{"continued presence, in time", history{held}, "2009-12-11", 30, []string{"continued_presence_ends 2010-01-10"}},
		{"continued presence, too early", history{held}, "2009-12-11", 29, nil},
		{"continued presence, over", history{held}, "2010-01-11", 30, nil},
		{"continued presence, ended", history{held, at("letter/C-1", "2009-11-10", &events.ContinuedPresenceEnded{Reason: projtest.Sealed})}, "2009-12-11", 30, nil},
		{"continued presence, longer", history{held, at("letter/C-1", "2009-11-10", &events.ContinuedPresenceGranted{ThroughDate: events.MustDate("2010-11-10")})}, "2009-12-11", 30, nil},
		{"continued presence, T visa since", history{held, visa}, "2009-12-11", 30, nil},
		{"three years", history{visa}, "2012-02-01", 30, []string{"lpr_application_opens 2012-02-10"}},
		{"four years", history{visa}, "2013-02-01", 30, []string{"t_status_ends 2013-02-09"}},
		{"applied", history{visa, at("letter/C-1", "2012-02-10", &events.LPRApplicationFiled{})}, "2013-02-01", 30, nil},
		{"T visa without an end", history{at("letter/C-1", "2009-02-10", &events.TVisaApproved{})}, "2013-02-09", 0, []string{"t_status_ends 2013-02-09"}},
		{"17 at enrollment", history{at("case/C-1", "2009-02-10", minor(17))}, "2009-02-10", 30, []string{"turns_18 2009-02-11 to 2010-02-10"}},
		{"16 at enrollment, too early", history{at("case/C-1", "2009-02-10", minor(16))}, "2009-02-10", 90, nil},
		{"16 at enrollment", history{at("case/C-1", "2009-02-10", minor(16))}, "2009-12-10", 90, []string{"turns_18 2010-02-11 to 2011-02-10"}},
		{"two ages", history{at("case/C-1", "2009-02-10", minor(17)), at("letter/C-1", "2008-11-10", &events.MinorDiscovered{By: "local", HoursToNotice: 2, AgeYears: 16})}, "2009-02-10", 300, []string{"turns_18 2009-11-11 to 2010-02-10"}},
		{"discovered, no client", history{at("letter/C-1", "2009-02-10", &events.MinorDiscovered{By: "local", HoursToNotice: 2, AgeYears: 17})}, "2009-02-20", 30, []string{"turns_18 2009-02-11 to 2010-02-10"}},
		{"no age", history{at("letter/C-1", "2009-02-10", &events.MinorDiscovered{By: "local", HoursToNotice: 2})}, "2009-02-20", 30, nil},
		{"eligible", history{at("case/C-1", "2009-02-10", minor(17)), at("letter/C-1", "2009-02-12", &events.LetterIssued{Kind: events.Eligibility, Number: projtest.Sealed})}, "2009-02-20", 30, nil},
		{"turned 18", history{at("case/C-1", "2009-02-10", minor(17)), at("case/C-1", "2009-06-10", &events.ClientTurned18{})}, "2009-06-20", 30, nil},
		{"never recorded", history{at("case/C-1", "2009-02-10", minor(17))}, "2010-06-20", 30, []string{"turns_18 2009-02-11 to 2010-02-10"}},
		{"left", history{at("case/C-1", "2009-02-10", minor(17)), at("case/C-1", "2009-03-10", &events.ServiceClosed{Reason: projtest.Sealed})}, "2009-06-20", 30, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			ask(t, test.history.stream(t), func(s *projections.Snapshot) error {
				list, err := pipeline.Watch(s, pipeline.WatchFilter{Query: pipeline.Query{On: events.MustDate(test.on)}, Within: test.within})
				var got []string
				for _, w := range list {
					text := fmt.Sprint(w.Matter, " ", w.Day)
					if w.To != 0 && w.Matter == pipeline.Turning18 {
						text += " to " + w.To.String()
					}
					got = append(got, text)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("on %s (-want +got):\n%s", test.on, diff)
				}
				return err
			})
		})
	}
}
