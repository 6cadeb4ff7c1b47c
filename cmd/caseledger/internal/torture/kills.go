package torture

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// killsPerLedger bounds how large a ledger grows, which is read after every kill.
const killsPerLedger = 50

const killsName = "kills"

// kills kills the program at random moments: serve under load, while it archives
// and signs, while it builds the views again and while it starts, and the commands
// that work without it. Before anything else is recorded, a server is started on
// what is left, and everything is checked.
func (t *trial) kills() error {
	t.count(killsName, 0)
	for life := 1; t.figure(killsName) < t.n; life++ {
		l, err := t.newLedger(t.path(fmt.Sprintf("ledger-%d", life)), 2)
		if err != nil {
			return err
		}
		for end := t.figure(killsName) + killsPerLedger; t.figure(killsName) < min(end, t.n); {
			if err := l.killRound(); err != nil {
				return err
			}
			if err := t.going(); err != nil {
				return err
			}
		}
		if err := l.finish(); err != nil {
			return err
		}
	}
	return nil
}

// killRound checks what the round before left, and kills: the server that
// checked, and then perhaps a command or a server that starts on what was left.
func (l *ledger) killRound() error {
	t := l.t
	s, err := l.reopen()
	if err != nil {
		return err
	}
	stage := "while recording"
	var beside func()
	switch pick := t.rng.IntN(10); {
	case pick < 3:
		stage, beside = "while archiving and signing", l.checkpoints()
	case pick < 5:
		stage, beside = "while building views again", func() { t.run(append([]string{"replay"}, l.args...)...) }
	case pick < 6:
		stage, beside = "while views catch up", func() { t.run(append([]string{"caseload"}, l.args...)...) }
	}
	err = l.load(beside, func() error { s.kill(); return nil }, 0, 4)
	t.count(killsName, 1)
	t.count(stage, 1)
	if err != nil || t.rng.IntN(2) == 0 || t.figure(killsName) >= t.n {
		return err
	}
	return l.killAlone()
}

// checkpoints returns what signs a checkpoint and, when that is acknowledged,
// keeps it.
func (l *ledger) checkpoints() func() {
	wait := within(l.t.rng, loadTime)
	return func() {
		pause(l.t.ctx, wait)
		if name := l.newNote(); l.t.run(append([]string{"audit", "checkpoint", "--out", name}, l.args...)...).code == 0 {
			l.notes = append(l.notes, note{name, l.t.Now()})
		}
	}
}

// newNote names a new file for a checkpoint, beside the ledger.
func (l *ledger) newNote() string {
	return fmt.Sprintf("%s-checkpoint-%d", l.t.path(filepath.Base(l.dir)), len(l.notes))
}

// killAlone kills a process that has the directory to itself.
func (l *ledger) killAlone() error {
	t := l.t
	after := within(t.rng, 2*l.starts)
	stage, args := "", []string(nil)
	switch t.rng.IntN(10) {
	case 0, 1, 2, 3:
		stage, args = "while serve starts", []string{"serve"}
	case 4, 5:
		o, err := l.writers[0].write(t.ctx, unlimited, after)
		if o.code == -1 {
			t.count(killsName, 1)
			t.count("of record alone", 1)
		}
		return err
	case 6:
		stage, args = "of checkpoint alone", []string{"audit", "checkpoint"}
	case 7:
		stage, args = "of replay alone", []string{"replay"}
	case 8:
		stage, args = "of a rotation of keys", []string{"keys", "rotate"}
	default:
		if _, err := os.Stat(filepath.Join(l.dir, "archive")); err != nil {
			return nil
		}
		stage, args, after = "of a repair", []string{"audit", "repair"}, 5*after
	}
	killed, o, err := t.killed(after, append(args, l.args...)...)
	switch {
	case killed:
		t.count(killsName, 1)
		t.count(stage, 1)
	case err == nil && o.code != 0:
		t.fail("after a kill: %s", o)
	}
	return err
}

// reopen starts a server on what a kill left and checks everything: each
// acknowledged command stands there once, the views equal those built again, and
// what was sealed can be read.
func (l *ledger) reopen() (*server, error) {
	t := l.t
	begin := t.Now()
	s, err := l.serve()
	l.starts = t.Now().Sub(begin)
	if start := (*startError)(nil); errors.As(err, &start) && bytes.Contains(start.err, []byte("part of the ledger is lost")) {
		// A repair was killed between its last two steps: it says so, and is repeated.
		t.count("repairs repeated", 1)
		if _, err := t.must(append([]string{"audit", "repair"}, l.args...)...); err != nil {
			return nil, err
		}
		s, err = l.serve()
	}
	if err != nil {
		t.fail("it does not open again: %v", err)
		return nil, errEnough
	}
	t.count("checks", 1)
	v, err := l.check(s)
	if err != nil {
		t.fail("the records cannot be read: %v", err)
	}
	t.report(v, "afterwards")
	o := t.run(append([]string{"replay", "--compare"}, l.args...)...)
	if o.code != 0 || !bytes.HasSuffix(o.out, []byte("equal\n")) {
		t.fail("the views are not what the records say: %s", o)
	} else {
		t.count("views equal to a rebuild", 1)
	}
	l.reveal()
	return s, nil
}

// reveal demands that what was sealed for some client can be read.
func (l *ledger) reveal() {
	client := l.model.someone(l.t.rng.IntN(1 << 20))
	if client == "" {
		return
	}
	o := l.t.run(append([]string{"reveal", client, "--reason", "casework", "--role", "case_manager", "--actor-agency", agency}, l.args...)...)
	if o.code != 0 || !strings.Contains(string(o.out), "name of "+client) {
		l.t.fail("what was sealed for %s cannot be read: %s", client, o)
	}
}

// finish verifies a ledger as an auditor does, with every checkpoint that was
// kept, and removes it.
func (l *ledger) finish() error {
	t := l.t
	s, err := l.reopen()
	if err != nil {
		return err
	}
	s.kill()
	t.count("acknowledged", l.model.acknowledged())
	t.count("checkpoints held", len(l.notes))
	if o := t.run(append([]string{"audit", "checkpoint"}, l.args...)...); o.code != 0 {
		t.fail("at the end: %s", o)
	}
	args := append([]string{"audit", "verify", "--deep"}, l.args...)
	for _, n := range l.notes {
		args = append(args, "--checkpoint", n.file)
	}
	if o := t.run(args...); o.code != 0 {
		t.fail("at the end: %s", o)
	}
	if err := t.going(); err != nil {
		return err
	}
	return os.RemoveAll(l.dir)
}
