package sample

import (
	"fmt"

	"caseledger/aggregates"
	"caseledger/aggregates/letter"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// earliestRequest is how many days before the letter the way to it may begin.
const earliestRequest = 125

// What a letter may rest on (R05, R08).
const (
	basisPresence = "continued_presence"
	basisBonaFide = "bona_fide"
	basisVisa     = "t_visa"
	basisMinor    = "minor"
)

// basis returns what the person's letter rests on.
func (p *person) basis() string {
	if p.minor {
		return basisMinor
	}
	return []string{basisPresence, basisVisa, basisBonaFide, basisPresence}[mix(uint64(p.ordinal))%4]
}

// certificationEnds reports whether HHS ends the certification with the case (R07).
func (p *person) certificationEnds() bool {
	return p.standing == certifiedOnly && p.client && p.each(19, 3) && p.basis() == basisPresence && !p.reopens()
}

// letterNumber returns HHS's number of the letter.
func (p *person) letterNumber() string {
	year, _, _ := p.letter.FirstOfMonth().AddMonths(3).Civil()
	return fmt.Sprintf("HHS-%d-%06X", year, mix(uint64(p.ordinal)+7)>>40)
}

func (p *person) interimNumber() string {
	return fmt.Sprintf("HHS-INTERIM-%06X", mix(uint64(p.ordinal)+8)>>40)
}

// A pathway is one person's way to HHS's letter being written.
type pathway struct {
	life
	requested events.Date
	last      events.Instant // moment of the last command
}

// recordPathway returns the commands of a person's way to a letter, in order of
// time.
func recordPathway(seed uint64, p *person) []app.Request {
	w := &pathway{life: life{
		person: p, d: newDice(seed, 0, diceForPathway, uint64(p.ordinal)),
		id: p.clientID(seed), keys: newKeyring(seed, sourceLetter, p.ordinal),
	}}
	w.requested = max(p.letter-w.d.days(25, earliestRequest-5), actSigned+4)
	switch {
	case p.interim != 0:
		w.requested = p.interim - w.d.days(1, 6)
	case p.minor:
		w.requested = max(p.letter-w.d.days(8, 60), actSigned+4)
	}
	r := &letter.RequestLetter{Client: w.id, Kind: string(p.kind())}
	if p.client && w.requested > p.enroll {
		r.Agency = p.site.id
		if p.moveTo != nil && w.requested >= p.moveOn {
			r.Agency = p.moveTo.id
		}
	}
	if p.minor {
		r.DiscoveredOn = w.requested - w.d.days(0, 1)
	}
	w.write(w.requested, w.d.days(0, 2), "request-letter", r)
	switch {
	case p.denied:
		w.deny()
	case p.minor:
		w.writeInterim()
		w.issue()
	default:
		w.writeBasis()
		w.issue()
	}
	return w.sheet.sorted()
}

// write notes a fact of a day, recorded some days later and after the one before.
func (w *pathway) write(on, delay events.Date, name string, cmd aggregates.Command) {
	w.last = w.at(on+delay, w.last)
	w.note(on, w.last, hhs, name, cmd)
}

// writeBasis writes what the letter rests on, between the request and the letter.
func (w *pathway) writeBasis() {
	first := w.requested + 2
	decided := w.d.day(first+(w.letter-first)/2, w.letter-1)
	switch w.basis() {
	case basisPresence:
		grant := &letter.GrantContinuedPresence{Client: w.id, ThroughDate: decided.AddMonths(12)}
		if w.certificationEnds() {
			grant.ThroughDate = 0
		}
		w.write(decided, 0, "grant-continued-presence", grant)
	case basisBonaFide:
		w.write(w.d.day(first, decided-2), 0, "apply-bona-fide", &letter.ApplyBonaFide{Client: w.id})
		w.write(decided, 0, "determine-bona-fide", &letter.DetermineBonaFide{Client: w.id, Granted: "yes"})
	case basisVisa:
		w.write(w.d.day(first, decided-2), 0, "apply-bona-fide", &letter.ApplyBonaFide{Client: w.id})
		w.write(decided, 0, "approve-t-visa", &letter.ApproveTVisa{Client: w.id, ThroughDate: decided.AddMonths(48) - 1})
	}
}

// writeInterim writes interim assistance, extended when it would end before the
// letter (R09).
func (w *pathway) writeInterim() {
	if w.interim == 0 {
		return
	}
	w.write(w.interim, 0, "issue-interim-assistance", &letter.IssueInterimAssistance{Client: w.id, Number: w.interimNumber()})
	if on := w.interim + 72; w.letter == 0 && on < knownBy || w.letter > on+4 {
		w.write(on, 0, "extend-interim-assistance", &letter.ExtendInterimAssistance{Client: w.id, Reason: "consultation goes on"})
	}
}

// deny writes the denial of a request: because of the evidence, because the T visa
// was denied, or after a letter issued in error was taken back.
func (w *pathway) deny() {
	reason := "not a victim of a severe form of trafficking"
	switch mid := w.d.day(w.requested+2, w.letter-8); w.person.ordinal % 4 {
	case 0:
		reason = "the T visa was denied"
		w.write(mid, 0, "apply-bona-fide", &letter.ApplyBonaFide{Client: w.id})
		w.write(w.letter-4, 0, "deny-t-visa", &letter.DenyTVisa{Client: w.id, Reason: "no severe form of trafficking"})
	case 1:
		w.write(mid, 0, "grant-continued-presence", &letter.GrantContinuedPresence{Client: w.id})
		w.write(w.letter-5, 0, "issue-letter", &letter.IssueLetter{
			Client: w.id, Kind: string(w.kind()), Basis: basisPresence, Sex: string(w.sex), Form: string(w.form), Country: w.country, State: w.state,
		})
		wrong := w.sheet[len(w.sheet)-1].ID
		w.write(w.letter-3, 0, "withdraw-letter-fact", &letter.WithdrawLetterFact{Client: w.id, Record: wrong, Reason: "issued to the wrong person"})
	}
	w.write(w.letter, 1, "deny-letter", &letter.DenyLetter{Client: w.id, Kind: string(w.kind()), Reason: reason})
}

// issue writes the letter. HHS records its letters at once; now and then that of
// a person outside the programme weeks later.
func (w *pathway) issue() {
	if w.letter == 0 {
		return
	}
	delay := w.d.days(0, 1)
	if !w.client && w.d.chance(6) && w.letter+45 < knownBy {
		delay = w.d.days(10, 40)
	}
	w.write(w.letter, delay, "issue-letter", &letter.IssueLetter{
		Client: w.id, Kind: string(w.kind()), Number: w.letterNumber(), Basis: w.basis(),
		Sex: string(w.sex), Form: string(w.form), Country: w.country, State: w.state,
	})
	if w.certificationEnds() {
		w.write(w.person.last+1, 0, "end-continued-presence", &letter.EndContinuedPresence{Client: w.id, Reason: "the trial is over"})
		w.write(w.person.last+1, 0, "end-certification", &letter.EndCertification{Client: w.id, Reason: "continued presence is no longer necessary"})
	}
}
