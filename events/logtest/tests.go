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

	"caseledger/events"
)

func testAppend(t *testing.T, s suite) {
	subject := Subject()
	start := s.head(t)
	want := s.fill(t, subject, 0, 5)
	for i, m := range want {
		if m.Sequence != start+uint64(i)+1 {
			t.Errorf("record %d has sequence #%d, want #%d", i, m.Sequence, start+uint64(i)+1)
		}
	}
	s.mustHold(t, subject, want)
	if got := s.head(t); got != start+5 {
		t.Errorf("head is #%d, want #%d", got, start+5)
	}
}

func testConflict(t *testing.T, s suite) {
	subject := Subject()
	want := s.fill(t, subject, 0, 3)
	head := s.head(t)
	last := want[2].Sequence
	for _, expected := range []uint64{0, want[0].Sequence, want[1].Sequence, last + 1, last + 1000} {
		_, err := s.append(subject, expected, []byte("stale"))
		var conflict *events.ConflictError
		if !errors.As(err, &conflict) {
			t.Fatalf("append expecting #%d: %v, want a conflict", expected, err)
		}
		if conflict.Subject != subject || conflict.Expected != expected {
			t.Errorf("append expecting #%d: the conflict says %+v", expected, *conflict)
		}
	}
	if _, err := s.append(Subject(), last, []byte("stale")); !isConflict(err) {
		t.Errorf("first append expecting #%d: %v, want a conflict", last, err)
	}
	s.mustHold(t, subject, want)
	if got := s.head(t); got != head {
		t.Errorf("head moved from #%d to #%d", head, got)
	}
}

func testRepeated(t *testing.T, s suite) {
	subject, id, data := Subject(), ID(), []byte("once")
	sequence, err := s.log.Append(s.ctx, subject, 0, id, data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.log.Append(s.ctx, subject, 0, id, data); !isConflict(err) {
		t.Errorf("the same append again: %v, want a conflict", err)
	}
	s.mustHold(t, subject, []events.Message{{Sequence: sequence, Subject: subject, Data: data}})
}

func testEmptyHistory(t *testing.T, s suite) {
	s.fill(t, Subject(), 0, 1)
	s.mustHold(t, Subject(), nil)
}

func testLongHistory(t *testing.T, s suite) {
	subject, other := Subject(), Subject()
	var want []events.Message
	var last, lastOther uint64
	for range 25 {
		want = append(want, s.fill(t, subject, last, 100)...)
		last = want[len(want)-1].Sequence
		lastOther = s.fill(t, other, lastOther, 1)[0].Sequence
	}
	s.mustHold(t, subject, want)
}

func testSizes(t *testing.T, s suite) {
	subject := Subject()
	var want []events.Message
	var last uint64
	for _, size := range []int{1, 485, 4 << 10, events.MaxRecord - 1, events.MaxRecord} {
		for range 20 {
			data := make([]byte, size)
			rand.Read(data)
			sequence, err := s.append(subject, last, data)
			if err != nil {
				t.Fatalf("append %d bytes: %v", size, err)
			}
			last = sequence
			want = append(want, events.Message{Sequence: sequence, Subject: subject, Data: data})
		}
	}
	s.mustHold(t, subject, want)
}

func testOneSubject(t *testing.T, s suite) {
	const versions = 30
	subject := Subject()
	var won []events.Message
	for version := range versions {
		var last uint64
		if version > 0 {
			last = won[version-1].Sequence
		}
		winners := s.race(t, subject, last)
		if len(winners) != 1 {
			t.Fatalf("version %d has %d winners", version+1, len(winners))
		}
		won = append(won, winners[0])
	}
	s.mustHold(t, subject, won)
}

// race has 32 writers append to a subject with the same expectation and returns
// what was acknowledged.
func (s suite) race(t *testing.T, subject events.Subject, last uint64) (winners []events.Message) {
	var mu sync.Mutex
	writers(32, func(i int) {
		data := fmt.Appendf(nil, "writer %d after #%d", i, last)
		sequence, err := s.append(subject, last, data)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			winners = append(winners, events.Message{Sequence: sequence, Subject: subject, Data: data})
		case !isConflict(err):
			t.Errorf("writer %d: %v, want a conflict", i, err)
		}
	})
	return winners
}

func testManySubjects(t *testing.T, s suite) {
	const each = 20
	start := s.head(t)
	written := make([][]events.Message, 32)
	writers(len(written), func(i int) {
		subject := Subject()
		var last uint64
		for n := range each {
			data := fmt.Appendf(nil, "writer %d record %d", i, n)
			sequence, err := s.append(subject, last, data)
			if err != nil {
				t.Errorf("writer %d: %v", i, err)
				return
			}
			last = sequence
			written[i] = append(written[i], events.Message{Sequence: sequence, Subject: subject, Data: data})
		}
	})
	if t.Failed() {
		return
	}
	all := slices.Concat(written...)
	slices.SortFunc(all, func(a, b events.Message) int { return int(a.Sequence) - int(b.Sequence) })
	mustEqual(t, "read", s.read(t, start+1, s.head(t)), all)
	for _, w := range written {
		s.mustHold(t, w[0].Subject, w)
	}
}

func testReadWhileAppending(t *testing.T, s suite) {
	const each = 100
	start := s.head(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		writers(4, func(int) {
			subject := Subject()
			var last uint64
			for range each {
				sequence, err := s.append(subject, last, []byte(subject))
				if err != nil {
					t.Error(err)
					return
				}
				last = sequence
			}
		})
	}()
	defer func() { <-done }()
	for next := start + 1; next <= start+4*each && !t.Failed(); {
		if head := s.head(t); head >= next {
			for _, m := range s.read(t, next, head) {
				if string(m.Data) != string(m.Subject) {
					t.Fatalf("#%d of %s holds %q", m.Sequence, m.Subject, m.Data)
				}
			}
			next = head + 1
		}
	}
}

