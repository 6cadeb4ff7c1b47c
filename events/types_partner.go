package events

var partnerTypes = []Type{
	define[PartnerListed](KindPartner),
	define[PartnerVetted](KindPartner),
	define[PartnerAvailabilityChanged](KindPartner),
	define[PartnerDelisted](KindPartner),
}

// PartnerListed puts a provider into the partner directory, or replaces what it
// says there (R28).
type PartnerListed struct {
	Name      string   `json:"name"`
	State     string   `json:"state"` // two-letter code
	City      string   `json:"city"`
	Services  []string `json:"services"`  // needs that it serves
	Languages []string `json:"languages"` // BCP 47
	Takes     []string `json:"takes"`     // women, men, children, families
	Cost      string   `json:"cost"`      // free, sliding, fee
}

// EventType implements [Event].
func (*PartnerListed) EventType() string { return "partner.listed.v1" }

// PartnerVetted says that a provider's cultural relevance was examined (R28).
type PartnerVetted struct {
	Cultures    []string `json:"cultures"` // languages or regions that it is fit for
	Suitable    bool     `json:"suitable,omitzero"`
	ThroughDate Date     `json:"through_date,omitzero"` // when it is to be examined again
}

// EventType implements [Event].
func (*PartnerVetted) EventType() string { return "partner.vetted.v1" }

// PartnerAvailabilityChanged says whom a provider can take from OccurredOn on.
type PartnerAvailabilityChanged struct {
	Openings    int `json:"openings"` // places free; 0 means none
	WaitingDays int `json:"waiting_days,omitzero"`
}

// EventType implements [Event].
func (*PartnerAvailabilityChanged) EventType() string { return "partner.availability.changed.v1" }

// PartnerDelisted takes a provider out of the directory; OccurredOn is its last
// day.
type PartnerDelisted struct {
	Reason string `json:"reason"`
}

// EventType implements [Event].
func (*PartnerDelisted) EventType() string { return "partner.delisted.v1" }
