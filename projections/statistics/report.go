package statistics

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// A Query names a report and the days that it is about.
type Query struct {
	Report      string
	First, Last events.Date
	// By names the dimensions of a report that has any; empty: the usual ones.
	By []string
	// SuppressBelow, when it is above 1, hides counts of people from 1 to one less,
	// and what they could be computed from.
	SuppressBelow int
}

// FiscalYears returns the query of a report about whole fiscal years (R29).
func FiscalYears(report string, from, to int) (Query, error) {
	if from < 1901 || to > 2100 || from > to {
		return Query{}, fmt.Errorf("fiscal years %d to %d are not a range between 1901 and 2100", from, to)
	}
	first, _ := policy.FiscalYearRange(from)
	_, last := policy.FiscalYearRange(to)
	return Query{Report: report, First: first, Last: last}, nil
}

// Months returns the query of a report about whole calendar months, written YYYY-MM.
func Months(report, from, to string) (Query, error) {
	first, err := events.ParseDate(from + "-01")
	if err != nil {
		return Query{}, fmt.Errorf("%q is not a month of the form YYYY-MM", from)
	}
	last, err := events.ParseDate(to + "-01")
	if err != nil {
		return Query{}, fmt.Errorf("%q is not a month of the form YYYY-MM", to)
	}
	if last < first {
		return Query{}, fmt.Errorf("the month %s is before %s", to, from)
	}
	return Query{Report: report, First: first, Last: last.LastOfMonth()}, nil
}

// Days returns the query of a report about the days from one to another.
func Days(report string, from, to events.Date) Query {
	return Query{Report: report, First: from, Last: to}
}

// A Report is one table, with what it rests on.
type Report struct {
	Name        string               `json:"name"`
	Title       string               `json:"title"`
	From        events.Date          `json:"from"`
	To          events.Date          `json:"to"`
	Columns     []string             `json:"columns"` // the first one labels the rows
	Rows        [][]string           `json:"rows"`
	Definitions []string             `json:"definitions"`
	Position    projections.Position `json:"position"` // the records counted
	Policy      Policy               `json:"policy"`   // in force on the last day
	View        string               `json:"view"`     // the views and versions that counted
}

// A Policy is the adoption that the settings of a day rest on.
type Policy struct {
	Effective events.Date `json:"effective"`       // zero: the rulebook's defaults
	Record    string      `json:"record,omitzero"` // of the adoption
}

// WriteCSV writes the table alone.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(r.Columns); err != nil {
		return err
	}
	if err := c.WriteAll(r.Rows); err != nil {
		return err
	}
	return c.Error()
}

// A CellError reports a row or column that a report does not have, or a cell
// that counts nothing.
type CellError struct {
	Report, Row, Column string
	Choices             []string // rows or columns there are
}

func (e *CellError) Error() string {
	return fmt.Sprintf("explain %s: it has no counted cell in row %q, column %q; there are %s",
		e.Report, e.Row, e.Column, strings.Join(e.Choices, ", "))
}

// A cell counts people, letters or other records, or adds up what they cost. While
// it is the one to be explained it keeps who they are.
type cell struct {
	n       int          // people or letters
	shown   int          // what stands in the table when tally is set, such as services
	cents   events.Cents // when money is set
	tally   bool
	money   bool
	hidden  bool // suppressed
	keep    bool
	members []member
}

type member struct {
	subject  events.Subject
	sequence uint64 // of one record; 0: those that the subject's count rests on
}

func (c *cell) add(kind events.Kind, id []byte, sequence uint64) {
	c.n++
	if c.keep {
		c.members = append(c.members, member{events.SubjectOf(kind, string(id)), sequence})
	}
}

// addMany counts a person or letter that has several of what the cell shows.
func (c *cell) addMany(kind events.Kind, id []byte, many int) {
	c.tally = true
	c.shown += many
	c.add(kind, id, 0)
}

// addCents counts a person and adds what it comes to.
func (c *cell) addCents(kind events.Kind, id []byte, cents events.Cents) error {
	sum, err := c.cents.Plus(cents)
	c.money, c.cents = true, sum
	c.add(kind, id, 0)
	return err
}

// Suppressed stands in the place of a figure that is not shown.
const Suppressed = "s"

func (c *cell) text() string {
	switch {
	case c.hidden:
		return Suppressed
	case c.money:
		return c.cents.String()
	case c.tally:
		return strconv.Itoa(c.shown)
	}
	return strconv.Itoa(c.n)
}

// A line is one row of a table while it is made: texts, and cells where there
// are numbers. show writes a cell's number.
type line struct {
	label   string
	measure string // a second label that names the line too; may be empty
	cells   []*cell
	texts   []string // beside or instead of cells, by column
}

