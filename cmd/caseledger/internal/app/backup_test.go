package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/replay/audit"
)

// vault is where backups go, with the key that opens them.
type vault struct{ dir, key, recipient string }

func newVault(t *testing.T) vault {
	t.Helper()
	v := vault{dir: t.TempDir()}
	v.key = filepath.Join(v.dir, "key")
	var err error
	if v.recipient, err = app.NewBackupIdentity(v.key); err != nil {
		t.Fatal(err)
	}
	return v
}

func (v vault) backup(t *testing.T, l *app.Ledger, name string) *app.BackedUp {
	t.Helper()
	made, err := l.Backup(t.Context(), app.BackupOptions{To: filepath.Join(v.dir, name), Recipients: []string{v.recipient}})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (v vault) restore(t *testing.T, name string, p app.Place) error {
	t.Helper()
	_, err := app.Restore(t.Context(), p, app.RestoreOptions{Backup: filepath.Join(v.dir, name), Identities: v.key})
	return err
}

func recordsOf(t *testing.T, l *app.Ledger) (all [][]byte) {
	t.Helper()
	head, err := l.Log.Head(t.Context())
	if err == nil {
		err = l.Log.Read(t.Context(), 1, head, func(batch []events.Message) error {
			for _, m := range batch {
				if m.Sequence != uint64(len(all))+1 {
					return fmt.Errorf("#%d comes after %d records", m.Sequence, len(all))
				}
				all = append(all, bytes.Clone(m.Data))
			}
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Given a ledger that is recorded to without pause, when it is backed up, then what is
// restored is a prefix of it, byte for byte, with its checkpoint, and can be gone on with.
func TestBackupWhileRecording(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	l := openLedger(t, p)
	defer l.Close()
	for i := range 40 {
		must(t, l.App, sign(fmt.Sprintf("c%d", i), fmt.Sprintf("A-%d", i)))
	}
	promised, err := l.Checkpoint(t.Context(), signerOf(t, p), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	recorded, begun := make(chan int), make(chan struct{})
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			if _, err := l.Execute(t.Context(), sign(fmt.Sprintf("d%d", n), fmt.Sprintf("B-%d", n))); err != nil {
				t.Error(err)
				break
			}
			if n == 0 {
				close(begun)
			}
		}
		recorded <- n
	}()
	v := newVault(t)
	<-begun
	made := v.backup(t, l, "one")
	stop()
	<-recorded
	to := app.Place{Dir: filepath.Join(t.TempDir(), "restored")}
	if err := v.restore(t, "one", to); err != nil {
		t.Fatal(err)
	}
	r := openLedger(t, to)
	defer r.Close()
	all, back := recordsOf(t, l), recordsOf(t, r)
	if uint64(len(back)) != made.Report.Records || len(back) < 41 || len(back) > len(all) {
		t.Fatalf("%d records of %d came back, and the backup held %d", len(back), len(all), made.Report.Records)
	}
	for i := range back {
		if !bytes.Equal(back[i], all[i]) {
			t.Fatalf("record #%d is another", i+1)
		}
	}
	report, err := r.Verify(t.Context(), app.VerifyOptions{Checkpoints: map[string][]byte{"the one kept": promised.Signed.Note}})
	if err != nil || len(report.Held) < 4 || report.Looks == nil {
		t.Errorf("verified %+v, %v", report, err)
	}
	must(t, r.App, sign("after", "C-1"))
	if _, err := r.Checkpoint(t.Context(), signerOf(t, to), nil, nil); err != nil {
		t.Error(err)
	}
}

// Given a stream in which a record was exchanged since it was archived, then no backup
// of it is made.
func TestBackupOfAnAlteredStream(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	other := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	duplicate(t, p, other)
	for i, at := range []app.Place{p, other} {
		l := openLedger(t, at)
		for n := range 3 {
			must(t, l.App, sign(fmt.Sprintf("c%d", n), fmt.Sprintf("A-%d", n+10*i*(1-n/2)))) // the last one is alike
		}
		if i == 0 {
			if _, err := l.Checkpoint(t.Context(), signerOf(t, at), nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"archive", "checkpoint"} {
		from, to := filepath.Join(p.Dir, name), filepath.Join(other.Dir, name)
		if name == "checkpoint" {
			b, err := os.ReadFile(from)
			if err == nil {
				err = os.WriteFile(to, b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		} else if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := app.Open(t.Context(), other, app.OpenOptions{Catalogue: catalogue(t), Now: time.Now, IgnoreArchive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v := newVault(t)
	_, err = l.Backup(t.Context(), app.BackupOptions{To: v.dir, Recipients: []string{v.recipient}})
	asError[*audit.MismatchError](t, err)
	left, err := os.ReadDir(v.dir)
	if err != nil || len(left) != 1 { // the key
		t.Errorf("%v is left, %v", left, err)
	}
}

// Given three servers, then a backup is restored on all of them, and never over streams that are there.
func TestRestoreOnACluster(t *testing.T) {
	p := app.Place{Dir: filepath.Join(t.TempDir(), "ledger")}
	initLedger(t, p)
	l := openLedger(t, p)
	for i := range 20 {
		must(t, l.App, sign(fmt.Sprintf("c%d", i), fmt.Sprintf("A-%d", i)))
	}
	if _, err := l.Checkpoint(t.Context(), signerOf(t, p), nil, nil); err != nil {
		t.Fatal(err)
	}
	v := newVault(t)
	v.backup(t, l, "one")
	want := recordsOf(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cluster := startServers(t, 3)
	cluster.Dir, cluster.Replicas = filepath.Join(t.TempDir(), "restored"), 3
	if err := v.restore(t, "one", cluster); err != nil {
		t.Fatal(err)
	}
	r := openLedger(t, cluster)
	defer r.Close()
	got := recordsOf(t, r)
	if len(got) != len(want) || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
		t.Errorf("%d records came back of %d, or others", len(got), len(want))
	}
	if _, err := r.Verify(t.Context(), app.VerifyOptions{}); err != nil {
		t.Error(err)
	}
	must(t, r.App, sign("after", "C-1"))
	again := cluster
	again.Dir = filepath.Join(t.TempDir(), "again")
	if err := v.restore(t, "one", again); !errors.Is(err, jetstream.ErrExists) {
		t.Errorf("restored over streams that are there: %v", err)
	}
	if _, err := os.Stat(again.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", again.Dir, err)
	}
}

// startServers starts a cluster, and returns the way to it.
func startServers(t *testing.T, n int) app.Place {
	t.Helper()
	const token = "token-of-the-test"
	p := app.Place{TokenFile: filepath.Join(t.TempDir(), "token")}
	if err := os.WriteFile(p.TokenFile, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	ports := freePorts(t, n)
	var urls []string
	for i, port := range ports {
		s, err := natsserver.Start(natsserver.Config{
			StoreDir: t.TempDir(), Name: fmt.Sprintf("node-%d", i), Listen: &natsserver.Listener{Token: token}, Unsynced: true,
			Cluster: &natsserver.Cluster{Name: "test", Port: port, Peers: ports, Secret: "routes"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Shutdown)
		urls = append(urls, s.URL())
	}
	p.URL = strings.Join(urls, ",")
	return p
}

// freePorts returns ports of the loopback address, all found before any is given back.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
