package invoice

import (
	"slices"
	"strconv"

	"caseledger/aggregates"
	"caseledger/events"
)

// The rules of the way of an invoice are ours; no source gives them but "reviewed,
// returned with corrections required, approved, paid".

// SubmitInvoice is the agency's request to be paid.
type SubmitInvoice struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number int    `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
}

// Target implements [aggregates.Command].
func (c *SubmitInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideSubmit(s *State, c *SubmitInvoice, _ *aggregates.Context) (events.Event, error) {
	if _, err := s.in(c.Number, "submitted", Generated); err != nil {
		return nil, err
	}
	return &events.InvoiceSubmitted{Number: c.Number}, nil
}

// ReviewInvoice records that a submitted invoice was checked.
type ReviewInvoice struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number int    `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
}

// Target implements [aggregates.Command].
func (c *ReviewInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideReviewInvoice(s *State, c *ReviewInvoice, _ *aggregates.Context) (events.Event, error) {
	if _, err := s.in(c.Number, "reviewed", Submitted); err != nil {
		return nil, err
	}
	return &events.InvoiceReviewed{Number: c.Number}, nil
}

// ReturnInvoice sends a submitted invoice back. Its lines stay as they are: the
// agency supplies evidence, or corrects the ledger, and the difference nets on the
// next invoice; an invoice that must not stand at all is denied.
type ReturnInvoice struct {
	Agency      string   `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number      int      `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
	Corrections []string `json:"corrections" doc:"corrections that are required" required:"true" enum:"receipt_missing,receipt_illegible,wrong_amount,wrong_date,wrong_category,wrong_client,not_allowable,duplicate,service_not_documented,status_not_documented,other_document" example:"receipt_missing"`
	Lines       []string `json:"lines" doc:"numbers of the lines at fault, from 1" example:"4"`
}

// Target implements [aggregates.Command].
func (c *ReturnInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideReturn(s *State, c *ReturnInvoice, _ *aggregates.Context) (events.Event, error) {
	i, err := s.in(c.Number, "returned", Submitted, Reviewed)
	if err != nil {
		return nil, err
	}
	e := &events.InvoiceReturned{Number: c.Number, Corrections: c.Corrections}
	for _, text := range c.Lines {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > i.Totals.Lines {
			return nil, aggregates.Refuse("R24", "unknown_line", "invoice %d has lines 1 to %d, not %q", i.Number, i.Totals.Lines, text).On("lines")
		}
		e.Lines = append(e.Lines, n)
	}
	return e, nil
}

// ResubmitInvoice answers a return.
type ResubmitInvoice struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number int    `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
	Remedy string `json:"remedy" doc:"what was done" required:"true" enum:"evidence_supplied,corrected_in_ledger,explained" example:"evidence_supplied"`
}

// Target implements [aggregates.Command].
func (c *ResubmitInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideResubmit(s *State, c *ResubmitInvoice, _ *aggregates.Context) (events.Event, error) {
	i, err := s.in(c.Number, "resubmitted", Returned)
	if err != nil {
		return nil, err
	}
	return &events.InvoiceResubmitted{Number: c.Number, Remedy: c.Remedy, Returns: i.Returns}, nil
}

// ApproveInvoice clears a reviewed invoice for payment. Who generated or submitted
// it cannot, and an invoice above the contract's ceiling cannot be approved.
type ApproveInvoice struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number int    `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
}

// Target implements [aggregates.Command].
func (c *ApproveInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *ApproveInvoice) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

func decideApprove(s *State, c *ApproveInvoice, ctx *aggregates.Context) (events.Event, error) {
	i, err := s.in(c.Number, "approved", Reviewed)
	if err != nil {
		return nil, err
	}
	if slices.Contains(i.senders, ctx.Actor) || i.generator == ctx.Actor {
		return nil, aggregates.Refuse("", "own_invoice", "%s generated or submitted invoice %d and cannot approve it", ctx.Actor, i.Number).
			Citing(i.Record).WithHint("another person approves it")
	}
	e := &events.InvoiceApproved{Number: c.Number, Cents: i.Totals.TotalCents}
	if contract := contractOf(ctx, s.agency); contract != nil {
		e.Contract = s.contractStanding(contract, i.Closing, i.Totals.TotalCents, func(o *Invoice) bool {
			return o.Status == Approved || o.Status == Paid || o.Status == Held && o.before == Approved
		})
		e.Basis = ctx.Basis.References(agencySubject(s.agency))
	}
	if e.Contract.ExceededCents > 0 && i.Totals.TotalCents > 0 {
		return nil, aggregates.Refuse("R27", "above_ceiling", "with invoice %d the contract year from %s comes to %s, above its ceiling of %s",
			i.Number, e.Contract.Year, e.Contract.CommittedCents, e.Contract.CeilingCents).
			Citing(i.Record).WithHint("sign-subcontract renews the subcontract with another ceiling")
	}
	return e, nil
}

// HoldInvoice stops an invoice where it stands.
type HoldInvoice struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number int    `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
	Cause  string `json:"cause" doc:"why it is held" required:"true" enum:"audit,monitoring_finding,missing_document,subcontract_compliance,funds_unavailable,duplicate_suspected" example:"audit"`
}

// Target implements [aggregates.Command].
func (c *HoldInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideHold(s *State, c *HoldInvoice, _ *aggregates.Context) (events.Event, error) {
	if _, err := s.in(c.Number, "held", Generated, Submitted, Reviewed, Returned, Approved); err != nil {
		return nil, err
	}
	return &events.InvoiceHeld{Number: c.Number, Cause: c.Cause}, nil
}

// ReleaseInvoice lets a held invoice go on from where it stood.
type ReleaseInvoice struct {
	Agency string `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number int    `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
}

// Target implements [aggregates.Command].
func (c *ReleaseInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideRelease(s *State, c *ReleaseInvoice, _ *aggregates.Context) (events.Event, error) {
	if _, err := s.in(c.Number, "released", Held); err != nil {
		return nil, err
	}
	return &events.InvoiceReleased{Number: c.Number}, nil
}

// DenyInvoice takes an invoice out of the account. Its number stays used; what is
// still due of its lines comes on the next invoice.
type DenyInvoice struct {
	Agency  string   `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number  int      `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
	Reasons []string `json:"reasons" doc:"why it is denied" required:"true" enum:"not_allowable,not_documented,duplicate,wrong_period,outside_subcontract,not_answered,fraud,withdrawn_by_agency,made_in_error" example:"not_documented"`
}

// Target implements [aggregates.Command].
func (c *DenyInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decideDeny(s *State, c *DenyInvoice, _ *aggregates.Context) (events.Event, error) {
	i, err := s.in(c.Number, "denied", Generated, Submitted, Reviewed, Returned, Held)
	if err != nil {
		return nil, err
	}
	if i.before == Approved && i.Status == Held {
		return nil, aggregates.Refuse("", "already_approved", "invoice %d was approved before it was held", i.Number).Citing(i.Record).
			WithHint("correct the ledger: the difference nets on the next invoice")
	}
	if i.Settled != 0 {
		return nil, aggregates.Refuse("", "being_settled", "invoice %d is a recoverable of which %s was paid back", i.Number, i.Settled).Citing(i.Record)
	}
	return &events.InvoiceDenied{Number: c.Number, Reasons: c.Reasons}, nil
}

// PayInvoice records the payment of an approved invoice in full. A total below
// zero is the agency's repayment, or its set-off against another payment.
type PayInvoice struct {
	Agency      string       `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number      int          `json:"number" doc:"number of the invoice" required:"true" min:"1" example:"12"`
	AmountCents events.Cents `json:"amount_cents" doc:"what was paid: the invoice's total" min:"-1000000000" max:"1000000000" example:"140000"`
	Reference   string       `json:"reference" doc:"number of the payment" required:"true" format:"id" example:"CHK-20091"`
}

