// Package logtest is the conformance suite of [events.Log]: what an
// implementation must do, as tests that each of them runs.
package logtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"caseledger/events"
)

// limit bounds each test: a log that hangs fails.
const limit = 60 * time.Second

// Run runs the suite. open returns a log to use, closed by the suite; it may be
// shared with earlier tests and hold their records, but nobody else writes to it.
func Run(t *testing.T, open func(t *testing.T) events.Log) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"appended records are read back", testAppend},
		{"a stale expectation is a conflict and writes nothing", testConflict},
		{"a repeated append is a conflict", testRepeated},
		{"a subject without records has an empty history", testEmptyHistory},
		{"a history longer than a batch is whole", testLongHistory},
		{"records of any size up to the largest are kept", testSizes},
		{"one of 32 writers wins each version of a subject", testOneSubject},
		{"32 writers on many subjects lose nothing", testManySubjects},
		{"a read is without gaps while records are appended", testReadWhileAppending},
		{"a read may begin and end anywhere", testReadRange},
		{"a read beyond the head is damage", testReadBeyond},
		{"an error of the reader ends the read", testReaderError},
		{"a batch may be kept and changed", testRetained},
		{"what is appended may be changed afterwards", testCopied},
		{"records are found by their sequence numbers", testGet},
		{"a cancelled context ends everything", testCancelled},
		{"a closed log fails", testClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			log := open(t)
			t.Cleanup(func() { log.Close() })
			test.run(t, suite{log, ctx})
		})
	}
}

// RunDurable checks that records outlive the log: reopen closes what open
// returned, with the server behind it where there is one, and opens it again.
func RunDurable(t *testing.T, open func(t *testing.T) (log events.Log, reopen func() events.Log)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	log, reopen := open(t)
	before := suite{log, ctx}
	subject := Subject()
	start := before.head(t)
	want := before.fill(t, subject, 0, 100)

	after := suite{reopen(), ctx}
	t.Cleanup(func() { after.log.Close() })
	after.mustHold(t, subject, want)
	if got := after.head(t); got != start+100 {
		t.Errorf("head after reopening is #%d, want #%d", got, start+100)
	}
	last := want[len(want)-1].Sequence
	if _, err := after.append(subject, 0, []byte("x")); !isConflict(err) {
		t.Errorf("stale append after reopening: %v, want a conflict", err)
	}
	after.mustHold(t, subject, append(want, after.fill(t, subject, last, 1)...))
}

// Subject returns a subject that no other test uses.
func Subject() events.Subject { return events.SubjectOf(events.KindCase, rand.Text()) }

// ID returns a fresh record id.
func ID() string { return ulid.Make().String() }

type suite struct {
	log events.Log
	ctx context.Context
}

func (s suite) append(subject events.Subject, expected uint64, data []byte) (uint64, error) {
	return s.log.Append(s.ctx, subject, expected, ID(), data)
}

func (s suite) head(t *testing.T) uint64 {
	t.Helper()
	head, err := s.log.Head(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// fill appends n records to a subject whose last one is last.
func (s suite) fill(t *testing.T, subject events.Subject, last uint64, n int) []events.Message {
	t.Helper()
	var written []events.Message
	for i := range n {
		data := fmt.Appendf(nil, `{"subject":%q,"n":%d}`, subject, i)
		sequence, err := s.append(subject, last, data)
		if err != nil {
			t.Fatalf("append %d: %v", i, err)
		}
		if sequence <= last {
			t.Fatalf("append %d: sequence #%d after #%d", i, sequence, last)
		}
		last = sequence
		written = append(written, events.Message{Sequence: sequence, Subject: subject, Data: data})
	}
	return written
}

// read returns the messages from..to and demands that none is missing.
func (s suite) read(t *testing.T, from, to uint64) []events.Message {
	t.Helper()
	var all []events.Message
	err := s.log.Read(s.ctx, from, to, func(batch []events.Message) error {
		if len(batch) == 0 {
			t.Error("an empty batch")
		}
		all = append(all, batch...)
		return nil
	})
	if err != nil {
		t.Fatalf("read #%d to #%d: %v", from, to, err)
	}
	if len(all) != int(to-from+1) {
		t.Fatalf("read #%d to #%d: %d messages", from, to, len(all))
	}
	for i, m := range all {
		if m.Sequence != from+uint64(i) {
			t.Fatalf("read #%d to #%d: message %d is #%d", from, to, i, m.Sequence)
		}
	}
	return all
}

// mustHold demands that a subject's history is want, and that reading the log
// gives the same.
func (s suite) mustHold(t *testing.T, subject events.Subject, want []events.Message) {
	t.Helper()
	history, err := s.log.History(s.ctx, subject)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "history", history, want)
	if len(want) == 0 {
		return
	}
	all := s.read(t, want[0].Sequence, want[len(want)-1].Sequence)
	all = slices.DeleteFunc(all, func(m events.Message) bool { return m.Subject != subject })
	mustEqual(t, "read", all, want)
}

func mustEqual(t *testing.T, what string, got, want []events.Message) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d messages, want %d", what, len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		if g.Sequence != w.Sequence || g.Subject != w.Subject || !bytes.Equal(g.Data, w.Data) {
			t.Fatalf("%s: message %d is #%d of %s with %.80q, want #%d of %s with %.80q",
				what, i, g.Sequence, g.Subject, g.Data, w.Sequence, w.Subject, w.Data)
		}
	}
}

func isConflict(err error) bool {
	var conflict *events.ConflictError
	return errors.As(err, &conflict)
}

// writers runs n goroutines and waits for them.
func writers(n int, f func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { f(i) })
	}
	wait.Wait()
}
