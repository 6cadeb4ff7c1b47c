package statement

import (
	"fmt"
	"io"
	"strconv"

	"codeberg.org/go-pdf/fpdf"

	"caseledger/cmd/caseledger/internal/prose"
	"caseledger/events"
)

// Measures of a page in US Letter, in millimetres, and sizes of type in points.
const (
	pageWidth, pageHeight = 215.9, 279.4
	margin                = 14.0
	inner                 = pageWidth - 2*margin
	bottom                = pageHeight - 18 // below it stands the footer
	rowHeight             = 4.6
	smallest              = 4.5
	small, normal         = 7.5, 8.5
)

// PDF writes the statement on US Letter. Text is black on white or light grey, and
// nothing is said by colour alone. Its dates are those of the ledger, and it is
// not compressed, so that no other compiler's library makes other bytes of it.
func (inv *Invoice) PDF(w io.Writer) error {
	// The first run counts the pages, so that the second one can say "page x of y".
	pages := inv.draw(1).PageCount()
	if err := inv.draw(pages).Output(w); err != nil {
		return fmt.Errorf("write %s as PDF: %w", inv.ID(), err)
	}
	return nil
}

// A sheet is a PDF in the making.
type sheet struct {
	*fpdf.Fpdf
	inv      *Invoice
	pages    int
	policies []string
	encode   func(string) string // into the encoding of the standard fonts
}

func (inv *Invoice) draw(pages int) *sheet {
	s := &sheet{Fpdf: fpdf.New("P", "mm", "Letter", ""), inv: inv, pages: pages, policies: inv.policies()}
	s.encode = s.UnicodeTranslatorFromDescriptor("")
	s.SetCatalogSort(true)
	s.SetCompression(false)
	s.SetCreationDate(inv.created())
	s.SetModificationDate(inv.created())
	s.SetProducer("caseledger", true)
	s.SetCreator("caseledger", true)
	s.SetTitle(inv.title(), true)
	s.SetSubject("Agency "+inv.Agency+", "+inv.Month, true)
	s.SetLang("en-US")
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(false, 0)
	s.SetCellMargin(1)
	s.SetLineWidth(0.2)
	s.SetHeaderFunc(s.head)
	s.SetFooterFunc(s.foot)
	s.AddPage()
	s.front()
	s.lines()
	s.open()
	s.pairs("Rules used", inv.legend())
	s.pairs("Made from", inv.made())
	return s
}

func (s *sheet) font(style string, size float64) { s.SetFont("Helvetica", style, size) }

// cell writes a text in one row and moves right. A text that is too wide is
// written smaller, down to a size that can still be read, and then cut.
func (s *sheet) cell(width float64, txt, align, border string, fill bool) {
	size, _ := s.GetFontSize()
	txt = s.encode(txt)
	for smaller := size; s.GetStringWidth(txt) > width-2 && smaller > smallest; {
		smaller -= 0.25
		s.SetFontSize(smaller)
	}
	if s.GetStringWidth(txt) > width-2 {
		for len(txt) > 0 && s.GetStringWidth(txt+"...") > width-2 {
			txt = txt[:len(txt)-1]
		}
		txt += "..."
	}
	s.CellFormat(width, rowHeight, txt, border, 0, align, fill, 0, "")
	s.SetFontSize(size)
}

// fold breaks a text into lines of a width, in the font's encoding.
func (s *sheet) fold(txt string, width float64) []string {
	lines := prose.FoldBy(txt, func(line string) bool { return s.GetStringWidth(s.encode(line)) <= width })
	for i, line := range lines {
		lines[i] = s.encode(line)
	}
	return lines
}

// head stands on every page but the first.
func (s *sheet) head() {
	if s.PageNo() == 1 {
		return
	}
	s.SetXY(margin, margin-4)
	s.font("", small)
	s.cell(inner*0.7, s.inv.title(), "L", "B", false)
	s.cell(inner*0.3, "Closing date "+s.inv.Closing.String(), "R", "B", false)
	s.Ln(rowHeight + 3)
}

func (s *sheet) foot() {
	s.SetXY(margin, bottom+4)
	s.font("", small)
	s.cell(inner*0.8, s.inv.Provenance(), "L", "T", false)
	s.cell(inner*0.2, fmt.Sprintf("Page %d of %d", s.PageNo(), s.pages), "R", "T", false)
}

