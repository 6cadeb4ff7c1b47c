package casework

import (
	"cmp"
	"slices"

	"caseledger/events"
	"caseledger/projections"
)

// A Call is one call for help, with whose it was.
type Call struct {
	Client string `json:"client"`
	Emergency
}

// Responses is how soon an agency answered calls for help (R27: an after-hours
// emergency number).
type Responses struct {
	Agency     string `json:"agency"`
	Calls      int    `json:"calls"`
	AfterHours int    `json:"after_hours"`
	Median     int    `json:"median_minutes"` // the lower one of two
	Slowest    int    `json:"slowest_minutes"`
	// MedianAfterHours is that of the calls after hours, 0 without one.
	MedianAfterHours int `json:"median_minutes_after_hours"`
}

// Calls returns the calls for help from one day to another, in order of day, then of
// client; with an agency, those of its clients.
func Calls(s *projections.Snapshot, from, to events.Date, agency string) ([]Call, error) {
	calls := []Call{}
	err := Each(s, func(client string, c *Case) error {
		for _, e := range c.Emergencies(to) {
			if e.On >= from && (agency == "" || e.Agency == agency) {
				calls = append(calls, Call{client, e})
			}
		}
		return nil
	})
	slices.SortStableFunc(calls, func(a, b Call) int { return cmp.Compare(a.On, b.On) })
	return calls, err
}

// ResponsesOf sums calls up by agency, in order of its id.
func ResponsesOf(calls []Call) (all []Responses) {
	byAgency := map[string][]Call{}
	for _, c := range calls {
		byAgency[c.Agency] = append(byAgency[c.Agency], c)
	}
	for agency, list := range byAgency {
		late := slices.DeleteFunc(slices.Clone(list), func(c Call) bool { return !c.AfterHours })
		r := Responses{Agency: agency, Calls: len(list), AfterHours: len(late), Median: median(list), MedianAfterHours: median(late)}
		for _, c := range list {
			r.Slowest = max(r.Slowest, c.Minutes)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Responses) int { return cmp.Compare(a.Agency, b.Agency) })
	return all
}

func median(calls []Call) int {
	if len(calls) == 0 {
		return 0
	}
	minutes := make([]int, len(calls))
	for i, c := range calls {
		minutes[i] = c.Minutes
	}
	slices.Sort(minutes)
	return minutes[(len(minutes)-1)/2]
}
