package jetstream

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"caseledger/events"
)

// A wire is a connection to the embedded server that one read has for itself, in
// the NATS client protocol as far as a read needs it: INFO, CONNECT, SUB, PUB,
// MSG, HMSG, PING. The general client makes an object, a map of headers and a
// queue entry of each message; a wire copies its record to where the batch lies,
// which halves what reading costs this process. A server elsewhere, which may ask
// for TLS and credentials, is left to the general client.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

const (
	// wireBuffer holds what the server hands over to a read in one write.
	wireBuffer = 128 << 10
	wireHello  = `CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1,"lang":"go","version":"1","name":"caseledger reader"}` +
		"\r\nPING\r\n"
)

// dial connects and waits until the server has let the connection in. What comes
// is read through a buffer of so many bytes.
func dial(s InProcess, buffer int) (*wire, error) {
	conn, err := s.InProcessConn()
	if err != nil {
		return nil, err
	}
	w := &wire{conn, bufio.NewReaderSize(conn, buffer)}
	if err := w.greet(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w, nil
}

func (w *wire) greet() error {
	if err := w.conn.SetDeadline(time.Now().Add(stall)); err != nil {
		return err
	}
	if line, err := w.line(); err != nil || !bytes.HasPrefix(line, []byte("INFO ")) {
		return errors.Join(errors.New("the server does not introduce itself"), err)
	}
	if _, err := w.conn.Write([]byte(wireHello)); err != nil {
		return err
	}
	if line, err := w.line(); err != nil || string(line) != "PONG" {
		return errors.Join(fmt.Errorf("the server answers %q", line), err)
	}
	return w.conn.SetDeadline(time.Time{})
}

// line returns the next line without its end. It is valid until the next read.
func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

func (w *wire) subscribe(inbox string) error {
	_, err := fmt.Fprintf(w.conn, "SUB %s 1\r\n", inbox)
	return err
}

func (w *wire) publishRequest(subject, inbox string, body []byte) error {
	_, err := fmt.Fprintf(w.conn, "PUB %s %s %d\r\n%s\r\n", subject, inbox, len(body), body)
	return err
}

// A delivery is a message whose bytes are still to be read.
type delivery struct {
	subject  events.Subject // of a record
	sequence uint64         // of the stream; 0 for a status
	header   int            // bytes
	size     int            // bytes, with the header
}

var errWire = errors.New("the server's answer is malformed")

// next reads the line that announces the next message.
func (w *wire) next() (d delivery, err error) {
	for {
		line, err := w.line()
		if err != nil {
			return d, err
		}
		verb, rest, _ := bytes.Cut(line, []byte(" "))
		switch string(verb) {
		case "MSG", "HMSG":
			return parseDelivery(rest, len(verb) == len("HMSG"))
		case "PING":
			if _, err := w.conn.Write([]byte("PONG\r\n")); err != nil {
				return d, err
			}
		case "PONG", "+OK", "INFO":
		default:
			return d, fmt.Errorf("%w: %q", errWire, line)
		}
	}
}

// parseDelivery reads "subject sid [reply] [header] size".
func parseDelivery(line []byte, headers bool) (d delivery, err error) {
	var fields [5][]byte
	n := 0
	for len(line) > 0 {
		if n == len(fields) {
			return d, errWire
		}
		fields[n], line, _ = bytes.Cut(line, []byte(" "))
		n++
	}
	sizes := 1
	if headers {
		sizes = 2
	}
	if n < 2+sizes || n > 3+sizes {
		return d, errWire
	}
	var ok bool
	if d.size, ok = number(fields[n-1]); !ok {
		return d, errWire
	}
	if headers {
		if d.header, ok = number(fields[n-2]); !ok || d.header > d.size {
			return d, errWire
		}
	}
	if n == 3+sizes {
		d.sequence = deliveredSequence(fields[2])
	}
	if d.sequence > 0 {
		if d.subject, ok = subjectOnWire(fields[0]); !ok {
			return d, errWire
		}
	}
	return d, nil
}

// subjectOnWire is [Stream.ledgerSubject] of bytes of either stream, which it changes.
func subjectOnWire(wire []byte) (events.Subject, bool) {
	rest, found := bytes.CutPrefix(wire, []byte(Ledger.prefix()))
	if !found {
		rest, found = bytes.CutPrefix(wire, []byte(Access.prefix()))
	}
	dot := bytes.IndexByte(rest, '.')
	if !found || dot < 0 {
		return "", false
	}
	rest[dot] = '/'
	return events.Subject(rest), true
}

func number(digits []byte) (n int, ok bool) {
	if len(digits) == 0 || len(digits) > 9 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// appendBody reads the message that was announced and appends its data to b.
func (w *wire) appendBody(b []byte, d delivery) ([]byte, error) {
	if err := w.discard(d.header); err != nil {
		return b, err
	}
	for left := d.size - d.header; left > 0; {
		part, err := w.in.Peek(min(left, max(1, w.in.Buffered())))
		if err != nil {
			return b, err
		}
		b = append(b, part...)
		left -= len(part)
		if err := w.discard(len(part)); err != nil {
			return b, err
		}
	}
	return b, w.discard(len("\r\n"))
}

func (w *wire) discard(n int) error {
	_, err := w.in.Discard(n)
	return err
}

// A wireFeed is a [feed] over a wire.
type wireFeed struct {
	pulls
	*wire
	size int       // of the last batch's data, in bytes: what the next one gets room for
	old  sync.Pool // of batches that are done with
}

// A wireBatch is the memory of a batch: its data lies in one piece.
type wireBatch struct {
	messages []events.Message
	data     []byte
	ends     []int
}

func (f *wireFeed) request(body []byte) error {
	return f.publishRequest(f.pull, f.inbox, body)
}

// batch implements feed.
func (f *wireFeed) batch(ctx context.Context, from, to uint64) (messages []events.Message, done func()) {
	stop := context.AfterFunc(ctx, func() { _ = f.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	b, ok := f.old.Get().(*wireBatch)
	if !ok {
		b = &wireBatch{make([]events.Message, 0, to-from+1), make([]byte, 0, f.size+f.size/8), make([]int, 0, to-from+1)}
	}
	b.messages, b.data, b.ends = b.messages[:0], b.data[:0], b.ends[:0]
	for next := from; next <= to; next++ {
		if f.in.Buffered() == 0 && ctx.Err() == nil {
			_ = f.conn.SetReadDeadline(time.Now().Add(stall))
		}
		d, err := f.next()
		if err != nil || d.sequence != next {
			break
		}
		if b.data, err = f.appendBody(b.data, d); err != nil {
			break
		}
		b.messages = append(b.messages, events.Message{Sequence: next, Subject: d.subject})
		b.ends = append(b.ends, len(b.data))
		f.received(f.request)
	}
	start := 0
	for i, end := range b.ends {
		b.messages[i].Data = b.data[start:end:end]
		start = end
	}
	f.size = len(b.data)
	return b.messages, func() { f.old.Put(b) }
}

func (f *wireFeed) close() {
	_ = f.conn.Close()
	f.remove()
}
