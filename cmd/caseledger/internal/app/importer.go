package app

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"caseledger/events"
)

// RejectColumn is the column that a file of rejected rows has beside the
// imported ones: an import of the corrected file passes over it.
const RejectColumn = "rejected_because"

// EnvelopeColumns are the columns that any imported file may have beside the
// fields of its command.
var EnvelopeColumns = []string{"id", "occurred_on", "recordedat", "actor", "role", "actor_agency", "correlation_id"}

// An Import is a CSV file read as commands, one per row.
type Import struct {
	Header []string
	Rows   []ImportRow
}

// An ImportRow is one row of an [Import].
type ImportRow struct {
	Line    int // of the file, at which the row begins
	Cells   []string
	Request Request
	Err     error // why the row cannot be recorded; nil when it can
	Done    bool  // it was recorded before
}

// Bad returns the rows that cannot be recorded.
func (i *Import) Bad() []ImportRow {
	var bad []ImportRow
	for _, row := range i.Rows {
		if row.Err != nil {
			bad = append(bad, row)
		}
	}
	return bad
}

// Good returns the commands of the other rows.
func (i *Import) Good() []Request {
	var good []Request
	for _, row := range i.Rows {
		if row.Err == nil {
			good = append(good, row.Request)
		}
	}
	return good
}

// ReadImport reads a CSV file whose first row names the columns: the command's
// fields and [EnvelopeColumns]. A row's faults stand in the row; the error is
// about the file as a whole.
func (c *Catalogue) ReadImport(r io.Reader, name string, d Defaults) (*Import, error) {
	command, err := c.Lookup(name)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(r)
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, &InputError{Line: 1, Problem: "the file is empty: its first line must name the columns"}
	}
	if err != nil {
		return nil, csvError(err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	if err := command.checkHeader(header); err != nil {
		return nil, err
	}
	file := &Import{Header: header}
	ordinals := map[string]int{}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		line, _ := reader.FieldPos(0)
		if errors.Is(err, csv.ErrFieldCount) {
			problem := fmt.Sprintf("it has %d columns and the header has %d", len(cells), len(header))
			file.Rows = append(file.Rows, ImportRow{Line: line, Cells: cells, Err: &InputError{Line: line, Problem: problem}})
			continue
		}
		if err != nil {
			return nil, csvError(err)
		}
		file.Rows = append(file.Rows, c.readRow(command, header, cells, line, d, ordinals))
	}
}

func csvError(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &InputError{Line: parse.Line, Problem: fmt.Sprintf("not CSV: column %d: %v", parse.Column, parse.Err)}
	}
	return fmt.Errorf("read CSV: %w", err)
}

func (c *Command) checkHeader(header []string) error {
	known := slices.Concat(EnvelopeColumns, []string{RejectColumn})
	for _, f := range c.Fields {
		known = append(known, c.Texts(f)...)
	}
	for i, name := range header {
		if !slices.Contains(known, name) {
			return &InputError{Line: 1, Field: name, Problem: fmt.Sprintf("%s has no such field", c.Name),
				Hint: "columns are " + c.columnNames() + "; and " + strings.Join(EnvelopeColumns, ", ")}
		}
		if slices.Contains(header[:i], name) {
			return &InputError{Line: 1, Field: name, Problem: "the column stands twice"}
		}
	}
	return nil
}

