package projections

import (
	"context"
	"fmt"

	"caseledger/events"
)

// A View is one question that is answered from rows of its own: at most one row
// for each subject of the kinds that it reads.
type View interface {
	// Name names the view's bucket. It must not change.
	Name() string
	// Version is raised whenever the same history would make another row; a
	// views file of another version is built again.
	Version() int
	// Kinds lists the kinds of subjects that have rows.
	Kinds() []events.Kind
	// Ignores lists event types on which no row depends. Records that every view
	// ignores are left out of the subject that Derive gets, which saves decoding
	// them; it must hold up whether or not they are there.
	Ignores() []string
	// Derive appends the row of a subject to row and returns it; a subject for
	// which nothing is appended has no row. The row must depend on s alone. It
	// is called from several goroutines. Nothing of s may be kept, not even a
	// text in an event: its memory is used again for the next subject.
	Derive(s *Subject, row []byte) ([]byte, error)
}

// NoFacts lists the event types that no fact of the policy, no caseload and no
// count rests on: the bulk of the records. A test holds it against the policy.
func NoFacts() []string {
	return []string{"service.delivered.v1", "consent.given.v1", "consent.withdrawn.v1"}
}

// OfCases is embedded by a view that has rows of cases alone and rests on facts.
type OfCases struct{}

// Kinds implements [View].
func (OfCases) Kinds() []events.Kind { return []events.Kind{events.KindCase} }

// Ignores implements [View].
func (OfCases) Ignores() []string { return NoFacts() }

// A Source is where records are read from: a log, an archive, or the views' own
// copy of the records. An [events.Log] is a Source.
type Source interface {
	// Read calls f with consecutive batches of the records from..to, both
	// inclusive, without a gap.
	Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error
	// Head returns the position of the last record, 0 when there is none.
	Head(ctx context.Context) (uint64, error)
}

// A Position is a place in the stream of records: everything up to and
// including one record. The zero Position is the empty prefix.
type Position struct {
	Sequence uint64         `json:"sequence"`
	Hash     events.Hash    `json:"hash"`   // of the record at Sequence
	Latest   events.Instant `json:"latest"` // latest time of any record up to here
}

// A Phase is a part of the work on views.
type Phase string

// The phases in order.
const (
	Ingest Phase = "ingest" // counts records
	Index  Phase = "index"  // counts subjects
	Derive Phase = "derive" // counts subjects
)

// Progress reports how far the work on views has come.
type Progress struct {
	Phase       Phase
	Done, Total uint64
}

// A LockedError reports that another process holds the views file.
type LockedError struct{ Path string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("open views %s: another process holds the file", e.Path)
}

// A DoubtError reports that a views file cannot be trusted. [Views.CatchUp]
// builds such a file again; other methods fail.
type DoubtError struct {
	Path   string
	Reason string
}

func (e *DoubtError) Error() string {
	return fmt.Sprintf("read views %s: %s; they must be built again", e.Path, e.Reason)
}

// A ChainError reports a record that does not continue its subject's chain, or
// does not stand at the position after the one before it. The log was damaged
// or altered; no view is built over it.
type ChainError struct {
	Sequence uint64
	Subject  events.Subject
	Detail   string
}

func (e *ChainError) Error() string {
	return fmt.Sprintf("check record #%d of %s: %s", e.Sequence, e.Subject, e.Detail)
}

// A DivergedError reports that a log does not hold the record that the views
// were built from: the log was shortened, altered or exchanged.
type DivergedError struct {
	Views Position
	Head  uint64 // of the log
}

func (e *DivergedError) Error() string {
	if e.Head < e.Views.Sequence {
		return fmt.Sprintf("compare the log with the views: the log ends at #%d, but the views know #%d", e.Head, e.Views.Sequence)
	}
	return fmt.Sprintf("compare the log with the views: record #%d is not the one that the views know", e.Views.Sequence)
}

// A NotFoundError reports a coded id or subject without records.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("find %s: it has no records", e.Name) }
