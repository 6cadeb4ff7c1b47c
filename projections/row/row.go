// Package row writes and reads the rows of views: unsigned varints, strings with
// their length before them, dates as their day number. A row has no field names;
// the view that writes it documents its order.
package row

import (
	"encoding/binary"
	"errors"

	"caseledger/events"
)

// ErrMalformed reports a row that ends before its last field.
var ErrMalformed = errors.New("a row is malformed")

// Uint appends a number.
func Uint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

// Len appends the number of elements that follow.
func Len(b []byte, n int) []byte { return Uint(b, uint64(n)) }

// Date appends a day.
func Date(b []byte, d events.Date) []byte { return Uint(b, uint64(max(d, 0))) }

// Cents appends an amount, which may be negative.
func Cents(b []byte, c events.Cents) []byte { return binary.AppendVarint(b, int64(c)) }

// Bool appends a truth value.
func Bool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// String appends a text.
func String[S ~string](b []byte, s S) []byte { return append(Len(b, len(s)), s...) }

// A Reader reads the fields of a row in the order in which they were appended.
// After the first fault it returns zeros, and Err tells.
type Reader struct {
	rest   []byte
	failed bool
}

// Read returns a reader of a row.
func Read(b []byte) Reader { return Reader{rest: b} }

// Uint reads a number.
func (r *Reader) Uint() uint64 {
	n, k := binary.Uvarint(r.rest)
	if k <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[k:]
	return n
}

// Len reads a number of elements.
func (r *Reader) Len() int {
	n := r.Uint()
	if n > uint64(len(r.rest)) { // an element has at least one byte
		r.fail()
		return 0
	}
	return int(n)
}

// Date reads a day.
func (r *Reader) Date() events.Date { return events.Date(r.Uint()) }

// Cents reads an amount.
func (r *Reader) Cents() events.Cents {
	n, k := binary.Varint(r.rest)
	if k <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[k:]
	return events.Cents(n)
}

// Bool reads a truth value.
func (r *Reader) Bool() bool { return r.Uint() == 1 }

// Bytes reads a text without copying it.
func (r *Reader) Bytes() []byte {
	n := r.Len()
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// String reads a text.
func (r *Reader) String() string { return string(r.Bytes()) }

// Names keeps one copy of each text that many rows hold, such as the ids of
// agencies, for as long as a query runs.
type Names map[string]string

// Name reads a text that many rows hold; a nil names keeps nothing.
func (r *Reader) Name(names Names) string {
	b := r.Bytes()
	if kept, found := names[string(b)]; found {
		return kept
	}
	name := string(b)
	if names != nil {
		names[name] = name
	}
	return name
}

// Err returns [ErrMalformed] after a fault.
func (r *Reader) Err() error {
	if r.failed {
		return ErrMalformed
	}
	return nil
}

func (r *Reader) fail() { r.failed, r.rest = true, nil }
