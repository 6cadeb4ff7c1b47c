// Package natsserver runs a NATS server with JetStream inside the program. It
// is the only package that sees the server's types, and it knows nothing of
// records: package jetstream talks to this server as to any other.
package natsserver

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"caseledger/events"
)

// A Config says how the server runs. It never handles signals, never opens the
// monitoring port and has no limit on memory or disk of its own.
type Config struct {
	StoreDir string        // where streams live; required, and locked by the caller (see [LockDir])
	Name     string        // server name, unique in a cluster; "caseledger" when empty
	Unsynced bool          // do not sync each write: a power cut loses acknowledged records. For bulk loading only, announced by the caller
	Listen   *Listener     // where other processes connect; nil: nowhere, connections are in-process only
	Cluster  *Cluster      // membership of a cluster; nil: the server stands alone
	Logger   *slog.Logger  // takes the server's warnings and errors; nil: nothing is logged
	Timeout  time.Duration // bound on start; 30 seconds when zero
}

// A Listener lets other processes on this machine in, over loopback only.
type Listener struct {
	Port      int    // 0: any free port
	Token     string // grants everything; empty: nobody gets in with full rights
	ReadToken string // grants reading streams and nothing else; empty: nobody gets in to read
}

// A Cluster makes the server one of several on this machine that replicate
// streams. Routes run over loopback and are guarded by the secret.
type Cluster struct {
	Name   string
	Port   int   // of this server's routes
	Told   int   // port that the others are told, where something in between listens; Port when zero
	Peers  []int // route ports of all members
	Secret string
}

// A Server is a running NATS server.
type Server struct {
	server *server.Server
}

