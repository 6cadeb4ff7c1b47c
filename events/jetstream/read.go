package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

const (
	// readBatch is what the function given to Read gets at a time.
	readBatch = 1024

	// readWindow is what one request to the consumer asks for; two are under
	// way, so that the server works while the caller does. It bounds the memory
	// of a read: two windows of average records, a megabyte; of the largest
	// possible, 120.
	readWindow = 1024

	// readDirect is the longest range read by one direct get, without the cost
	// of setting up a consumer.
	readDirect = 256

	// stall is how long a read waits for the next message before it asks the
	// stream's leader whether that message exists.
	stall = time.Second

	// consumerLife is how long a consumer outlives a reader that died.
	consumerLife = 30 * time.Second
)

// Read implements [events.Log]. The server and this process's network goroutine
// run up to two windows ahead of f. A message that does not come, or not in
// order, is asked of the stream's leader before it counts as damaged, so that a
// read neither hangs behind a damaged message nor skips it.
func (l *Log) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	return l.Lend(ctx, from, to, func(batch []events.Message, _ func()) error { return f(batch) })
}

// Lend is [Log.Read], but what a batch holds is good only until done is called,
// after which its memory is used again. done may be called from any goroutine,
// once.
func (l *Log) Lend(ctx context.Context, from, to uint64, f lent) error {
	head, err := l.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the log from #%d: %w", from, err)
	}
	from = max(from, 1)
	if end := min(to, head); from <= end {
		if err := l.read(ctx, from, end, f); err != nil {
			return err
		}
	}
	if missing := max(from, head+1); missing <= to {
		return &events.DamageError{Sequence: missing, Detail: fmt.Sprintf("the log ends at #%d", head)}
	}
	return nil
}

// lent is what [Log.Lend] calls.
type lent = func(batch []events.Message, done func()) error

// kept is the done of a batch whose memory is not used again.
func kept() {}

// read reads from..to, which the leader says exist.
func (l *Log) read(ctx context.Context, from, to uint64, f lent) error {
	source := l.consume
	if to-from < readDirect {
		source = l.getRange
	}
	for next := from; next <= to; {
		last, err := source(ctx, next, to, f)
		if err != nil {
			return err
		}
		if next = last + 1; next > to {
			break
		}
		// The source stopped short: damage, a lagging replica, a lost server.
		m, err := l.verify(ctx, next)
		if err != nil {
			return err
		}
		if err := f([]events.Message{*m}, kept); err != nil {
			return err
		}
		next++
	}
	return nil
}

// verify asks the stream's leader for a message that did not come.
//
// Where there are replicas, a server that led until it was paused or cut off answers
// for a moment as if it still did, from what it knew: so it is asked for some time.
func (l *Log) verify(ctx context.Context, sequence uint64) (*events.Message, error) {
	tries := 1
	if l.replicas > 1 {
		tries = int(staleLeader / betweenTries)
	}
	for try := 1; ; try++ {
		m, err := l.leaderGet(ctx, fmt.Sprintf(`{"seq":%d}`, sequence))
		if err != nil {
			return nil, fmt.Errorf("read the log at #%d: %w", sequence, err)
		}
		if m != nil {
			return m, nil
		}
		if try == tries {
			return nil, &events.DamageError{Sequence: sequence, Detail: "the stream does not return it"}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("read the log at #%d: %w", sequence, ctx.Err())
		case <-time.After(betweenTries):
		}
	}
}

// staleLeader is how long a server may take to find out that it leads no more: one
// that is cut off looks for its quorum every ten seconds.
const staleLeader = 20 * time.Second

// getRange passes a short range to f as far as it comes without a gap, and
// returns the last sequence number it passed on.
func (l *Log) getRange(ctx context.Context, from, to uint64, f lent) (uint64, error) {
	attempt, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	messages, _, err := l.direct(attempt, directRequest{Sequence: from, Batch: to - from + 1, MaxBytes: directBytes})
	if usable := l.usable(ctx); err != nil && usable != nil {
		return 0, fmt.Errorf("read the log from #%d: %w", from, usable)
	}
	n := uint64(0)
	for n < uint64(len(messages)) && messages[n].Sequence == from+n {
		n++
	}
	if n == 0 {
		return from - 1, nil
	}
	return from + n - 1, f(messages[:n], kept)
}

// consume passes the range to f in batches from a temporary consumer, as far as
// it comes without a gap or a stall, and returns the last sequence number it
// passed on.
func (l *Log) consume(ctx context.Context, from, to uint64, f lent) (last uint64, err error) {
	last = from - 1
	feed, err := l.feed(ctx, from, to)
	if err != nil {
		// A server that cannot take a consumer now may still answer verify.
		return last, l.usable(ctx)
	}
	defer feed.close()
	for last < to {
		batch, done := feed.batch(ctx, last+1, min(to, last+readBatch))
		if err := l.usable(ctx); err != nil {
			return last, fmt.Errorf("read the log from #%d: %w", last+1, err)
		}
		if len(batch) == 0 {
			break
		}
		if err := f(batch, done); err != nil {
			return last, err
		}
		last += uint64(len(batch))
	}
	return last, nil
}

