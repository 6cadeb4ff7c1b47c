package benefits

import (
	"slices"

	"caseledger/events"
)

// Benefits returns how each benefit stands on a day, in the order in which they came
// up. A renewal of what was never approved has no effect.
func (c *Case) Benefits(day events.Date) (all []Benefit) {
	for _, s := range until(c.steps, day) {
		i := slices.IndexFunc(all, func(b Benefit) bool { return b.Benefit == s.benefit })
		switch {
		case i < 0 && s.standing == Lapsed:
			continue
		case i < 0:
			i, all = len(all), append(all, Benefit{Benefit: s.benefit})
		}
		all[i].step(s)
	}
	for i := range all {
		if b := &all[i]; b.Standing == Approved && b.Through != 0 && b.Through < day {
			b.Standing = Lapsed
		}
	}
	return all
}

func (b *Benefit) step(s step) {
	if s.state != "" {
		b.State = s.state
	}
	switch {
	case s.standing != Lapsed:
		b.Fact, b.Standing, b.Since, b.Through = s.Fact, s.standing, s.On, s.through
	case b.Standing == Approved:
		b.Fact, b.Through = s.Fact, s.through
	}
}

// Benefit returns how one benefit stands on a day, false when it never came up.
func (c *Case) Benefit(name string, day events.Date) (Benefit, bool) {
	for _, b := range c.Benefits(day) {
		if b.Benefit == name {
			return b, true
		}
	}
	return Benefit{}, false
}

// Referrals returns the referrals to providers made by a day, with their answers by
// then.
func (c *Case) Referrals(day events.Date) []Referral {
	referrals := slices.Clone(until(c.referrals, day))
	for i := range referrals {
		for _, a := range until(c.answers, day) {
			if a.referral == referrals[i].Referral {
				referrals[i].Answer, referrals[i].AnsweredOn = a.answer, a.On
			}
		}
	}
	return referrals
}

// Relief returns how each path other than certification stands on a day.
func (c *Case) Relief(day events.Date) (last []Relief) {
	for _, x := range until(c.relief, day) {
		last = slices.DeleteFunc(last, func(r Relief) bool { return r.Relief == x.Relief })
		last = append(last, x)
	}
	return last
}

// Funding returns the costs that other funders bear, by a day. They must not be
// changed.
func (c *Case) Funding(day events.Date) []Funding { return until(c.funding, day) }
