package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"caseledger/cmd/caseledger/internal/prose"
)

// A sheet is one table, in whatever format it is asked for.
type sheet struct {
	title   string
	columns []column
	rows    [][]string
	total   []string // below the rows, in the text form only
	notes   []string // below the text form: totals, what a word means
}

type column struct {
	name  string
	right bool // numbers
}

func left(names ...string) []column {
	columns := make([]column, len(names))
	for i, n := range names {
		columns[i] = column{name: n}
	}
	return columns
}

func right(name string) column { return column{name: name, right: true} }

func (s *sheet) add(cells ...string) { s.rows = append(s.rows, cells) }

// A provenance says what an answer rests on.
type provenance struct {
	Position    uint64 `json:"position"`             // last record of the ledger that was known
	Hash        string `json:"hash,omitzero"`        // of that record
	RecordedBy  string `json:"recorded_by,omitzero"` // latest time of any record up to there
	On          string `json:"on,omitzero"`          // effective date asked about
	Definitions string `json:"definitions,omitzero"` // versions of the views
}

func (v provenance) String() string {
	s := fmt.Sprintf("as of record #%d", v.Position)
	if v.RecordedBy != "" {
		s += ", recorded by " + v.RecordedBy
	}
	if v.On != "" {
		s += ", effective " + v.On
	}
	if len(v.Hash) >= 12 {
		s += ", hash " + v.Hash[:12]
	}
	return s
}

// answer prints a question's answer: as text with its provenance below, as a CSV
// table alone with its provenance on Err, or as JSON with its provenance in it.
func (p *Program) answer(s sheet, value any, v provenance) error {
	switch p.flags.format {
	case formatJSON:
		return p.printJSON(value)
	case formatCSV:
		fmt.Fprintln(p.Err, "caseledger: note: "+v.String())
		return p.printCSV(s)
	}
	if err := p.printSheet(s); err != nil {
		return err
	}
	return p.printf("%s\n", v)
}

func (p *Program) printSheet(s sheet) error {
	if s.title != "" {
		if err := p.printf("%s\n", s.title); err != nil {
			return err
		}
	}
	if len(s.rows) > 0 {
		if err := p.printf("%s\n", p.render(s)); err != nil {
			return err
		}
	} else if err := p.printf("nothing\n"); err != nil {
		return err
	}
	for _, note := range s.notes {
		if err := p.printf("%s\n", note); err != nil {
			return err
		}
	}
	return nil
}

// render draws a table: with lines on a terminal that is wide enough, as plain
// columns elsewhere. Nothing is ever cut off.
func (p *Program) render(s sheet) string {
	if p.Terminal {
		drawn := draw(s, table.StyleLight)
		first, _, _ := strings.Cut(drawn, "\n")
		if text.StringWidthWithoutEscSequences(first) <= p.Width {
			return drawn
		}
	}
	return columns(s)
}

// columns draws a table without lines.
func columns(s sheet) string {
	plain := table.StyleDefault
	plain.Options = table.OptionsNoBordersAndSeparators
	plain.Box.PaddingLeft, plain.Box.PaddingRight = "", "  "
	return draw(s, plain)
}

func draw(s sheet, style table.Style) string {
	t := table.NewWriter()
	style.Format.Header, style.Format.Footer = text.FormatDefault, text.FormatDefault
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	header := make(table.Row, len(s.columns))
	configs := make([]table.ColumnConfig, len(s.columns))
	for i, c := range s.columns {
		header[i] = c.name
		configs[i] = table.ColumnConfig{Number: i + 1}
		if c.right {
			configs[i].Align, configs[i].AlignHeader, configs[i].AlignFooter = text.AlignRight, text.AlignRight, text.AlignRight
		}
	}
	t.SetColumnConfigs(configs)
	t.AppendHeader(header)
	for _, cells := range s.rows {
		row := make(table.Row, len(cells))
		for i, c := range cells {
			row[i] = oneLine(c)
		}
		t.AppendRow(row)
	}
	if s.total != nil {
		footer := make(table.Row, len(s.total))
		for i, c := range s.total {
			footer[i] = c
		}
		t.AppendFooter(footer)
	}
	return t.Render()
}

// printCSV prints a table for programs and spreadsheets. A cell that a
// spreadsheet would take for a formula gets an apostrophe before it.
func (p *Program) printCSV(s sheet) error {
	w := csv.NewWriter(p.Out)
	header := make([]string, len(s.columns))
	for i, c := range s.columns {
		header[i] = c.name
	}
	if err := w.Write(header); err != nil {
		return err
	}
	for _, cells := range s.rows {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = neutral(plainAmount(c))
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

var dollars = regexp.MustCompile(`^-?\$[0-9,]+\.[0-9]{2}$`)

// plainAmount writes an amount as programs read it: $1,166.67 as 1166.67.
func plainAmount(cell string) string {
	if !dollars.MatchString(cell) {
		return cell
	}
	return strings.NewReplacer("$", "", ",", "").Replace(cell)
}

// neutral returns a cell that no spreadsheet takes for a formula. A negative
// number is none.
func neutral(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if cell[0] == '-' && strings.Trim(cell[1:], "0123456789.") == "" {
		return cell
	}
	return "'" + cell
}

func (p *Program) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.Out, format, args...)
	return err
}

func (p *Program) printJSON(value any) error { return writeJSON(p.Out, value) }

func writeJSON(w io.Writer, value any) error {
	b, err := json.Marshal(value, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}

func (p *Program) printJSONLine(value any) error {
	b, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return err
	}
	return p.printf("%s\n", b)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return prose.Thousands(n) + " " + what + "s"
}
