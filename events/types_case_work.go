package events

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
	Reason    Secret      `json:"reason"`
	OpenTasks []Secret    `json:"open_tasks,omitempty"` // tasks and promises carried over
	Basis     []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*HandOffProposed) EventType() string { return "hand-off.proposed.v1" }

// Secrets implements [Confidential].
func (e *HandOffProposed) Secrets() []SecretField {
	fields := []SecretField{{IdentityKey, &e.Reason}}
	for i := range e.OpenTasks {
		fields = append(fields, SecretField{IdentityKey, &e.OpenTasks[i]})
	}
	return fields
}

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
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*HandOffDeclined) EventType() string { return "hand-off.declined.v1" }

// Secrets implements [Confidential].
func (e *HandOffDeclined) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// HandOffWithdrawn takes a proposal back.
type HandOffWithdrawn struct {
	To     string `json:"to"`
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*HandOffWithdrawn) EventType() string { return "hand-off.withdrawn.v1" }

// Secrets implements [Confidential].
func (e *HandOffWithdrawn) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// TransferProposed proposes that another agency takes the client (R21).
type TransferProposed struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	Reason Secret      `json:"reason"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*TransferProposed) EventType() string { return "transfer.proposed.v1" }

// Secrets implements [Confidential].
func (e *TransferProposed) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

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
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*TransferDeclined) EventType() string { return "transfer.declined.v1" }

// Secrets implements [Confidential].
func (e *TransferDeclined) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ExtensionRequested asks for one more service period (R22).
type ExtensionRequested struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*ExtensionRequested) EventType() string { return "extension.requested.v1" }

// Secrets implements [Confidential].
func (e *ExtensionRequested) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ExtensionDecided decides the extension that was requested last. A granted one
// lengthens the clock that runs or ended last by one period, from the day after
// its end or from OccurredOn, whichever is later (R22).
type ExtensionDecided struct {
	Request string `json:"request"` // ULID of the request's record
	Granted bool   `json:"granted"`
	Reason  Secret `json:"reason,omitzero"`
}

// EventType implements [Event].
func (*ExtensionDecided) EventType() string { return "extension.decided.v1" }

// Secrets implements [Confidential].
func (e *ExtensionDecided) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// PeriodApproved is the month-to-month approval of one service period (R22); the
// period is the one that OccurredOn lies in.
type PeriodApproved struct {
	Reason Secret `json:"reason,omitzero"`
}

// EventType implements [Event].
func (*PeriodApproved) EventType() string { return "period.approved.v1" }

// Secrets implements [Confidential].
func (e *PeriodApproved) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// PlacementStarted places a minor in the URM programme (R11).
type PlacementStarted struct {
	Setting string `json:"setting"`        // foster, group, independent_living, guardianship
	State   string `json:"state,omitzero"` // two-letter code of the State or territory
}

// EventType implements [Event].
func (*PlacementStarted) EventType() string { return "placement.started.v1" }

// PlacementEnded ends a URM placement; OccurredOn is the first day outside it.
type PlacementEnded struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*PlacementEnded) EventType() string { return "placement.ended.v1" }

// Secrets implements [Confidential].
func (e *PlacementEnded) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// IntensitySet says how much work the case is: 1 is an ordinary case (R28).
type IntensitySet struct {
	Intensity int    `json:"intensity"` // 1 to 25
	Reason    Secret `json:"reason,omitzero"`
}

// EventType implements [Event].
func (*IntensitySet) EventType() string { return "intensity.set.v1" }

// Secrets implements [Confidential].
func (e *IntensitySet) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ServiceClosed closes the service component: it ends enrollment and funding.
// OccurredOn is the last enrolled day (R23).
type ServiceClosed struct {
	Reason   Secret   `json:"reason"`
	Outcomes []string `json:"outcomes,omitempty"` // see package clientcase for the list
}

// EventType implements [Event].
func (*ServiceClosed) EventType() string { return "service.closed.v1" }

// Secrets implements [Confidential].
func (e *ServiceClosed) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ServiceReopened enrolls a former client again; OccurredOn is the first day (R23).
type ServiceReopened struct {
	Agency string      `json:"agency"`
	Reason Secret      `json:"reason"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ServiceReopened) EventType() string { return "service.reopened.v1" }

// Secrets implements [Confidential].
func (e *ServiceReopened) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ComponentClosed closes the immigration or criminal-prosecution component.
type ComponentClosed struct {
	Component Component `json:"component"`
	Reason    Secret    `json:"reason"`
	Outcome   string    `json:"outcome,omitzero"` // see package clientcase for the list
}

// EventType implements [Event].
func (*ComponentClosed) EventType() string { return "component.closed.v1" }

// Secrets implements [Confidential].
func (e *ComponentClosed) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ComponentReopened reopens the immigration or criminal-prosecution component.
type ComponentReopened struct {
	Component Component `json:"component"`
	Reason    Secret    `json:"reason"`
}

// EventType implements [Event].
func (*ComponentReopened) EventType() string { return "component.reopened.v1" }

// Secrets implements [Confidential].
func (e *ComponentReopened) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// CaseFactWithdrawn takes back a record of this case that was made in error
// (R24: nothing is edited; withdraw and record anew). Expenses are reversed
// instead: see [ExpenseReversed].
type CaseFactWithdrawn struct {
	Record string `json:"record"` // ULID of the record that is taken back
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*CaseFactWithdrawn) EventType() string { return "case-fact.withdrawn.v1" }

// TakesBack implements [Withdrawal].
func (e *CaseFactWithdrawn) TakesBack() string { return e.Record }

// Secrets implements [Confidential].
func (e *CaseFactWithdrawn) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}
