package statement

import (
	"archive/zip"
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"caseledger/events"
)

// pages returns the texts of every page of a PDF, in the order of drawing.
func pages(t testing.TB, pdf []byte) [][]string {
	t.Helper()
	shown := regexp.MustCompile(`(?s)\(((?:[^()\\]|\\.)*)\) ?Tj`)
	plain := strings.NewReplacer(`\(`, "(", `\)`, ")", `\\`, `\`)
	var all [][]string
	for _, stream := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(pdf, -1) {
		var texts []string
		for _, m := range shown.FindAllSubmatch(stream[1], -1) {
			texts = append(texts, plain.Replace(string(m[1])))
		}
		all = append(all, texts)
	}
	if len(all) == 0 {
		t.Fatal("the PDF has no page")
	}
	return all
}

func TestPDFPages(t *testing.T) {
	for name, inv := range cases(t) {
		all := pages(t, written(t, &inv, "pdf"))
		for i, texts := range all {
			page := strings.Join(texts, "\n")
			if !strings.Contains(page, fmt.Sprintf("Page %d of %d", i+1, len(all))) {
				t.Errorf("%s: page %d is not numbered", name, i+1)
			}
			if !strings.Contains(page, inv.title()) || !strings.Contains(page, "hash "+inv.Made.Hash.Short()) {
				t.Errorf("%s: page %d does not say of what it is", name, i+1)
			}
			if strings.Contains(page, "$") && strings.Contains(page, "Client expense 0") && !strings.Contains(page, "Item\nFrom\nTo\nDays\nRate\nRule\nAmount") {
				t.Errorf("%s: page %d has lines without their heads", name, i+1)
			}
			for _, text := range texts {
				if strings.HasSuffix(text, "...") {
					t.Errorf("%s: page %d cuts %q", name, i+1, text)
				}
			}
		}
	}
}

// Nothing is written over the footer, wherever the last rows fall on a page.
func TestPDFKeepsTheFooterFree(t *testing.T) {
	one := expense("C-1", 1, "2008-07-09", 1_00)
	for _, first := range []events.InvoiceLine{one, adjusted(one, 7)} {
		lines := []events.InvoiceLine{first}
		for len(lines) < 40 {
			if lines = append(lines, one); len(lines) >= 20 {
				footerIsFree(t, lines)
			}
		}
	}
}

func footerIsFree(t *testing.T, lines []events.InvoiceLine) {
	t.Helper()
	inv, err := Month("per-capita", "A-017", events.MustDate("2008-07-31"), madeFrom, lines, nil)
	if err != nil {
		t.Fatal(err)
	}
	pdf := written(t, &inv, "pdf")
	low := 0
	for _, m := range regexp.MustCompile(`BT [0-9.]+ ([0-9.]+) Td`).FindAllSubmatch(pdf, -1) {
		y, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		if y < (pageHeight-bottom)*72/25.4 {
			low++
		}
	}
	if count := len(pages(t, pdf)); low != 2*count {
		t.Errorf("with %d lines %d texts stand in the footers of %d pages", len(lines), low, count)
	}
}

// Every line stands in the PDF once, with its amount, whatever page it is on.
func TestPDFHoldsEveryLine(t *testing.T) {
	inv := large(t)
	var texts []string
	for _, page := range pages(t, written(t, &inv, "pdf")) {
		texts = append(texts, page...)
	}
	all := "\n" + strings.Join(texts, "\n") + "\n"
	for i := range inv.Lines {
		l := &inv.Lines[i]
		row := fmt.Sprintf("\n%d\n%s\n%s\n%s\n", l.Number, l.item(), l.Start, l.End)
		if n := strings.Count(all, row); n != 1 {
			t.Fatalf("line %d stands there %d times", l.Number, n)
		}
		if rest := all[strings.Index(all, row)+len(row):]; !strings.Contains(rest[:min(60, len(rest))], "\n"+l.Cents.String()+"\n") {
			t.Fatalf("line %d is not followed by %s", l.Number, l.Cents)
		}
	}
}

func TestPDFKeepsLongTexts(t *testing.T) {
	inv := draft(t)
	inv.Agency = "A-" + strings.Repeat("W", events.MaxIDLength-2)
	inv.AgencyName = strings.Repeat("Survivors' Services of the Greater Metropolitan Area ", 6)
	inv.Lines[0].Cents, inv.Lines[0].Client = -8_888_888_888_88, inv.Agency
	all := strings.Join(pages(t, written(t, &inv, "pdf"))[0], " ")
	for _, want := range []string{inv.title(), clean(inv.AgencyName), "-$8,888,888,888.88"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not on the first page", want)
		}
	}
}

func opened(t testing.TB, inv *Invoice) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(written(t, inv, "xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func rowsOf(t testing.TB, f *excelize.File, sheet string, raw bool) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: raw})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestXLSXNumbersAndDates(t *testing.T) {
	inv := ordinary(t)
	f := opened(t, &inv)
	shown, raw := rowsOf(t, f, linesSheet, false), rowsOf(t, f, linesSheet, true)
	if len(shown) != len(inv.Lines)+2 {
		t.Fatalf("%d rows", len(shown))
	}
	var sum events.Cents
	for i, l := range inv.Lines {
		row := shown[i+1]
		if row[11] != l.Cents.String() || row[7] != l.Start.String() || row[8] != l.End.String() {
			t.Errorf("line %d is shown as %q", l.Number, row)
		}
		if kind, err := f.GetCellType(linesSheet, fmt.Sprintf("L%d", i+2)); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
			t.Errorf("line %d: the amount is no number: %v %v", l.Number, kind, err)
		}
		if days := fmt.Sprint(int(l.Start - events.MustDate("1900-03-01") + 61)); raw[i+1][7] != days {
			t.Errorf("line %d starts on day %s, want %s", l.Number, raw[i+1][7], days)
		}
		sum += parseDollars(t, raw[i+1][11])
	}
	if total := raw[len(raw)-1][11]; sum != inv.Totals.TotalCents || parseDollars(t, total) != sum {
		t.Errorf("the lines sum to %s, the sheet says %s", sum, total)
	}
}

func TestXLSXClients(t *testing.T) {
	inv := ordinary(t)
	want := [][]string{
		clientColumns,
		{"C-3F8KPX", "5", "$343.33", "$212.40", "$0.00", "-$173.33", "$555.73"},
		{"C-7QK2M4", "5", "$750.00", "$375.00", "-$450.00", "-$75.00", "$675.00"},
		{"Total", "10", "$1,093.33", "$587.40", "-$450.00", "-$248.33", "$1,230.73"},
	}
	got := rowsOf(t, opened(t, &inv), clientsSheet, false)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestXLSXCarriesTheLedgersTime(t *testing.T) {
	inv := ordinary(t)
	b := written(t, &inv, "xlsx")
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if at := f.Modified.UTC().Format("2006-01-02 15:04"); at != "2008-08-20 14:03" {
			t.Errorf("%s is of %s", f.Name, at)
		}
	}
	props, err := opened(t, &inv).GetDocProps()
	if err != nil || props.Created != "2008-08-20T14:03:11Z" || props.Modified != props.Created {
		t.Errorf("created %s, modified %s, %v", props.Created, props.Modified, err)
	}
	if !bytes.Contains(written(t, &inv, "pdf"), []byte("/CreationDate (D:20080820140311)")) {
		t.Error("the PDF was created at another time")
	}
}

// No text starts as a formula does, in whatever field it came.
func TestNoFormulas(t *testing.T) {
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r"} {
		inv := ordinary(t)
		evil := start + `HYPERLINK("http://x","y")`
		inv.Prime, inv.Contract, inv.AgencyName, inv.Agency, inv.Ledger = evil, evil, evil, evil, evil
		for i := range inv.Lines {
			l := &inv.Lines[i]
			l.Client, l.Rule, l.Policy, l.Rate, l.Expense, l.Kind = evil, evil, evil, evil, evil, evil
		}
		for i := range inv.Steps {
			s := &inv.Steps[i]
			s.What, s.By, s.Detail = evil, evil, evil
		}
		for _, row := range readCSV(t, written(t, &inv, "csv")) {
			for column, cell := range row {
				if csvColumns[column] != "amount" && startsFormula(cell) {
					t.Errorf("the CSV holds %q in %s", cell, csvColumns[column])
				}
			}
		}
		f := opened(t, &inv)
		for _, name := range f.GetSheetList() {
			noFormulas(t, f, name)
		}
	}
}

func noFormulas(t *testing.T, f *excelize.File, sheet string) {
	t.Helper()
	texts := 0
	for y, row := range rowsOf(t, f, sheet, true) {
		for x, value := range row {
			cell, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				t.Fatal(err)
			}
			kind, err := f.GetCellType(sheet, cell)
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s %s holds the formula %q, %v", sheet, cell, formula, err)
			}
			if kind == excelize.CellTypeSharedString {
				if texts++; startsFormula(value) {
					t.Errorf("%s %s holds %q", sheet, cell, value)
				}
			}
		}
	}
	if texts == 0 {
		t.Errorf("sheet %s has no text", sheet)
	}
}

func startsFormula(s string) bool { return s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) }
