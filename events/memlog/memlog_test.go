package memlog_test

import (
	"errors"
	"testing"

	"caseledger/events"
	"caseledger/events/logtest"
	"caseledger/events/memlog"
)

func TestConformance(t *testing.T) {
	logtest.Run(t, func(*testing.T) events.Log { return memlog.New() })
}

func TestFaults(t *testing.T) {
	first := events.SubjectOf(events.KindCase, "C-1")
	broken := errors.New("broken")
	for _, test := range []struct {
		name    string
		fault   memlog.Fault
		want    func(error) bool
		written bool
	}{
		{"fails", memlog.FailAt(2, broken), func(err error) bool { return errors.Is(err, broken) }, false},
		{"full", memlog.FailAt(2, events.ErrFull), func(err error) bool { return errors.Is(err, events.ErrFull) }, false},
		{"uncertain and written", memlog.FailAt(2, events.ErrUncertain), isUncertain, true},
		{"uncertain and lost", memlog.FailAt(2, memlog.Lost), isUncertain, false},
		{"conflict", memlog.ConflictAt(2), func(err error) bool {
			var conflict *events.ConflictError
			return errors.As(err, &conflict) && conflict.Subject == first && conflict.Expected == 1
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := memlog.New()
			l.SetFault(test.fault)
			for n := range uint64(2) {
				_, err := l.Append(t.Context(), first, n, logtest.ID(), []byte("x"))
				if n == 0 && err != nil || n == 1 && !test.want(err) {
					t.Fatalf("append %d: %v", n+1, err)
				}
			}
			history, err := l.History(t.Context(), first)
			if err != nil || (len(history) == 2) != test.written {
				t.Errorf("%d records stand: %v", len(history), err)
			}
		})
	}
}

func isUncertain(err error) bool { return errors.Is(err, events.ErrUncertain) }

func TestMisusePanics(t *testing.T) {
	id := logtest.ID()
	for _, test := range []struct {
		name    string
		subject events.Subject
		id      string
		data    []byte
	}{
		{"an empty record", "case/C-1", logtest.ID(), nil},
		{"a record too large", "case/C-1", logtest.ID(), make([]byte, events.MaxRecord+1)},
		{"a malformed subject", "case/c-1", logtest.ID(), []byte("x")},
		{"an unknown kind", "dog/D-1", logtest.ID(), []byte("x")},
		{"no record id", "case/C-1", "", []byte("x")},
		{"a record id used twice", "case/C-1", id, []byte("x")},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := memlog.New()
			if _, err := l.Append(t.Context(), "case/C-2", 0, id, []byte("x")); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_, err := l.Append(t.Context(), test.subject, 0, test.id, test.data)
			t.Errorf("append returned: %v", err)
		})
	}
}

func TestDamage(t *testing.T) {
	l := memlog.New()
	for i := range uint64(3) {
		if _, err := l.Append(t.Context(), "case/C-1", i, logtest.ID(), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	l.Damage(2, nil)
	var read int
	err := l.Read(t.Context(), 1, 3, func(batch []events.Message) error { read += len(batch); return nil })
	var damage *events.DamageError
	if !errors.As(err, &damage) || damage.Sequence != 2 || read != 1 {
		t.Errorf("read %d messages: %v, want damage at #2", read, err)
	}
}
