package invoice

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"caseledger/aggregates"
	"caseledger/events"
)

// PartBytes bounds the lines and standings of one record, encoded: the rest of the
// record's 60 KiB is for what goes with them.
const PartBytes = 44 << 10

// A Part is as much of an invoice as fits a record.
type Part struct {
	Lines     []events.InvoiceLine
	Standings []events.ClientStanding
}

// GenerateInvoice bills an agency for everything due at a closing date that was
// not billed before.
type GenerateInvoice struct {
	Agency  string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Month   string      `json:"month" doc:"calendar month to close, as YYYY-MM; or give closing" example:"2008-07"`
	Closing events.Date `json:"closing" doc:"closing date; or give month" example:"2008-07-31"`

	// Position is the position of the ledger to compute from, 0 for its head;
	// Draft is what was computed. Both are the application's.
	Position uint64 `json:"-"`
	Draft    *Draft `json:"-"`
}

// Target implements [aggregates.Command].
func (c *GenerateInvoice) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *GenerateInvoice) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

// ClosingDate returns the closing date that the command gives: the last day of
// its month, or its closing date.
func (c *GenerateInvoice) ClosingDate() (events.Date, error) {
	switch {
	case (c.Month == "") == (c.Closing == 0):
		return 0, aggregates.Refuse("", "month_or_closing", "give either a month or a closing date").On("month")
	case c.Closing != 0:
		return c.Closing, nil
	}
	month, err := time.Parse("2006-01", c.Month)
	if err != nil {
		return 0, aggregates.Refuse("", "bad_month", "%q is not a month of the form YYYY-MM", c.Month).On("month")
	}
	first, err := events.NewDate(month.Year(), month.Month(), 1)
	if err != nil {
		return 0, aggregates.Refuse("", "bad_month", "%s is not a month between 1900 and 2100", c.Month).On("month")
	}
	return first.LastOfMonth(), nil
}

// A StaleDraftError reports a draft that does not continue the agency's billing
// as it is now: it must be computed again.
type StaleDraftError struct{ Draft, Now uint64 }

func (e *StaleDraftError) Error() string {
	return fmt.Sprintf("generate invoice: it was computed for version %d of the agency's billing, which is now at %d", e.Draft, e.Now)
}

// A PartsError reports an invoice whose lines do not fit one record: its parts
// must be prepared first.
type PartsError struct {
	Parts   []Part
	Ready   int // parts that are prepared already
	Agency  string
	Number  int
	Closing events.Date
	Made    events.LedgerPosition
	Version uint64 // of the agency's billing
}

func (e *PartsError) Error() string {
	return fmt.Sprintf("generate invoice %d: its lines need %d records, of which %d are prepared", e.Number, len(e.Parts), e.Ready)
}

func decideGenerate(s *State, c *GenerateInvoice, ctx *aggregates.Context) (events.Event, error) {
	closing, err := c.ClosingDate()
	if err != nil {
		return nil, err
	}
	if err := s.mayClose(closing, ctx); err != nil {
		return nil, err
	}
	d := c.Draft
	switch {
	case d == nil:
		return nil, fmt.Errorf("generate invoice of agency %s: its lines were not computed", s.agency)
	case d.Closing != closing:
		return nil, fmt.Errorf("generate invoice of agency %s: its lines are those of %s, not of %s", s.agency, d.Closing, closing)
	case d.Version != s.version:
		return nil, &StaleDraftError{d.Version, s.version}
	case len(d.foreign) > 0:
		return nil, aggregates.Refuse("R21", "foreign_client", "the lines name clients who were never with agency %s: %s",
			s.agency, strings.Join(d.foreign, ", "))
	case len(d.Lines) == 0:
		return nil, nil
	}
	return s.invoice(d, ctx)
}

// mayClose refuses a closing date that cannot be invoiced now.
func (s *State) mayClose(closing events.Date, ctx *aggregates.Context) error {
	contract := contractOf(ctx, s.agency)
	if contract == nil {
		return aggregates.Unknown("R27", events.KindAgency, s.agency)
	}
	if _, _, signed := contract.Contract(closing); !signed {
		return aggregates.Refuse("R27", "agency_not_under_subcontract",
			"agency %s was never under subcontract by %s", s.agency, closing).On("agency")
	}
	if closing > ctx.Today {
		return aggregates.Refuse("R17", "future_closing", "the closing date %s lies after the programme's day, %s", closing, ctx.Today).
			On("closing").WithHint("invoice a month when it has ended")
	}
	for _, i := range s.invoices {
		if i.Status == Returned || i.Status == Held && i.before == Returned {
			return aggregates.Refuse("R24", "returned_invoice_open", "invoice %d was returned and not resubmitted", i.Number).
				Citing(i.Record).WithHint("resubmit-invoice or deny-invoice comes first: what the next one bills rests on it")
		}
	}
	if last := s.last(); last != nil && closing <= last.Closing {
		return aggregates.Refuse("R24", "already_invoiced", "invoice %d closed the account at %s already", last.Number, last.Closing).
			On("closing").Citing(last.Record).WithHint("what is due since then comes on the next invoice, with a later closing date")
	}
	return nil
}

