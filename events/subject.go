package events

import (
	"fmt"
	"slices"
	"strings"
)

// A Kind is a kind of aggregate; each aggregate of a kind is one [Subject].
type Kind string

// The kinds of aggregates. Programme and ledger have one subject each.
const (
	KindCase        Kind = "case"        // a client's case; the id is the person's coded id
	KindLetter      Kind = "letter"      // a person's way to an HHS letter; same coded id as the case
	KindAgency      Kind = "agency"      // a subcontracted agency
	KindWorker      Kind = "worker"      // a case manager or supervisor
	KindBilling     Kind = "billing"     // an agency's invoices, payments and advances; same id as the agency
	KindRoster      Kind = "roster"      // who may act on the ledger, and in what role
	KindLook        Kind = "look"        // looks at a person's identifying data, on the stream ACCESS; same coded id as the case
	KindProgramme   Kind = "programme"   // policies and other facts of the whole programme
	KindPartner     Kind = "partner"     // a provider of the partner directory
	KindReferral    Kind = "referral"    // a person who was found or sent, before enrollment or instead of it
	KindTraining    Kind = "training"    // one training and who attended
	KindAward       Kind = "award"       // a grant or contract beside the per-capita one
	KindPublication Kind = "publication" // figures as they were published
	KindLedger      Kind = "ledger"      // the genesis record, and nothing else
)

// The subjects that exist once in a ledger.
const (
	GenesisSubject   Subject = "ledger/GENESIS"
	ProgrammeSubject Subject = "programme/PROGRAMME"
	RosterSubject    Subject = "roster/ROSTER"
)

var kinds = []Kind{
	KindCase, KindLetter, KindAgency, KindWorker, KindBilling, KindRoster, KindLook, KindProgramme,
	KindPartner, KindReferral, KindTraining, KindAward, KindPublication, KindLedger,
}

// Kinds lists every kind of aggregate.
func Kinds() []Kind { return slices.Clone(kinds) }

// A Subject names one aggregate as "kind/ID", for example "case/C-7QK2M4". All
// of its records, in order, are its history.
type Subject string

// MaxIDLength bounds the id part of a [Subject].
const MaxIDLength = 32

// NewSubject returns the subject of a kind and an id.
func NewSubject(kind Kind, id string) (Subject, error) {
	if err := CheckID(id); err != nil {
		return "", err
	}
	return Subject(string(kind) + "/" + id), nil
}

// SubjectOf is [NewSubject] for ids that are already known to be well formed.
func SubjectOf(kind Kind, id string) Subject { return Subject(string(kind) + "/" + id) }

// ParseSubject checks that s is a known kind, a slash and a well-formed id.
func ParseSubject(s string) (Subject, error) {
	if err := Subject(s).check(); err != nil {
		return "", err
	}
	return Subject(s), nil
}

func (s Subject) check() error {
	kind, id, found := strings.Cut(string(s), "/")
	if !found {
		return fmt.Errorf("%q is not a subject of the form kind/ID", string(s))
	}
	if slices.Contains(kinds, Kind(kind)) {
		return CheckID(id)
	}
	return fmt.Errorf("%q is not a subject: unknown kind %q", string(s), kind)
}

// UnmarshalText reads what [ParseSubject] accepts.
func (s *Subject) UnmarshalText(b []byte) error {
	v, err := ParseSubject(string(b))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// CheckID reports whether id is 1 to 32 of A–Z, 0–9 and hyphen.
func CheckID(id string) error {
	if len(id) == 0 || len(id) > MaxIDLength {
		return fmt.Errorf("id %q must have 1 to %d characters", id, MaxIDLength)
	}
	if !only(&notID, id) {
		return fmt.Errorf("id %q may hold only A-Z, 0-9 and hyphens", id)
	}
	return nil
}

// notID is 0 for what an id may hold and 1 for every other byte.
var notID = others("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")

// Kind returns the part of s before the slash.
func (s Subject) Kind() Kind {
	kind, _, _ := strings.Cut(string(s), "/")
	return Kind(kind)
}

// ID returns the part of s after the slash.
func (s Subject) ID() string {
	_, id, _ := strings.Cut(string(s), "/")
	return id
}
