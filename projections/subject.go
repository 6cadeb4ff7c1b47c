package projections

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A Subject is one aggregate with its complete history up to the snapshot's
// position. What it computes is computed once and shared by all views. It is not
// safe for concurrent use.
type Subject struct {
	Name    events.Subject
	Records []*events.Record

	snapshot    *Snapshot
	principal   *Subject // the one asked for last
	facts       *policy.Facts
	entitlement *policy.Entitlement
	withdrawn   map[string]bool // nil: not looked for yet
}

// Withdrawn returns the record ids of the facts that were taken back (R24). It must
// not be changed.
func (s *Subject) Withdrawn() (map[string]bool, error) {
	if s.withdrawn != nil {
		return s.withdrawn, nil
	}
	ids := map[string]bool{}
	for _, r := range s.Records {
		if !strings.HasSuffix(r.Type, "-fact.withdrawn.v1") {
			continue
		}
		e, err := r.Event()
		if err != nil {
			return nil, err
		}
		if w, is := e.(events.Withdrawal); is {
			ids[w.TakesBack()] = true
		}
	}
	s.withdrawn = ids
	return ids, nil
}

// Standing calls f with each record that was not taken back and its event, in order of
// recording. Records of types that are not wanted are not decoded; nil wants all.
func (s *Subject) Standing(wanted func(eventType string) bool, f func(*events.Record, events.Event) error) error {
	withdrawn, err := s.Withdrawn()
	if err != nil {
		return err
	}
	for _, r := range s.Records {
		if wanted != nil && !wanted(r.Type) || withdrawn[r.ID] {
			continue
		}
		e, err := r.Event()
		if err != nil {
			return err
		}
		if err := f(r, e); err != nil {
			return err
		}
	}
	return nil
}

// Facts returns the facts of a case. They must not be changed.
func (s *Subject) Facts() (*policy.Facts, error) {
	if s.facts == nil {
		f := policy.NewFacts(s.Name.ID(), s.Records)
		for _, r := range s.Records {
			if err := f.Apply(r); err != nil {
				return nil, err
			}
		}
		s.facts = f
	}
	return s.facts, nil
}

// Entitlement evaluates all facts of a case.
func (s *Subject) Entitlement() (*policy.Entitlement, error) {
	if s.entitlement == nil {
		f, err := s.Facts()
		if err != nil {
			return nil, err
		}
		e, err := s.Evaluate(f, events.MaxDate)
		if err != nil {
			return nil, err
		}
		s.entitlement = e
	}
	return s.entitlement, nil
}

// EntitlementOn evaluates the facts of a case that are effective by a day: what
// was true then. The zero day means all facts.
func (s *Subject) EntitlementOn(day events.Date) (*policy.Entitlement, error) {
	if day.IsZero() {
		return s.Entitlement()
	}
	f, err := s.Facts()
	if err != nil {
		return nil, err
	}
	return s.Evaluate(f.Until(day), day)
}

// Evaluate evaluates a selection of the case's facts, with the facts of the
// principal that are effective by a day if they are asked for (R06).
func (s *Subject) Evaluate(f *policy.Facts, day events.Date) (*policy.Entitlement, error) {
	return s.EvaluateIn(new(policy.Evaluator), f, day)
}

// EvaluateIn is [Subject.Evaluate] in memory that is used again: the result is good
// until v evaluates next.
func (s *Subject) EvaluateIn(v *policy.Evaluator, f *policy.Facts, day events.Date) (*policy.Entitlement, error) {
	book, err := s.snapshot.Book()
	if err != nil {
		return nil, err
	}
	return s.evaluate(v, book, f, day)
}

// EvaluateUnder is [Subject.Evaluate] under the policies of another book than
// the one that the records make.
func (s *Subject) EvaluateUnder(book *policy.Book, f *policy.Facts, day events.Date) (*policy.Entitlement, error) {
	return s.evaluate(new(policy.Evaluator), book, f, day)
}

func (s *Subject) evaluate(v *policy.Evaluator, book *policy.Book, f *policy.Facts, day events.Date) (*policy.Entitlement, error) {
	principal, err := s.principalFacts(book, f)
	if err != nil {
		return nil, err
	}
	if principal != nil {
		principal = principal.Until(day)
	}
	return v.Evaluate(f, book, principal)
}

// PrincipalFacts returns the facts of the principal on which the case's clocks
// depend, nil when they depend on none (R06). They must not be changed.
func (s *Subject) PrincipalFacts(f *policy.Facts) (*policy.Facts, error) {
	book, err := s.snapshot.Book()
	if err != nil {
		return nil, err
	}
	return s.principalFacts(book, f)
}

func (s *Subject) principalFacts(book *policy.Book, f *policy.Facts) (*policy.Facts, error) {
	e, enrolled := f.Enrollment()
	id := f.Principal()
	if !enrolled || id == "" || book.On(e.OccurredOn).DerivativeRate != policy.FollowsPrincipal {
		return nil, nil
	}
	principal, err := s.Principal(id)
	if err != nil || len(principal.Records) == 0 {
		return nil, err
	}
	return principal.Facts()
}

