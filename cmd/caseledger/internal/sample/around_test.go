package sample_test

import (
	"slices"
	"testing"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/caseload"
	"caseledger/projections/network"
	"caseledger/projections/projtest"
)

// aroundOnly are the commands that the network is made of, with the enrollments that
// its reviews look into.
func aroundOnly(c sample.Config) func(yield func(app.Request) bool) {
	kinds := []events.Kind{events.KindAgency, events.KindWorker, events.KindPartner, events.KindTraining, events.KindAward}
	return func(yield func(app.Request) bool) {
		for r := range sample.Requests(c) {
			subject, err := r.Command.Target(r.ID)
			if err == nil && !slices.Contains(kinds, subject.Kind()) && r.Name != "enroll-client" && r.Name != "screen-client" {
				continue
			}
			if !yield(r) {
				return
			}
		}
	}
}

// lapses counts what is out of line in a sample's network over all its months.
func lapses(t *testing.T, c sample.Config) map[string]int {
	t.Helper()
	found := map[string]int{}
	projtest.Ask(t, recorded(t, aroundOnly(c)), func(s *projections.Snapshot) error {
		last := events.MustDate("2009-06-30")
		for day := events.MustDate("2006-04-03"); day <= last; day += 29 {
			n, err := network.On(s, day, "")
			if err != nil {
				return err
			}
			for i := range n.Agencies {
				if a := &n.Agencies[i]; a.Standing != caseload.Ended {
					count(found, a)
				}
			}
			found["agencies"] += len(n.Agencies)
			partners, err := network.Partners(s, network.PartnerFilter{On: day})
			if err != nil {
				return err
			}
			for _, p := range partners {
				if p.Vetting == network.VettingDue {
					found["vetting"]++
				}
			}
		}
		n, err := network.On(s, last, "")
		if err != nil {
			return err
		}
		return missed(s, n, found)
	}, caseload.View{}, network.View{})
	return found
}

func count(found map[string]int, a *network.Agency) {
	if len(a.Unmet()) > 0 {
		found["criteria"]++
	}
	if a.OnCall.Gap != "" {
		found["coverage"]++
	}
	if a.PointOfContact == "" {
		found["contact"]++
	}
	for _, f := range a.Findings {
		if f.State == network.Overdue {
			found["overdue"]++
		}
	}
}

// missed counts the months in which an agency attended no core training, though it was
// under subcontract all month, and the workers who were never offered support.
func missed(s *projections.Snapshot, n *network.Network, found map[string]int) error {
	core, err := network.CoreAttendance(s, events.MustDate("2006-04-01"), n.On)
	if err != nil {
		return err
	}
	for month, attended := range core {
		there, err := network.On(s, month, "")
		if err != nil {
			return err
		}
		for _, a := range there.Agencies {
			if a.Standing != caseload.Ended && attended[a.Agency] == 0 {
				found["training"]++
			}
		}
	}
	for _, w := range n.Workers {
		if len(w.Support) == 0 {
			found["support"]++
		}
	}
	return nil
}

// Given a clean sample, then its network is in order on every day; and the ordinary one
// has plausible lapses of each kind, a few percent.
func TestNetworkLapses(t *testing.T) {
	clean := lapses(t, sample.Config{Seed: 2, Clean: true})
	if clean["agencies"] < 2000 {
		t.Fatalf("looked at %d agencies only", clean["agencies"])
	}
	for what, n := range clean {
		if what != "agencies" && what != "support" && n > 0 {
			t.Errorf("a clean sample has %d lapses of %s", n, what)
		}
	}
	ordinary := lapses(t, sample.Config{Seed: 2})
	for _, what := range []string{"criteria", "coverage", "contact", "overdue", "training"} {
		if n := ordinary[what]; n == 0 || n > ordinary["agencies"]/5 {
			t.Errorf("%d lapses of %s in %d agencies and days: want some, and few", n, what, ordinary["agencies"])
		}
	}
	t.Logf("clean %v; ordinary %v", clean, ordinary)
}
