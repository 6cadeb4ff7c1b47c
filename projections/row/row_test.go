package row_test

import (
	"testing"

	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections/row"
)

func TestFieldsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		d := events.Date(rapid.Int32Range(0, 800000).Draw(t, "d"))
		c := events.Cents(rapid.Int64().Draw(t, "c"))
		s := rapid.String().Draw(t, "s")
		v := rapid.Bool().Draw(t, "v")
		b := row.Bool(row.String(row.Cents(row.Date(row.Uint(nil, n), d), c), s), v)
		r := row.Read(b)
		if r.Uint() != n || r.Date() != d || r.Cents() != c || r.String() != s || r.Bool() != v || r.Err() != nil {
			t.Fatalf("%x did not come back: %v", b, r.Err())
		}
		// Cut anywhere, the row is malformed and nothing panics.
		r = row.Read(b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")])
		r.Uint()
		r.Date()
		r.Cents()
		_ = r.String()
		r.Bool()
		if r.Err() == nil {
			t.Fatalf("%x was read although it is cut", b)
		}
	})
}
