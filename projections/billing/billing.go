// Package billing answers what agencies have been billed, paid and advanced, what
// is unpaid and since when, what is under review, what agencies that have left
// still owe, and how each subcontract's ceiling is used up.
package billing

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// View keeps three kinds of rows: of an agency's billing its account, of an
// agency its subcontracts, and of a case the agencies that it was ever with.
type View struct{}

const name = "billing"

// Name implements [projections.View].
func (View) Name() string { return name }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Kinds implements [projections.View].
func (View) Kinds() []events.Kind {
	return []events.Kind{events.KindCase, events.KindAgency, events.KindBilling}
}

// Ignores implements [projections.View].
func (View) Ignores() []string { return projections.NoFacts() }

// Derive implements [projections.View].
func (View) Derive(s *projections.Subject, to []byte) ([]byte, error) {
	switch s.Name.Kind() {
	case events.KindCase:
		return deriveCase(s, to)
	case events.KindAgency:
		terms, err := foldTerms(s.Records)
		if err != nil || len(terms) == 0 {
			return to, err
		}
		return appendJSON(to, terms)
	default:
		account, err := Fold(s.Name.ID(), s.Records)
		if err != nil || len(s.Records) == 0 {
			return to, err
		}
		return appendJSON(to, account)
	}
}

func appendJSON(to []byte, v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true))
	return append(to, b...), err
}

// deriveCase lists every agency that a record of the case names as the client's
// or as the one that spent, whether or not it was taken back: it may have billed.
func deriveCase(s *projections.Subject, to []byte) ([]byte, error) {
	var agencies []string
	for _, r := range s.Records {
		switch r.Type {
		case "client.enrolled.v1", "transfer.accepted.v1", "service.reopened.v1", "expense.booked.v1":
		default:
			continue
		}
		e, err := r.Event()
		if err != nil {
			return to, err
		}
		agency := ""
		switch e := e.(type) {
		case *events.ClientEnrolled:
			agency = e.Agency
		case *events.TransferAccepted:
			agency = e.To
		case *events.ServiceReopened:
			agency = e.Agency
		case *events.ExpenseBooked:
			agency = e.Agency
		}
		if !slices.Contains(agencies, agency) {
			agencies = append(agencies, agency)
		}
	}
	slices.Sort(agencies)
	for _, a := range agencies {
		to = row.String(to, a)
	}
	return to, nil
}

// An Account is the billing of one agency.
type Account struct {
	Agency   string    `json:"agency"`
	Invoices []Invoice `json:"invoices"` // in order of number
	Clients  []Client  `json:"clients"`  // in order of id
	Advances []Advance `json:"advances"` // in order of record
}

// An Invoice is one invoice without its lines, which its records hold.
type Invoice struct {
	Number       int                     `json:"number"`
	Month        string                  `json:"month"`
	Closing      events.Date             `json:"closing"`
	State        string                  `json:"state"` // see package invoice for the list
	Totals       events.InvoiceTotals    `json:"totals"`
	Made         events.LedgerPosition   `json:"made"`
	Record       string                  `json:"record"`
	Sequence     uint64                  `json:"sequence"`
	Hash         events.Hash             `json:"hash"`
	Parts        []events.InvoicePart    `json:"parts,omitempty"`
	Contract     events.ContractStanding `json:"contract"`
	Recoverable  bool                    `json:"recoverable,omitzero"`
	SettledCents events.Cents            `json:"settled_cents,omitzero"`
	Corrections  []string                `json:"corrections,omitempty"` // of the last return
	Causes       []string                `json:"causes,omitempty"`      // of a hold or a denial
	Payment      string                  `json:"payment,omitzero"`      // reference
	Steps        []Step                  `json:"steps"`                 // in order of record
}

// A Step is what was done with an invoice, when and by whom.
type Step struct {
	State    string         `json:"state"`
	On       events.Date    `json:"on"`
	At       events.Instant `json:"at"`
	Actor    string         `json:"actor"`
	Role     string         `json:"role"`
	Record   string         `json:"record"`
	Sequence uint64         `json:"sequence"`
}

// Step returns the last step into a state, and false when there was none.
func (i *Invoice) Step(state string) (Step, bool) {
	for _, s := range slices.Backward(i.Steps) {
		if s.State == state {
			return s, true
		}
	}
	return Step{}, false
}

