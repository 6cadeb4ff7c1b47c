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
	year, _, _ := (p.letter + 92).FirstOfMonth().Civil()
	return fmt.Sprintf("HHS-%d-%06X", year, mix(uint64(p.ordinal)+7)>>40)
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
	least, most := 25, earliestRequest-5
	if p.minor {
		least, most = 8, 60
	}
	w.requested = max(p.letter-w.d.days(least, most), actSigned+4)
	r := &letter.RequestLetter{Client: w.id, Kind: string(p.kind())}
	if p.client && w.requested > p.enroll {
		r.Agency = p.site.id
	}
	if p.minor {
		r.DiscoveredOn = w.requested - w.d.days(0, 1)
	}
	w.write(w.requested, w.d.days(0, 2), "request-letter", r)
	if p.denied {
		w.write(p.letter, 1, "deny-letter", &letter.DenyLetter{Client: w.id, Kind: string(p.kind()), Reason: "not a victim of a severe form of trafficking"})
		return w.sheet.sorted()
	}
	w.writeBasis()
	w.issue()
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
		w.write(decided, 0, "grant-continued-presence", &letter.GrantContinuedPresence{Client: w.id, ThroughDate: decided.AddMonths(12)})
	case basisBonaFide:
		w.write(w.d.day(first, decided-2), 0, "apply-bona-fide", &letter.ApplyBonaFide{Client: w.id})
		w.write(decided, 0, "determine-bona-fide", &letter.DetermineBonaFide{Client: w.id, Granted: "yes"})
	case basisVisa:
		w.write(w.d.day(first, decided-2), 0, "apply-bona-fide", &letter.ApplyBonaFide{Client: w.id})
		w.write(decided, 0, "approve-t-visa", &letter.ApproveTVisa{Client: w.id, ThroughDate: decided.AddMonths(48) - 1})
	case basisMinor:
		if interim := w.requested + 1; interim >= interimStart && interim < w.letter {
			w.write(interim, 0, "issue-interim-assistance", &letter.IssueInterimAssistance{Client: w.id})
		}
	}
}

// issue writes the letter. HHS records its letters at once; now and then that of
// a person outside the programme weeks later.
func (w *pathway) issue() {
	delay := w.d.days(0, 1)
	if !w.client && w.d.chance(6) && w.letter+45 < knownBy {
		delay = w.d.days(10, 40)
	}
	w.write(w.letter, delay, "issue-letter", &letter.IssueLetter{
		Client: w.id, Kind: string(w.kind()), Number: w.letterNumber(), Basis: w.basis(),
		Sex: string(w.sex), Form: string(w.form), Country: w.country, State: w.state,
	})
	if w.certificationEnds() {
		w.write(w.person.last+1, 0, "end-certification", &letter.EndCertification{Client: w.id, Reason: "continued presence is no longer necessary"})
	}
}
