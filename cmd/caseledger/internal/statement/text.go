package statement

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"caseledger/events"
)

// textWidth is what a terminal and a printed page hold.
const textWidth = 108

// Text writes the statement in columns of plain text.
func (inv *Invoice) Text(w io.Writer) error {
	var t text
	t.line(inv.title())
	t.line(strings.Repeat("=", utf8.RuneCountInString(inv.title())))
	t.pairs(inv.header())
	t.section("Summary")
	t.grid(gridOf(inv.Lines))
	t.line("")
	t.sums(inv.due())
	if rows := inv.approvals(); len(rows) > 0 {
		t.section("Approvals")
		t.approvals(rows)
	}
	t.section("Lines")
	t.lines(inv)
	if open := inv.open(); len(open) > 0 {
		t.section("Open at the closing date")
		t.sums(open)
	}
	if legend := inv.legend(); len(legend) > 0 {
		t.section("Rules used")
		t.pairs(legend)
	}
	t.section("Made from")
	t.pairs(inv.made())
	_, err := io.WriteString(w, t.b.String())
	return err
}

// A text grows line by line; no line ends in spaces.
type text struct{ b strings.Builder }

func (t *text) line(s string) {
	t.b.WriteString(strings.TrimRight(s, " "))
	t.b.WriteByte('\n')
}

func (t *text) section(name string) {
	t.line("")
	t.line(name)
	t.line(strings.Repeat("-", len(name)))
}

// pairs writes labels in a column of their own and folds what they say.
func (t *text) pairs(pairs []pair) {
	width := 0
	for _, p := range pairs {
		width = max(width, utf8.RuneCountInString(p.label))
	}
	for _, p := range pairs {
		label := p.label
		for _, s := range fold(p.value, textWidth-width-2) {
			t.line(left(label, width) + "  " + s)
			label = ""
		}
	}
}

// sums writes labels with amounts at the right edge.
func (t *text) sums(pairs []pair) {
	for _, p := range pairs {
		t.line(left(p.label, textWidth-16) + right(p.value, 16))
	}
}

func (t *text) grid(g grid) {
	row := func(label string, cells []string) {
		s := left(label, textWidth-48)
		for _, c := range cells {
			s += right(c, 16)
		}
		t.line(s)
	}
	row("", gridColumns[:])
	for i, cents := range g {
		row(gridRows[i], amounts(cents[:]))
	}
}

func amounts(cents []events.Cents) []string {
	cells := make([]string, len(cents))
	for i, c := range cents {
		cells[i] = c.String()
	}
	return cells
}

func (t *text) approvals(rows []approval) {
	widths := make([]int, len(approvalColumns))
	cells := [][]string{approvalColumns[:]}
	for _, r := range rows {
		cells = append(cells, r.cells())
	}
	for _, row := range cells {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, row := range cells {
		s := ""
		for i, c := range row {
			s += left(c, widths[i]+2)
		}
		t.line(s)
	}
}

// The columns of the table of lines; the last one ends at the right edge.
var textColumns = []struct {
	name  string
	width int
	right bool
}{
	{"Line", 5, true}, {"  Item", 46, false}, {"From", 12, false}, {"To", 11, false}, {"Days", 4, true}, {"  Rate", 8, false}, {"Rule", 9, false}, {"Amount", 13, true},
}

func (t *text) row(cells ...string) {
	s := ""
	for i, c := range cells {
		if textColumns[i].right {
			s += right(c, textColumns[i].width)
		} else {
			s += left(c, textColumns[i].width)
		}
	}
	t.line(s)
}

func (t *text) lines(inv *Invoice) {
	if len(inv.Lines) == 0 {
		t.line("Nothing is due.")
		return
	}
	names := make([]string, len(textColumns))
	for i, c := range textColumns {
		names[i] = c.name
	}
	t.row(names...)
	policies := inv.policies()
	for _, g := range inv.groups() {
		t.line("Client " + g.client)
		for i := range g.lines {
			t.billed(&g.lines[i], policies)
		}
		if len(g.adjustments) > 0 {
			t.line("  Adjustments of earlier invoices")
		}
		for i := range g.adjustments {
			t.billed(&g.adjustments[i], policies)
			for _, s := range fold(g.adjustments[i].because(), textWidth-9) {
				t.line(strings.Repeat(" ", 9) + s)
			}
		}
		t.sums([]pair{{"  Subtotal of client " + g.client, g.sums[rowTotal][columnTotal].String()}})
	}
	t.sums([]pair{{strings.Repeat(" ", 2) + "Total of " + counted(len(inv.Lines), "line"), inv.Totals.TotalCents.String()}})
}