// Open reports whether the invoice still waits for its payment.
func (i *Invoice) Open() bool { return i.State != "paid" && i.State != "denied" }

// A Client is what an agency billed for one client on invoices that stand.
type Client struct {
	Client              string       `json:"client"`
	AdministrativeCents events.Cents `json:"administrative_cents"`
	ClientCents         events.Cents `json:"client_cents"`
	ClearedCents        events.Cents `json:"cleared_cents"` // zero or below
	TotalCents          events.Cents `json:"total_cents"`
	AdvancedCents       events.Cents `json:"advanced_cents"`
	OutstandingCents    events.Cents `json:"outstanding_cents"`  // of advances
	UnderReviewCents    events.Cents `json:"under_review_cents"` // as of the last invoice, less what was decided since (R25)
	LeftPaidCents       events.Cents `json:"left_paid_cents"`    // as of the last invoice
}

// An Advance is cash ahead of expenses (R19).
type Advance struct {
	Record           string       `json:"record"`
	Sequence         uint64       `json:"sequence"`
	Client           string       `json:"client"`
	IssuedOn         events.Date  `json:"issued_on"`
	Cents            events.Cents `json:"cents"`
	ClearedCents     events.Cents `json:"cleared_cents"` // zero or above
	SettledCents     events.Cents `json:"settled_cents"` // paid back
	OutstandingCents events.Cents `json:"outstanding_cents"`
}

// a fold is an account while its records are folded.
type fold struct {
	Account
	billed    []map[string]Client // by invoice: what it bills for each client
	cleared   []map[string]events.Cents
	standings [][]events.ClientStanding
	parts     []*events.InvoicePartPrepared
	held      []string // by invoice: the state that it was held from
	decided   []decision
}

type decision struct {
	sequence uint64
	client   string
	cents    events.Cents
	recover  bool
}

// Fold computes an account from all records of an agency's billing.
func Fold(agency string, records []*events.Record) (Account, error) {
	f := &fold{Account: Account{Agency: agency, Invoices: []Invoice{}, Clients: []Client{}, Advances: []Advance{}}}
	for _, r := range records {
		e, err := r.Event()
		if err != nil {
			return f.Account, err
		}
		f.apply(r, e)
	}
	f.sum()
	return f.Account, nil
}

func (f *fold) apply(r *events.Record, event events.Event) {
	switch e := event.(type) {
	case *events.InvoicePartPrepared:
		if e.Part == 1 {
			f.parts = nil
		}
		f.parts = append(f.parts, e)
		return
	case *events.InvoiceGenerated:
		f.generate(r, e)
	case *events.InvoiceSubmitted:
		f.step(r, e.Number, "submitted")
	case *events.InvoiceResubmitted:
		f.step(r, e.Number, "submitted")
	case *events.InvoiceReviewed:
		f.step(r, e.Number, "reviewed")
	case *events.InvoiceReturned:
		f.step(r, e.Number, "returned").Corrections = e.Corrections
	case *events.InvoiceApproved:
		f.step(r, e.Number, "approved")
	case *events.InvoiceHeld:
		f.step(r, e.Number, "held").Causes = []string{e.Cause}
	case *events.InvoiceReleased:
		f.step(r, e.Number, "released").Causes = nil
	case *events.InvoiceDenied:
		f.step(r, e.Number, "denied").Causes = e.Reasons
	case *events.InvoicePaid:
		f.step(r, e.Number, "paid").Payment = e.Reference
	case *events.AdvanceIssued:
		f.Advances = append(f.Advances, Advance{
			Record: r.ID, Sequence: r.Sequence, Client: e.Client, IssuedOn: r.OccurredOn, Cents: e.AmountCents,
		})
	case *events.ReviewDecided:
		for _, l := range e.Lines {
			f.decided = append(f.decided, decision{r.Sequence, e.Client, l.Cents, e.Recover})
		}
	case *events.RecoverableSettled:
		f.settle(e)
	}
	f.parts = nil
}

