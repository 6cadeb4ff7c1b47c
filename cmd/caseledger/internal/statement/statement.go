// Package statement answers one question: what does an agency's invoice, or its
// monthly request before it is one, look like on paper?
//
// An [Invoice] is made from the records of an agency's billing by [FromRecords],
// or from lines that were only computed by [Month]. It is written as text, CSV,
// XLSX and PDF. Every form is a function of the Invoice alone: made twice from the
// same records it is the same bytes, on any day and any machine. Clients appear by
// their coded ids, people by the ids of their accounts, and nobody by name (R31).
package statement

import (
	"fmt"
	"strconv"
	"time"

	"caseledger/events"
)

// An Invoice is everything that a statement shows. FromRecords and Month fill it
// except for what is marked optional.
type Invoice struct {
	Prime      string // the prime contractor; optional
	Contract   string // its contract, as the two parties call it; optional
	AgencyName string // of the organization; optional

	Ledger  string // the ledger's name
	Agency  string // id
	Number  int    // of the agency's invoices, from 1; 0 for a draft
	Month   string // YYYY-MM
	Closing events.Date
	Made    events.LedgerPosition // what the lines were computed from
	Issued  Mark                  // the invoice's own record; zero for a draft
	Known   Mark                  // the last record that says something of the invoice

	Subcontract events.Reference // that the invoice rests on; zero when none is cited
	Lines       []Line           // in the order and with the numbers of the ledger
	Totals      events.InvoiceTotals
	Standings   []events.ClientStanding
	Ceiling     events.ContractStanding // zero for a draft
	Recoverable bool                    // an agency that has left owes the total
	Settled     events.Cents            // of a recoverable, paid back so far
	Status      Status
	Steps       []Step // what was done with the invoice, in order
}

// A Mark is one record of the ledger.
type Mark struct {
	Sequence uint64
	Hash     events.Hash
	Recorded events.Instant
}

// A Line is a line of an invoice with what its references stand for.
type Line struct {
	events.InvoiceLine
	Number    int          // from 1: what a return and a trace call it
	RateCents events.Cents // of a whole period: rate, or cap of client expenses; 0 when unknown
	Because   []Cause      // of an adjustment, one for each of Causes
}

// A Cause is a record that made a correction due.
type Cause struct {
	Position uint64
	What     string // such as "expense reversed"; empty when not looked up
	On       events.Date
}

// A Step is one thing that was done with an invoice.
type Step struct {
	What   string // such as "approved"
	By     string // id of the account
	Role   string
	On     events.Date
	Record Mark
	Detail string // reasons, amounts and references
}

// A Status says where an invoice stands.
type Status string

// The statuses. Generated means that nothing was done with it yet.
const (
	Draft     Status = "draft"
	Generated Status = "generated"
	Submitted Status = "submitted"
	Reviewed  Status = "reviewed"
	Returned  Status = "returned"
	Approved  Status = "approved"
	Held      Status = "on hold"
	Denied    Status = "denied"
	Paid      Status = "paid"
)

// ID names the invoice among those of all agencies, as in A-017/12; for a draft
// it says that it is none.
func (inv *Invoice) ID() string {
	if inv.Number == 0 {
		return "draft, not an invoice"
	}
	return inv.Agency + "/" + strconv.Itoa(inv.Number)
}

// FileName returns a name for the statement in a form, such as
// "invoice-A-017-0012.pdf" or "request-A-017-2008-07.csv".
func (inv *Invoice) FileName(extension string) string {
	if inv.Number == 0 {
		return fmt.Sprintf("request-%s-%s.%s", inv.Agency, inv.Month, extension)
	}
	return fmt.Sprintf("invoice-%s-%04d.%s", inv.Agency, inv.Number, extension)
}

// created is the only time that files carry: when the last record behind the
// statement was written, and for a draft the start of its closing date, UTC.
func (inv *Invoice) created() time.Time {
	if inv.Known.Recorded != 0 {
		return inv.Known.Recorded.Time().Truncate(time.Second)
	}
	year, month, day := inv.Closing.Civil()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
