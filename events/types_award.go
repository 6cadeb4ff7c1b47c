package events

var awardTypes = []Type{
	define[AwardRecorded](KindAward),
	define[OutreachLogged](KindAward),
}

// AwardRecorded is a grant or contract beside the per-capita one (S0, S1).
type AwardRecorded struct {
	Purpose     string `json:"purpose"` // outreach, direct_services, intermediary, awareness, hotline, technical_assistance
	Grantee     string `json:"grantee"` // an organisation
	Funder      string `json:"funder"`  // hhs, doj, dhs, state, private
	AmountCents Cents  `json:"amount_cents"`
	ThroughDate Date   `json:"through_date"`
	State       string `json:"state,omitzero"`
}

// EventType implements [Event].
func (*AwardRecorded) EventType() string { return "award.recorded.v1" }

// OutreachLogged is a grantee's outreach or awareness work ended on OccurredOn.
type OutreachLogged struct {
	Manner     string `json:"manner"`              // street, training, media, materials, meeting
	Reached    int    `json:"reached"`             // people
	Identified int    `json:"identified,omitzero"` // possible victims
}

// EventType implements [Event].
func (*OutreachLogged) EventType() string { return "outreach.logged.v1" }
