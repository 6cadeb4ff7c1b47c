package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/replay/archive"
)

func signerOf(t *testing.T, p app.Place) note.Signer {
	t.Helper()
	s, err := app.ReadSigner(p.SigningKey())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Given an archive, then following keeps it at the stream's head; a stream
// that cannot be read is told once, however often it is tried.
func TestFollowArchive(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	l := openLedger(t, p)
	defer l.Close()
	follow := func(ticks int) (told []error) {
		ctx, cancel := context.WithCancel(t.Context())
		c, done := make(chan time.Time), make(chan struct{})
		go func() {
			defer close(done)
			l.FollowArchive(ctx, c, func(err error) { told = append(told, err) })
		}()
		for range ticks {
			c <- time.Time{}
		}
		c <- time.Time{} // the ones before are done when this is taken
		cancel()
		<-done
		return told
	}
	if told := follow(2); len(told) != 0 {
		t.Errorf("without an archive: %v", told)
	}
	if _, err := l.Checkpoint(t.Context(), signerOf(t, p), nil, nil); err != nil {
		t.Fatal(err)
	}
	must(t, l.App, sign("c1", "A-1"))
	if told := follow(1); len(told) != 0 {
		t.Errorf("with an archive: %v", told)
	}
	a, err := l.Archive(false)
	if err != nil || a.Size() != 2 {
		t.Errorf("the archive has %d records: %v", a.Size(), err)
	}
	if err := l.Log.Close(); err != nil {
		t.Fatal(err)
	}
	if told := follow(3); len(told) != 1 {
		t.Errorf("with a stream that cannot be read: told %v", told)
	}
}

// Given a damaged archive, then the ledger does not open, except to write it
// again; a lost one is written again too.
func TestRepairArchive(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	l := openLedger(t, p)
	if _, err := l.Checkpoint(t.Context(), signerOf(t, p), nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() error{
		"damaged": func() error { return os.Truncate(filepath.Join(p.ArchiveDir(), "head"), 3) },
		"lost":    func() error { return os.RemoveAll(p.ArchiveDir()) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		now := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)
		options := app.OpenOptions{Catalogue: app.Commands(), Now: func() time.Time { return now }}
		if l, err := app.Open(t.Context(), p, options); name == "damaged" {
			var damaged *archive.DamageError
			if !errors.As(err, &damaged) {
				t.Errorf("%s: open: %v", name, err)
			}
		} else if err != nil {
			t.Errorf("%s: open: %v", name, err)
		} else if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		options.IgnoreArchive = true
		l, err := app.Open(t.Context(), p, options)
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.RepairArchive(t.Context(), signerOf(t, p), app.RepairOptions{Now: options.Now})
		if err != nil || r.Records != 1 || (r.SetAside == "") != (name == "lost") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if _, err := l.Verify(t.Context(), app.VerifyOptions{}); err != nil {
			t.Errorf("%s: verify after the repair: %v", name, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A repair that cannot be done changes nothing.
func TestRepairStreamRefuses(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	before := os.DirFS(p.Dir)
	if _, err := app.RepairStream(t.Context(), p, app.RepairOptions{Now: time.Now}); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("without an archive: %v", err)
	}
	if _, err := app.RepairStream(t.Context(), app.Place{Dir: p.Dir, URL: "nats://127.0.0.1:1"}, app.RepairOptions{Now: time.Now}); err == nil {
		t.Error("the stream of another server was repaired")
	}
	if err := fstest.TestFS(before, "signing.key", "keys.db"); err != nil {
		t.Error(err)
	}
}
