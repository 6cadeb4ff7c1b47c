package benefits

import (
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections/row"
)

var statuses = [...]policy.Status{policy.PreCertified, policy.Certified, policy.PreEligible, policy.Eligible, policy.Derivative}

// append writes the row: the assistance clock, then each list with its length, and
// each fact with its day and its record.
func (c *Case) append(b []byte) []byte {
	b = row.Date(row.Len(row.Date(b, c.assistance.From), c.assistance.Months), c.assistance.To)
	b = appendList(b, c.steps, func(b []byte, x step) []byte {
		return row.String(row.Date(row.String(row.String(b, x.benefit), x.standing), x.through), x.state)
	})
	b = appendList(b, c.referrals, func(b []byte, x Referral) []byte {
		b = row.String(row.String(row.String(b, x.Referral), x.Partner), x.Category)
		return row.Bool(row.String(b, x.Release), x.Released)
	})
	b = appendList(b, c.answers, func(b []byte, x answer) []byte { return row.String(row.String(b, x.referral), x.answer) })
	b = appendList(b, c.relief, func(b []byte, x Relief) []byte {
		return row.Bool(row.String(row.String(b, x.Relief), x.Standing), x.UnrestrictedFunds)
	})
	return appendList(b, c.funding, func(b []byte, x Funding) []byte {
		b = row.String(row.String(row.String(b, x.Funder), x.Award), x.Category)
		b = row.String(row.Cents(b, x.Cents), x.Agency)
		return row.String(row.Len(b, slices.Index(statuses[:], x.Status)+1), x.Receipt)
	})
}

func appendList[T interface{ fact() Fact }](b []byte, list []T, value func([]byte, T) []byte) []byte {
	b = row.Len(b, len(list))
	for _, v := range list {
		f := v.fact()
		b = value(row.Uint(row.Date(b, f.On), f.Record), v)
	}
	return b
}

// readList reads a list into the memory of the one before.
func readList[T any](r *row.Reader, list []T, value func(Fact) T) []T {
	list = list[:0]
	for range r.Len() {
		list = append(list, value(Fact{r.Date(), r.Uint()}))
	}
	return list
}

// read reads a row; the lists' memory is used again.
func (c *Case) read(b []byte, names row.Names) error {
	r := row.Read(b)
	c.assistance = policy.Assistance{From: r.Date(), Months: int(r.Uint()), To: r.Date()}
	c.steps = readList(&r, c.steps, func(f Fact) step {
		return step{f, r.Name(names), Standing(r.Name(names)), r.Date(), r.Name(names)}
	})
	c.referrals = readList(&r, c.referrals, func(f Fact) Referral {
		return Referral{Fact: f, Referral: r.String(), Partner: r.Name(names), Category: r.Name(names), Release: r.String(), Released: r.Bool()}
	})
	c.answers = readList(&r, c.answers, func(f Fact) answer { return answer{f, r.String(), r.Name(names)} })
	c.relief = readList(&r, c.relief, func(f Fact) Relief { return Relief{f, r.Name(names), r.Name(names), r.Bool()} })
	c.funding = readList(&r, c.funding, func(f Fact) Funding {
		x := Funding{Fact: f, Funder: r.Name(names), Award: r.Name(names), Category: r.Name(names), Cents: r.Cents(), Agency: r.Name(names)}
		if i := r.Uint(); i > 0 && i <= uint64(len(statuses)) {
			x.Status = statuses[i-1]
		}
		x.Receipt = r.String()
		return x
	})
	return r.Err()
}

// Assistance returns the clock of refugee cash and medical assistance as known on a
// day, false before the letter or benefit date (R26).
func (c *Case) Assistance(day events.Date) (policy.Assistance, bool) {
	return c.assistance, c.assistance.From != 0 && c.assistance.From <= day
}
