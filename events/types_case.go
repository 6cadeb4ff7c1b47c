package events

var caseTypes = []Type{
	define[ClientScreened](KindCase),
	define[ClientEnrolled](KindCase),
	define[DerivativeLinked](KindCase),
	define[LetterReceived](KindCase),
	define[EligibilityEnded](KindCase),
	define[ClientTurned18](KindCase),
	define[ClientCorrected](KindCase),
	define[ConsentGiven](KindCase),
	define[ConsentWithdrawn](KindCase),
	define[ServiceDelivered](KindCase),
	define[ExpenseBooked](KindCase),
	define[ExpenseReversed](KindCase),
	define[LeadAssigned](KindCase),
	define[LeadLeft](KindCase),
	define[HandOffProposed](KindCase),
	define[HandOffAccepted](KindCase),
	define[HandOffDeclined](KindCase),
	define[HandOffWithdrawn](KindCase),
	define[TransferProposed](KindCase),
	define[TransferAccepted](KindCase),
	define[TransferDeclined](KindCase),
	define[ExtensionRequested](KindCase),
	define[ExtensionDecided](KindCase),
	define[PeriodApproved](KindCase),
	define[PlacementStarted](KindCase),
	define[PlacementEnded](KindCase),
	define[IntensitySet](KindCase),
	define[ServiceClosed](KindCase),
	define[ServiceReopened](KindCase),
	define[ComponentClosed](KindCase),
	define[ComponentReopened](KindCase),
	define[CaseFactWithdrawn](KindCase),
	define[DestructionRequested](KindCase),
	define[IdentityDestroyed](KindCase),
}

// A Criterion is one of the conditions of enrollment (R01), with who determined
// it and on what evidence.
type Criterion struct {
	Name         string `json:"name"` // see package clientcase for the list
	Met          bool   `json:"met"`
	DeterminedBy string `json:"determined_by"` // a worker's id or an organisation, never a person's name
	Evidence     Secret `json:"evidence,omitzero"`
}

// evidence appends the evidence of criteria to fields.
func evidence(fields []SecretField, criteria []Criterion) []SecretField {
	for i := range criteria {
		fields = append(fields, SecretField{IdentityKey, &criteria[i].Evidence})
	}
	return fields
}

// ClientScreened records a screening that did not go straight into an
// enrollment: a person found eligible or not, or a person in need (R01, R04).
type ClientScreened struct {
	Agency            string      `json:"agency"`
	Criteria          []Criterion `json:"criteria"`
	Eligible          bool        `json:"eligible"`
	ImmigrationStatus string      `json:"immigration_status"`   // see package clientcase for the list
	ReferredTo        string      `json:"referred_to,omitzero"` // an organisation
	Basis             []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ClientScreened) EventType() string { return "client.screened.v1" }

// Secrets implements [Confidential].
func (e *ClientScreened) Secrets() []SecretField { return evidence(nil, e.Criteria) }

// ClientEnrolled opens a client's case; OccurredOn is the first enrolled day.
type ClientEnrolled struct {
	Agency            string          `json:"agency"`
	Location          string          `json:"location,omitzero"`
	Class             ClientClass     `json:"class"`
	Sex               Sex             `json:"sex"`
	AgeGroup          AgeGroup        `json:"age_group"`
	AgeYears          int             `json:"age_years,omitzero"` // at enrollment; 0 when unknown
	Form              Form            `json:"form,omitzero"`      // empty for a derivative
	Country           string          `json:"country,omitzero"`   // of origin, ISO 3166-1 alpha-2
	Language          string          `json:"language,omitzero"`  // of choice, BCP 47
	ImmigrationStatus string          `json:"immigration_status"`
	Criteria          []Criterion     `json:"criteria"`
	Derivative        *DerivativeLink `json:"derivative,omitempty"` // for a derivative
	Identity          Secret          `json:"identity,omitzero"`    // sealed JSON: name, birth date, contact
	Basis             []Reference     `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ClientEnrolled) EventType() string { return "client.enrolled.v1" }

// Secrets implements [Confidential].
func (e *ClientEnrolled) Secrets() []SecretField {
	return evidence([]SecretField{{IdentityKey, &e.Identity}}, e.Criteria)
}

// A DerivativeLink ties a derivative to the principal (R06).
type DerivativeLink struct {
	Principal  string    `json:"principal"` // coded id of the T-1 victim
	VisaClass  VisaClass `json:"visa_class"`
	NoticeDate Date      `json:"notice_date,omitzero"` // of the visa approval, when in the U.S.
	EntryDate  Date      `json:"entry_date,omitzero"`  // of the entry stamp, when abroad
}

// BenefitDate is the notice date if the derivative was in the U.S., else the
// entry stamp (R06).
func (l *DerivativeLink) BenefitDate() Date {
	if l.NoticeDate != 0 {
		return l.NoticeDate
	}
	return l.EntryDate
}

// DerivativeLinked sets or replaces the link to the principal.
type DerivativeLinked struct {
	Link  DerivativeLink `json:"link"`
	Basis []Reference    `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*DerivativeLinked) EventType() string { return "derivative.linked.v1" }

