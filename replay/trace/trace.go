// Package trace answers one question: does every line of every invoice follow from
// the events that it names?
//
// It walks from a line to its service period, to the rule and the policy it was
// computed under, and to the records behind it, and computes the amount again with
// package recount, which shares no code with what billed it. The state of knowledge
// of a line is the ledger up to the position that its invoice was made from.
//
// What an agency was billed for a client, up to and including an invoice, must be
// what the recount entitles it to at that closing date and position, period by
// period and expense by expense, but for what is left paid or under review past a
// shortened clock's end (R25). Lines that are missing are found as well as lines
// that are wrong.
package trace

import (
	"fmt"

	"caseledger/events"
)

// A Ledger is the records that a trace reads, up to one position. It need not be
// safe for concurrent use.
type Ledger interface {
	// History returns all records of a subject in order.
	History(events.Subject) ([]*events.Record, error)
	// Record returns the record at a position, or an error. One that holds a part
	// of the ledger only returns [ErrElsewhere] for what it does not hold.
	Record(sequence uint64) (*events.Record, error)
	// SubjectsAfter returns the next few subjects of a kind after one of them, in
	// order, or the first ones after "".
	SubjectsAfter(kind events.Kind, after events.Subject, limit int) []events.Subject
}

// A Reader calls a function with the ledger. All calls must show the same prefix of
// the log. It is called from several goroutines.
type Reader func(func(Ledger) error) error

// A Problem is what is wrong with a line, or with an invoice.
type Problem string

// The problems.
const (
	WrongAmount   Problem = "wrong_amount"    // the line is not what is due
	BilledTwice   Problem = "billed_twice"    // it was billed before, in full or in part
	NoSuchExpense Problem = "no_such_expense" // the client has none with this record, or it was taken back
	OtherAgency   Problem = "other_agency"    // the expense or the days are another agency's
	WrongDays     Problem = "wrong_days"      // its days are not the days paid from its start to its end
	WrongDates    Problem = "wrong_dates"     // its days lie outside what it can bill
	WrongPolicy   Problem = "wrong_policy"    // it cites another policy than its clock keeps
	WrongRule     Problem = "wrong_rule"
	WrongEvents   Problem = "wrong_events" // a position names no record, or not one behind the line
	WrongCauses   Problem = "wrong_causes" // an adjustment does not name what made it due (R24)
	MissingLine   Problem = "missing_line" // something was due and is not billed
	WrongStanding Problem = "wrong_standing"
	WrongTotals   Problem = "wrong_totals"
	WrongNumber   Problem = "wrong_number"
	WrongPosition Problem = "wrong_position" // what it was made from is not in the ledger
	WrongPayment  Problem = "wrong_payment"
)

// A Difference is something that does not follow from the events.
type Difference struct {
	Agency  string       `json:"agency"`
	Number  int          `json:"number"`
	Line    int          `json:"line,omitzero"` // from 1; 0: it is about the invoice
	Client  string       `json:"client,omitzero"`
	Problem Problem      `json:"problem"`
	Billed  events.Cents `json:"billed_cents"`
	Due     events.Cents `json:"due_cents"` // according to the recount
	// Sentence says it for people.
	Sentence string `json:"sentence"`
}

func (d Difference) String() string {
	at := fmt.Sprintf("%s/%d", d.Agency, d.Number)
	if d.Line > 0 {
		at += fmt.Sprintf(" line %d", d.Line)
	}
	return at + ": " + d.Sentence
}

// A Reference is a record that a line rests on.
type Reference struct {
	Sequence uint64         `json:"sequence"`
	Hash     events.Hash    `json:"hash"`
	Record   string         `json:"record"` // ULID
	Type     string         `json:"type"`
	Subject  events.Subject `json:"subject"`
	On       events.Date    `json:"on"`
}

func refer(r *events.Record) Reference {
	return Reference{r.Sequence, r.Hash(), r.ID, r.Type, r.Subject, r.OccurredOn}
}

// A Line is the trace of one line.
type Line struct {
	Agency  string      `json:"agency"`
	Number  int         `json:"number"`
	Line    int         `json:"line"`
	Closing events.Date `json:"closing"`
	events.InvoiceLine
	// Period and Whole are the period's first and last day so far and the days of
	// a whole one; zero for an expense that is charged to none.
	PeriodStart events.Date  `json:"period_start,omitzero"`
	PeriodEnd   events.Date  `json:"period_end,omitzero"`
	Whole       int          `json:"whole_days,omitzero"`
	RateCents   events.Cents `json:"rate_cents,omitzero"` // of a whole period
	Paid        int          `json:"paid_days,omitzero"`  // of the period to the closing date, to any agency
	Adopted     *Reference   `json:"adopted,omitempty"`   // the policy; nil for the rulebook's defaults
	Behind      []Reference  `json:"behind"`
	Caused      []Reference  `json:"caused,omitempty"`
	// The recount: entitled at the closing date, and at the one before as known
	// now; billed before; kept of that although its days are past the end (R25).
	Now     events.Cents `json:"entitled_cents"`
	Then    events.Cents `json:"entitled_before_cents"`
	Before  events.Cents `json:"billed_before_cents"`
	Kept    events.Cents `json:"kept_cents,omitzero"`
	Due     events.Cents `json:"recounted_cents"`
	Earlier []Earlier    `json:"earlier,omitempty"` // lines of the same key
	// Differences are those of this line, none when it is equal.
	Differences []Difference `json:"differences,omitempty"`
}

// Equal reports whether everything that the line says follows from the events.
func (l *Line) Equal() bool { return len(l.Differences) == 0 }

// An Earlier line billed the same period, expense or advance before.
type Earlier struct {
	Number int          `json:"number"` // of the agency's invoice; 0: a settlement
	Line   int          `json:"line"`
	Cents  events.Cents `json:"cents"`
}

// A Report is the trace of all lines ever issued.
type Report struct {
	Position    uint64       `json:"position"`
	Invoices    int          `json:"invoices"`
	Denied      int          `json:"denied"` // of them
	Lines       int          `json:"lines"`
	Adjustments int          `json:"adjustments"` // of them
	Clients     int          `json:"clients"`     // with lines
	TotalCents  events.Cents `json:"total_cents"` // of the invoices that were not denied: the contract's
	DeniedCents events.Cents `json:"denied_cents"`
	PaidCents   events.Cents `json:"paid_cents"`
	// What the last invoices say is under review, left paid, or advanced and not
	// cleared.
	UnderReviewCents events.Cents `json:"under_review_cents"`
	LeftPaidCents    events.Cents `json:"left_paid_cents"`
	OutstandingCents events.Cents `json:"advance_outstanding_cents"`
	Agencies         []Agency     `json:"agencies"`
	Differences      []Difference `json:"differences"` // by agency, invoice and line
}

// An Agency is the sum of one agency's invoices.
type Agency struct {
	Agency     string       `json:"agency"`
	Invoices   int          `json:"invoices"`
	Lines      int          `json:"lines"`
	TotalCents events.Cents `json:"total_cents"`
	PaidCents  events.Cents `json:"paid_cents"`
}

// A NotFoundError reports an invoice or a line that was never issued.
type NotFoundError struct {
	Agency       string
	Number, Line int
}

func (e *NotFoundError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("trace invoice %s/%d: it has no line %d", e.Agency, e.Number, e.Line)
	}
	return fmt.Sprintf("trace invoice %s/%d: it was never issued", e.Agency, e.Number)
}
