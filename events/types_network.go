package events

var agencyNetworkTypes = []Type{
	define[CredentialRecorded](KindAgency),
	define[CredentialRevoked](KindAgency),
	define[PointOfContactNamed](KindAgency),
	define[OnCallAssigned](KindAgency),
	define[MemorandumSigned](KindAgency),
	define[MemorandumEnded](KindAgency),
	define[ReviewHeld](KindAgency),
	define[FindingRaised](KindAgency),
	define[CorrectiveActionAgreed](KindAgency),
	define[FindingClosed](KindAgency),
	define[ConsultationGiven](KindAgency),
}

// CredentialRecorded is a document that shows one of the nine criteria of a
// subcontractor (R27).
type CredentialRecorded struct {
	Criterion   string `json:"criterion"`             // see package agency for the nine
	Document    string `json:"document"`              // see package agency for the list
	ThroughDate Date   `json:"through_date,omitzero"` // last day on which it holds; zero when it does not expire
	Hash        string `json:"hash,omitzero"`         // SHA-256 of the document
}

// EventType implements [Event].
func (*CredentialRecorded) EventType() string { return "credential.recorded.v1" }

// CredentialRevoked ends what an agency's document shows; OccurredOn is the first
// day without it.
type CredentialRevoked struct {
	Criterion string `json:"criterion"`
	Document  string `json:"document"`
	Reason    string `json:"reason"`
}

// EventType implements [Event].
func (*CredentialRevoked) EventType() string { return "credential.revoked.v1" }

// PointOfContactNamed names an agency's single point of contact (R28).
type PointOfContactNamed struct {
	Worker string      `json:"worker"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*PointOfContactNamed) EventType() string { return "point-of-contact.named.v1" }

// OnCallAssigned says who answers the after-hours number from OccurredOn on (R27).
type OnCallAssigned struct {
	Worker      string      `json:"worker"`
	ThroughDate Date        `json:"through_date"` // last night
	Basis       []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*OnCallAssigned) EventType() string { return "on-call.assigned.v1" }

// MemorandumSigned is a memorandum of understanding between an agency and a partner
// (S4).
type MemorandumSigned struct {
	Partner     string `json:"partner"`               // id in the partner directory, or an organisation such as a task force
	Scope       string `json:"scope"`                 // information_sharing, referral, joint_casework, facilities
	ThroughDate Date   `json:"through_date,omitzero"` // last day; zero means open-ended
}

// EventType implements [Event].
func (*MemorandumSigned) EventType() string { return "memorandum.signed.v1" }

// MemorandumEnded ends a memorandum; OccurredOn is its last day.
type MemorandumEnded struct {
	Partner string `json:"partner"`
	Scope   string `json:"scope"`
}

// EventType implements [Event].
func (*MemorandumEnded) EventType() string { return "memorandum.ended.v1" }

// ReviewHeld is a monitor's review of an agency on OccurredOn.
type ReviewHeld struct {
	Review  string   `json:"review"`            // id within the agency
	Manner  string   `json:"manner"`            // site_visit, desk_review, file_review
	Clients []string `json:"clients,omitempty"` // coded ids of the files that were read
	Met     []string `json:"met,omitempty"`     // criteria found met (R27)
}

// EventType implements [Event].
func (*ReviewHeld) EventType() string { return "review.held.v1" }

// FindingRaised is something that a review found out of line. An agency has no keys
// under which text could be sealed: what concerns a client is told by the coded id.
type FindingRaised struct {
	Finding   string `json:"finding"` // id within the agency
	Review    string `json:"review,omitzero"`
	Rule      string `json:"rule"`               // number of the rule, such as R27
	Criterion string `json:"criterion,omitzero"` // of R27
	Client    string `json:"client,omitzero"`    // coded id, when it is about one file
	Severity  string `json:"severity"`           // minor, major, critical
	DueOn     Date   `json:"due_on"`             // by when it must be corrected
	Text      string `json:"text"`               // no names
}

// EventType implements [Event].
func (*FindingRaised) EventType() string { return "finding.raised.v1" }

// CorrectiveActionAgreed is what the agency will do about a finding.
type CorrectiveActionAgreed struct {
	Finding string `json:"finding"`
	DueOn   Date   `json:"due_on"`
	Text    string `json:"text"` // no names
}

// EventType implements [Event].
func (*CorrectiveActionAgreed) EventType() string { return "corrective-action.agreed.v1" }

// FindingClosed says that a finding was corrected.
type FindingClosed struct {
	Finding string `json:"finding"`
	Text    string `json:"text,omitzero"` // no names
}

// EventType implements [Event].
func (*FindingClosed) EventType() string { return "finding.closed.v1" }

// ConsultationGiven is technical assistance or a case consultation by the prime
// contractor (S2).
type ConsultationGiven struct {
	Manner  string `json:"manner"`          // technical_assistance, case_consultation, legal_expert, mental_health_expert
	Topic   string `json:"topic"`           // see package agency for the list
	Client  string `json:"client,omitzero"` // coded id, for a case consultation
	Minutes int    `json:"minutes,omitzero"`
}

// EventType implements [Event].
func (*ConsultationGiven) EventType() string { return "consultation.given.v1" }
