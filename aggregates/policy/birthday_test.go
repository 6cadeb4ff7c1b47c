package policy

import (
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
)

// Given any birth date, when only the age in years on a day is known, then the 18th
// birthday lies in the range, and the range is a year long.
func TestBirthdayRangeHoldsTheBirthday(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := events.MustDate("1988-01-01") + events.Date(rapid.IntRange(0, 3000).Draw(t, "birth"))
		if rapid.Bool().Draw(t, "leap day") {
			birth = events.MustDate("1992-02-29")
		}
		on := birth + events.Date(rapid.IntRange(366, 18*365).Draw(t, "days"))
		years := 0
		for completes(birth, years+1) <= on {
			years++
		}
		first, last := BirthdayRange(on, years, 18)
		if day := Eighteenth(birth); day < first || day > last || last-first > 366 {
			t.Fatalf("born %s, %d years on %s: 18 on %s, not from %s to %s", birth, years, on, day, first, last)
		}
	})
}

// completes returns the day on which an age is completed, 1 March for who was born on
// a 29 February that the year does not have (R10).
func completes(birth events.Date, age int) events.Date {
	day := birth.AddMonths(12 * age)
	_, _, born := birth.Civil()
	if _, _, d := day.Civil(); d != born {
		return day + 1
	}
	return day
}
