package policy_test

import (
	"fmt"
	"testing"

	"caseledger/events"
)

// benchClient is an ordinary client: nine and four periods, one transfer.
func benchClient(b *testing.B, expenses int) *world {
	w := newWorld(b)
	enrolled := events.MustDate("2008-01-05")
	h := history{enrolled: enrolled, letter: enrolled + 270, notice: enrolled + 280, transfers: map[day]string{enrolled + 100: "B"}}
	for i := range expenses {
		h.expenses = append(h.expenses, spent{enrolled + day(i*385/expenses), int64(6_000_00 / expenses), "A"})
	}
	w.run(h.commands()...)
	return w
}

func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{15, 400} {
		w := benchClient(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.evaluate("C")
			}
		})
	}
}

func BenchmarkAt(b *testing.B) {
	for _, n := range []int{15, 400} {
		e := benchClient(b, n).evaluate("C")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.At(events.MustDate("2008-12-31"))
			}
		})
	}
}
