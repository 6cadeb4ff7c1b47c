package sample

import (
	"slices"

	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// planLeads settles who leads the case when, as far as agencies and departures
// decide it; writeLeads adds hand-offs and writes it all.
func (l *life) planLeads() {
	end := l.last
	if l.moveTo != nil {
		end = l.moveOn - 1
	}
	steady := l.moveTo != nil || l.reopens()
	l.tenures = []tenure{{l.site, l.choose(l.site, l.enroll, end, steady), l.enroll}}
	if l.moveTo != nil {
		l.tenures = append(l.tenures, tenure{l.moveTo, l.choose(l.moveTo, l.moveOn, l.last, true), l.moveOn})
	}
}

// choose returns a case manager of a site, rather one who speaks the client's
// language. A steady one stays for the whole time; the supervisor always does.
func (l *life) choose(s *site, from, to events.Date, steady bool) *colleague {
	until := from
	if steady {
		until = to
	}
	present := s.managers(from, until)
	if len(present) == 0 {
		return s.supervisor()
	}
	for _, c := range present {
		if l.understoodBy(c) && l.d.chance(80) {
			return c
		}
	}
	return pick(l.d, present)
}

// next returns a moment of a day for the next command about the lead.
func (l *life) next(day events.Date) events.Instant {
	l.led = l.at(day, l.led)
	return l.led
}

func (l *life) writeLeads() {
	first := l.tenures[0]
	l.led = l.enrolledAt
	l.note(l.enroll, l.next(l.enroll), l.site.actor(l.site.supervisor()), "assign-lead", &clientcase.AssignLead{Client: l.id, Worker: first.lead.id})
	switch leaves := first.lead.to; {
	case l.moveTo != nil:
		l.writeTransfer()
	case l.reopens(): // the lead stays through the gap
	case leaves != 0 && leaves < l.last:
		l.writeDeparture(first, leaves)
	default:
		l.writeHandOffs(first)
	}
	l.writeLateDepartures()
}

// writeLateDepartures passes the case on when its lead leaves after the service was
// closed: until all components close it has one (R28).
func (l *life) writeLateDepartures() {
	if l.closesAll() {
		return
	}
	d, keys := l.d, l.keys
	l.d, l.keys = newDice(keys.seed, 0, diceForStaff, 1<<40|uint64(l.ordinal)), newKeyring(keys.seed, sourceLateLeads, l.ordinal)
	defer func() { l.d, l.keys = d, keys }()
	for range 3 { // successors may leave as well
		t := l.tenures[len(l.tenures)-1]
		leaves := t.lead.to
		if leaves == 0 || leaves < l.last || leaves > horizon-5 || t.site.to != 0 {
			return
		}
		for _, c := range append(t.site.managers(leaves-6, leaves+1), t.site.supervisor()) {
			if c != t.lead && l.understoodBy(c) && !c.away(leaves-6, leaves) && leaves-6 > t.from {
				l.handOff(leaves-6, leaves-1, c, "the lead leaves the agency")
				break
			}
		}
		if l.tenures[len(l.tenures)-1] == t {
			supervisor := t.site.supervisor()
			l.note(leaves+1, l.next(leaves+1), t.site.actor(supervisor), "lead-left", &clientcase.LeadLeft{Client: l.id, Interim: supervisor.id})
			l.tenures = append(l.tenures, tenure{t.site, supervisor, leaves + 1})
			l.relieve(leaves + 1 + l.d.days(18, 26))
		}
	}
}

// relieve passes the case from an interim lead to a case manager who has arrived
// meanwhile, if one has.
func (l *life) relieve(on events.Date) {
	t := l.tenures[len(l.tenures)-1]
	for _, c := range t.site.managers(on, on+6) {
		if c != t.lead && l.understoodBy(c) && !c.away(on, on+6) {
			l.handOff(on, on+l.d.days(1, 5), c, "a new case manager has arrived")
			return
		}
	}
}

// recordStalled yields a hand-off that is proposed in the last weeks and that nobody
// answers, when there is somebody to propose it to.
func recordStalled(seed uint64, p *person) []app.Request {
	l := newLife(seed, p)
	l.sheet, l.d = nil, newDice(seed, 0, diceForStaff, 1<<41|uint64(p.ordinal))
	l.keys = newKeyring(seed, sourceLateLeads, 1<<33|p.ordinal)
	on := horizon - l.d.days(9, 30)
	t := l.tenures[len(l.tenures)-1]
	if l.closesAll() || p.enroll > on-90 || t.from > on-30 || t.lead.to != 0 || t.site.to != 0 {
		return nil
	}
	for _, c := range t.site.managers(on, horizon) {
		if c != t.lead && l.understoodBy(c) && !c.away(on, on) {
			l.propose(on, c, "too many cases")
			break
		}
	}
	return l.sheet.sorted()
}

// writeDeparture passes the case of a lead who leaves to a colleague in time, or
// else to the supervisor for the time being.
func (l *life) writeDeparture(old tenure, leaves events.Date) {
	propose := leaves - 6
	for _, c := range old.site.managers(propose, min(l.last, leaves+1)) {
		if c != old.lead && l.understoodBy(c) && propose > l.enroll+1 && !c.away(propose, leaves+1) {
			l.handOff(propose, leaves-l.d.days(0, 2), c, "the lead leaves the agency")
			return
		}
	}
	supervisor := old.site.supervisor()
	on := leaves + 1
	l.note(on, l.next(on+l.d.days(0, 2)), old.site.actor(supervisor), "lead-left", &clientcase.LeadLeft{Client: l.id, Interim: supervisor.id})
	l.tenures = append(l.tenures, tenure{old.site, supervisor, on})
	if propose = on + l.d.days(18, 26); propose+6 <= l.last {
		l.relieve(propose)
	}
}

// writeHandOffs passes some cases between colleagues who both stay.
func (l *life) writeHandOffs(first tenure) {
	others := l.successors(first, l.last)
	if len(others) == 0 || l.last-l.enroll < 60 {
		return
	}
	other := pick(l.d, others)
	on := l.enroll + l.d.days(20, 30)
	workload := "too many cases"
	switch {
	case l.each(13, 2) && l.understoodBy(first.lead) && !first.lead.away(on+15, on+18): // there and back again
		l.handOff(on, on+2, other, workload)
		l.handOff(on+15, on+18, first.lead, "the client asked for it")
	case l.each(13, 9): // declined, then proposed to somebody else or once more
		l.propose(on, other, workload)
		l.note(on+3, l.next(on+3), first.site.actor(other), "decline-hand-off", &clientcase.DeclineHandOff{Client: l.id, Reason: "no capacity"})
		l.handOff(on+10, on+12, others[0], workload)
	case l.each(23, 17): // withdrawn
		l.propose(on, other, workload)
		l.note(on+2, l.next(on+2), l.lead(on), "withdraw-hand-off", &clientcase.WithdrawHandOff{Client: l.id, Reason: "another case closed"})
	case l.each(5, 4):
		l.handOff(on, on+l.d.days(1, 6), other, workload)
	}
}

// successors returns who can take a case over from its first lead in the first weeks
// and stay up to a day: hand-offs go to those who speak the client's language and are
// not on leave (R28).
func (l *life) successors(first tenure, until events.Date) []*colleague {
	all := append(first.site.managers(l.enroll, until), first.site.supervisor())
	return slices.DeleteFunc(all, func(c *colleague) bool {
		return c == first.lead || !l.understoodBy(c) || c.away(l.enroll+19, l.enroll+50)
	})
}

func (l *life) understoodBy(c *colleague) bool { return speaks(c, languageOf(l.country)) }

// propose writes the proposal of a hand-off.
func (l *life) propose(on events.Date, to *colleague, reason string) {
	by := l.on(on)
	l.note(on, l.next(on), by.site.actor(by.lead), "propose-hand-off", &clientcase.ProposeHandOff{
		Client: l.id, To: to.id, Reason: reason,
		OpenTasks: []string{"renew the lease", "accompany to the next hearing"}[:1+l.rank%2],
	})
}

// handOff writes a hand-off that is accepted.
func (l *life) handOff(proposed, accepted events.Date, to *colleague, reason string) {
	l.propose(proposed, to, reason)
	s := l.on(proposed).site
	l.note(accepted, l.next(accepted), s.actor(to), "accept-hand-off", &clientcase.AcceptHandOff{Client: l.id})
	l.tenures = append(l.tenures, tenure{s, to, accepted})
}

// writeTransfer moves the case to another agency. The showcase is handed over
// and back before that; some other agencies decline first.
func (l *life) writeTransfer() {
	first := l.tenures[0]
	next := l.tenures[1]
	if l.showcase {
		other := pick(l.d, l.successors(first, l.moveOn))
		l.tenures = l.tenures[:1]
		l.handOff(day("2007-12-03"), day("2007-12-06"), other, "too many cases")
		l.handOff(day("2008-01-07"), day("2008-01-09"), first.lead, "the client asked for it")
		l.tenures = append(l.tenures, next)
	}
	on := l.moveOn - l.d.days(7, 10)
	propose := func(on events.Date) {
		l.note(on, l.next(on), l.lead(on), "propose-transfer", &clientcase.ProposeTransfer{
			Client: l.id, To: next.site.id, Reason: "the client moved there to be safe",
		})
	}
	host := next.site.actor(next.site.supervisor())
	if l.each(2, 0) && !l.showcase {
		propose(on - 12)
		l.note(on-9, l.next(on-9), host, "decline-transfer", &clientcase.DeclineTransfer{Client: l.id, Reason: "no housing at present"})
	}
	propose(on)
	l.note(l.moveOn, l.next(l.moveOn+l.d.days(0, 2)), host, "accept-transfer", &clientcase.AcceptTransfer{
		Client: l.id, Location: next.site.locations[0].id, Lead: next.lead.id,
	})
}
