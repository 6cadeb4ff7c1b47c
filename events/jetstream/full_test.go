package jetstream_test

import (
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

// fullVariable marks the process in which files may not grow. The limit on file
// sizes makes writes fail as a full disk does, needs no rights, and holds for a
// whole process, so the test runs in one of its own.
const fullVariable = "CASELEDGER_TEST_FULL"

func TestFullDisk(t *testing.T) {
	if os.Getenv(fullVariable) != "" {
		testFullDisk(t)
		return
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(executable, "-test.run=^TestFullDisk$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), fullVariable+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}

func testFullDisk(t *testing.T) {
	dir := t.TempDir()
	s, err := natsserver.Start(natsserver.Config{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	c := jetstream.Config{Server: s, Timeout: time.Second}
	create(t, c)
	l := open(t, c)

	limitFiles(t, 1<<20)
	acknowledged := fillUp(t, l)
	last := slices.MaxFunc(acknowledged, func(a, b events.Message) int { return int(a.Sequence) - int(b.Sequence) })
	_, err = l.Append(t.Context(), logtest.Subject(), 0, logtest.ID(), []byte("one more"))
	if !errors.Is(err, events.ErrFull) {
		t.Errorf("append to a full log: %v, want ErrFull", err)
	}
	if _, err := jetstream.Open(t.Context(), c); !errors.Is(err, events.ErrFull) {
		t.Errorf("open on a full disk: %v, want ErrFull", err)
	}
	l.Close()
	s.Shutdown()

	limitFiles(t, syscall.RLIM_INFINITY&(1<<62-1))
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
