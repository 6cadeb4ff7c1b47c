package projections

import (
	"errors"
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
	row     []byte
}

// found is where the bytes of a record are, and their checksum.
type found struct {
	sequence uint64
	raw      []byte
	sum      uint32
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

// derive calls put with the row of a subject in each view, by the view's place, empty
// where it has none. A row is good during the call. It returns the principals on which
// the rows may depend.
func (d *deriver) derive(s *Snapshot, subject events.Subject, put func(view int, row []byte) error) (principals []string, err error) {
	value, err := getSum(s.subjects, []byte(subject))
	if err != nil {
		return nil, err
	}
	return d.deriveFrom(s, subject, value, put)
}

// deriveFrom derives a subject from its entry, nil when it has none.
func (d *deriver) deriveFrom(s *Snapshot, name events.Subject, value []byte, put func(view int, row []byte) error) (principals []string, err error) {
	subject, err := d.subject(s, name, value)
	if err != nil {
		return nil, err
	}
	kind := name.Kind()
	for i, view := range d.views {
		row := d.row[:0]
		if slices.Contains(d.kinds[i], kind) {
			if row, err = view.Derive(subject, row); err != nil {
				return nil, fmt.Errorf("derive %s of %s: %w", view.Name(), name, err)
			}
		}
		if err := put(i, row); err != nil {
			return nil, err
		}
		if cap(row) > cap(d.row) {
			d.row = row
		}
	}
	return subject.principals()
}

// subject returns a subject without the records that every view ignores. All of
// it, down to the text in its records, is good until the next call only.
func (d *deriver) subject(s *Snapshot, name events.Subject, value []byte) (*Subject, error) {
	subject := &Subject{Name: name, snapshot: s}
	if value == nil {
		return subject, nil
	}
	e, err := parseEntry(value)
	if err == nil {
		err = d.find(s, &e)
	}
	if err == nil {
		err = d.decode()
	}
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", name, err)
	}
	subject.Records = d.records
	return subject, nil
}

// find finds the records of an entry that are not known to be ignored.
func (d *deriver) find(s *Snapshot, e *entry) error {
	d.found = d.found[:0]
	var failed error
	err := e.each(func(sequence uint64) bool {
		if sequence > s.until || failed != nil {
			return false
		}
		if d.skip.has(sequence) {
			return true
		}
		f := found{sequence: sequence}
		if f.raw, f.sum, failed = s.find(sequence); failed != nil {
			failed = fmt.Errorf("read record #%d: %w", sequence, failed)
		}
		d.found = append(d.found, f)
		return true
	})
	return errors.Join(err, failed)
}

// decode decodes the records that were found. They lie all over the file: they are
// copied first, and looked at later, so that the processor fetches several at a time. And
// it must be copies: the file's memory may be gone when somebody looks at an error.
func (d *deriver) decode() error {
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
		if checksum(nil, f.raw) != f.sum {
			return fmt.Errorf("read record #%d: %w", f.sequence, errSegment)
		}
		if d.skip == nil && d.ignores(f.raw) {
			continue
		}
		var r *events.Record
		d.records, r = another(d.records)
		if err := events.DecodeInto(r, f.sequence, f.raw); err != nil {
			return err
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
