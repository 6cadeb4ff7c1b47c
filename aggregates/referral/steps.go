package referral

import (
	"caseledger/aggregates"
	"caseledger/events"
)

func agencySubject(id string) events.Subject { return events.SubjectOf(events.KindAgency, id) }
func caseSubject(id string) events.Subject   { return events.SubjectOf(events.KindCase, id) }

// What a referral asks of an agency and of a client's case.
type (
	agencyStanding interface {
		EnrollmentRefusal(day events.Date) *aggregates.Refusal
	}
	caseStanding interface {
		EnrolledOn(day events.Date) bool
	}
)

// ForwardReferral sends the person to a subcontracted agency that takes clients on
// that day (R27); to another one later, when the first cannot help.
type ForwardReferral struct {
	Referral string `json:"referral" doc:"coded id of the referral" required:"true" format:"id" example:"R-5TD8WZ"`
	Agency   string `json:"agency" doc:"agency that the person is sent to" required:"true" format:"id" example:"A-017"`
}

// Target implements [aggregates.Command].
func (c *ForwardReferral) Target(string) (events.Subject, error) { return target(c.Referral) }

// Needs implements [aggregates.Dependent].
func (c *ForwardReferral) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

func decideForward(s *State, c *ForwardReferral, ctx *aggregates.Context) (events.Event, error) {
	st := s.standing()
	if e, ok := st.forwarded.Event.(*events.ReferralForwarded); ok && e.Agency == c.Agency {
		return nil, nil // the person is there already
	}
	if refusal := st.openRefusal(s, ctx); refusal != nil {
		return nil, refusal
	}
	if st.domestic.ID != "" {
		return nil, aggregates.Refuse("R03", "domestic", "the person was sent to mainstream help on %s and cannot be enrolled", st.domestic.On).On("referral").
			Citing(st.domestic.ID)
	}
	agency := ctx.Basis[agencySubject(c.Agency)]
	if !agency.Exists() {
		return nil, aggregates.Unknown("", events.KindAgency, c.Agency)
	}
	if refusal := agency.State.(agencyStanding).EnrollmentRefusal(ctx.OccurredOn); refusal != nil {
		return nil, refusal.On("agency")
	}
	return &events.ReferralForwarded{Agency: c.Agency, Basis: ctx.Basis.References(agencySubject(c.Agency))}, nil
}

// EnrollReferral records that the person was enrolled as a client on occurred_on,
// the first enrolled day; enroll-client comes before it.
type EnrollReferral struct {
	Referral string `json:"referral" doc:"coded id of the referral" required:"true" format:"id" example:"R-5TD8WZ"`
	Client   string `json:"client" doc:"coded id of the client" required:"true" format:"id" example:"C-7QK2M4"`
}

// Target implements [aggregates.Command].
func (c *EnrollReferral) Target(string) (events.Subject, error) { return target(c.Referral) }

// Needs implements [aggregates.Dependent].
func (c *EnrollReferral) Needs(aggregates.State) []events.Subject {
	return []events.Subject{caseSubject(c.Client)}
}

func decideEnroll(s *State, c *EnrollReferral, ctx *aggregates.Context) (events.Event, error) {
	st := s.standing()
	if e, ok := st.ended.Event.(*events.ReferralEnrolled); ok && e.Client == c.Client && st.ended.On == ctx.OccurredOn {
		return nil, nil
	}
	if refusal := st.openRefusal(s, ctx); refusal != nil {
		return nil, refusal
	}
	if st.domestic.ID != "" {
		return nil, aggregates.Refuse("R03", "domestic", "the person was sent to mainstream help on %s and cannot be enrolled", st.domestic.On).On("referral").
			Citing(st.domestic.ID)
	}
	client := ctx.Basis[caseSubject(c.Client)]
	if !client.Exists() {
		return nil, aggregates.Refuse("R01", "unknown_client", "client %s is unknown", c.Client).On("client").
			WithHint("enroll-client comes first")
	}
	if !client.State.(caseStanding).EnrolledOn(ctx.OccurredOn) {
		return nil, aggregates.Refuse("R01", "not_enrolled", "client %s is not enrolled on %s", c.Client, ctx.OccurredOn).On("client").
			WithHint("enroll-client comes first; occurred_on is the first enrolled day")
	}
	return &events.ReferralEnrolled{Client: c.Client, Basis: ctx.Basis.References(caseSubject(c.Client))}, nil
}

