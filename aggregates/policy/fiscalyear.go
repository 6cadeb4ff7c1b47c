package policy

import (
	"time"

	"caseledger/events"
)

// FiscalYear returns the federal fiscal year of a day: 1 October to
// 30 September, named by the year it ends in (R29).
func FiscalYear(day events.Date) int {
	year, month, _ := day.Civil()
	if month >= time.October {
		return year + 1
	}
	return year
}

// FiscalYearRange returns the first and the last day of a fiscal year between
// 1901 and 2100 (R29); it panics outside.
func FiscalYearRange(year int) (first, last events.Date) {
	return mustDay(year-1, time.October, 1), mustDay(year, time.September, 30)
}

func mustDay(year int, month time.Month, day int) events.Date {
	d, err := events.NewDate(year, month, day)
	if err != nil {
		panic("policy: " + err.Error())
	}
	return d
}
