package events

var trainingTypes = []Type{
	define[TrainingHeld](KindTraining),
	define[TrainingAttended](KindTraining),
}

// TrainingHeld is a training of the prime contractor on OccurredOn (S2).
type TrainingHeld struct {
	Course   string   `json:"course"` // core, specialty
	Topic    string   `json:"topic"`
	Minutes  int      `json:"minutes"`
	Workers  []string `json:"workers,omitempty"`  // who attended
	Agencies []string `json:"agencies,omitempty"` // of the workers, one by one
}

// EventType implements [Event].
func (*TrainingHeld) EventType() string { return "training.held.v1" }

// TrainingAttended adds people who attended, as a late list says.
type TrainingAttended struct {
	Workers  []string `json:"workers"`
	Agencies []string `json:"agencies"` // of the workers, one by one
}

// EventType implements [Event].
func (*TrainingAttended) EventType() string { return "training.attended.v1" }