// A sheet is a table while it is made.
type sheet struct {
	title       string
	columns     []string
	definitions []string
	lines       []*line
	keep        bool // every cell keeps who it counts
	sums        []sum
	fill        func(s *projections.Snapshot) error
	finish      func() // writes texts that depend on counts; may be nil
	conceal     func() // hides texts that depend on hidden counts; may be nil
	// evidence says which records of a member a count rests on; nil: those that
	// decide whether and how a client counts at all.
	evidence func(*events.Record) bool
}

// A column that is shown in dollars.
func (sh *sheet) money(columns ...string) {
	for _, l := range sh.lines {
		for _, name := range columns {
			if c := sh.cell(l, name); c != nil {
				c.money = true
			}
		}
	}
}

// newLine adds a line with cells in the named columns.
func (sh *sheet) newLine(label string, columns ...string) *line {
	l := &line{label: label, cells: make([]*cell, len(sh.columns)), texts: make([]string, len(sh.columns))}
	l.texts[0] = label
	for _, c := range columns {
		l.cells[slices.Index(sh.columns, c)] = &cell{keep: sh.keep}
	}
	sh.lines = append(sh.lines, l)
	return l
}

func (sh *sheet) cell(l *line, column string) *cell { return l.cells[slices.Index(sh.columns, column)] }

// rows writes the texts of the table: a text given for a cell stands in the
// place of its number.
func (sh *sheet) rows() [][]string {
	rows := make([][]string, len(sh.lines))
	for i, l := range sh.lines {
		rows[i] = slices.Clone(l.texts)
		for j, c := range l.cells {
			if c != nil && (rows[i][j] == "" || c.hidden) {
				rows[i][j] = c.text()
			}
		}
	}
	return rows
}

func sheetOf(q Query) (*sheet, error) {
	if q.First > q.Last || q.First.IsZero() {
		return nil, fmt.Errorf("report %s: %s to %s is not a range of days", q.Report, q.First, q.Last)
	}
	d, ok := Find(q.Report)
	if !ok {
		return nil, fmt.Errorf("report %q does not exist; there are %s", q.Report, strings.Join(Names(), ", "))
	}
	if len(q.By) == 0 {
		q.By = d.usual
	}
	for i, name := range q.By {
		if !slices.Contains(d.By, name) {
			return nil, &DimensionError{q.Report, name, d.By}
		}
		if slices.Contains(q.By[:i], name) {
			return nil, fmt.Errorf("report %s: dimension %s is named twice", q.Report, name)
		}
	}
	return d.sheet(q), nil
}

// A DimensionError reports a dimension that a report does not have.
type DimensionError struct {
	Report, Dimension string
	Choices           []string
}

func (e *DimensionError) Error() string {
	if len(e.Choices) == 0 {
		return fmt.Sprintf("report %s has no dimensions to choose from", e.Report)
	}
	return fmt.Sprintf("report %s has no dimension %q; there are %s", e.Report, e.Dimension, strings.Join(e.Choices, ", "))
}

// Run computes a report. Cost: about a microsecond for each client or letter.
func Run(s *projections.Snapshot, q Query) (*Report, error) {
	sh, err := sheetOf(q)
	if err != nil {
		return nil, err
	}
	if err := sh.run(s); err != nil {
		return nil, err
	}
	book, err := s.Book()
	if err != nil {
		return nil, err
	}
	in := book.On(q.Last)
	definitions := sh.definitions
	if q.SuppressBelow > 1 {
		sh.suppress(q.SuppressBelow)
		if sh.conceal != nil {
			sh.conceal()
		}
		definitions = append(slices.Clone(definitions), fmt.Sprintf(
			"%s: not shown, so that no count of people from 1 to %d can be read or computed from its neighbours", Suppressed, q.SuppressBelow-1))
	}
	return &Report{
		Name: q.Report, Title: sh.title, From: q.First, To: q.Last, Columns: sh.columns, Rows: sh.rows(),
		Definitions: definitions, Position: s.Position(), Policy: Policy{in.Effective, in.Record}, View: fmt.Sprintf("%s=%d", viewName, View{}.Version()),
	}, nil
}

func (sh *sheet) run(s *projections.Snapshot) error {
	if err := sh.fill(s); err != nil {
		return err
	}
	if sh.finish != nil {
		sh.finish()
	}
	return nil
}

// period writes whole months as in "April 2006 - May 2009".
func (q Query) period() string {
	month := func(d events.Date) string {
		y, m, _ := d.Civil()
		return fmt.Sprintf("%s %d", time.Month(m), y)
	}
	return month(q.First) + " - " + month(q.Last)
}
