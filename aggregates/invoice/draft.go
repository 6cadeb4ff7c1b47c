package invoice

import (
	"cmp"
	"slices"

	"caseledger/aggregates/policy"
	"caseledger/events"
)

// A Client is one of an agency's clients as the ledger stood at a position.
type Client struct {
	ID          string
	Entitlement *policy.Entitlement
	// Agencies are those that the client was ever with or that booked expenses,
	// by whatever records, those taken back included.
	Agencies []string
}

// A Draft is an invoice as it was computed from the ledger. Only the
// application makes one; a caller's command never carries it.
type Draft struct {
	Closing   events.Date
	Made      events.LedgerPosition
	Version   uint64 // of the agency's billing that it continues
	Lines     []events.InvoiceLine
	Standings []events.ClientStanding
	foreign   []string // clients with lines who were never the agency's
}

// Draft computes what is due to the agency at a closing date. clients must be all
// that it ever had, as known at made; their order does not matter. Lines come in
// order of client, kind, clock, period and date.
func (s *State) Draft(closing events.Date, made events.LedgerPosition, clients []Client) *Draft {
	d := &Draft{Closing: closing, Made: made, Version: s.version}
	clients = slices.Clone(clients)
	slices.SortFunc(clients, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range clients {
		statement := c.Entitlement.Due(s.agency, closing, s.Account(c.ID))
		if len(statement.Lines) > 0 && !slices.Contains(c.Agencies, s.agency) {
			d.foreign = append(d.foreign, c.ID)
		}
		first := len(d.Lines)
		for _, l := range statement.Lines {
			d.Lines = append(d.Lines, s.line(c, l))
		}
		slices.SortFunc(d.Lines[first:], compareLines)
		standing := events.ClientStanding{
			Client: c.ID, UnderReviewCents: statement.UnderReviewCents,
			LeftPaidCents: statement.LeftPaidCents, AdvanceOutstandingCents: statement.AdvanceOutstandingCents,
		}
		if standing != (events.ClientStanding{Client: c.ID}) {
			d.Standings = append(d.Standings, standing)
		}
	}
	return d
}

// line writes a line as it stands on the invoice.
func (s *State) line(c Client, l policy.Line) events.InvoiceLine {
	line := events.InvoiceLine{
		BilledKey: billedKey(c.ID, l.LineKey), Start: l.Start, End: l.End,
		Cents: l.Cents, Rule: l.Rule, Policy: l.Policy, Adjustment: l.Adjustment,
	}
	if l.Kind == policy.ClearingLine {
		line.Positions = s.advancePositions(l.Advance)
	} else {
		line.Days = c.Entitlement.Days(s.agency, l)
		line.Positions = c.Entitlement.Behind(l)
	}
	if l.Adjustment {
		line.Causes = s.causes(line.BilledKey, c.Entitlement, l.Causes)
	}
	return line
}

func (s *State) advancePositions(id string) []uint64 {
	for _, d := range s.advances {
		if d.ID == id {
			return []uint64{d.Sequence}
		}
	}
	return nil
}

// causes returns the positions of what made a correction due: the case's own
// records or the principal's, and since the last invoice a denial of the key or a
// decision on it.
func (s *State) causes(key events.BilledKey, e *policy.Entitlement, causes []policy.Cause) []uint64 {
	var positions []uint64
	for _, c := range causes {
		positions = append(positions, c.Sequence)
	}
	since := uint64(0)
	if last := s.last(); last != nil {
		since = last.Sequence
		positions = append(positions, e.PrincipalSince(last.Made.Sequence)...)
	}
	for _, d := range s.denials {
		if d.sequence > since && d.keys[key] {
			positions = append(positions, d.sequence)
		}
	}
	for _, d := range s.reviews {
		if d.sequence > since && d.key == key {
			positions = append(positions, d.sequence)
		}
	}
	slices.Sort(positions)
	return slices.Compact(positions)
}

func compareLines(a, b events.InvoiceLine) int {
	return cmp.Or(
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(a.Clock, b.Clock), cmp.Compare(b.Rate, a.Rate), cmp.Compare(a.Period, b.Period),
		cmp.Compare(a.Start, b.Start), cmp.Compare(a.Expense, b.Expense), cmp.Compare(a.Advance, b.Advance),
		cmp.Compare(flag(b.Adjustment), flag(a.Adjustment)),
	)
}

// rank orders the kinds of lines as an invoice shows them.
func rank(l events.InvoiceLine) int {
	return slices.Index([]string{string(policy.AdministrativeLine), string(policy.ClientLine), string(policy.ClearingLine)}, l.Kind)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// totals sums lines; an overflow is an error, never a wrong sum.
func totals(lines []events.InvoiceLine) (t events.InvoiceTotals, err error) {
	t.Lines = len(lines)
	for _, l := range lines {
		sums := []*events.Cents{&t.TotalCents}
		switch policy.LineKind(l.Kind) {
		case policy.AdministrativeLine:
			sums = append(sums, &t.AdministrativeCents)
		case policy.ClientLine:
			sums = append(sums, &t.ClientCents)
		case policy.ClearingLine:
			sums = append(sums, &t.ClearedCents)
		}
		if l.Adjustment {
			sums = append(sums, &t.AdjustmentCents)
		}
		for _, sum := range sums {
			if *sum, err = sum.Plus(l.Cents); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

// UnderReview returns what was billed for a client for days past a clock's end
// that a late letter shortened, by billed key, while nothing is decided (R25).
func (s *State) UnderReview(client string, e *policy.Entitlement) []events.ReviewedLine {
	account := s.Account(client)
	byKey := map[policy.LineKey][]policy.Billed{}
	var keys []policy.LineKey
	for _, b := range account.Lines {
		if b.Kind == policy.ClearingLine {
			continue
		}
		if byKey[b.LineKey] == nil {
			keys = append(keys, b.LineKey)
		}
		byKey[b.LineKey] = append(byKey[b.LineKey], b)
	}
	var lines []events.ReviewedLine
	for _, key := range keys {
		account.Lines = byKey[key]
		if cents := e.Due(s.agency, account.Closing, account).UnderReviewCents; cents != 0 {
			lines = append(lines, events.ReviewedLine{BilledKey: billedKey(client, key), Cents: cents})
		}
	}
	return lines
}
