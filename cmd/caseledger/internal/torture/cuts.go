package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
)

const (
	cutsName     = "power cuts"
	cutsOnLedger = 50
	diskSize     = 256 // megabytes
)

// cuts cuts the power of the disk that serve writes to, at random moments, and
// holds what is there afterwards against what was acknowledged, also between the cut and
// the end of the process. The control does the same to a ledger that does not sync:
// it must lose something, or the cuts would not find a loss.
func (t *trial) cuts() (err error) {
	t.count(cutsName, 0)
	d, err := newDisk(t.path("disk.img"), t.path("disk"), diskSize)
	if d != nil {
		defer func() { err = errors.Join(err, d.close()) }()
	}
	if err != nil {
		return err
	}
	for life := 1; t.figure(cutsName) < t.n; life++ {
		l, err := t.newLedger(filepath.Join(d.Dir, fmt.Sprintf("ledger-%d", life)), 2)
		if err != nil {
			return err
		}
		for end := t.figure(cutsName) + cutsOnLedger; t.figure(cutsName) < min(end, t.n); {
			if err := l.cutRound(d); err != nil {
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
	return t.cutControl(d)
}

// cutRound checks what the cut before left, and cuts the power under load.
func (l *ledger) cutRound(d *disk) error {
	t := l.t
	s, err := l.reopen()
	if err != nil {
		return err
	}
	var beside func()
	switch pick := t.rng.IntN(10); {
	case pick < 3:
		beside = l.checkpoints()
	case pick < 5:
		beside = func() { t.run(append([]string{"replay"}, l.args...)...) }
	}
	linger := within(t.rng, 10*time.Millisecond)
	var begin, end time.Time
	err = l.load(beside, func() error {
		begin = t.Now()
		err := d.cut()
		end = t.Now()
		pause(t.ctx, linger) // what it promises now counts too
		s.kill()
		return err
	}, 0, 1, 4, 5, 6)
	t.count(cutsName, 1)
	t.count("commands under way when the power went", l.underWay(begin, end))
	return errors.Join(err, d.remount())
}

// underWay takes what was given before the power was gone, and acknowledged after
// that began, for not acknowledged, and returns how much that was. A machine would
// have died with it. Here a sync that is under way while ext4 stops may return as if
// all were well: a bare program that writes and syncs sees the same.
func (l *ledger) underWay(begin, end time.Time) (n int) {
	for _, w := range l.writers {
		var again []command
		for _, x := range w.given {
			if x.sent.Before(end) && x.receipt.After(begin) {
				again = append(again, x.command)
				l.model.forget(x.command)
			}
		}
		w.doubt = append(again, w.doubt...)
		n += len(again)
	}
	l.notes = slices.DeleteFunc(l.notes, func(n note) bool { return n.at.After(begin) })
	return n
}

// cutControl cuts the power of ledgers that do not sync.
func (t *trial) cutControl(d *disk) error {
	const ledgers = 5
	lost := 0
	for i := range ledgers {
		l, err := t.newLedger(filepath.Join(d.Dir, fmt.Sprintf("control-%d", i)), 1)
		if err != nil {
			return err
		}
		if err := d.remount(); err != nil { // the beginning is on the disk
			return err
		}
		w := l.writers[0]
		w.child = func(args ...string) []string {
			return append([]string{"torture", "unsynced", "--format", "json"}, args...)
		}
		done := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.ctx)
		target := l.model.acknowledged() + 50 + t.rng.IntN(200)
		go func() {
			l.await(ctx, target)
			done <- d.cut()
			cancel() // no more commands; it ends, or finds that it cannot write
		}()
		_, err = w.write(ctx, unlimited, 0)
		cancel()
		if err := errors.Join(err, <-done, d.remount()); err != nil {
			return err
		}
		lost += l.missing()
		if err := os.RemoveAll(l.dir); err != nil {
			return err
		}
	}
	t.count("lost by the control that does not sync", lost)
	if lost == 0 {
		t.fail("the control lost nothing: the cuts would not find a loss")
	}
	return nil
}

// missing returns how many acknowledged commands are not in a ledger's stream,
// whatever else is the matter with it.
func (l *ledger) missing() int {
	all := l.model.acknowledged()
	s, err := natsserver.Start(natsserver.Config{StoreDir: filepath.Join(l.dir, "stream")})
	if err != nil {
		return all
	}
	defer s.Shutdown()
	log, err := jetstream.Open(l.t.ctx, jetstream.Config{Server: s})
	if err != nil {
		return all
	}
	defer log.Close()
	v, _ := l.model.check(l.t.ctx, log) // what cannot be read is lost
	return len(v.lost)
}
