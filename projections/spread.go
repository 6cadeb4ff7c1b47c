package projections

import "slices"

// A Spread says how numbers of days are spread, by nearest rank: the median is the
// smallest number that at least half do not exceed, so that both are numbers of days
// that somebody really waited. The zero Spread is that of none.
type Spread struct {
	Count      int `json:"count"`
	MedianDays int `json:"median_days"`
	P90Days    int `json:"p90_days"` // nine in ten waited no longer
	MostDays   int `json:"most_days"`
}

// SpreadOf returns the spread of numbers of days. It sorts them.
func SpreadOf(days []int) Spread {
	n := len(days)
	if n == 0 {
		return Spread{}
	}
	slices.Sort(days)
	return Spread{n, days[(n*50+99)/100-1], days[(n*90+99)/100-1], days[n-1]}
}