// invoice makes the event of a draft, or says that parts come first.
func (s *State) invoice(d *Draft, ctx *aggregates.Context) (events.Event, error) {
	sums, err := totals(d.Lines)
	if err != nil {
		return nil, fmt.Errorf("sum the lines of agency %s: %w", s.agency, err)
	}
	e := &events.InvoiceGenerated{
		Number: len(s.invoices) + 1, Month: d.Closing.String()[:len("2006-01")], Closing: d.Closing, Made: d.Made,
		Totals: sums, Basis: ctx.Basis.References(agencySubject(s.agency)),
	}
	contract := contractOf(ctx, s.agency)
	e.Contract = s.contractStanding(contract, d.Closing, sums.TotalCents, func(i *Invoice) bool { return i.Status != Denied })
	e.Recoverable = sums.TotalCents < 0 && !contract.UnderSubcontract(ctx.OccurredOn)
	parts, err := split(d)
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 {
		e.Lines, e.Standings = d.Lines, d.Standings
		return e, nil
	}
	if ready := s.ready(d, parts); ready < len(parts) {
		return nil, &PartsError{Parts: parts, Ready: ready, Agency: s.agency, Number: e.Number, Closing: d.Closing, Made: d.Made, Version: s.version}
	}
	for _, p := range s.parts {
		sum, err := totals(p.Lines)
		if err != nil {
			return nil, err
		}
		e.Parts = append(e.Parts, events.InvoicePart{Sequence: p.sequence, Hash: p.hash, Lines: len(p.Lines), Cents: sum.TotalCents})
	}
	return e, nil
}

func (s *State) contractStanding(c subcontract, day events.Date, cents events.Cents, counts func(*Invoice) bool) events.ContractStanding {
	year, ceiling, _ := c.Contract(day)
	standing := events.ContractStanding{Year: year, CeilingCents: ceiling, CommittedCents: s.committed(year, counts) + cents}
	if ceiling > 0 {
		standing.ExceededCents = max(0, standing.CommittedCents-ceiling)
	}
	return standing
}

// ready returns how many parts of a draft are prepared as they must be; 0 when
// what is prepared is not their beginning.
func (s *State) ready(d *Draft, parts []Part) int {
	if len(s.parts) > len(parts) {
		return 0
	}
	for n, p := range s.parts {
		if p.Part != n+1 || p.Number != len(s.invoices)+1 || p.Closing != d.Closing ||
			p.Made != d.Made || !slices.EqualFunc(p.Lines, parts[n].Lines, sameLine) || !slices.Equal(p.Standings, parts[n].Standings) {
			return 0
		}
	}
	return len(s.parts)
}

func sameLine(a, b events.InvoiceLine) bool {
	return a.BilledKey == b.BilledKey && a.Start == b.Start && a.End == b.End && a.Days == b.Days && a.Cents == b.Cents &&
		a.Rule == b.Rule && a.Policy == b.Policy && a.Adjustment == b.Adjustment &&
		slices.Equal(a.Positions, b.Positions) && slices.Equal(a.Causes, b.Causes)
}

// split cuts a draft into parts that fit a record each: its lines, then its
// standings, in order.
func split(d *Draft) ([]Part, error) {
	parts, size := make([]Part, 1), 0
	next := func(v any) (*Part, error) {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("encode part %d of an invoice: %w", len(parts), err)
		}
		if size += len(b) + 1; size > PartBytes && size > len(b)+1 {
			parts, size = append(parts, Part{}), len(b)+1
		}
		return &parts[len(parts)-1], nil
	}
	for _, l := range d.Lines {
		p, err := next(l)
		if err != nil {
			return nil, err
		}
		p.Lines = append(p.Lines, l)
	}
	for _, v := range d.Standings {
		p, err := next(v)
		if err != nil {
			return nil, err
		}
		p.Standings = append(p.Standings, v)
	}
	return parts, nil
}

// Pending returns the position that prepared parts of an unfinished invoice were
// made from, so that it can be finished from the same ledger; false when there
// are none.
func (s *State) Pending() (made events.LedgerPosition, closing events.Date, pending bool) {
	if len(s.parts) == 0 || s.parts[0].Part != 1 {
		return made, 0, false
	}
	return s.parts[0].Made, s.parts[0].Closing, true
}

// PrepareInvoicePart records some lines of an invoice that is too large for one
// record.
type PrepareInvoicePart struct {
	Agency  string      `json:"agency" doc:"id of the agency" required:"true" format:"id" example:"A-017"`
	Number  int         `json:"number" doc:"number of the invoice" required:"true" min:"1"`
	Part    int         `json:"part" doc:"number of the part" required:"true" min:"1"`
	Closing events.Date `json:"closing" doc:"closing date of the invoice" required:"true"`

	Content Part                  `json:"-"` // the application's
	Made    events.LedgerPosition `json:"-"`
	Version uint64                `json:"-"`
}

// Target implements [aggregates.Command].
func (c *PrepareInvoicePart) Target(string) (events.Subject, error) { return target(c.Agency) }

// Needs implements [aggregates.Dependent].
func (c *PrepareInvoicePart) Needs(aggregates.State) []events.Subject {
	return []events.Subject{agencySubject(c.Agency)}
}

func decidePart(s *State, c *PrepareInvoicePart, ctx *aggregates.Context) (events.Event, error) {
	if len(c.Content.Lines)+len(c.Content.Standings) == 0 {
		return nil, aggregates.Refuse("R24", "lines_not_computed", "the lines of an invoice are computed from the ledger and never given").
			WithHint("generate-invoice prepares the parts that it needs")
	}
	if err := s.mayClose(c.Closing, ctx); err != nil {
		return nil, err
	}
	if c.Version != s.version {
		return nil, &StaleDraftError{c.Version, s.version}
	}
	e := &events.InvoicePartPrepared{Number: c.Number, Part: c.Part, Closing: c.Closing, Made: c.Made, Lines: c.Content.Lines, Standings: c.Content.Standings}
	follows := c.Part == 1
	if n := len(s.parts); n > 0 && s.parts[n-1].continuedBy(e) {
		follows = true
	}
	if !follows || c.Number != len(s.invoices)+1 {
		return nil, fmt.Errorf("prepare part %d of invoice %d: it does not follow what is recorded", c.Part, c.Number)
	}
	return e, nil
}
