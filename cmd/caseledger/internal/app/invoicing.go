package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"caseledger/aggregates"
	"caseledger/aggregates/invoice"
	"caseledger/events"
	"caseledger/projections"
)

// An InvoiceRun asks for the invoices of a closing date.
type InvoiceRun struct {
	// Request gives the envelope; its Command is not used. Invoices of several
	// agencies get command ids of their own, derived from its ID: the same run
	// given again records nothing twice and finishes what was interrupted.
	Request
	Agency  string      // one agency; empty: all that ever had a client
	Month   string      // YYYY-MM; or Closing
	Closing events.Date // or Month
}

// An Invoiced agency is what a run came to for one agency.
type Invoiced struct {
	Agency     string                `json:"agency"`
	Number     int                   `json:"number,omitzero"` // 0: there is no invoice
	Closing    events.Date           `json:"closing,omitzero"`
	Made       events.LedgerPosition `json:"made,omitzero"`
	Totals     events.InvoiceTotals  `json:"totals,omitzero"`
	Appended   bool                  `json:"appended"` // recorded now, not by the same run before
	Parts      int                   `json:"parts,omitzero"`
	NothingDue bool                  `json:"nothing_due,omitzero"`
	Refusal    string                `json:"refusal,omitzero"`
	Record     *events.Record        `json:"-"`
	Err        *aggregates.Refusal   `json:"-"` // behind Refusal
}

// GenerateInvoices bills one agency, or all agencies from one position of the
// ledger, at a closing date. An agency that a rule refuses does not stop the
// others: its Refusal says why. Any other error ends the run; what was recorded
// stands, and the same run goes on from there.
func (a *App) GenerateInvoices(ctx context.Context, run InvoiceRun) ([]Invoiced, error) {
	if a.drafter == nil {
		return nil, errors.New("generate invoices: there are no views to compute them from")
	}
	agencies := []string{run.Agency}
	position := uint64(0)
	if run.Agency == "" {
		var err error
		if agencies, position, err = a.drafter.served(ctx); err != nil {
			return nil, fmt.Errorf("list the agencies: %w", err)
		}
	}
	invoiced := make([]Invoiced, 0, len(agencies))
	for _, agency := range agencies {
		req := run.Request
		req.Name = "generate-invoice"
		if run.Agency == "" {
			req.ID += "/" + agency
		}
		req.Command = &invoice.GenerateInvoice{Agency: agency, Month: run.Month, Closing: run.Closing, Position: position}
		one, err := a.generate(ctx, agency, req)
		if err != nil {
			return invoiced, fmt.Errorf("invoice agency %s: %w", agency, err)
		}
		invoiced = append(invoiced, one)
	}
	return invoiced, nil
}

// DraftInvoice computes what an agency would be billed now, and records nothing.
func (a *App) DraftInvoice(ctx context.Context, c *invoice.GenerateInvoice) (*invoice.Draft, error) {
	subject, err := c.Target("")
	if err != nil {
		return nil, &InputError{Field: "agency", Problem: err.Error()}
	}
	if a.drafter == nil {
		return nil, errors.New("draft an invoice: there are no views to compute it from")
	}
	defer a.subjects.lock(subject)()
	target, _, err := a.load(ctx, subject)
	if err != nil {
		return nil, err
	}
	if err := a.drafter.draftInvoice(ctx, c, target.state.(*invoice.State)); err != nil {
		return nil, fmt.Errorf("draft the invoice of agency %s: %w", c.Agency, err)
	}
	return c.Draft, nil
}

// generate bills one agency.
func (a *App) generate(ctx context.Context, agency string, req Request) (Invoiced, error) {
	out := Invoiced{Agency: agency}
	receipt, err := a.Execute(ctx, req)
	if refusal := (*aggregates.Refusal)(nil); errors.As(err, &refusal) {
		out.Err, out.Refusal = refusal, refusal.Error()
		return out, nil
	}
	if err != nil {
		return out, err
	}
	return out, out.take(receipt)
}

func (out *Invoiced) take(receipt Receipt) error {
	if receipt.Record == nil {
		out.NothingDue = true
		return nil
	}
	event, err := receipt.Record.Event()
	if err != nil {
		return err
	}
	e := event.(*events.InvoiceGenerated)
	out.Number, out.Closing, out.Made, out.Totals, out.Parts = e.Number, e.Closing, e.Made, e.Totals, len(e.Parts)
	out.Record, out.Appended = receipt.Record, receipt.Appended
	return nil
}

// prepareParts looks at why a command failed: for want of parts, it records those
// that are not there yet and says that the command can be tried again. Otherwise it
// returns the error as it is.
//
// The parts' command ids derive from their place in the agency's billing, so that
// parts that another record made void do not stand in the way of new ones.
func (a *App) prepareParts(ctx context.Context, req Request, failure error) (again bool, err error) {
	var p *invoice.PartsError
	var stale *invoice.StaleDraftError
	if !errors.As(failure, &p) {
		return errors.As(failure, &stale), failure
	}
	part := req
	part.Name = "prepare-invoice-part"
	for n := p.Ready; n < len(p.Parts); n++ {
		version := p.Version + uint64(n-p.Ready)
		part.ID = aggregates.NewID("PART", fmt.Sprintf("%s %s %d", req.ID, p.Agency, version+1))
		part.Command = &invoice.PrepareInvoicePart{
			Agency: p.Agency, Number: p.Number, Part: n + 1, Closing: p.Closing,
			Content: p.Parts[n], Made: p.Made, Version: version,
		}
		if _, err := a.execute(ctx, part); err != nil {
			// Another writer may have come between the parts.
			return errors.As(err, &stale), fmt.Errorf("part %d of %d: %w", n+1, len(p.Parts), err)
		}
	}
	return true, failure
}

// served returns every agency that ever had a client, in order, and the log's
// head, to which the views were brought.
func (d *Drafter) served(ctx context.Context) (agencies []string, position uint64, err error) {
	err = d.read(ctx, 0, func(now, _ *projections.Snapshot, made events.LedgerPosition) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if _, err := d.clients(now, ""); err != nil {
			return err
		}
		agencies, position = slices.Sorted(maps.Keys(d.agencies)), made.Sequence
		return nil
	})
	return agencies, position, err
}
