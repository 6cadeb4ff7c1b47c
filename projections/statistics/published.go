package statistics

import (
	"cmp"
	"encoding/csv"
	"slices"
	"strings"

	"caseledger/events"
	"caseledger/projections"
)

// A Publication is one table of figures as it was published, with what was said
// instead of it since.
type Publication struct {
	ID           string            `json:"publication"`
	Title        string            `json:"title"`
	On           events.Date       `json:"on"`
	Report       string            `json:"report"` // empty: none of the catalogue
	Arguments    map[string]string `json:"arguments,omitempty"`
	Table        string            `json:"table"` // the bytes
	Digest       string            `json:"digest"`
	Position     uint64            `json:"position"` // that the ledger made it at; 0: it was made elsewhere
	Head         string            `json:"head,omitzero"`
	Definitions  string            `json:"definitions,omitzero"`
	Sequence     uint64            `json:"sequence"` // of the record that keeps it
	Restatements []Restatement     `json:"restatements"`
}

// A Restatement is what a later run said instead.
type Restatement struct {
	On       events.Date `json:"on"`
	Table    string      `json:"table"`
	Digest   string      `json:"digest"`
	Position uint64      `json:"position"`
	Reason   string      `json:"reason"`
	Causes   []uint64    `json:"causes"`
	Sequence uint64      `json:"sequence"`
}

// Publications lists what was published, in order of the day, then of the record.
func Publications(s *projections.Snapshot) ([]Publication, error) {
	var all []Publication
	err := s.Subjects(events.KindPublication, func(subject events.Subject) error {
		p, err := Published(s, subject.ID())
		if err == nil {
			all = append(all, *p)
		}
		return err
	})
	slices.SortFunc(all, func(a, b Publication) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Sequence, b.Sequence))
	})
	return all, err
}

// Published returns one publication, or a [*projections.NotFoundError].
func Published(s *projections.Snapshot, id string) (*Publication, error) {
	subject := events.SubjectOf(events.KindPublication, id)
	records, err := s.History(subject)
	if err != nil {
		return nil, err
	}
	var p *Publication
	for _, r := range records {
		event, err := r.Event()
		if err != nil {
			return nil, err
		}
		switch e := event.(type) {
		case *events.FiguresPublished:
			p = &Publication{
				ID: id, Title: e.Publication, On: r.OccurredOn, Report: e.Report, Arguments: e.Arguments, Table: e.Table, Digest: e.Digest,
				Position: e.Position, Head: e.Head, Definitions: e.Definitions, Sequence: r.Sequence, Restatements: []Restatement{},
			}
		case *events.FiguresRestated:
			p.Restatements = append(p.Restatements, Restatement{r.OccurredOn, e.Table, e.Digest, e.Position, e.Reason, e.Causes, r.Sequence})
		}
	}
	if p == nil {
		return nil, &projections.NotFoundError{Name: string(subject)}
	}
	return p, nil
}

// A Change is a figure that a later run gives otherwise.
type Change struct {
	Row       string `json:"row"`
	Column    string `json:"column"`
	Published string `json:"published"`
	Now       string `json:"now"`
	// Causes are the records, made since the publication, of those whom the figure
	// counts otherwise. There are none for figures that were made elsewhere.
	Causes []Cause `json:"causes"`
}

// A Cause is why somebody counts otherwise.
type Cause struct {
	ID     string  `json:"id"`   // coded
	What   string  `json:"what"` // counted now, not counted any more, counted otherwise
	Events []Event `json:"events"`
}

// Compare lists the figures of a published table that a report gives otherwise.
// Rows are found by what their leading columns say, columns by their names; what
// only one of them has is no figure of both, but a row that is gone is a change.
func Compare(table string, r *Report) ([]Change, error) {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	header, body := rows[0], rows[1:]
	labels := r.Labels()
	changes := []Change{}
	for _, was := range body {
		now := slices.IndexFunc(r.Rows, func(row []string) bool { return sameLabels(labels, header, was, r.Columns, row) })
		for i, name := range header {
			j := slices.Index(r.Columns, name)
			if j < labels || j < 0 {
				continue
			}
			c := Change{Row: strings.Join(was[:labels], "/"), Column: name, Published: was[i], Causes: []Cause{}}
			if now >= 0 {
				c.Now = r.Rows[now][j]
			}
			if plain(c.Published) != plain(c.Now) {
				changes = append(changes, c)
			}
		}
	}
	for _, row := range r.Rows {
		if !slices.ContainsFunc(body, func(was []string) bool { return sameLabels(labels, header, was, r.Columns, row) }) {
			changes = append(changes, Change{Row: strings.Join(row[:labels], "/"), Column: r.Columns[labels], Now: row[labels], Causes: []Cause{}})
		}
	}
	return changes, nil
}

// Labels returns the number of leading columns that name a row.
func (r *Report) Labels() int {
	d, _ := Find(r.Name)
	switch {
	case r.Name == LettersProfile:
		return 2
	case len(d.By) > 0:
		return len(r.Columns) - 1
	}
	return 1
}

func sameLabels(labels int, header, was, columns, row []string) bool {
	for i := range labels {
		j := slices.Index(header, columns[i])
		if j < 0 || !strings.EqualFold(was[j], row[i]) {
			return false
		}
	}
	return true
}

// plain writes an amount without its sign and separators, as a CSV has it.
func plain(cell string) string { return strings.NewReplacer("$", "", ",", "").Replace(cell) }

// Causes names those whom two explanations of one figure count otherwise, and
// their records since the first one.
func Causes(then, now *Explanation) []Cause {
	causes := []Cause{}
	members := map[string][2][]Event{}
	for i, x := range []*Explanation{then, now} {
		for _, m := range x.Members {
			pair := members[m.ID]
			pair[i] = append(pair[i], m.Events...)
			members[m.ID] = pair
		}
	}
	ids := make([]string, 0, len(members))
	for id := range members {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		was, is := members[id][0], members[id][1]
		c := Cause{ID: id, What: "counted otherwise", Events: since(then.At.Sequence, is)}
		switch {
		case was == nil:
			c.What, c.Events = "counted now", since(then.At.Sequence, is)
		case is == nil:
			c.What, c.Events = "not counted any more", nil
		case len(c.Events) == 0:
			continue
		}
		causes = append(causes, c)
	}
	return causes
}

func since(position uint64, all []Event) []Event {
	return slices.DeleteFunc(slices.Clone(all), func(e Event) bool { return e.Sequence <= position })
}
