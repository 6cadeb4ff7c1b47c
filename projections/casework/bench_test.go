package casework_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/benefits"
	"caseledger/projections/caseload"
	"caseledger/projections/casework"
	"caseledger/projections/clocks"
)

// BenchmarkCases measures what each case costs: its row when the views are built, and
// the answers from it.
func BenchmarkCases(b *testing.B) {
	l := &ledger{TB: b}
	const clients = 2000
	for n := range clients {
		history(l, n)
	}
	list := []projections.View{caseload.View{}, clocks.View{}, casework.View{}, benefits.View{}}
	views, err := projections.Open(filepath.Join(b.TempDir(), "views"), list, projections.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer views.Close()
	if err := views.CatchUp(b.Context(), &l.Stream, nil); err != nil {
		b.Fatal(err)
	}
	subjects := make([]*projections.Subject, 0, clients)
	measure := func(name string, f func(*projections.Snapshot) error) {
		b.Run(name, func(b *testing.B) {
			subjects = subjects[:0]
			err := views.Read(func(s *projections.Snapshot) error {
				for b.Loop() {
					if err := f(s); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/clients, "ns/case")
		})
	}
	derive := func(name string, view projections.View) {
		measure(name, func(s *projections.Snapshot) error {
			var row []byte
			for n := range clients {
				if len(subjects) <= n {
					subject, err := s.Client(fmt.Sprintf("C-%d", n))
					if err != nil {
						return err
					}
					if _, err := subject.Entitlement(); err != nil {
						return err
					}
					subjects = append(subjects, subject)
				}
				var err error
				if row, err = view.Derive(subjects[n], row[:0]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	derive("derive casework", casework.View{})
	derive("derive benefits", benefits.View{})
	measure("each casework", func(s *projections.Snapshot) error {
		return casework.Each(s, func(string, *casework.Case) error { return nil })
	})
	measure("each benefits", func(s *projections.Snapshot) error {
		return benefits.Each(s, func(string, *benefits.Case) error { return nil })
	})
	measure("due", func(s *projections.Snapshot) error {
		_, err := casework.Due(s, caseload.Filter{On: events.MustDate("2009-03-01")}, 7)
		return err
	})
}
