package clientcase

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// A benefit is how one public benefit of the client stands.
type benefit struct {
	standing string // "", referred, waiting, approved, denied, ended
	state    string // that gives it
	through  events.Date
	fact     aggregates.Fact // that says so
}

const typeBenefitEnded = "benefit.ended.v1"

// benefit returns how a benefit stands on a day. The last day of one that ended is
// a day on which it still holds; the day of the end is looked at as its end, so that
// the same command again is found.
func (s *State) benefit(name string, day events.Date) (b benefit) {
	for _, f := range s.history.ByDate(typeBenefitEnded) {
		if f.On > day {
			break
		}
		switch e := f.Event.(type) {
		case *events.BenefitReferred:
			if e.Benefit == name {
				b = benefit{standing: "referred", state: e.State, fact: *f}
				if e.WaitingList {
					b.standing = "waiting"
				}
			}
		case *events.BenefitApproved:
			if e.Benefit == name {
				b = benefit{"approved", b.state, e.ThroughDate, *f}
			}
		case *events.BenefitDenied:
			if e.Benefit == name {
				b.standing, b.fact = "denied", *f
			}
		case *events.BenefitRenewed:
			if e.Benefit == name && b.standing == "approved" {
				b.through, b.fact = e.ThroughDate, *f
			}
		case *events.BenefitEnded:
			if e.Benefit == name {
				b.standing, b.fact = "ended", *f
			}
		}
	}
	return b
}

// ReferBenefit sends the client to apply for a public benefit, or says that the
// client was put on its waiting list (S1, S4).
type ReferBenefit struct {
	Client      string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Benefit     string `json:"benefit" doc:"the benefit; rca and rma are refugee cash and medical assistance" required:"true" enum:"rca,rma,matching_grant,refugee_social_services,tanf,medicaid,chip,ssi,food_stamps,wic,public_housing,child_care,job_training,english_classes,crime_victims_compensation,state_assistance" example:"rca"`
	State       string `json:"state" doc:"two-letter code of the State that gives it" format:"state" example:"TX"`
	WaitingList bool   `json:"waiting_list" doc:"whether the client was put on a waiting list"`
}

// Target implements [aggregates.Command].
func (c *ReferBenefit) Target(string) (events.Subject, error) { return target(c.Client) }

func decideReferBenefit(s *State, c *ReferBenefit, ctx *aggregates.Context) (events.Event, error) {
	b := s.benefit(c.Benefit, ctx.OccurredOn)
	same := b.state == c.State && (b.standing == "waiting") == c.WaitingList
	switch b.standing {
	case "approved":
		return nil, aggregates.Refuse("R28", "benefit_approved", "%s is approved since %s", c.Benefit, b.fact.On).On("benefit").
			WithHint("renew-benefit prolongs it, end-benefit ends it").Citing(b.fact.ID)
	case "referred", "waiting":
		if same && b.fact.On == ctx.OccurredOn {
			return nil, nil
		}
		if same {
			return nil, aggregates.Refuse("R28", "benefit_referred", "the client was sent to apply for %s on %s, and there is no answer", c.Benefit, b.fact.On).
				On("benefit").WithHint("approve-benefit or deny-benefit records the answer").Citing(b.fact.ID)
		}
	}
	return &events.BenefitReferred{Benefit: c.Benefit, State: c.State, WaitingList: c.WaitingList}, nil
}

// ApproveBenefit grants a benefit from occurred_on on. It may be one that the client
// has applied for alone.
type ApproveBenefit struct {
	Client      string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Benefit     string      `json:"benefit" doc:"the benefit; rca and rma are refugee cash and medical assistance" required:"true" enum:"rca,rma,matching_grant,refugee_social_services,tanf,medicaid,chip,ssi,food_stamps,wic,public_housing,child_care,job_training,english_classes,crime_victims_compensation,state_assistance" example:"rca"`
	ThroughDate events.Date `json:"through_date" doc:"last day, when it is limited: renew it before" example:"2009-09-30"`
}

// Target implements [aggregates.Command].
func (c *ApproveBenefit) Target(string) (events.Subject, error) { return target(c.Client) }

func decideApproveBenefit(s *State, c *ApproveBenefit, ctx *aggregates.Context) (events.Event, error) {
	if b := s.benefit(c.Benefit, ctx.OccurredOn); b.standing == "approved" {
		if b.fact.On == ctx.OccurredOn && b.through == c.ThroughDate {
			return nil, nil
		}
		return nil, aggregates.Refuse("R28", "benefit_approved", "%s is approved since %s", c.Benefit, b.fact.On).On("benefit").
			WithHint("renew-benefit prolongs it, end-benefit ends it").Citing(b.fact.ID)
	}
	if c.ThroughDate != 0 && c.ThroughDate < ctx.OccurredOn {
		return nil, ctx.EndsBeforeStart("R28", "the benefit", c.ThroughDate)
	}
	return &events.BenefitApproved{Benefit: c.Benefit, ThroughDate: c.ThroughDate}, nil
}

