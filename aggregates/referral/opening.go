package referral

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// ReceiveSignal records a call or message about a person who may be a victim (S0).
// Who called is nobody's business here: no field takes it.
type ReceiveSignal struct {
	Referral string `json:"referral" doc:"coded id of the referral; derived from the command's id when empty" format:"id" example:"R-5TD8WZ"`
	Channel  string `json:"channel" doc:"how it came" required:"true" enum:"hotline,text,web,email,walk_in" example:"hotline"`
	State    string `json:"state" doc:"State or territory where the person is" format:"state" example:"TX"`
	Language string `json:"language" doc:"language of the person, BCP 47" format:"language" example:"es"`
	Form     string `json:"form" doc:"form of trafficking, as far as is told" enum:"sex,labor,both,unknown" example:"labor"`
}

// Target implements [aggregates.Command].
func (c *ReceiveSignal) Target(commandID string) (events.Subject, error) {
	return newTarget(c.Referral, commandID)
}

func decideSignal(s *State, c *ReceiveSignal, ctx *aggregates.Context) (events.Event, error) {
	return opening(s, &events.SignalReceived{Channel: c.Channel, State: c.State, Language: c.Language, Form: events.Form(c.Form)}, ctx)
}

// ReferLead records a possible victim found by the outreach of a grantee or
// intermediary (S0, S1). An award that is not on record is no reason to lose the
// lead: the list of referrals notes it.
type ReferLead struct {
	Referral string `json:"referral" doc:"coded id of the referral; derived from the command's id when empty" format:"id" example:"R-5TD8WZ"`
	Award    string `json:"award" doc:"id of the grantee's or intermediary's award" required:"true" format:"id" example:"AW-014"`
	State    string `json:"state" doc:"State or territory where the person is" format:"state" example:"TX"`
	Form     string `json:"form" doc:"form of trafficking, as far as is told" enum:"sex,labor,both,unknown" example:"labor"`
}

// Target implements [aggregates.Command].
func (c *ReferLead) Target(commandID string) (events.Subject, error) {
	return newTarget(c.Referral, commandID)
}

func decideLead(s *State, c *ReferLead, ctx *aggregates.Context) (events.Event, error) {
	return opening(s, &events.LeadReferred{Award: c.Award, State: c.State, Form: events.Form(c.Form)}, ctx)
}

// ReceiveInboundReferral records a person whom another programme, an official or
// another country sends (S0).
type ReceiveInboundReferral struct {
	Referral string `json:"referral" doc:"coded id of the referral; derived from the command's id when empty" format:"id" example:"R-5TD8WZ"`
	Source   string `json:"source" doc:"who sends the person" required:"true" enum:"child_welfare,runaway_homeless_youth,domestic_violence,refugee_program,unaccompanied_children,substance_abuse,mental_health,health_center,federal_law_enforcement,state_law_enforcement,local_law_enforcement,tribal,other_country,faith_based,other" example:"health_center"`
	Country  string `json:"country" doc:"country that sends the person, ISO 3166-1 alpha-2; with source other_country" format:"country" example:"CA"`
	State    string `json:"state" doc:"State or territory where the person is" format:"state" example:"TX"`
}

// abroad is the source that names a country.
const abroad = "other_country"

// Target implements [aggregates.Command].
func (c *ReceiveInboundReferral) Target(commandID string) (events.Subject, error) {
	return newTarget(c.Referral, commandID)
}

func decideInbound(s *State, c *ReceiveInboundReferral, ctx *aggregates.Context) (events.Event, error) {
	if (c.Source == abroad) != (c.Country != "") {
		return nil, aggregates.Refuse("", "country_of_source", "a country goes with the source %s, and with no other", abroad).On("country")
	}
	return opening(s, &events.InboundReferralReceived{Source: c.Source, Country: c.Country, State: c.State}, ctx)
}

