package events

var letterTypes = []Type{
	define[LetterRequested](KindLetter),
	define[ContinuedPresenceGranted](KindLetter),
	define[ContinuedPresenceEnded](KindLetter),
	define[BonaFideApplied](KindLetter),
	define[BonaFideDetermined](KindLetter),
	define[TVisaApproved](KindLetter),
	define[TVisaDenied](KindLetter),
	define[InterimAssistanceIssued](KindLetter),
	define[InterimAssistanceExtended](KindLetter),
	define[LetterIssued](KindLetter),
	define[LetterDenied](KindLetter),
	define[CertificationEnded](KindLetter),
	define[LetterFactWithdrawn](KindLetter),
}

// LetterRequested is a request to HHS for a certification or eligibility letter,
// or a Request for Assistance for a minor (R05, R08, R09).
type LetterRequested struct {
	Kind   LetterKind `json:"kind"`
	Agency string     `json:"agency,omitzero"` // who asked; empty for law enforcement and others
	// DiscoveredOn is the day on which an official discovered the minor.
	DiscoveredOn Date `json:"discovered_on,omitzero"`
}

// EventType implements [Event].
func (*LetterRequested) EventType() string { return "letter.requested.v1" }

// ContinuedPresenceGranted is one of the three ways to certification (R05).
type ContinuedPresenceGranted struct {
	ThroughDate Date `json:"through_date,omitzero"` // last day, when limited
}

// EventType implements [Event].
func (*ContinuedPresenceGranted) EventType() string { return "continued-presence.granted.v1" }

// ContinuedPresenceEnded ends continued presence; OccurredOn is the first day without it.
type ContinuedPresenceEnded struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*ContinuedPresenceEnded) EventType() string { return "continued-presence.ended.v1" }

// Secrets implements [Confidential].
func (e *ContinuedPresenceEnded) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// BonaFideApplied is the day of a bona fide T-visa application (S1).
type BonaFideApplied struct{}

// EventType implements [Event].
func (*BonaFideApplied) EventType() string { return "bona-fide.applied.v1" }

// BonaFideDetermined is the day of the bona fide determination (S2).
type BonaFideDetermined struct {
	Granted bool `json:"granted"`
}

// EventType implements [Event].
func (*BonaFideDetermined) EventType() string { return "bona-fide.determined.v1" }

// TVisaApproved is the approval of T nonimmigrant status (R05, R07).
type TVisaApproved struct {
	ThroughDate Date `json:"through_date,omitzero"` // last day of the status, at most four years on
}

// EventType implements [Event].
func (*TVisaApproved) EventType() string { return "t-visa.approved.v1" }

// TVisaDenied is the denial of a T-visa application (R05).
type TVisaDenied struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*TVisaDenied) EventType() string { return "t-visa.denied.v1" }

// Secrets implements [Confidential].
func (e *TVisaDenied) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// InterimAssistanceIssued is an interim assistance letter to a minor (R09).
type InterimAssistanceIssued struct {
	Number Secret `json:"number"` // HHS's number of the letter
}

// EventType implements [Event].
func (*InterimAssistanceIssued) EventType() string { return "interim-assistance.issued.v1" }

// Secrets implements [Confidential].
func (e *InterimAssistanceIssued) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Number}}
}

// InterimAssistanceExtended lengthens interim assistance by 30 days (R09).
type InterimAssistanceExtended struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*InterimAssistanceExtended) EventType() string { return "interim-assistance.extended.v1" }

// Secrets implements [Confidential].
func (e *InterimAssistanceExtended) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// LetterIssued is HHS's certification letter to an adult or eligibility letter
// to a minor, dated OccurredOn. That an agency received it is another fact, on
// the case: [LetterReceived].
type LetterIssued struct {
	Kind    LetterKind `json:"kind"`   // certification or eligibility
	Number  Secret     `json:"number"` // HHS's number of the letter
	Basis   string     `json:"basis"`  // continued_presence, bona_fide, t_visa, or minor
	Sex     Sex        `json:"sex"`
	Form    Form       `json:"form"`
	Country string     `json:"country,omitzero"` // ISO 3166-1 alpha-2; empty when unknown
	State   string     `json:"state,omitzero"`   // to which State or territory the letter went
}

// EventType implements [Event].
func (*LetterIssued) EventType() string { return "letter.issued.v1" }

// Secrets implements [Confidential].
func (e *LetterIssued) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Number}}
}

// LetterDenied is HHS's refusal of a request.
type LetterDenied struct {
	Kind   LetterKind `json:"kind"`
	Reason Secret     `json:"reason"`
}

// EventType implements [Event].
func (*LetterDenied) EventType() string { return "letter.denied.v1" }

// Secrets implements [Confidential].
func (e *LetterDenied) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// CertificationEnded is HHS's word that a certification resting on continued
// presence is over; OccurredOn is the first day without it (R07).
type CertificationEnded struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*CertificationEnded) EventType() string { return "certification.ended.v1" }

// Secrets implements [Confidential].
func (e *CertificationEnded) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// LetterFactWithdrawn takes back a record of this person that was made in error
// (R24: nothing is edited; withdraw and record anew).
type LetterFactWithdrawn struct {
	Record string `json:"record"` // ULID of the record that is taken back
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*LetterFactWithdrawn) EventType() string { return "letter-fact.withdrawn.v1" }

// TakesBack implements [Withdrawal].
func (e *LetterFactWithdrawn) TakesBack() string { return e.Record }

// Secrets implements [Confidential].
func (e *LetterFactWithdrawn) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}
