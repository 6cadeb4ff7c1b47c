package events

var billingTypes = []Type{
	define[InvoicePartPrepared](KindBilling),
	define[InvoiceGenerated](KindBilling),
	define[InvoiceSubmitted](KindBilling),
	define[InvoiceReviewed](KindBilling),
	define[InvoiceReturned](KindBilling),
	define[InvoiceResubmitted](KindBilling),
	define[InvoiceApproved](KindBilling),
	define[InvoiceHeld](KindBilling),
	define[InvoiceReleased](KindBilling),
	define[InvoiceDenied](KindBilling),
	define[InvoicePaid](KindBilling),
	define[AdvanceIssued](KindBilling),
	define[ReviewDecided](KindBilling),
	define[RecoverableSettled](KindBilling),
}

// A LedgerPosition is the prefix of the ledger that an amount was computed from.
type LedgerPosition struct {
	Sequence uint64 `json:"sequence"` // of its last record
	Hash     Hash   `json:"hash"`     // of that record
}

// A BilledKey names what a line bills: one service period of one clock, one
// expense, or one advance. Lines with the same key net against each other.
type BilledKey struct {
	Kind    string `json:"kind"`             // administrative, client or advance_cleared
	Client  string `json:"client"`           // coded id
	Clock   Date   `json:"clock,omitzero"`   // first day of the service clock, for a period
	Rate    string `json:"rate,omitzero"`    // line of the rate chart: pre_certified or certified
	Period  int    `json:"period,omitzero"`  // number of the service period, from 1
	Expense string `json:"expense,omitzero"` // ULID of the record of the expense
	Advance string `json:"advance,omitzero"` // ULID of the record of the advance
}

// An InvoiceLine is one amount that an invoice bills. It refers to the records
// that it rests on by their positions in the ledger.
type InvoiceLine struct {
	BilledKey
	Start      Date     `json:"start"`               // first and last day that the line is about
	End        Date     `json:"end"`                 //
	Days       int      `json:"days,omitzero"`       // paid days of a period from Start to End
	Cents      Cents    `json:"cents"`               // below zero in adjustments and clearings
	Rule       string   `json:"rule"`                // such as R15
	Policy     string   `json:"policy,omitzero"`     // ULID of the adopting record; empty for the defaults
	Positions  []uint64 `json:"positions,omitempty"` // of the records behind the line
	Adjustment bool     `json:"adjustment,omitzero"` // it corrects what was billed before (R24)
	Causes     []uint64 `json:"causes,omitempty"`    // positions of the records that made the correction due
}

// InvoicePartPrepared holds some of the lines of an invoice that is too large for
// one record. It bills nothing until the invoice itself names it; any other
// record of the agency in between makes it void.
type InvoicePartPrepared struct {
	Number  int            `json:"number"` // of the invoice
	Part    int            `json:"part"`   // from 1
	Closing Date           `json:"closing"`
	Made    LedgerPosition `json:"made"`
	// Lines and Standings continue those of the part before.
	Lines     []InvoiceLine    `json:"lines,omitempty"`
	Standings []ClientStanding `json:"standings,omitempty"`
}

// EventType implements [Event].
func (*InvoicePartPrepared) EventType() string { return "invoice-part.prepared.v1" }

// InvoiceGenerated bills an agency for everything that is due at a closing date.
// It never changes: what is found out later nets on a later invoice (R24).
type InvoiceGenerated struct {
	Number  int            `json:"number"` // of the agency's invoices, from 1 without gaps
	Month   string         `json:"month"`  // of the closing date: YYYY-MM
	Closing Date           `json:"closing"`
	Made    LedgerPosition `json:"made"` // what the lines were computed from
	Lines   []InvoiceLine  `json:"lines,omitempty"`
	Parts   []InvoicePart  `json:"parts,omitempty"` // instead of Lines and Standings, in order
	Totals  InvoiceTotals  `json:"totals"`
	// Standings are the clients of whom more is to say than the lines do, as of
	// the closing date.
	Standings []ClientStanding `json:"standings,omitempty"`
	Contract  ContractStanding `json:"contract,omitzero"`
	// Recoverable says that an agency that has left owes the total, which is
	// below zero, until it is settled.
	Recoverable bool        `json:"recoverable,omitzero"`
	Basis       []Reference `json:"basis,omitempty"` // the agency's subcontract
}

// EventType implements [Event].
func (*InvoiceGenerated) EventType() string { return "invoice.generated.v1" }

// An InvoicePart refers to a part by the hash of its record.
type InvoicePart struct {
	Sequence uint64 `json:"sequence"`
	Hash     Hash   `json:"hash"`
	Lines    int    `json:"lines"`
	Cents    Cents  `json:"cents"` // sum of its lines
}

// InvoiceTotals are sums over all lines of an invoice.
type InvoiceTotals struct {
	Lines               int   `json:"lines"`
	AdministrativeCents Cents `json:"administrative_cents"`
	ClientCents         Cents `json:"client_cents"`
	ClearedCents        Cents `json:"cleared_cents"` // advances set off, zero or below (R19)
	AdjustmentCents     Cents `json:"adjustment_cents"`
	TotalCents          Cents `json:"total_cents"` // may be below zero; adjustments stand in the sums above
}

