package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"syscall"

	"github.com/go-json-experiment/json"
)

// A call is a command that another process hands over to serve.
type call struct {
	Version  string            `json:"version"`
	Args     []string          `json:"args"`
	Dir      string            `json:"dir"`
	User     string            `json:"user"`
	Env      map[string]string `json:"env"`
	Terminal bool              `json:"terminal"`
	Watched  bool              `json:"watched"`
	Width    int               `json:"width"`
}

// handedVariables are what commands read of the environment.
var handedVariables = []string{"CASELEDGER_ACTOR", "CASELEDGER_ROLE", "CASELEDGER_AGENCY"}

// An ExitStatus is how a command ended that serve ran. It has printed its errors.
type ExitStatus struct{ Code int }

func (e *ExitStatus) Error() string { return "the command ended with code " + strconv.Itoa(e.Code) }

// A ServeError reports a conversation with serve that broke off.
type ServeError struct{ Err error }

func (e *ServeError) Error() string {
	return fmt.Sprintf("hand the command over to caseledger serve: %v", e.Err)
}

func (e *ServeError) Unwrap() error { return e.Err }

// Hint says what a person can do about it.
func (e *ServeError) Hint() string {
	return "if it was to record something, give it again under the same id: nothing is recorded twice"
}

// handOver lets serve run the command, when serve holds the directory. The error
// is then an [*ExitStatus] unless the command ended well.
func (p *Program) handOver(ctx context.Context) (handed bool, err error) {
	if p.held != nil {
		return false, nil
	}
	conn, err := dialSocket(p.place().Socket())
	if err != nil {
		// No socket, or one that a killed server left behind.
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) {
			return false, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return false, fmt.Errorf("open ledger %s: %w", p.place().Dir, err)
		}
		return false, &ServeError{err}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	code, err := p.converse(conn)
	switch {
	case ctx.Err() != nil:
		return true, ctx.Err()
	case err != nil:
		return true, &ServeError{err}
	case code != 0:
		return true, &ExitStatus{code}
	}
	return true, nil
}

// converse hands the command over and passes its streams on.
func (p *Program) converse(conn io.ReadWriter) (code int, err error) {
	c := call{Version: p.Version, Args: p.Args, Dir: p.Dir, User: p.User, Env: map[string]string{}, Terminal: p.Terminal, Watched: p.Watched, Width: p.Width}
	for _, name := range handedVariables {
		c.Env[name] = p.Getenv(name)
	}
	header, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	if len(header) > maxFrame {
		return 0, fmt.Errorf("the arguments have %d bytes, more than %d", len(header), maxFrame)
	}
	out := &frameWriter{w: conn}
	if err := out.write(frameCall, header); err != nil {
		return 0, err
	}
	for {
		kind, payload, err := readFrame(conn)
		if err != nil {
			return 0, fmt.Errorf("it ended: %w", err)
		}
		switch kind {
		case frameOutput:
			_, err = p.Out.Write(payload)
		case frameErrors:
			_, err = p.Err.Write(payload)
		case frameWant:
			// Ends with the process: a read of a terminal cannot be broken off.
			go p.sendInput(out)
		case frameStatus:
			return strconv.Atoi(string(payload))
		}
		if err != nil {
			return 0, err
		}
	}
}

// sendInput sends the whole standard input.
func (p *Program) sendInput(out *frameWriter) {
	if _, err := io.Copy(out.stream(frameInput), p.In); err == nil {
		_ = out.write(frameEnd, nil) // a server that is gone ends the conversation itself
	}
}
