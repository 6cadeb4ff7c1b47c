package sample

import (
	"testing"

	"caseledger/events"
)

// Given any first day that a cohort allows, when the other days of a life are
// thrown, then there is one to choose: no seed can meet an empty span.
func TestCohortsLeaveRoom(t *testing.T) {
	for _, c := range append(victimCohorts(), familyCohorts()...) {
		days := c.enroll
		if c.standing == moved {
			days = c.letter
		}
		if days.first == 0 || days.last < days.first {
			t.Fatalf("%s begins within %v", c.name, days)
		}
		for on := days.first; on <= days.last; on++ {
			for what, s := range c.spansAfter(on) {
				if s.last < s.first {
					t.Fatalf("%s: from %s on there is no day for the %s: %s to %s", c.name, on, what, s.first, s.last)
				}
			}
		}
	}
}

// spansAfter returns the spans that a planner throws in when the first throw was on.
func (c *cohort) spansAfter(on events.Date) map[string]span {
	if c.standing == moved {
		return map[string]span{"enrollment": c.enrollBefore(on), "last day": c.lastAfterLetter(on)}
	}
	spans := map[string]span{"last day": c.lastAfterEnrollment(on)}
	if c.standing == certifiedOnly {
		spans["letter"] = c.letterBefore(on)
	}
	return spans
}

// Given the cohorts, when they are added up, then the sums are those of Table 3
// and of the year 2008, and each year's letters have room for them.
func TestCohortsAddUp(t *testing.T) {
	of := map[standing]int{}
	letters := map[int][2]int{}
	for _, c := range append(victimCohorts(), familyCohorts()...) {
		of[c.standing] += c.adults.sum() + c.minors.sum()
		n := letters[c.letterYear]
		letters[c.letterYear] = [2]int{n[0] + c.adults.sum(), n[1] + c.minors.sum()}
	}
	for s, want := range map[standing]int{preOnly: 303, certifiedOnly: 535, moved: 199, derivative: 272} {
		if of[s] != want {
			t.Errorf("standing %d: %d people, want %d", s, of[s], want)
		}
	}
	for _, q := range letterQuotas() {
		if n := letters[q.year]; n[0] > q.adults || n[1] > q.children {
			t.Errorf("%d: clients have %v letters of %d and %d", q.year, n, q.adults, q.children)
		}
	}
	adults, children := outsiders2008()
	n := letters[profiledYear]
	if got := [2]int{n[0] + adults.sum(), n[1] + children.sum()}; got != [2]int{286, 31} {
		t.Errorf("letters of the profiled year: %v", got)
	}
	quota := 0
	for _, q := range countries2008() {
		quota += q.letters
	}
	if quota != 286 || len(childPlaces2008()) != 31 {
		t.Errorf("%d countries' letters and %d children's places", quota, len(childPlaces2008()))
	}
}