// MakeDomesticReferral sends a citizen or lawful permanent resident to mainstream
// help: they need no certification and are not enrolled, and the programme pays
// nothing for it (R03). It opens a referral, or goes on with one that is open.
type MakeDomesticReferral struct {
	Referral          string      `json:"referral" doc:"coded id of the referral; derived from the command's id when empty" format:"id" example:"R-5TD8WZ"`
	Path              string      `json:"path" doc:"where the person is sent" required:"true" enum:"child_welfare,runaway_homeless_youth,domestic_violence,juvenile_justice,sponsored_lpr_assistance,other" example:"runaway_homeless_youth"`
	ImmigrationStatus string      `json:"immigration_status" doc:"immigration status; only citizens and permanent residents are sent this way" required:"true" enum:"undocumented,nonimmigrant,continued_presence,t_visa,lpr,citizen,unknown" example:"citizen"`
	LPRSince          events.Date `json:"lpr_since" doc:"permanent resident: day since which" example:"2006-02-01"`
	Sponsored         bool        `json:"sponsored" doc:"permanent resident: whether a relative or friend sponsored the green card"`
	StayDays          int         `json:"stay_days" doc:"youth shelter: longest stay, 15, 30 or 60 days" min:"15" max:"60" example:"15"`
	Minor             bool        `json:"minor" doc:"whether the person is under 18"`
}

// Target implements [aggregates.Command].
func (c *MakeDomesticReferral) Target(commandID string) (events.Subject, error) {
	return newTarget(c.Referral, commandID)
}

// youthShelter is the path whose stays are limited.
const youthShelter = "runaway_homeless_youth"

// refusal says what of the command contradicts R03, whatever is on record.
func (c *MakeDomesticReferral) refusal(day events.Date) *aggregates.Refusal {
	resident := c.ImmigrationStatus == "lpr"
	switch {
	case !resident && c.ImmigrationStatus != "citizen":
		return aggregates.Refuse("R03", "not_domestic", "only citizens and permanent residents are sent to mainstream help in place of the programme, not a person of status %s", c.ImmigrationStatus).
			On("immigration_status").WithHint("forward-referral sends a foreign national to an agency, screen-client records a person in need")
	case !resident && (c.LPRSince != 0 || c.Sponsored || c.Path == "sponsored_lpr_assistance"):
		return aggregates.Refuse("R03", "not_a_resident", "residence and sponsorship are those of a permanent resident, not of a citizen").On("immigration_status")
	case c.LPRSince > day:
		return aggregates.Refuse("R03", "resident_later", "residence since %s begins after the referral", c.LPRSince).On("lpr_since")
	case c.Path == youthShelter && c.StayDays != 15 && c.StayDays != 30 && c.StayDays != 60:
		return aggregates.Refuse("R03", "stay_length", "a youth shelter keeps a person for 15, 30 or 60 days").On("stay_days")
	case c.Path != youthShelter && c.StayDays != 0:
		return aggregates.Refuse("R03", "stay_of_path", "only stays in a youth shelter are limited, not those of %s", c.Path).On("stay_days")
	case !c.Minor && (c.Path == "child_welfare" || c.Path == "juvenile_justice"):
		return aggregates.Refuse("R03", "path_of_minor", "the path %s is for minors", c.Path).On("path")
	}
	return nil
}

func decideDomestic(s *State, c *MakeDomesticReferral, ctx *aggregates.Context) (events.Event, error) {
	if refusal := c.refusal(ctx.OccurredOn); refusal != nil {
		return nil, refusal
	}
	e := &events.DomesticReferralMade{
		Path: c.Path, ImmigrationStatus: c.ImmigrationStatus, LPRSince: c.LPRSince,
		Sponsored: c.Sponsored, StayDays: c.StayDays, Minor: c.Minor,
	}
	for f, earlier := range aggregates.Of[*events.DomesticReferralMade](&s.history) {
		if f.On == ctx.OccurredOn && *earlier == *e {
			return nil, nil
		}
	}
	if st := s.standing(); st.opened.ID != "" {
		if refusal := st.openRefusal(s, ctx); refusal != nil {
			return nil, refusal
		}
	}
	return e, nil
}
