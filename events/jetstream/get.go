package jetstream

import (
	"context"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"caseledger/events"
)

// Get returns the messages at the given sequence numbers, in that order. It is
// for those who know where a subject's records stand, as the views do: History
// has the server search its files, which in a large ledger takes ten times as
// long. A message that does not come is asked of the stream's leader; one that
// is missing yields a [*events.DamageError].
func (l *Log) Get(ctx context.Context, sequences []uint64) ([]events.Message, error) {
	messages := make([]events.Message, 0, len(sequences))
	for part := range slices.Chunk(sequences, directMessages) {
		got := l.getEach(ctx, part)
		if usable := l.usable(ctx); usable != nil {
			return nil, fmt.Errorf("get %d records: %w", len(sequences), usable)
		}
		// Replicas may answer out of order, not at all, or not have it yet.
		for _, sequence := range part {
			m, found := got[sequence]
			if !found {
				verified, err := l.verify(ctx, sequence)
				if err != nil {
					return nil, err
				}
				m = *verified
			}
			messages = append(messages, m)
		}
	}
	return messages, nil
}

// getEach sends one direct get for each sequence number and collects what comes;
// what does not, for whatever reason, is for verify to find.
func (l *Log) getEach(ctx context.Context, sequences []uint64) map[uint64]events.Message {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	inbox := nats.NewInbox()
	sub, err := l.readConn.SubscribeSync(inbox)
	if err != nil {
		return nil
	}
	defer sub.Unsubscribe()
	for _, sequence := range sequences {
		request := fmt.Appendf(nil, `{"seq":%d}`, sequence)
		if err := l.readConn.PublishRequest(apiPrefix+"DIRECT.GET."+streamName, inbox, request); err != nil {
			return nil
		}
	}
	got := make(map[uint64]events.Message, len(sequences))
	for range sequences {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			break
		}
		if message, err := directMessage(m); err == nil {
			got[message.Sequence] = message
		}
	}
	return got
}
