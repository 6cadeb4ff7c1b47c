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
}

// A Criterion is one of the conditions of enrollment (R01), with who determined
// it and on what evidence.
type Criterion struct {
	Name         string `json:"name"` // see package clientcase for the list
	Met          bool   `json:"met"`
	DeterminedBy string `json:"determined_by"`
	Evidence     string `json:"evidence,omitzero"`
}

// ClientScreened records a screening that did not go straight into an
// enrollment: a person found eligible or not, or a person in need (R01, R04).
type ClientScreened struct {
	Agency            string      `json:"agency"`
	Criteria          []Criterion `json:"criteria"`
	Eligible          bool        `json:"eligible"`
	ImmigrationStatus string      `json:"immigration_status"` // see package clientcase for the list
	ReferredTo        string      `json:"referred_to,omitzero"`
	Basis             []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ClientScreened) EventType() string { return "client.screened.v1" }

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
	return []SecretField{{IdentityKey, &e.Identity}}
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
	ReceivedOn Date        `json:"received_on"` // notice date (R25)
	Number     string      `json:"number,omitzero"`
	Basis      []Reference `json:"basis,omitempty"` // HHS's own letter, when it is in the ledger
}

// EventType implements [Event].
func (*LetterReceived) EventType() string { return "letter.received.v1" }

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
	Reason   string   `json:"reason"`
}

// EventType implements [Event].
func (*ClientCorrected) EventType() string { return "client.corrected.v1" }

// ConsentGiven is a client's release of information (R31).
type ConsentGiven struct {
	Recipient   string `json:"recipient"`
	Scope       string `json:"scope"`
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
	Reason      string `json:"reason"`
}

// EventType implements [Event].
func (*ExpenseReversed) EventType() string { return "expense.reversed.v1" }

// LeadAssigned makes a worker the first lead case manager of a case (R28).
type LeadAssigned struct {
	Worker string      `json:"worker"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*LeadAssigned) EventType() string { return "lead.assigned.v1" }

// LeadLeft says that the lead left before a successor accepted: the supervisor
// is interim lead from OccurredOn on, and the gap is an exception (R28).
type LeadLeft struct {
	Worker  string      `json:"worker"`
	Interim string      `json:"interim"` // the supervisor
	Basis   []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*LeadLeft) EventType() string { return "lead.left.v1" }

// HandOffProposed proposes another lead case manager (R28).
type HandOffProposed struct {
	From      string      `json:"from"`
	To        string      `json:"to"`
	Reason    string      `json:"reason"`
	OpenTasks []string    `json:"open_tasks,omitempty"` // tasks and promises carried over
	Basis     []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*HandOffProposed) EventType() string { return "hand-off.proposed.v1" }

// HandOffAccepted makes the proposed worker the lead from OccurredOn on.
type HandOffAccepted struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// EventType implements [Event].
func (*HandOffAccepted) EventType() string { return "hand-off.accepted.v1" }

// HandOffDeclined is the proposed worker's refusal.
type HandOffDeclined struct {
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*HandOffDeclined) EventType() string { return "hand-off.declined.v1" }

// HandOffWithdrawn takes a proposal back.
type HandOffWithdrawn struct {
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*HandOffWithdrawn) EventType() string { return "hand-off.withdrawn.v1" }

// TransferProposed proposes that another agency takes the client (R21).
type TransferProposed struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	Reason string      `json:"reason"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*TransferProposed) EventType() string { return "transfer.proposed.v1" }

// TransferAccepted moves the client; OccurredOn is the first day at the new agency.
type TransferAccepted struct {
	From     string      `json:"from"`
	To       string      `json:"to"`
	Location string      `json:"location,omitzero"`
	Lead     string      `json:"lead,omitzero"` // lead case manager at the new agency
	Basis    []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*TransferAccepted) EventType() string { return "transfer.accepted.v1" }

// TransferDeclined is the other agency's refusal.
type TransferDeclined struct {
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*TransferDeclined) EventType() string { return "transfer.declined.v1" }

// ExtensionRequested asks for one more service period (R22).
type ExtensionRequested struct {
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*ExtensionRequested) EventType() string { return "extension.requested.v1" }

// ExtensionDecided decides the extension that was requested last. A granted one
// lengthens the clock that runs or ended last by one period, from the day after
// its end or from OccurredOn, whichever is later (R22).
type ExtensionDecided struct {
	Request string `json:"request"` // ULID of the request's record
	Granted bool   `json:"granted"`
	Reason  string `json:"reason,omitzero"`
}

// EventType implements [Event].
func (*ExtensionDecided) EventType() string { return "extension.decided.v1" }

// PeriodApproved is the month-to-month approval of one service period (R22); the
// period is the one that OccurredOn lies in.
type PeriodApproved struct {
	Reason string `json:"reason,omitzero"`
}

// EventType implements [Event].
func (*PeriodApproved) EventType() string { return "period.approved.v1" }

// PlacementStarted places a minor in the URM programme (R11).
type PlacementStarted struct {
	Setting string `json:"setting"` // foster, group, independent_living, guardianship
	State   string `json:"state,omitzero"`
}

// EventType implements [Event].
func (*PlacementStarted) EventType() string { return "placement.started.v1" }

// PlacementEnded ends a URM placement; OccurredOn is the first day outside it.
type PlacementEnded struct {
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*PlacementEnded) EventType() string { return "placement.ended.v1" }

// IntensitySet says how much work the case is: 1 is an ordinary case (R28).
type IntensitySet struct {
	Intensity int    `json:"intensity"` // 1 to 25
	Reason    string `json:"reason,omitzero"`
}

// EventType implements [Event].
func (*IntensitySet) EventType() string { return "intensity.set.v1" }

// ServiceClosed closes the service component: it ends enrollment and funding.
// OccurredOn is the last enrolled day (R23).
type ServiceClosed struct {
	Reason   string   `json:"reason"`
	Outcomes []string `json:"outcomes,omitempty"`
}

// EventType implements [Event].
func (*ServiceClosed) EventType() string { return "service.closed.v1" }

// ServiceReopened enrolls a former client again; OccurredOn is the first day (R23).
type ServiceReopened struct {
	Agency string      `json:"agency"`
	Reason string      `json:"reason"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ServiceReopened) EventType() string { return "service.reopened.v1" }

// ComponentClosed closes the immigration or criminal-prosecution component.
type ComponentClosed struct {
	Component Component `json:"component"`
	Reason    string    `json:"reason"`
	Outcome   string    `json:"outcome,omitzero"`
}

// EventType implements [Event].
func (*ComponentClosed) EventType() string { return "component.closed.v1" }

// ComponentReopened reopens the immigration or criminal-prosecution component.
type ComponentReopened struct {
	Component Component `json:"component"`
	Reason    string    `json:"reason"`
}

// EventType implements [Event].
func (*ComponentReopened) EventType() string { return "component.reopened.v1" }

// CaseFactWithdrawn takes back a record of this case that was made in error
// (R24: nothing is edited; withdraw and record anew). Expenses are reversed
// instead: see [ExpenseReversed].
type CaseFactWithdrawn struct {
	Record string `json:"record"` // ULID of the record that is taken back
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*CaseFactWithdrawn) EventType() string { return "case-fact.withdrawn.v1" }
