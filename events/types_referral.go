package events

var referralTypes = []Type{
	define[SignalReceived](KindReferral),
	define[LeadReferred](KindReferral),
	define[InboundReferralReceived](KindReferral),
	define[DomesticReferralMade](KindReferral),
	define[ReferralForwarded](KindReferral),
	define[ReferralEnrolled](KindReferral),
	define[ReferralClosed](KindReferral),
	define[CooperationRecorded](KindReferral),
	define[ReferralFactWithdrawn](KindReferral),
}

// SignalReceived is a call or message about a person who may be a victim (S0).
type SignalReceived struct {
	Channel  string `json:"channel"`        // hotline, text, web, email, walk_in
	State    string `json:"state,omitzero"` // two-letter code
	Language string `json:"language,omitzero"`
	Form     Form   `json:"form,omitzero"`
}

// EventType implements [Event].
func (*SignalReceived) EventType() string { return "signal.received.v1" }

// LeadReferred is a possible victim found by outreach (S0, S1).
type LeadReferred struct {
	Award string `json:"award"` // id of the grantee's or intermediary's award
	State string `json:"state,omitzero"`
	Form  Form   `json:"form,omitzero"`
}

// EventType implements [Event].
func (*LeadReferred) EventType() string { return "lead.referred.v1" }

// InboundReferralReceived is a person whom another programme or country sends (S0).
type InboundReferralReceived struct {
	Source  string `json:"source"`           // see package referral for the list
	Country string `json:"country,omitzero"` // ISO 3166-1 alpha-2, when the person comes from abroad
	State   string `json:"state,omitzero"`
}

// EventType implements [Event].
func (*InboundReferralReceived) EventType() string { return "inbound-referral.received.v1" }

// DomesticReferralMade sends a citizen or permanent resident to mainstream help;
// never reimbursed (R03).
type DomesticReferralMade struct {
	Path              string `json:"path"`               // child_welfare, runaway_homeless_youth, domestic_violence, juvenile_justice, sponsored_lpr_assistance, other
	ImmigrationStatus string `json:"immigration_status"` // citizen, lpr
	LPRSince          Date   `json:"lpr_since,omitzero"`
	Sponsored         bool   `json:"sponsored,omitzero"`
	StayDays          int    `json:"stay_days,omitzero"` // 15, 30 or 60: the longest stay in a youth shelter
	Minor             bool   `json:"minor,omitzero"`
}

// EventType implements [Event].
func (*DomesticReferralMade) EventType() string { return "domestic-referral.made.v1" }

// ReferralForwarded sends the person to a subcontracted agency.
type ReferralForwarded struct {
	Agency string      `json:"agency"`
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ReferralForwarded) EventType() string { return "referral.forwarded.v1" }

// ReferralEnrolled says that the person was enrolled as a client on OccurredOn.
type ReferralEnrolled struct {
	Client string      `json:"client"` // coded id
	Basis  []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ReferralEnrolled) EventType() string { return "referral.enrolled.v1" }

// ReferralClosed ends a referral without enrollment.
type ReferralClosed struct {
	Result string `json:"result"` // not_a_victim, declined_help, lost_contact, referred_elsewhere, domestic_help, other
}

// EventType implements [Event].
func (*ReferralClosed) EventType() string { return "referral.closed.v1" }

// CooperationRecorded is cooperation with another programme or country on a person
// (S0).
type CooperationRecorded struct {
	With   string `json:"with"`   // an organisation or a country's code
	Matter string `json:"matter"` // identification, family_tracing, safe_return, document, witness_protection, other
}

// EventType implements [Event].
func (*CooperationRecorded) EventType() string { return "cooperation.recorded.v1" }

// ReferralFactWithdrawn takes back a record of this referral that was made in error
// (R24: nothing is edited; withdraw and record anew).
type ReferralFactWithdrawn struct {
	Record string `json:"record"` // ULID of the record that is taken back
	Cause  string `json:"cause"`  // wrong_client, wrong_agency, wrong_date, duplicate, other
}

// EventType implements [Event].
func (*ReferralFactWithdrawn) EventType() string { return "referral-fact.withdrawn.v1" }

// TakesBack implements [Withdrawal].
func (e *ReferralFactWithdrawn) TakesBack() string { return e.Record }
