package sample_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseledger/cmd/caseledger/internal/sample"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/clocks"
	"caseledger/projections/compliance"
	"caseledger/projections/compliance/planted"
	"caseledger/projections/network"
	"caseledger/projections/projtest"
)

// Given a sample with its lapses, and more put out of line in it, when the monitor and
// the views of case management, caseload and network are asked about the same day,
// then they say the same of what both answer, each from code of its own.
func TestMonitorAgreesWithTheOtherDesks(t *testing.T) {
	recorded := billed(t, sample.Config{Seed: 2, Agencies: 10})
	programme, err := planted.Read(t.Context(), recorded.Source())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for i, day := range asked()[3:] {
		bed := planted.NewBed(programme, day, uint64(i))
		plants := planted.Plants()
		bed.Dice.Shuffle(len(plants), func(i, j int) { plants[i], plants[j] = plants[j], plants[i] })
		for _, p := range plants {
			bed.Put(p) // what fits; both sides see it
		}
		source, err := bed.Record()
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]bool{}, map[string]bool{}
		projtest.Ask(t, source, func(s *projections.Snapshot) error {
			r, err := compliance.On(s, compliance.Filter{On: day})
			for _, x := range r.Exceptions {
				if about := shared(x); about != "" {
					got[x.Rule+" "+about] = true
					found[x.Rule]++
				}
			}
			return errors.Join(err, otherDesks(s, day, want))
		}, compliance.View{}, caseload.View{}, clocks.View{}, network.View{}, casework.View{}, benefits.View{})
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: the monitor differs (-others +monitor):\n%s", day, d)
		}
	}
	for _, rule := range []string{"R27.4", "R27.coverage", "R27.finding", "R28.contact", "R28.plan", "R28.plan-review", "R28.gap", "R28.hand-off", "R28.lead"} {
		if found[rule] == 0 {
			t.Errorf("%s is broken on none of the days: %v", rule, found)
		}
	}
}

// shared returns whom an exception is about, if others answer for it too.
func shared(x compliance.Exception) string {
	switch x.Rule {
	case "R28.gap", "R28.hand-off", "R28.contact", "R28.plan", "R28.plan-review", "R28.lead":
		return x.Client
	case "R27.coverage", "R27.finding", "R27.1", "R27.2", "R27.3", "R27.4", "R27.5", "R27.6", "R27.7", "R27.8", "R27.9":
		return x.Agency
	}
	return ""
}

// otherDesks adds what the views of the others find out of line.
func otherDesks(s *projections.Snapshot, day events.Date, want map[string]bool) error {
	n, err := network.On(s, day, "")
	if err != nil {
		return err
	}
	for _, a := range n.Agencies {
		if a.Standing == caseload.Ended {
			continue
		}
		for _, c := range a.Unmet() {
			want[fmt.Sprintf("R27.%d %s", c.Number, a.Agency)] = true
		}
		if a.OnCall.Gap != "" {
			want["R27.coverage "+a.Agency] = true
		}
	}
	for _, f := range n.Findings() {
		if f.State == network.Overdue {
			want["R27.finding "+f.Agency] = true
		}
	}
	load, err := caseload.On(s, caseload.Filter{On: day})
	if err != nil {
		return err
	}
	served := map[string]bool{}
	for _, c := range load.Cases {
		served[c.Client] = slices.Contains(c.Open, events.ServiceComponent)
	}
	for rule, cases := range map[string][]caseload.Case{"R28.gap": load.InterimLead(), "R28.hand-off": load.Stalled(), "R28.lead": load.NoLead()} {
		for _, c := range cases {
			if served[c.Client] {
				want[rule+" "+c.Client] = true
			}
		}
	}
	due, err := casework.Due(s, caseload.Filter{On: day}, 0)
	if err != nil {
		return err
	}
	for _, i := range due.Items {
		rule := map[casework.Task]string{casework.ContactTask: "R28.contact", casework.PlanTask: "R28.plan", casework.ReviewTask: "R28.plan-review"}[i.Task]
		if rule != "" && i.Days < 0 {
			want[rule+" "+i.Client] = true
		}
	}
	return nil
}
