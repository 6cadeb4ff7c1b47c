package jetstream_test

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/logtest"
	"caseledger/events/natsserver"
)

// record is as long as an average record of the ledger.
var record = bytes.Repeat([]byte("r"), 485)

// An appender appends to a subject after its last record.
type appender func(subject events.Subject, last uint64) (uint64, error)

// BenchmarkAppend compares durable appends with bare publishes of the same
// message and expectation on the same server, in turns. The metric x-of-bare is
// the log's rate as a share of the bare one; ns/op is the log's.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := start(b, natsserver.Config{})
			c := jetstream.Config{Server: s}
			create(b, c)
			log := appendTo(b, open(b, c))
			bare := bareAppender(b, s)
			appendAll(b, bare, writers, 200)
			appendAll(b, log, writers, 200)

			var bareTime, logTime time.Duration
			const turn = 500
			for done := 0; done < b.N; done += turn {
				n := min(turn, b.N-done)
				bareTime += appendAll(b, bare, writers, n)
				logTime += appendAll(b, log, writers, n)
			}
			b.ReportMetric(float64(logTime.Nanoseconds())/float64(b.N), "ns/op")
			b.ReportMetric(float64(b.N)/logTime.Seconds(), "records/s")
			b.ReportMetric(float64(b.N)/bareTime.Seconds(), "bare/s")
			b.ReportMetric(bareTime.Seconds()/logTime.Seconds(), "x-of-bare")
		})
	}
}

// appendAll shares n appends among writers, each on a subject of its own, and
// returns how long they took.
func appendAll(b *testing.B, to appender, writers, n int) time.Duration {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var wait sync.WaitGroup
	start := time.Now()
	for range writers {
		wait.Go(func() {
			subject := logtest.Subject()
			var last uint64
			for left.Add(-1) >= 0 {
				sequence, err := to(subject, last)
				if err != nil {
					b.Error(err)
					return
				}
				last = sequence
			}
		})
	}
	wait.Wait()
	return time.Since(start)
}

func appendTo(b *testing.B, l events.Log) appender {
	return func(subject events.Subject, last uint64) (uint64, error) {
		return l.Append(b.Context(), subject, last, logtest.ID(), record)
	}
}

func bareAppender(b *testing.B, s *natsserver.Server) appender {
	js := bareClient(b, s)
	return func(subject events.Subject, last uint64) (uint64, error) {
		m := &nats.Msg{Subject: "ledger.case." + subject.ID(), Data: record}
		ack, err := js.PublishMsg(b.Context(), m, natsjs.WithExpectLastSequencePerSubject(last), natsjs.WithMsgID(logtest.ID()))
		if err != nil {
			return 0, err
		}
		return ack.Sequence, nil
	}
}

func bareClient(b *testing.B, s *natsserver.Server) natsjs.JetStream {
	b.Helper()
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	js, err := natsjs.New(conn, natsjs.WithPublishAsyncMaxPending(1000))
	if err != nil {
		b.Fatal(err)
	}
	return js
}

// BenchmarkRead compares a read of the whole log, in process and over loopback,
// with a bare in-process ordered consumer that only counts. One operation reads
// the whole log of 200,000 records once.
func BenchmarkRead(b *testing.B) {
	const n = 200_000
	s := start(b, natsserver.Config{Unsynced: true, Listen: &natsserver.Listener{Token: "bench"}})
	create(b, jetstream.Config{Server: s})
	bulkLoad(b, bareClient(b, s), n)
	for _, connection := range []struct {
		name   string
		config jetstream.Config
	}{
		{"in-process", jetstream.Config{Server: s}},
		{"loopback", jetstream.Config{URL: s.URL(), Token: "bench"}},
	} {
		b.Run(connection.name, func(b *testing.B) {
			l := open(b, connection.config)
			js := bareClient(b, s)
			var bareTime, logTime, bareUsed, logUsed time.Duration
			for range b.N {
				before := processTime()
				bareTime += countAll(b, js, n)
				between := processTime()
				logTime += readAll(b, l, n)
				bareUsed, logUsed = bareUsed+between-before, logUsed+processTime()-between
			}
			records := float64(b.N) * n
			b.ReportMetric(float64(bareUsed.Nanoseconds())/1000/records, "bare-cpu-µs")
			b.ReportMetric(float64(logUsed.Nanoseconds())/1000/records, "cpu-µs")
			b.ReportMetric(float64(logTime.Nanoseconds())/float64(b.N), "ns/op")
			b.ReportMetric(records/logTime.Seconds(), "records/s")
			b.ReportMetric(records/bareTime.Seconds(), "bare/s")
			b.ReportMetric(bareTime.Seconds()/logTime.Seconds(), "x-of-bare")
		})
	}
}

