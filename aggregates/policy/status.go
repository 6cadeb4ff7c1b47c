package policy

import (
	"time"

	"caseledger/events"
)

// A Status is what a client is on a day (R04).
type Status string

// The statuses of R04.
const (
	PreCertified Status = "pre_certified"
	Certified    Status = "certified"
	PreEligible  Status = "pre_eligible"
	Eligible     Status = "eligible"
	Derivative   Status = "derivative"
)

// HasLetter reports whether the status rests on an HHS letter.
func (s Status) HasLetter() bool { return s == Certified || s == Eligible }

// A StatusSpan is a run of enrolled days in one status.
type StatusSpan struct {
	Span
	Status Status `json:"status"`
}

// requestBefore18Suffices is the first letter date on which an eligibility
// letter may be issued after the 18th birthday to who asked before it (R10).
var requestBefore18Suffices = mustDay(2016, time.May, 11)

// minorOn reports whether the client counts as a minor on a day: enrolled as
// one and not yet recorded as turned 18 (R10). An unknown age counts as adult.
func (f *Facts) minorOn(day events.Date) bool {
	e, ok := f.Enrollment()
	return ok && e.AgeGroup == events.Minor && (len(f.Turned18) == 0 || day < f.Turned18[0].OccurredOn)
}

// counts reports whether a letter makes its holder certified or eligible. An
// interim letter never does (R04, R09); an eligibility letter dated after the
// recorded 18th birthday does from 2016-05-11 on (R10).
func (f *Facts) counts(l *Letter) bool {
	if l.Kind == events.Eligibility && len(f.Turned18) > 0 && l.LetterDate >= f.Turned18[0].OccurredOn {
		return l.LetterDate >= requestBefore18Suffices
	}
	return l.Kind != events.Interim
}

// letter returns the HHS letter that made the client certified or eligible: the
// one with the earliest letter date that counts. Later ones start nothing new (R07).
func (f *Facts) letter() (Letter, bool) {
	for i := range f.Letters {
		if l := &f.Letters[i]; f.counts(l) {
			return *l, true
		}
	}
	return Letter{}, false
}

// status returns what a letter makes of its holder: eligible for an eligibility
// letter, which stays good after 18 (R10), and for any letter to a minor.
func (l Letter) status(f *Facts) Status {
	if l.Kind == events.Eligibility || f.minorOn(l.LetterDate) {
		return Eligible
	}
	return Certified
}

// withoutLetter is the status of a victim who has no letter yet.
func (f *Facts) withoutLetter(day events.Date) Status {
	if f.minorOn(day) {
		return PreEligible
	}
	return PreCertified
}

// StatusOn returns the client's status on a day by the letter date, or "" for
// somebody who was never enrolled (R04). It does not ask whether the day is
// enrolled or funded, and no setting about money moves it.
func StatusOn(f *Facts, day events.Date) Status {
	e, ok := f.Enrollment()
	switch l, letter := f.letter(); {
	case !ok:
		return ""
	case e.Class == events.Derivative:
		return Derivative
	case letter && l.LetterDate <= day:
		return l.status(f)
	default:
		return f.withoutLetter(day)
	}
}

// StatusSpans returns the status history over the enrolled days, in order.
func StatusSpans(f *Facts) []StatusSpan {
	var changes [2]events.Date // days on which the status may change
	n := 0
	if l, ok := f.letter(); ok {
		changes[n] = l.LetterDate
		n++
	}
	if len(f.Turned18) > 0 {
		changes[n] = f.Turned18[0].OccurredOn
		n++
	}
	if n == 2 && changes[0] > changes[1] {
		changes[0], changes[1] = changes[1], changes[0]
	}
	var spans []StatusSpan
	for _, s := range f.EnrolledSpans() {
		for _, c := range changes[:n] {
			if s.From < c && c <= s.To {
				spans = appendStatus(spans, Span{s.From, c - 1}, StatusOn(f, s.From))
				s.From = c
			}
		}
		spans = appendStatus(spans, s, StatusOn(f, s.From))
	}
	return spans
}

func appendStatus(spans []StatusSpan, s Span, status Status) []StatusSpan {
	if n := len(spans); n > 0 && spans[n-1].To+1 == s.From && spans[n-1].Status == status {
		spans[n-1].To = s.To
		return spans
	}
	return append(spans, StatusSpan{s, status})
}

// Eighteenth returns the 18th birthday. Who was born on 29 February comes of age
// on 1 March (R10).
func Eighteenth(birth events.Date) events.Date {
	day := birth.AddMonths(18 * 12)
	_, _, born := birth.Civil()
	if _, _, d := day.Civil(); d != born {
		return day + 1
	}
	return day
}

// BirthdayRange returns the first and the last day on which somebody can complete an
// age who had completed so many years on a day: what is known of a birthday while the
// birth date is sealed (R10, R11).
func BirthdayRange(on events.Date, years, age int) (first, last events.Date) {
	first = on.AddMonths(12*(age-1-years)) + 1
	last = on.AddMonths(12 * (age - years))
	_, _, asked := on.Civil()
	if _, _, d := last.Civil(); d != asked {
		last++ // born on 29 February
	}
	return first, last
}

// t6Opens is the day from which a T-6 derivative may be enrolled (R06).
var t6Opens = mustDay(2013, time.March, 7)

// DerivativeClassOpen reports whether a derivative of a visa class may be
// enrolled on a day (R06).
func DerivativeClassOpen(class events.VisaClass, day events.Date) bool {
	switch class {
	case events.T2, events.T3, events.T4, events.T5:
		return true
	case events.T6:
		return day >= t6Opens
	}
	return false
}

// AsksRemoval reports whether enrollment of a class asks for the removal from
// the trafficking situation (R01).
func (s Settings) AsksRemoval(class events.ClientClass) bool {
	return class == events.Victim || s.RemovedForDerivatives == Asked
}
