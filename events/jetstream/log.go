package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

// Error codes of the server that decide what an Append returns. Texts are never
// compared.
const (
	codeUnavailable           jetstream.ErrorCode = 10008 // of a cluster that is electing; nothing was written
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeNoMessage             jetstream.ErrorCode = 10037
	codeInsufficientStorage   jetstream.ErrorCode = 10047
	codeWrongLastSequence     jetstream.ErrorCode = 10071
	codeStoreFailed           jetstream.ErrorCode = 10077 // answered for limits only; a failed write is not answered at all
	codeDuplicateInProcess    jetstream.ErrorCode = 10158
	codeInProcess             jetstream.ErrorCode = 10164 // of a cluster; see publish
)

// A Log is the ledger's stream as an [events.Log].
type Log struct {
	config   Config
	conn     *nats.Conn // heads, single records, and appends unless there are links
	js       jetstream.JetStream
	readConn *nats.Conn // batches: a long read must not hold up an append
	readJS   jetstream.JetStream
	links    *links // appends to an embedded server; nil: conn takes them
	replicas int
	closed   atomic.Bool
	broken   atomic.Bool   // the embedded server stopped storing; see storeFailed
	known    atomic.Uint64 // how far the stream is known to go

	// A server does not answer a publish that it forbids, it tells the connection:
	// writable is then over, and so is every append that waits.
	writable context.Context
	forbid   context.CancelFunc
}

var _ events.Log = (*Log)(nil)

// ErrClosed reports the use of a closed log.
var ErrClosed = errors.New("the log is closed")

// ErrForbidden reports an append on a connection that may only read. Nothing was
// written.
var ErrForbidden = errors.New("this connection may read the ledger and not write it")

// Open checks the ledger's stream and opens it: the server answers, the stream
// exists ([ErrNotFound]), its configuration is exactly as it must be
// ([*DriftError]), it has lost nothing below the floor ([*FloorError]). It never
// creates or changes anything.
func Open(ctx context.Context, c Config) (*Log, error) {
	conn, js, err := c.connect()
	if err != nil {
		return nil, err
	}
	l := &Log{config: c, conn: conn, js: js}
	l.writable, l.forbid = context.WithCancel(context.Background())
	conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			l.forbid()
		}
	})
	if err := l.check(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	if l.readConn, l.readJS, err = c.connect(); err != nil {
		conn.Close()
		return nil, err
	}
	if c.Server != nil {
		l.links = newLinks(c.Server)
	}
	return l, nil
}

func (l *Log) check(ctx context.Context) error {
	if s := l.config.Server; s != nil {
		if err := s.StoreError(); err != nil {
			return fmt.Errorf("check stream %s: %w", l.name(), err)
		}
	}
	l.reached(l.config.Floor.Sequence)
	info, err := l.current(ctx)
	if err != nil {
		return fmt.Errorf("check stream %s: %w", l.name(), err)
	}
	if err := l.stream().checkConfig(info.Config, l.config.Replicas); err != nil {
		return err
	}
	l.replicas = info.Config.Replicas
	return l.checkFloor(ctx, info.State)
}

func (l *Log) checkFloor(ctx context.Context, state jetstream.StreamState) error {
	floor := l.config.Floor
	if state.LastSeq > 0 && state.FirstSeq != 1 {
		return &events.DamageError{Sequence: 1, Detail: fmt.Sprintf("the stream starts at #%d", state.FirstSeq)}
	}
	if floor.Sequence == 0 {
		return nil
	}
	if state.LastSeq < floor.Sequence {
		return &FloorError{Stream: l.stream(), Floor: floor, Head: state.LastSeq}
	}
	m, err := l.leaderGet(ctx, fmt.Sprintf(`{"seq":%d}`, floor.Sequence))
	if err != nil {
		return fmt.Errorf("check stream %s at #%d: %w", l.name(), floor.Sequence, err)
	}
	if m == nil {
		return &FloorError{Stream: l.stream(), Floor: floor, Head: state.LastSeq}
	}
	if hash := events.HashOf(m.Data); hash != floor.Hash {
		return &FloorError{Stream: l.stream(), Floor: floor, Head: state.LastSeq, Hash: hash}
	}
	return nil
}

// info asks the stream's leader how the stream stands.
func (l *Log) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	var info *jetstream.StreamInfo
	err := l.retry(ctx, func(ctx context.Context) error {
		stream, err := l.js.Stream(ctx, l.name())
		if err != nil {
			return err
		}
		info = stream.CachedInfo()
		return nil
	})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return info, err
}

