package statement

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"caseledger/events"
)

// invoiceWidth is the number of columns of the first sheet.
const invoiceWidth = len(approvalColumns)

// invoice writes the first sheet: everything but the lines.
func (b *book) invoice(inv *Invoice) {
	b.widths(invoiceSheet, 34, 21, 15, 23, 20, 46)
	b.put(invoiceSheet, 1, 1, b.title, inv.title())
	row := b.pairs(3, inv.header())
	row = b.section(row, b.headRight, append([]string{"Summary"}, gridColumns[:]...)...)
	for i, cents := range gridOf(inv.Lines) {
		style, label := b.money, b.text
		if i == rowTotal {
			style, label = b.total, b.total
		}
		b.put(invoiceSheet, 1, row, label, gridRows[i])
		for j, c := range cents {
			b.put(invoiceSheet, j+2, row, style, c)
		}
		row++
	}
	row = b.amounts(row+1, inv.due())
	if rows := inv.approvals(); len(rows) > 0 {
		row = b.approvals(b.section(row, b.head, approvalColumns[:]...), rows)
	}
	if open := inv.open(); len(open) > 0 {
		row = b.amounts(b.section(row, b.head, "Open at the closing date"), open)
	}
	if legend := inv.legend(); len(legend) > 0 {
		row = b.pairs(b.section(row, b.head, "Rules used"), legend)
	}
	b.pairs(b.section(row, b.head, "Made from"), inv.made())
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
			b.put(invoiceSheet, 1, row+1, b.head, name)
		} else {
			b.put(invoiceSheet, i+1, row+1, style, name)
		}
	}
	return row + 2
}

// pairs writes labels and what they say across the other columns.
func (b *book) pairs(row int, pairs []pair) int {
	for _, p := range pairs {
		b.put(invoiceSheet, 1, row, b.bold, p.label)
		b.put(invoiceSheet, 2, row, b.wrap, p.value)
		first, err := excelize.CoordinatesToCellName(2, row)
		b.do(err)
		last, err := excelize.CoordinatesToCellName(invoiceWidth, row)
		b.do(err)
		b.do(b.MergeCell(invoiceSheet, first, last))
		// A spreadsheet does not fit the height of a row to merged cells.
		b.do(b.SetRowHeight(invoiceSheet, row, 14*float64(len(fold(p.value, 115)))))
		row++
	}
	return row
}

// amounts writes labels in the first column and sums below the summary's totals.
func (b *book) amounts(row int, amounts []amount) int {
	for _, a := range amounts {
		b.put(invoiceSheet, 1, row, b.bold, a.label)
		b.put(invoiceSheet, 1+len(gridColumns), row, b.money, a.cents)
		row++
	}
	return row
}

func (b *book) approvals(row int, rows []approval) int {
	for _, a := range rows {
		for i, c := range a.cells() {
			style := b.text
			if i == invoiceWidth-1 {
				style = b.wrap
			}
			b.put(invoiceSheet, i+1, row, style, c)
		}
		row++
	}
	return row
}

var clientColumns = []string{"Client", "Lines", "Administrative", "Client expenses", "Advances cleared", "of these, adjustments", "Subtotal"}

// clients writes one row per client, and the total.
func (b *book) clients(inv *Invoice) {
	groups := inv.groups()
	b.widths(clientsSheet, 28, 8, 18, 18, 18, 22, 18)
	b.table(clientsSheet, len(groups), clientColumns, 1)
	row := func(n, text, money int, name string, lines int, g grid) {
		b.put(clientsSheet, 1, n, text, name)
		b.put(clientsSheet, 2, n, text, lines)
		for i, c := range []events.Cents{
			g[rowAdministrative][columnTotal], g[rowClient][columnTotal], g[rowCleared][columnTotal],
			g[rowTotal][columnAdjustment], g[rowTotal][columnTotal],
		} {
			b.put(clientsSheet, 3+i, n, money, c)
		}
	}
	for i, g := range groups {
		row(i+2, b.text, b.money, g.client, len(g.lines)+len(g.adjustments), g.sums)
	}
	row(len(groups)+2, b.bold, b.total, "Total", len(inv.Lines), gridOf(inv.Lines))
}

var lineColumns = []string{
	"Line", "Client", "Item", "Adjustment", "Clock from", "Rate", "Rate amount", "From", "To", "Days", "Rule", "Amount",
	"Caused by", "Policy", "Record billed", "Records behind",
}

// lines writes one row per line, and the total.
func (b *book) lines(inv *Invoice) {
	b.widths(linesSheet, 6, 18, 27, 12, 12, 14, 13, 12, 12, 7, 7, 15, 44, 30, 30, 30)
	b.table(linesSheet, len(inv.Lines), lineColumns, 0)
	for i := range inv.Lines {
		b.line(i+2, &inv.Lines[i])
	}
	row := len(inv.Lines) + 2
	for column := 1; column <= 12; column++ {
		b.put(linesSheet, column, row, b.total, "")
	}
	b.put(linesSheet, 3, row, b.total, "Total of "+counted(len(inv.Lines), "line"))
	b.put(linesSheet, 12, row, b.total, inv.Totals.TotalCents)
	// What finds a record again is for the screen.
	b.do(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("%s!$A$1:$M$%d", linesSheet, row), Scope: linesSheet}))
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
		{b.text, l.Number}, {b.text, l.Client}, {b.text, l.what()}, {b.text, adjustment}, {b.date, l.Clock},
		{b.text, dashed(l.Rate)}, {b.money, l.RateCents}, {b.date, l.Start}, {b.date, l.End}, {b.text, l.Days}, {b.text, l.Rule},
		{b.money, l.Cents}, {b.wrap, because}, {b.text, l.Policy}, {b.text, l.Expense + l.Advance}, {b.text, positions(l.Positions)},
	}
	for i, c := range cells {
		if c.value == 0 || c.value == events.Cents(0) && i != 11 {
			c.value = nil
		}
		b.put(linesSheet, i+1, row, c.style, c.value)
	}
}

// table writes the heads of a table, freezes them with some columns beside them,
// prints them on every page and lets the rows be filtered.
func (b *book) table(sheet string, rows int, columns []string, frozen int) {
	for i, name := range columns {
		style := b.head
		switch name {
		case "Amount", "Rate amount", "Line", "Lines", "Days", "Administrative", "Client expenses", "Advances cleared", "of these, adjustments", "Subtotal":
			style = b.headRight
		}
		b.put(sheet, i+1, 1, style, name)
	}
	last, err := excelize.CoordinatesToCellName(len(columns), rows+1)
	b.do(err)
	corner, err := excelize.CoordinatesToCellName(frozen+1, 2)
	b.do(err)
	b.do(b.AutoFilter(sheet, "A1:"+last, nil))
	pane := "bottomLeft"
	if frozen > 0 {
		pane = "bottomRight"
	}
	b.do(b.SetPanes(sheet, &excelize.Panes{Freeze: true, XSplit: frozen, YSplit: 1, TopLeftCell: corner, ActivePane: pane}))
	b.do(b.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: sheet + "!$1:$1", Scope: sheet}))
}
