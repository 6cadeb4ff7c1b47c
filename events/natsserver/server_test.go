package natsserver_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caseledger/events/natsserver"
)

func TestStartListsEveryFault(t *testing.T) {
	_, err := natsserver.Start(natsserver.Config{
		Listen:  &natsserver.Listener{},
		Cluster: &natsserver.Cluster{Name: "lonely"},
	})
	if err == nil {
		t.Fatal("a server without a directory started")
	}
	for _, want := range []string{"store directory", "listener needs a token", "a cluster needs"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestStartFailsOnAFileInsteadOfADirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := natsserver.Start(natsserver.Config{StoreDir: path})
	if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "not ready") {
		t.Errorf("start on a file: %v, want the cause and the directory", err)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	s, err := natsserver.Start(natsserver.Config{
		StoreDir: t.TempDir(), Listen: &natsserver.Listener{Token: "secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(s.URL(), "nats://")
	if host, _, err := net.SplitHostPort(address); err != nil || host != "127.0.0.1" {
		t.Errorf("the server listens on %s: %v", address, err)
	}
	if err := s.StoreError(); err != nil {
		t.Errorf("a fresh server is not well: %v", err)
	}
	s.Shutdown()
	if _, err := net.Dial("tcp", address); err == nil {
		t.Errorf("after shutdown something listens on %s", address)
	}
	if s.StoreError() == nil {
		t.Error("a server that was shut down is well")
	}
}

func TestLockDir(t *testing.T) {
	dir := t.TempDir()
	unlock, err := natsserver.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = natsserver.LockDir(dir)
	var locked *natsserver.LockedError
	if !errors.As(err, &locked) || locked.Dir != dir || locked.PID != os.Getpid() {
		t.Fatalf("lock a held directory: %v, want it held by %d", err, os.Getpid())
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	unlock, err = natsserver.LockDir(dir)
	if err != nil {
		t.Fatalf("lock a released directory: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if _, err := natsserver.LockDir(filepath.Join(dir, "missing")); err == nil || errors.As(err, &locked) {
		t.Errorf("lock a missing directory: %v", err)
	}
}

// A crash leaves the file with a process id, and no lock.
func TestLockDirAfterACrash(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "LOCK"), []byte("4194305999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	unlock, err := natsserver.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	var locked *natsserver.LockedError
	if _, err := natsserver.LockDir(dir); !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("lock: %v, want it held by %d", err, os.Getpid())
	}
}

// A server that was killed while it tried its directory leaves an empty file there.
func TestStartAfterAKillAtStart(t *testing.T) {
	dir := t.TempDir()
	trial := filepath.Join(dir, "jetstream", "_test_1564245001")
	if err := errors.Join(os.Mkdir(filepath.Dir(trial), 0o700), os.WriteFile(trial, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	s, err := natsserver.Start(natsserver.Config{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	if err := s.StoreError(); err != nil {
		t.Errorf("after a start that was killed: %v", err)
	}
	if _, err := os.Stat(trial); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}
