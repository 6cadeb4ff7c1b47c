package replay_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"caseledger/events"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/replay"
	"caseledger/replay/archive"
)

// counted is a source that says from where on it was read.
type counted struct {
	projections.Source
	from []uint64
}

func (c *counted) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	c.from = append(c.from, from)
	return c.Source.Read(ctx, from, to, f)
}

// Given an archive that holds the first 1,000 of 1,500 records, then a build reads
// the log only behind it, or from where the archive is damaged on, and gives the
// same views; an error of whoever reads ends both.
func TestArchived(t *testing.T) {
	source := projtest.NewSynthetic(t, 1500)
	want := digestOf(t, source, 1500)
	dir := filepath.Join(t.TempDir(), "archive")
	a, err := archive.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	err = source.Read(t.Context(), 1, 1000, func(batch []events.Message) error {
		var records [][]byte
		for _, m := range batch {
			records = append(records, m.Data)
		}
		return a.Append(records)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		damage  func() error
		from    uint64
		damaged bool
	}{
		{"whole", func() error { return nil }, 1001, false},
		{"damaged", func() error { return os.Remove(filepath.Join(dir, "tile/entries/001")) }, 257, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.damage(); err != nil {
				t.Fatal(err)
			}
			var told error
			log := &counted{Source: source}
			if got := digestOf(t, replay.Archived(a, log, func(err error) { told = err }), 1500); got != want {
				t.Errorf("the views have digest %s, want %s", got, want)
			}
			if len(log.from) != 1 || log.from[0] != test.from {
				t.Errorf("the log was read from %v, want %d", log.from, test.from)
			}
			var fault *archive.DamageError
			if errors.As(told, &fault) != test.damaged {
				t.Errorf("told of %v", told)
			}
		})
	}
	stop := errors.New("stop")
	log := &counted{Source: source}
	lender := replay.Archived(a, log, nil).(interface {
		Lend(context.Context, uint64, uint64, func([]events.Message, func()) error) error
	})
	if err := lender.Lend(t.Context(), 1, 1500, func([]events.Message, func()) error { return stop }); !errors.Is(err, stop) || len(log.from) > 0 {
		t.Errorf("after an error of its reader: %v, read from %v", err, log.from)
	}
}

func digestOf(t *testing.T, src projections.Source, until uint64) events.Hash {
	t.Helper()
	path := filepath.Join(t.TempDir(), "views")
	if err := projections.Build(t.Context(), src, path, replay.Views(), until, nil); err != nil {
		t.Fatal(err)
	}
	v, err := projections.Open(path, replay.Views(), projections.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	digest, err := v.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}
