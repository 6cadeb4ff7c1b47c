package sample

import (
	"time"

	"caseledger/aggregates"
	"caseledger/aggregates/worker"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// planLeaves gives most colleagues some days off each year. Two of a site are never
// away together, nobody who would leave the site empty goes, and none falls into the
// weeks around New Year, when the showcase changes hands.
func (s *site) planLeaves(d dice) {
	for i := range s.staff {
		c := &s.staff[i]
		for year := 2006; year <= 2009; year++ {
			month := time.Month(1 + (s.ordinal*5+i*2)%11)
			first := mustDay(year, month, 2) + d.days(0, 7)
			leave := span{first, first + d.days(4, 16)}
			if !d.chance(65) || month == time.January && leave.first < mustDay(year, month, 16) ||
				!c.engaged(leave.first-30, leave.last+30) || leave.last > horizon-5 || !s.covered(c, leave) {
				continue
			}
			c.leaves = append(c.leaves, leave)
		}
	}
}

// covered reports whether somebody else is there while a colleague is away.
func (s *site) covered(c *colleague, l span) bool {
	for i := range s.staff {
		if other := &s.staff[i]; other != c && other.engaged(l.first-30, l.last+30) && !other.away(l.first, l.last) {
			return true
		}
	}
	return false
}

func mustDay(year int, month time.Month, day int) events.Date {
	d, err := events.NewDate(year, month, day)
	if err != nil {
		panic("sample: " + err.Error())
	}
	return d
}

// recordStaff yields the commands about a site's staff beside their engagement:
// leaves, some of them cut short, and support offered every half year or so.
func (s *site) recordStaff(c Config) []app.Request {
	d := newDice(c.Seed, s.ordinal, diceForStaff, 1<<32)
	keys := newKeyring(c.Seed, sourceNetwork, s.ordinal<<3)
	var sheet sheet
	for i := range s.staff {
		one := &s.staff[i]
		note := func(on, recorded events.Date, name string, cmd aggregates.Command) {
			by := s.actor(s.supervisor())
			if one.supervisor {
				by = actor{contractOffice, rolePrime, ""}
			}
			sheet.add(app.Request{
				Name: name, ID: keys.take(), OccurredOn: on, RecordedAt: d.at(recorded),
				Actor: by.name, Role: by.role, Agency: by.agency, Command: cmd,
			})
		}
		for n, l := range one.leaves {
			note(l.first, l.first-1, "start-leave", &worker.StartLeave{Worker: one.id, ThroughDate: l.last})
			if n == 0 && i == 1 && s.ordinal%7 == 2 { // back before the last day
				note(l.last, l.last, "end-leave", &worker.EndLeave{Worker: one.id})
			}
		}
		if !c.Clean && d.chance(5) {
			continue // nobody thought of it
		}
		last := horizon - 2
		if one.to != 0 {
			last = one.to - 1
		}
		for on := one.from + d.days(30, 150); on < last; on += d.days(180, 320) {
			note(on, on+d.days(0, 1), "offer-support", &worker.OfferSupport{
				Worker: one.id, Support: pick(d, []string{"supervision", "supervision", "debriefing", "counseling", "peer_support", "time_off", "training"}),
				Accepted: d.chance(70),
			})
		}
	}
	return sheet.sorted()
}
