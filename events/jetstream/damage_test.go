package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/logtest"
	"caseledger/events/natsserver"
)

// ledgerOf writes n records to a new ledger in dir and shuts its server down. It
// returns what was written.
func ledgerOf(t *testing.T, dir string, n int) []events.Message {
	t.Helper()
	s := start(t, natsserver.Config{StoreDir: dir})
	c := jetstream.Config{Server: s}
	create(t, c)
	l := open(t, c)
	var written []events.Message
	for i := range n {
		subject := logtest.Subject()
		data := fmt.Appendf(nil, "record %04d %s", i, bytes.Repeat([]byte{byte('A' + i%26)}, 300))
		sequence, err := l.Append(t.Context(), subject, 0, logtest.ID(), data)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, events.Message{Sequence: sequence, Subject: subject, Data: data})
	}
	l.Close()
	s.Shutdown()
	return written
}

// blocks returns the files that hold the stream's messages.
func blocks(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "LEDGER", "msgs", "*.blk"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no message blocks in %s: %v", dir, err)
	}
	return found
}

// Whatever bit of the stream's files flips, a reader gets the true records or an
// error, in bounded time: never a false record, never a hole.
func TestDamagedStreamIsNeverReadAsWhole(t *testing.T) {
	const n = 600
	for _, at := range []struct {
		name   string
		record int
		change func(block []byte, offset int) []byte
	}{
		{"a flipped bit in the first record", 0, flip},
		{"a flipped bit in the middle", n / 2, flip},
		{"a flipped bit in the last record", n - 1, flip},
		{"a page of zeros in the middle", n / 2, func(b []byte, at int) []byte { clear(b[at : at+4096]); return b }},
		{"the file cut off in the middle", n / 2, func(b []byte, at int) []byte { return b[:at] }},
		{"the file cut off in the last record", n - 1, func(b []byte, at int) []byte { return b[:at] }},
	} {
		for _, index := range []string{"with its index", "without its index"} {
			t.Run(at.name+" "+index, func(t *testing.T) {
				dir := t.TempDir()
				written := ledgerOf(t, dir, n)
				block := blocks(t, dir)[0]
				b, err := os.ReadFile(block)
				if err != nil {
					t.Fatal(err)
				}
				offset := bytes.Index(b, written[at.record].Data[:12])
				if offset < 0 {
					t.Fatal("the record is not in its file")
				}
				if err := os.WriteFile(block, at.change(b, offset+20), 0o600); err != nil {
					t.Fatal(err)
				}
				if index == "without its index" {
					// As after a power cut: the server rebuilds its index.
					if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil {
						t.Fatal(err)
					}
				}
				mustNotPass(t, dir, written)
			})
		}
	}
}

func flip(b []byte, offset int) []byte { b[offset] ^= 0x10; return b }

// mustNotPass opens a damaged ledger with a floor at its last record and demands
// that either that fails, or reading all of it does.
func mustNotPass(t *testing.T, dir string, written []events.Message) {
	t.Helper()
	last := written[len(written)-1]
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	server, err := natsserver.Start(natsserver.Config{StoreDir: dir})
	if err != nil {
		t.Logf("refused by the server: %v", err)
		return
	}
	t.Cleanup(server.Shutdown)
	l, err := jetstream.Open(ctx, jetstream.Config{
		Server: server,
		Floor:  jetstream.Floor{Sequence: last.Sequence, Hash: events.HashOf(last.Data)},
	})
	if err != nil {
		t.Logf("refused at the gate: %v", err)
		return
	}
	defer l.Close()
	next := uint64(1)
	err = l.Read(ctx, 1, last.Sequence, func(batch []events.Message) error {
		for _, m := range batch {
			w := written[next-1]
			if m.Sequence != w.Sequence || m.Subject != w.Subject || !bytes.Equal(m.Data, w.Data) {
				t.Fatalf("read #%d of %s with %.30q, but #%d of %s was written with %.30q", m.Sequence, m.Subject, m.Data, w.Sequence, w.Subject, w.Data)
			}
			next++
		}
		return nil
	})
	var damage *events.DamageError
	if !errors.As(err, &damage) || damage.Sequence != next {
		t.Fatalf("read up to #%d: %v, want damage at #%d", next-1, err, next)
	}
	t.Logf("noticed by the reader: %v", err)
}
