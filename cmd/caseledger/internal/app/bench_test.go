package app_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
)

// BenchmarkExecute measures durable commands against the bare floor: publishing
// ready-made messages of the same size with the same expectation on the same
// stream. Both run in turns, so that the disk's moods strike both.
//
// The numbers to look at are cached/floor, which must be at least 0.8, and
// cold/floor, where each command first reads a history of twenty records.
func BenchmarkExecute(b *testing.B) {
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchmarkExecute(b, writers) })
	}
}

const (
	turn       = 128 // commands of each kind before the next kind's turn
	coldLength = 20  // records in a cold history
)

func benchmarkExecute(b *testing.B, writers int) {
	server, err := natsserver.Start(natsserver.Config{StoreDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Shutdown()
	config := jetstream.Config{Server: server}
	if err := jetstream.Create(b.Context(), config); err != nil {
		b.Fatal(err)
	}
	log, err := jetstream.Open(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	genesis(b, log, false)
	cached := open(b, log)
	floor := newFloor(b, server)
	floor.data = recordLike(b, cached)
	fillCold(b, cached)

	var spent [3]time.Duration
	n := 0
	for b.Loop() {
		n += turn
		spent[0] += turns(writers, func(w, i int) error { return floor.publish(w) })
		spent[1] += turns(writers, func(w, i int) error {
			_, err := cached.Execute(b.Context(), sign(fmt.Sprintf("h-%d-%d-%d", w, i, n), fmt.Sprintf("HOT-%d", w)))
			return err
		})
		// A fresh App has folded nothing yet.
		cold := open(b, log)
		spent[2] += turns(writers, func(w, i int) error {
			_, err := cold.Execute(b.Context(), sign(fmt.Sprintf("c-%d-%d-%d", w, i, n), fmt.Sprintf("COLD-%d-%d", n/turn%coldSets, w*(turn/writers)+i)))
			return err
		})
	}
	for i, name := range []string{"floor", "cached", "cold"} {
		b.ReportMetric(float64(n)/spent[i].Seconds(), name+"/s")
	}
	b.ReportMetric(spent[0].Seconds()/spent[1].Seconds(), "cached/floor")
	b.ReportMetric(spent[0].Seconds()/spent[2].Seconds(), "cold/floor")
	b.ReportMetric(0, "ns/op")
}

// turns runs one turn of f over the writers and returns what it took.
func turns(writers int, f func(writer, i int) error) time.Duration {
	begin := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range turn / writers {
				if err := f(w, i); err != nil {
					panic(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(begin)
}

// coldSets is the number of sets of cold subjects: each turn takes the next one.
const coldSets = 4

// fillCold records the cold histories.
func fillCold(b *testing.B, a *app.App) {
	for i := range coldLength {
		var wg sync.WaitGroup
		for set := range coldSets {
			wg.Go(func() {
				for s := range turn {
					if _, err := a.Execute(b.Context(), sign(fmt.Sprintf("f-%d-%d-%d", set, s, i), fmt.Sprintf("COLD-%d-%d", set, s))); err != nil {
						panic(err)
					}
				}
			})
		}
		wg.Wait()
	}
}

// recordLike returns a record as long as those that the benchmark makes.
func recordLike(b *testing.B, a *app.App) []byte {
	r, err := a.Execute(b.Context(), sign("h-10-100-1000", "HOT-10"))
	if err != nil {
		b.Fatal(err)
	}
	return []byte(strings.Repeat("x", len(r.Record.Raw)))
}

// A floor publishes messages without looking at them. Each writer has a subject
// of its own and knows its last sequence.
type floor struct {
	b    *testing.B
	js   natsjs.JetStream
	data []byte
	last [32]uint64
	next [32]int
}

func newFloor(b *testing.B, server *natsserver.Server) *floor {
	conn, err := nats.Connect("", nats.InProcessServer(server))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	js, err := natsjs.New(conn)
	if err != nil {
		b.Fatal(err)
	}
	return &floor{b: b, js: js}
}

func (f *floor) publish(writer int) error {
	f.next[writer]++
	ack, err := f.js.PublishMsg(f.b.Context(), &nats.Msg{
		Subject: "ledger.agency.FLOOR-" + strconv.Itoa(writer),
		Data:    f.data,
		Header: nats.Header{
			natsjs.MsgIDHeader:               {fmt.Sprintf("f-%d-%d", writer, f.next[writer])},
			natsjs.ExpectedLastSubjSeqHeader: {strconv.FormatUint(f.last[writer], 10)},
		},
	})
	if err == nil {
		f.last[writer] = ack.Sequence
	}
	return err
}
