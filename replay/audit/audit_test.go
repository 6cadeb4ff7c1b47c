package audit_test

import (
	"bytes"
	"errors"
	"flag"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/replay"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
	"caseledger/replay/checkpoint"
	"caseledger/replay/heads"
	"caseledger/replay/prooftest"
)

// Given a ledger with several checkpoints on the way, then the stream and the
// archive are both what was promised.
func TestVerify(t *testing.T) {
	l := prooftest.New(t)
	var expect []audit.Expectation
	for _, grow := range []int{0, 3, 300, 50} {
		l.Grow(t, grow)
		s := l.Issue(t)
		h, err := checkpoint.OpenHeads(s.Note, l.Key, s.Signed.Checkpoint)
		if err != nil {
			t.Fatal(err)
		}
		expect = append(expect, audit.Expect("the checkpoint", s.Signed.Checkpoint, h))
	}
	tree := l.Archive.Tree()
	expect = append(expect, audit.Expectation{What: "the archive", Size: uint64(tree.N), Root: tree.Hash})
	slices.Reverse(expect) // in any order
	for what, src := range map[string]audit.Source{"stream": l, "archive": l.Archive} {
		r, err := audit.Verify(t.Context(), src, expect, nil)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if r.Records != uint64(len(l.Messages)) || r.Root != tree.Hash || len(r.Held) != 5 || r.Ledger.Name != prooftest.Name || r.Subjects < prooftest.Clients+2 {
			t.Errorf("%s: %+v", what, r)
		}
	}
	l.Grow(t, 1)
	expect = append(expect, audit.Expectation{What: "a later one", Size: uint64(tree.N) + 2})
	var mismatch *audit.MismatchError
	if _, err := audit.Verify(t.Context(), l, expect, nil); !errors.As(err, &mismatch) || mismatch.What != "a later one" {
		t.Errorf("%v, want more records to be missed", err)
	}
}

// altered returns messages with any one changed, left out, doubled or moved, or those
// from it on cut off; what is left out may leave a gap.
func altered(rt *rapid.T, messages []events.Message) []events.Message {
	m := slices.Clone(messages)
	at := rapid.IntRange(0, len(m)-1).Draw(rt, "at")
	switch rapid.SampledFrom([]string{"byte", "drop", "double", "swap", "gap", "cut"}).Draw(rt, "kind") {
	case "byte":
		m[at].Data = bytes.Clone(m[at].Data)
		m[at].Data[rapid.IntRange(0, len(m[at].Data)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
	case "drop":
		m = slices.Delete(m, at, at+1)
	case "double":
		m = slices.Insert(m, at, m[at])
	case "swap":
		other := (at + 1) % len(m)
		m[at], m[other] = m[other], m[at]
	case "gap":
		return slices.Delete(m, at, at+1)
	case "cut":
		m = m[:at]
	}
	for i := range m {
		m[i].Sequence = uint64(i) + 1
	}
	return m
}

// Given any change to any record, or records left out, doubled or exchanged, then
// verifying against the last checkpoint finds it.
func TestVerifyFinds(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 120)
	s := l.Issue(t)
	expect := []audit.Expectation{audit.Expect("the checkpoint", s.Signed.Checkpoint, nil)}
	rapid.Check(t, func(rt *rapid.T) {
		m := altered(rt, l.Messages)
		if _, err := audit.Verify(t.Context(), &projtest.Stream{Messages: m}, expect, nil); err == nil {
			rt.Fatal("nothing was found")
		}
	})
}

// Given heads that say something else than the records, and records of another
// ledger, then they are told apart.
func TestVerifyTellsWhat(t *testing.T) {
	l := prooftest.New(t)
	l.Grow(t, 30)
	s := l.Issue(t)
	var mismatch *audit.MismatchError
	lie := audit.Expect("the heads", s.Signed.Checkpoint, &checkpoint.Heads{Root: tlog.Hash{1}})
	if _, err := audit.Verify(t.Context(), l, []audit.Expectation{lie}, nil); !errors.As(err, &mismatch) || mismatch.Heads == nil {
		t.Errorf("%v, want the heads to differ", err)
	}
	lie = audit.Expectation{What: "somebody", Size: 5, Root: tlog.Hash{1}}
	if _, err := audit.Verify(t.Context(), l, []audit.Expectation{lie}, nil); !errors.As(err, &mismatch) || mismatch.Heads != nil {
		t.Errorf("%v, want the root to differ", err)
	}
	other := prooftest.New(t)
	other.Actor = "another"
	other.Grow(t, 30)
	m := slices.Clone(l.Messages)
	m[20].Data = other.Messages[20].Data
	var chain *heads.ChainError
	if _, err := audit.Verify(t.Context(), &projtest.Stream{Messages: m}, nil, nil); !errors.As(err, &chain) {
		t.Errorf("%v, want a broken chain", err)
	}
	var damage *events.DamageError
	if _, err := audit.Verify(t.Context(), &projtest.Stream{Messages: l.Messages[1:]}, nil, nil); !errors.As(err, &damage) {
		t.Errorf("%v, want the genesis to be missed", err)
	}
}

var records = flag.Int("records", 200_000, "number of records in benchmarks")

// BenchmarkProof measures, over the same records: writing the archive, signing the first checkpoint, verifying from
// the archive, reading it checked, and building all views from it.
func BenchmarkProof(b *testing.B) {
	src := prooftest.NewSynthetic(b, *records)
	dir := b.TempDir()
	a, err := archive.Create(filepath.Join(dir, "archive"))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	measure := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			used := processTime(b)
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			used = processTime(b) - used
			b.ReportMetric(float64(used.Microseconds())/float64(n)/float64(b.N), "cpu-µs/event")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s")
			b.ReportMetric(0, "ns/op")
		})
	}
	n = *records
	measure("write", func() (err error) {
		b.StopTimer()
		if a, err = archive.Create(b.TempDir()); err != nil {
			return err
		}
		b.StartTimer()
		_, err = a.CatchUp(b.Context(), src, nil)
		return err
	})
	measure("checkpoint", func() error {
		_, err := checkpoint.Issue(b.Context(), a, nil, src.Key, src.Signer, nil, nil)
		return err
	})
	measure("read", func() error {
		return a.Read(b.Context(), 1, a.Size(), func([]events.Message) error { return nil })
	})
	measure("verify", func() error {
		s, err := checkpoint.Load(a, src.Key)
		if err != nil {
			return err
		}
		_, err = audit.Verify(b.Context(), a, []audit.Expectation{audit.Expect("it", s.Signed.Checkpoint, nil)}, nil)
		return err
	})
	measure("replay", func() error {
		return projections.Build(b.Context(), a, filepath.Join(dir, "views"), replay.Views(), a.Size(), nil)
	})
}

// processTime is what all cores spent, which says more on a machine that others
// use.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
