package statement

import (
	"fmt"
	"strconv"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// FromRecords makes the statement of one invoice from the records of its agency's
// billing, all of them up to some position and in order. Records that come after
// the last one about the invoice change nothing. It fails when the invoice is not
// among them, when a part is missing, and when lines do not sum to the totals.
func FromRecords(records []*events.Record, number int) (Invoice, error) {
	inv, err := fromRecords(records, number)
	if err != nil {
		return Invoice{}, fmt.Errorf("read invoice %d: %w", number, err)
	}
	return inv, nil
}

func fromRecords(records []*events.Record, number int) (inv Invoice, err error) {
	parts := map[events.Hash]*events.InvoicePartPrepared{}
	for _, r := range records {
		if r.Subject.Kind() != events.KindBilling || r.Subject != records[0].Subject {
			return inv, fmt.Errorf("record #%d is of %s, not of one agency's billing", r.Sequence, r.Subject)
		}
		event, err := r.Event()
		if err != nil {
			return inv, err
		}
		switch e := event.(type) {
		case *events.InvoicePartPrepared:
			if e.Number == number {
				parts[r.Hash()] = e
			}
		case *events.InvoiceGenerated:
			if e.Number != number {
				continue
			}
			if inv.Number != 0 {
				return inv, fmt.Errorf("record #%d issues it a second time", r.Sequence)
			}
			if inv, err = generated(r, e, parts); err != nil {
				return inv, err
			}
		default:
			if inv.Number != 0 {
				inv.follow(r, event)
			}
		}
	}
	if inv.Number == 0 {
		return inv, fmt.Errorf("it is not among the %d records given", len(records))
	}
	return inv, nil
}

// generated reads the record of an invoice and the parts that it names.
func generated(r *events.Record, e *events.InvoiceGenerated, parts map[events.Hash]*events.InvoicePartPrepared) (Invoice, error) {
	inv := Invoice{
		Ledger: clean(r.Source), Agency: r.Subject.ID(), Number: e.Number, Month: e.Month, Closing: e.Closing, Made: e.Made,
		Totals: e.Totals, Standings: e.Standings, Ceiling: e.Contract, Recoverable: e.Recoverable,
		Status: Generated, Issued: markOf(r),
	}
	for _, ref := range e.Basis {
		if ref.Subject.Kind() == events.KindAgency {
			inv.Subcontract = ref
		}
	}
	for i, p := range e.Parts {
		part := parts[p.Hash]
		if part == nil {
			return inv, fmt.Errorf("part %d, record #%d, is missing", i+1, p.Sequence)
		}
		if err := samePart(p, part); err != nil {
			return inv, fmt.Errorf("part %d, record #%d: %w", i+1, p.Sequence, err)
		}
		inv.addLines(part.Lines)
	}
	inv.addLines(e.Lines)
	inv.step(r, "generated", "")
	return inv, inv.check()
}

func samePart(p events.InvoicePart, part *events.InvoicePartPrepared) error {
	var sum events.Cents
	for _, l := range part.Lines {
		sum += l.Cents
	}
	if len(part.Lines) != p.Lines || sum != p.Cents {
		return fmt.Errorf("it has %d lines of %s, and the invoice says %d lines of %s", len(part.Lines), sum, p.Lines, p.Cents)
	}
	return nil
}

func (inv *Invoice) addLines(lines []events.InvoiceLine) {
	for _, l := range lines {
		line := Line{InvoiceLine: l, Number: len(inv.Lines) + 1}
		for _, position := range l.Causes {
			line.Because = append(line.Because, Cause{Position: position})
		}
		inv.Lines = append(inv.Lines, line)
	}
}

// check demands that the lines sum to the totals that the ledger states.
func (inv *Invoice) check() error {
	// When the amounts fit with one sign, every sum of them does; there is one more
	// negative number than there are positive ones.
	size := events.Cents(-1)
	for _, l := range inv.Lines {
		var err error
		if size, err = size.Plus(min(l.Cents, -l.Cents)); err != nil {
			return fmt.Errorf("sum its lines: %w", err)
		}
	}
	if sums := totals(inv.Lines); sums != inv.Totals {
		return fmt.Errorf("its lines sum to %+v, and it states %+v", sums, inv.Totals)
	}
	return nil
}

// totals sums lines as the ledger does: adjustments stand in the sum of their kind.
func totals(lines []Line) events.InvoiceTotals {
	g := gridOf(lines)
	return events.InvoiceTotals{
		Lines:               len(lines),
		AdministrativeCents: g[rowAdministrative][columnTotal],
		ClientCents:         g[rowClient][columnTotal],
		ClearedCents:        g[rowCleared][columnTotal],
		AdjustmentCents:     g[rowTotal][columnAdjustment],
		TotalCents:          g[rowTotal][columnTotal],
	}
}

// follow takes in a record that comes after the invoice's own.
func (inv *Invoice) follow(r *events.Record, event events.Event) {
	switch e := event.(type) {
	case *events.InvoiceSubmitted:
		inv.move(r, e.Number, Submitted, "submitted", "")
	case *events.InvoiceReviewed:
		inv.move(r, e.Number, Reviewed, "reviewed", "")
	case *events.InvoiceReturned:
		inv.move(r, e.Number, Returned, "returned", returned(e))
	case *events.InvoiceResubmitted:
		inv.move(r, e.Number, Submitted, "resubmitted", words(e.Remedy))
	case *events.InvoiceApproved:
		inv.move(r, e.Number, Approved, "approved", e.Cents.String())
	case *events.InvoiceHeld:
		inv.move(r, e.Number, Held, "put on hold", words(e.Cause))
	case *events.InvoiceReleased:
		inv.move(r, e.Number, inv.beforeHold(), "released", "")
	case *events.InvoiceDenied:
		inv.move(r, e.Number, Denied, "denied", words(e.Reasons...))
	case *events.InvoicePaid:
		if inv.move(r, e.Number, Paid, "paid", e.Cents.String()+", reference "+clean(e.Reference)) && inv.Recoverable {
			inv.Settled -= e.Cents
		}
	case *events.RecoverableSettled:
		if inv.move(r, e.Number, inv.Status, "paid back", e.AmountCents.String()+", reference "+clean(e.Reference)) {
			inv.Settled += e.AmountCents
		}
	}
}

func (inv *Invoice) move(r *events.Record, number int, to Status, what, detail string) bool {
	if number != inv.Number {
		return false
	}
	inv.Status = to
	inv.step(r, what, detail)
	return true
}

func (inv *Invoice) step(r *events.Record, what, detail string) {
	inv.Known = markOf(r)
	inv.Steps = append(inv.Steps, Step{What: what, By: clean(r.Actor), Role: words(r.Role), On: r.OccurredOn, Record: inv.Known, Detail: detail})
}

// beforeHold returns the status that a hold interrupted.
func (inv *Invoice) beforeHold() Status {
	status := Generated
	for _, s := range inv.Steps {
		switch s.What {
		case "submitted", "resubmitted":
			status = Submitted
		case "reviewed", "returned", "approved":
			status = Status(s.What)
		}
	}
	return status
}

func returned(e *events.InvoiceReturned) string {
	s := words(e.Corrections...)
	for i, n := range e.Lines {
		switch {
		case i > 0:
			s += ", "
		case len(e.Lines) > 1:
			s += "; lines "
		default:
			s += "; line "
		}
		s += strconv.Itoa(n)
	}
	return s
}

func markOf(r *events.Record) Mark { return Mark{r.Sequence, r.Hash(), r.Time} }

// words writes values of closed lists for people.
func words(values ...string) string {
	return strings.ReplaceAll(strings.Join(values, ", "), "_", " ")
}

// Month makes the statement of what an agency would be billed: the same lines as
// an invoice, under "draft, not an invoice". ledger is the ledger's name and made
// the position that the lines were computed from.
func Month(ledger, agency string, closing events.Date, made events.LedgerPosition,
	lines []events.InvoiceLine, standings []events.ClientStanding,
) (Invoice, error) {
	inv := Invoice{
		Ledger: clean(ledger), Agency: agency, Month: closing.String()[:len("2006-01")], Closing: closing,
		Made: made, Standings: standings, Status: Draft,
	}
	inv.addLines(lines)
	inv.Totals = totals(inv.Lines)
	if err := inv.check(); err != nil {
		return Invoice{}, fmt.Errorf("draft the request of agency %s for %s: %w", agency, inv.Month, err)
	}
	return inv, nil
}

// A Lookup tells what an invoice's references stand for. A nil function leaves
// them as they are.
type Lookup struct {
	// Record returns the record at a position: what caused an adjustment.
	Record func(position uint64) (*events.Record, error)
	// Chart returns the rate chart in force under the policy of a record, by its
	// ULID, empty for the defaults.
	Chart func(policy string) (events.RateChart, error)
}

// Charts returns a [Lookup]'s Chart for the policies that were adopted.
func Charts(adopted []policy.Policy) func(record string) (events.RateChart, error) {
	return func(record string) (events.RateChart, error) {
		if record == "" {
			return policy.DefaultRates(), nil
		}
		for _, p := range adopted {
			if p.Record == record {
				return p.Rates, nil
			}
		}
		return events.RateChart{}, fmt.Errorf("no policy was adopted by record %s", record)
	}
}

// Explain fills in what lines only refer to: rates and causes.
func (inv *Invoice) Explain(look Lookup) error {
	for i := range inv.Lines {
		l := &inv.Lines[i]
		if err := l.explain(look); err != nil {
			return fmt.Errorf("explain line %d of %s: %w", l.Number, inv.ID(), err)
		}
	}
	return nil
}

func (l *Line) explain(look Lookup) error {
	if look.Chart != nil && l.Rate != "" {
		chart, err := look.Chart(l.Policy)
		if err != nil {
			return err
		}
		rate := chart.Certified
		if l.Rate == "pre_certified" {
			rate = chart.PreCertified
		}
		l.RateCents = rate.AdministrativeCents
		if l.Kind == client {
			l.RateCents = rate.ClientCents
		}
	}
	for i := range l.Because {
		if look.Record == nil {
			break
		}
		c := &l.Because[i]
		r, err := look.Record(c.Position)
		if err != nil {
			return err
		}
		c.What, c.On = wordsOfType(r.Type), r.OccurredOn
	}
	return nil
}

// wordsOfType writes an event type for people: "client-expense.booked.v1" is
// "client expense booked".
func wordsOfType(name string) string {
	if i := strings.LastIndex(name, ".v"); i > 0 {
		name = name[:i]
	}
	return strings.NewReplacer(".", " ", "-", " ").Replace(name)
}