// A ClientStanding says what of a client's billing is still open.
type ClientStanding struct {
	Client                  string `json:"client"`
	UnderReviewCents        Cents  `json:"under_review_cents,omitzero"` // paid past a shortened clock's end, undecided (R25)
	LeftPaidCents           Cents  `json:"left_paid_cents,omitzero"`    // the same, and stays paid
	AdvanceOutstandingCents Cents  `json:"advance_outstanding_cents,omitzero"`
}

// A ContractStanding sets an invoice against the agency's ceiling.
type ContractStanding struct {
	Year           Date  `json:"year"`                   // first day of the contract year
	CeilingCents   Cents `json:"ceiling_cents,omitzero"` // 0: none
	CommittedCents Cents `json:"committed_cents"`        // of the year, with this invoice: billed, not denied, and advances
	ExceededCents  Cents `json:"exceeded_cents,omitzero"`
}

// InvoiceSubmitted is the agency's request to be paid.
type InvoiceSubmitted struct {
	Number int `json:"number"`
}

// EventType implements [Event].
func (*InvoiceSubmitted) EventType() string { return "invoice.submitted.v1" }

// InvoiceReviewed says that the prime contractor checked a submitted invoice.
type InvoiceReviewed struct {
	Number int `json:"number"`
}

// EventType implements [Event].
func (*InvoiceReviewed) EventType() string { return "invoice.reviewed.v1" }

// InvoiceReturned sends an invoice back to the agency with the corrections that
// are required; the lines stay as they are.
type InvoiceReturned struct {
	Number      int      `json:"number"`
	Corrections []string `json:"corrections"` // see package invoice for the list
	Lines       []int    `json:"lines,omitempty"`
}

// EventType implements [Event].
func (*InvoiceReturned) EventType() string { return "invoice.returned.v1" }

// InvoiceResubmitted is the agency's answer to a return.
type InvoiceResubmitted struct {
	Number  int    `json:"number"`
	Remedy  string `json:"remedy"` // see package invoice for the list
	Returns int    `json:"returns"`
}

// EventType implements [Event].
func (*InvoiceResubmitted) EventType() string { return "invoice.resubmitted.v1" }

// InvoiceApproved clears a reviewed invoice for payment.
type InvoiceApproved struct {
	Number   int              `json:"number"`
	Cents    Cents            `json:"cents"`
	Contract ContractStanding `json:"contract,omitzero"` // of what was approved so far
	Basis    []Reference      `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*InvoiceApproved) EventType() string { return "invoice.approved.v1" }

// InvoiceHeld stops an invoice where it stands.
type InvoiceHeld struct {
	Number int    `json:"number"`
	Cause  string `json:"cause"` // see package invoice for the list
}

// EventType implements [Event].
func (*InvoiceHeld) EventType() string { return "invoice.held.v1" }

// InvoiceReleased lets a held invoice go on from where it stood.
type InvoiceReleased struct {
	Number int `json:"number"`
}

// EventType implements [Event].
func (*InvoiceReleased) EventType() string { return "invoice.released.v1" }

// InvoiceDenied takes an invoice out of the account: its number stays used, its
// lines are no longer billed, and what is due of them comes on the next.
type InvoiceDenied struct {
	Number  int      `json:"number"`
	Reasons []string `json:"reasons"` // see package invoice for the list
}

// EventType implements [Event].
func (*InvoiceDenied) EventType() string { return "invoice.denied.v1" }

// InvoicePaid records the payment of an approved invoice, or the set-off or
// repayment of one whose total is below zero.
type InvoicePaid struct {
	Number    int    `json:"number"`
	Cents     Cents  `json:"cents"`
	Reference string `json:"reference"` // of the payment, in the form of an id
}

// EventType implements [Event].
func (*InvoicePaid) EventType() string { return "invoice.paid.v1" }

// AdvanceIssued is cash for a client's expenses ahead of actual spending, cleared
// against later client expenses (R19).
type AdvanceIssued struct {
	Client       string         `json:"client"`
	AmountCents  Cents          `json:"amount_cents"`
	AllowedCents Cents          `json:"allowed_cents"` // most that R19 allowed that day
	Made         LedgerPosition `json:"made"`          // what that was computed from
	Reference    string         `json:"reference,omitzero"`
	Basis        []Reference    `json:"basis,omitempty"`
}

// EventType implements [Event].
func (*AdvanceIssued) EventType() string { return "advance.issued.v1" }

// ReviewDecided decides on amounts paid for days past a clock's new end (R25).
type ReviewDecided struct {
	Client string         `json:"client"`
	Lines  []ReviewedLine `json:"lines"`
	// Recover takes the amounts back on the next invoice; otherwise they stay paid.
	Recover bool           `json:"recover,omitzero"`
	Made    LedgerPosition `json:"made"` // what was under review then
}

// EventType implements [Event].
func (*ReviewDecided) EventType() string { return "review.decided.v1" }

// A ReviewedLine is what was under review of one billed key.
type ReviewedLine struct {
	BilledKey
	Cents Cents `json:"cents"`
}

// RecoverableSettled records what an agency that has left paid back: of one
// invoice below zero, or of one advance.
type RecoverableSettled struct {
	Number      int    `json:"number,omitzero"`  // of the invoice
	Advance     string `json:"advance,omitzero"` // ULID of the record of the advance
	AmountCents Cents  `json:"amount_cents"`
	Reference   string `json:"reference"`
}

// EventType implements [Event].
func (*RecoverableSettled) EventType() string { return "recoverable.settled.v1" }
