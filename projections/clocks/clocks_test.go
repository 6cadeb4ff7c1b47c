package clocks_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/clocks"
	"caseledger/projections/projtest"
)

func snapshot(t testing.TB, src projections.Source, f func(*projections.Snapshot)) {
	t.Helper()
	projtest.Ask(t, src, func(s *projections.Snapshot) error { f(s); return nil }, clocks.View{})
}

// Given any lives of a few clients, then on every day the list shows exactly the
// clocks that the policy gives for the facts effective by then.
func TestListIsThePolicys(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		snapshot(t, projtest.Lives(t, rt, 3), func(s *projections.Snapshot) {
			for range 20 {
				on := events.MustDate("2006-12-01") + events.Date(rapid.IntRange(0, 900).Draw(rt, "on"))
				got, err := clocks.List(s, clocks.Filter{On: on})
				if err != nil {
					rt.Fatal(err)
				}
				lines := map[string]clocks.Line{}
				for _, l := range got {
					lines[l.Client] = l
				}
				for _, id := range []string{"C-0", "C-1", "C-2"} {
					want := expected(rt, s, id, on)
					if diff := cmp.Diff(want, lines[id]); diff != "" {
						rt.Fatalf("%s on %s (-policy +list):\n%s", id, on, diff)
					}
				}
			}
		})
	})
}

// expected finds the clock that runs by the policy alone.
func expected(rt *rapid.T, s *projections.Snapshot, id string, on events.Date) (line clocks.Line) {
	r, err := clocks.Of(s, id, on)
	if err != nil {
		rt.Fatal(err)
	}
	c, err := s.Client(id)
	if err != nil {
		rt.Fatal(err)
	}
	f, err := c.Facts()
	if err != nil {
		rt.Fatal(err)
	}
	for _, c := range r.Clocks {
		if c.Start <= on && on <= c.End {
			line = clocks.Line{Client: id, Agency: f.AgencyOn(on), Status: c.Status, Start: c.Start, End: c.End,
				DaysUsed: c.DaysUsed, DaysLeft: c.DaysLeft, LastFundedDay: r.LastFundedDay}
		}
	}
	return line
}

// Given the worked example W08 and a later closure, then the clock ends with the
// 270th day until the closure is effective.
func TestEndingWithin(t *testing.T) {
	s := &projtest.Stream{}
	s.Add(t, projtest.Entry{Subject: "case/C-1", On: "2009-01-05", Event: &events.ClientEnrolled{Agency: "A-1", Class: events.Victim, AgeGroup: events.Adult}})
	s.Add(t, projtest.Entry{Subject: "case/C-1", On: "2009-09-20", Event: &events.ServiceClosed{Reason: projtest.Sealed}})
	tests := []struct {
		on     string
		within int
		agency string
		left   int // -1: not listed
	}{
		{"2009-01-04", 365, "", -1},
		{"2009-01-05", 365, "", 269},
		{"2009-09-01", 30, "", 30},
		{"2009-09-01", 29, "", -1},
		{"2009-09-01", 30, "A-1", 30},
		{"2009-09-01", 30, "A-2", -1},
		{"2009-09-20", 0, "", 11}, // closed today: the last day, eleven left unused
		{"2009-09-21", 365, "", -1},
	}
	snapshot(t, s, func(s *projections.Snapshot) {
		for _, test := range tests {
			lines, err := clocks.List(s, clocks.Filter{On: events.MustDate(test.on), Ending: true, Within: test.within, Agency: test.agency})
			if err != nil {
				t.Fatal(err)
			}
			if left := -1; len(lines) > 1 || (len(lines) == 1) != (test.left >= 0) {
				t.Errorf("%+v: %+v", test, lines)
			} else if len(lines) == 1 {
				if left = lines[0].DaysLeft; left != test.left {
					t.Errorf("%+v: %d days left", test, left)
				}
			}
		}
		var missing *projections.NotFoundError
		if _, err := clocks.Of(s, "C-2", events.MustDate("2009-01-05")); !errors.As(err, &missing) {
			t.Errorf("%v, want a not found error", err)
		}
	})
}