// Book returns the policies adopted up to the snapshot's position.
func (s *Snapshot) Book() (*policy.Book, error) {
	if s.book == nil {
		records, err := s.History(events.ProgrammeSubject)
		if err != nil {
			return nil, err
		}
		book := policy.NewBook()
		for _, r := range records {
			if err := book.Apply(r); err != nil {
				return nil, err
			}
		}
		s.book = book
	}
	return s.book, nil
}

// OfProgramme calls f with each of the programme's facts that is an E, in order of
// recording.
func OfProgramme[E events.Event](s *Snapshot, f func(*events.Record, E)) error {
	records, err := s.History(events.ProgrammeSubject)
	if err != nil {
		return err
	}
	var one E
	for _, r := range records {
		if r.Type != one.EventType() {
			continue
		}
		event, err := r.Event()
		if err != nil {
			return err
		}
		f(r, event.(E))
	}
	return nil
}

// Principal returns the subject of a principal's case, with its history; a
// derivative's rows may depend on it. The id must be one that the case's records
// link to, else the row would not be derived again when the principal changes.
func (s *Subject) Principal(id string) (*Subject, error) {
	name := events.SubjectOf(events.KindCase, id)
	if s.principal == nil || s.principal.Name != name {
		principal, err := s.snapshot.Subject(name)
		if err != nil {
			return nil, err
		}
		s.principal = principal
	}
	return s.principal, nil
}

// Programme returns the subject of the programme's policies, on which any row
// of a case may depend.
func (s *Subject) Programme() (*Subject, error) { return s.snapshot.Subject(events.ProgrammeSubject) }

// Subject returns a subject with its history, which may be empty.
func (s *Snapshot) Subject(name events.Subject) (*Subject, error) {
	records, err := s.History(name)
	if err != nil {
		return nil, err
	}
	return &Subject{Name: name, Records: records, snapshot: s}, nil
}

// Client returns the case of a client with its history, or a [*NotFoundError].
func (s *Snapshot) Client(id string) (*Subject, error) {
	c, err := s.Subject(events.SubjectOf(events.KindCase, id))
	if err == nil && len(c.Records) == 0 {
		return nil, &NotFoundError{string(c.Name)}
	}
	return c, err
}

// Next returns the position of the record that followed a cited one in the subject
// that is cited, 0 while there is none. It looks beyond s; a row may depend on
// whether that position lies before one of its own records, which later records
// never change.
func (s *Subject) Next(cited events.Reference) (uint64, error) {
	value, err := getSum(s.snapshot.subjects, []byte(cited.Subject))
	if err != nil {
		return 0, err
	}
	if value == nil {
		return 0, nil
	}
	e, err := parseEntry(value)
	if err != nil || e.version <= cited.Version {
		return 0, err
	}
	var next, version uint64
	err = e.each(func(sequence uint64) bool {
		next = sequence
		version++
		return version <= cited.Version
	})
	return next, err
}

// principals returns the coded ids of all principals that the case was ever
// linked to: its rows may depend on any of them. They may be kept.
func (s *Subject) principals() ([]string, error) {
	var ids []string
	if s.Name.Kind() != events.KindCase {
		return nil, nil
	}
	for _, r := range s.Records {
		var link *events.DerivativeLink
		switch r.Type {
		case "client.enrolled.v1", "derivative.linked.v1":
			e, err := r.Event()
			if err != nil {
				return nil, err
			}
			switch e := e.(type) {
			case *events.ClientEnrolled:
				link = e.Derivative
			case *events.DerivativeLinked:
				link = &e.Link
			}
		}
		if link != nil && !slices.Contains(ids, link.Principal) {
			ids = append(ids, strings.Clone(link.Principal))
		}
	}
	return ids, nil
}

func dependentKey(principal, derivative string) []byte {
	return slices.Concat([]byte(principal), []byte{0}, []byte(derivative))
}

// Derivatives returns the coded ids of all clients that were ever linked to a
// principal, in order.
func (s *Snapshot) Derivatives(principal string) ([]string, error) {
	prefix := dependentKey(principal, "")
	var ids []string
	c := s.dependents.Cursor()
	k, _, err := seek(c, prefix)
	for ; err == nil && bytes.HasPrefix(k, prefix); k, _, err = next(c) {
		ids = append(ids, string(k[len(prefix):]))
	}
	return ids, err
}

// linkDerivative keeps the index of derivatives. Links only ever grow, since the
// history that they come from does.
func (l *live) linkDerivative(derivative string, principals []string) error {
	for _, p := range principals {
		if err := putSum(l.dependents, dependentKey(p, derivative), nil); err != nil {
			return fmt.Errorf("link derivative %s: %w", derivative, err)
		}
	}
	return nil
}
