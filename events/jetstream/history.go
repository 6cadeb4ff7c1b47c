package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

const (
	// One direct get returns at most so many messages and about so many bytes.
	directMessages = 2048
	directBytes    = 4 << 20
)

// What a direct get answers.
const (
	statusHeader   = "Status"
	pendingHeader  = "Nats-Num-Pending"
	statusEnd      = "204"
	statusNotFound = "404"
)

// History implements [events.Log]. Where there are replicas, one that lags
// behind may answer; so the leader is asked for the subject's last record and
// the answer must reach it. An embedded server that failed to write holds records
// in memory that are not on the disk, and forgets others: nothing is read from it,
// since what is found after an append may be taken for durable.
func (l *Log) History(ctx context.Context, subject events.Subject) ([]events.Message, error) {
	history, err := l.history(ctx, subject)
	if err == nil && l.config.Server != nil {
		err = l.config.Server.StoreError()
	}
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", subject, err)
	}
	return history, nil
}

func (l *Log) history(ctx context.Context, subject events.Subject) ([]events.Message, error) {
	var last uint64
	if l.replicas > 1 {
		var err error
		if last, err = l.lastSequence(ctx, subject); err != nil || last == 0 {
			return nil, err
		}
	}
	var history []events.Message
	for next := uint64(1); ; {
		part, more, err := l.directRetried(ctx, directRequest{
			Sequence: next, Subject: l.stream().wireSubject(subject), Batch: directMessages, MaxBytes: directBytes,
		})
		if err != nil {
			return nil, err
		}
		history = append(history, part...)
		if n := len(history); n > 0 {
			next = history[n-1].Sequence + 1
		}
		if !more && next > last {
			return history, nil
		}
	}
}

// lastSequence asks the stream's leader for a subject's last sequence number, 0
// when it has none.
func (l *Log) lastSequence(ctx context.Context, subject events.Subject) (uint64, error) {
	m, err := l.leaderGet(ctx, fmt.Sprintf(`{"last_by_subj":%q}`, l.stream().wireSubject(subject)))
	if err != nil || m == nil {
		return 0, err
	}
	return m.Sequence, nil
}

type directRequest struct {
	Sequence uint64 `json:"seq"`
	Subject  string `json:"next_by_subj,omitempty"`
	Batch    uint64 `json:"batch"`
	MaxBytes int    `json:"max_bytes"`
}

func (l *Log) directRetried(ctx context.Context, r directRequest) (messages []events.Message, more bool, err error) {
	err = l.retry(ctx, func(ctx context.Context) (err error) {
		messages, more, err = l.direct(ctx, r)
		return err
	})
	return messages, more, err
}

// direct asks any replica for a batch of messages in order, which may have
// holes and may end early. more says that the replica has more of them.
func (l *Log) direct(ctx context.Context, r directRequest) (messages []events.Message, more bool, err error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, false, err
	}
	inbox := nats.NewInbox()
	sub, err := l.readConn.SubscribeSync(inbox)
	if err != nil {
		return nil, false, err
	}
	defer sub.Unsubscribe()
	if err := l.readConn.PublishRequest(apiPrefix+"DIRECT.GET."+l.name(), inbox, body); err != nil {
		return nil, false, err
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return messages, false, err
		}
		if len(m.Data) == 0 {
			more, err := endOfBatch(m)
			return messages, more, err
		}
		message, err := l.stream().directMessage(m)
		if err != nil {
			return messages, false, err
		}
		messages = append(messages, message)
	}
}

func endOfBatch(m *nats.Msg) (more bool, err error) {
	switch m.Header.Get(statusHeader) {
	case statusEnd:
		return m.Header.Get(pendingHeader) != "0", nil
	case statusNotFound:
		return false, nil
	}
	return false, fmt.Errorf("direct get: unexpected answer %v", m.Header)
}

func (s Stream) directMessage(m *nats.Msg) (events.Message, error) {
	sequence, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return events.Message{}, errors.New("direct get: an answer without a sequence number")
	}
	return events.Message{Sequence: sequence, Subject: s.ledgerSubject(m.Header.Get(jetstream.SubjectHeader)), Data: m.Data}, nil
}
