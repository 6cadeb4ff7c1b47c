package app_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/events/seal"
	"caseledger/projections"
)

func openLedger(t *testing.T, p app.Place) *app.Ledger {
	t.Helper()
	l, err := app.Open(t.Context(), p, app.OpenOptions{Catalogue: catalogue(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func initLedger(t *testing.T, p app.Place) {
	t.Helper()
	if err := app.Init(t.Context(), p, app.InitOptions{Actor: "amy", Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

func TestLedgerSurvivesARestart(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	l := openLedger(t, p)
	first := must(t, l.App, sign("c1", "A-1"))
	secret := app.Request{Name: "engage-person", ID: "c2", Actor: "amy", Command: &engagePerson{Agency: "A-1", Name: "Ana"}}
	must(t, l.App, secret)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	l = openLedger(t, p)
	defer l.Close()
	if r := must(t, l.App, sign("c1", "A-1")); r.Appended || r.Record.ID != first.Record.ID {
		t.Errorf("got %+v, want the first record", r)
	}
	if r := must(t, l.App, secret); r.Appended {
		t.Error("the same secret was recorded twice")
	}
	_, err := l.Execute(t.Context(), sign("c2", "A-2")) // the views know the id
	asError[*app.CommandReusedError](t, err)
}

// Given a bit of the views that is not what it was, then the next command has them
// built again, tells it, and is carried out.
func TestDamagedViewsAreBuiltAgain(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	l := openLedger(t, p)
	must(t, l.App, sign("c1", "A-1"))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openLedger(t, p).Close(); err != nil { // its views have caught up
		t.Fatal(err)
	}
	path := filepath.Join(p.Dir, "views.db")
	views, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("agency/A-1")
	for at := bytes.Index(views, key); at >= 0; at = bytes.Index(views, key) {
		copy(views[at:], "agency/A-0")
	}
	if err := os.WriteFile(path, views, 0o600); err != nil {
		t.Fatal(err)
	}
	told := 0
	l, err = app.Open(t.Context(), p, app.OpenOptions{
		Catalogue: catalogue(t), Now: time.Now, Mended: func(*projections.DoubtError) { told++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if r := must(t, l.App, sign("c1", "A-1")); r.Appended {
		t.Error("a command was recorded twice")
	}
	if r := must(t, l.App, sign("c2", "A-1")); r.Record.Version != 2 || told != 1 {
		t.Errorf("version %d, told %d times", r.Record.Version, told)
	}
}

func TestLedgerIsHeldByOneProcess(t *testing.T) {
	p := app.Place{Dir: t.TempDir()}
	initLedger(t, p)
	l := openLedger(t, p)
	defer l.Close()

	_, err := app.Open(t.Context(), p, app.OpenOptions{Catalogue: catalogue(t)})

	if e := asError[*natsserver.LockedError](t, err); e.PID != os.Getpid() {
		t.Errorf("got %+v", e)
	}
}

func TestLostStreamIsNotMadeAgain(t *testing.T) {
	p := app.Place{Dir: t.TempDir()}
	initLedger(t, p)
	if err := openLedger(t, p).Close(); err != nil {
		t.Fatal(err)
	}
	stream := filepath.Join(p.Dir, "stream")
	if err := os.RemoveAll(stream); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(stream, 0o700); err != nil {
		t.Fatal(err)
	}

	_, err := app.Open(t.Context(), p, app.OpenOptions{Catalogue: catalogue(t)})

	if !errors.Is(err, jetstream.ErrNotFound) {
		t.Errorf("got error %v, want that the stream is not found", err)
	}
}

// TestLedgerElsewhere keeps the records on a server that is not in the process,
// where two programs write to the same stream.
func TestLedgerElsewhere(t *testing.T) {
	server, err := natsserver.Start(natsserver.Config{StoreDir: t.TempDir(), Listen: &natsserver.Listener{Token: "open sesame"}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := app.Place{Dir: t.TempDir(), URL: server.URL(), TokenFile: token}
	initLedger(t, p)
	ours := openLedger(t, p)
	defer ours.Close()
	other := p
	other.Dir = t.TempDir()
	for _, name := range []string{"master.key", "keys.db"} {
		copyFile(t, filepath.Join(p.Dir, name), filepath.Join(other.Dir, name))
	}
	theirs := openLedger(t, other)
	defer theirs.Close()

	must(t, ours.App, sign("c1", "A-1"))
	must(t, theirs.App, sign("c2", "A-1"))
	if r := must(t, ours.App, sign("c3", "A-1")); r.Record.Version != 3 {
		t.Errorf("got version %d, want 3", r.Record.Version)
	}
	if _, err := app.Open(t.Context(), app.Place{Dir: p.Dir, URL: server.URL()}, app.OpenOptions{}); err == nil {
		t.Error("opened without the token")
	}
}

// copyFile copies a file that may be open: the key file holds no keys yet.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Given a key file that somebody else holds, so that whoever opened it would wait, then
// a process without keys opens the ledger, records what identifies nobody, and seals nothing.
func TestWithoutKeys(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	keys, err := seal.Open(filepath.Join(p.Dir, "keys.db"), filepath.Join(p.Dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	l, err := app.Open(t.Context(), p, app.OpenOptions{Catalogue: catalogue(t), Now: time.Now, NoKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	must(t, l.App, sign("c1", "A-1"))
	secret := app.Request{Name: "engage-person", ID: "c2", Actor: "amy", Command: &engagePerson{Agency: "A-1", Name: "Ana"}}
	if _, err := l.Execute(t.Context(), secret); !errors.Is(err, app.ErrNoKeys) {
		t.Errorf("sealed: %v", err)
	}
	if _, err := l.Unseal("case/C-1", "", events.IdentityKey, 0, "s1.1.x"); !errors.Is(err, app.ErrNoKeys) {
		t.Errorf("unsealed: %v", err)
	}
	if err := l.LostKeys(t.Context()); !errors.Is(err, app.ErrNoKeys) {
		t.Errorf("looked for lost keys: %v", err)
	}
}
