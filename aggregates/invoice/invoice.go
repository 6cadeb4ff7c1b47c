// Package invoice decides what may be recorded of an agency's billing: its
// invoices from generation to payment (R17, R24), cash advances (R19), amounts
// under review (R25), and what an agency that has left still owes.
//
// An invoice bills what is due at a closing date: the entitlement by then less
// everything billed before. It never changes; what is found out later nets on a
// later one. The application computes its lines, never the caller.
package invoice

import (
	"fmt"

	"caseledger/aggregates"
	"caseledger/events"
)

// Aggregate returns the billing streams and their commands, in the order of an
// invoice's life.
func Aggregate() aggregates.Aggregate {
	define := events.KindBilling
	return aggregates.Aggregate{
		Kind: define,
		New:  func(s events.Subject) aggregates.State { return newState(s.ID()) },
		Commands: []aggregates.Spec{
			aggregates.Define(define, "prepare-invoice-part", "R24", "record some lines of an invoice that is too large for one record; generate-invoice does it", decidePart),
			aggregates.Define(define, "generate-invoice", "R17", "bill an agency for everything due at a closing date", decideGenerate),
			aggregates.Define(define, "submit-invoice", "", "submit a generated invoice for payment", decideSubmit),
			aggregates.Define(define, "review-invoice", "", "record that a submitted invoice was checked", decideReviewInvoice),
			aggregates.Define(define, "return-invoice", "R24", "send an invoice back with the corrections that are required", decideReturn),
			aggregates.Define(define, "resubmit-invoice", "R24", "answer a return", decideResubmit),
			aggregates.Define(define, "approve-invoice", "", "clear a reviewed invoice for payment", decideApprove),
			aggregates.Define(define, "hold-invoice", "", "stop an invoice where it stands", decideHold),
			aggregates.Define(define, "release-invoice", "", "let a held invoice go on", decideRelease),
			aggregates.Define(define, "deny-invoice", "R24", "take an invoice out of the account; its lines become due again", decideDeny),
			aggregates.Define(define, "pay-invoice", "", "record the payment of an approved invoice", decidePay),
			aggregates.Define(define, "issue-advance", "R19", "record cash for a client's expenses ahead of spending", decideAdvance),
			aggregates.Define(define, "decide-review", "R25", "decide on amounts paid for days past a clock's new end", decideReview),
			aggregates.Define(define, "settle-recoverable", "", "record what an agency that has left paid back", decideSettle),
		},
	}
}

// A Status is where an invoice stands.
type Status string

// The statuses of an invoice. A returned one is submitted again when it was
// answered; a held one goes on from where it stood.
const (
	Generated Status = "generated"
	Submitted Status = "submitted"
	Reviewed  Status = "reviewed"
	Returned  Status = "returned"
	Approved  Status = "approved"
	Held      Status = "held"
	Denied    Status = "denied"
	Paid      Status = "paid"
)

// An Invoice is one invoice of the agency, without its lines.
type Invoice struct {
	Number      int
	Record      string // ULID of the record that generated it
	Sequence    uint64 // of that record
	Closing     events.Date
	Made        events.LedgerPosition
	Status      Status
	Totals      events.InvoiceTotals
	Contract    events.ContractStanding
	Recoverable bool
	Returns     int
	Settled     events.Cents // paid back of a recoverable, above zero

	before    Status   // held from it
	generator string   // actor
	senders   []string // actors who submitted or resubmitted it
}

func (i *Invoice) String() string { return fmt.Sprintf("invoice %d", i.Number) }

func target(agency string) (events.Subject, error) {
	return events.NewSubject(events.KindBilling, agency)
}

func agencySubject(agency string) events.Subject {
	return events.SubjectOf(events.KindAgency, agency)
}

// subcontract is what billing asks of the agency's state.
type subcontract interface {
	UnderSubcontract(day events.Date) bool
	Contract(day events.Date) (year events.Date, ceiling events.Cents, signed bool)
}

// contractOf returns the agency's subcontract, nil for an unknown agency.
func contractOf(ctx *aggregates.Context, agency string) subcontract {
	st := ctx.Basis[agencySubject(agency)]
	if !st.Exists() {
		return nil
	}
	return st.State.(subcontract)
}
