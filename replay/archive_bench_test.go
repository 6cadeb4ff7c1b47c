package replay_test

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/replay"
	"caseledger/replay/archive"
)

// BenchmarkReplayArchive reads all records from the archive, verified, and
// rebuilds all views from it, beside a bare in-process ordered consumer that only
// counts the same records, in the same run. The stream is loaded without syncing.
func BenchmarkReplayArchive(b *testing.B) {
	source := projtest.NewSynthetic(b, *records)
	n, err := source.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	a, err := archive.Create(filepath.Join(b.TempDir(), "archive"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := a.CatchUp(b.Context(), source, nil); err != nil {
		b.Fatal(err)
	}
	js := loaded(b, source, n)
	var bare, read, built cost
	for b.Loop() {
		runtime.GC()
		bare.add(b, func(ctx context.Context) error { return countAll(ctx, js, n) })
		read.add(b, func(ctx context.Context) error {
			return a.Read(ctx, 1, n, func([]events.Message) error { return nil })
		})
		built.add(b, func(ctx context.Context) error {
			return projections.Build(ctx, a, filepath.Join(b.TempDir(), "views"), replay.Views(), n, nil)
		})
	}
	total := float64(n) * float64(b.N)
	for name, c := range map[string]cost{"bare": bare, "read": read, "replay": built} {
		b.ReportMetric(total/c.wall.Seconds(), name+"/s")
		b.ReportMetric(float64(c.cpu.Microseconds())/total, name+"-cpu-µs")
	}
	b.ReportMetric(bare.wall.Seconds()/read.wall.Seconds(), "read-x-of-bare")
	b.ReportMetric(bare.wall.Seconds()/built.wall.Seconds(), "replay-x-of-bare")
	b.ReportMetric(0, "ns/op")
}

// loaded returns a stream that holds the records.
func loaded(b *testing.B, source projections.Source, n uint64) natsjs.JetStream {
	b.Helper()
	server, err := natsserver.Start(natsserver.Config{StoreDir: b.TempDir(), Unsynced: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Shutdown)
	if err := jetstream.Create(b.Context(), jetstream.Config{Server: server}); err != nil {
		b.Fatal(err)
	}
	conn, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	js, err := natsjs.New(conn, natsjs.WithPublishAsyncMaxPending(1000))
	if err != nil {
		b.Fatal(err)
	}
	load(b, js, source, n)
	return js
}
