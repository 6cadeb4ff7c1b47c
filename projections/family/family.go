// Package family answers one question: who belongs to a principal's family, in which
// visa class, and since when (R06)?
//
// It needs no rows of its own: the views file knows who was ever linked to whom, and
// a family is small.
package family

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// A Family is a principal and the derivatives, as known and effective on a day.
type Family struct {
	Principal string      `json:"principal"`
	On        events.Date `json:"on"`
	Members   []Member    `json:"members"` // the principal first, then in order of enrollment
}

// A Member is one person of a family.
type Member struct {
	Client    string `json:"client"`
	Principal bool   `json:"principal"`
	// VisaClass is T-1 of a principal whose status is approved, and a derivative's class.
	VisaClass  string        `json:"visa_class,omitzero"`
	Status     policy.Status `json:"status,omitzero"`
	Agency     string        `json:"agency,omitzero"`
	Enrolled   events.Date   `json:"enrolled,omitzero"`
	Closed     events.Date   `json:"closed,omitzero"`
	NoticeDate events.Date   `json:"notice_date,omitzero"` // of a derivative in the U.S.
	Entered    events.Date   `json:"entered,omitzero"`     // entry stamp of one from abroad
	// BenefitDate stands in for a derivative's letter date (R06).
	BenefitDate events.Date `json:"benefit_date,omitzero"`
	Letters     []Letter    `json:"letters,omitempty"`
	// StatusEnds is the last day of the principal's T status (R07).
	StatusEnds events.Date       `json:"t_status_ends,omitzero"`
	Assistance policy.Assistance `json:"assistance,omitzero"` // refugee cash and medical (R26)
}

// A Letter is one HHS letter of a person.
type Letter struct {
	Kind     events.LetterKind `json:"kind"`
	Date     events.Date       `json:"date"`
	Received events.Date       `json:"received,omitzero"` // by the agency
}

// Of returns the family of a principal, or of the principal of a derivative; of a
// client without a family just the client. Who is not known is a
// [*projections.NotFoundError].
func Of(s *projections.Snapshot, client string, on events.Date) (*Family, error) {
	c, err := s.Client(client)
	if err != nil {
		return nil, err
	}
	f, err := c.Facts()
	if err != nil {
		return nil, err
	}
	fam := &Family{Principal: cmp.Or(f.Until(on).Principal(), client), On: on}
	derivatives, err := s.Derivatives(fam.Principal)
	if err != nil {
		return nil, err
	}
	for _, id := range append([]string{fam.Principal}, derivatives...) {
		m, belongs, err := memberOf(s, id, fam.Principal, on)
		if err != nil {
			return nil, err
		}
		if belongs {
			fam.Members = append(fam.Members, m)
		}
	}
	slices.SortStableFunc(fam.Members, func(a, b Member) int {
		if a.Principal != b.Principal {
			return map[bool]int{true: -1, false: 1}[a.Principal]
		}
		return cmp.Compare(a.Enrolled, b.Enrolled)
	})
	return fam, nil
}

// memberOf returns a member, false for who is not linked to the principal by the day.
func memberOf(s *projections.Snapshot, id, principal string, on events.Date) (Member, bool, error) {
	m := Member{Client: id, Principal: id == principal}
	c, err := s.Subject(events.SubjectOf(events.KindCase, id))
	if err != nil {
		return m, false, err
	}
	all, err := c.Facts()
	if err != nil {
		return m, false, err
	}
	f := all.Until(on)
	e, enrolled := f.Enrollment()
	if !m.Principal && (!enrolled || f.Principal() != principal) {
		return m, false, nil
	}
	if enrolled {
		m.Enrolled, m.Agency, m.Status = e.OccurredOn, f.AgencyOn(on), policy.StatusOn(f, on)
		if spans := f.EnrolledSpans(); len(spans) > 0 && spans[len(spans)-1].To < on {
			m.Closed = spans[len(spans)-1].To
		}
		entitlement, err := c.EntitlementOn(on)
		if err != nil {
			return m, false, err
		}
		m.Assistance = entitlement.RCA
	}
	if m.Principal {
		return m, true, m.addLetters(s, f, on)
	}
	return m, true, m.addLink(c.Records, f)
}

// addLink says how a derivative is linked, from the record of the link that holds.
func (m *Member) addLink(records []*events.Record, f *policy.Facts) error {
	last := f.Links[len(f.Links)-1]
	for _, r := range records {
		if r.ID != last.ID {
			continue
		}
		event, err := r.Event()
		if err != nil {
			return err
		}
		link := &events.DerivativeLink{}
		switch e := event.(type) {
		case *events.ClientEnrolled:
			link = e.Derivative
		case *events.DerivativeLinked:
			link = &e.Link
		}
		m.VisaClass, m.NoticeDate, m.Entered, m.BenefitDate = string(link.VisaClass), link.NoticeDate, link.EntryDate, link.BenefitDate()
	}
	return nil
}

// addLetters says what HHS issued to a principal, what the agency received, and
// whether T status is approved.
func (m *Member) addLetters(s *projections.Snapshot, f *policy.Facts, on events.Date) error {
	for _, l := range f.Letters {
		letter := Letter{Kind: l.Kind, Date: l.LetterDate}
		if l.ReceivedOn <= on {
			letter.Received = l.ReceivedOn
		}
		m.Letters = append(m.Letters, letter)
	}
	letters, err := s.Subject(events.SubjectOf(events.KindLetter, m.Client))
	if err != nil {
		return err
	}
	err = letters.Standing(nil, func(r *events.Record, event events.Event) error {
		if r.OccurredOn > on {
			return nil
		}
		switch e := event.(type) {
		case *events.LetterIssued:
			m.issued(Letter{Kind: e.Kind, Date: r.OccurredOn})
		case *events.InterimAssistanceIssued:
			m.issued(Letter{Kind: events.Interim, Date: r.OccurredOn})
		case *events.TVisaApproved:
			_, last := policy.TVisaWatch(r.OccurredOn)
			m.VisaClass, m.StatusEnds = "T-1", cmp.Or(e.ThroughDate, last)
		}
		return nil
	})
	slices.SortStableFunc(m.Letters, func(a, b Letter) int { return cmp.Compare(a.Date, b.Date) })
	return err
}

// issued adds a letter of HHS that the agency is not known to have received.
func (m *Member) issued(l Letter) {
	if !slices.ContainsFunc(m.Letters, func(x Letter) bool { return x.Kind == l.Kind && x.Date == l.Date }) {
		m.Letters = append(m.Letters, l)
	}
}
