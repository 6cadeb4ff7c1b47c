package events

var programmePerformanceTypes = []Type{
	define[GoalAgreed](KindProgramme),
	define[BestPracticeRecorded](KindProgramme),
	define[FundsAllocated](KindProgramme),
}

// GoalAgreed is a target agreed with a partner, for one fiscal year (S3).
type GoalAgreed struct {
	Measure string `json:"measure"` // see package programme for the list
	Year    int    `json:"fiscal_year"`
	Target  int    `json:"target"` // in the measure's unit
	Partner string `json:"partner"`
}

// EventType implements [Event].
func (*GoalAgreed) EventType() string { return "goal.agreed.v1" }

// BestPracticeRecorded is a practice that works, to be used elsewhere (S3).
type BestPracticeRecorded struct {
	Topic   string `json:"topic"`
	Partner string `json:"partner"`
	Text    string `json:"text"`
}

// EventType implements [Event].
func (*BestPracticeRecorded) EventType() string { return "best-practice.recorded.v1" }

// FundsAllocated sets money of a fiscal year aside for a purpose (S3).
type FundsAllocated struct {
	Year        int    `json:"fiscal_year"`
	Purpose     string `json:"purpose"` // case_management, client_expenses, administration, training, outreach
	AmountCents Cents  `json:"amount_cents"`
}

// EventType implements [Event].
func (*FundsAllocated) EventType() string { return "funds.allocated.v1" }
