package events

var workerTypes = []Type{
	define[WorkerEngaged](KindWorker),
	define[WorkerChanged](KindWorker),
	define[WorkerLeft](KindWorker),
}

// WorkerEngaged adds a case manager or supervisor to an agency.
type WorkerEngaged struct {
	Agency string `json:"agency"`
	// Supervisor marks a worker who becomes interim lead when a lead leaves.
	Supervisor bool `json:"supervisor,omitzero"`
	// CapacityPercent is 100 for full time; a part-time case manager has less.
	CapacityPercent int      `json:"capacity_percent"`
	Languages       []string `json:"languages"` // BCP 47, such as "es"
	Name            Secret   `json:"name,omitzero"`
}

// EventType implements [Event].
func (*WorkerEngaged) EventType() string { return "worker.engaged.v1" }

// Secrets implements [Confidential].
func (e *WorkerEngaged) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Name}}
}

// WorkerChanged replaces a worker's capacity and languages from OccurredOn on.
type WorkerChanged struct {
	Supervisor      bool     `json:"supervisor,omitzero"`
	CapacityPercent int      `json:"capacity_percent"`
	Languages       []string `json:"languages"`
}

// EventType implements [Event].
func (*WorkerChanged) EventType() string { return "worker.changed.v1" }

// WorkerLeft ends a worker's engagement; OccurredOn is the last day.
type WorkerLeft struct {
	Reason Secret `json:"reason"`
}

// EventType implements [Event].
func (*WorkerLeft) EventType() string { return "worker.left.v1" }

// Secrets implements [Confidential].
func (e *WorkerLeft) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}