// DenyBenefit records that a benefit that the client was sent to apply for is
// refused.
type DenyBenefit struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Benefit string `json:"benefit" doc:"the benefit; rca and rma are refugee cash and medical assistance" required:"true" enum:"rca,rma,matching_grant,refugee_social_services,tanf,medicaid,chip,ssi,food_stamps,wic,public_housing,child_care,job_training,english_classes,crime_victims_compensation,state_assistance" example:"rca"`
	Reason  string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"income too high"`
}

// Target implements [aggregates.Command].
func (c *DenyBenefit) Target(string) (events.Subject, error) { return target(c.Client) }

func decideDenyBenefit(s *State, c *DenyBenefit, ctx *aggregates.Context) (events.Event, error) {
	switch b := s.benefit(c.Benefit, ctx.OccurredOn); {
	case b.standing == "denied" && b.fact.On == ctx.OccurredOn:
		return nil, nil
	case b.standing == "approved":
		return nil, aggregates.Refuse("R28", "benefit_approved", "%s is approved since %s", c.Benefit, b.fact.On).On("benefit").
			WithHint("end-benefit ends it").Citing(b.fact.ID)
	case b.standing != "referred" && b.standing != "waiting":
		return nil, aggregates.Refuse("R28", "benefit_not_referred", "nobody has applied for %s by %s", c.Benefit, ctx.OccurredOn).On("benefit").
			WithHint("refer-benefit comes first")
	}
	return &events.BenefitDenied{Benefit: c.Benefit, Reason: events.Plain(c.Reason)}, nil
}

// RenewBenefit prolongs a benefit that was approved, also one whose last day has
// passed: the gap stays visible.
type RenewBenefit struct {
	Client      string      `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Benefit     string      `json:"benefit" doc:"the benefit; rca and rma are refugee cash and medical assistance" required:"true" enum:"rca,rma,matching_grant,refugee_social_services,tanf,medicaid,chip,ssi,food_stamps,wic,public_housing,child_care,job_training,english_classes,crime_victims_compensation,state_assistance" example:"medicaid"`
	ThroughDate events.Date `json:"through_date" doc:"new last day" required:"true" example:"2010-03-31"`
}

// Target implements [aggregates.Command].
func (c *RenewBenefit) Target(string) (events.Subject, error) { return target(c.Client) }

func decideRenewBenefit(s *State, c *RenewBenefit, ctx *aggregates.Context) (events.Event, error) {
	b := s.benefit(c.Benefit, ctx.OccurredOn)
	switch {
	case b.standing != "approved":
		return nil, notApproved(c.Benefit, b, ctx)
	case b.fact.Type == "benefit.renewed.v1" && b.fact.On == ctx.OccurredOn && b.through == c.ThroughDate:
		return nil, nil
	case b.through == 0:
		return nil, aggregates.Refuse("R28", "benefit_unlimited", "%s is approved without a last day", c.Benefit).On("benefit").Citing(b.fact.ID)
	case c.ThroughDate <= b.through:
		return nil, aggregates.Refuse("R28", "not_prolonged", "%s is approved through %s already", c.Benefit, b.through).On("through_date").
			WithHint("end-benefit ends it earlier").Citing(b.fact.ID)
	case c.ThroughDate < ctx.OccurredOn:
		return nil, aggregates.Refuse("R28", "ends_before_start", "the benefit would end on %s, before it is renewed on %s", c.ThroughDate, ctx.OccurredOn).
			On("through_date")
	}
	return &events.BenefitRenewed{Benefit: c.Benefit, ThroughDate: c.ThroughDate}, nil
}

// notApproved refuses to prolong or end what was not approved.
func notApproved(name string, b benefit, ctx *aggregates.Context) *aggregates.Refusal {
	r := aggregates.Refuse("R28", "benefit_not_approved", "%s is not approved on %s", name, ctx.OccurredOn).On("benefit").
		WithHint("approve-benefit comes first")
	if b.standing != "" {
		r = r.Citing(b.fact.ID)
	}
	return r
}

// EndBenefit ends a benefit; occurred_on is its last day.
type EndBenefit struct {
	Client  string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Benefit string `json:"benefit" doc:"the benefit; rca and rma are refugee cash and medical assistance" required:"true" enum:"rca,rma,matching_grant,refugee_social_services,tanf,medicaid,chip,ssi,food_stamps,wic,public_housing,child_care,job_training,english_classes,crime_victims_compensation,state_assistance" example:"rca"`
	Reason  string `json:"reason" doc:"why; sealed" required:"true" secret:"identity" example:"found work"`
}

// Target implements [aggregates.Command].
func (c *EndBenefit) Target(string) (events.Subject, error) { return target(c.Client) }

func decideEndBenefit(s *State, c *EndBenefit, ctx *aggregates.Context) (events.Event, error) {
	switch b := s.benefit(c.Benefit, ctx.OccurredOn); {
	case b.standing == "ended" && b.fact.On == ctx.OccurredOn:
		return nil, nil
	case b.standing != "approved":
		return nil, notApproved(c.Benefit, b, ctx)
	}
	return &events.BenefitEnded{Benefit: c.Benefit, Reason: events.Plain(c.Reason)}, nil
}

// RecordAlternativeRelief records a path other than certification and how it stands
// from occurred_on on (S1).
type RecordAlternativeRelief struct {
	Client            string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
	Relief            string `json:"relief" doc:"the path" required:"true" enum:"asylum,u_visa,vawa,special_immigrant_juvenile,other" example:"u_visa"`
	Standing          string `json:"standing" doc:"how it stands" required:"true" enum:"applied,granted,denied,withdrawn" example:"applied"`
	UnrestrictedFunds bool   `json:"unrestricted_funds" doc:"whether unrestricted funds pay for services meanwhile"`
}

// Target implements [aggregates.Command].
func (c *RecordAlternativeRelief) Target(string) (events.Subject, error) { return target(c.Client) }

func decideRecordAlternativeRelief(s *State, c *RecordAlternativeRelief, ctx *aggregates.Context) (events.Event, error) {
	e := events.AlternativeReliefRecorded{Relief: c.Relief, Standing: c.Standing, UnrestrictedFunds: c.UnrestrictedFunds}
	for f, old := range aggregates.Of[*events.AlternativeReliefRecorded](&s.history) {
		if f.On == ctx.OccurredOn && *old == e {
			return nil, nil
		}
	}
	return &e, nil
}
