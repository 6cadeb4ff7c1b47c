package projections

import (
	"fmt"
	"slices"

	"caseledger/events"
)

// A deriver makes the rows of one subject after another. It belongs to one
// goroutine.
type deriver struct {
	views   []View
	ignored []string // what every view ignores
	records []*events.Record
}

func newDeriver(views []View) *deriver {
	d := &deriver{views: views}
	for i, v := range views {
		ignores := v.Ignores()
		if i == 0 {
			d.ignored = slices.Clone(ignores)
		}
		d.ignored = slices.DeleteFunc(d.ignored, func(t string) bool { return !slices.Contains(ignores, t) })
	}
	return d
}

// typeAt is where the type begins in a record in canonical form.
const typeAt = len(`{"specversion":"1.0","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","type":"`)

// ignores reports whether a record is in canonical form, up to its type at least,
// and of a type that every view ignores. A record in another form is not skipped.
func (d *deriver) ignores(raw []byte) bool {
	const first, second = `{"specversion":"1.0","id":"`, `","type":"`
	if len(d.ignored) == 0 || len(raw) < typeAt || string(raw[:len(first)]) != first || string(raw[typeAt-len(second):typeAt]) != second {
		return false
	}
	for _, t := range d.ignored {
		if rest := raw[typeAt:]; len(rest) > len(t) && string(rest[:len(t)]) == t && rest[len(t)] == '"' {
			return true
		}
	}
	return false
}

// derived holds the rows of one subject.
type derived struct {
	subject    events.Subject
	rows       []byte // of all views, one after another
	ends       []int  // of each view's row in rows
	principals []string
}

// row returns the row in the i-th view, empty when there is none.
func (d *derived) row(i int) []byte {
	start := 0
	if i > 0 {
		start = d.ends[i-1]
	}
	return d.rows[start:d.ends[i]:d.ends[i]]
}

func (d *deriver) derive(s *Snapshot, subject events.Subject) (derived, error) {
	return d.deriveInto(s, subject, nil)
}

// deriveInto appends the rows to buf, which the result keeps.
func (d *deriver) deriveInto(s *Snapshot, name events.Subject, buf []byte) (derived, error) {
	out := derived{subject: name, rows: buf[len(buf):], ends: make([]int, 0, len(d.views))}
	subject, err := s.subject(name, d.records[:0], d.ignores)
	if err != nil {
		return out, err
	}
	defer func() { d.records = subject.Records }()
	kind := name.Kind()
	for _, view := range d.views {
		if slices.Contains(view.Kinds(), kind) {
			if out.rows, err = view.Derive(subject, out.rows); err != nil {
				return out, fmt.Errorf("derive %s of %s: %w", view.Name(), name, err)
			}
		}
		out.ends = append(out.ends, len(out.rows))
	}
	out.principals, err = subject.principals()
	return out, err
}
