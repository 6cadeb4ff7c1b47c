// Package referral decides what may be recorded of a person who was found or sent:
// by a signal, an outreach worker's lead, another programme or country; forwarded
// to an agency, enrolled as a client, helped elsewhere or lost (S0, S1, R03).
package referral

import (
	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the referral streams and their commands, in the order of a
// referral.
func Aggregate() aggregates.Aggregate {
	return aggregates.Aggregate{
		Kind: events.KindReferral,
		New:  func(s events.Subject) aggregates.State { return &State{referral: s.ID()} },
		Commands: []aggregates.Spec{
			aggregates.Define(events.KindReferral, "receive-signal", "", "record a call or message about a person who may be a victim", decideSignal),
			aggregates.Define(events.KindReferral, "refer-lead", "", "record a possible victim found by an award's outreach", decideLead),
			aggregates.Define(events.KindReferral, "receive-inbound-referral", "", "record a person whom another programme or country sends", decideInbound),
			aggregates.Define(events.KindReferral, "make-domestic-referral", "R03", "send a citizen or permanent resident to mainstream help", decideDomestic),
			known("forward-referral", "R27", "send the person to a subcontracted agency", decideForward),
			known("enroll-referral", "R01", "record that the person was enrolled as a client", decideEnroll),
			known("close-referral", "", "end a referral without enrollment", decideClose),
			known("record-cooperation", "", "record cooperation with another programme or country on the person", decideCooperation),
			known("withdraw-referral-fact", "R24", "take back a record that was made in error", decideWithdraw),
		},
	}
}

// known defines a command for a referral that has records.
func known[C any, P interface {
	*C
	aggregates.Command
}](name, rule, summary string, decide func(*State, P, *aggregates.Context) (events.Event, error)) aggregates.Spec {
	return aggregates.Define(events.KindReferral, name, rule, summary,
		func(s *State, c P, ctx *aggregates.Context) (events.Event, error) {
			if s.history.Len() == 0 {
				return nil, aggregates.Unknown("", events.KindReferral, s.referral)
			}
			return decide(s, c, ctx)
		})
}

// A State is the folded history of one referral.
type State struct {
	referral string
	history  aggregates.History
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error { return s.history.Add(r, true) }

// A standing is how far a referral has come; zero facts are steps not taken.
type standing struct {
	opened, domestic, forwarded, ended aggregates.Fact
}

// standing derives how the referral stands, from the facts that stand.
func (s *State) standing() (st standing) {
	for _, f := range s.history.ByDate() {
		switch f.Event.(type) {
		case *events.SignalReceived, *events.LeadReferred, *events.InboundReferralReceived:
			if st.opened.ID == "" {
				st.opened = *f
			}
		case *events.DomesticReferralMade:
			if st.opened.ID == "" {
				st.opened = *f
			}
			st.domestic = *f
		case *events.ReferralForwarded:
			st.forwarded = *f
		case *events.ReferralEnrolled, *events.ReferralClosed:
			st.ended = *f
		}
	}
	return st
}

// openRefusal says why the referral can take no further step on the effective
// date: it is over, or had not begun.
func (st standing) openRefusal(s *State, ctx *aggregates.Context) *aggregates.Refusal {
	switch {
	case st.ended.ID != "":
		return aggregates.Refuse("", "referral_over", "referral %s ended on %s", s.referral, st.ended.On).On("referral").
			WithHint("withdraw-referral-fact takes a wrong end back").Citing(st.ended.ID)
	case st.opened.ID == "":
		return aggregates.Refuse("", "nothing_stands", "everything recorded of referral %s was taken back", s.referral).On("referral").
			WithHint("record anew how the person was found")
	case ctx.OccurredOn < st.opened.On:
		return aggregates.Refuse("", "before_referral", "the referral began on %s only", st.opened.On).On("occurred_on").Citing(st.opened.ID)
	}
	return nil
}

// opening decides a record of how a person was found: the first of a referral that
// stands, or the same once more.
func opening[E comparable, P interface {
	*E
	events.Event
}](s *State, e P, ctx *aggregates.Context) (events.Event, error) {
	for f, earlier := range aggregates.Of[P](&s.history) {
		if f.On == ctx.OccurredOn && *earlier == *e {
			return nil, nil
		}
	}
	if st := s.standing(); st.opened.ID != "" {
		return nil, aggregates.Refuse("", "referral_on_record", "referral %s is on record since %s", s.referral, st.opened.On).On("referral").
			WithHint("leave referral empty for another person; forward-referral, enroll-referral or close-referral goes on with this one").Citing(st.opened.ID)
	}
	return e, nil
}

// Agencies returns the agency that the person was sent to by a day.
func (s *State) Agencies(day events.Date) (agencies []string) {
	for _, f := range s.history.ByDate() {
		if e, ok := f.Event.(*events.ReferralForwarded); ok && f.On <= day {
			agencies = []string{e.Agency}
		}
	}
	return agencies
}

// prefix begins the ids of referrals.
const prefix = "R"

// newTarget is the target of a command that opens a referral.
func newTarget(referral, commandID string) (events.Subject, error) {
	if referral == "" {
		referral = aggregates.NewID(prefix, commandID)
	}
	return target(referral)
}

func target(referral string) (events.Subject, error) {
	return events.NewSubject(events.KindReferral, referral)
}
