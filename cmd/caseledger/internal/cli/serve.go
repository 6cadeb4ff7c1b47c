package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/cmd/caseledger/internal/auth"
	"caseledger/events/natsserver"
	"caseledger/replay"
)

func (p *Program) serveCommand() *cobra.Command {
	var port int
	var noListen bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Hold the ledger and run the commands of other processes",
		Long: `Hold the ledger's directory, and run every other caseledger command on this machine that names
it: they hand themselves over through a socket that only the directory's owner can use.

Other programs on this machine can read the stream over NATS, on the loopback address only, with a
token that is made anew each time. SIGINT or SIGTERM ends it, after the commands that run.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.held != nil {
				return usage("caseledger serve runs already on this directory")
			}
			listener := &natsserver.Listener{Port: port, ReadToken: rand.Text()}
			if noListen || p.flags.place.URL != "" {
				listener = nil
			}
			return p.serve(cmd.Context(), listener)
		},
	}
	cmd.Flags().IntVar(&port, "nats-port", 0, "`port` of the NATS listener on the loopback address (default any free one)")
	cmd.Flags().BoolVar(&noListen, "no-nats", false, "let no other program read the stream")
	return cmd
}

func (p *Program) serve(ctx context.Context, listener *natsserver.Listener) (err error) {
	place := p.place()
	show := p.progress()
	l, err := app.Open(ctx, place, app.OpenOptions{
		Catalogue: p.catalogue(), Views: replay.Views(), Now: p.Now, Progress: show.views, Mended: p.viewsMended, Listener: listener,
		Logger: slog.New(slog.NewTextHandler(p.Err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	show.done()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	token := ""
	if listener != nil {
		token = listener.ReadToken
	}
	if err := app.WriteToken(place, token); err != nil {
		return err
	}
	defer os.Remove(place.Token())
	// Last: who can connect finds everything as it is to be.
	socket, err := listenSocket(place.Socket())
	if err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	defer os.Remove(place.Socket())
	if err := p.announce(l, listener != nil); err != nil {
		return err
	}
	defer p.followArchive(ctx, l)()
	s := &server{program: p, ledger: l, socket: socket}
	return s.run(ctx)
}

// archiveEvery is how far the archive may be behind the stream.
const archiveEvery = 2 * time.Second

// followArchive keeps the archive, where there is one, behind the stream until
// the returned function is called.
func (p *Program) followArchive(ctx context.Context, l *app.Ledger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ticker := time.NewTicker(archiveEvery)
	var group sync.WaitGroup
	group.Go(func() {
		l.FollowArchive(ctx, ticker.C, func(err error) { Report(p.Err, err) })
	})
	return func() {
		ticker.Stop()
		cancel()
		group.Wait()
	}
}

func (p *Program) announce(l *app.Ledger, listening bool) error {
	err := p.printf("serving %s\ncaseledger commands with --data %s go through this process\n", l.Place.Dir, l.Place.Dir)
	if listening {
		url := strings.Replace(l.URL(), "://", "://$(cat "+l.Place.Token()+")@", 1)
		err = errors.Join(err, p.printf("the nats command line can read the stream:\n  nats --server \"%s\" stream view LEDGER\n", url))
	}
	return errors.Join(err, p.printf("end with SIGINT (Ctrl-C) or SIGTERM\n"))
}

// A server runs the commands of other processes.
type server struct {
	program *Program
	ledger  *app.Ledger
	socket  net.Listener
	running sync.WaitGroup
}

// run serves until ctx ends, and then waits for the commands that run.
func (s *server) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.socket.Close() })
	defer stop()
	defer s.running.Wait()
	for {
		conn, err := s.socket.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listen for commands: %w", err)
		}
		s.running.Go(func() {
			defer conn.Close()
			s.answer(context.WithoutCancel(ctx), conn)
		})
	}
}

// callTimeout bounds the wait for a caller's first words.
const callTimeout = 10 * time.Second

// answer runs one command. The command ends early when its caller is gone.
func (s *server) answer(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &frameWriter{w: conn}
	_ = conn.SetReadDeadline(time.Now().Add(callTimeout))
	kind, payload, err := readFrame(conn)
	var c call
	if err != nil || kind != frameCall || json.Unmarshal(payload, &c) != nil {
		return // not a caseledger command
	}
	proven, err := prove(conn, out, c.Key, payload)
	if err != nil {
		Report(out.stream(frameErrors), err)
		_ = out.write(frameStatus, []byte(strconv.Itoa(s.program.ExitCode(err))))
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	input, feed := io.Pipe()
	go func() {
		defer cancel()
		receiveInput(conn, feed)
	}()
	defer input.Close()
	p := s.programFor(c, &wantedInput{Reader: input, out: out}, out)
	p.proven = proven
	err = s.runCommand(ctx, p, c)
	Report(p.Err, err)
	// A caller that is gone needs no status.
	_ = out.write(frameStatus, []byte(strconv.Itoa(p.ExitCode(err))))
}

// prove has a caller prove that it holds the private key of the public one that
// its call names: it signs a challenge of this moment together with the call, so
// that no proof is worth anything for another command. Without a key nothing is
// proved.
func prove(conn io.Reader, out *frameWriter, key string, call []byte) (proven string, err error) {
	if key == "" {
		return "", nil
	}
	challenge := newChallenge()
	if err := out.write(frameChallenge, challenge); err != nil {
		return "", err
	}
	kind, payload, err := readFrame(conn)
	var proof auth.Proof
	if err != nil || kind != frameProof || json.Unmarshal(payload, &proof) != nil || proof.PublicKey != key {
		return "", &auth.ProofError{PublicKey: key}
	}
	return key, proof.Verify(challenge, call)
}

// runCommand runs one command; one that panics ends alone.
func (s *server) runCommand(ctx context.Context, p *Program, c call) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("run the command: %v", r)
		}
	}()
	if c.Version != p.Version {
		return &VersionError{Serve: p.Version, Command: c.Version}
	}
	return p.Run(ctx)
}

// A VersionError reports a command of another version than serve's.
type VersionError struct{ Serve, Command string }

func (e *VersionError) Error() string {
	return fmt.Sprintf("caseledger serve is version %s and this command is version %s", e.Serve, e.Command)
}

// Hint says what a person can do about it.
func (e *VersionError) Hint() string { return "end serve and start it again" }

func (s *server) programFor(c call, in io.Reader, out *frameWriter) *Program {
	return &Program{
		Args: c.Args, Dir: c.Dir, User: c.User, In: in,
		Out: out.stream(frameOutput), Err: out.stream(frameErrors),
		Terminal: c.Terminal, Watched: c.Watched, Width: c.Width,
		Getenv: func(name string) string { return c.Env[name] },
		Now:    s.program.Now, Version: s.program.Version, ExitCode: s.program.ExitCode,
		held: s.ledger,
	}
}

// receiveInput passes the caller's standard input on, until the caller is gone.
func receiveInput(conn io.Reader, feed *io.PipeWriter) {
	for {
		kind, payload, err := readFrame(conn)
		switch {
		case err != nil:
			feed.CloseWithError(errors.New("the caller is gone"))
			return
		case kind == frameInput:
			// The command may have ended without reading all of it.
			_, _ = io.Copy(feed, bytes.NewReader(payload))
		case kind == frameEnd:
			feed.Close()
		}
	}
}

// wantedInput asks for the caller's standard input when it is first read: a
// command that does not read it leaves it alone.
type wantedInput struct {
	io.Reader
	out  *frameWriter
	once sync.Once
	err  error
}

func (w *wantedInput) Read(b []byte) (int, error) {
	w.once.Do(func() { w.err = w.out.write(frameWant, nil) })
	if w.err != nil {
		return 0, w.err
	}
	return w.Reader.Read(b)
}
