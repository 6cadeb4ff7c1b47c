package policy

import "caseledger/events"

// administrative returns a period's administrative amount as it stands at a
// closing date: the whole amount at its end, by days, in full or nothing before
// (R15). It is rounded once, half up; an unapproved period pays nothing (R22).
func (e *Entitlement) administrative(c *Clock, p *Period, closing events.Date) events.Cents {
	if p.Unapproved || p.Extension && c.Policy.ExtensionGrants == ClientOnly {
		return 0
	}
	days := e.paidBy(p, closing)
	rate := c.rate.AdministrativeCents
	switch c.Policy.PartialPeriodAdmin {
	case CompletedOnly:
		if days < p.Length {
			return 0
		}
		return rate
	case BegunFull:
		if days == 0 {
			return 0
		}
		return rate
	default:
		length := events.Cents(p.Length)
		return (2*rate*events.Cents(days) + length) / (2 * length)
	}
}

// paidBy returns the paid days of a period up to and including closing.
func (e *Entitlement) paidBy(p *Period, closing events.Date) int {
	days := 0
	for _, s := range e.pieces[p.from:p.to] {
		if s.From > closing {
			break
		}
		days += Span{s.From, min(s.To, closing)}.Days()
	}
	return days
}

// shares appends the agencies' parts of amount at a closing date, in the order
// of their first day in the period (R21).
func (e *Entitlement) shares(to []Share, c *Clock, p *Period, amount events.Cents, closing events.Date) []Share {
	first := len(to)
	for _, s := range e.pieces[p.from:p.to] {
		if s.From > closing {
			break
		}
		days := Span{s.From, min(s.To, closing)}.Days()
		i := first
		if c.Policy.TransferSplit == ByDays {
			for i < len(to) && to[i].Agency != s.agency {
				i++
			}
		}
		if i == len(to) {
			to = append(to, Share{Agency: s.agency})
		}
		to[i].Days += days
	}
	apportion(amount, to[first:])
	return to
}

// apportion splits amount over shares by days: each gets the cents below its
// exact part, and the cents left over go to the largest remainders, ties to the
// first (R15: earliest date, then lowest id; shares come in that order). The
// parts sum to amount exactly.
func apportion(amount events.Cents, shares []Share) {
	if len(shares) == 1 {
		shares[0].Cents = amount
		return
	}
	days := events.Cents(0)
	for _, s := range shares {
		days += events.Cents(s.Days)
	}
	if days == 0 {
		return
	}
	left := amount
	for i := range shares {
		shares[i].Cents = amount * events.Cents(shares[i].Days) / days
		left -= shares[i].Cents
	}
	var given uint64 // bit i: share i has had its extra cent; more than 64 shares of a period cannot be
	for ; left > 0; left-- {
		best, most := -1, events.Cents(-1)
		for i, s := range shares {
			if rest := amount * events.Cents(s.Days) % days; given&(1<<i) == 0 && rest > most {
				best, most = i, rest
			}
		}
		shares[best].Cents++
		given |= 1 << best
	}
}

// settlePeriods fills in what each period comes to as a whole.
func (e *Entitlement) settlePeriods(c *Clock) {
	shares := make([]Share, 0, len(c.Periods)+2)
	for i := range c.Periods {
		p := &c.Periods[i]
		p.Unapproved = e.lacksApproval(c, p)
		p.Days = e.paidBy(p, forever)
		p.AdministrativeCents = e.administrative(c, p, forever)
		from := len(shares)
		shares = e.shares(shares, c, p, p.AdministrativeCents, forever)
		p.Shares = shares[from:len(shares):len(shares)]
	}
}

// lacksApproval reports whether a certified period still needs the month's
// approval (R22 certified_and_extensions). An extension has its decision. Certified
// means the certified line of the rate chart: eligible clients and derivatives too.
func (e *Entitlement) lacksApproval(c *Clock, p *Period) bool {
	if c.Policy.MonthToMonthApproval != CertifiedAndExtensions || c.pre || p.Extension {
		return false
	}
	for _, a := range e.facts.Approvals {
		if p.Start <= a.OccurredOn && a.OccurredOn <= p.End {
			return false
		}
	}
	return true
}
