package events

import (
	"fmt"
	"time"
)

// A Date is a civil day of the programme, without a time or a zone: the day on
// which something happened or takes effect. It counts days, 1 January of year 1
// being 1, so dates compare and subtract as integers. The zero Date means "no
// date" and is written as an empty string.
//
// Date and [Instant] are different types on purpose: when a thing took effect
// and when the ledger learned it are never the same question.
type Date int32

const (
	unixEpochDay Date = 719163 // 1970-01-01
	// MinDate and MaxDate bound what is accepted as a date of the programme.
	MinDate Date = 693596 // 1900-01-01
	MaxDate Date = 767009 // 2100-12-31
)

// NewDate returns the day of a year, month and day that exist in the calendar;
// it fails on a day such as 30 February and on years outside 1900–2100.
func NewDate(year int, month time.Month, day int) (Date, error) {
	if year < 1900 || year > 2100 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, fmt.Errorf("%04d-%02d-%02d is not a date between 1900 and 2100", year, int(month), day)
	}
	return dateOf(year, month, day), nil
}

// A year is counted from 1 March here, so that the leap day is its last day and
// a month's first day follows from its number alone; four hundred such years
// always have the same length.
const (
	daysPer400Years = 146097
	dayBeforeMarch0 = 305 // Date 0 is day 305 from 1 March of year 0
)

// dateOf returns the day of a date that exists, of year 1 or later.
func dateOf(year int, month time.Month, day int) Date {
	m := int(month) - 3
	if m < 0 {
		m += 12
		year--
	}
	era, y := year/400, year%400
	return Date(era*daysPer400Years + y*365 + y/4 - y/100 + (153*m+2)/5 + day - 1 - dayBeforeMarch0)
}

// daysIn returns the length of a month.
func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// ParseDate reads a date written as YYYY-MM-DD, and nothing else.
func ParseDate(s string) (Date, error) {
	y, m, d, ok := splitDate(s)
	if !ok {
		return 0, fmt.Errorf("%q is not a date of the form YYYY-MM-DD", s)
	}
	return NewDate(y, m, d)
}

func splitDate[T string | []byte](s T) (year int, month time.Month, day int, ok bool) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return 0, 0, 0, false
	}
	bad := byte(0)
	two := func(i int) int {
		tens, units := s[i]-'0', s[i+1]-'0'
		bad |= tens | units | (tens + 6) | (units + 6) // a digit and six more stay below 16
		return int(tens)*10 + int(units)
	}
	year, month, day = two(0)*100+two(2), time.Month(two(5)), two(8)
	return year, month, day, bad < 16
}

// MustDate is [ParseDate] for constants and tests; it panics on a bad date.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// IsZero reports whether d is "no date".
func (d Date) IsZero() bool { return d == 0 }

// Civil returns the year, month and day of d, for days from year 1 on.
func (d Date) Civil() (year int, month time.Month, day int) {
	n := int(d) + dayBeforeMarch0
	era, n := n/daysPer400Years, n%daysPer400Years
	y := (n - n/1460 + n/36524 - n/146096) / 365
	n -= y*365 + y/4 - y/100
	m := (5*n + 2) / 153
	year, month, day = era*400+y, time.Month(m+3), n-(153*m+2)/5+1
	if month > 12 {
		return year + 1, month - 12, day
	}
	return year, month, day
}

// AddMonths returns the same day n months later, clamped to the last day of
// that month: 31 January plus one month is 28 or 29 February.
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Civil()
	months := y*12 + int(m) - 1 + n
	y, m = months/12, time.Month(months%12+1)
	return dateOf(y, m, min(day, daysIn(y, m)))
}

// FirstOfMonth returns the first day of d's calendar month.
func (d Date) FirstOfMonth() Date {
	_, _, day := d.Civil()
	return d - Date(day-1)
}

// LastOfMonth returns the last day of d's calendar month.
func (d Date) LastOfMonth() Date {
	y, m, day := d.Civil()
	return d + Date(daysIn(y, m)-day)
}

// Weekday returns the day of the week of d.
func (d Date) Weekday() time.Weekday { return time.Weekday(d % 7) } // day 1 was a Monday

// String writes d as YYYY-MM-DD, and the zero Date as an empty string.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return string(d.AppendText10(make([]byte, 0, 10)))
}

// AppendText10 appends d as YYYY-MM-DD to b.
func (d Date) AppendText10(b []byte) []byte {
	y, m, day := d.Civil()
	return append(b,
		byte('0'+y/1000%10), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+int(m)/10), byte('0'+int(m)%10), '-',
		byte('0'+day/10), byte('0'+day%10))
}

// MarshalText writes d as [Date.String] does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [Date.MarshalText] writes.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// YearOf returns the first day of the year that a day lies in, where years are
// counted from a first day: its anniversaries, clamped to the month's last day.
func YearOf(first, day Date) Date {
	y0, m0, _ := first.Civil()
	y, m, _ := day.Civil()
	years := (y*12 + int(m) - y0*12 - int(m0)) / 12
	if start := first.AddMonths(12 * years); start <= day {
		return start
	}
	return first.AddMonths(12 * (years - 1))
}
