package torture

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
)

const (
	fillsName = "disks filled"
	smallDisk = 12 // megabytes
	largeDisk = 64
	// The codes of the program's ends: see its main.
	codeDamaged = 5
	codeFull    = 6
)

// fills fills a small disk: the program must say so, answer or refuse questions
// for that reason, and go on when there is room.
func (t *trial) fills() error {
	t.count(fillsName, 0)
	for round := range t.n {
		if err := t.fillRound(round); err != nil {
			return err
		}
		if err := t.going(); err != nil {
			return err
		}
	}
	return nil
}

func (t *trial) fillRound(round int) (err error) {
	d, err := newMemoryDisk(t.path(fmt.Sprintf("disk-%d", round)), smallDisk)
	if d != nil {
		defer func() { err = errors.Join(err, d.close()) }()
	}
	if err != nil {
		return err
	}
	l, err := t.newLedger(filepath.Join(d.Dir, "ledger"), 1)
	if err != nil {
		return err
	}
	w := l.writers[0]
	w.hand.padding = 3900
	if err := w.record(100); err != nil {
		return err
	}
	if t.rng.IntN(2) == 0 { // sometimes there is an archive
		l.checkpoints()()
	}
	stop := func() {}
	if round%2 == 1 {
		s, err := l.serve()
		if err != nil {
			return err
		}
		stop = s.kill
	}
	o, err := w.write(t.ctx, unlimited, 0)
	if err != nil {
		stop()
		return err
	}
	t.count(fillsName, 1)
	said := bytes.Contains(o.err, []byte("full")) || bytes.Contains(o.err, []byte("no space left"))
	if o.code != codeFull || !said || !bytes.Contains(o.err, []byte("make room")) {
		t.fail("a full disk: %s", o)
	}
	l.askWhenFull(w)
	stop()
	if err := d.enlarge(largeDisk); err != nil {
		return err
	}
	w.hand.padding = 0
	if err := w.record(50); err != nil {
		t.fail("after room was made: %v", err)
	}
	return l.finish()
}

// askWhenFull demands that questions and commands are carried out on a full disk, or
// refused because it is full.
func (l *ledger) askWhenFull(w *writer) {
	t := l.t
	if o, err := w.write(t.ctx, 1, 0); err != nil || o.code != codeFull {
		t.fail("one more command on a full disk: %s", o)
	}
	for _, args := range [][]string{{"history", w.hand.clients[0]}, {"caseload"}, {"replay"}, {"audit", "checkpoint"}, {"audit", "verify"}} {
		switch o := t.run(append(args, l.args...)...); o.code {
		case 0:
			t.count("answered when full", 1)
		case codeFull:
			t.count("refused as full", 1)
		default:
			t.fail("on a full disk: %s", o)
		}
	}
}
