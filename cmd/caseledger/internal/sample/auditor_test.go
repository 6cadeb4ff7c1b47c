package sample_test

import (
	"slices"
	"testing"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/replay/trace"
)

// held is what an auditor's bundle of a client holds of a ledger.
type held struct {
	*projections.Snapshot
	subjects []events.Subject
}

func (h held) History(s events.Subject) ([]*events.Record, error) {
	if !slices.Contains(h.subjects, s) {
		return nil, trace.ErrElsewhere
	}
	return h.Snapshot.History(s)
}

func (h held) Record(sequence uint64) (*events.Record, error) {
	r, err := h.Snapshot.Record(sequence)
	if err == nil && !slices.Contains(h.subjects, r.Subject) {
		return nil, trace.ErrElsewhere
	}
	return r, err
}

func (h held) SubjectsAfter(kind events.Kind, after events.Subject, limit int) (found []events.Subject) {
	for _, s := range h.subjects {
		if s.Kind() == kind && s > after {
			found = append(found, s)
		}
	}
	slices.Sort(found)
	return found[:min(limit, len(found))]
}

// auditors recounts a part of the clients from nothing but what an auditor's bundle
// holds of each: derivatives, and one in some of the others.
func auditors(t *testing.T, views *projections.Views) {
	t.Helper()
	const oneIn, mostDerivatives = 16, 25
	clients, derivatives, lines := 0, 0, 0
	err := views.Read(func(s *projections.Snapshot) error {
		n := 0
		return s.Subjects(events.KindCase, func(subject events.Subject) error {
			own, err := s.History(subject)
			if err != nil {
				return err
			}
			principals, agencies, err := trace.Behind(own)
			if err != nil {
				return err
			}
			if n++; n%oneIn != 0 && (len(principals) == 0 || derivatives >= mostDerivatives) {
				return nil
			}
			h := held{s, []events.Subject{events.ProgrammeSubject, subject}}
			for _, id := range principals {
				h.subjects = append(h.subjects, events.SubjectOf(events.KindCase, id))
			}
			for _, id := range agencies {
				h.subjects = append(h.subjects, events.SubjectOf(events.KindBilling, id))
			}
			r, err := trace.Client(t.Context(), h, subject.ID())
			if err != nil {
				return err
			}
			for _, d := range r.Differences {
				t.Error(d)
			}
			if clients++; len(principals) > 0 {
				derivatives++
			}
			lines += len(r.Lines)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if clients < 30 || derivatives == 0 || lines < 100 {
		t.Errorf("recounted %d lines of %d clients, %d of them derivatives", lines, clients, derivatives)
	}
	t.Logf("%d lines of %d clients, %d of them derivatives, recounted from their own records and billing", lines, clients, derivatives)
}