func (f *fold) generate(r *events.Record, e *events.InvoiceGenerated) {
	f.Invoices = append(f.Invoices, Invoice{
		Number: e.Number, Month: e.Month, Closing: e.Closing, Totals: e.Totals, Made: e.Made, Record: r.ID,
		Sequence: r.Sequence, Hash: r.Hash(), Parts: e.Parts, Contract: e.Contract, Recoverable: e.Recoverable,
	})
	f.billed = append(f.billed, map[string]Client{})
	f.cleared = append(f.cleared, map[string]events.Cents{})
	f.standings = append(f.standings, e.Standings)
	f.held = append(f.held, "")
	f.step(r, e.Number, "generated")
	for _, p := range f.parts[:min(len(e.Parts), len(f.parts))] {
		f.bill(e.Number, p.Lines)
		f.standings[e.Number-1] = append(f.standings[e.Number-1], p.Standings...)
	}
	f.bill(e.Number, e.Lines)
}

func (f *fold) bill(number int, lines []events.InvoiceLine) {
	for _, l := range lines {
		c := f.billed[number-1][l.Client]
		c.TotalCents += l.Cents
		switch policy.LineKind(l.Kind) {
		case policy.AdministrativeLine:
			c.AdministrativeCents += l.Cents
		case policy.ClientLine:
			c.ClientCents += l.Cents
		case policy.ClearingLine:
			c.ClearedCents += l.Cents
			f.cleared[number-1][l.Advance] -= l.Cents
		}
		f.billed[number-1][l.Client] = c
	}
}

// step moves an invoice and returns it. A release leads back to where the invoice
// was held.
func (f *fold) step(r *events.Record, number int, state string) *Invoice {
	if number < 1 || number > len(f.Invoices) {
		return &Invoice{} // no decider records this; a fold must be total
	}
	i := &f.Invoices[number-1]
	switch state {
	case "held":
		f.held[number-1] = i.State
	case "released":
		state = f.held[number-1]
	}
	i.State = state
	i.Steps = append(i.Steps, Step{state, r.OccurredOn, r.Time, r.Actor, r.Role, r.ID, r.Sequence})
	return i
}

func (f *fold) settle(e *events.RecoverableSettled) {
	if e.Number > 0 && e.Number <= len(f.Invoices) {
		f.Invoices[e.Number-1].SettledCents += e.AmountCents
	}
	for i := range f.Advances {
		if f.Advances[i].Record == e.Advance {
			f.Advances[i].SettledCents += e.AmountCents
		}
	}
}

// sum fills in clients and advances from the invoices that stand.
func (f *fold) sum() {
	byClient := map[string]*Client{}
	client := func(id string) *Client {
		if byClient[id] == nil {
			byClient[id] = &Client{Client: id}
		}
		return byClient[id]
	}
	last := -1
	for n := range f.Invoices {
		if f.Invoices[n].State == "denied" {
			continue
		}
		last = n
		for id, b := range f.billed[n] {
			c := client(id)
			c.AdministrativeCents += b.AdministrativeCents
			c.ClientCents += b.ClientCents
			c.ClearedCents += b.ClearedCents
			c.TotalCents += b.TotalCents
		}
		for i := range f.Advances {
			f.Advances[i].ClearedCents += f.cleared[n][f.Advances[i].Record]
		}
	}
	for i := range f.Advances {
		a := &f.Advances[i]
		a.OutstandingCents = a.Cents - a.ClearedCents - a.SettledCents
		c := client(a.Client)
		c.AdvancedCents += a.Cents
		c.OutstandingCents += a.OutstandingCents
	}
	if last >= 0 {
		f.stand(last, client)
	}
	for _, c := range byClient {
		f.Clients = append(f.Clients, *c)
	}
	slices.SortFunc(f.Clients, func(a, b Client) int { return cmp.Compare(a.Client, b.Client) })
}

// stand takes what the last invoice says is under review, and what was decided since.
func (f *fold) stand(last int, client func(string) *Client) {
	for _, s := range f.standings[last] {
		c := client(s.Client)
		c.UnderReviewCents, c.LeftPaidCents = s.UnderReviewCents, s.LeftPaidCents
	}
	for _, d := range f.decided {
		if d.sequence < f.Invoices[last].Sequence {
			continue
		}
		c := client(d.client)
		c.UnderReviewCents -= min(d.cents, c.UnderReviewCents)
		if !d.recover {
			c.LeftPaidCents += d.cents
		}
	}
}
