package events

var requestTypes = []Type{
	define[MinorDiscovered](KindLetter),
	define[DepartmentsNotified](KindLetter),
	define[ConsultationHeld](KindLetter),
	define[LPRApplicationFiled](KindLetter),
}

// MinorDiscovered is an official's notice to HHS of a minor discovered on
// OccurredOn (R09).
type MinorDiscovered struct {
	By            string `json:"by"`              // federal, state, local, tribal, other
	HoursToNotice int    `json:"hours_to_notice"` // from the discovery to the notice; 24 are allowed
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
