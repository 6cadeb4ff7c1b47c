// Package jetstream keeps the ledger's records on one NATS JetStream stream. It
// is the only package that sees the client's types. The server may be in the
// same process, on this machine or a cluster elsewhere; nothing here depends on
// which.
package jetstream

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"caseledger/events"
)

// A Config says where the stream is. Exactly one of Server and URL is given.
type Config struct {
	Stream    Stream        // which of the two; Ledger when empty
	Server    InProcess     // a server in this process
	URL       string        // of one server or, separated by commas, several of a cluster
	Token     string        // for a server that asks for one
	CredsFile string        // a NATS credentials file, for a server that asks for it
	Name      string        // shown to the server's operator; "caseledger" when empty
	Replicas  int           // Create: copies to keep, 1 when zero. Open: copies that must be kept, any number when zero
	Timeout   time.Duration // bound on one append and on one read request with its repetitions; 10 seconds when zero
	Floor     Floor         // Open: what the log must at least hold
}

// InProcess is what an embedded server offers, as package natsserver does.
type InProcess interface {
	// InProcessConn opens a connection that never leaves the process.
	InProcessConn() (net.Conn, error)
	// StoreError returns why the server cannot store any more, nil while it can.
	StoreError() error
}

// A Floor is the last record that someone else is known to have read: the
// views, the archive. A log that ends before it has lost records, and one with
// another record there is another ledger. The zero Floor demands nothing.
type Floor struct {
	Sequence uint64
	Hash     events.Hash // of the record's exact bytes
}

// A ConnectError reports a server that does not answer, or lets nobody in with
// what was given.
type ConnectError struct {
	URL string // without what it says of users; empty for a server in this process
	Err error
}

func (e *ConnectError) Error() string {
	if e.URL == "" {
		return fmt.Sprintf("connect to the ledger's stream: %v", e.Err)
	}
	return fmt.Sprintf("connect to the ledger's stream at %s: %v", e.URL, e.Err)
}

func (e *ConnectError) Unwrap() error { return e.Err }

// withoutSecrets takes tokens and passwords out of the URLs of servers.
func withoutSecrets(urls string) string {
	var shown []string
	for url := range strings.SplitSeq(urls, ",") {
		if at := strings.LastIndex(url, "@"); at >= 0 {
			url = url[at+1:]
		}
		shown = append(shown, strings.TrimSpace(url))
	}
	return strings.Join(shown, ",")
}

const defaultTimeout = 10 * time.Second

func (c Config) stream() Stream {
	if c.Stream == "" {
		return Ledger
	}
	return c.Stream
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return defaultTimeout
	}
	return c.Timeout
}

// connect opens a connection of its own. It reconnects for ever, but nothing is
// kept to be sent later: an Append that did not get through has failed.
func (c Config) connect() (*nats.Conn, jetstream.JetStream, error) {
	if (c.Server == nil) == (c.URL == "") {
		return nil, nil, errors.New("connect to the ledger's stream: exactly one of an embedded server and a URL is needed")
	}
	name := c.Name
	if name == "" {
		name = "caseledger"
	}
	options := []nats.Option{
		nats.Name(name),
		nats.Timeout(c.timeout()),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // by default they go to the process's standard error
		// A request that is answered by several messages makes a queue for them:
		// one for the longest answer, not half a megabyte each time.
		nats.SyncQueueLen(directMessages + 16),
	}
	if c.Server != nil {
		options = append(options, nats.InProcessServer(c.Server))
	}
	if c.Token != "" {
		options = append(options, nats.Token(c.Token))
	}
	if c.CredsFile != "" {
		options = append(options, nats.UserCredentials(c.CredsFile))
	}
	conn, err := nats.Connect(c.URL, options...)
	if err != nil {
		return nil, nil, &ConnectError{withoutSecrets(c.URL), err}
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(c.timeout()))
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("connect to the ledger's stream: %w", err)
	}
	return conn, js, nil
}
