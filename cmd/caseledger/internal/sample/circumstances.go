package sample

import (
	"caseledger/aggregates/clientcase"
	"caseledger/events"
)

// writeCircumstances writes what happens beside services and money: releases of
// information, the weight of the case, placements, the 18th birthday.
func (l *life) writeCircumstances() {
	if l.each(2, 0) {
		l.writeConsent()
	}
	if l.each(3, 0) && !l.clean {
		on := l.enroll + l.d.days(2, 12)
		l.note(on, l.at(on, l.enrolledAt), l.site.actor(l.site.supervisor()), "set-intensity", &clientcase.SetIntensity{
			Client: l.id, Intensity: 2 + int(l.d.soon(0, 23)), Reason: "assessment of the first days",
		})
	}
	if l.minor && l.standing != derivative {
		l.writePlacement()
		l.writeBirthday()
	}
}

func (l *life) writeConsent() {
	on := l.enroll + l.d.days(0, 4)
	at := l.at(on, l.enrolledAt)
	recipient := pick(l.d, []string{"immigration attorney", "law enforcement", "health clinic", "housing provider"})
	l.note(on, at, l.lead(on), "give-consent", &clientcase.GiveConsent{
		Client: l.id, Recipient: recipient, Scope: pick(l.d, consentScopes), ThroughDate: on + l.d.days(90, 365),
	})
	if off := on + l.d.days(20, 35); l.each(16, 0) && l.serves(off) {
		l.note(off, l.at(off, at), l.lead(off), "withdraw-consent", &clientcase.WithdrawConsent{Client: l.id, Recipient: recipient})
	}
}

// writePlacement places a minor who stays long enough in the Unaccompanied
// Refugee Minor programme for some weeks in the middle (R11).
func (l *life) writePlacement() {
	from, to := l.enroll+20, l.enroll+55
	if l.clean || l.last < to+10 || l.moveTo != nil || l.reopens() || l.each(3, 0) {
		return
	}
	at := l.at(from, l.enrolledAt)
	l.note(from, at, l.lead(from), "start-placement", &clientcase.StartPlacement{
		Client: l.id, Setting: pick(l.d, []string{"foster", "group", "independent_living"}), State: l.site.place.state,
	})
	l.note(to, l.at(to, at), l.lead(to), "end-placement", &clientcase.EndPlacement{Client: l.id, Reason: "reunited with family"})
}

// writeBirthday records turning 18 with effect from the first day of the service
// period after it (R10), when that day comes before the case closes.
func (l *life) writeBirthday() {
	birthday := l.birthDate().AddMonths(12 * 18)
	on := l.enroll + 30
	for on < birthday {
		on += 30
	}
	if l.years == 17 && l.serves(on) && on < l.clockEnd() && !l.reopens() {
		l.note(on, l.at(on+1, l.enrolledAt), l.lead(on), "record-turned-18", &clientcase.RecordTurned18{Client: l.id})
	}
}

// departs reports whether the client leaves the country at the end.
func (l *life) departs() bool { return l.standing == preOnly && l.each(29, 11) && !l.reopens() }

// close writes the end of the case's components, and the gap of a case that was
// reopened. What happens after the horizon is not written: the case is open.
func (l *life) close() {
	if l.reopens() {
		last := l.gap.first - 1
		closed := l.at(last+1, l.enrolledAt)
		l.note(last, closed, l.lead(last), "close-service", &clientcase.CloseService{Client: l.id, Reason: "the client moved away"})
		again := l.gap.last + 1
		l.note(again, l.at(again, closed), l.lead(again), "reopen-service", &clientcase.ReopenService{
			Client: l.id, Agency: l.site.id, Reason: "the client came back",
		})
	}
	by := l.lead(l.last)
	after := l.enrolledAt
	cause := map[bool]string{true: "departed", false: "certification_ended"}[l.departs()]
	if l.departs() || l.certificationEnds() {
		after = l.at(l.last+2, after)
		l.note(l.last+1, after, by, "end-eligibility", &clientcase.EndEligibility{Client: l.id, Cause: cause})
	}
	closed := l.at(l.last+l.d.soon(0, 9)+3, after)
	reason := "goals met"
	outcomes := [][]string{{"self_sufficient"}, {"employed", "housed"}, {"cooperated_with_investigation"}, {"in_school", "benefits_obtained"}}[l.rank%4]
	switch {
	case l.departs():
		reason, outcomes = "returned home", []string{"left_country"}
	case l.last >= l.clockEnd():
		reason = "end of the service period"
	case l.each(9, 8):
		reason, outcomes = "contact lost", []string{"lost_contact"}
	}
	l.note(l.last, closed, by, "close-service", &clientcase.CloseService{Client: l.id, Reason: reason, Outcomes: outcomes})
	l.closeComponents(by, closed)
}

// closesAll reports whether all components of the case close some time.
func (l *life) closesAll() bool {
	return l.on(l.last).site.to != 0 || l.standing != derivative && l.each(3, 1) && l.letter != 0 && l.basis() == basisVisa && l.each(2, 1)
}

// closeComponents closes the other components of some cases, and reopens a few. An
// agency whose subcontract ends leaves no case open.
func (l *life) closeComponents(by actor, closed events.Instant) {
	if s := l.on(l.last).site; s.to != 0 {
		on := min(l.last+l.d.days(5, 60), s.to)
		for _, component := range []events.Component{events.ImmigrationComponent, events.ProsecutionComponent} {
			closed = l.at(on, closed)
			l.note(on, closed, by, "close-component", &clientcase.CloseComponent{
				Client: l.id, Component: string(component), Reason: "the agency's subcontract ends",
			})
		}
		return
	}
	if l.standing != derivative && l.each(3, 1) {
		on := l.last + l.d.days(10, 80)
		at := l.at(on, closed)
		l.note(on, at, by, "close-component", &clientcase.CloseComponent{
			Client: l.id, Component: string(events.ProsecutionComponent), Reason: "the investigation ended",
			Outcome: pick(l.d, []string{"convicted", "not_prosecuted", "plea"}),
		})
		if l.each(30, 4) {
			l.note(on+40, l.at(on+41, at), by, "reopen-component", &clientcase.ReopenComponent{
				Client: l.id, Component: string(events.ProsecutionComponent), Reason: "appeal",
			})
		}
	}
	if l.letter != 0 && l.basis() == basisVisa && l.each(2, 1) {
		on := l.last + l.d.days(5, 60)
		l.note(on, l.at(on, closed), by, "close-component", &clientcase.CloseComponent{
			Client: l.id, Component: string(events.ImmigrationComponent), Reason: "T visa approved", Outcome: "t_visa",
		})
	}
}
