package signals

import (
	"encoding/hex"
	"slices"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/row"
)

// View keeps the standing expenses of every case, as much of them as [Find]
// needs.
type View struct{ projections.OfCases }

const name = "signals"

// Name implements [projections.View].
func (View) Name() string { return name }

// Version implements [projections.View].
func (View) Version() int { return 1 }

// Derive implements [projections.View]. The row is a list of expenses, each:
// agency, category, the first half of the receipt's hash, cents, date, day of
// recording, position, clock, period, cap, position of the closure, whether it is
// dated after it.
func (View) Derive(s *projections.Subject, to []byte) ([]byte, error) {
	facts, err := s.Facts()
	if err != nil || len(facts.Expenses) == 0 {
		return to, err
	}
	e, err := s.Entitlement()
	if err != nil {
		return to, err
	}
	expenses, err := ExpensesOf(s.Records, facts, e)
	if err != nil || len(expenses) == 0 {
		return to, err
	}
	to = row.Len(to, len(expenses))
	for _, x := range expenses {
		to = row.String(to, x.Agency)
		to = row.String(to, x.Category)
		to = appendHalf(to, x.Receipt)
		to = row.Cents(to, x.Cents)
		to = row.Date(to, x.On)
		to = row.Date(to, x.Recorded)
		to = row.Uint(to, x.Sequence)
		to = row.Date(to, x.Clock)
		to = row.Uint(to, uint64(x.Period))
		to = row.Cents(to, x.Cap)
		to = row.Uint(to, x.Closure)
		to = row.Bool(to, x.Dated)
	}
	return to, nil
}

// appendHalf appends 128 of the hash's 256 bits: enough to tell receipts apart.
func appendHalf(to []byte, receipt string) []byte {
	var sum [32]byte
	b := sum[:]
	if len(receipt) > 2*len(b) {
		b = make([]byte, hex.DecodedLen(len(receipt)))
	}
	if n, err := hex.Decode(b, []byte(receipt)); err == nil && n >= 16 {
		return append(row.Len(to, 16), b[:16]...)
	}
	return row.String(to, receipt) // not a SHA-256: kept as it is
}

// Expenses returns the standing expenses of all cases; of each receipt's hash the
// first half, in bytes.
func Expenses(s *projections.Snapshot) (expenses []Expense, err error) {
	err = s.Rows(name, events.KindCase, func(id, b []byte) error {
		r := row.Read(b)
		for range r.Len() {
			expenses = append(expenses, Expense{
				Client: string(id), Agency: r.String(), Category: r.String(), Receipt: r.String(), Cents: r.Cents(),
				On: r.Date(), Recorded: r.Date(), Sequence: r.Uint(), Clock: r.Date(), Period: int(r.Uint()), Cap: r.Cents(),
				Closure: r.Uint(), Dated: r.Bool(),
			})
		}
		return r.Err()
	})
	return expenses, err
}

// Findings returns the findings in all cases, or with an agency those that it
// booked an expense of.
func Findings(s *projections.Snapshot, agency string) ([]Finding, error) {
	expenses, err := Expenses(s)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, f := range Find(expenses) {
		if agency == "" || slices.Contains(f.Agencies, agency) {
			found = append(found, f)
		}
	}
	return found, nil
}
