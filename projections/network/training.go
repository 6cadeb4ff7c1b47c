package network

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
)

// Core is the course of the monthly training that every agency attends (S2).
const Core = "core"

// A Training is one that was held, with how many of each agency attended.
type Training struct {
	Training string         `json:"training"`
	On       events.Date    `json:"on"`
	Course   string         `json:"course"`
	Topic    string         `json:"topic"`
	Minutes  int            `json:"minutes"`
	Agencies map[string]int `json:"agencies"` // workers who attended, by agency
	Workers  []string       `json:"workers"`  // who attended
	Record   uint64         `json:"record"`
}

// Trainings returns what was held in first..last, in order of day and id.
func Trainings(s *projections.Snapshot, first, last events.Date) (all []Training, err error) {
	err = s.Rows(viewName, events.KindTraining, func(id, b []byte) error {
		var r trainingRow
		if err := read(b, &r); err != nil {
			return fmt.Errorf("read training %s: %w", id, err)
		}
		if r.on < first || r.on > last {
			return nil
		}
		t := Training{string(id), r.on, r.course, r.topic, r.minutes, map[string]int{}, r.workers, r.record}
		for _, a := range r.agencies {
			t.Agencies[a]++
		}
		all = append(all, t)
		return nil
	})
	slices.SortStableFunc(all, func(a, b Training) int { return cmp.Compare(a.On, b.On) })
	return all, err
}

// CoreAttendance returns, by the first day of each month in first..last in which core
// training was held, how many workers of each agency attended it.
func CoreAttendance(s *projections.Snapshot, first, last events.Date) (map[events.Date]map[string]int, error) {
	all, err := Trainings(s, first, last)
	if err != nil {
		return nil, err
	}
	months := map[events.Date]map[string]int{}
	for _, t := range all {
		if t.Course != Core {
			continue
		}
		month := t.On.FirstOfMonth()
		if months[month] == nil {
			months[month] = map[string]int{}
		}
		for agency, n := range t.Agencies {
			months[month][agency] += n
		}
	}
	return months, nil
}
