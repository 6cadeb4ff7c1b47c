package bundle_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"path/filepath"
	"testing"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/replay"
	"caseledger/replay/archive"
	"caseledger/replay/bundle"
	"caseledger/replay/checkpoint"
	"caseledger/replay/prooftest"
)

var records = flag.Int("records", 200_000, "number of records in benchmarks")

// BenchmarkBundle makes and checks the bundle of a client with 25 records and of
// one with 400, out of all records, from an archive and heads that were just opened.
func BenchmarkBundle(b *testing.B) {
	src := prooftest.NewSynthetic(b, *records)
	dir := filepath.Join(b.TempDir(), "archive")
	a, err := archive.Create(dir)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := a.CatchUp(b.Context(), src, nil); err != nil {
		b.Fatal(err)
	}
	if _, err := checkpoint.Issue(b.Context(), a, nil, src.Key, src.Signer, nil, nil); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "views")
	if err := projections.Build(b.Context(), a, path, replay.Views(), a.Size(), nil); err != nil {
		b.Fatal(err)
	}
	v, err := projections.Open(path, replay.Views(), projections.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	for name, client := range map[string]string{"25 records": short(b, a), "400 records": projtest.LongClient} {
		b.Run(name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				made, err := remake(dir, src, v, client)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := bundle.Check(made, src.Key); err != nil {
					b.Fatal(err)
				}
				size = len(made)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/op")
			b.ReportMetric(float64(size), "bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func remake(dir string, src *prooftest.Synthetic, v *projections.Views, client string) (made []byte, err error) {
	a, err := archive.Open(dir)
	if err != nil {
		return nil, err
	}
	s, err := checkpoint.Load(a, src.Key)
	if err != nil {
		return nil, err
	}
	err = v.Read(func(snap *projections.Snapshot) error {
		made, err = bundle.Make(client, s, a, snap.History, src.Key)
		return err
	})
	return made, err
}

// short returns a client that is closed, from the middle of the records.
func short(b *testing.B, a *archive.Archive) (client string) {
	done := errors.New("found")
	err := a.Read(context.Background(), a.Size()/2, a.Size(), func(batch []events.Message) error {
		for _, m := range batch {
			if bytes.Contains(m.Data, []byte(`"service.closed.v1"`)) {
				r, err := events.Decode(m.Sequence, m.Data)
				if err == nil {
					client, err = r.Subject.ID(), done
				}
				return err
			}
		}
		return nil
	})
	if !errors.Is(err, done) {
		b.Fatal(err)
	}
	return client
}
