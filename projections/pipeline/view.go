// Package pipeline answers one question: where does everyone stand on the way from
// identification to a letter, and what falls due on it (R05, R07–R10)?
//
// The way of one person is spread over three subjects: the referral, HHS's letter
// and the case. Facts count from the day on which they are effective, a letter from
// its date; facts that were taken back do not count. Derivatives get no letter and
// are not on the way (R06).
package pipeline

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "pipeline"

// View is the view behind [Run], [Requests] and [Watch]. Its rows:
//
//	letter  the facts that stand, in order of their dates: number, and of each the
//	        step, date, position, a day, a number, a set and a text, see steps
//	case    screening (day, agency, why not); age (group, years), turned 18; whether
//	        derivative; enrolled spans (first day, last day or 0, why closed);
//	        agencies (first day, id); letters received (kind, letter date, day of
//	        receipt); ends of eligibility (day, cause)
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind { return []events.Kind{events.KindCase, events.KindLetter} }

// Ignores implements [projections.View].
func (View) Ignores() []string { return projections.NoFacts() }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	if s.Name.Kind() == events.KindCase {
		return deriveCase(s, b)
	}
	facts, err := factsOf(s)
	if err != nil || len(facts) == 0 {
		return b, err
	}
	b = row.Len(b, len(facts))
	for i := range facts {
		b = facts[i].append(b)
	}
	return b, nil
}

// A step is what a fact says on the way to a letter.
type step byte

// The steps, with what they say beside their date.
const (
	requested          step = iota + 1 // n: kind of letter; day: discovered on; text: agency
	discovered                         // n: hours to the notice; set: age in years; text: by whom
	notified                           // n: hours to the notice; set: departments
	consulted                          // set: with whom
	presence                           // day: through
	presenceEnded                      //
	applied                            //
	determined                         // n: 1 when granted
	approved                           // day: through
	refused                            // the T visa
	interim                            //
	interimLonger                      //
	issued                             // n: kind of letter; text: basis
	denied                             // n: kind of letter
	certificationEnded                 //
	residence                          // the application for permanent residence was filed
)

// A fact is one fact of the way to a letter, as the row keeps it.
type fact struct {
	step     step
	on       events.Date
	sequence uint64
	day      events.Date
	n        int
	set      byte
	text     string
}

// letterKinds are the kinds by their number in a row.
var letterKinds = [...]events.LetterKind{events.Certification, events.Eligibility, events.Interim}

func kindNumber(k events.LetterKind) int { return max(0, slices.Index(letterKinds[:], k)) }

// consultants are whom HHS notifies (the first two) and consults, by their bit.
var consultants = [...]string{"justice", "homeland_security", "ngo"}

const bothDepartments, everyConsultant byte = 3, 7

func setOf(names []string) (set byte) {
	for i, name := range consultants {
		if slices.Contains(names, name) {
			set |= 1 << i
		}
	}
	return set
}

// missing names who of all is not in a set.
func missing(set, all byte) (names []string) {
	for i, name := range consultants {
		if all&(1<<i) != 0 && set&(1<<i) == 0 {
			names = append(names, name)
		}
	}
	return names
}

func factsOf(s *projections.Subject) ([]fact, error) {
	facts := make([]fact, 0, len(s.Records))
	err := s.Standing(nil, func(r *events.Record, e events.Event) error {
		if f := factOf(e); f.step != 0 {
			f.on, f.sequence = r.OccurredOn, r.Sequence
			facts = append(facts, f)
		}
		return nil
	})
	slices.SortStableFunc(facts, func(a, b fact) int { return cmp.Compare(a.on, b.on) })
	return facts, err
}

func factOf(event events.Event) fact {
	switch e := event.(type) {
	case *events.LetterRequested:
		return fact{step: requested, n: kindNumber(e.Kind), day: e.DiscoveredOn, text: e.Agency}
	case *events.MinorDiscovered:
		return fact{step: discovered, n: e.HoursToNotice, set: byte(min(max(e.AgeYears, 0), 255)), text: e.By}
	case *events.DepartmentsNotified:
		return fact{step: notified, n: e.HoursToNotice, set: setOf(e.Departments)}
	case *events.ConsultationHeld:
		return fact{step: consulted, set: setOf(e.With)}
	case *events.ContinuedPresenceGranted:
		return fact{step: presence, day: e.ThroughDate}
	case *events.ContinuedPresenceEnded:
		return fact{step: presenceEnded}
	case *events.BonaFideApplied:
		return fact{step: applied}
	case *events.BonaFideDetermined:
		f := fact{step: determined}
		if e.Granted {
			f.n = 1
		}
		return f
	case *events.TVisaApproved:
		return fact{step: approved, day: e.ThroughDate}
	case *events.TVisaDenied:
		return fact{step: refused}
	case *events.InterimAssistanceIssued:
		return fact{step: interim}
	case *events.InterimAssistanceExtended:
		return fact{step: interimLonger}
	case *events.LetterIssued:
		return fact{step: issued, n: kindNumber(e.Kind), text: e.Basis}
	case *events.LetterDenied:
		return fact{step: denied, n: kindNumber(e.Kind)}
	case *events.CertificationEnded:
		return fact{step: certificationEnded}
	case *events.LPRApplicationFiled:
		return fact{step: residence}
	}
	return fact{}
}

func (f *fact) append(b []byte) []byte {
	b = row.Uint(row.Date(append(b, byte(f.step)), f.on), f.sequence)
	return row.String(append(row.Len(row.Date(b, f.day), f.n), f.set&0x7f), f.text)
}

// A letterFile is what is on record of one person's way, in order of dates.
type letterFile struct{ facts []fact }

// read reads the facts of a row that are effective by a day; their memory is used
// again.
func (l *letterFile) read(b []byte, on events.Date, names row.Names) error {
	l.facts = l.facts[:0]
	r := row.Read(b)
	for range r.Len() {
		f := fact{step: step(r.Uint()), on: r.Date(), sequence: r.Uint(), day: r.Date(), n: int(r.Uint()), set: byte(r.Uint()), text: r.Name(names)}
		if r.Err() == nil && f.on <= on {
			l.facts = append(l.facts, f)
		}
	}
	return r.Err()
}

// first returns the first fact of a step, nil for none.
func (l *letterFile) first(s step) *fact {
	for i := range l.facts {
		if l.facts[i].step == s {
			return &l.facts[i]
		}
	}
	return nil
}

// last returns the last fact of a step, nil for none.
func (l *letterFile) last(s step) (found *fact) {
	for i := range l.facts {
		if l.facts[i].step == s {
			found = &l.facts[i]
		}
	}
	return found
}

// letter returns the first certification or eligibility letter, nil for none.
func (l *letterFile) letter() *fact { return l.first(issued) }

// childRequest returns the first request for a minor, nil for none (R09).
func (l *letterFile) childRequest() *fact {
	for i := range l.facts {
		if f := &l.facts[i]; f.step == requested && letterKinds[f.n] != events.Certification {
			return f
		}
	}
	return nil
}

// status says what policy calls the days to watch of T status: the day from which
// permanent residence may be applied for, and the last day (R07).
func (f *fact) status() (application, last events.Date) {
	application, last = policy.TVisaWatch(f.on)
	return application, cmp.Or(f.day, last)
}