// room starts a new page when less than height is left, and says so.
func (s *sheet) room(height float64) bool {
	if s.GetY()+height <= bottom {
		return false
	}
	s.AddPage()
	return true
}

func (s *sheet) section(name string) {
	s.Ln(3.5)
	s.room(6 + 3*rowHeight)
	s.font("B", 10.5)
	s.CellFormat(inner, 6, s.encode(name), "", 1, "L", false, 0, "")
}

// front is the first page down to the approvals.
func (s *sheet) front() {
	s.font("B", 17)
	for _, part := range s.fold(s.inv.title(), inner-2) {
		s.CellFormat(inner, 8, part, "", 1, "L", false, 0, "")
	}
	s.Ln(2)
	for _, p := range s.inv.header() {
		s.labelled(p, 34)
	}
	s.section("Summary")
	s.grid(gridOf(s.inv.Lines))
	s.Ln(2)
	s.due()
	if rows := s.inv.approvals(); len(rows) > 0 {
		s.section("Approvals")
		s.approvals(rows)
	}
}

// labelled writes a label and, folded beside it, what it says.
func (s *sheet) labelled(p pair, width float64) {
	s.font("", normal)
	folded := s.fold(p.value, inner-width-2)
	s.room(float64(len(folded)) * rowHeight)
	s.font("B", normal)
	s.cell(width, p.label, "L", "", false)
	s.font("", normal)
	for i, part := range folded {
		if i > 0 {
			s.SetX(margin + width)
		}
		s.CellFormat(inner-width, rowHeight, part, "", 1, "L", false, 0, "")
	}
}

func (s *sheet) pairs(name string, pairs []pair) {
	if len(pairs) == 0 {
		return
	}
	s.section(name)
	width := 0.0
	s.font("B", normal)
	for _, p := range pairs {
		width = max(width, s.GetStringWidth(s.encode(p.label))+4)
	}
	for _, p := range pairs {
		s.labelled(p, width)
	}
}

func (s *sheet) open() {
	open := s.inv.open()
	if len(open) == 0 {
		return
	}
	s.section("Open at the closing date")
	for _, a := range open {
		s.room(rowHeight)
		s.font("", normal)
		s.cell(inner-40, a.label, "L", "", false)
		s.cell(40, a.cents.String(), "R", "", false)
		s.Ln(-1)
	}
}

func (s *sheet) grid(g grid) {
	const label, amount = 68.0, 40.0
	s.font("B", normal)
	s.grey(225)
	s.cell(label, "", "L", "B", true)
	for _, name := range gridColumns {
		s.cell(amount-0.03, name, "R", "B", true)
	}
	s.Ln(-1)
	for row, cents := range g {
		border := ""
		s.font("", normal)
		if row == rowTotal {
			border = "T"
			s.font("B", normal)
		}
		s.cell(label, gridRows[row], "L", border, false)
		for _, c := range cents {
			s.cell(amount-0.03, c.String(), "R", border, false)
		}
		s.Ln(-1)
	}
}

// due frames the amount that the statement is about.
func (s *sheet) due() {
	for i, a := range s.inv.due() {
		height, size := 5.5, normal
		if i == 0 {
			height, size = 8.5, 12.0
		}
		s.font("B", size)
		x, y := s.GetXY()
		s.CellFormat(inner-55, height, s.encode(a.label), "", 0, "L", false, 0, "")
		s.CellFormat(55, height, a.cents.String(), "", 1, "R", false, 0, "")
		if i == 0 {
			s.SetLineWidth(0.5)
			s.Rect(x, y, inner, height, "D")
			s.SetLineWidth(0.2)
		}
	}
}

var approvalWidths = [...]float64{20, 34, 17, 35, 31, inner - 137}

func (s *sheet) approvals(rows []approval) {
	s.approvalHead()
	last := len(approvalWidths) - 1
	for _, r := range rows {
		cells := r.cells()
		s.font("", small)
		detail := s.fold(cells[last], approvalWidths[last]-2)
		if s.room(float64(len(detail)) * rowHeight) {
			s.approvalHead()
			s.font("", small)
		}
		for i, c := range cells[:last] {
			s.cell(approvalWidths[i], c, "L", "", false)
		}
		for _, part := range detail {
			s.SetX(margin + inner - approvalWidths[last])
			s.CellFormat(approvalWidths[last], rowHeight, part, "", 1, "L", false, 0, "")
		}
	}
}

