package bundle

import (
	"context"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/replay/checkpoint"
	"caseledger/replay/trace"
)

// MakeForAuditor makes the auditor's bundle of a client as of a checkpoint, and checks
// it. It adds to [Make]'s the billing of every agency that the client's case names, whole:
// only so can it be shown that no line is missing or was billed twice.
func MakeForAuditor(client string, state *checkpoint.State, log checkpoint.Log, history History, key note.Verifier) ([]byte, error) {
	if err := events.CheckID(client); err != nil {
		return nil, err
	}
	own, err := history(events.SubjectOf(events.KindCase, client))
	if err != nil {
		return nil, err
	}
	own = slices.DeleteFunc(slices.Clone(own), func(r *events.Record) bool { return r.Sequence > state.Signed.Size })
	subjects, err := behind(client, own)
	if err != nil {
		return nil, err
	}
	return build(&file{client: client, auditor: true}, subjects, state, log, history, key)
}

// behind lists the subjects of an auditor's bundle, in order.
func behind(client string, own []*events.Record) ([]events.Subject, error) {
	principals, agencies, err := trace.Behind(own)
	if err != nil {
		return nil, err
	}
	subjects := subjectsOf(client)
	for _, id := range principals {
		if id != client {
			subjects = append(subjects, events.SubjectOf(events.KindCase, id))
		}
	}
	for _, id := range agencies {
		subjects = append(subjects, events.SubjectOf(events.KindBilling, id))
	}
	return subjects, nil
}

// demanded lists the subjects that the bundle must have, in order.
func (f *file) demanded(bySubject map[events.Subject][]*events.Record) ([]events.Subject, error) {
	if !f.auditor {
		return subjectsOf(f.client), nil
	}
	return behind(f.client, bySubject[events.SubjectOf(events.KindCase, f.client)])
}

// Trace walks from every line that an auditor's bundle bills for its client to the
// records behind it and computes the amount again, from nothing but the bundle; and it
// finds lines that are missing. What cannot be seen from there: that the position that an
// invoice was made from has the hash that it says, and lines of an agency that the case never named.
func (p *Proven) Trace(ctx context.Context) (*trace.ClientReport, error) {
	return trace.Client(ctx, part{p}, p.Client)
}

// part is the records of a bundle as a ledger that a trace reads.
type part struct{ *Proven }

// History implements [trace.Ledger].
func (p part) History(s events.Subject) ([]*events.Record, error) { return p.bySubject[s], nil }

// Record implements [trace.Ledger].
func (p part) Record(sequence uint64) (*events.Record, error) {
	for _, records := range p.bySubject {
		at, found := slices.BinarySearchFunc(records, sequence, func(r *events.Record, sequence uint64) int { return int(int64(r.Sequence - sequence)) })
		if found {
			return records[at], nil
		}
	}
	return nil, trace.ErrElsewhere
}

// SubjectsAfter implements [trace.Ledger].
func (p part) SubjectsAfter(kind events.Kind, after events.Subject, limit int) (found []events.Subject) {
	for s := range p.bySubject {
		if s.Kind() == kind && s > after {
			found = append(found, s)
		}
	}
	slices.Sort(found)
	return found[:min(limit, len(found))]
}
