package statement

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/events"
)

// textWidth is what a wide terminal and a printed page on its side hold.
const textWidth = 120

// Text writes the statement in columns of plain text.
func (inv *Invoice) Text(w io.Writer) error {
	var t text
	t.line(inv.title())
	t.line(strings.Repeat("=", utf8.RuneCountInString(inv.title())))
	t.pairs(inv.header())
	t.section("Summary")
	t.grid(gridOf(inv.Lines))
	t.line("")
	t.sums(inv.due()...)
	if rows := inv.approvals(); len(rows) > 0 {
		t.section("Approvals")
		t.approvals(rows)
	}
	t.section("Lines")
	t.lines(inv)
	if open := inv.open(); len(open) > 0 {
		t.section("Open at the closing date")
		t.sums(open...)
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
		for _, s := range prose.Fold(p.value, textWidth-width-2) {
			t.line(left(label, width) + "  " + s)
			label = ""
		}
	}
}

// sums writes labels with amounts at the right edge.
func (t *text) sums(sums ...amount) {
	for _, s := range sums {
		t.line(left(s.label, textWidth-16) + right(s.cents.String(), 16))
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
	cells := [][]string{approvalColumns[:]}
	for _, r := range rows {
		cells = append(cells, r.cells())
	}
	last := len(approvalColumns) - 1
	widths, rest := make([]int, last), textWidth
	for i := range widths {
		for _, row := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i])+2)
		}
		rest -= widths[i]
	}
	for _, row := range cells {
		s := ""
		for i, width := range widths {
			s += left(row[i], width)
		}
		for _, detail := range prose.Fold(row[last], max(rest, 20)) {
			t.line(s + detail)
			s = strings.Repeat(" ", textWidth-rest)
		}
	}
}

// The columns of the table of lines; the last one ends at the right edge.
var textColumns = []struct {
	name  string
	width int
	right bool
}{
	{"Line", 5, true}, {"  Item", 45, false}, {"From", 12, false}, {"To", 10, false}, {"Days", 5, true},
	{"  Rate", 24, false}, {"Rule", 8, false}, {"Amount", 11, true},
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

func (t *text) billed(l *Line, policies []string) {
	t.row(strconv.Itoa(l.Number), "  "+l.item(), l.Start.String(), l.End.String(), l.days(), "  "+l.rate(), ruleMark(l, policies), l.Cents.String())
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
		for _, r := range g.runs() {
			for i := range r.lines {
				t.billed(&r.lines[i], policies)
			}
			for _, s := range prose.Fold(r.because, textWidth-9) {
				t.line(strings.Repeat(" ", 9) + s)
			}
		}
		t.sums(amount{"  Subtotal of client " + g.client, g.sums[rowTotal][columnTotal]})
	}
	t.sums(amount{"Total of " + counted(len(inv.Lines), "line"), inv.Totals.TotalCents})
}

// left and right fill a cell up to a width; a text that is wider stays whole.
func left(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func right(s string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s))) + s
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