// LetterReceived is the agency's receipt of an HHS letter: the fact that money
// follows (R05, R20, R25).
type LetterReceived struct {
	Kind       LetterKind  `json:"kind"`
	LetterDate Date        `json:"letter_date"`
	ReceivedOn Date        `json:"received_on"`     // notice date (R25)
	Number     Secret      `json:"number,omitzero"` // HHS's number of the letter
	Basis      []Reference `json:"basis,omitempty"` // HHS's own letter, when it is in the ledger
}

// EventType implements [Event].
func (*LetterReceived) EventType() string { return "letter.received.v1" }

// Secrets implements [Confidential].
func (e *LetterReceived) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Number}}
}

// EligibilityEnded says that funding ends for a reason in the client's status;
// OccurredOn is the first unfunded day (R01, R07).
type EligibilityEnded struct {
	Cause string `json:"cause"` // departed, adjusted_to_lpr, became_citizen, certification_ended
}

// EventType implements [Event].
func (*EligibilityEnded) EventType() string { return "eligibility.ended.v1" }

// ClientTurned18 is effective on the first day of the service period after the
// birthday, so that no clear field gives a birthday away (R10).
type ClientTurned18 struct{}

// EventType implements [Event].
func (*ClientTurned18) EventType() string { return "client.turned-18.v1" }

// ClientCorrected replaces facts of the enrollment that were recorded wrongly or
// became known later; an empty field stays as it was. It counts from the first
// enrolled day on.
type ClientCorrected struct {
	Sex      Sex      `json:"sex,omitzero"`
	AgeGroup AgeGroup `json:"age_group,omitzero"`
	AgeYears int      `json:"age_years,omitzero"`
	Form     Form     `json:"form,omitzero"`
	Country  string   `json:"country,omitzero"`
	Language string   `json:"language,omitzero"`
	Reason   Secret   `json:"reason"`
}

// EventType implements [Event].
func (*ClientCorrected) EventType() string { return "client.corrected.v1" }

// Secrets implements [Confidential].
func (e *ClientCorrected) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ConsentGiven is a client's release of information (R31).
type ConsentGiven struct {
	Recipient   string `json:"recipient"` // an organisation or an agency's id
	Scope       string `json:"scope"`     // see package clientcase for the list
	ThroughDate Date   `json:"through_date"`
}

// EventType implements [Event].
func (*ConsentGiven) EventType() string { return "consent.given.v1" }

// ConsentWithdrawn ends a release from OccurredOn on.
type ConsentWithdrawn struct {
	Recipient string `json:"recipient"`
}

// EventType implements [Event].
func (*ConsentWithdrawn) EventType() string { return "consent.withdrawn.v1" }

// ServiceDelivered is one service to the client on OccurredOn.
type ServiceDelivered struct {
	Category    string `json:"category"` // see package clientcase for the list
	Worker      string `json:"worker,omitzero"`
	Minutes     int    `json:"minutes,omitzero"`
	Language    string `json:"language,omitzero"`
	Interpreter bool   `json:"interpreter,omitzero"`
	Note        Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*ServiceDelivered) EventType() string { return "service.delivered.v1" }

// Secrets implements [Confidential].
func (e *ServiceDelivered) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}

// ExpenseBooked is a client expense of OccurredOn, an actual cost (R16, R18).
type ExpenseBooked struct {
	Agency      string `json:"agency"`
	Category    string `json:"category"`
	AmountCents Cents  `json:"amount_cents"` // above zero
	ReceiptHash string `json:"receipt_hash,omitzero"`
	Note        Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*ExpenseBooked) EventType() string { return "expense.booked.v1" }

// Secrets implements [Confidential].
func (e *ExpenseBooked) Secrets() []SecretField {
	return []SecretField{{ExpenseKey, &e.Note}}
}

// ExpenseReversed takes an expense back, wholly (R24: reverse and rebook).
type ExpenseReversed struct {
	Expense     string `json:"expense"`      // ULID of the record of the expense
	AmountCents Cents  `json:"amount_cents"` // below zero: the booked amount, negated
	Reason      Secret `json:"reason"`
}

// EventType implements [Event].
func (*ExpenseReversed) EventType() string { return "expense.reversed.v1" }

// Secrets implements [Confidential].
func (e *ExpenseReversed) Secrets() []SecretField {
	return []SecretField{{ExpenseKey, &e.Reason}}
}
