package events

var caseBenefitTypes = []Type{
	define[BenefitReferred](KindCase),
	define[BenefitApproved](KindCase),
	define[BenefitDenied](KindCase),
	define[BenefitRenewed](KindCase),
	define[BenefitEnded](KindCase),
	define[ServiceReferred](KindCase),
	define[ServiceReferralAnswered](KindCase),
	define[AlternativeReliefRecorded](KindCase),
	define[OtherFundingRecorded](KindCase),
}

// BenefitReferred sends the client to apply for a public benefit (S1, S4).
type BenefitReferred struct {
	Benefit     string `json:"benefit"`               // see package clientcase for the list
	State       string `json:"state,omitzero"`        // two-letter code of the State that gives it
	WaitingList bool   `json:"waiting_list,omitzero"` // whether the client was put on a waiting list
}

// EventType implements [Event].
func (*BenefitReferred) EventType() string { return "benefit.referred.v1" }

// BenefitApproved grants a benefit from OccurredOn on.
type BenefitApproved struct {
	Benefit     string `json:"benefit"`
	ThroughDate Date   `json:"through_date,omitzero"` // last day, when it is limited: renew it before
}

// EventType implements [Event].
func (*BenefitApproved) EventType() string { return "benefit.approved.v1" }

// BenefitDenied refuses a benefit.
type BenefitDenied struct {
	Benefit string `json:"benefit"`
	Reason  Secret `json:"reason"`
}

// EventType implements [Event].
func (*BenefitDenied) EventType() string { return "benefit.denied.v1" }

// Secrets implements [Confidential].
func (e *BenefitDenied) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// BenefitRenewed prolongs a benefit.
type BenefitRenewed struct {
	Benefit     string `json:"benefit"`
	ThroughDate Date   `json:"through_date"` // new last day
}

// EventType implements [Event].
func (*BenefitRenewed) EventType() string { return "benefit.renewed.v1" }

// BenefitEnded ends a benefit; OccurredOn is its last day.
type BenefitEnded struct {
	Benefit string `json:"benefit"`
	Reason  Secret `json:"reason"`
}

// EventType implements [Event].
func (*BenefitEnded) EventType() string { return "benefit.ended.v1" }

// Secrets implements [Confidential].
func (e *BenefitEnded) Secrets() []SecretField {
	return []SecretField{{IdentityKey, &e.Reason}}
}

// ServiceReferred sends the client to a provider of the partner directory, under
// the client's release (R28, R31).
type ServiceReferred struct {
	Referral string      `json:"referral"` // id within the case
	Partner  string      `json:"partner"`  // id in the partner directory
	Category string      `json:"category"` // need that it serves
	Release  string      `json:"release"`  // ULID of the record of the client's release to the partner
	Basis    []Reference `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*ServiceReferred) EventType() string { return "service.referred.v1" }

// ServiceReferralAnswered is the provider's answer to a referral.
type ServiceReferralAnswered struct {
	Referral string `json:"referral"`
	Answer   string `json:"answer"` // accepted, waiting_list, declined, no_answer
}

// EventType implements [Event].
func (*ServiceReferralAnswered) EventType() string { return "service-referral.answered.v1" }

// AlternativeReliefRecorded is a path other than certification (S1).
type AlternativeReliefRecorded struct {
	Relief            string `json:"relief"`                      // asylum, u_visa, vawa, special_immigrant_juvenile, other
	Standing          string `json:"standing"`                    // applied, granted, denied, withdrawn
	UnrestrictedFunds bool   `json:"unrestricted_funds,omitzero"` // whether unrestricted funds pay for services meanwhile
}

// EventType implements [Event].
func (*AlternativeReliefRecorded) EventType() string { return "alternative-relief.recorded.v1" }

// OtherFundingRecorded is a cost of the client that another funder bears: it may
// not be claimed here (S1).
type OtherFundingRecorded struct {
	Funder      string `json:"funder"`                // see package clientcase for the list
	Award       string `json:"award,omitzero"`        // number of the award
	Category    string `json:"category"`              // need that it serves
	AmountCents Cents  `json:"amount_cents"`          // above zero
	ReceiptHash string `json:"receipt_hash,omitzero"` // SHA-256, as in expense.booked.v1
}

// EventType implements [Event].
func (*OtherFundingRecorded) EventType() string { return "other-funding.recorded.v1" }
