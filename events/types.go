package events

// The words below are the programme's own (see the rulebook's list of words).

// Sex of a client, as recorded.
type Sex string

// AgeGroup of a client at enrollment, or of the addressee of a letter.
type AgeGroup string

// Form of trafficking (R02). A derivative has none: it is empty and shown as N/A.
type Form string

// ClientClass says whether a client is a victim or a derivative (R04, R30).
type ClientClass string

// VisaClass is the T class of a derivative (R06).
type VisaClass string

// LetterKind is the kind of an HHS letter (R04, R09).
type LetterKind string

// Component is one of the three components of a case (R28).
type Component string

// The values of the types above.
const (
	Male       Sex = "male"
	Female     Sex = "female"
	SexUnknown Sex = "unknown"

	Adult      AgeGroup = "adult"
	Minor      AgeGroup = "minor" // published as "children and youth"
	AgeUnknown AgeGroup = "unknown"

	FormSex     Form = "sex"
	FormLabor   Form = "labor"
	FormBoth    Form = "both"
	FormUnknown Form = "unknown"

	Victim     ClientClass = "victim"
	Derivative ClientClass = "derivative"

	T2 VisaClass = "T-2"
	T3 VisaClass = "T-3"
	T4 VisaClass = "T-4"
	T5 VisaClass = "T-5"
	T6 VisaClass = "T-6"

	Certification LetterKind = "certification"
	Eligibility   LetterKind = "eligibility"
	Interim       LetterKind = "interim"

	ServiceComponent     Component = "service"
	ImmigrationComponent Component = "immigration"
	ProsecutionComponent Component = "criminal_prosecution"
)
