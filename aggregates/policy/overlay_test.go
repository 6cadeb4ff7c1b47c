package policy_test

import (
	"testing"

	"caseledger/aggregates/policy"
	"caseledger/events"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Given any two adoptions, a supposition holds from its day on over the policy of
// each day, numbers that it does not name stay those of the day, and the book it
// is laid over stays as it was.
func TestBookWith(t *testing.T) {
	day := func(rt *rapid.T, label string) events.Date {
		return origin + events.Date(rapid.IntRange(0, 9).Draw(rt, label))
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for _, label := range []string{"first ", "second "} {
			w.adopt(day(rt, label+"adopted").String(), drawSettings(rt, label))
		}
		o := policy.Overlay{
			Settings: map[string]string{"period_unit": "calendar_month"},
			Rates:    map[string]int64{"pre_certified.maximum_periods": 12, "certified.client_cents": 450_00},
		}
		if rapid.Bool().Draw(rt, "from a day on") {
			o.From = day(rt, "from")
		}
		plain, err := w.book.With(policy.Overlay{From: o.From})
		if err != nil {
			rt.Fatal(err)
		}
		supposed, err := w.book.With(o)
		if err != nil {
			rt.Fatal(err)
		}
		for d := origin - 1; d < origin+11; d++ {
			adopted := w.book.On(d)
			if diff := cmp.Diff(adopted.Settings, plain.On(d).Settings); diff != "" {
				rt.Fatalf("on %s nothing is supposed: %s", d, diff)
			}
			want := *adopted
			if d >= o.From {
				want.PeriodUnit = policy.CalendarMonth
				want.Rates.PreCertified.MaximumPeriods, want.Rates.Certified.ClientCents = 12, 450_00
			}
			got := *supposed.On(d)
			want.Effective, got.Effective = 0, 0
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("on %s, from %s: want -, got +\n%s", d, o.From, diff)
			}
		}
		again, err := supposed.With(policy.Overlay{Settings: map[string]string{"period_unit": "days30"}})
		if err != nil || again.On(origin+9).PeriodUnit != policy.Days30 || supposed.On(origin+9).PeriodUnit != policy.CalendarMonth {
			rt.Fatalf("a supposition over a supposition: %v", err)
		}
	})
}

// Whatever happened, the amounts by line of the chart sum to the reimbursement.
func TestStatusAmountsSum(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := drawHistory(rt)
		e := h.world(t, nil).evaluate("C")
		closing := origin + day(rapid.IntRange(0, 600).Draw(rt, "closing"))
		r := e.At(closing)
		var sum, other policy.StatusAmount
		for _, a := range e.StatusAmounts(closing) {
			sum.AdministrativeCents += a.AdministrativeCents
			sum.ClientCents += a.ClientCents
			if (a.Status == policy.Derivative) != h.derivative {
				other.AdministrativeCents += a.AdministrativeCents
				other.ClientCents += a.ClientCents
			}
		}
		if sum.AdministrativeCents != r.AdministrativeCents || sum.ClientCents != r.ClientCents.Paid {
			rt.Fatalf("%+v, want the sum of %+v", sum, r)
		}
		if other != (policy.StatusAmount{}) {
			rt.Fatalf("derivative %v: %+v is another's", h.derivative, other)
		}
		if h.derivative || h.letter == 0 {
			return
		}
		// Without a letter nothing is certified.
		h.letter = 0
		for _, a := range h.world(t, nil).evaluate("C").StatusAmounts(closing) {
			if a.Status != policy.PreCertified && a.AdministrativeCents+a.ClientCents != 0 {
				rt.Fatalf("without a letter: %+v", a)
			}
		}
	})
}
