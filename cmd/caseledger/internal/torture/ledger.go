package torture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events/jetstream"
)

// A ledger is one that is tortured, and what it was told.
type ledger struct {
	t       *trial
	dir     string
	args    []string // that name it on the command line
	model   *model
	writers []*writer
	notes   []note        // of the checkpoints that were signed
	starts  time.Duration // how long a server took to start
}

// A note is a file with a signed checkpoint, acknowledged at a moment.
type note struct {
	file string
	at   time.Time
}

// newLedger makes a ledger in a directory that is not there yet.
func (t *trial) newLedger(dir string, writers int) (*ledger, error) {
	l := &ledger{t: t, dir: dir, args: []string{"--data", dir}, model: newModel()}
	if _, err := t.must(append([]string{"init"}, l.args...)...); err != nil {
		return nil, err
	}
	for i := range writers {
		l.addWriter(string(rune('A' + i)))
	}
	w := l.writers[0]
	w.doubt = opening()
	return l, w.record(len(w.doubt))
}

func (l *ledger) addWriter(name string) *writer {
	rng := rand.New(rand.NewPCG(l.t.rng.Uint64(), 0))
	w := &writer{l: l, args: l.args, hand: &hand{name: name, rng: rng}}
	l.writers = append(l.writers, w)
	return w
}

// A writer gives one command after another and waits for each receipt. What was
// not acknowledged is given again under the same id before anything new.
type writer struct {
	l    *ledger
	args []string
	hand *hand
	// doubt is what was given and not acknowledged.
	doubt []command
	// given is what was acknowledged since the writer began, in order.
	given []exchange
	child func(...string) []string // the command line; nil: record
	// progress, if any, has room for one sign that something was acknowledged.
	progress chan struct{}
	again    int // how often it got no answer
}

// An exchange is a command and its receipt, with the times of both.
type exchange struct {
	command       command
	sent, receipt time.Time
}

func (w *writer) commandLine() []string {
	if w.child != nil {
		return w.child(w.args...)
	}
	return append([]string{"record", "--file", "-", "--format", "json"}, w.args...)
}

// record gives n commands and demands that all of them are acknowledged.
func (w *writer) record(n int) error {
	o, err := w.write(w.l.t.ctx, n, 0)
	if err == nil && o.code != 0 {
		err = errors.New(o.String())
	}
	return err
}

// write runs the program and gives it commands, n of them or until ctx ends, and
// kills it after a while unless that is 0. Whatever ends it early, the commands that
// were not acknowledged are in doubt.
func (w *writer) write(ctx context.Context, n int, killAfter time.Duration) (outcome, error) {
	args := w.commandLine()
	w.given = w.given[:0]
	life, cancel := context.WithTimeout(w.l.t.ctx, patience)
	defer cancel()
	cmd := w.l.t.command(life, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		return outcome{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return outcome{}, err
	}
	if err := cmd.Start(); err != nil {
		return outcome{}, err
	}
	if killAfter > 0 {
		defer time.AfterFunc(killAfter, func() { _ = cmd.Process.Kill() }).Stop()
	}
	talked := w.talk(ctx, n, in, bufio.NewReaderSize(out, 1<<16))
	_ = in.Close() // the program may be gone
	_, _ = io.Copy(io.Discard, out)
	err = cmd.Wait()
	o := outcome{args: args, code: exitCode(cmd, err), err: errs.Bytes()}
	if life.Err() != nil && w.l.t.ctx.Err() == nil {
		w.l.t.fail("it hangs: %s", o)
	}
	return o, talked
}

// talk gives commands and reads receipts until the program is gone, which is no error.
func (w *writer) talk(ctx context.Context, n int, in io.Writer, out *bufio.Reader) error {
	for range n {
		if ctx.Err() != nil {
			return nil
		}
		if len(w.doubt) == 0 {
			w.doubt = append(w.doubt, w.hand.next())
		}
		c := w.doubt[0]
		w.l.model.send(c.ID)
		sent := w.l.t.Now()
		if _, err := in.Write(c.line()); err != nil {
			return nil
		}
		line, err := out.ReadBytes('\n')
		if err != nil {
			return nil // a line that was cut off is no receipt
		}
		var r receipt
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("read a receipt %.200q: %w", line, err)
		}
		if err := w.l.model.acknowledge(c, r); err != nil {
			w.l.t.fail("%v", err)
		}
		select {
		case w.progress <- struct{}{}:
		default:
		}
		w.doubt, w.given = w.doubt[1:], append(w.given, exchange{c, sent, w.l.t.Now()})
	}
	return nil
}

