package billing

import (
	"slices"

	"github.com/go-json-experiment/json"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// Of returns the billing of an agency; an empty account when it has none.
func Of(s *projections.Snapshot, agency string) (Account, error) {
	account := Account{Agency: agency, Invoices: []Invoice{}, Clients: []Client{}, Advances: []Advance{}}
	b, err := s.Row(name, events.SubjectOf(events.KindBilling, agency))
	if err != nil || b == nil {
		return account, err
	}
	return account, json.Unmarshal(b, &account)
}

// All returns the billing of every agency that has any, in order of agency.
func All(s *projections.Snapshot) ([]Account, error) {
	var all []Account
	err := s.Rows(name, events.KindBilling, func(_, b []byte) error {
		var a Account
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		all = append(all, a)
		return nil
	})
	return all, err
}

// Served is a client and the agencies that the case was ever with, in order.
type Served struct {
	Client   string   `json:"client"`
	Agencies []string `json:"agencies"`
}

// Cases calls f with every client who was ever with any agency, in order.
func Cases(s *projections.Snapshot, f func(Served) error) error {
	return s.Rows(name, events.KindCase, func(id, b []byte) error { return f(served(string(id), b)) })
}

// Case returns the agencies of one client; none when there is no such client.
func Case(s *projections.Snapshot, client string) (Served, error) {
	b, err := s.Row(name, events.SubjectOf(events.KindCase, client))
	return served(client, b), err
}

func served(client string, b []byte) Served {
	v := Served{Client: client}
	for r := row.Read(b); ; {
		agency := r.String()
		if agency == "" {
			return v
		}
		v.Agencies = append(v.Agencies, agency)
	}
}

// Lines returns the lines of one invoice in order, from its own records and
// those of its parts.
func Lines(s *projections.Snapshot, i *Invoice) ([]events.InvoiceLine, error) {
	var lines []events.InvoiceLine
	for _, p := range i.Parts {
		e, err := eventAt(s, p.Sequence)
		if err != nil {
			return nil, err
		}
		if part, ok := e.(*events.InvoicePartPrepared); ok {
			lines = append(lines, part.Lines...)
		}
	}
	e, err := eventAt(s, i.Sequence)
	if err != nil {
		return nil, err
	}
	if g, ok := e.(*events.InvoiceGenerated); ok {
		lines = append(lines, g.Lines...)
	}
	return lines, nil
}

func eventAt(s *projections.Snapshot, sequence uint64) (events.Event, error) {
	r, err := s.Record(sequence)
	if err != nil {
		return nil, err
	}
	return r.Event()
}

// An Unpaid invoice waits for its payment.
type Unpaid struct {
	Agency string       `json:"agency"`
	Number int          `json:"number"`
	State  string       `json:"state"`
	Cents  events.Cents `json:"cents"`
	Since  events.Date  `json:"since"` // first submitted, or generated when it never was
	Days   int          `json:"days"`
	Age    string       `json:"age"` // 0-30, 31-60, 61-90 or over-90 days
}

// UnpaidOn lists the invoices of an agency, of all agencies for "", that are
// neither paid nor denied, with their age on a day.
func UnpaidOn(s *projections.Snapshot, agency string, day events.Date) ([]Unpaid, error) {
	var unpaid []Unpaid
	err := accounts(s, agency, func(a Account) error {
		for _, i := range a.Invoices {
			if !i.Open() || i.Totals.TotalCents <= 0 || i.Steps[0].On > day {
				continue
			}
			u := Unpaid{Agency: a.Agency, Number: i.Number, State: i.State, Cents: i.Totals.TotalCents, Since: i.Steps[0].On}
			if n := slices.IndexFunc(i.Steps, func(s Step) bool { return s.State == "submitted" }); n >= 0 {
				u.Since = i.Steps[n].On
			}
			u.Days = int(max(0, day-u.Since))
			u.Age = age(u.Days)
			unpaid = append(unpaid, u)
		}
		return nil
	})
	return unpaid, err
}

func age(days int) string {
	switch {
	case days <= 30:
		return "0-30"
	case days <= 60:
		return "31-60"
	case days <= 90:
		return "61-90"
	}
	return "over-90"
}

// A Recoverable is what an agency that has left still owes.
type Recoverable struct {
	Agency   string       `json:"agency"`
	LeftOn   events.Date  `json:"left_on"`          // last day of its subcontract
	Number   int          `json:"number,omitzero"`  // of an invoice below zero
	Advance  string       `json:"advance,omitzero"` // or record of an advance
	Client   string       `json:"client,omitzero"`  // of the advance
	Cents    events.Cents `json:"cents"`            // still owed
	Settled  events.Cents `json:"settled_cents"`    // paid back already
	Position uint64       `json:"position"`         // of the record that it stands on
	Since    events.Date  `json:"since"`            // of that record
	Invoice  string       `json:"invoice,omitzero"` // record of the invoice
}

// RecoverablesOn lists what agencies that have left by a day still owe.
func RecoverablesOn(s *projections.Snapshot, agency string, day events.Date) ([]Recoverable, error) {
	var owed []Recoverable
	err := accounts(s, agency, func(a Account) error {
		left, err := leftOn(s, a.Agency, day)
		if err != nil || left == 0 {
			return err
		}
		for _, i := range a.Invoices {
			if cents := -i.Totals.TotalCents - i.SettledCents; i.Open() && cents > 0 {
				owed = append(owed, Recoverable{Agency: a.Agency, LeftOn: left, Number: i.Number, Invoice: i.Record,
					Cents: cents, Settled: i.SettledCents, Position: i.Sequence, Since: i.Steps[0].On})
			}
		}
		for _, d := range a.Advances {
			if d.OutstandingCents > 0 {
				owed = append(owed, Recoverable{Agency: a.Agency, LeftOn: left, Advance: d.Record, Client: d.Client,
					Cents: d.OutstandingCents, Settled: d.SettledCents, Position: d.Sequence, Since: d.IssuedOn})
			}
		}
		return nil
	})
	return owed, err
}

// leftOn returns the last day of the subcontract of an agency that has left by a
// day, zero for one that has not.
func leftOn(s *projections.Snapshot, agency string, day events.Date) (events.Date, error) {
	b, err := s.Row(name, events.SubjectOf(events.KindAgency, agency))
	if err != nil || b == nil {
		return 0, err
	}
	var terms []term
	if err := json.Unmarshal(b, &terms); err != nil {
		return 0, err
	}
	t, inForce := on(terms, day)
	if inForce {
		return 0, nil
	}
	return t.Through, nil
}

func accounts(s *projections.Snapshot, agency string, f func(Account) error) error {
	return each(s, events.KindBilling, agency, func(_ string, b []byte) error {
		var a Account
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		return f(a)
	})
}

// each calls f with the row of one id, or of every id for "".
func each(s *projections.Snapshot, kind events.Kind, id string, f func(id string, b []byte) error) error {
	if id == "" {
		return s.Rows(name, kind, func(id, b []byte) error { return f(string(id), b) })
	}
	b, err := s.Row(name, events.SubjectOf(kind, id))
	if err != nil || b == nil {
		return err
	}
	return f(id, b)
}