func testReadRange(t *testing.T, s suite) {
	subject := Subject()
	want := s.fill(t, subject, 0, 50)
	first := want[0].Sequence
	for _, r := range [][2]int{{0, 49}, {0, 0}, {49, 49}, {7, 31}, {25, 26}} {
		got := s.read(t, first+uint64(r[0]), first+uint64(r[1]))
		mustEqual(t, fmt.Sprint("read ", r), got, want[r[0]:r[1]+1])
	}
	s.read(t, 1, s.head(t))
	called := false
	err := s.log.Read(s.ctx, first+1, first, func([]events.Message) error { called = true; return nil })
	if err != nil || called {
		t.Errorf("read of an empty range: %v, called %v", err, called)
	}
}

func testReadBeyond(t *testing.T, s suite) {
	s.fill(t, Subject(), 0, 3)
	head := s.head(t)
	var last uint64
	err := s.log.Read(s.ctx, head-1, head+2, func(batch []events.Message) error {
		last = batch[len(batch)-1].Sequence
		return nil
	})
	var damage *events.DamageError
	if !errors.As(err, &damage) || damage.Sequence != head+1 {
		t.Errorf("read beyond the head #%d: %v, want #%d to be missing", head, err, head+1)
	}
	if last != head {
		t.Errorf("the read gave what there was up to #%d, want #%d", last, head)
	}
}

// A Getter is a Log that also finds records by their sequence numbers.
type Getter interface {
	Get(ctx context.Context, sequences []uint64) ([]events.Message, error)
}

func testGet(t *testing.T, s suite) {
	log, ok := s.log.(Getter)
	if !ok {
		t.Fatalf("%T finds no records by their sequence numbers", s.log)
	}
	written := s.fill(t, Subject(), 0, 100)
	written = append(written, s.fill(t, Subject(), 0, 1)...)
	slices.Reverse(written)
	var sequences []uint64
	for _, m := range written {
		sequences = append(sequences, m.Sequence)
	}
	got, err := log.Get(s.ctx, sequences)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "get", got, written)
	if got, err := log.Get(s.ctx, nil); err != nil || len(got) != 0 {
		t.Errorf("get nothing: %d messages, %v", len(got), err)
	}
	beyond := s.head(t) + 1
	_, err = log.Get(s.ctx, []uint64{beyond - 1, beyond})
	var damage *events.DamageError
	if !errors.As(err, &damage) || damage.Sequence != beyond {
		t.Errorf("get beyond the head: %v, want #%d to be missing", err, beyond)
	}
}

func testReaderError(t *testing.T, s suite) {
	subject := Subject()
	want := s.fill(t, subject, 0, 10)
	enough := errors.New("enough")
	calls := 0
	err := s.log.Read(s.ctx, want[0].Sequence, want[9].Sequence, func([]events.Message) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("read: %v after %d calls, want the reader's error after 1", err, calls)
	}
	s.mustHold(t, subject, want)
}

func testRetained(t *testing.T, s suite) {
	subject := Subject()
	want := s.fill(t, subject, 0, 1000)
	// mustHold keeps all batches and compares them after the read.
	s.mustHold(t, subject, want)
	for _, m := range s.read(t, want[0].Sequence, want[999].Sequence) {
		clear(m.Data)
	}
	history, err := s.log.History(s.ctx, subject)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range history {
		clear(m.Data)
	}
	s.mustHold(t, subject, want)
}

func testCopied(t *testing.T, s suite) {
	subject, data := Subject(), []byte("before")
	sequence, err := s.append(subject, 0, data)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Clone(data)
	copy(data, "after!")
	s.mustHold(t, subject, []events.Message{{Sequence: sequence, Subject: subject, Data: want}})
}

func testCancelled(t *testing.T, s suite) {
	subject := Subject()
	want := s.fill(t, subject, 0, 3)
	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	for name, err := range s.operations(cancelled, subject, want) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the context's error", name, err)
		}
	}
	s.mustHold(t, subject, want)

	during, cancel := context.WithCancel(s.ctx)
	defer cancel()
	first := want[0].Sequence
	err := s.log.Read(during, 1, first, func([]events.Message) error { cancel(); return nil })
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("read cancelled within: %v", err)
	}
}

func testClosed(t *testing.T, s suite) {
	subject := Subject()
	want := s.fill(t, subject, 0, 3)
	for range 2 {
		if err := s.log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range s.operations(s.ctx, subject, want) {
		if err == nil {
			t.Errorf("%s on a closed log succeeded", name)
		}
		if errors.Is(err, events.ErrUncertain) {
			t.Errorf("%s on a closed log is uncertain: %v", name, err)
		}
	}
}

// operations calls every method that must fail, and returns their errors.
func (s suite) operations(ctx context.Context, subject events.Subject, want []events.Message) map[string]error {
	first, last := want[0].Sequence, want[len(want)-1].Sequence
	_, appended := s.log.Append(ctx, subject, last, ID(), []byte("x"))
	_, history := s.log.History(ctx, subject)
	read := s.log.Read(ctx, first, last, func([]events.Message) error { return nil })
	_, head := s.log.Head(ctx)
	return map[string]error{"append": appended, "history": history, "read": read, "head": head}
}
