package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"caseledger/cmd/caseledger/internal/chart"
	"caseledger/cmd/caseledger/internal/workbook"
	"caseledger/events"
	"caseledger/projections/statistics"
)

const formatSVG = "svg"

// toFile calls write with a new file of the name, or with Out when there is none.
// what is told is written, in a note.
func (p *Program) toFile(out, what string, write func(io.Writer) error) (err error) {
	if out == "" {
		return write(p.Out)
	}
	f, err := os.OpenFile(p.path(out), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("--out %s: the file exists already", out)
	}
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err == nil {
			fmt.Fprintf(p.Err, "caseledger: note: wrote %s to %s\n", what, out)
		}
	}()
	return write(f)
}

// writeReport writes a report in the format that is asked for.
func (p *Program) writeReport(r *statistics.Report, v provenance, out string) error {
	if out == "" && p.Terminal && p.flags.format == formatXLSX {
		return usage("--format xlsx is not for a terminal: name a file with --out, such as %s.xlsx", r.Name)
	}
	if p.flags.format == formatCSV {
		for _, d := range r.Definitions {
			fmt.Fprintln(p.Err, "caseledger: note: "+d)
		}
	}
	return p.toFile(out, r.Name, func(w io.Writer) error {
		switch p.flags.format {
		case formatXLSX:
			return reportWorkbook(w, r, v)
		case formatSVG:
			return reportChart(r, v).SVG(w)
		}
		to := *p
		to.Out, to.Terminal = w, to.Terminal && out == ""
		return to.answer(reportSheet(r), r, v)
	})
}

// reportChart draws the columns that the catalogue names; a report whose figures are of
// different kinds is drawn as its table.
func reportChart(r *statistics.Report, v provenance) *chart.Chart {
	c := &chart.Chart{
		Title: r.Title, Columns: spaced(r.Columns), Rows: r.Rows, Notes: append(slices.Clone(r.Definitions), policyNote(r), v.String()),
	}
	d, _ := statistics.Find(r.Name)
	if d.Drawing == nil {
		return c
	}
	c.Kind, c.Unit = chart.Kind(d.Drawing.Kind), d.Drawing.Unit
	labels := r.Labels()
	drawn := slices.DeleteFunc(slices.Clone(r.Rows), func(row []string) bool { return row[0] == "all" || row[0] == "distinct persons" })
	for _, row := range drawn {
		c.Labels = append(c.Labels, strings.Join(row[:labels], " "))
	}
	for _, name := range d.Drawing.Series {
		s := chart.Series{Name: strings.ReplaceAll(name, "_", " ")}
		i := slices.Index(r.Columns, name)
		for _, row := range drawn {
			value, money := figure(row[i])
			if money {
				s.Scale = 100
			}
			s.Values = append(s.Values, value)
		}
		c.Series = append(c.Series, s)
	}
	return c
}

// policyNote says which adoption of the policy the figures rest on.
func policyNote(r *statistics.Report) string {
	if r.Policy.Record == "" {
		return "policy: the rulebook's defaults"
	}
	return fmt.Sprintf("policy: as adopted with effect from %s, record %s", r.Policy.Effective, r.Policy.Record)
}

// figure reads a count or an amount, an amount in cents.
func figure(cell string) (v chart.Value, money bool) {
	digits := strings.NewReplacer("$", "", ",", "", ".", "").Replace(cell)
	n, err := strconv.ParseInt(digits, 10, 64)
	return chart.Value{N: max(n, 0), Missing: err != nil}, strings.HasPrefix(cell, "$")
}

// reportWorkbook writes the table, and below it what it rests on.
func reportWorkbook(w io.Writer, r *statistics.Report, v provenance) error {
	made := time.Unix(0, 0).UTC()
	if at, err := events.ParseInstant(v.RecordedBy); err == nil {
		made = at.Time()
	}
	const name = "Report"
	b := workbook.New(workbook.Properties{Title: r.Title, Subject: r.Name, At: made}, name)
	b.Put(name, 1, 1, b.Title, r.Title)
	widths := make([]float64, len(r.Columns))
	numeric := make([]bool, len(r.Columns))
	for i, c := range r.Columns {
		numeric[i] = i > 0 && isNumeric(r.Rows, i)
		style := b.Head
		if numeric[i] {
			style = b.HeadRight
		}
		b.Put(name, i+1, 3, style, c)
		widths[i] = float64(utf8.RuneCountInString(c)) + 3
	}
	for y, row := range r.Rows {
		for i, cell := range row {
			widths[i] = max(widths[i], float64(min(utf8.RuneCountInString(cell), 70))+3)
			style, value := cellOf(b, cell, numeric[i])
			b.Put(name, i+1, 4+y, style, value)
		}
	}
	b.Widths(name, widths...)
	y := len(r.Rows) + 5
	for _, note := range append(slices.Clone(r.Definitions), policyNote(r), v.String(), "definitions "+v.Definitions) {
		b.Put(name, 1, y, b.Text, note)
		y++
	}
	b.Print(r.Title + ", " + fmt.Sprintf("record #%d", v.Position))
	_, err := b.WriteTo(w)
	return err
}

// cellOf returns how a cell stands in a workbook: counts and amounts as numbers.
func cellOf(b *workbook.Book, cell string, numeric bool) (style int, value any) {
	if numeric {
		n, money := figure(cell)
		switch {
		case n.Missing || strings.Contains(cell, ".") && !money:
		case money:
			return b.Money, events.Cents(n.N)
		default:
			return b.Text, int(n.N)
		}
	}
	return b.Text, cell
}

// spaced writes names of columns as words.
func spaced(names []string) []string {
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = strings.ReplaceAll(n, "_", " ")
	}
	return words
}
