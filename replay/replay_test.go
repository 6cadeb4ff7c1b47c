package replay_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/projections/reimbursement"
	"caseledger/replay"
)

func open(t testing.TB, path string) *projections.Views {
	t.Helper()
	v, err := projections.Open(path, replay.Views(), projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func compare(t testing.TB, v *projections.Views, src projections.Source) *replay.Comparison {
	t.Helper()
	path := filepath.Join(t.TempDir(), "compare")
	c, err := replay.Compare(t.Context(), v, replay.Views(), src, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file of the comparison was left behind")
	}
	return c
}

// Given any lives, followed by all views one record or a few at a time, then the
// rebuilt views are equal; policies that are adopted late reach old cases.
func TestLiveEqualsRebuilt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := projtest.Lives(t, rt, 4)
		s.Add(t, projtest.Entry{Subject: events.ProgrammeSubject, On: "2009-06-01", Event: &events.PolicyAdopted{
			Settings: map[string]string{"partial_period_admin": rapid.SampledFrom([]string{"prorata", "begun_full"}).Draw(rt, "setting")}, Authority: "memo"}})
		s.Add(t, projtest.Entry{Subject: "case/C-0", On: "2009-06-02", Event: &events.ServiceDelivered{Category: "housing"}})
		v, err := projections.Open(filepath.Join(t.TempDir(), "views"), replay.Views(), projections.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer v.Close()
		for at := 0; at < len(s.Messages); {
			at = min(len(s.Messages), at+rapid.IntRange(1, 9).Draw(rt, "batch"))
			if err := v.CatchUp(t.Context(), s.Until(at), nil); err != nil {
				rt.Fatal(err)
			}
		}
		if c := compare(t, v, s); !c.Equal {
			rt.Fatalf("%+v", c)
		}
	})
}

// Given live views in which somebody changed a row, then the comparison says so
// and names it, and a rebuild puts it right.
func TestCompareNamesTheDifference(t *testing.T) {
	s := projtest.NewSynthetic(t, 3000)
	path := filepath.Join(t.TempDir(), "views")
	v := open(t, path)
	if _, err := replay.Rebuild(t.Context(), v, s, nil); err != nil {
		t.Fatal(err)
	}
	v.Close()
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("view.reimbursement"))
		return b.Put([]byte("case/"+projtest.LongClient), []byte{0, 0})
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	v = open(t, path)
	c := compare(t, v, s)
	if c.Equal || len(c.Differences) != 1 || c.Differences[0].String() != "view.reimbursement case/"+projtest.LongClient {
		t.Errorf("%+v, want the one row that was changed", c)
	}
	if _, err := replay.Rebuild(t.Context(), v, s, nil); err != nil {
		t.Fatal(err)
	}
	if c := compare(t, v, s); !c.Equal {
		t.Errorf("after a rebuild: %+v", c)
	}
}

// Given a moment in the past, then the views built until it, from the log or from
// the views' own records, are those of that moment.
func TestUntil(t *testing.T) {
	s := projtest.NewSynthetic(t, 3000)
	v := open(t, filepath.Join(t.TempDir(), "views"))
	if err := v.CatchUp(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	var moment events.Instant
	err := v.Read(func(snap *projections.Snapshot) error {
		r, err := snap.Record(1700)
		moment = r.Time
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var digests []events.Hash
	for _, src := range []projections.Source{s, v.Source()} {
		path := filepath.Join(t.TempDir(), "until")
		sequence, err := replay.Until(t.Context(), v, src, moment, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		then := open(t, path)
		if p, err := then.Position(); err != nil || p.Sequence != sequence || sequence < 1 || sequence > 1700 || p.Latest > moment {
			t.Errorf("position %+v, %v, want #%d", p, err, sequence)
		}
		d, err := then.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d)
	}
	if digests[0] != digests[1] {
		t.Error("the log and the views' own records give other views")
	}
}

// Given a canceled comparison, then nothing is left behind.
func TestCompareCanceled(t *testing.T) {
	s := projtest.NewSynthetic(t, 3000)
	v := open(t, filepath.Join(t.TempDir(), "views"))
	if err := v.CatchUp(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	directory := t.TempDir()
	_, err := replay.Compare(ctx, v, replay.Views(), s, filepath.Join(directory, "compare"), func(projections.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want a canceled context", err)
	}
	if files, err := os.ReadDir(directory); err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// Given views as of a position, then queries answer what was known there.
func TestReimbursementAsOf(t *testing.T) {
	s := projtest.NewSynthetic(t, 3000)
	v := open(t, filepath.Join(t.TempDir(), "views"))
	if err := v.CatchUp(t.Context(), s, nil); err != nil {
		t.Fatal(err)
	}
	total := func(sequence uint64) (total events.Cents) {
		err := v.ReadAsOf(t.Context(), sequence, nil, func(snap *projections.Snapshot) error {
			if snap.Position().Sequence != min(sequence, 3000) {
				t.Errorf("position #%d, want #%d", snap.Position().Sequence, sequence)
			}
			c, err := reimbursement.Total(snap, events.MustDate("2000-01-01"), events.MustDate("2099-01-01"))
			if err == nil {
				total = c.Total.AdministrativeCents
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	if then, now := total(1500), total(3000); then == 0 || then >= now {
		t.Errorf("administrative amounts were %s then and are %s now", then, now)
	}
}