// current is info of a leader that knows all that is known here. Of several servers,
// one that led until it was paused or cut off answers for a moment as if it still did.
func (l *Log) current(ctx context.Context) (*jetstream.StreamInfo, error) {
	for try := time.Duration(1); ; try++ {
		info, err := l.info(ctx)
		if err != nil || info.Config.Replicas < 2 || info.State.LastSeq >= l.known.Load() || try*betweenTries >= staleLeader {
			return info, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(betweenTries):
		}
	}
}

// reached notes that the stream goes as far as a position.
func (l *Log) reached(sequence uint64) {
	for {
		known := l.known.Load()
		if sequence <= known || l.known.CompareAndSwap(known, sequence) {
			return
		}
	}
}

// Append implements [events.Log]. Its cost is one message and, on a server that
// syncs, one write to the disk. It may be called from many goroutines.
func (l *Log) Append(ctx context.Context, subject events.Subject, expected uint64, recordID string, data []byte) (uint64, error) {
	if err := l.usable(ctx); err != nil {
		return 0, fmt.Errorf("append to %s: %w", subject, err)
	}
	if len(data) == 0 || len(data) > events.MaxRecord {
		return 0, fmt.Errorf("append to %s: a record has 1 to %d bytes, not %d", subject, events.MaxRecord, len(data))
	}
	if l.broken.Load() {
		return 0, l.storeError(ctx, subject, expected)
	}
	r := &record{subject, expected, recordID, data}
	ack, err := l.publish(ctx, r)
	switch {
	case err != nil:
		return 0, l.appendError(ctx, subject, expected, err)
	case ack.Duplicate:
		return 0, l.duplicateError(ctx, subject, expected, recordID, ack.Sequence)
	}
	l.reached(ack.Sequence)
	return ack.Sequence, nil
}

