package projections

import (
	"bytes"
	"fmt"
	"slices"

	"caseledger/events"
)

// A Subject is one aggregate with its complete history up to the snapshot's
// position. What it computes is computed once and shared by all views.
type Subject struct {
	Name    events.Subject
	Records []*events.Record

	snapshot *Snapshot
}

// Principal returns the subject of a principal's case, with its history; a
// derivative's rows may depend on it. The id must be one that the case's records
// link to, else the row would not be derived again when the principal changes.
func (s *Subject) Principal(id string) (*Subject, error) {
	return s.snapshot.Subject(events.SubjectOf(events.KindCase, id))
}

// Programme returns the subject of the programme's policies, on which any row
// of a case may depend.
func (s *Subject) Programme() (*Subject, error) { return s.snapshot.Subject(events.ProgrammeSubject) }

// Subject returns a subject with its history.
func (s *Snapshot) Subject(name events.Subject) (*Subject, error) { return s.subject(name, nil) }

func (s *Snapshot) subject(name events.Subject, buf []*events.Record) (*Subject, error) {
	records, err := s.appendHistory(buf, name)
	if err != nil {
		return nil, err
	}
	return &Subject{Name: name, Records: records, snapshot: s}, nil
}

// principals returns the coded ids of all principals that the case was ever
// linked to: its rows may depend on any of them.
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
			ids = append(ids, link.Principal)
		}
	}
	return ids, nil
}

func dependentKey(principal, derivative string) []byte {
	return slices.Concat([]byte(principal), []byte{0}, []byte(derivative))
}

// Derivatives returns the coded ids of all clients that were ever linked to a
// principal, in order.
func (s *Snapshot) Derivatives(principal string) []string {
	prefix := dependentKey(principal, "")
	var ids []string
	c := s.dependents.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		ids = append(ids, string(k[len(prefix):]))
	}
	return ids
}

// linkDerivative keeps the index of derivatives. Links only ever grow, since the
// history that they come from does.
func (l *live) linkDerivative(derivative string, principals []string) error {
	for _, p := range principals {
		if err := l.dependents.Put(dependentKey(p, derivative), nil); err != nil {
			return fmt.Errorf("link derivative %s: %w", derivative, err)
		}
	}
	return nil
}