// processTime is what all cores together spent on this process: on a machine that
// others use it says more than the clock.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func bulkLoad(b *testing.B, js natsjs.JetStream, n int) {
	b.Helper()
	last := map[string]uint64{}
	for i := range n {
		subject := "ledger.case.C-" + strconv.Itoa(i%(n/400))
		_, err := js.PublishMsgAsync(&nats.Msg{Subject: subject, Data: record, Header: nats.Header{
			natsjs.MsgIDHeader:               {logtest.ID()},
			natsjs.ExpectedLastSubjSeqHeader: {strconv.FormatUint(last[subject], 10)},
		}}, natsjs.WithStallWait(time.Minute))
		if err != nil {
			b.Fatal(err)
		}
		last[subject] = uint64(i) + 1
	}
	<-js.PublishAsyncComplete()
}

func countAll(b *testing.B, js natsjs.JetStream, n int) time.Duration {
	b.Helper()
	start := time.Now()
	consumer, err := js.OrderedConsumer(b.Context(), "LEDGER", natsjs.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	done, count := make(chan struct{}), 0
	running, err := consumer.Consume(func(natsjs.Msg) {
		if count++; count == n {
			close(done)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	<-done
	took := time.Since(start)
	running.Stop()
	return took
}

func readAll(b *testing.B, l events.Log, n uint64) time.Duration {
	b.Helper()
	start := time.Now()
	var count uint64
	if err := l.Read(b.Context(), 1, n, func(batch []events.Message) error { count += uint64(len(batch)); return nil }); err != nil {
		b.Fatal(err)
	}
	if count != n {
		b.Fatalf("read %d of %d records", count, n)
	}
	return time.Since(start)
}

// BenchmarkHistory reads one subject's 400 records, spread over 200,000: found by
// the server, and by their sequence numbers.
func BenchmarkHistory(b *testing.B) {
	const n, each = 200_000, 400
	s := start(b, natsserver.Config{Unsynced: true})
	c := jetstream.Config{Server: s}
	create(b, c)
	bulkLoad(b, bareClient(b, s), n)
	l := open(b, c)
	b.Run("by subject", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			history, err := l.History(b.Context(), events.SubjectOf(events.KindCase, "C-"+strconv.Itoa(i%(n/each))))
			if err != nil || len(history) != each {
				b.Fatalf("%d records: %v", len(history), err)
			}
		}
	})
	b.Run("by sequence numbers", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			sequences := make([]uint64, each)
			for k := range sequences {
				sequences[k] = uint64(i%(n/each) + k*(n/each) + 1)
			}
			if _, err := l.Get(b.Context(), sequences); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkReadRange reads 256 records, as a projection does that follows.
func BenchmarkReadRange(b *testing.B) {
	s := start(b, natsserver.Config{Unsynced: true})
	c := jetstream.Config{Server: s}
	create(b, c)
	bulkLoad(b, bareClient(b, s), 20_000)
	l := open(b, c)
	for _, n := range []uint64{1, 64, 256, 257, 1024} {
		b.Run(strconv.FormatUint(n, 10), func(b *testing.B) {
			for b.Loop() {
				if err := l.Read(b.Context(), 5000, 5000+n-1, func([]events.Message) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
