package projections_test

import (
	"testing"

	"caseledger/projections"
)

func TestSpreadIsByNearestRank(t *testing.T) {
	ten := []int{10, 1, 9, 2, 8, 3, 7, 4, 6, 5}
	for _, test := range []struct {
		days []int
		want projections.Spread
	}{
		{nil, projections.Spread{}},
		{[]int{7}, projections.Spread{Count: 1, MedianDays: 7, P90Days: 7, MostDays: 7}},
		{[]int{9, 1}, projections.Spread{Count: 2, MedianDays: 1, P90Days: 9, MostDays: 9}},
		{ten, projections.Spread{Count: 10, MedianDays: 5, P90Days: 9, MostDays: 10}},
		{append(ten, 40), projections.Spread{Count: 11, MedianDays: 6, P90Days: 10, MostDays: 40}},
	} {
		if got := projections.SpreadOf(test.days); got != test.want {
			t.Errorf("%v: %+v, want %+v", test.days, got, test.want)
		}
	}
}
