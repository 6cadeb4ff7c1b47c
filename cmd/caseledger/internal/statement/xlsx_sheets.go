package statement

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/events"
)

// invoiceWidth is the number of columns of the first sheet.
const invoiceWidth = len(approvalColumns)

// invoice writes the first sheet: everything but the lines.
func (b *book) invoice(inv *Invoice) {
	b.Widths(invoiceSheet, 34, 21, 15, 23, 20, 46)
	b.Put(invoiceSheet, 1, 1, b.Title, inv.title())
	row := b.pairs(3, inv.header())
	row = b.section(row, b.HeadRight, append([]string{"Summary"}, gridColumns[:]...)...)
	for i, cents := range gridOf(inv.Lines) {
		style, label := b.Money, b.Text
		if i == rowTotal {
			style, label = b.Total, b.Total
		}
		b.Put(invoiceSheet, 1, row, label, gridRows[i])
		for j, c := range cents {
			b.Put(invoiceSheet, j+2, row, style, c)
		}
		row++
	}
	row = b.amounts(row+1, inv.due())
	if rows := inv.approvals(); len(rows) > 0 {
		row = b.approvals(b.section(row, b.Head, approvalColumns[:]...), rows)
	}
	if open := inv.open(); len(open) > 0 {
		row = b.amounts(b.section(row, b.Head, "Open at the closing date"), open)
	}
	if legend := inv.legend(); len(legend) > 0 {
		row = b.pairs(b.section(row, b.Head, "Rules used"), legend)
	}
	b.pairs(b.section(row, b.Head, "Made from"), inv.made())
}

// section leaves a row free, writes a head, its first cell apart in style, and
// returns the row below it.
func (b *book) section(row, style int, names ...string) int {
	for i := range invoiceWidth {
		name := ""
		if i < len(names) {
			name = names[i]
		}
		if i == 0 {
			b.Put(invoiceSheet, 1, row+1, b.Head, name)
		} else {
			b.Put(invoiceSheet, i+1, row+1, style, name)
		}
	}
	return row + 2
}

// pairs writes labels and what they say across the other columns.
func (b *book) pairs(row int, pairs []pair) int {
	for _, p := range pairs {
		b.Put(invoiceSheet, 1, row, b.Bold, p.label)
		b.Put(invoiceSheet, 2, row, b.Wrap, p.value)
		first, err := excelize.CoordinatesToCellName(2, row)
		b.Do(err)
		last, err := excelize.CoordinatesToCellName(invoiceWidth, row)
		b.Do(err)
		b.Do(b.MergeCell(invoiceSheet, first, last))
		// A spreadsheet does not fit the height of a row to merged cells.
		b.Do(b.SetRowHeight(invoiceSheet, row, 14*float64(len(prose.Fold(p.value, 115)))))
		row++
	}
	return row
}

// amounts writes labels in the first column and sums below the summary's totals.
func (b *book) amounts(row int, amounts []amount) int {
	for _, a := range amounts {
		b.Put(invoiceSheet, 1, row, b.Bold, a.label)
		b.Put(invoiceSheet, 1+len(gridColumns), row, b.Money, a.cents)
		row++
	}
	return row
}

func (b *book) approvals(row int, rows []approval) int {
	for _, a := range rows {
		for i, c := range a.cells() {
			style := b.Text
			if i == invoiceWidth-1 {
				style = b.Wrap
			}
			b.Put(invoiceSheet, i+1, row, style, c)
		}
		row++
	}
	return row
}

var clientColumns = []string{"Client", "Lines", "Administrative", "Client expenses", "Advances cleared", "of these, adjustments", "Subtotal"}