func (c *Catalogue) readRow(command *Command, header, cells []string, line int, d Defaults, ordinals map[string]int) ImportRow {
	row := ImportRow{Line: line, Cells: cells}
	cell, texts := map[string]string{}, map[string]string{}
	for i, name := range header {
		switch {
		case !utf8.ValidString(cells[i]):
			row.Err = &InputError{Line: line, Field: name, Problem: "invalid UTF-8"}
			return row
		case name == RejectColumn:
		case slices.Contains(EnvelopeColumns, name):
			cell[name] = cells[i]
		default:
			texts[name] = cells[i]
		}
	}
	row.Request = Request{
		Name: command.Name, ID: cell["id"], Actor: cmp.Or(cell["actor"], d.Actor), Role: cmp.Or(cell["role"], d.Role),
		Agency: cmp.Or(cell["actor_agency"], d.Agency), CorrelationID: cell["correlation_id"],
	}
	if row.Request.ID == "" {
		key := rowKey(command, cell, texts)
		ordinals[key]++
		row.Request.ID = fmt.Sprintf("row-%s-%d", key, ordinals[key])
	}
	var faults []error
	if text := cell["occurred_on"]; text != "" {
		var err error
		row.Request.OccurredOn, err = events.ParseDate(text)
		faults = append(faults, inField("occurred_on", err))
	}
	if text := cell["recordedat"]; text != "" {
		var err error
		row.Request.RecordedAt, err = events.ParseInstant(text)
		faults = append(faults, inField("recordedat", err))
	}
	var err error
	row.Request.Command, err = c.ParseTexts(command.Name, texts)
	row.Err = atLine(line, errors.Join(append(faults, err)...))
	return row
}

// rowKey hashes what a row says, without its secrets: they could be guessed from
// the hash. Rows that differ in secrets alone are told apart by their order.
func rowKey(command *Command, cell, texts map[string]string) string {
	said := maps.Clone(cell)
	for name, text := range texts {
		if f, known := command.field(name); !known || f.Secret == "" {
			said["field "+name] = text
		}
	}
	maps.DeleteFunc(said, func(_, text string) bool { return text == "" })
	canonical, err := json.Marshal(map[string]any{"command": command.Name, "row": said}, json.Deterministic(true))
	if err != nil {
		panic("app: " + err.Error()) // strings of valid UTF-8 always have a JSON form
	}
	sum := events.HashOf(canonical)
	return hex.EncodeToString(sum[:16])
}

// Check tries every row against the ledger plus the rows before it, and notes in
// each what speaks against it. It records nothing.
func (a *App) Check(ctx context.Context, file *Import, progress func(done int)) error {
	tried := a.newOverlay()
	for i := range file.Rows {
		row := &file.Rows[i]
		progress(i)
		if row.Err != nil {
			continue
		}
		outcome, err := tried.try(ctx, row.Request)
		if err := ctx.Err(); err != nil {
			return err
		}
		row.Err, row.Done = err, outcome == wasRecorded
	}
	progress(len(file.Rows))
	return nil
}

// Record records the rows without faults, in order. An error ends it; what was
// recorded before stands, and importing the same file again goes on from there.
// ruled hears of rows that are recorded and that a rule denies their effect.
func (a *App) Record(ctx context.Context, file *Import, progress func(done int), ruled func(line int, r Receipt)) (recorded int, err error) {
	for i, row := range file.Rows {
		progress(i)
		if row.Err != nil {
			continue
		}
		receipt, err := a.Execute(ctx, row.Request)
		if err != nil {
			return recorded, fmt.Errorf("line %d: %w", row.Line, err)
		}
		if receipt.Appended {
			recorded++
		}
		if receipt.Ruling != nil {
			ruled(row.Line, receipt)
		}
	}
	progress(len(file.Rows))
	return recorded, nil
}

// WriteRejects writes the rows that cannot be recorded, each with the reason, as
// a CSV file that can be corrected and imported.
func (i *Import) WriteRejects(w io.Writer) error {
	out := csv.NewWriter(w)
	keep := slices.Index(i.Header, RejectColumn)
	without := func(cells []string) []string {
		cells = slices.Clone(cells)
		if keep >= 0 && keep < len(cells) {
			cells = slices.Delete(cells, keep, keep+1)
		}
		return cells
	}
	if err := out.Write(append(without(i.Header), RejectColumn)); err != nil {
		return err
	}
	for _, row := range i.Bad() {
		for len(row.Cells) < len(i.Header) {
			row.Cells = append(row.Cells, "")
		}
		if err := out.Write(append(without(row.Cells), row.Err.Error())); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
