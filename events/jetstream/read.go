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
	apiPrefix = "$JS.API."

	// A batch has at most so many messages and about so many bytes, which
	// bounds the memory of a read and what the server keeps ready for it.
	batchMessages = 2048
	batchBytes    = 4 << 20
)

// Statuses of a direct get.
const (
	statusHeader   = "Status"
	pendingHeader  = "Nats-Num-Pending"
	statusEnd      = "204"
	statusNotFound = "404"
)

// Read implements [events.Log]. It asks for batches of consecutive messages and
// has the next one sent while f works on the last. A message that a replica
// lacks is asked of the stream's leader before it counts as damaged.
func (l *Log) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	if err := l.usable(ctx); err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	for next := max(from, 1); next <= to; {
		batch, err := l.batch(ctx, next, to)
		if err != nil {
			return err
		}
		if err := f(batch); err != nil {
			return err
		}
		next += uint64(len(batch))
	}
	return nil
}

// batch returns at least one message, starting with next.
func (l *Log) batch(ctx context.Context, next, to uint64) ([]events.Message, error) {
	bounded, cancel := context.WithTimeout(ctx, l.config.timeout())
	defer cancel()
	n := min(to-next+1, batchMessages)
	messages, _, err := l.direct(bounded, directRequest{Sequence: next, Batch: n, MaxBytes: batchBytes})
	if ctx.Err() != nil || l.closed.Load() {
		return nil, fmt.Errorf("read the log from #%d: %w", next, errors.Join(l.usable(ctx), err))
	}
	good := 0
	for good < len(messages) && messages[good].Sequence == next+uint64(good) {
		good++
	}
	if good > 0 {
		return messages[:good], nil
	}
	m, err := l.verify(ctx, next)
	if err != nil {
		return nil, err
	}
	return []events.Message{*m}, nil
}

// verify asks the stream's leader for a message that did not come.
func (l *Log) verify(ctx context.Context, sequence uint64) (*events.Message, error) {
	ctx, cancel := l.config.bounded(ctx)
	defer cancel()
	m, err := l.leaderGet(ctx, fmt.Sprintf(`{"seq":%d}`, sequence))
	if err != nil {
		return nil, fmt.Errorf("read the log at #%d: %w", sequence, err)
	}
	if m == nil {
		return nil, &events.DamageError{Sequence: sequence, Detail: "the stream does not return it"}
	}
	return m, nil
}

// History implements [events.Log]. A replica may answer that lags behind, so
// the leader is asked for the subject's last record where there are replicas,
// and the answer must reach it.
func (l *Log) History(ctx context.Context, subject events.Subject) ([]events.Message, error) {
	if err := l.usable(ctx); err != nil {
		return nil, fmt.Errorf("read history of %s: %w", subject, err)
	}
	ctx, cancel := l.config.bounded(ctx)
	defer cancel()
	history, err := l.history(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", subject, errors.Join(err, l.usable(context.Background())))
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
		part, more, err := l.direct(ctx, directRequest{Sequence: next, Subject: wireSubject(subject), Batch: batchMessages, MaxBytes: batchBytes})
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
	m, err := l.leaderGet(ctx, fmt.Sprintf(`{"last_by_subj":%q}`, wireSubject(subject)))
	if err != nil || m == nil {
		return 0, err
	}
	return m.Sequence, nil
}

// leaderGet asks the stream's leader for one message; nil when it has none.
func (l *Log) leaderGet(ctx context.Context, request string) (*events.Message, error) {
	ctx, cancel := l.config.bounded(ctx)
	defer cancel()
	answer, err := l.conn.RequestWithContext(ctx, apiPrefix+"STREAM.MSG.GET."+streamName, []byte(request))
	if err != nil {
		return nil, err
	}
	var body struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string `json:"subject"`
			Sequence uint64 `json:"seq"`
			Data     []byte `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(answer.Data, &body); err != nil {
		return nil, err
	}
	if body.Error != nil {
		if body.Error.ErrorCode == codeNoMessage {
			return nil, nil
		}
		return nil, body.Error
	}
	m := body.Message
	return &events.Message{Sequence: m.Sequence, Subject: ledgerSubject(m.Subject), Data: m.Data}, nil
}

type directRequest struct {
	Sequence uint64 `json:"seq"`
	Subject  string `json:"next_by_subj,omitempty"`
	Batch    uint64 `json:"batch"`
	MaxBytes int    `json:"max_bytes"`
}

// direct asks any replica for a batch of messages in order, which may have
// holes and may end early. more says that the replica has more of them.
func (l *Log) direct(ctx context.Context, r directRequest) (messages []events.Message, more bool, err error) {
	inbox := l.readConn.NewRespInbox()
	sub, err := l.readConn.SubscribeSync(inbox)
	if err != nil {
		return nil, false, err
	}
	defer sub.Unsubscribe()
	body, err := json.Marshal(r)
	if err != nil {
		return nil, false, err
	}
	if err := l.readConn.PublishRequest(apiPrefix+"DIRECT.GET."+streamName, inbox, body); err != nil {
		return nil, false, err
	}
	messages = make([]events.Message, 0, min(r.Batch, 64))
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return messages, false, err
		}
		if len(m.Data) == 0 {
			switch m.Header.Get(statusHeader) {
			case statusEnd:
				return messages, m.Header.Get(pendingHeader) != "0", nil
			case statusNotFound:
				return messages, false, nil
			}
			return messages, false, fmt.Errorf("unexpected answer %v", m.Header)
		}
		message, err := directMessage(m)
		if err != nil {
			return messages, false, err
		}
		messages = append(messages, message)
	}
}

func directMessage(m *nats.Msg) (events.Message, error) {
	sequence, err := strconv.ParseUint(m.Header.Get(jetstream.SequenceHeader), 10, 64)
	if err != nil {
		return events.Message{}, err
	}
	return events.Message{Sequence: sequence, Subject: ledgerSubject(m.Header.Get(jetstream.SubjectHeader)), Data: m.Data}, nil
}