// clients writes one row per client, and the total.
func (b *book) clients(inv *Invoice) {
	groups := inv.groups()
	b.Widths(clientsSheet, 28, 8, 18, 18, 18, 22, 18)
	b.table(clientsSheet, len(groups), clientColumns, 1)
	row := func(n, text, money int, name string, lines int, g grid) {
		b.Put(clientsSheet, 1, n, text, name)
		b.Put(clientsSheet, 2, n, text, lines)
		for i, c := range []events.Cents{
			g[rowAdministrative][columnTotal], g[rowClient][columnTotal], g[rowCleared][columnTotal],
			g[rowTotal][columnAdjustment], g[rowTotal][columnTotal],
		} {
			b.Put(clientsSheet, 3+i, n, money, c)
		}
	}
	for i, g := range groups {
		row(i+2, b.Text, b.Money, g.client, len(g.lines)+len(g.adjustments), g.sums)
	}
	row(len(groups)+2, b.Bold, b.Total, "Total", len(inv.Lines), gridOf(inv.Lines))
}

var lineColumns = []string{
	"Line", "Client", "Item", "Adjustment", "Clock from", "Rate", "Rate amount", "From", "To", "Days", "Rule", "Amount",
	"Caused by", "Policy", "Record billed", "Records behind",
}

// lines writes one row per line, and the total.
func (b *book) lines(inv *Invoice) {
	b.Widths(linesSheet, 6, 18, 27, 12, 12, 14, 13, 12, 12, 7, 7, 15, 44, 30, 30, 30)
	b.table(linesSheet, len(inv.Lines), lineColumns, 0)
	for i := range inv.Lines {
		b.line(i+2, &inv.Lines[i])
	}
	row := len(inv.Lines) + 2
	for column := 1; column <= 12; column++ {
		b.Put(linesSheet, column, row, b.Total, "")
	}
	b.Put(linesSheet, 3, row, b.Total, "Total of "+counted(len(inv.Lines), "line"))
	b.Put(linesSheet, 12, row, b.Total, inv.Totals.TotalCents)
	// What finds a record again is for the screen.
	b.Do(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("%s!$A$1:$M$%d", linesSheet, row), Scope: linesSheet}))
}

func (b *book) line(row int, l *Line) {
	adjustment, because := "", ""
	if l.Adjustment {
		adjustment, because = "adjustment", l.because()
	}
	cells := []struct {
		style int
		value any
	}{
		{b.Text, l.Number}, {b.Text, l.Client}, {b.Text, l.what()}, {b.Text, adjustment}, {b.Date, l.Clock},
		{b.Text, dashed(l.Rate)}, {b.Money, l.RateCents}, {b.Date, l.Start}, {b.Date, l.End}, {b.Text, l.Days}, {b.Text, l.Rule},
		{b.Money, l.Cents}, {b.Wrap, because}, {b.Text, l.Policy}, {b.Text, l.Expense + l.Advance}, {b.Text, positions(l.Positions)},
	}
	for i, c := range cells {
		if c.value == 0 || c.value == events.Cents(0) && i != 11 {
			c.value = nil
		}
		b.Put(linesSheet, i+1, row, c.style, c.value)
	}
}

// table writes the heads of a table, freezes them with some columns beside them,
// prints them on every page and lets the rows be filtered.
func (b *book) table(sheet string, rows int, columns []string, frozen int) {
	for i, name := range columns {
		style := b.Head
		switch name {
		case "Amount", "Rate amount", "Line", "Lines", "Days", "Administrative", "Client expenses", "Advances cleared", "of these, adjustments", "Subtotal":
			style = b.HeadRight
		}
		b.Put(sheet, i+1, 1, style, name)
	}
	last, err := excelize.CoordinatesToCellName(len(columns), rows+1)
	b.Do(err)
	corner, err := excelize.CoordinatesToCellName(frozen+1, 2)
	b.Do(err)
	b.Do(b.AutoFilter(sheet, "A1:"+last, nil))
	pane := "bottomLeft"
	if frozen > 0 {
		pane = "bottomRight"
	}
	b.Do(b.SetPanes(sheet, &excelize.Panes{Freeze: true, XSplit: frozen, YSplit: 1, TopLeftCell: corner, ActivePane: pane}))
	b.Do(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: sheet + "!$1:$1", Scope: sheet}))
}
