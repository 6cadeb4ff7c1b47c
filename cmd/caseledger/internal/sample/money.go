package sample

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"caseledger/aggregates/clientcase"
	"caseledger/events"
)

// serves reports whether a day is an enrolled day of the client.
func (l *life) serves(day events.Date) bool {
	return day >= l.enroll && day <= l.last && (l.gap.first == 0 || day < l.gap.first || day > l.gap.last)
}

// months calls do for every thirty days of enrollment that begin by the horizon.
func (l *life) months(do func(month int, first, last events.Date)) {
	for month, first := 0, l.enroll; first <= min(l.last, horizon); month, first = month+1, first+30 {
		do(month, first, min(first+29, l.last, horizon))
	}
}

// Needs at first, and later ones.
var (
	urgentServices  = []string{"housing", "food", "clothing", "medical", "safety", "mental_health", "interpretation", "legal"}
	laterServices   = []string{"immigration", "legal", "employment", "education", "transportation", "life_skills", "mental_health", "dental", "family_reunification", "income"}
	urgentExpenses  = []string{"housing", "housing", "food", "clothing", "medical"}
	laterExpenses   = []string{"housing", "food", "transportation", "education", "dental", "medical", "general_support"}
	consentScopes   = []string{"identity", "services", "legal", "health", "whole_case"}
	serviceContexts = []string{"met at the office", "accompanied to the appointment", "visited at the shelter", "spoke by telephone"}
)

// writeServices writes what was done for the client: more in the first month.
func (l *life) writeServices() {
	language := languageOf(l.country)
	l.months(func(month int, first, last events.Date) {
		categories, n := laterServices, l.d.IntN(3)
		if month == 0 {
			categories, n = urgentServices, 2+l.d.IntN(2)
		}
		for range n {
			on := l.d.day(first, last)
			if !l.serves(on) {
				continue
			}
			by := l.on(on)
			s := &clientcase.DeliverService{
				Client: l.id, Category: pick(l.d, categories), Worker: by.lead.id,
				Minutes: 15 * (1 + l.d.IntN(12)), Language: language,
				Interpreter: language != "en" && !speaks(by.lead, language),
			}
			if l.d.chance(20) {
				s.Note = pick(l.d, serviceContexts)
			}
			l.note(on, l.at(on+l.d.soon(0, 6), l.enrolledAt), by.site.actor(by.lead), "deliver-service", s)
		}
	})
}

func speaks(c *colleague, language string) bool { return slices.Contains(c.languages, language) }

// writeExpenses writes what was spent on the client: much in the first month,
// for some more than a month's cap, little later.
func (l *life) writeExpenses() {
	spree := l.each(8, 2) && !l.clean
	l.months(func(month int, first, last events.Date) {
		switch {
		case month == 0:
			for range 2 + l.d.IntN(2) {
				most := 300
				if spree {
					most = 900
				}
				l.spend(l.d.day(first, min(first+14, last)), pick(l.d, urgentExpenses), l.cents(60, most))
			}
		default:
			for range l.d.IntN(3) {
				l.spend(l.d.day(first, last), pick(l.d, laterExpenses), l.cents(15, 260))
			}
		}
	})
	l.writeReversal()
	l.writeStray()
}

// cents returns an amount between two amounts in dollars.
func (l *life) cents(least, most int) events.Cents {
	return min(events.Cents(least*100+l.d.IntN((most-least)*100)), l.most())
}

// spend books an expense, recorded when the receipt came in: mostly within days,
// now and then months later. It returns the command's id and the moment.
func (l *life) spend(on events.Date, category string, amount events.Cents) (string, events.Instant) {
	if !l.serves(on) {
		on = l.enroll
	}
	delay := l.d.soon(0, 12)
	if l.d.chance(6) {
		delay = l.d.days(30, 75)
	}
	return l.book(on, on+delay, l.on(on), category, amount)
}

func (l *life) book(on, recorded events.Date, by tenure, category string, amount events.Cents) (string, events.Instant) {
	e := &clientcase.BookExpense{Client: l.id, Agency: by.site.id, Category: category, AmountCents: amount}
	at := l.at(recorded, l.enrolledAt)
	if l.d.chance(70) {
		receipt := sha256.Sum256([]byte(l.id + category + on.String()))
		e.ReceiptHash = hex.EncodeToString(receipt[:])
	}
	if l.d.chance(15) {
		e.Note = "paid to the client's landlord or shop directly"
	}
	return l.note(on, at, by.site.actor(by.lead), "book-expense", e), at
}

// writeReversal takes back one expense of every sixth client, and books what it
// should have been.
func (l *life) writeReversal() {
	if !l.each(6, 3) && !l.showcase {
		return
	}
	on := l.enroll + l.d.days(1, 20)
	wrong := l.cents(200, 700)
	by := l.on(on)
	id, at := l.book(on, on+2, by, "housing", wrong)
	off := on + l.d.days(10, 24)
	reversed := l.at(off, at)
	l.note(off, reversed, by.site.actor(by.lead), "reverse-expense", &clientcase.ReverseExpense{
		Client: l.id, Expense: id, Reason: "the amount was typed wrongly",
	})
	l.book(on, off, by, "housing", wrong/10)
	l.sheet[len(l.sheet)-1].RecordedAt = reversed + 90_000
}

// writeStray books an expense outside enrollment for one client in thirteen:
// recorded, and refused reimbursement (R18).
func (l *life) writeStray() {
	switch {
	case l.showcase || l.clean || l.enroll <= programmeStart+5:
	case l.each(26, 7):
		l.book(l.enroll-l.d.days(1, 3), l.enroll+4, l.tenures[0], "clothing", l.cents(20, 120))
	case l.each(26, 8) && l.last+15 < horizon:
		on := l.last + l.d.days(2, 8)
		l.book(on, on+5, l.on(l.last), "food", l.cents(20, 120))
	}
}
