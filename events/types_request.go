package events

var requestTypes = []Type{
	define[MinorDiscovered](KindLetter),
	define[DepartmentsNotified](KindLetter),
	define[ConsultationHeld](KindLetter),
	define[LPRApplicationFiled](KindLetter),
	define[PlacementReferred](KindCase),
	define[GuardianshipEstablished](KindCase),
	define[PlacementAgeAdopted](KindProgramme),
}

// MinorDiscovered is an official's notice to HHS of a minor discovered on
// OccurredOn (R09).
type MinorDiscovered struct {
	By            string `json:"by"`                 // federal, state, local, tribal, other
	HoursToNotice int    `json:"hours_to_notice"`    // from the discovery to the notice; 24 are allowed
	AgeYears      int    `json:"age_years,omitzero"` // completed on OccurredOn; the birth date stays with the official
}

// EventType implements [Event].
func (*MinorDiscovered) EventType() string { return "minor.discovered.v1" }

// DepartmentsNotified is HHS's notice to Justice and Homeland Security of a request
// (R09).
type DepartmentsNotified struct {
	Departments   []string `json:"departments"`     // justice, homeland_security
	HoursToNotice int      `json:"hours_to_notice"` // from the request to the notice; 24 are allowed
}

// EventType implements [Event].
func (*DepartmentsNotified) EventType() string { return "departments.notified.v1" }

// ConsultationHeld is HHS's consultation on a child's eligibility (R09).
type ConsultationHeld struct {
	With []string `json:"with"` // justice, homeland_security, ngo
}

// EventType implements [Event].
func (*ConsultationHeld) EventType() string { return "consultation.held.v1" }

// LPRApplicationFiled is the application for permanent residence, possible after
// three years of T status (R07).
type LPRApplicationFiled struct{}

// EventType implements [Event].
func (*LPRApplicationFiled) EventType() string { return "lpr-application.filed.v1" }

// PlacementReferred asks a State's Unaccompanied Refugee Minor programme to take a
// minor (R11).
type PlacementReferred struct {
	State string `json:"state"` // two-letter code of the State or territory
}

// EventType implements [Event].
func (*PlacementReferred) EventType() string { return "placement.referred.v1" }

// GuardianshipEstablished is a court's order of OccurredOn that gives a minor a legal
// guardian; the last one holds (R11).
type GuardianshipEstablished struct {
	Custodian string `json:"custodian"` // state, county, urm_program, relative, other
}

// EventType implements [Event].
func (*GuardianshipEstablished) EventType() string { return "guardianship.established.v1" }

// PlacementAgeAdopted says up to what age a State's foster care rules keep a minor
// in the Unaccompanied Refugee Minor programme, from OccurredOn on; 18 where none
// was adopted (R11).
type PlacementAgeAdopted struct {
	State     string `json:"state"` // two-letter code of the State or territory
	Years     int    `json:"years"` // 18 to 26
	Authority string `json:"authority"`
}

// EventType implements [Event].
func (*PlacementAgeAdopted) EventType() string { return "placement-age.adopted.v1" }
