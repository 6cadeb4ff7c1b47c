package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

const (
	apiPrefix = "$JS.API."

	// attempt bounds one try of a request that reads: while a cluster elects a
	// leader nobody answers it, and it must be sent again.
	attempt      = 2 * time.Second
	betweenTries = 50 * time.Millisecond
)

// ask sends a request that reads to the stream's leader and returns the answer.
func (l *Log) ask(ctx context.Context, subject, request string) (answer []byte, err error) {
	err = l.retry(ctx, func(ctx context.Context) error {
		m, err := l.conn.RequestWithContext(ctx, apiPrefix+subject, []byte(request))
		if err != nil {
			return err
		}
		answer = m.Data
		return nil
	})
	return answer, err
}

// retry repeats a read until it succeeds, the configured time is over, or it
// fails in a way that another try does not change. Appends are never retried.
func (l *Log) retry(ctx context.Context, try func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, l.config.timeout())
	defer cancel()
	for {
		if err := l.usable(ctx); err != nil {
			return err
		}
		once, cancel := context.WithTimeout(bounded, attempt)
		err := try(once)
		cancel()
		var refused *jetstream.APIError
		if err == nil || errors.As(err, &refused) && refused.Code != unavailable {
			return err
		}
		select {
		case <-bounded.Done():
			return errors.Join(l.usable(ctx), err)
		case <-time.After(betweenTries):
		}
	}
}

// unavailable is the class of errors that pass by themselves, such as a cluster
// without a leader.
const unavailable = 503

// leaderGet asks the stream's leader for one message; nil when it has none.
func (l *Log) leaderGet(ctx context.Context, request string) (*events.Message, error) {
	var body struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string `json:"subject"`
			Sequence uint64 `json:"seq"`
			Data     []byte `json:"data"`
		} `json:"message"`
	}
	answer, err := l.ask(ctx, "STREAM.MSG.GET."+streamName, request)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer, &body); err != nil {
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
