package events

var workerStaffTypes = []Type{
	define[LeaveStarted](KindWorker),
	define[LeaveEnded](KindWorker),
	define[SupportOffered](KindWorker),
}

// LeaveStarted is a worker's leave from OccurredOn on.
type LeaveStarted struct {
	ThroughDate Date `json:"through_date"` // last day
}

// EventType implements [Event].
func (*LeaveStarted) EventType() string { return "leave.started.v1" }

// LeaveEnded ends a leave early; OccurredOn is the first day back.
type LeaveEnded struct{}

// EventType implements [Event].
func (*LeaveEnded) EventType() string { return "leave.ended.v1" }

// SupportOffered is support against burn-out and secondary trauma (S4).
type SupportOffered struct {
	Support  string `json:"support"` // supervision, debriefing, counseling, peer_support, time_off, training
	Accepted bool   `json:"accepted,omitzero"`
}

// EventType implements [Event].
func (*SupportOffered) EventType() string { return "support.offered.v1" }