// A server is caseledger serve on a ledger.
type server struct {
	cmd    *exec.Cmd
	errs   *bytes.Buffer
	out    *bytes.Buffer
	stream jetstream.Config // with the right to read
}

var announced = regexp.MustCompile(`@(127\.0\.0\.1:\d+)`)

// serve starts a server and waits until it says that it serves.
func (l *ledger) serve() (*server, error) {
	cmd := l.t.command(l.t.ctx, append([]string{"serve"}, l.args...)...)
	s := &server{cmd: cmd, errs: &bytes.Buffer{}, out: &bytes.Buffer{}}
	cmd.Stderr = s.errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	lines := bufio.NewReader(io.TeeReader(out, s.out))
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			err = cmd.Wait()
			return nil, &startError{outcome{args: cmd.Args[1:], code: exitCode(cmd, err), err: s.errs.Bytes()}}
		}
		if m := announced.FindStringSubmatch(line); m != nil {
			s.stream.URL = "nats://" + m[1]
		}
		if strings.HasPrefix(line, "end with ") {
			break
		}
	}
	s.stream.Token, err = readToken(l.dir)
	return s, err
}

// A startError is a server that ended before it served.
type startError struct{ outcome }

func (e *startError) Error() string { return e.outcome.String() }

// kill ends the server at once and waits until it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// check reads every record through the server and holds it against the model.
func (l *ledger) check(s *server) (verdict, error) {
	log, err := jetstream.Open(l.t.ctx, s.stream)
	if err != nil {
		return verdict{}, err
	}
	defer log.Close()
	return l.model.check(l.t.ctx, log)
}

// report notes what a check came to.
func (t *trial) report(v verdict, when string) {
	t.count("acknowledged lost", len(v.lost))
	for _, what := range append(v.lost, v.wrong...) {
		t.fail("%s: %s", when, what)
	}
}

// Bounds of what is done before a disaster.
const (
	loadCommands = 80 // acknowledged
	loadTime     = 20 * time.Millisecond
)

// load has every writer give commands until the disaster, which comes after a
// random number of them and a random time, and beside runs beside, which may be nil.
// They may end with those exit codes.
func (l *ledger) load(beside func(), disaster func() error, codes ...int) error {
	ctx, cancel := context.WithCancel(l.t.ctx)
	defer cancel()
	type ended struct {
		o   outcome
		err error
	}
	done := make(chan ended, len(l.writers))
	for _, w := range l.writers {
		go func() {
			o, err := w.write(ctx, unlimited, 0)
			done <- ended{o, err}
		}()
	}
	besides := make(chan struct{})
	go func() {
		defer close(besides)
		if beside != nil {
			beside()
		}
	}()
	l.await(ctx, l.model.acknowledged()+l.t.rng.IntN(loadCommands))
	pause(ctx, within(l.t.rng, loadTime))
	err := disaster()
	cancel()
	for range l.writers {
		e := <-done
		err = errors.Join(err, e.err)
		if !slices.Contains(codes, e.o.code) {
			l.t.fail("a writer ended: %s", e.o)
		}
	}
	<-besides
	return err
}

// await waits until so many commands are acknowledged, or nobody gets on.
func (l *ledger) await(ctx context.Context, n int) {
	for range 5000 {
		if l.model.acknowledged() >= n || ctx.Err() != nil {
			return
		}
		pause(ctx, time.Millisecond)
	}
}

// unlimited is more commands than anybody gives.
const unlimited = 1 << 30

// readToken reads the token that serve lets readers in with.
func readToken(dir string) (string, error) {
	b, err := os.ReadFile(app.Place{Dir: dir}.Token())
	return strings.TrimSpace(string(b)), err
}
