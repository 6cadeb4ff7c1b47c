package statement

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

var csvColumns = []string{
	"agency", "invoice", "month", "closing", "line", "client", "kind", "adjustment", "clock", "period", "rate", "rate_amount",
	"start", "end", "days", "amount", "rule", "policy", "expense", "advance", "causes", "positions",
}

// CSV writes the lines alone, one row each with its invoice's number: amounts in
// dollars, dates as YYYY-MM-DD, positions with spaces between them. Sums stand in
// the other forms. A text that a spreadsheet would take for a formula gets an
// apostrophe before it.
func (inv *Invoice) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{csvColumns}
	for i := range inv.Lines {
		rows = append(rows, inv.csvRow(&inv.Lines[i]))
	}
	return out.WriteAll(rows)
}

func (inv *Invoice) csvRow(l *Line) []string {
	number, rate, adjustment := "", "", "no"
	if inv.Number != 0 {
		number = strconv.Itoa(inv.Number)
	}
	if l.RateCents != 0 {
		rate = dollars(l.RateCents)
	}
	if l.Adjustment {
		adjustment = "yes"
	}
	return []string{
		neutral(inv.Agency), number, inv.Month, inv.Closing.String(), strconv.Itoa(l.Number), neutral(l.Client), neutral(l.Kind),
		adjustment, l.Clock.String(), optional(l.Period), neutral(l.Rate), rate,
		l.Start.String(), l.End.String(), optional(l.Days), dollars(l.Cents), neutral(l.Rule), neutral(l.Policy),
		neutral(l.Expense), neutral(l.Advance), positions(l.Causes), positions(l.Positions),
	}
}

func optional(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func positions(all []uint64) string {
	s := make([]string, len(all))
	for i, p := range all {
		s[i] = strconv.FormatUint(p, 10)
	}
	return strings.Join(s, " ")
}
