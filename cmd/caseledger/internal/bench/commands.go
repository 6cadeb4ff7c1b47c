package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/projections"
)

// hotClients is how many clients the cached commands are about. A client is cold
// once, and cached again and again.
const hotClients = 256

// hotPasses returns how often one turn is about each of them, given how many cold
// commands a turn has: in a ledger that says something not less than 1,024
// commands, since starting 32 writers shows in fewer, which take milliseconds.
func (r *run) hotPasses(cold int) int {
	return max(1, cold/hotClients, min(4, r.Events/20_000))
}

// turn returns how many commands one turn of so many writers has, given how many
// clients there are for all turns.
func (r *run) turn(writers, clients int) int {
	most := 256
	if writers > 1 {
		most = 64 * writers
	}
	return min(most, clients/(2*r.Rounds))
}

// commands measures durable commands, on the ledger with all its events and its
// views as the program runs it, in turns with bare publishes of messages of the
// same size, with the same expectation, on a server of its own that syncs each
// too. A cold command is the first about a client since the ledger was opened;
// the one behind it about the same client is cached.
func (r *run) commands() (err error) {
	clients, err := r.activeClients()
	if err != nil {
		return err
	}
	if len(clients) < hotClients+64*r.Rounds {
		return fmt.Errorf("%d clients with long histories are too few to measure commands: take more events or fewer rounds", len(clients))
	}
	floor, err := newFloor(r, clients[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, floor.close()) }()
	hot, clients := clients[:hotClients], clients[hotClients:]
	all := len(clients)
	if err := share(1, hot, 1, func(_ int, client string, _ int) error { _, err := r.deliver(client, "warm", sealed); return err }); err != nil {
		return err
	}
	for _, writers := range []int{1, 32} {
		turn := r.turn(writers, all)
		var rounds [][3]float64 // floor, cold, cached: commands a second
		for round := range r.Rounds {
			r.Say("durable commands of %d writers: round %d of %d", writers, round+1, r.Rounds)
			some := clients[:turn]
			clients = clients[turn:]
			rates, err := r.commandRound(floor, writers, some, hot)
			if err != nil {
				return err
			}
			rounds = append(rounds, rates)
		}
		r.addCommands(writers, turn, rounds)
	}
	return errors.Join(r.proving(hot, 1), r.proving(hot, 32))
}

const (
	// provingTurn is how long one turn of proving takes.
	provingTurn = 3 * time.Second
	// provingTick is how often the archive follows meanwhile, as beside serve.
	provingTick = 2 * time.Second
)

// proving measures what proof and secrecy cost durable commands: in turns commands
// with a note to seal, while the archive and its Merkle log follow as they do beside
// serve, and such with neither. What the archive still lacks when a turn is over is
// a part of the turn.
func (r *run) proving(clients []string, writers int) error {
	if _, err := r.ledger.Archive(true); err != nil {
		return err
	}
	archive := func() error { _, err := r.ledger.CatchUpArchive(r.ctx); return err }
	var rounds [][2]float64
	for round := range r.Rounds {
		if err := archive(); err != nil {
			return err
		}
		r.Say("commands of %d writers, sealed and archived: round %d of %d", writers, round+1, r.Rounds)
		with, err := r.provingTurn(clients, writers, sealed, func() (stop func() error) {
			ctx, cancel := context.WithCancel(r.ctx)
			ticker, failed := time.NewTicker(provingTick), error(nil)
			var group sync.WaitGroup
			group.Go(func() { r.ledger.FollowArchive(ctx, ticker.C, func(err error) { failed = err }) })
			return func() error {
				cancel()
				group.Wait()
				ticker.Stop()
				return errors.Join(failed, archive())
			}
		})
		if err != nil {
			return err
		}
		without, err := r.provingTurn(clients, writers, "", func() func() error { return func() error { return nil } })
		if err != nil {
			return err
		}
		rounds = append(rounds, [2]float64{with, without})
	}
	r.add(Figure{
		Name: "durable commands, " + writersText(writers) + ", sealed and archived", Unit: "commands/s",
		Ours:   medianOf(rounds, func(c [2]float64) float64 { return c[0] }),
		Floor:  medianOf(rounds, func(c [2]float64) float64 { return c[1] }),
		Ratio:  medianOf(rounds, func(c [2]float64) float64 { return c[0] / c[1] }),
		Target: 0.9,
		Note:   fmt.Sprintf("%d rounds of %s; floor: neither", r.Rounds, provingTurn),
	})
	return nil
}

// provingTurn returns how many commands a second are carried out with a note, beside
// what start starts and until it has stopped.
func (r *run) provingTurn(clients []string, writers int, note string, start func() (stop func() error)) (float64, error) {
	r.turns++
	runtime.GC()
	begin, done := r.Now(), 0
	stop := start()
	for pass := 0; r.Now().Sub(begin) < provingTurn; pass++ {
		err := share(writers, clients, 1, func(_ int, client string, _ int) error {
			_, err := r.deliver(client, fmt.Sprintf("proving-%d-%d", r.turns, pass), note)
			return err
		})
		if err != nil {
			return 0, errors.Join(err, stop())
		}
		done += len(clients)
	}
	err := stop()
	return float64(done) / r.Now().Sub(begin).Seconds(), err
}

