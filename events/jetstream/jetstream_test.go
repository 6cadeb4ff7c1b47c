package jetstream_test

import (
	"errors"
	"log/slog"
	"testing"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/logtest"
	"caseledger/events/natsserver"
)

// start runs an embedded server on dir until the test ends.
func start(t testing.TB, c natsserver.Config) *natsserver.Server {
	t.Helper()
	if c.StoreDir == "" {
		c.StoreDir = t.TempDir()
	}
	c.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := natsserver.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func create(t testing.TB, c jetstream.Config) {
	t.Helper()
	if err := jetstream.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, c jetstream.Config) *jetstream.Log {
	t.Helper()
	l, err := jetstream.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestConformanceEmbedded(t *testing.T) {
	logtest.Run(t, func(t *testing.T) events.Log {
		c := jetstream.Config{Server: start(t, natsserver.Config{})}
		create(t, c)
		return open(t, c)
	})
}

func TestConformanceLoopback(t *testing.T) {
	s := start(t, natsserver.Config{Listen: &natsserver.Listener{Token: "secret"}})
	c := jetstream.Config{URL: s.URL(), Token: "secret"}
	create(t, c)
	logtest.Run(t, func(t *testing.T) events.Log { return open(t, c) })
}

// TestTwoStreams runs the suite on the second stream of a server, beside the
// first: neither sees a record of the other.
func TestTwoStreams(t *testing.T) {
	s := start(t, natsserver.Config{})
	ledger, access := jetstream.Config{Server: s}, jetstream.Config{Server: s, Stream: jetstream.Access}
	if _, err := jetstream.Open(t.Context(), access); !errors.Is(err, jetstream.ErrNotFound) {
		t.Errorf("opened a stream that was not made: %v", err)
	}
	create(t, ledger)
	create(t, access)
	first := open(t, ledger)
	if _, err := first.Append(t.Context(), "case/C-1", 0, "01ARZ3NDEKTSV4RRFFQ69G5FAV", []byte("what happened")); err != nil {
		t.Fatal(err)
	}
	logtest.Run(t, func(t *testing.T) events.Log { return open(t, access) })
	if head, err := first.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("head of the first stream = %d, %v; want 1", head, err)
	}
	for name, subject := range map[string]events.Subject{"own": "case/C-1", "other": "case/C-2"} {
		history, err := first.History(t.Context(), subject)
		if want := map[string]int{"own": 1}[name]; err != nil || len(history) != want {
			t.Errorf("%s: %d records, %v; want %d", name, len(history), err, want)
		}
	}
}

func TestDurable(t *testing.T) {
	logtest.RunDurable(t, func(t *testing.T) (events.Log, func() events.Log) {
		dir := t.TempDir()
		s := start(t, natsserver.Config{StoreDir: dir})
		c := jetstream.Config{Server: s}
		create(t, c)
		l := open(t, c)
		return l, func() events.Log {
			l.Close()
			s.Shutdown()
			return open(t, jetstream.Config{Server: start(t, natsserver.Config{StoreDir: dir})})
		}
	})
}
