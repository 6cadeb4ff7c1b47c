package jetstream

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

// maxLinks bounds the appends that are under way at a time; the others wait. The
// server stores one after the other.
const maxLinks = 32

// linkBuffer holds what greets a connection, or else an acknowledgement.
const linkBuffer = 16 << 10

// linkLife is how long a link is used. Nobody reads from one that is idle, and the
// server asks a connection whether it lives after two minutes.
const linkLife = time.Minute

// A link is a [wire] to the embedded server on which one caller at a time
// appends: it writes the message and reads the acknowledgement itself. With the
// general client both pass through goroutines that the client shares among all
// its callers, and waking them takes a fifth of the time of a synced append.
type link struct {
	*wire
	inbox string
	out   []byte // the message on its way
	life  *time.Timer
	over  bool // its life; under links.mu
}

// links are the links of one log. They are made as they are needed, and the one
// used last is used next.
type links struct {
	server InProcess
	places chan struct{} // one for each append under way

	mu     sync.Mutex
	idle   []*link
	open   map[*link]struct{}
	closed bool
}

func newLinks(s InProcess) *links {
	return &links{server: s, places: make(chan struct{}, maxLinks), open: map[*link]struct{}{}}
}

// close ends the appends under way.
func (s *links) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for l := range s.open {
		l.life.Stop()
		_ = l.conn.Close()
	}
}

// take returns a link for one append.
func (s *links) take(ctx context.Context) (*link, error) {
	select {
	case s.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	if last := len(s.idle) - 1; last >= 0 {
		l := s.idle[last]
		s.idle = s.idle[:last]
		s.mu.Unlock()
		return l, nil
	}
	s.mu.Unlock()
	l, err := s.make()
	if err != nil {
		<-s.places
	}
	return l, err
}

func (s *links) make() (*link, error) {
	w, err := dial(s.server, linkBuffer)
	if err != nil {
		return nil, err
	}
	l := &link{wire: w, inbox: nats.NewInbox()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.Join(ErrClosed, w.conn.Close())
	}
	if err := w.subscribe(l.inbox); err != nil {
		return nil, errors.Join(err, w.conn.Close())
	}
	s.open[l] = struct{}{}
	l.life = time.AfterFunc(linkLife, func() { s.retire(l) })
	return l, nil
}

// retire closes a link, now or when its append is over.
func (s *links) retire(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.over = true
	if i := slices.Index(s.idle, l); i >= 0 {
		s.idle = slices.Delete(s.idle, i, i+1)
		s.drop(l)
	}
}

func (s *links) drop(l *link) {
	l.life.Stop()
	delete(s.open, l)
	_ = l.conn.Close()
}

// give takes a link back, and closes one on which an answer may still come.
func (s *links) give(l *link, usable bool) {
	s.mu.Lock()
	if usable && !l.over {
		s.idle = append(s.idle, l)
	} else {
		s.drop(l)
	}
	s.mu.Unlock()
	<-s.places
}

// publish sends a record and returns what the server says of it, for as long as ctx
// lasts.
func (s *links) publish(ctx context.Context, stream Stream, r *record) (*jetstream.PubAck, error) {
	l, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetDeadline(time.Unix(1, 0)) })
	ack, err := l.publish(stream, r)
	var refused *jetstream.APIError
	s.give(l, stop() && (err == nil || errors.As(err, &refused)))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = cmp.Or(ctx.Err(), context.DeadlineExceeded)
	}
	return ack, err
}

// A record is what an append hands to the server.
type record struct {
	subject  events.Subject
	expected uint64 // sequence number of the subject's last record
	id       string
	data     []byte
}

func (r *record) message(s Stream) *nats.Msg {
	return &nats.Msg{
		Subject: s.wireSubject(r.subject),
		Data:    r.data,
		Header: nats.Header{
			jetstream.MsgIDHeader:               {r.id},
			jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(r.expected, 10)},
		},
	}
}

// isOneWord reports whether text cannot be taken for more of the protocol than
// one of its words.
func isOneWord[T ~string](text T) bool {
	return text != "" && !strings.ContainsFunc(string(text), func(c rune) bool { return c <= ' ' || c > '~' })
}

func (l *link) publish(stream Stream, r *record) (*jetstream.PubAck, error) {
	if _, err := l.conn.Write(l.frame(stream, r)); err != nil {
		return nil, err
	}
	answer, err := l.next()
	if err != nil {
		return nil, err
	}
	if l.out, err = l.appendBody(l.out[:0], answer); err != nil {
		return nil, err
	}
	if len(l.out) == 0 {
		return nil, nats.ErrNoResponders
	}
	return parseAck(stream, l.out)
}

// frame writes the message of a record, as the client protocol has it: HPUB, with
// the length of the headers and that of all.
func (l *link) frame(s Stream, r *record) []byte {
	const status, id, expected = "NATS/1.0\r\n", jetstream.MsgIDHeader + ": ", "\r\n" + jetstream.ExpectedLastSubjSeqHeader + ": "
	var digits [20]byte
	last := strconv.AppendUint(digits[:0], r.expected, 10)
	header := len(status) + len(id) + len(r.id) + len(expected) + len(last) + len("\r\n\r\n")
	b := append(append(append(l.out[:0], "HPUB "...), s.wireSubject(r.subject)...), ' ')
	b = append(append(b, l.inbox...), ' ')
	b = append(strconv.AppendInt(b, int64(header), 10), ' ')
	b = append(strconv.AppendInt(b, int64(header+len(r.data)), 10), "\r\n"...)
	b = append(append(append(b, status...), id...), r.id...)
	b = append(append(append(b, expected...), last...), "\r\n\r\n"...)
	l.out = append(append(b, r.data...), "\r\n"...)
	return l.out
}

// parseAck reads an acknowledgement, as servers write it or in any other form.
func parseAck(s Stream, answer []byte) (*jetstream.PubAck, error) {
	if sequence, ok := plainAck(s, answer); ok {
		return &jetstream.PubAck{Stream: string(s), Sequence: sequence}, nil
	}
	var a struct {
		Error *jetstream.APIError `json:"error"`
		jetstream.PubAck
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, fmt.Errorf("read an acknowledgement: %w", err)
	}
	if a.Error != nil {
		return nil, a.Error
	}
	if a.Stream != string(s) || a.Sequence == 0 {
		return nil, fmt.Errorf("%w: %q", errWire, answer)
	}
	return &a.PubAck, nil
}

// plainAck reads {"stream":"LEDGER","seq":1}.
func plainAck(s Stream, answer []byte) (sequence uint64, ok bool) {
	rest, ok := strings.CutPrefix(string(answer), `{"stream":"`+string(s)+`","seq":`)
	digits, closed := strings.CutSuffix(rest, "}")
	sequence, err := strconv.ParseUint(digits, 10, 64)
	return sequence, ok && closed && err == nil && digits[0] != '0'
}
