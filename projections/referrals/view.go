// Package referrals answers one question: who was found or sent, by whom, and what
// became of them (S0, S1)?
//
// A referral is a person before an enrollment or instead of it. Signals, leads and
// inbound referrals lead to an enrollment or are closed; citizens and permanent
// residents are sent to mainstream help, which the programme never pays (R03).
package referrals

import (
	"cmp"
	"fmt"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "referrals"

// View is the view behind [On] and [Sources]. The row of a referral is the number
// of its facts that stand and the facts in order of their dates, each:
//
//	step, date, position; then by step two texts, a day, a number and a mark:
//	opened (kind, source; State as in the record), forwarded (agency), enrolled
//	(client), closed (result), domestic (path, status; resident since, stay, minor)
//	and cooperation (with whom, matter)
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind { return []events.Kind{events.KindReferral} }

// Ignores implements [projections.View].
func (View) Ignores() []string { return projections.NoFacts() }

// A step is what a fact says of a referral.
type step byte

const (
	opened step = iota + 1
	forwarded
	enrolled
	closed
	domestic
	cooperated
)

// A fact is one fact of a referral, as the row keeps it.
type fact struct {
	step     step
	on       events.Date
	sequence uint64
	a, b     string
	state    string
	since    events.Date
	n        int
	mark     bool
}

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	var facts []fact
	err := s.Standing(nil, func(r *events.Record, e events.Event) error {
		if f := factOf(e, r.OccurredOn, r.Sequence); f.step != 0 {
			facts = append(facts, f)
		}
		return nil
	})
	if err != nil || len(facts) == 0 {
		return b, err
	}
	slices.SortStableFunc(facts, func(a, b fact) int { return cmp.Compare(a.on, b.on) })
	b = row.Len(b, len(facts))
	for _, f := range facts {
		b = f.append(b)
	}
	return b, nil
}

func factOf(e events.Event, on events.Date, sequence uint64) fact {
	f := fact{on: on, sequence: sequence}
	switch e := e.(type) {
	case *events.SignalReceived:
		f.step, f.a, f.b, f.state = opened, string(Signal), e.Channel, e.State
	case *events.LeadReferred:
		f.step, f.a, f.b, f.state = opened, string(Lead), e.Award, e.State
	case *events.InboundReferralReceived:
		f.step, f.a, f.b, f.state = opened, string(Inbound), cmp.Or(e.Country, e.Source), e.State
	case *events.DomesticReferralMade:
		f.step, f.a, f.b, f.since, f.n, f.mark = domestic, e.Path, e.ImmigrationStatus, e.LPRSince, e.StayDays, e.Minor
	case *events.ReferralForwarded:
		f.step, f.a = forwarded, e.Agency
	case *events.ReferralEnrolled:
		f.step, f.a = enrolled, e.Client
	case *events.ReferralClosed:
		f.step, f.a = closed, e.Result
	case *events.CooperationRecorded:
		f.step, f.a, f.b = cooperated, e.With, e.Matter
	}
	return f
}

func (f fact) append(b []byte) []byte {
	b = row.Uint(row.Date(append(b, byte(f.step)), f.on), f.sequence)
	b = row.Date(row.String(row.String(row.String(b, f.a), f.b), f.state), f.since)
	return row.Bool(row.Len(b, f.n), f.mark)
}

// read returns the referral of a row as it stood on a day, false when it had not
// begun.
func read(id, b []byte, on events.Date, names row.Names) (Referral, bool, error) {
	r := row.Read(b)
	one := Referral{Referral: string(id)}
	for range r.Len() {
		f := fact{step: step(r.Uint()), on: r.Date(), sequence: r.Uint(), a: r.Name(names), b: r.Name(names), state: r.Name(names), since: r.Date(), n: int(r.Uint()), mark: r.Bool()}
		if f.on <= on {
			one.apply(f)
		}
		if f.step == enrolled {
			one.Became = f.a
		}
	}
	if r.Err() != nil {
		return one, false, fmt.Errorf("read referral %s: %w", id, r.Err())
	}
	return one, one.Opened != 0, nil
}
