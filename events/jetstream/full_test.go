package jetstream_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/logtest"
	"caseledger/events/natsserver"
)

// fullVariable marks a process that fills a disk, and says how the disk is
// limited; the test starts one for each way.
const fullVariable = "CASELEDGER_TEST_FULL"

// cannotMount is what a process says that has no right to mount a file system.
const cannotMount = "CANNOT MOUNT A SMALL FILE SYSTEM HERE"

func TestFullDisk(t *testing.T) {
	if way := os.Getenv(fullVariable); way != "" {
		testFullDisk(t, way)
		return
	}
	t.Run("files may not grow", func(t *testing.T) {
		if out, err := fillElsewhere("limit", nil); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
	t.Run("a small file system", func(t *testing.T) {
		out, err := fillElsewhere("tmpfs", &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		})
		switch {
		case bytes.Contains(out, []byte(cannotMount)) || errors.Is(err, syscall.EPERM):
			t.Logf("%s: only the limit on file sizes was tested: %v", cannotMount, err)
		case err != nil:
			t.Fatalf("%v\n%s", err, out)
		}
	})
}

func fillElsewhere(way string, attributes *syscall.SysProcAttr) ([]byte, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(executable, "-test.run=^TestFullDisk$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), fullVariable+"="+way)
	cmd.SysProcAttr = attributes
	return cmd.CombinedOutput()
}

// limitDisk limits what fits into dir and returns how to make room again.
func limitDisk(t *testing.T, way, dir string) (limit, makeRoom func()) {
	t.Helper()
	if way == "limit" {
		return func() { limitFiles(t, 1<<20) }, func() { limitFiles(t, 1<<40) }
	}
	mount := func(flags uintptr, size string) {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size="+size); err != nil {
			t.Fatalf("%s: %v", cannotMount, err)
		}
	}
	mount(0, "2m")
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return func() {}, func() { mount(syscall.MS_REMOUNT, "64m") }
}

func testFullDisk(t *testing.T, way string) {
	dir := t.TempDir()
	limit, makeRoom := limitDisk(t, way, dir)
	s, err := natsserver.Start(natsserver.Config{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	c := jetstream.Config{Server: s, Timeout: time.Second}
	create(t, c)
	l := open(t, c)

	limit()
	acknowledged := fillUp(t, l)
	last := slices.MaxFunc(acknowledged, func(a, b events.Message) int { return int(a.Sequence) - int(b.Sequence) })
	_, err = l.Append(t.Context(), logtest.Subject(), 0, logtest.ID(), []byte("one more"))
	if !errors.Is(err, events.ErrFull) {
		t.Errorf("append to a full log: %v, want ErrFull", err)
	}
	// What the server still has in memory may not be on the disk.
	if _, err := l.History(t.Context(), last.Subject); !errors.Is(err, events.ErrFull) {
		t.Errorf("read back from a full log: %v, want ErrFull", err)
	}
	if _, err := jetstream.Open(t.Context(), c); !errors.Is(err, events.ErrFull) {
		t.Errorf("open on a full disk: %v, want ErrFull", err)
	}
	l.Close()
	s.Shutdown()

	makeRoom()
	c.Server = start(t, natsserver.Config{StoreDir: dir})
	c.Floor = jetstream.Floor{Sequence: last.Sequence, Hash: events.HashOf(last.Data)}
	l = open(t, c)
	for _, want := range acknowledged {
		history, err := l.History(t.Context(), want.Subject)
		if err != nil {
			t.Fatal(err)
		}
		if len(history) != 1 || history[0].Sequence != want.Sequence || string(history[0].Data) != string(want.Data) {
			t.Fatalf("acknowledged record #%d of %s is lost", want.Sequence, want.Subject)
		}
	}
	if head, err := l.Head(t.Context()); err != nil || head != uint64(len(acknowledged)) {
		t.Errorf("%d appends were acknowledged and the head is #%d: %v", len(acknowledged), head, err)
	}
	write(t, l, 100)
}

// fillUp has 8 writers append until nothing fits any more, and demands that each
// of them is told so.
func fillUp(t *testing.T, l events.Log) (acknowledged []events.Message) {
	t.Helper()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for writer := range 8 {
		wait.Go(func() {
			for n := range 1000 {
				subject := logtest.Subject()
				data := fmt.Appendf(nil, "writer %d record %d %01000d", writer, n, n)
				sequence, err := l.Append(t.Context(), subject, 0, logtest.ID(), data)
				if err != nil {
					if !errors.Is(err, events.ErrFull) {
						t.Errorf("writer %d: %v, want ErrFull", writer, err)
					}
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, events.Message{Sequence: sequence, Subject: subject, Data: data})
				mu.Unlock()
			}
			t.Errorf("writer %d never filled the log", writer)
		})
	}
	wait.Wait()
	if len(acknowledged) < 100 {
		t.Fatalf("only %d records were acknowledged", len(acknowledged))
	}
	return acknowledged
}

func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(bytes, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}