// A feed is a consumer that lives for one read. It is pulled by hand: that is
// as fast as a bare counting consumer, and the sequence numbers tell by
// themselves what an ordered consumer would have to find out.
type feed interface {
	// batch returns the messages from..to, or fewer when a gap or a stall comes.
	// done is called by who does not need their memory any more.
	batch(ctx context.Context, from, to uint64) (messages []events.Message, done func())
	close()
}

// pulls keeps two requests to a consumer under way.
type pulls struct {
	stream    Stream
	pull      string // where requests go
	inbox     string
	remaining uint64 // not yet requested
	unmet     uint64 // requested and not yet received
	remove    func() // the consumer
}

// request asks for one window more. A request that is lost shows as a stall.
func (p *pulls) request(send func(body []byte) error) {
	if n := min(p.remaining, readWindow); n > 0 {
		_ = send(fmt.Appendf(nil, `{"batch":%d,"expires":%d}`, n, consumerLife))
		p.remaining -= n
		p.unmet += n
	}
}

// received counts a message that came.
func (p *pulls) received(send func(body []byte) error) {
	if p.unmet--; p.unmet == readWindow {
		p.request(send)
	}
}

func (l *Log) feed(ctx context.Context, from, to uint64) (feed, error) {
	setup, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	consumer, err := l.readJS.CreateConsumer(setup, l.name(), jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       from,
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: consumerLife,
		MemoryStorage:     true,
		Replicas:          1,
	})
	if err != nil {
		return nil, err
	}
	name := consumer.CachedInfo().Name
	p := pulls{
		stream:    l.stream(),
		pull:      apiPrefix + "CONSUMER.MSG.NEXT." + l.name() + "." + name,
		inbox:     nats.NewInbox(),
		remaining: to - from + 1,
		remove: func() {
			ctx, cancel := context.WithTimeout(context.Background(), stall)
			defer cancel()
			// One that cannot be removed goes by itself; see consumerLife.
			_ = l.readJS.DeleteConsumer(ctx, l.name(), name)
		},
	}
	f, err := l.subscribe(p)
	if err != nil {
		p.remove()
	}
	return f, err
}

func (l *Log) subscribe(p pulls) (feed, error) {
	if l.config.Server != nil {
		w, err := dial(l.config.Server, wireBuffer)
		if err != nil {
			return nil, err
		}
		f := &wireFeed{pulls: p, wire: w}
		if err := w.subscribe(p.inbox); err != nil {
			return nil, errors.Join(err, w.conn.Close())
		}
		f.pulls.request(f.request)
		f.pulls.request(f.request)
		return f, nil
	}
	f := &clientFeed{pulls: p, conn: l.readConn, messages: make(chan *nats.Msg, 2*readWindow+16), timer: time.NewTimer(stall)}
	var err error
	if f.sub, err = f.conn.ChanSubscribe(f.inbox, f.messages); err != nil {
		return nil, err
	}
	f.pulls.request(f.request)
	f.pulls.request(f.request)
	return f, nil
}

// A clientFeed is a feed over the general client.
type clientFeed struct {
	pulls
	conn     *nats.Conn
	sub      *nats.Subscription
	messages chan *nats.Msg
	timer    *time.Timer
}

func (f *clientFeed) request(body []byte) error { return f.conn.PublishRequest(f.pull, f.inbox, body) }

func (f *clientFeed) batch(ctx context.Context, from, to uint64) (messages []events.Message, done func()) {
	batch := make([]events.Message, 0, to-from+1)
	for next := from; next <= to; next++ {
		m := f.receive(ctx)
		if m == nil || deliveredSequence(m.Reply) != next {
			break
		}
		batch = append(batch, events.Message{Sequence: next, Subject: f.stream.ledgerSubject(m.Subject), Data: m.Data})
		f.received(f.request)
	}
	return batch, kept
}

// receive returns the next message, nil when none comes.
func (f *clientFeed) receive(ctx context.Context) *nats.Msg {
	select {
	case m := <-f.messages:
		return m
	default:
	}
	f.timer.Reset(stall)
	select {
	case m := <-f.messages:
		return m
	case <-f.timer.C:
	case <-ctx.Done():
	}
	return nil
}

func (f *clientFeed) close() {
	f.timer.Stop()
	_ = f.sub.Unsubscribe()
	f.remove()
}

// deliveredSequence reads the stream sequence number in a delivered message's
// reply subject, "$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.…", which has
// two more tokens, domain and account, on some servers. It returns 0 for anything
// else, such as a status.
func deliveredSequence[T string | []byte](reply T) (sequence uint64) {
	dots := 0
	for i := range len(reply) {
		if reply[i] == '.' {
			dots++
		}
	}
	token := 5
	if dots > 8 {
		token = 7
	}
	digits := 0
	for i := range len(reply) {
		switch c := reply[i]; {
		case c == '.':
			if token--; token < 0 {
				return sequence
			}
		case token > 0:
		case c < '0' || c > '9' || digits == 19:
			return 0
		default:
			sequence = sequence*10 + uint64(c-'0')
			digits++
		}
	}
	return 0
}
