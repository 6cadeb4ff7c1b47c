package statement

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"caseledger/events"
)

// The sheets of a workbook.
const (
	invoiceSheet = "Invoice"
	clientsSheet = "Clients"
	linesSheet   = "Lines"
)

// XLSX writes a workbook: the invoice with its approvals, one row per client, and
// one row per line. Amounts are numbers, dates are dates, there are no formulas,
// and a text that a spreadsheet would take for one gets an apostrophe before it.
// Its dates are those of the ledger, and it is not compressed, like the PDF.
func (inv *Invoice) XLSX(w io.Writer) error {
	f := excelize.NewFile()
	defer f.Close()
	b := &book{File: f}
	b.styles()
	b.properties(inv)
	b.invoice(inv)
	b.clients(inv)
	b.lines(inv)
	b.print(inv)
	if b.err == nil {
		_, b.err = f.WriteTo(w)
	}
	if b.err != nil {
		return fmt.Errorf("write %s as XLSX: %w", inv.ID(), b.err)
	}
	return nil
}

// A book is a workbook in the making; the first error stays and ends it.
type book struct {
	*excelize.File
	err                                                          error
	title, head, headRight, bold, wrap, date, money, total, text int // styles
}

func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *book) style(s excelize.Style) int {
	if s.Font == nil {
		s.Font = &excelize.Font{}
	}
	s.Font.Family = "Calibri"
	if s.Font.Size == 0 {
		s.Font.Size = 10
	}
	id, err := b.NewStyle(&s)
	b.do(err)
	return id
}

func (b *book) styles() {
	money, date := `$#,##0.00;-$#,##0.00`, "yyyy-mm-dd"
	grey := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E1E1E1"}}
	below := []excelize.Border{{Type: "bottom", Style: 1, Color: "000000"}}
	above := []excelize.Border{{Type: "top", Style: 1, Color: "000000"}}
	b.title = b.style(excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}})
	b.head = b.style(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: grey, Border: below})
	b.headRight = b.style(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: grey, Border: below, Alignment: &excelize.Alignment{Horizontal: "right"}})
	b.bold = b.style(excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Vertical: "top"}})
	b.text = b.style(excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}})
	b.wrap = b.style(excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	b.date = b.style(excelize.Style{CustomNumFmt: &date, Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top"}})
	b.money = b.style(excelize.Style{CustomNumFmt: &money, Alignment: &excelize.Alignment{Vertical: "top"}})
	b.total = b.style(excelize.Style{CustomNumFmt: &money, Font: &excelize.Font{Bold: true}, Border: above})
}

// properties makes the sheets, and what the file says of itself.
func (b *book) properties(inv *Invoice) {
	at := inv.created()
	b.do(b.SetDocProps(&excelize.DocProperties{
		Creator: "caseledger", LastModifiedBy: "caseledger", Created: at.Format(time.RFC3339), Modified: at.Format(time.RFC3339),
		Title: inv.title(), Subject: "Agency " + inv.Agency + ", " + inv.Month, Language: "en-US",
	}))
	b.do(b.SetAppProps(&excelize.AppProperties{Application: "caseledger"}))
	b.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return &stamped{Writer: zip.NewWriter(w), at: at} })
	b.do(b.SetSheetName("Sheet1", invoiceSheet))
	for _, name := range []string{clientsSheet, linesSheet} {
		_, err := b.NewSheet(name)
		b.do(err)
	}
}

// print fits every sheet to the width of US Letter and numbers its pages. It comes
// last: a filter makes the library forget how a sheet prints.
func (b *book) print(inv *Invoice) {
	letter, one, any, yes, landscape := 1, 1, 0, true, "landscape"
	known := strconv.FormatUint(max(inv.Made.Sequence, inv.Known.Sequence), 10)
	footer := "&L&8" + strings.ReplaceAll(inv.title(), "&", "&&") + ", record #" + known + "&R&8Page &P of &N"
	for _, name := range []string{invoiceSheet, clientsSheet, linesSheet} {
		b.do(b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &yes}))
		b.do(b.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &letter, Orientation: &landscape, FitToWidth: &one, FitToHeight: &any}))
		b.do(b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: footer}))
	}
}

// A stamped zip holds its entries back until it is closed and then writes them as
// they are, with their sizes before them, all at one time: some readers refuse
// entries that are not compressed and give their sizes afterwards.
type stamped struct {
	*zip.Writer
	at      time.Time
	names   []string
	entries []*bytes.Buffer
}

// Create implements [excelize.ZipWriter].
func (z *stamped) Create(name string) (io.Writer, error) {
	entry := &bytes.Buffer{}
	z.names, z.entries = append(z.names, name), append(z.entries, entry)
	return entry, nil
}

// Close implements [excelize.ZipWriter].
func (z *stamped) Close() error {
	for i, entry := range z.entries {
		h := &zip.FileHeader{
			Name: z.names[i], Method: zip.Store, CreatorVersion: 20, ReaderVersion: 20, CRC32: crc32.ChecksumIEEE(entry.Bytes()),
			CompressedSize64: uint64(entry.Len()), UncompressedSize64: uint64(entry.Len()),
		}
		h.SetModTime(z.at) //nolint:staticcheck // CreateRaw takes no other form of the time
		w, err := z.CreateRaw(h)
		if err != nil {
			return err
		}
		if _, err := entry.WriteTo(w); err != nil {
			return err
		}
	}
	return z.Writer.Close()
}

// put writes a value with a style: a text, an amount, a date, an int, or nothing.
func (b *book) put(sheet string, column, row, style int, value any) {
	cell, err := excelize.CoordinatesToCellName(column, row)
	b.do(err)
	switch v := value.(type) {
	case string:
		if v != "" {
			b.do(b.SetCellStr(sheet, cell, neutral(v)))
		}
	case events.Cents: // the digits themselves: no binary fraction comes near them
		b.do(b.SetCellDefault(sheet, cell, dollars(v)))
	case events.Date:
		if v != 0 {
			b.do(b.SetCellInt(sheet, cell, serial(v)))
		}
	case int:
		b.do(b.SetCellInt(sheet, cell, int64(v)))
	}
	b.do(b.SetCellStyle(sheet, cell, cell, style))
}

// serial returns the number of a date from 1 March 1900 on in a spreadsheet.
func serial(d events.Date) int64 { return int64(d - events.MinDate + 2) }

func (b *book) widths(sheet string, widths ...float64) {
	for i, width := range widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		b.do(err)
		b.do(b.SetColWidth(sheet, name, name, width))
	}
}
