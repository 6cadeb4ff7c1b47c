// Package benefits answers one question: who else helps each client, with what, and
// until when (R26, R28, R31; S1, S4)?
//
// It holds public benefits with their standing, the clock of refugee cash and
// medical assistance, referrals to providers of the partner directory, paths other
// than certification, and costs that other funders bear. Everything is shown from
// the facts that are effective by a day.
package benefits

import (
	"encoding/hex"
	"fmt"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "benefits"

// View keeps a row for each case with a benefit, an assistance clock, a referral,
// other relief or other funding; see [Case].
type View struct{ projections.OfCases }

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	c, err := Fold(s)
	if err != nil || c.empty() {
		return b, err
	}
	return c.append(b), nil
}

// A Fact is when something is effective, and the record that says so.
type Fact struct {
	On     events.Date `json:"on"`
	Record uint64      `json:"record"` // its position
}

// A Case is what is known of one case. Its lists are in order of the effective date,
// then of recording.
type Case struct {
	assistance policy.Assistance
	steps      []step
	referrals  []Referral
	answers    []answer
	relief     []Relief
	funding    []Funding
}

func (c *Case) empty() bool {
	return c.assistance.From == 0 && len(c.steps)+len(c.referrals)+len(c.relief)+len(c.funding) == 0
}

// A Standing is how a benefit stands.
type Standing string

// The standings of a benefit.
const (
	Referred Standing = "referred" // applied for, without an answer
	Waiting  Standing = "waiting"  // on a waiting list
	Approved Standing = "approved"
	Lapsed   Standing = "lapsed" // approved, and its last day has passed
	Denied   Standing = "denied"
	Ended    Standing = "ended"
)

// step is one fact about a benefit.
type step struct {
	Fact
	benefit  string
	standing Standing // Lapsed stands for a renewal
	through  events.Date
	state    string
}

// A Benefit is how one public benefit of a client stands on a day.
type Benefit struct {
	Fact                 // that says so
	Benefit  string      `json:"benefit"`
	State    string      `json:"state,omitzero"`
	Standing Standing    `json:"standing"`
	Since    events.Date `json:"since"`            // first day of the standing
	Through  events.Date `json:"through,omitzero"` // last day, when it is limited
}

// Current reports whether the benefit is approved and its last day has not passed.
func (b Benefit) Current() bool { return b.Standing == Approved }

// A Referral sends the client to a provider of the partner directory.
type Referral struct {
	Fact
	Referral   string      `json:"referral"` // id within the case
	Partner    string      `json:"partner"`
	Category   string      `json:"category"`
	Release    string      `json:"release"`            // record id of the client's release
	Answer     string      `json:"answer,omitzero"`    // accepted, waiting_list, declined, no_answer; empty: none yet
	AnsweredOn events.Date `json:"answered,omitzero"`  // day of that answer
	Released   bool        `json:"released,omitempty"` // the release was never taken back as an error
}

type answer struct {
	Fact
	referral, answer string
}

// A Relief is a path other than certification.
type Relief struct {
	Fact
	Relief            string `json:"relief"`
	Standing          string `json:"standing"`
	UnrestrictedFunds bool   `json:"unrestricted_funds,omitempty"`
}

// A Funding is a cost of the client that another funder bears.
type Funding struct {
	Fact
	Funder   string        `json:"funder"`
	Award    string        `json:"award,omitzero"`
	Category string        `json:"category"`
	Cents    events.Cents  `json:"cents"`
	Agency   string        `json:"agency"` // the client's on that day
	Status   policy.Status `json:"status"` // of the client on that day
	Receipt  string        `json:"-"`      // the first half of its hash, in bytes; may be empty
}

// Fold returns a case from its records, also in a snapshot of the past.
func Fold(s *projections.Subject) (*Case, error) {
	e, err := s.Entitlement()
	if err != nil {
		return nil, err
	}
	facts, err := s.Facts()
	if err != nil {
		return nil, err
	}
	withdrawn, err := s.Withdrawn()
	if err != nil {
		return nil, err
	}
	c := &Case{assistance: e.RCA}
	return c, s.Standing(wanted, func(r *events.Record, event events.Event) error {
		c.fold(Fact{r.OccurredOn, r.Sequence}, event, facts, withdrawn)
		return nil
	})
}

