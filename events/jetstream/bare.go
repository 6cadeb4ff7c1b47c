package jetstream

import (
	"context"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

// A Bare is the client on the ledger's stream with nothing of the ledger in
// between: the floor that measurements compare with. It looks at no record that
// it reads and at none that it writes, so it must never touch a ledger that
// somebody relies on.
type Bare struct {
	conn *nats.Conn
	js   jetstream.JetStream
}

// OpenBare connects to the stream.
func OpenBare(c Config) (*Bare, error) {
	conn, js, err := c.connect()
	if err != nil {
		return nil, err
	}
	return &Bare{conn, js}, nil
}

// Count reads the first n messages with an ordered consumer that only counts.
func (b *Bare) Count(ctx context.Context, n uint64) error {
	consumer, err := b.js.OrderedConsumer(ctx, string(Ledger), jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	done, count := make(chan struct{}), uint64(0)
	running, err := consumer.Consume(func(jetstream.Msg) {
		if count++; count == n {
			close(done)
		}
	})
	if err != nil {
		return err
	}
	defer running.Stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Publish appends a message with the expectation and the id that an Append has,
// and returns its sequence number.
func (b *Bare) Publish(ctx context.Context, subject events.Subject, expected uint64, id string, data []byte) (uint64, error) {
	ack, err := b.js.PublishMsg(ctx, &nats.Msg{
		Subject: Ledger.wireSubject(subject),
		Data:    data,
		Header: nats.Header{
			jetstream.MsgIDHeader:               {id},
			jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(expected, 10)},
		},
	})
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// Close closes the connection.
func (b *Bare) Close() { b.conn.Close() }