func (r *run) addCommands(writers, turn int, rounds [][3]float64) {
	for i, name := range [...]string{"cold", "cached"} {
		k := i + 1
		f := Figure{
			Name: "durable commands, " + writersText(writers) + ", " + name, Unit: "commands/s",
			Ours:  medianOf(rounds, func(c [3]float64) float64 { return c[k] }),
			Floor: medianOf(rounds, func(c [3]float64) float64 { return c[0] }),
			Ratio: medianOf(rounds, func(c [3]float64) float64 { return c[k] / c[0] }),
			Note:  fmt.Sprintf("%d rounds of %d; floor: bare publishes", len(rounds), turn),
		}
		if name == "cached" {
			f.Target = 0.8
		}
		r.add(f)
	}
}

func writersText(n int) string {
	if n == 1 {
		return "one writer"
	}
	return strconv.Itoa(n) + " writers"
}

func (r *run) commandRound(floor *floor, writers int, clients, hot []string) (rates [3]float64, err error) {
	passes := r.hotPasses(len(clients))
	for k, t := range [...]struct {
		clients []string
		passes  int
		do      func(writer int, client string, pass int) error
	}{
		{hot, passes, func(writer int, _ string, _ int) error { return floor.publish(writer) }},
		{clients, 1, func(_ int, client string, _ int) error { _, err := r.deliver(client, "cold", sealed); return err }},
		{hot, passes, func(_ int, client string, pass int) error {
			_, err := r.deliver(client, fmt.Sprintf("cached-%d-%d", r.turns, pass), sealed)
			return err
		}},
	} {
		rates[k], err = r.rate(t.passes*len(t.clients), func() error { return share(writers, t.clients, t.passes, t.do) })
		if err != nil {
			return rates, err
		}
	}
	return rates, nil
}

// rate returns how many of n commands do carries out a second.
func (r *run) rate(n int, do func() error) (float64, error) {
	r.turns++
	runtime.GC() // no turn pays for the garbage of the one before
	begin := r.Now()
	err := do()
	return float64(n) / r.Now().Sub(begin).Seconds(), err
}

// share does f for every client, by several writers, some passes over.
func share(writers int, clients []string, passes int, f func(writer int, client string, pass int) error) error {
	var group sync.WaitGroup
	faults := make([]error, writers)
	for w := range writers {
		group.Go(func() {
			for pass := range passes {
				for i := w; i < len(clients) && faults[w] == nil; i += writers {
					faults[w] = f(w, clients[i], pass)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(faults...)
}

// The day of the measured commands, and its last moment: the sample is over by then.
var (
	benchDay = events.MustDate("2009-07-01")
	benchNow = events.MustInstant("2009-07-02T03:59:59Z")
)

// sealed is a note that deliver has sealed.
const sealed = "called the attorney"

// deliver records a service to the client, with a note or without.
func (r *run) deliver(client, which, note string) (app.Receipt, error) {
	return r.ledger.Execute(r.ctx, app.Request{
		Name: "deliver-service", ID: fmt.Sprintf("bench-%s-%s-%d", which, client, r.Records),
		OccurredOn: benchDay, RecordedAt: benchNow,
		Actor: "W-BENCH", Role: "case_manager", Agency: "A-BENCH",
		Command: &clientcase.DeliverService{Client: client, Category: "legal", Minutes: 45, Language: "es", Note: note},
	})
}

// coldRecords is how many records a cold client's case has at least.
const coldRecords = 20

// activeClients returns clients whose cases have many records.
func (r *run) activeClients() (clients []string, err error) {
	err = r.read(func(s *projections.Snapshot) error {
		return s.Subjects(events.KindCase, func(subject events.Subject) error {
			head, _, err := s.Head(subject)
			if err == nil && head.Version >= coldRecords && head.Version < 2*coldRecords {
				clients = append(clients, subject.ID())
			}
			return err
		})
	})
	return clients, err
}

// A floor publishes messages without looking at them, on a stream of its own
// that is set up like the ledger's.
type floor struct {
	run    *run
	dir    string
	server *natsserver.Server
	bare   *jetstream.Bare
	data   []byte
	last   [32]uint64
	next   [32]int
}

// newFloor makes the floor's messages as long as the record of a command like
// the measured ones, about a client that is spared for it.
func newFloor(r *run, client string) (_ *floor, err error) {
	like, err := r.deliver(client, "size-10-1", sealed)
	if err != nil {
		return nil, err
	}
	f := &floor{run: r, data: make([]byte, len(like.Record.Raw))}
	if f.dir, err = os.MkdirTemp(r.Dir, "floor-"); err != nil {
		return nil, err
	}
	if f.server, err = natsserver.Start(natsserver.Config{StoreDir: f.dir}); err != nil {
		return nil, err
	}
	config := jetstream.Config{Server: f.server}
	if err = jetstream.Create(r.ctx, config); err == nil {
		f.bare, err = jetstream.OpenBare(config)
	}
	if err != nil {
		f.server.Shutdown()
		return nil, err
	}
	return f, nil
}

func (f *floor) publish(writer int) (err error) {
	f.next[writer]++
	id := fmt.Sprintf("floor-%d-%d-0123456789", writer, f.next[writer])
	subject := events.SubjectOf(events.KindCase, "FLOOR-"+strconv.Itoa(writer))
	f.last[writer], err = f.bare.Publish(f.run.ctx, subject, f.last[writer], id, f.data)
	return err
}

func (f *floor) close() error {
	f.bare.Close()
	f.server.Shutdown()
	return os.RemoveAll(f.dir)
}
