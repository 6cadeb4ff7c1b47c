package policy

import (
	"time"

	"caseledger/events"
)

// Assistance is the clock of refugee cash and medical assistance (R26). The zero
// Assistance is that of somebody without a letter or a benefit date.
type Assistance struct {
	From   events.Date `json:"from"` // the letter date, or a derivative's benefit date
	Months int         `json:"months"`
	To     events.Date `json:"to"` // last day
}

// The first letter dates of the later lengths of R26.
var (
	twelveMonths = mustDay(2021, time.October, 1)
	fourMonths   = mustDay(2025, time.May, 5)
)

// AssistanceFrom returns the assistance clock of a letter date (R26): 8 months,
// 12 for letters from 2021-10-01, 4 from 2025-05-05. From date to date it ends
// the day before the same day of the last month, clamped to that month's last
// day; otherwise the letter's calendar month counts as the first one.
func AssistanceFrom(letter events.Date, s Settings) Assistance {
	a := Assistance{From: letter, Months: 8}
	switch {
	case letter >= fourMonths:
		a.Months = 4
	case letter >= twelveMonths:
		a.Months = 12
	}
	if s.RCAMonthCounting == CalendarMonthFirstCounts {
		a.To = letter.FirstOfMonth().AddMonths(a.Months) - 1
	} else {
		a.To = letter.AddMonths(a.Months) - 1
	}
	return a
}

// assistanceOf returns a client's assistance clock, under the policy in force on
// its first day; a derivative's benefit date stands in for the letter date (R06).
func assistanceOf(f *Facts, book *Book) Assistance {
	var from events.Date
	if e, _ := f.Enrollment(); e.Class == events.Derivative {
		link, _ := f.link()
		from = link.Benefit
	} else {
		letter, _ := f.letter()
		from = letter.LetterDate
	}
	if from == 0 {
		return Assistance{}
	}
	return AssistanceFrom(from, book.On(from).Settings)
}

// InterimLastDay returns the last day of interim assistance: 90 days, the first
// one counted, and 30 more for each extension (R09).
func InterimLastDay(issued events.Date, extensions int) events.Date {
	return issued + 90 + 30*events.Date(extensions) - 1
}

// TVisaWatch returns the two dates to watch of a T visa: the first day of a
// possible LPR application after three years, and the last day of a stay of four
// years (R07).
func TVisaWatch(approved events.Date) (application, last events.Date) {
	return approved.AddMonths(3 * 12), approved.AddMonths(4*12) - 1
}