func wanted(eventType string) bool {
	switch eventType {
	case "benefit.referred.v1", "benefit.approved.v1", "benefit.denied.v1", "benefit.renewed.v1", "benefit.ended.v1",
		"service.referred.v1", "service-referral.answered.v1", "alternative-relief.recorded.v1", "other-funding.recorded.v1":
		return true
	}
	return false
}

func (c *Case) fold(f Fact, event events.Event, facts *policy.Facts, withdrawn map[string]bool) {
	switch e := event.(type) {
	case *events.BenefitReferred:
		standing := Referred
		if e.WaitingList {
			standing = Waiting
		}
		insert(&c.steps, step{f, e.Benefit, standing, 0, e.State})
	case *events.BenefitApproved:
		insert(&c.steps, step{f, e.Benefit, Approved, e.ThroughDate, ""})
	case *events.BenefitDenied:
		insert(&c.steps, step{f, e.Benefit, Denied, 0, ""})
	case *events.BenefitRenewed:
		insert(&c.steps, step{f, e.Benefit, Lapsed, e.ThroughDate, ""})
	case *events.BenefitEnded:
		f.On++ // its date is the last day
		insert(&c.steps, step{f, e.Benefit, Ended, 0, ""})
	case *events.ServiceReferred:
		insert(&c.referrals, Referral{Fact: f, Referral: e.Referral, Partner: e.Partner, Category: e.Category,
			Release: e.Release, Released: !withdrawn[e.Release]})
	case *events.ServiceReferralAnswered:
		insert(&c.answers, answer{f, e.Referral, e.Answer})
	case *events.AlternativeReliefRecorded:
		insert(&c.relief, Relief{f, e.Relief, e.Standing, e.UnrestrictedFunds})
	case *events.OtherFundingRecorded:
		insert(&c.funding, Funding{f, e.Funder, e.Award, e.Category, e.AmountCents, facts.AgencyOn(f.On),
			policy.StatusOn(facts, f.On), half(e.ReceiptHash)})
	}
}

// half returns 128 of the hash's 256 bits: enough to tell receipts apart.
func half(receipt string) string {
	b, err := hex.DecodeString(receipt)
	if err != nil || len(b) < 16 {
		return receipt // not a SHA-256: kept as it is
	}
	return string(b[:16])
}

func (f Fact) fact() Fact { return f }

// insert keeps facts in order of their day; almost every one goes to the end.
func insert[T interface{ fact() Fact }](list *[]T, v T) {
	i := len(*list)
	for i > 0 && (*list)[i-1].fact().On > v.fact().On {
		i--
	}
	*list = slices.Insert(*list, i, v)
}

// until returns the part of a list that is effective by a day.
func until[T interface{ fact() Fact }](list []T, day events.Date) []T {
	for i := len(list); i > 0; i-- {
		if list[i-1].fact().On <= day {
			return list[:i]
		}
	}
	return nil
}

// Each calls f with the client and the case of every row, in order of the client's
// id. The case is used again: nothing of it may be kept. Cost: a fraction
// of a microsecond for each client.
func Each(s *projections.Snapshot, f func(client string, c *Case) error) error {
	var c Case
	names := row.Names{}
	return s.Rows(viewName, events.KindCase, func(id, b []byte) error {
		if err := c.read(b, names); err != nil {
			return fmt.Errorf("read the benefits of %s: %w", id, err)
		}
		return f(string(id), &c)
	})
}

// Read returns one client's case; an empty one for a client without a row.
func Read(s *projections.Snapshot, client string) (*Case, error) {
	c := &Case{}
	b, err := s.Row(viewName, events.SubjectOf(events.KindCase, client))
	if err != nil || len(b) == 0 {
		return c, err
	}
	return c, c.read(b, nil)
}