// publish sends a record, again while the cluster says only that another append
// to the subject is in process: its leader goes on saying so for a moment after
// that append was acknowledged, so it decides nothing. Nothing was written then.
// When the subject has moved on, that answer stands. A cluster without a leader that says
// so has written nothing either.
func (l *Log) publish(ctx context.Context, r *record) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, l.config.timeout())
	defer cancel()
	defer l.watch(ctx, cancel).Stop()
	for {
		ack, err := l.send(ctx, r)
		var refused *jetstream.APIError
		pause := inProcessPause
		switch {
		case errors.As(err, &refused) && refused.ErrorCode == codeUnavailable:
			pause = betweenTries
		case errors.As(err, &refused) && refused.ErrorCode == codeInProcess:
			last, lastErr := l.lastSequence(ctx, r.subject)
			if lastErr != nil {
				return nil, lastErr
			}
			if last != r.expected {
				return nil, err
			}
		default:
			return ack, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// send sends a record once: on a link to an embedded server, which lets it write
// whatever it is, else through the general client. A server that has nobody to take
// it may be a cluster between two leaders: the client tries again.
func (l *Log) send(ctx context.Context, r *record) (*jetstream.PubAck, error) {
	if l.links != nil && isOneWord(r.subject) && isOneWord(r.id) {
		ack, err := l.links.publish(ctx, l.stream(), r)
		if !errors.Is(err, nats.ErrNoResponders) {
			return ack, err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.writable, cancel)()
	return l.js.PublishMsg(ctx, r.message(l.stream()))
}

// inProcessPause is how long an append waits for another one that is in process
// on the same subject: a fraction of what a replicated append takes.
const inProcessPause = 200 * time.Microsecond

// appendError says what an error means for the record: written by someone else
// first, no room, not written, or unknown.
func (l *Log) appendError(ctx context.Context, subject events.Subject, expected uint64, err error) error {
	var refused *jetstream.APIError
	if errors.As(err, &refused) {
		switch refused.ErrorCode {
		case codeWrongLastSequence, codeInProcess:
			return &events.ConflictError{Subject: subject, Expected: expected}
		case codeInsufficientResources, codeInsufficientStorage, codeStoreFailed:
			return fmt.Errorf("append to %s: %w: %w", subject, events.ErrFull, err)
		case codeDuplicateInProcess, codeUnavailable:
			return fmt.Errorf("append to %s: %w: %w", subject, events.ErrUncertain, err)
		}
		return fmt.Errorf("append to %s: %w", subject, err)
	}
	switch {
	case l.closed.Load():
		err = errors.Join(ErrClosed, err)
	case l.writable.Err() != nil:
		return fmt.Errorf("append to %s: %w", subject, ErrForbidden)
	case ctx.Err() == nil && l.storeFailed():
		return l.storeError(ctx, subject, expected)
	}
	return fmt.Errorf("append to %s: %w: %w", subject, events.ErrUncertain, err)
}

// lateAnswer is after what time without an answer an append asks whether the
// embedded server stores at all: a hundred times what a slow disk takes.
const lateAnswer = 500 * time.Millisecond

// watch ends a wait for an embedded server that stopped storing, which answers
// nobody.
func (l *Log) watch(ctx context.Context, end func()) *time.Timer {
	return time.AfterFunc(lateAnswer, func() {
		switch {
		case ctx.Err() != nil:
		case l.storeFailed():
			end()
		default:
			l.watch(ctx, end)
		}
	})
}

// storeFailed asks an embedded server whether it stopped storing. It answers no
// publisher any more after a failed write, so that every append would wait for
// its time to be over; from the first one on they need not.
func (l *Log) storeFailed() bool {
	if l.config.Server != nil && l.config.Server.StoreError() != nil {
		l.broken.Store(true)
	}
	return l.broken.Load()
}

// storeError says why an append to a server that stopped storing failed. A disk
// that is full is certain to have taken nothing only if the subject still ends
// with the expected record.
func (l *Log) storeError(ctx context.Context, subject events.Subject, expected uint64) error {
	cause := l.config.Server.StoreError()
	last, err := l.lastSequence(ctx, subject)
	switch {
	case !errors.Is(cause, events.ErrFull) || err != nil:
		return fmt.Errorf("append to %s: %w: %w", subject, events.ErrUncertain, errors.Join(errors.New(fmt.Sprint(cause)), err))
	case last != expected:
		return &events.ConflictError{Subject: subject, Expected: expected}
	}
	return fmt.Errorf("append to %s: %w", subject, cause)
}

// duplicateError explains an acknowledgement that says "this record id was
// written before": this call wrote nothing. Other servers and later moments
// answer the same call with a conflict, so it is one whenever the subject moved on.
func (l *Log) duplicateError(ctx context.Context, subject events.Subject, expected uint64, recordID string, at uint64) error {
	last, err := l.lastSequence(ctx, subject)
	if err != nil {
		return fmt.Errorf("append to %s: %w: %w", subject, events.ErrUncertain, err)
	}
	if last != expected {
		return &events.ConflictError{Subject: subject, Expected: expected}
	}
	err = fmt.Errorf("record id %s stands at #%d already", recordID, at)
	if l.replicas > 1 { // this call may have written it, sent again between two leaders
		err = fmt.Errorf("%w: %w", events.ErrUncertain, err)
	}
	return fmt.Errorf("append to %s: %w", subject, err)
}

// Head implements [events.Log]. The stream's leader answers.
func (l *Log) Head(ctx context.Context) (uint64, error) {
	info, err := l.current(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the head: %w", err)
	}
	l.reached(info.State.LastSeq)
	return info.State.LastSeq, nil
}

// Leader returns the name of the server that leads the stream, empty when there
// is only one.
func (l *Log) Leader(ctx context.Context) (string, error) {
	info, err := l.info(ctx)
	if err != nil || info.Cluster == nil {
		return "", err
	}
	return info.Cluster.Leader, nil
}

// Close implements [events.Log]. It ends reads and appends that are under way;
// those appends are uncertain.
func (l *Log) Close() error {
	if !l.closed.Swap(true) {
		if l.links != nil {
			l.links.close()
		}
		l.readConn.Close()
		l.conn.Close()
	}
	return nil
}

func (l *Log) usable(ctx context.Context) error {
	if l.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

func (l *Log) stream() Stream { return l.config.stream() }

func (l *Log) name() string { return string(l.stream()) }

func (s Stream) wireSubject(subject events.Subject) string {
	return s.prefix() + string(subject.Kind()) + "." + subject.ID()
}

// ledgerSubject is the inverse of wireSubject.
func (s Stream) ledgerSubject(wire string) events.Subject {
	rest := wire[len(s.prefix()):]
	dot := strings.IndexByte(rest, '.')
	return events.Subject(rest[:dot] + "/" + rest[dot+1:])
}