// Start runs a server and returns when it takes connections. In a cluster that
// does not mean that the cluster has a leader: clients wait for that.
func Start(c Config) (*Server, error) {
	options, err := c.options()
	if err != nil {
		return nil, fmt.Errorf("configure the embedded server: %w", err)
	}
	if err := removeTrials(c.StoreDir); err != nil {
		return nil, fmt.Errorf("start the embedded server on %s: %w", c.StoreDir, err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("start the embedded server: %w", err)
	}
	log := &logger{to: c.Logger}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	// The server reports a store that it cannot open to its log only.
	if log.failed() == nil && s.ReadyForConnections(timeout) && s.JetStreamEnabled() {
		return &Server{server: s}, nil
	}
	s.Shutdown()
	s.WaitForShutdown()
	cause := log.failed()
	if cause == nil {
		cause = fmt.Errorf("not ready after %v", timeout)
	}
	return nil, fmt.Errorf("start the embedded server on %s: %w", c.StoreDir, cause)
}

// removeTrials removes the empty files by which a server tries, as it starts, whether
// it can write to its directory. One that was killed meanwhile leaves such a file, and
// the next takes it for an account that it does not know.
func removeTrials(storeDir string) error {
	trials, err := filepath.Glob(filepath.Join(storeDir, server.JetStreamStoreDir, "_test_*"))
	for _, path := range trials {
		if info, statErr := os.Lstat(path); statErr == nil && info.Mode().IsRegular() && info.Size() == 0 {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// options lists every fault of c in one error.
func (c Config) options() (*server.Options, error) {
	var faults []error
	if c.StoreDir == "" {
		faults = append(faults, errors.New("a store directory is required"))
	}
	options := &server.Options{
		ServerName:                 c.Name,
		JetStream:                  true,
		StoreDir:                   c.StoreDir,
		SyncAlways:                 !c.Unsynced,
		JetStreamMaxMemory:         noLimit,
		JetStreamMaxStore:          noLimit,
		DontListen:                 c.Listen == nil,
		Host:                       loopback,
		Port:                       server.RANDOM_PORT,
		NoSigs:                     true,
		DisableShortFirstPing:      true,
		CustomClientAuthentication: doorman{c.Listen},
	}
	if c.Name == "" {
		options.ServerName = "caseledger"
	}
	if c.Listen != nil && c.Listen.Port != 0 {
		options.Port = c.Listen.Port
	}
	if l := c.Listen; l != nil && l.Token == "" && l.ReadToken == "" {
		faults = append(faults, errors.New("a listener needs a token"))
	}
	if c.Cluster != nil {
		faults = append(faults, c.Cluster.apply(options, c.Name)...)
	}
	return options, errors.Join(faults...)
}

const (
	loopback = "127.0.0.1"
	// noLimit is the server's largest limit; with 0 it would take three
	// quarters of the memory and of the disk as limits.
	noLimit      = 1 << 62
	healthChecks = 20
	routeUser    = "route"
)

func (c *Cluster) apply(options *server.Options, name string) (faults []error) {
	if name == "" || c.Name == "" || c.Port == 0 || len(c.Peers) < 2 || c.Secret == "" {
		faults = append(faults, errors.New("a cluster needs a server name, a cluster name, a port, the ports of all members and a secret"))
	}
	options.Cluster = server.ClusterOpts{
		Name: c.Name, Host: loopback, Port: c.Port,
		Username: routeUser, Password: c.Secret,
	}
	if c.Told != 0 {
		options.Cluster.Advertise = fmt.Sprintf("%s:%d", loopback, c.Told)
	}
	for _, port := range c.Peers {
		options.Routes = append(options.Routes, &url.URL{
			Scheme: "nats-route", User: url.UserPassword(routeUser, c.Secret),
			Host: fmt.Sprintf("%s:%d", loopback, port),
		})
	}
	return faults
}

// InProcessConn opens a connection with full rights that never leaves the
// process. It is what nats.go asks an in-process server for.
func (s *Server) InProcessConn() (net.Conn, error) { return s.server.InProcessConn() }

// URL returns where other processes connect, without any token.
func (s *Server) URL() string { return s.server.ClientURL() }

// An UnwellError reports a server that cannot use its files, in its own words: a
// stream that it could not recover, a write that failed.
type UnwellError struct{ Reason string }

func (e *UnwellError) Error() string { return "the embedded server is not well: " + e.Reason }

// StoreError returns why the server cannot store any more: nil while it can, an
// [events.ErrFull] when the disk is full, else an [*UnwellError]. A store that failed once takes no
// more records until the server is started again.
func (s *Server) StoreError() error {
	var health *server.HealthStatus
	// The server gives its own check a millisecond, which a busy machine may
	// need for something else: one failure alone says nothing.
	for range healthChecks {
		if health = s.server.Healthz(&server.HealthzOptions{}); health.Status == "ok" {
			return nil
		}
	}
	// The server hands the cause on as text only.
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if strings.Contains(health.Error, full.Error()) {
			return fmt.Errorf("%w: %s", events.ErrFull, health.Error)
		}
	}
	return &UnwellError{health.Error}
}

// Shutdown stops the server and waits until its files are closed.
func (s *Server) Shutdown() {
	s.server.Shutdown()
	s.server.WaitForShutdown()
}

// A doorman decides who may do what: a connection from within the process and
// one with the listener's token may do everything, one with the read token may
// read streams.
type doorman struct{ listener *Listener }

// Check implements the server's authentication.
func (d doorman) Check(c server.ClientAuthentication) bool {
	if address := c.RemoteAddress(); address != nil && address.Network() == "pipe" {
		return true
	}
	token := c.GetOpts().Token
	switch {
	case d.listener == nil:
		return false
	case same(token, d.listener.Token):
		return true
	case same(token, d.listener.ReadToken):
		c.RegisterUser(&server.User{Permissions: readOnly()})
		return true
	}
	return false
}

func same(given, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(given), []byte(secret)) == 1
}

// readOnly permits what reading a stream needs: looking at it, direct gets and
// consumers. Nothing in it stores, changes or deletes a record.
func readOnly() *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"$JS.API.INFO",
			"$JS.API.STREAM.INFO.*", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
			"$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>",
			"$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.DELETE.>", "$JS.API.CONSUMER.INFO.>",
			"$JS.API.CONSUMER.NAMES.*", "$JS.API.CONSUMER.LIST.*", "$JS.API.CONSUMER.MSG.NEXT.>",
			"$JS.ACK.>", "$JS.FC.>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
	}
}
