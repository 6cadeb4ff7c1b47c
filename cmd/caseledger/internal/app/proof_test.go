package app_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/mod/sumdb/note"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/replay/archive"
	"caseledger/replay/audit"
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
	if _, err := l.LooksArchive(false); err != nil {
		t.Errorf("the archive of looks: %v", err)
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

// Given any one fault in the files of the stream, then verifying finds it, or no
// record is touched by it; and a repair brings every record back, as it was.
func TestStreamFaults(t *testing.T) {
	good := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, good)
	l := openLedger(t, good)
	for i := range 30 {
		must(t, l.App, sign(fmt.Sprintf("c%d", i), fmt.Sprintf("A-%d", i)))
	}
	if _, err := l.Checkpoint(t.Context(), signerOf(t, good), nil, nil); err != nil {
		t.Fatal(err)
	}
	whole := verified(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	faults, detected, repaired := 0, 0, 0
	for _, name := range streamFiles(t, good) {
		for kind, change := range map[string]func([]byte) []byte{
			"flipped":   func(b []byte) []byte { b[dice.IntN(len(b))] ^= 1 << dice.IntN(8); return b },
			"cut short": func(b []byte) []byte { return b[:dice.IntN(len(b))] },
			"deleted":   func([]byte) []byte { return nil },
		} {
			p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
			duplicate(t, good, p)
			faults++
			spoil(t, filepath.Join(p.Dir, name), change)
			if found := opened(t, p, whole); found {
				detected++
			}
			r, err := app.RepairStream(t.Context(), p, app.RepairOptions{Now: time.Now})
			if err != nil || r.Records != whole.Records {
				t.Errorf("%s %s: repair: %+v, %v", name, kind, r, err)
				continue
			}
			if opened(t, p, whole) {
				t.Errorf("%s %s: not repaired", name, kind)
				continue
			}
			repaired++
		}
	}
	t.Logf("%d faults: %d detected, %d without any effect on a record, %d repaired, 0 wrong records served", faults, detected, faults-detected, repaired)
	if detected < 3 || repaired != faults {
		t.Errorf("%d of %d faults were detected, %d repaired", detected, faults, repaired)
	}
}

func verified(t *testing.T, l *app.Ledger) *audit.Report {
	t.Helper()
	r, err := l.Verify(t.Context(), app.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// opened opens and verifies a ledger and reports whether a fault was found. A
// ledger without one must be whole.
func opened(t *testing.T, p app.Place, whole *audit.Report) (found bool) {
	t.Helper()
	l, err := app.Open(t.Context(), p, app.OpenOptions{Catalogue: catalogue(t), Now: time.Now})
	if err != nil {
		return true
	}
	defer l.Close()
	r, err := l.Verify(t.Context(), app.VerifyOptions{})
	if err == nil && (r.Root != whole.Root || r.Records != whole.Records) {
		t.Errorf("verified %d records with root %s, want %d with %s", r.Records, r.Root, whole.Records, whole.Root)
	}
	return err != nil
}

// duplicate copies a ledger; keys stay readable by their owner only.
func duplicate(t *testing.T, from, to app.Place) {
	t.Helper()
	err := os.CopyFS(to.Dir, os.DirFS(from.Dir))
	for _, key := range []string{"master.key", "signing.key", "keys.db"} {
		err = errors.Join(err, os.Chmod(filepath.Join(to.Dir, key), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func streamFiles(t *testing.T, p app.Place) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(p.Dir, "stream"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() == 0 {
			return err
		}
		name, err := filepath.Rel(p.Dir, path)
		names = append(names, name)
		return err
	})
	if err != nil || len(names) < 3 {
		t.Fatalf("%d files of the stream: %v", len(names), err)
	}
	return names
}

func spoil(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b = change(b); b == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
