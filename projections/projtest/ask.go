package projtest

import (
	"path/filepath"
	"testing"

	"caseledger/projections"
)

// Of returns a stream of records.
func Of(t testing.TB, entries ...Entry) *Stream {
	t.Helper()
	s := &Stream{}
	for _, e := range entries {
		s.Add(t, e)
	}
	return s
}

// Ask asks views that have followed all of a source.
func Ask(t testing.TB, src projections.Source, f func(*projections.Snapshot) error, views ...projections.View) {
	t.Helper()
	v, err := projections.Open(filepath.Join(t.TempDir(), "views"), views, projections.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if err := v.CatchUp(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
	if err := v.Read(f); err != nil {
		t.Fatal(err)
	}
}
