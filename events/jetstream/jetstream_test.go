package jetstream_test

import (
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
