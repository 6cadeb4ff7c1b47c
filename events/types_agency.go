package events

var agencyTypes = []Type{
	define[SubcontractSigned](KindAgency),
	define[LocationOpened](KindAgency),
	define[LocationClosed](KindAgency),
	define[AgencySuspended](KindAgency),
	define[AgencyReinstated](KindAgency),
	define[SubcontractEnded](KindAgency),
}

// SubcontractSigned makes an agency a subcontractor from OccurredOn on, or
// renews its subcontract.
type SubcontractSigned struct {
	Name  string `json:"name"`
	State string `json:"state"` // two-letter code of the State or territory
	// CeilingCents bounds what the agency may be paid in a contract year; 0 means none.
	CeilingCents Cents `json:"ceiling_cents,omitzero"`
	// ThroughDate is the last day of the subcontract; zero means open-ended.
	ThroughDate Date `json:"through_date,omitzero"`
}

// EventType implements [Event].
func (*SubcontractSigned) EventType() string { return "subcontract.signed.v1" }

// LocationOpened adds a place at which the agency serves clients.
type LocationOpened struct {
	Location string `json:"location"` // id within the agency
	City     string `json:"city"`
	State    string `json:"state"`
}

// EventType implements [Event].
func (*LocationOpened) EventType() string { return "location.opened.v1" }

// LocationClosed ends a location; OccurredOn is its last day.
type LocationClosed struct {
	Location string `json:"location"`
}

// EventType implements [Event].
func (*LocationClosed) EventType() string { return "location.closed.v1" }

// AgencySuspended stops new enrollments from OccurredOn on (R27).
type AgencySuspended struct {
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*AgencySuspended) EventType() string { return "agency.suspended.v1" }

// AgencyReinstated lifts a suspension from OccurredOn on.
type AgencyReinstated struct {
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*AgencyReinstated) EventType() string { return "agency.reinstated.v1" }

// SubcontractEnded ends the subcontract; OccurredOn is its last day.
type SubcontractEnded struct {
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*SubcontractEnded) EventType() string { return "subcontract.ended.v1" }
