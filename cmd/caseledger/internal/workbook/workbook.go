// Package workbook writes XLSX files that are the same, byte for byte, for the same
// contents: their dates are the ledger's, and they are not compressed. Amounts are
// numbers, dates are dates, there are no formulas, and a text that a spreadsheet
// would take for one gets an apostrophe before it.
package workbook

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"caseledger/events"
)

// A Book is a workbook in the making; its first error stays and ends it.
type Book struct {
	*excelize.File
	err error

	// Styles of cells.
	Title, Head, HeadRight, Bold, Wrap, Date, Money, Total, Text int
}

// Properties are what a file says of itself.
type Properties struct {
	Title, Subject string
	At             time.Time // when it was made, as far as anyone is to know
}

// New returns a workbook with empty sheets of the names, at least one.
func New(p Properties, sheets ...string) *Book {
	b := &Book{File: excelize.NewFile()}
	b.styles()
	at := p.At
	b.Do(b.SetDocProps(&excelize.DocProperties{
		Creator: "caseledger", LastModifiedBy: "caseledger", Created: at.Format(time.RFC3339), Modified: at.Format(time.RFC3339),
		Title: p.Title, Subject: p.Subject, Language: "en-US",
	}))
	b.Do(b.SetAppProps(&excelize.AppProperties{Application: "caseledger"}))
	b.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return &stamped{Writer: zip.NewWriter(w), at: at} })
	b.Do(b.SetSheetName("Sheet1", sheets[0]))
	for _, name := range sheets[1:] {
		_, err := b.NewSheet(name)
		b.Do(err)
	}
	return b
}

// WriteTo writes the file and closes the workbook.
func (b *Book) WriteTo(w io.Writer) (n int64, err error) {
	defer b.Close()
	if b.err != nil {
		return 0, b.err
	}
	return b.File.WriteTo(w)
}

// Do keeps the first error.
func (b *Book) Do(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *Book) style(s excelize.Style) int {
	if s.Font == nil {
		s.Font = &excelize.Font{}
	}
	s.Font.Family = "Calibri"
	if s.Font.Size == 0 {
		s.Font.Size = 10
	}
	id, err := b.NewStyle(&s)
	b.Do(err)
	return id
}

func (b *Book) styles() {
	money, date := `$#,##0.00;-$#,##0.00`, "yyyy-mm-dd"
	grey := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E1E1E1"}}
	below := []excelize.Border{{Type: "bottom", Style: 1, Color: "000000"}}
	above := []excelize.Border{{Type: "top", Style: 1, Color: "000000"}}
	b.Title = b.style(excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}})
	b.Head = b.style(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: grey, Border: below})
	b.HeadRight = b.style(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: grey, Border: below, Alignment: &excelize.Alignment{Horizontal: "right"}})
	b.Bold = b.style(excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{Vertical: "top"}})
	b.Text = b.style(excelize.Style{Alignment: &excelize.Alignment{Vertical: "top"}})
	b.Wrap = b.style(excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	b.Date = b.style(excelize.Style{CustomNumFmt: &date, Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top"}})
	b.Money = b.style(excelize.Style{CustomNumFmt: &money, Alignment: &excelize.Alignment{Vertical: "top"}})
	b.Total = b.style(excelize.Style{CustomNumFmt: &money, Font: &excelize.Font{Bold: true}, Border: above})
}

// Print fits every sheet to the width of US Letter, with a footer and numbers of
// pages. It comes last: a filter makes the library forget how a sheet prints.
func (b *Book) Print(footer string) {
	letter, one, any, yes, landscape := 1, 1, 0, true, "landscape"
	text := "&L&8" + strings.ReplaceAll(footer, "&", "&&") + "&R&8Page &P of &N"
	for _, name := range b.GetSheetList() {
		b.Do(b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &yes}))
		b.Do(b.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &letter, Orientation: &landscape, FitToWidth: &one, FitToHeight: &any}))
		b.Do(b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: text}))
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

// Put writes a value with a style: a text, an amount, a date, an int, or nothing.
func (b *Book) Put(sheet string, column, row, style int, value any) {
	cell, err := excelize.CoordinatesToCellName(column, row)
	b.Do(err)
	switch v := value.(type) {
	case string:
		if v != "" {
			b.Do(b.SetCellStr(sheet, cell, neutral(v)))
		}
	case events.Cents: // the digits themselves: no binary fraction comes near them
		b.Do(b.SetCellDefault(sheet, cell, dollars(v)))
	case events.Date:
		if v != 0 {
			b.Do(b.SetCellInt(sheet, cell, serial(v)))
		}
	case int:
		b.Do(b.SetCellInt(sheet, cell, int64(v)))
	}
	b.Do(b.SetCellStyle(sheet, cell, cell, style))
}

// serial returns the number of a date from 1 March 1900 on in a spreadsheet.
func serial(d events.Date) int64 { return int64(d - events.MinDate + 2) }

// Widths sets the widths of the first columns, in characters.
func (b *Book) Widths(sheet string, widths ...float64) {
	for i, width := range widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		b.Do(err)
		b.Do(b.SetColWidth(sheet, name, name, width))
	}
}

// neutral returns a text that no spreadsheet takes for a formula.
func neutral(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

// dollars writes an amount as a plain number, as in -1166.67.
func dollars(c events.Cents) string {
	return strings.NewReplacer("$", "", ",", "").Replace(c.String())
}
