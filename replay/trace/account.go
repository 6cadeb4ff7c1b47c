package trace

import (
	"errors"
	"fmt"

	"caseledger/events"
)

// An account is one agency's billing in order, as its records tell it.
type account struct {
	agency   string
	invoices []*invoice
	steps    []step
	clients  map[string]bool // with a line
}

// An invoice with all its lines.
type invoice struct {
	agency   string
	record   *events.Record
	event    *events.InvoiceGenerated
	lines    []events.InvoiceLine
	byClient map[string][]int // indices of lines
	previous *invoice         // the last one that had not been denied then
	denied   bool
	paid     events.Cents
}

// A step is one record that moves what clients were billed or advanced. One of its
// fields is set.
type step struct {
	record  *events.Record
	issued  *invoice
	denied  *invoice
	advance *events.AdvanceIssued
	review  *events.ReviewDecided
	settled *events.RecoverableSettled
}

// read folds the billing of one agency. What is wrong with an invoice as a whole is
// found here.
func (c *collector) read(l Ledger, subject events.Subject) (*account, error) {
	records, err := l.History(subject)
	if err != nil {
		return nil, err
	}
	a := &account{agency: subject.ID(), clients: map[string]bool{}}
	parts := map[uint64]*events.Record{}
	for _, r := range records {
		event, err := r.Event()
		if err != nil {
			return nil, err
		}
		switch e := event.(type) {
		case *events.InvoicePartPrepared:
			parts[r.Sequence] = r
		case *events.InvoiceGenerated:
			if err := c.issue(l, a, r, e, parts); err != nil {
				return nil, err
			}
		case *events.InvoiceDenied:
			if i := a.find(e.Number); i != nil {
				i.denied = true
				a.steps = append(a.steps, step{record: r, denied: i})
			}
		case *events.InvoicePaid:
			if i := a.find(e.Number); i != nil {
				c.pay(i, e)
			}
		case *events.AdvanceIssued:
			a.steps = append(a.steps, step{record: r, advance: e})
		case *events.ReviewDecided:
			a.steps = append(a.steps, step{record: r, review: e})
		case *events.RecoverableSettled:
			a.steps = append(a.steps, step{record: r, settled: e})
		}
	}
	return a, nil
}

func (a *account) find(number int) *invoice {
	for _, i := range a.invoices {
		if i.event.Number == number {
			return i
		}
	}
	return nil
}

// standing returns the last invoice that was not denied so far, or nil.
func (a *account) standing() *invoice {
	for n := len(a.invoices) - 1; n >= 0; n-- {
		if !a.invoices[n].denied {
			return a.invoices[n]
		}
	}
	return nil
}

// issue takes in an invoice and checks what it says of itself.
func (c *collector) issue(l Ledger, a *account, r *events.Record, e *events.InvoiceGenerated, parts map[uint64]*events.Record) error {
	i := &invoice{agency: a.agency, record: r, event: e, byClient: map[string][]int{}, previous: a.standing()}
	for n, p := range e.Parts {
		part, err := partOf(parts[p.Sequence], p)
		if err != nil {
			c.differ(i, 0, WrongTotals, "part %d, record #%d: %v", n+1, p.Sequence, err)
			continue
		}
		i.lines = append(i.lines, part.Lines...)
	}
	i.lines = append(i.lines, e.Lines...)
	for n := range i.lines {
		client := i.lines[n].Client
		i.byClient[client] = append(i.byClient[client], n)
		a.clients[client] = true
	}
	if e.Number != len(a.invoices)+1 {
		c.differ(i, 0, WrongNumber, "it is the agency's invoice %d and has the number %d", len(a.invoices)+1, e.Number)
	}
	a.invoices = append(a.invoices, i)
	a.steps = append(a.steps, step{record: r, issued: i})
	if sums := sum(i.lines); sums != e.Totals {
		c.differAmount(i, 0, WrongTotals, e.Totals.TotalCents, sums.TotalCents, "its lines sum to %s, and it states %s", describe(sums), describe(e.Totals))
	}
	if p := i.previous; p != nil && e.Closing <= p.event.Closing {
		c.differ(i, 0, WrongDates, "it closes at %s, and invoice %d closed at %s already", e.Closing, p.event.Number, p.event.Closing)
	}
	return c.checkMade(l, i)
}

// checkMade demands that what the invoice was made from is in the ledger before it.
func (c *collector) checkMade(l Ledger, i *invoice) error {
	made := i.event.Made
	if made.Sequence == 0 || made.Sequence >= i.record.Sequence {
		c.differ(i, 0, WrongPosition, "it was made from record #%d, which does not come before it", made.Sequence)
		return nil
	}
	r, err := l.Record(made.Sequence)
	if errors.Is(err, ErrElsewhere) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.Hash() != made.Hash {
		c.differ(i, 0, WrongPosition, "record #%d, which it was made from, has the hash %s and not %s", made.Sequence, r.Hash().Short(), made.Hash.Short())
	}
	return nil
}

func (c *collector) pay(i *invoice, e *events.InvoicePaid) {
	if i.paid += e.Cents; i.paid != i.event.Totals.TotalCents {
		c.differAmount(i, 0, WrongPayment, i.paid, i.event.Totals.TotalCents, "%s was paid of %s", i.paid, i.event.Totals.TotalCents)
	}
}

func partOf(r *events.Record, p events.InvoicePart) (*events.InvoicePartPrepared, error) {
	if r == nil {
		return nil, fmt.Errorf("it is not among the agency's records")
	}
	if r.Hash() != p.Hash {
		return nil, fmt.Errorf("its hash is %s and not %s", r.Hash().Short(), p.Hash.Short())
	}
	event, err := r.Event()
	if err != nil {
		return nil, err
	}
	part := event.(*events.InvoicePartPrepared)
	if s := sum(part.Lines); s.Lines != p.Lines || s.TotalCents != p.Cents {
		return nil, fmt.Errorf("it has %d lines of %s, and the invoice says %d lines of %s", s.Lines, s.TotalCents, p.Lines, p.Cents)
	}
	return part, nil
}

// sum adds lines up. Amounts are bounded far below what could overflow.
func sum(lines []events.InvoiceLine) (t events.InvoiceTotals) {
	t.Lines = len(lines)
	for i := range lines {
		l := &lines[i]
		switch l.Kind {
		case administrative:
			t.AdministrativeCents += l.Cents
		case client:
			t.ClientCents += l.Cents
		case cleared:
			t.ClearedCents += l.Cents
		}
		if l.Adjustment {
			t.AdjustmentCents += l.Cents
		}
		t.TotalCents += l.Cents
	}
	return t
}

func describe(t events.InvoiceTotals) string {
	return fmt.Sprintf("%d lines, administrative %s, client %s, cleared %s, adjustments %s, total %s",
		t.Lines, t.AdministrativeCents, t.ClientCents, t.ClearedCents, t.AdjustmentCents, t.TotalCents)
}

// The kinds of lines.
const (
	administrative = "administrative"
	client         = "client"
	cleared        = "advance_cleared"
)
