package invoice

import (
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A State is the folded history of one agency's billing.
type State struct {
	agency   string
	version  uint64
	invoices []*Invoice
	clients  map[string]*account
	advances []*advance
	parts    []part    // prepared and not yet named by an invoice
	denials  []denial  // of invoices that were denied
	reviews  []decided // of amounts under review
}

func newState(agency string) *State {
	return &State{agency: agency, clients: map[string]*account{}}
}

// An account is what was billed for one client. Lines of denied invoices are
// gone from it.
type account struct {
	lines   []policy.Billed
	numbers []int // of each line's invoice; 0 for a settlement
	reviews []policy.Review
}

type advance struct {
	policy.Advance
	client  string
	settled events.Cents
}

type part struct {
	*events.InvoicePartPrepared
	sequence uint64
	hash     events.Hash
}

// A denial remembers the keys of a denied invoice: their next lines are caused by it.
type denial struct {
	sequence uint64
	keys     map[events.BilledKey]bool
}

type decided struct {
	sequence uint64
	key      events.BilledKey
}

// Version returns how many records the agency's billing has.
func (s *State) Version() uint64 { return s.version }

// Invoices returns the agency's invoices in order of number. They must not be changed.
func (s *State) Invoices() []*Invoice { return s.invoices }

func (s *State) find(number int) *Invoice {
	if number < 1 || number > len(s.invoices) {
		return nil
	}
	return s.invoices[number-1]
}

// last returns the newest invoice that was not denied, or nil.
func (s *State) last() *Invoice {
	for _, i := range slices.Backward(s.invoices) {
		if i.Status != Denied {
			return i
		}
	}
	return nil
}

// Account returns what the agency was billed and advanced for a client.
func (s *State) Account(client string) policy.Account {
	var a policy.Account
	if last := s.last(); last != nil {
		a.Closing, a.Position = last.Closing, last.Made.Sequence
	}
	if c := s.clients[client]; c != nil {
		a.Lines, a.Reviews = slices.Clip(c.lines), c.reviews
	}
	for _, d := range s.advances {
		if d.client == client {
			a.Advances = append(a.Advances, d.Advance)
		}
	}
	return a
}

// Outstanding returns what the agency's advances for a client have not been
// cleared of (R19).
func (s *State) Outstanding(client string) events.Cents {
	var sum events.Cents
	for _, d := range s.advances {
		if d.client == client {
			sum += s.left(d)
		}
	}
	return sum
}

// left returns what an advance has not been cleared of.
func (s *State) left(d *advance) events.Cents {
	left := d.Cents
	if c := s.clients[d.client]; c != nil {
		for _, b := range c.lines {
			if b.Kind == policy.ClearingLine && b.Advance == d.ID {
				left += b.Cents
			}
		}
	}
	return left
}

// committed returns what counts against the ceiling of a contract year: advances,
// and the invoices that counts says yes to.
func (s *State) committed(year events.Date, counts func(*Invoice) bool) events.Cents {
	var sum events.Cents
	for _, i := range s.invoices {
		if i.Contract.Year == year && counts(i) {
			sum += i.Totals.TotalCents
		}
	}
	for _, d := range s.advances {
		if d.IssuedOn >= year && d.IssuedOn < year.AddMonths(12) {
			sum += d.Cents - d.settled
		}
	}
	return sum
}

// Apply implements [aggregates.State].
func (s *State) Apply(r *events.Record) error {
	e, err := r.Event()
	if err != nil {
		return err
	}
	s.version = r.Version
	if p, ok := e.(*events.InvoicePartPrepared); ok {
		s.addPart(part{p, r.Sequence, r.Hash()})
		return nil
	}
	switch e := e.(type) {
	case *events.InvoiceGenerated:
		s.addInvoice(r, e)
	case *events.AdvanceIssued:
		s.advances = append(s.advances, &advance{client: e.Client, Advance: policy.Advance{
			ID: r.ID, Sequence: r.Sequence, Agency: s.agency, IssuedOn: r.OccurredOn, Cents: e.AmountCents,
		}})
	case *events.ReviewDecided:
		s.addReview(r, e)
	case *events.RecoverableSettled:
		s.settle(r, e)
	default:
		s.move(r, e)
	}
	s.parts = nil // any other record makes prepared parts void
	return nil
}

func (s *State) addPart(p part) {
	if n := len(s.parts); n > 0 && !s.parts[n-1].continuedBy(p.InvoicePartPrepared) {
		s.parts = nil
	}
	s.parts = append(s.parts, p)
}

// continuedBy reports whether next is the next part of the same invoice.
func (p part) continuedBy(next *events.InvoicePartPrepared) bool {
	return next.Part == p.Part+1 && next.Number == p.Number && next.Closing == p.Closing && next.Made == p.Made
}

func (s *State) addInvoice(r *events.Record, e *events.InvoiceGenerated) {
	i := &Invoice{
		Number: e.Number, Record: r.ID, Sequence: r.Sequence, Closing: e.Closing, Made: e.Made, Status: Generated,
		Totals: e.Totals, Contract: e.Contract, Recoverable: e.Recoverable, generator: r.Actor,
	}
	s.invoices = append(s.invoices, i)
	for _, p := range s.parts[:min(len(e.Parts), len(s.parts))] {
		s.bill(i, p.Lines)
	}
	s.bill(i, e.Lines)
}

func (s *State) bill(i *Invoice, lines []events.InvoiceLine) {
	for _, l := range lines {
		s.client(l.Client).add(i.Number, policy.Billed{
			LineKey: keyOf(l.BilledKey), Start: l.Start, End: l.End, Cents: l.Cents, Position: i.Made.Sequence,
		})
	}
}

func (s *State) client(id string) *account {
	c := s.clients[id]
	if c == nil {
		c = &account{}
		s.clients[id] = c
	}
	return c
}

func (a *account) add(number int, b policy.Billed) {
	a.lines, a.numbers = append(a.lines, b), append(a.numbers, number)
}

// deny takes an invoice's lines out of the accounts.
func (s *State) deny(sequence uint64, number int) {
	d := denial{sequence, map[events.BilledKey]bool{}}
	for id, a := range s.clients {
		kept := account{reviews: a.reviews}
		for j, b := range a.lines {
			if a.numbers[j] != number {
				kept.add(a.numbers[j], b)
			} else {
				d.keys[billedKey(id, b.LineKey)] = true
			}
		}
		*a = kept
	}
	s.denials = append(s.denials, d)
}

// addReview lets the newest decision on a key stand.
func (s *State) addReview(r *events.Record, e *events.ReviewDecided) {
	a := s.client(e.Client)
	for _, l := range e.Lines {
		key := keyOf(l.BilledKey)
		// A copy: a list that was handed out stays as it is.
		a.reviews = slices.DeleteFunc(slices.Clone(a.reviews), func(v policy.Review) bool { return v.LineKey == key })
		a.reviews = append(a.reviews, policy.Review{LineKey: key, Recover: e.Recover})
		s.reviews = append(s.reviews, decided{r.Sequence, l.BilledKey})
	}
}

func (s *State) settle(r *events.Record, e *events.RecoverableSettled) {
	if i := s.find(e.Number); i != nil {
		i.Settled += e.AmountCents
	}
	for _, d := range s.advances {
		if d.ID == e.Advance {
			d.settled += e.AmountCents
			s.client(d.client).add(0, policy.Billed{
				LineKey: policy.LineKey{Kind: policy.ClearingLine, Advance: d.ID},
				Start:   r.OccurredOn, End: r.OccurredOn, Cents: -e.AmountCents, Position: r.Sequence,
			})
		}
	}
}

// move folds a step of one invoice.
func (s *State) move(r *events.Record, event events.Event) {
	number, to := step(event)
	i := s.find(number)
	if i == nil {
		return
	}
	switch event.(type) {
	case *events.InvoiceSubmitted, *events.InvoiceResubmitted:
		i.senders = append(i.senders, r.Actor)
	case *events.InvoiceReturned:
		i.Returns++
	case *events.InvoiceHeld:
		i.before = i.Status
	case *events.InvoiceReleased:
		to = i.before
	case *events.InvoiceDenied:
		s.deny(r.Sequence, number)
	}
	i.Status = to
}

// step returns the invoice that an event moves, and where to.
func step(event events.Event) (number int, to Status) {
	switch e := event.(type) {
	case *events.InvoiceSubmitted:
		return e.Number, Submitted
	case *events.InvoiceResubmitted:
		return e.Number, Submitted
	case *events.InvoiceReviewed:
		return e.Number, Reviewed
	case *events.InvoiceReturned:
		return e.Number, Returned
	case *events.InvoiceApproved:
		return e.Number, Approved
	case *events.InvoiceHeld:
		return e.Number, Held
	case *events.InvoiceReleased:
		return e.Number, ""
	case *events.InvoiceDenied:
		return e.Number, Denied
	case *events.InvoicePaid:
		return e.Number, Paid
	}
	return 0, ""
}

func keyOf(k events.BilledKey) policy.LineKey {
	return policy.LineKey{
		Kind: policy.LineKind(k.Kind), Clock: k.Clock, Rate: policy.Status(k.Rate), Period: k.Period,
		Expense: k.Expense, Advance: k.Advance,
	}
}

func billedKey(client string, k policy.LineKey) events.BilledKey {
	return events.BilledKey{
		Kind: string(k.Kind), Client: client, Clock: k.Clock, Rate: string(k.Rate), Period: k.Period,
		Expense: k.Expense, Advance: k.Advance,
	}
}
