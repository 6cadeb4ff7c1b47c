package family_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/family"
	"caseledger/projections/placements"
	"caseledger/projections/projtest"
)

// Given a principal with a spouse abroad, a child in the U.S. and a child first linked
// to somebody else, then each day's family is who is linked by then, asked by anyone of
// them.
func TestOf(t *testing.T) {
	derivative := func(principal string, class events.VisaClass, notice, entry string) *events.ClientEnrolled {
		link := &events.DerivativeLink{Principal: principal, VisaClass: class}
		if notice != "" {
			link.NoticeDate = events.MustDate(notice)
		}
		if entry != "" {
			link.EntryDate = events.MustDate(entry)
		}
		return &events.ClientEnrolled{Agency: "A-2", Class: events.Derivative, AgeGroup: events.Adult, Derivative: link}
	}
	src := projtest.Of(t, []projtest.Entry{
		{Subject: "case/C-1", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult}},
		{Subject: "letter/C-1", On: "2009-02-01", Event: &events.TVisaApproved{}},
		{Subject: "letter/C-1", On: "2009-02-10", Event: &events.LetterIssued{Kind: events.Certification, Number: projtest.Sealed, Basis: "t_visa"}},
		{Subject: "case/C-1", On: "2009-02-20", Event: &events.LetterReceived{Kind: events.Certification, LetterDate: events.MustDate("2009-02-10"), ReceivedOn: events.MustDate("2009-02-20")}},
		{Subject: "case/C-2", On: "2009-04-05", Event: derivative("C-1", events.T2, "", "2009-04-01")},
		{Subject: "case/C-3", On: "2009-03-05", Event: derivative("C-1", events.T3, "2009-03-01", "")},
		{Subject: "case/C-4", On: "2009-03-15", Event: derivative("C-9", events.T3, "2009-03-01", "")},
		{Subject: "case/C-4", On: "2009-03-15", Event: &events.DerivativeLinked{Link: events.DerivativeLink{Principal: "C-1", VisaClass: events.T3, NoticeDate: events.MustDate("2009-03-02")}}},
		{Subject: "case/C-1", On: "2009-06-30", Event: &events.ServiceClosed{Reason: projtest.Sealed}},
		{Subject: "case/C-9", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult}},
	}...)
	for _, test := range []struct {
		client, on string
		want       []string
	}{
		{"C-1", "2009-07-01", []string{
			"C-1 T-1 certified A-1 2009-01-05 closed 2009-06-30; letters [{certification 2009-02-10 2009-02-20}]; status to 2013-01-31; benefits ",
			"C-3 T-3 derivative A-2 2009-03-05 closed ; letters []; status to ; benefits 2009-03-01",
			"C-4 T-3 derivative A-2 2009-03-15 closed ; letters []; status to ; benefits 2009-03-02",
			"C-2 T-2 derivative A-2 2009-04-05 closed ; letters []; status to ; benefits 2009-04-01",
		}},
		{"C-2", "2009-02-15", []string{"C-1 T-1 certified A-1 2009-01-05 closed ; letters [{certification 2009-02-10 }]; status to 2013-01-31; benefits "}},
		{"C-9", "2009-07-01", []string{"C-9  pre_certified A-1 2009-01-05 closed ; letters []; status to ; benefits "}},
	} {
		projtest.Ask(t, src, func(s *projections.Snapshot) error {
			f, err := family.Of(s, test.client, events.MustDate(test.on))
			if err != nil {
				return err
			}
			var got []string
			for _, m := range f.Members {
				got = append(got, fmt.Sprintf("%s %s %s %s %s closed %s; letters %v; status to %s; benefits %s", m.Client, m.VisaClass, m.Status, m.Agency, m.Enrolled, m.Closed, m.Letters, m.StatusEnds, m.BenefitDate))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s on %s (-want +got):\n%s", test.client, test.on, diff)
			}
			return nil
		}, placements.View{})
	}
	projtest.Ask(t, src, func(s *projections.Snapshot) error {
		var missing *projections.NotFoundError
		if _, err := family.Of(s, "C-77", 1); !errors.As(err, &missing) {
			t.Errorf("%v, want a not found error", err)
		}
		return nil
	}, placements.View{})
}