// CloseReferral ends a referral without enrollment.
type CloseReferral struct {
	Referral string `json:"referral" doc:"coded id of the referral" required:"true" format:"id" example:"R-5TD8WZ"`
	Result   string `json:"result" doc:"what came of it" required:"true" enum:"not_a_victim,declined_help,lost_contact,referred_elsewhere,domestic_help,other" example:"lost_contact"`
}

// Target implements [aggregates.Command].
func (c *CloseReferral) Target(string) (events.Subject, error) { return target(c.Referral) }

func decideClose(s *State, c *CloseReferral, ctx *aggregates.Context) (events.Event, error) {
	st := s.standing()
	if e, ok := st.ended.Event.(*events.ReferralClosed); ok && e.Result == c.Result && st.ended.On == ctx.OccurredOn {
		return nil, nil
	}
	if refusal := st.openRefusal(s, ctx); refusal != nil {
		return nil, refusal
	}
	if c.Result == "domestic_help" && st.domestic.ID == "" {
		return nil, aggregates.Refuse("R03", "no_domestic_referral", "no domestic referral was made").On("result").
			WithHint("make-domestic-referral comes first")
	}
	return &events.ReferralClosed{Result: c.Result}, nil
}

// RecordCooperation records cooperation with another programme or country on the
// person (S0), also after the referral ended.
type RecordCooperation struct {
	Referral string `json:"referral" doc:"coded id of the referral" required:"true" format:"id" example:"R-5TD8WZ"`
	With     string `json:"with" doc:"an organisation, or a country's code; never a person's name" required:"true" example:"MX"`
	Matter   string `json:"matter" doc:"what about" required:"true" enum:"identification,family_tracing,safe_return,document,witness_protection,other" example:"family_tracing"`
}

// Target implements [aggregates.Command].
func (c *RecordCooperation) Target(string) (events.Subject, error) { return target(c.Referral) }

func decideCooperation(s *State, c *RecordCooperation, ctx *aggregates.Context) (events.Event, error) {
	e := &events.CooperationRecorded{With: c.With, Matter: c.Matter}
	for f, earlier := range aggregates.Of[*events.CooperationRecorded](&s.history) {
		if f.On == ctx.OccurredOn && *earlier == *e {
			return nil, nil
		}
	}
	if st := s.standing(); st.opened.ID != "" && ctx.OccurredOn < st.opened.On {
		return nil, aggregates.Refuse("", "before_referral", "the referral began on %s only", st.opened.On).On("occurred_on").Citing(st.opened.ID)
	}
	return e, nil
}

// WithdrawReferralFact takes back a record of this referral that was made in error:
// it counts as if it had never been. Record the right fact anew (R24).
type WithdrawReferralFact struct {
	Referral string `json:"referral" doc:"coded id of the referral" required:"true" format:"id" example:"R-5TD8WZ"`
	Record   string `json:"record" doc:"the record's id, or the id of the command that recorded it" required:"true" example:"01HZX0000000000000000000AB"`
	Cause    string `json:"cause" doc:"what was wrong" required:"true" enum:"wrong_client,wrong_agency,wrong_date,duplicate,other" example:"wrong_client"`
}

// Target implements [aggregates.Command].
func (c *WithdrawReferralFact) Target(string) (events.Subject, error) { return target(c.Referral) }

func decideWithdraw(s *State, c *WithdrawReferralFact, _ *aggregates.Context) (events.Event, error) {
	id, refusal := s.history.Withdrawal(c.Record, map[string]string{"referral-fact.withdrawn.v1": "record the fact anew"})
	if refusal != nil {
		return nil, refusal
	}
	if id == "" {
		return nil, nil
	}
	return &events.ReferralFactWithdrawn{Record: id, Cause: c.Cause}, nil
}