// Target implements [aggregates.Command].
func (c *PayInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

func decidePay(s *State, c *PayInvoice, _ *aggregates.Context) (events.Event, error) {
	i, err := s.in(c.Number, "paid", Approved)
	if err != nil {
		return nil, err
	}
	if c.AmountCents != i.Totals.TotalCents {
		return nil, aggregates.Refuse("R24", "other_amount", "invoice %d comes to %s, not %s", i.Number, i.Totals.TotalCents, c.AmountCents).
			On("amount_cents").Citing(i.Record).WithHint("an invoice is paid in full; corrections net on the next one")
	}
	if i.Settled != 0 {
		return nil, aggregates.Refuse("", "being_settled", "invoice %d is a recoverable of which %s was paid back", i.Number, i.Settled).
			Citing(i.Record).WithHint("settle-recoverable records the rest")
	}
	return &events.InvoicePaid{Number: c.Number, Cents: c.AmountCents, Reference: c.Reference}, nil
}

// in returns an invoice whose status is one of from, or a refusal that names
// where it stands.
func (s *State) in(number int, done string, from ...Status) (*Invoice, error) {
	i := s.find(number)
	if i == nil {
		return nil, aggregates.Refuse("", "unknown_invoice", "agency %s has no invoice %d", s.agency, number).On("number").
			WithHint("its invoices are numbered 1 to %d", len(s.invoices))
	}
	if !slices.Contains(from, i.Status) {
		return nil, aggregates.Refuse("", "invoice_is_"+string(i.Status), "invoice %d is %s and cannot be %s", number, i.Status, done).
			On("number").Citing(i.Record).WithHint("%s", hints[i.Status])
	}
	return i, nil
}

// hints says what can come next.
var hints = map[Status]string{
	Generated: "it can be submitted, held or denied",
	Submitted: "it can be reviewed, returned, held or denied",
	Reviewed:  "it can be approved, returned, held or denied",
	Returned:  "it can be resubmitted, held or denied",
	Approved:  "it can be paid or held",
	Held:      "release-invoice lets it go on",
	Denied:    "what is due of its lines comes on the next invoice",
	Paid:      "what was found out since nets on the next invoice",
}
