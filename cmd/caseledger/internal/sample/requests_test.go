package sample_test

import (
	"strings"
	"testing"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/pipeline"
	"caseledger/projections/projtest"
	"caseledger/projections/referrals"
)

// pathways leaves of a sample what HHS records, the agencies and the referrals that led
// to no enrollment: enough for the lists, in a tenth of the time.
func pathways(c sample.Config) func(yield func(app.Request) bool) {
	return func(yield func(app.Request) bool) {
		for r := range sample.Requests(c) {
			switch {
			case r.Name == "enroll-referral", r.Name == "record-cooperation":
				continue
			case strings.HasSuffix(r.Name, "-referral"), strings.HasSuffix(r.Name, "-subcontract"), strings.HasSuffix(r.Name, "-agency"),
				r.Name == "receive-signal", r.Name == "refer-lead", r.Name == "withdraw-referral-fact", r.Name == "record-award",
				r.Role == "hhs" && r.Name != "adopt-policy":
			default:
				continue
			}
			if r.Name != "answer-service-referral" && !yield(r) {
				return
			}
		}
	}
}

// Given a sample, when the lists of Requests for Assistance are asked for at its end,
// then a few things were not done in time; in a clean one, none.
func TestLapsesOfRequests(t *testing.T) {
	for _, clean := range []bool{true, false} {
		projtest.Ask(t, recorded(t, pathways(sample.Config{Seed: 11, Clean: clean})), func(s *projections.Snapshot) error {
			on := events.MustDate("2009-06-30")
			list, err := pipeline.Requests(s, pipeline.RequestFilter{Query: pipeline.Query{On: on}})
			if err != nil {
				return err
			}
			late, children := 0, map[string]bool{}
			for _, r := range list {
				switch r.List {
				case pipeline.ReportedLate, pipeline.NotNotified, pipeline.NotifiedLate, pipeline.NotConsulted:
					late++
				}
				children[r.Client] = true
			}
			if clean && late > 0 || !clean && (late < 3 || late > 20) {
				t.Errorf("clean %v: %d things were not done in time: %+v", clean, late, list)
			}
			sent, err := referrals.On(s, referrals.Filter{On: on})
			if err != nil {
				return err
			}
			lines, err := referrals.Sources(s, sent)
			for _, l := range lines {
				if l.Unknown {
					t.Errorf("the award %s of %d leads is not on record", l.Source, l.Referrals)
				}
			}
			if len(sent) < 500 || len(lines) < 20 {
				t.Errorf("%d referrals of %d sources", len(sent), len(lines))
			}
			return err
		}, referrals.View{}, pipeline.View{})
	}
}
