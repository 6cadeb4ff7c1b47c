package events

var casePlanTypes = []Type{
	define[NeedAssessed](KindCase),
	define[GoalSet](KindCase),
	define[PlanAgreed](KindCase),
	define[ProgressRecorded](KindCase),
	define[ContactMade](KindCase),
	define[InterpreterUsed](KindCase),
	define[ClientInformed](KindCase),
	define[EmergencyContactNamed](KindCase),
	define[EmergencyHandled](KindCase),
	define[DocumentFiled](KindCase),
	define[MilestoneReached](KindCase),
	define[CourtDateSet](KindCase),
	define[CourtDateEnded](KindCase),
	define[OutcomeRecorded](KindCase),
}

// NeedAssessed is one need of the client, and the strengths to build on, as
// assessed with the client (R28).
type NeedAssessed struct {
	Need      string `json:"need"`    // see package clientcase for the list
	Urgency   string `json:"urgency"` // crisis, high, medium, low, met
	Strengths Secret `json:"strengths,omitzero"`
	Note      Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*NeedAssessed) EventType() string { return "need.assessed.v1" }

// Secrets implements [Confidential].
func (e *NeedAssessed) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Strengths}, {IdentityKey, &e.Note}}
}

// GoalSet is a goal that the client set (R28).
type GoalSet struct {
	Goal   string `json:"goal"` // id within the case
	Need   string `json:"need"`
	Text   Secret `json:"text"`
	ByDate Date   `json:"by_date,omitzero"` // when it should be reached
}

// EventType implements [Event].
func (*GoalSet) EventType() string { return "goal.set.v1" }

// Secrets implements [Confidential].
func (e *GoalSet) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Text}}
}

// PlanAgreed is a service plan agreed with the client: the goals that it pursues
// (R28).
type PlanAgreed struct {
	Goals       []string `json:"goals"`                // ids of goals set before; at least one
	Language    string   `json:"language"`             // in which it was agreed, BCP 47
	Interpreter bool     `json:"interpreter,omitzero"` // whether an interpreter or a translation was used
	ReviewOn    Date     `json:"review_on,omitzero"`   // when it is to be reviewed
}

// EventType implements [Event].
func (*PlanAgreed) EventType() string { return "plan.agreed.v1" }

// ProgressRecorded is where a goal stands on OccurredOn (R28).
type ProgressRecorded struct {
	Goal     string `json:"goal"`
	Progress string `json:"progress"` // none, some, most, achieved, given_up
	Note     Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*ProgressRecorded) EventType() string { return "progress.recorded.v1" }

// Secrets implements [Confidential].
func (e *ProgressRecorded) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}

// ContactMade is a contact with or for the client on OccurredOn (R28).
type ContactMade struct {
	Manner      string `json:"manner"` // in_person, phone, video, message, home_visit, accompaniment, advocacy, missed
	Worker      string `json:"worker"`
	Minutes     int    `json:"minutes,omitzero"`
	Language    string `json:"language,omitzero"` // BCP 47
	Interpreter bool   `json:"interpreter,omitzero"`
	Note        Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*ContactMade) EventType() string { return "contact.made.v1" }

// Secrets implements [Confidential].
func (e *ContactMade) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}

// InterpreterUsed is an interpreter or a translation in the client's language of
// choice (R28).
type InterpreterUsed struct {
	Language string `json:"language"`         // BCP 47
	Manner   string `json:"manner"`           // in_person, phone, video, translation
	Partner  string `json:"partner,omitzero"` // id in the partner directory
	Minutes  int    `json:"minutes,omitzero"`
}

// EventType implements [Event].
func (*InterpreterUsed) EventType() string { return "interpreter.used.v1" }

// ClientInformed says that the client was told about a process, in a language that
// the client understands (R28).
type ClientInformed struct {
	Topic       string `json:"topic"`    // criminal_justice, immigration, confidentiality, rights, benefits
	Language    string `json:"language"` // BCP 47
	Interpreter bool   `json:"interpreter,omitzero"`
}

// EventType implements [Event].
func (*ClientInformed) EventType() string { return "client.informed.v1" }

// EmergencyContactNamed is whom the client wants called in an emergency.
type EmergencyContactNamed struct {
	Relation string `json:"relation"` // family, friend, partner, advocate, other
	Contact  Secret `json:"contact"`
}

// EventType implements [Event].
func (*EmergencyContactNamed) EventType() string { return "emergency-contact.named.v1" }

// Secrets implements [Confidential].
func (e *EmergencyContactNamed) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Contact}}
}

// EmergencyHandled is a call for help on OccurredOn and how soon somebody answered
// it.
type EmergencyHandled struct {
	Emergency       string `json:"emergency"`        // safety, medical, mental_health, housing, legal, other
	ResponseMinutes int    `json:"response_minutes"` // from the call to the answer; at least 1
	AfterHours      bool   `json:"after_hours,omitzero"`
	Worker          string `json:"worker,omitzero"` // who answered
	Note            Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*EmergencyHandled) EventType() string { return "emergency.handled.v1" }

// Secrets implements [Confidential].
func (e *EmergencyHandled) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}

// DocumentFiled says that a document lies in the client's file.
type DocumentFiled struct {
	Document string `json:"document"`      // see package clientcase for the list
	Hash     string `json:"hash,omitzero"` // SHA-256 of the document
}

// EventType implements [Event].
func (*DocumentFiled) EventType() string { return "document.filed.v1" }

// MilestoneReached is a step of a legal component reached on OccurredOn (S4).
type MilestoneReached struct {
	Component Component `json:"component"` // immigration or criminal_prosecution
	Milestone string    `json:"milestone"` // see package clientcase for the list
	Note      Secret    `json:"note,omitzero"`
}

// EventType implements [Event].
func (*MilestoneReached) EventType() string { return "milestone.reached.v1" }

// Secrets implements [Confidential].
func (e *MilestoneReached) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}

// CourtDateSet is an appointment of a legal component, known since OccurredOn.
type CourtDateSet struct {
	CourtDate string    `json:"court_date"` // id within the case
	Component Component `json:"component"`
	On        Date      `json:"on"`       // the day of the appointment
	Occasion  string    `json:"occasion"` // hearing, trial, sentencing, deposition, interview, biometrics, grand_jury, other
}

// EventType implements [Event].
func (*CourtDateSet) EventType() string { return "court-date.set.v1" }

// CourtDateEnded says what became of an appointment.
type CourtDateEnded struct {
	CourtDate   string `json:"court_date"`
	Result      string `json:"result"`               // held, postponed, cancelled, missed
	Accompanied bool   `json:"accompanied,omitzero"` // whether the agency went with the client
}

// EventType implements [Event].
func (*CourtDateEnded) EventType() string { return "court-date.ended.v1" }

// OutcomeRecorded is a benefit of case management reached on OccurredOn (S4).
type OutcomeRecorded struct {
	Outcome string `json:"outcome"` // see package clientcase for the list
	Note    Secret `json:"note,omitzero"`
}

// EventType implements [Event].
func (*OutcomeRecorded) EventType() string { return "outcome.recorded.v1" }

// Secrets implements [Confidential].
func (e *OutcomeRecorded) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Note}}
}