func (s *sheet) approvalHead() {
	s.font("B", small)
	s.grey(225)
	for i, name := range approvalColumns {
		s.cell(approvalWidths[i], name, "L", "B", true)
	}
	s.Ln(-1)
}

func (s *sheet) grey(level int) { s.SetFillColor(level, level, level) }

// The columns of the table of lines.
var pdfColumns = [...]struct {
	name  string
	width float64
	align string
}{
	{"Line", 10, "R"},
	{"Item", inner - 120, "L"},
	{"From", 17, "L"},
	{"To", 17, "L"},
	{"Days", 9, "R"},
	{"Rate", 29, "L"},
	{"Rule", 14, "L"},
	{"Amount", 24, "R"},
}

func (s *sheet) lines() {
	s.section("Lines")
	if len(s.inv.Lines) == 0 {
		s.font("", normal)
		s.cell(inner, "Nothing is due.", "L", "", false)
		s.Ln(-1)
		return
	}
	s.lineHead()
	for _, g := range s.inv.groups() {
		s.group(g)
	}
	s.space(2, "")
	s.sum("Total of "+counted(len(s.inv.Lines), "line"), s.inv.Totals.TotalCents)
	s.SetLineWidth(0.5)
	s.Line(margin, s.GetY(), margin+inner, s.GetY())
	s.SetLineWidth(0.2)
}

func (s *sheet) lineHead() {
	s.font("B", small)
	s.grey(225)
	for _, c := range pdfColumns {
		s.cell(c.width, c.name, c.align, "B", true)
	}
	s.Ln(-1)
}

// space makes room for a run of rows that stay together; a new page starts with
// the heads of the table and of the client.
func (s *sheet) space(rows int, client string) {
	if s.room(float64(rows) * rowHeight) {
		s.lineHead()
		if client != "" {
			s.clientHead(client + ", continued")
		}
	}
}

func (s *sheet) clientHead(client string) {
	s.font("B", small)
	s.grey(243)
	s.cell(inner, "Client "+client, "L", "", true)
	s.Ln(-1)
}

func (s *sheet) group(g group) {
	s.space(3, "")
	s.clientHead(g.client)
	for i := range g.lines {
		s.space(1, g.client)
		s.billed(&g.lines[i])
	}
	if len(g.adjustments) > 0 {
		s.space(3, g.client)
		s.note("BI", "Adjustments of earlier invoices")
	}
	for _, r := range g.runs() {
		s.run(g.client, r)
	}
	s.space(1, g.client)
	s.sum("Subtotal of client "+g.client, g.sums[rowTotal][columnTotal])
}

// run writes adjustments and what caused them; the last one stays with its cause.
func (s *sheet) run(client string, r run) {
	s.font("I", small)
	because := s.fold(r.because, inner-pdfColumns[0].width-2)
	for i := range r.lines {
		rows := 1
		if i == len(r.lines)-1 {
			rows += len(because)
		}
		s.space(rows, client)
		s.billed(&r.lines[i])
	}
	for _, part := range because {
		s.note("I", part)
	}
}

// note writes a row below the items; its text is in the font's encoding.
func (s *sheet) note(style, txt string) {
	s.font(style, small)
	s.SetX(margin + pdfColumns[0].width)
	s.CellFormat(inner-pdfColumns[0].width, rowHeight-0.4, txt, "", 1, "L", false, 0, "")
}

func (s *sheet) billed(l *Line) {
	s.font("", small)
	cells := [...]string{
		strconv.Itoa(l.Number), l.item(), l.Start.String(), l.End.String(), l.days(), l.rate(), ruleMark(l, s.policies), l.Cents.String(),
	}
	for i, c := range pdfColumns {
		s.cell(c.width, cells[i], c.align, "", false)
	}
	s.Ln(-1)
}

func (s *sheet) sum(label string, c events.Cents) {
	s.font("B", small)
	s.cell(inner-30, label, "R", "T", false)
	s.cell(30, c.String(), "R", "T", false)
	s.Ln(rowHeight + 1)
}
