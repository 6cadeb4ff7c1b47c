package recount

import "caseledger/events"

// A RefugeeClock is the time in which the client may have refugee cash and
// medical assistance (R26).
type RefugeeClock struct {
	Letter        string // record of the letter, or of a derivative's link
	Months        int
	From, Through events.Date
}

// refugeeClock counts from the date of the first letter, or from a derivative's
// benefit date (R06, R26).
func refugeeClock(book rulebook, f *facts) *RefugeeClock {
	c := &RefugeeClock{}
	if f.derivative() {
		c.From, c.Letter = f.benefitDate(), f.linkRecord
	} else {
		for _, l := range f.letters {
			if c.From == 0 || l.dated < c.From {
				c.From, c.Letter = l.dated, l.record
			}
		}
	}
	if c.From == 0 {
		return nil
	}
	c.Months = refugeeMonths(c.From)
	c.Through = c.From.AddMonths(c.Months) - 1
	if book.on(c.From).rcaMonths == "calendar_month_first_counts" {
		c.Through = c.From.FirstOfMonth().AddMonths(c.Months) - 1
	}
	return c
}

func refugeeMonths(letter events.Date) int {
	switch {
	case letter >= events.MustDate("2025-05-05"):
		return 4
	case letter >= events.MustDate("2021-10-01"):
		return 12
	}
	return 8
}
