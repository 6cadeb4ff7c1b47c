package sample

import (
	"context"
	"fmt"

	"caseledger/cmd/caseledger/internal/app"
)

// A Ledger is what a sample is recorded in.
type Ledger interface {
	Execute(context.Context, app.Request) (app.Receipt, error)
	GenerateInvoices(context.Context, app.InvoiceRun) ([]app.Invoiced, error)
}

// chunk is how many commands are taken together to prepare for.
const chunk = 4096

// Record records a sample in an empty ledger with a simulated clock: the commands
// of [Requests] and, interleaved with them, the programme's billing. Each of the 38
// months is invoiced a few days after its end, from what the ledger knew then; the
// invoices go their way to payment, and corrections and late letters lead to
// adjustments on later ones.
//
// prepare, when not nil, is given the next few thousand commands before the first of
// them is recorded, and progress the number of commands recorded so far.
func Record(ctx context.Context, c Config, to Ledger, prepare func([]app.Request) error, progress func(recorded int)) (recorded int, err error) {
	count := func() {
		recorded++
		if progress != nil {
			progress(recorded)
		}
	}
	o := newOffice(c, to, count)
	next := make([]app.Request, 0, chunk)
	record := func() error {
		if prepare != nil {
			if err := prepare(next); err != nil {
				return err
			}
		}
		for _, req := range next {
			if err := o.until(ctx, req.RecordedAt); err != nil {
				return err
			}
			if _, err := to.Execute(ctx, req); err != nil {
				return fmt.Errorf("%s %s: %w", req.Name, req.ID, err)
			}
			count()
		}
		next = next[:0]
		return nil
	}
	for req := range Requests(c) {
		if next = append(next, req); len(next) == chunk {
			if err := record(); err != nil {
				return recorded, err
			}
		}
	}
	if err := record(); err != nil {
		return recorded, err
	}
	return recorded, o.until(ctx, horizonEnd)
}
