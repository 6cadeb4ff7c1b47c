package recount

import (
	"cmp"
	"slices"

	"caseledger/events"
)

// administrative is the fixed amount of a period at the closing date, rounded
// once (R12, R15). A running period has accrued by day.
func (p *period) administrative() events.Cents { return p.accrued(p.payableDays()) }

// accrued is the amount for so many payable days.
func (p *period) accrued(days int) events.Cents {
	if days == 0 || p.needsApproval() {
		return 0
	}
	switch p.clock.rules.partialPeriod {
	case "completed_only":
		if days < p.whole {
			return 0
		}
		return p.admin
	case "begun_full":
		return p.admin
	}
	return halfUp(p.admin*events.Cents(days), events.Cents(p.whole))
}

// halfUp divides, rounding a half up; neither number is negative.
func halfUp(n, d events.Cents) events.Cents { return (2*n + d) / (2 * d) }

// A part is one party to a split, with the days that it weighs.
type part struct {
	key   string
	first events.Date
	days  int
	cents events.Cents
}

// split divides an amount by days: everyone gets the whole cents of the share,
// and the cents left over go to the largest remainders, ties to the earliest
// date, then to the lowest id (R15).
func split(amount events.Cents, parts []part) []part {
	total := 0
	for _, p := range parts {
		total += p.days
	}
	if total == 0 {
		return nil
	}
	left := amount
	order := make([]int, len(parts))
	remainder := make([]events.Cents, len(parts))
	for i := range parts {
		weighed := amount * events.Cents(parts[i].days)
		parts[i].cents = weighed / events.Cents(total)
		remainder[i] = weighed % events.Cents(total)
		left -= parts[i].cents
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(remainder[b], remainder[a]),
			cmp.Compare(parts[a].first, parts[b].first), cmp.Compare(parts[a].key, parts[b].key))
	})
	for _, i := range order[:left] {
		parts[i].cents++
	}
	return parts
}

// byAgency splits the period's amount between agencies (R21).
func (p *period) byAgency() []part {
	parts := p.parts(func(s stay) []stay { return []stay{s} }, func(s stay) string { return s.agency })
	if p.clock.rules.transferSplit == "period_start_agency" && len(p.stays) > 0 {
		amount := p.administrative()
		for i := range parts {
			parts[i].cents = 0
			if parts[i].key == p.stays[0].agency {
				parts[i].cents = amount
			}
		}
		return parts
	}
	return split(p.administrative(), parts)
}

// byFiscalYear splits the period's amount between fiscal years (R29).
func (p *period) byFiscalYear() []part {
	if p.clock.rules.fyAttribution == "period_end" && len(p.stays) > 0 {
		return []part{{key: fiscalYear(p.last), first: p.first, days: p.payableDays(), cents: p.administrative()}}
	}
	return split(p.administrative(), p.parts(cutAt(endOfFiscalYear), func(s stay) string { return fiscalYear(s.from) }))
}

// byMonth says what each calendar month adds, as successive invoices bill it: the
// rounded amount accrued by its end less that of the month before (R15).
func (p *period) byMonth() []part {
	months := p.parts(cutAt(events.Date.LastOfMonth), func(s stay) string { return month(s.from) })
	days, before := 0, events.Cents(0)
	for i := range months {
		days += months[i].days
		accrued := p.accrued(days)
		months[i].cents, before = accrued-before, accrued
	}
	return months
}

// parts gathers the payable days by a key, after cutting the stays up.
func (p *period) parts(cut func(stay) []stay, key func(stay) string) []part {
	var parts []part
	for _, whole := range p.stays {
		for _, s := range cut(whole) {
			k := key(s)
			i := slices.IndexFunc(parts, func(x part) bool { return x.key == k })
			if i < 0 {
				i = len(parts)
				parts = append(parts, part{key: k, first: s.from})
			}
			parts[i].days += int(s.through-s.from) + 1
		}
	}
	return parts
}

// cutAt cuts a stay after the last day of every month or year in it.
func cutAt(end func(events.Date) events.Date) func(stay) []stay {
	return func(s stay) (cut []stay) {
		for s.from <= s.through {
			last := min(s.through, end(s.from))
			cut = append(cut, stay{s.agency, s.from, last})
			s.from = last + 1
		}
		return cut
	}
}

// endOfFiscalYear is 30 September of the fiscal year that d lies in (R29).
func endOfFiscalYear(d events.Date) events.Date {
	year, m, _ := d.Civil()
	if m >= 10 {
		year++
	}
	end, _ := events.NewDate(year, 9, 30)
	return end
}

// fiscalYear names the fiscal year of d by the calendar year it ends in.
func fiscalYear(d events.Date) string { return endOfFiscalYear(d).String()[:4] }

func month(d events.Date) string { return d.String()[:7] }
