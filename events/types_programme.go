package events

var programmeTypes = []Type{
	define[PolicyAdopted](KindProgramme),
	define[FinalReportSubmitted](KindProgramme),
}

// PolicyAdopted puts settings of the rulebook in force from its effective date
// (the record's OccurredOn) on. Settings it does not name stay as they were.
type PolicyAdopted struct {
	// Settings maps a setting's name to one of its readings, such as
	// "period_unit" to "calendar_month".
	Settings map[string]string `json:"settings,omitempty"`
	// Rates replaces the rates of R12 when given.
	Rates *RateChart `json:"rates,omitempty"`
	// Authority is the document that the adoption rests on.
	Authority string `json:"authority"`
}

// EventType implements [Event].
func (*PolicyAdopted) EventType() string { return "policy.adopted.v1" }

// A RateChart is the chart of R12.
type RateChart struct {
	PreCertified Rate `json:"pre_certified"` // and pre-eligible
	Certified    Rate `json:"certified"`     // and eligible
}

// A Rate is one line of the chart of R12.
type Rate struct {
	AdministrativeCents Cents `json:"administrative_cents"` // fixed, per service period
	ClientCents         Cents `json:"client_cents"`         // up to, per service period
	MaximumPeriods      int   `json:"maximum_periods"`      // length of the service clock
}

// FinalReportSubmitted is the submission, on OccurredOn, of the final financial
// report of an award: records are kept for three years from then on (R32).
type FinalReportSubmitted struct {
	Award       string `json:"award"`        // number of the contract or grant, never a person
	ThroughDate Date   `json:"through_date"` // last day that the report covers
}

// EventType implements [Event].
func (*FinalReportSubmitted) EventType() string { return "final-report.submitted.v1" }
