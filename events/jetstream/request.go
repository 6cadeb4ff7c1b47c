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
			if unusable := l.usable(ctx); unusable != nil {
				return errors.Join(unusable, err)
			}
			return &ConnectError{withoutSecrets(l.config.URL), err}
		case <-time.After(betweenTries):
		}
	}
}

// unavailable is the class of errors that pass by themselves, such as a cluster
// without a leader.
const unavailable = 503

// leaderGet asks the stream's leader for one message; nil when it has none.
func (l *Log) leaderGet(ctx context.Context, request string) (found *events.Message, err error) {
	err = l.retry(ctx, func(ctx context.Context) error {
		answer, err := l.conn.RequestWithContext(ctx, apiPrefix+"STREAM.MSG.GET."+l.name(), []byte(request))
		if err != nil {
			return err
		}
		found, err = l.leaderAnswer(answer.Data)
		return err
	})
	return found, err
}

func (l *Log) leaderAnswer(answer []byte) (*events.Message, error) {
	var body struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject  string `json:"subject"`
			Sequence uint64 `json:"seq"`
			Data     []byte `json:"data"`
		} `json:"message"`
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
	return &events.Message{Sequence: m.Sequence, Subject: l.stream().ledgerSubject(m.Subject), Data: m.Data}, nil
}
