// Package compliance answers one question: which agencies and cases are out of
// line on a day, by which rule, and which records show it (R27, R28)?
//
// The rules are a table, see [Rules]. A rule that looks at one subject yields the
// days on which an exception stands, once, when the subject's row is derived; a
// question about a day then reads small rows. A rule that holds subjects against
// each other does so when it is asked, from the facts that the rows keep.
//
// An exception stands from the first day on which the facts are out of line to
// the day before they are put right. What happened once and cannot be put right,
// such as a late notice, is shown for a year: the time between two reviews.
package compliance

import (
	"cmp"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

const viewName = "compliance"

// View is the view behind [On]. A row is made for every subject of which a rule
// looks at anything; the comments of its parts say what it holds.
type View struct{}

// Name implements [projections.View].
func (View) Name() string { return viewName }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind {
	return []events.Kind{
		events.KindCase, events.KindLetter, events.KindAgency, events.KindWorker, events.KindBilling, events.KindTraining,
	}
}

// Ignores implements [projections.View].
func (View) Ignores() []string {
	return []string{"service.delivered.v1", "need.assessed.v1", "goal.set.v1", "progress.recorded.v1", "milestone.reached.v1", "outcome.recorded.v1"}
}

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, b []byte) ([]byte, error) {
	switch s.Name.Kind() {
	case events.KindCase:
		return deriveCase(s, b)
	case events.KindLetter:
		return deriveRequest(s, b)
	case events.KindAgency:
		return deriveAgency(s, b)
	case events.KindWorker:
		return deriveWorker(s, b)
	case events.KindBilling:
		return deriveBilling(s, b)
	default:
		return deriveTraining(s, b)
	}
}

// A Severity says how bad an exception is, in the words of a finding.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical" // a client is without help, or money or status rests on nothing
	Major    Severity = "major"    // a duty of the subcontract or of practice is not met
	Minor    Severity = "minor"    // to be looked at before it becomes worse
)

// Severities lists them, worst first.
func Severities() []Severity { return []Severity{Critical, Major, Minor} }

func (s Severity) rank() int { return slices.Index(Severities(), s) }

// An Exception is something out of line on a day, and the records that show it.
type Exception struct {
	Rule     string      `json:"rule"`
	Severity Severity    `json:"severity"`
	Agency   string      `json:"agency,omitzero"` // that has the client on that day; empty for the prime contractor or HHS
	Client   string      `json:"client,omitzero"`
	Worker   string      `json:"worker,omitzero"`
	Since    events.Date `json:"since"` // first day on which it stands
	Sentence string      `json:"sentence"`
	Evidence []uint64    `json:"evidence"` // positions of the records, in order
}

// worse orders exceptions: the worst first, then by rule, the oldest, agency,
// client and worker.
func worse(a, b *Exception) int {
	return cmp.Or(
		cmp.Compare(a.Severity.rank(), b.Severity.rank()), cmp.Compare(indexOf(a.Rule), indexOf(b.Rule)),
		cmp.Compare(a.Since, b.Since), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Client, b.Client),
		cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Sentence, b.Sentence), slices.Compare(a.Evidence, b.Evidence),
	)
}

// A span is the days on which an exception stands, as a row keeps it.
type span struct {
	rule     int // index in the table
	from, to events.Date
	what     string      // of a closed list: a criterion, a document, a worker's id
	day      events.Date // that the sentence names
	n        int
	evidence []uint64
}

// maxEvidence bounds the records that a span names; the first ones tell enough.
const maxEvidence = 8

func appendSpans(b []byte, spans []span) []byte {
	b = row.Len(b, len(spans))
	for i := range spans {
		s := &spans[i]
		b = row.Date(row.Date(row.Len(b, s.rule), s.from), s.to)
		b = row.Uint(row.Date(row.String(b, s.what), s.day), uint64(max(s.n, 0)))
		b = appendSequences(b, s.evidence[:min(len(s.evidence), maxEvidence)])
	}
	return b
}

func appendSequences(b []byte, list []uint64) []byte {
	b = row.Len(b, len(list))
	for _, n := range list {
		b = row.Uint(b, n)
	}
	return b
}

func readSequences(r *row.Reader) (list []uint64) {
	if n := r.Len(); n > 0 {
		list = make([]uint64, 0, n)
		for range n {
			list = append(list, r.Uint())
		}
	}
	return list
}

// readSpans calls f with the spans that stand on a day.
func readSpans(r *row.Reader, on events.Date, f func(*span)) {
	for range r.Len() {
		s := span{rule: int(r.Uint()), from: r.Date(), to: r.Date()}
		what := r.Bytes()
		s.day, s.n = r.Date(), int(r.Uint())
		if on < s.from || s.to < on {
			for range r.Len() {
				r.Uint()
			}
			continue
		}
		s.what, s.evidence = string(what), readSequences(r)
		f(&s)
	}
}

// A mark is a record and its effective date.
type mark struct {
	on  events.Date
	seq uint64
}

// yearLong bounds how long what cannot be put right is shown.
func yearLong(from events.Date) events.Date { return from + 365 }
