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
	kinds   [][]events.Kind // of each view
	ignored []string        // what every view ignores
	skip    positions       // records that are known to be ignored

	// Memory that is used again for each subject.
	records []*events.Record
	found   []found
	raw     []byte // of the records
}

// found is where the bytes of a record are.
type found struct {
	sequence uint64
	raw      []byte
}

func newDeriver(views []View) *deriver {
	d := &deriver{views: views, ignored: ignoredBy(views)}
	for _, v := range views {
		d.kinds = append(d.kinds, v.Kinds())
	}
	return d
}

// ignoredBy lists the event types that every view ignores.
func ignoredBy(views []View) (types []string) {
	for i, v := range views {
		ignores := v.Ignores()
		if i == 0 {
			types = slices.Clone(ignores)
		}
		types = slices.DeleteFunc(types, func(t string) bool { return !slices.Contains(ignores, t) })
	}
	return types
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
	value, err := getSum(s.subjects, []byte(subject))
	if err != nil {
		return derived{}, err
	}
	return d.deriveInto(s, subject, value, nil)
}

// deriveInto derives a subject from its entry, nil when it has none, and appends
// the rows to buf, which the result keeps.
func (d *deriver) deriveInto(s *Snapshot, name events.Subject, value, buf []byte) (derived, error) {
	out := derived{subject: name, rows: buf[len(buf):], ends: make([]int, 0, len(d.views))}
	subject, err := d.subject(s, name, value)
	if err != nil {
		return out, err
	}
	kind := name.Kind()
	for i, view := range d.views {
		if slices.Contains(d.kinds[i], kind) {
			if out.rows, err = view.Derive(subject, out.rows); err != nil {
				return out, fmt.Errorf("derive %s of %s: %w", view.Name(), name, err)
			}
		}
		out.ends = append(out.ends, len(out.rows))
	}
	out.principals, err = subject.principals()
	return out, err
}

// subject returns a subject without the records that every view ignores. All of
// it, down to the text in its records, is good until the next call only.
func (d *deriver) subject(s *Snapshot, name events.Subject, value []byte) (*Subject, error) {
	subject := &Subject{Name: name, snapshot: s}
	if value == nil {
		return subject, nil
	}
	e, err := parseEntry(value)
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", name, err)
	}
	d.found = d.found[:0]
	err = s.eachRecord(&e, name, d.skip, func(sequence uint64, raw []byte) error {
		if d.skip != nil || !d.ignores(raw) {
			d.found = append(d.found, found{sequence, raw})
		}
		return nil
	})
	if err == nil {
		err = d.decode(name)
	}
	if err != nil {
		return nil, err
	}
	subject.Records = d.records
	return subject, nil
}

// decode decodes the records that were found. They lie all over the file: they are
// copied first, so that the processor fetches several at a time. And it must be
// copies: the file's memory may be gone when somebody looks at an error.
func (d *deriver) decode(name events.Subject) error {
	size := 0
	for i := range d.found {
		size += len(d.found[i].raw)
	}
	d.raw = slices.Grow(d.raw[:0], size)
	for i := range d.found {
		f := &d.found[i]
		start := len(d.raw)
		d.raw = append(d.raw, f.raw...)
		f.raw = d.raw[start:len(d.raw):len(d.raw)]
	}
	d.records = d.records[:0]
	for _, f := range d.found {
		var r *events.Record
		d.records, r = another(d.records)
		if err := events.DecodeInto(r, f.sequence, f.raw); err != nil {
			return fmt.Errorf("read history of %s: %w", name, err)
		}
	}
	return nil
}

// another appends a record to a list: the one that the list held there before, if
// it did, which saves the largest allocation of a rebuild.
func another(records []*events.Record) ([]*events.Record, *events.Record) {
	n := len(records)
	if n < cap(records) && records[:n+1][n] != nil {
		records = records[:n+1]
		return records, records[n]
	}
	r := new(events.Record)
	return append(records, r), r
}
