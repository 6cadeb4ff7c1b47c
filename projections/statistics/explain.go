package statistics

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"caseledger/aggregates/policy"
	"caseledger/events"
	"caseledger/projections"
)

// An Explanation names who and what is behind one cell of a report.
type Explanation struct {
	Report  string               `json:"report"`
	Row     string               `json:"row"`
	Column  string               `json:"column"`
	Value   string               `json:"value"`   // as the report shows it
	Counted int                  `json:"counted"` // len(Members)
	Members []Member             `json:"members"`
	At      projections.Position `json:"position"`
}

// A Member is one person, letter or agency that the cell counts.
type Member struct {
	ID     string  `json:"id"` // coded
	Events []Event `json:"events"`
}

// An Event is one record that makes the member count.
type Event struct {
	Sequence   uint64      `json:"sequence"`
	ID         string      `json:"id"`
	Type       string      `json:"type"`
	OccurredOn events.Date `json:"occurred_on"`
}

// Explain names the people and the records behind a cell: as many members as the
// cell counts; behind a percentage, those of its numerator; behind a number of
// States or countries, the letters that went to or came from any. Where rows
// share a label, row may be "population/measure". A cell that counts nothing
// yields a [*CellError].
func Explain(s *projections.Snapshot, q Query, row, column string) (*Explanation, error) {
	sh, err := sheetOf(q)
	if err != nil {
		return nil, err
	}
	if q.SuppressBelow > 1 {
		return nil, errors.New("explain: a report with suppressed counts names nobody; leave the suppression out")
	}
	made := len(sh.lines) == 0 // the lines of a cube are made as it is filled
	if made {
		sh.keep = true
		if err := sh.run(s); err != nil {
			return nil, err
		}
	}
	l, c, err := sh.find(q.Report, row, column)
	if err != nil {
		return nil, err
	}
	if !made {
		c.keep = true
		if err := sh.run(s); err != nil {
			return nil, err
		}
	}
	x := &Explanation{
		Report: q.Report, Row: l.label, Column: column, Counted: c.n, At: s.Position(),
		Value: sh.rows()[slices.Index(sh.lines, l)][slices.Index(sh.columns, column)],
	}
	for _, m := range c.members {
		member, err := m.explain(s, sh.evidence)
		if err != nil {
			return nil, err
		}
		x.Members = append(x.Members, member)
	}
	return x, nil
}

func (sh *sheet) find(report, row, column string) (*line, *cell, error) {
	missing := &CellError{Report: report, Row: row, Column: column}
	for _, l := range sh.lines {
		if !strings.EqualFold(l.label, row) && (l.measure == "" || !strings.EqualFold(l.measure, row)) {
			missing.Choices = append(missing.Choices, fmt.Sprintf("row %q", l.label))
			continue
		}
		if i := slices.Index(sh.columns, column); i >= 0 && l.cells[i] != nil {
			return l, l.cells[i], nil
		}
		missing.Choices = nil
		for i, c := range l.cells {
			if c != nil {
				missing.Choices = append(missing.Choices, fmt.Sprintf("column %q", sh.columns[i]))
			}
		}
		return nil, nil, missing
	}
	return nil, nil, missing
}

func (m member) explain(s *projections.Snapshot, evidence func(*events.Record) bool) (Member, error) {
	out := Member{ID: m.subject.ID()}
	records, err := m.records(s, evidence)
	for _, r := range records {
		out.Events = append(out.Events, Event{r.Sequence, r.ID, r.Type, r.OccurredOn})
	}
	return out, err
}

// records returns the records that a member's count rests on.
func (m member) records(s *projections.Snapshot, evidence func(*events.Record) bool) ([]*events.Record, error) {
	if m.sequence > 0 {
		r, err := s.Record(m.sequence)
		if err != nil {
			return nil, err
		}
		return []*events.Record{r}, nil
	}
	subject, err := s.Subject(m.subject)
	if err != nil {
		return nil, err
	}
	switch {
	case evidence != nil:
		return slices.DeleteFunc(subject.Records, func(r *events.Record) bool { return !evidence(r) }), nil
	case m.subject.Kind() != events.KindCase:
		return subject.Records, nil
	}
	f, err := subject.Facts()
	if err != nil {
		return nil, err
	}
	counted := countedFacts(f)
	return slices.DeleteFunc(subject.Records, func(r *events.Record) bool { return !counted[r.ID] }), nil
}

// countedFacts are the standing facts that decide whether and where a client
// counts: enrolled days, class, sex, age, form and status.
func countedFacts(f *policy.Facts) map[string]bool {
	ids := map[string]bool{}
	for _, e := range f.Enrollments {
		ids[e.ID] = true
	}
	for _, e := range f.Links {
		ids[e.ID] = true
	}
	for _, e := range f.Letters {
		ids[e.ID] = e.Kind != events.Interim
	}
	for _, e := range f.Turned18 {
		ids[e.ID] = true
	}
	for _, e := range f.Corrections {
		ids[e.ID] = true
	}
	for _, e := range f.Closures {
		ids[e.ID] = true
	}
	for _, e := range f.Reopenings {
		ids[e.ID] = true
	}
	return ids
}
