package replay_test

import (
	"context"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/projections"
	"caseledger/projections/projtest"
	"caseledger/replay"
)

// BenchmarkReplayStream rebuilds all views from the ledger's stream and compares
// that with a bare in-process ordered consumer that only counts, in the same run.
// The stream is loaded without syncing.
func BenchmarkReplayStream(b *testing.B) {
	source := projtest.NewSynthetic(b, *records)
	n, err := source.Head(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	server, err := natsserver.Start(natsserver.Config{StoreDir: b.TempDir(), Unsynced: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Shutdown)
	c := jetstream.Config{Server: server}
	if err := jetstream.Create(b.Context(), c); err != nil {
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
	log, err := jetstream.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close() })
	// A process that only rebuilds can afford to collect garbage less often: its
	// heap stays below the bound all the same.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	high := watchHeap()
	var bare, read, built cost
	for b.Loop() {
		runtime.GC()
		bare.add(b, func(ctx context.Context) error { return countAll(ctx, js, n) })
		read.add(b, func(ctx context.Context) error {
			return log.Read(ctx, 1, n, func([]events.Message) error { return nil })
		})
		built.add(b, func(ctx context.Context) error {
			return projections.Build(ctx, log, filepath.Join(b.TempDir(), "views"), replay.Views(), n, nil)
		})
	}
	total := float64(n) * float64(b.N)
	b.ReportMetric(total/bare.wall.Seconds(), "bare/s")
	b.ReportMetric(total/read.wall.Seconds(), "read/s")
	b.ReportMetric(total/built.wall.Seconds(), "events/s")
	b.ReportMetric(bare.wall.Seconds()/built.wall.Seconds(), "x-of-bare")
	b.ReportMetric(float64(bare.cpu.Microseconds())/total, "bare-cpu-µs")
	b.ReportMetric(float64(read.cpu.Microseconds())/total, "read-cpu-µs")
	b.ReportMetric(float64(built.cpu.Microseconds())/total, "cpu-µs")
	b.ReportMetric(float64(high())/(1<<20), "heap-MB")
	b.ReportMetric(0, "ns/op")
}

// A cost is what some work took, by the clock and of all cores together; the
// latter says more on a machine that others use.
type cost struct{ wall, cpu time.Duration }

func (c *cost) add(b *testing.B, f func(context.Context) error) {
	start, used := time.Now(), processTime()
	if err := f(b.Context()); err != nil {
		b.Fatal(err)
	}
	c.wall += time.Since(start)
	c.cpu += processTime() - used
}

func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func load(b *testing.B, js natsjs.JetStream, source projections.Source, n uint64) {
	b.Helper()
	err := source.Read(b.Context(), 1, n, func(batch []events.Message) error {
		for _, m := range batch {
			r, err := events.Decode(m.Sequence, m.Data)
			if err != nil {
				return err
			}
			subject := "ledger." + strings.Replace(string(r.Subject), "/", ".", 1)
			if _, err := js.PublishMsgAsync(&nats.Msg{Subject: subject, Data: m.Data}, natsjs.WithStallWait(time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	<-js.PublishAsyncComplete()
}

func countAll(ctx context.Context, js natsjs.JetStream, n uint64) error {
	consumer, err := js.OrderedConsumer(ctx, "LEDGER", natsjs.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	done, count := make(chan struct{}), uint64(0)
	running, err := consumer.Consume(func(natsjs.Msg) {
		if count++; count == n {
			close(done)
		}
	})
	if err != nil {
		return err
	}
	<-done
	running.Stop()
	return nil
}
