package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"caseledger/events/jetstream"
)

const (
	nodesName      = "faults of the leader"
	clusterWriters = 4
	// commandsPerRun is how many commands a writer gives one process.
	commandsPerRun = 200
	// How long the leader is away: from less to more than the others need to elect another.
	awayAtLeast = 1 * time.Second
	awayMore    = 11 * time.Second
	awayShort   = 2 * time.Second // more, in a short run
)

// nodes takes the leader of three servers away under load, again and again: killed
// and started again on its files, stopped and continued, cut off from the others by a
// silent or a breaking network. Writers that get no answer give the command again.
func (t *trial) nodes() (err error) {
	t.count(nodesName, 0)
	c, err := t.startCluster()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	l, err := t.newClusterLedger(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	progress := make([]chan struct{}, len(l.writers))
	for i, w := range l.writers {
		progress[i] = make(chan struct{}, 1)
		w.progress = progress[i]
		group.Go(func() { w.keepWriting(ctx) })
	}
	for round := range t.n {
		if err := c.disturb(l, round, progress); err != nil {
			return err
		}
		if err := l.checkCluster(c); err != nil {
			return err
		}
		if err := t.going(); err != nil {
			return err
		}
	}
	cancel()
	group.Wait()
	t.count("acknowledged", l.model.acknowledged())
	t.count("given again", l.again())
	if err := l.checkCluster(c); err != nil {
		return err
	}
	if o := t.run(append([]string{"audit", "verify", "--deep"}, l.args...)...); o.code != 0 {
		t.fail("at the end: %s", o)
	}
	return nil
}

// newClusterLedger makes a ledger on a cluster, with writers that have a directory each.
func (t *trial) newClusterLedger(c *cluster) (*ledger, error) {
	l := &ledger{t: t, dir: t.path("writer-A"), model: newModel()}
	reach := []string{"--nats", c.config.URL, "--token-file", c.token}
	l.args = append([]string{"--data", l.dir}, reach...)
	o := t.run(append([]string{"init", "--replicas", "3"}, l.args...)...)
	for try := 0; o.code == codeMissing && try < 10; try++ { // they have not elected a leader yet
		o = t.run(append([]string{"init", "--replicas", "3"}, l.args...)...)
	}
	if o.code != 0 {
		return nil, errors.New(o.String())
	}
	for i := range clusterWriters {
		name := string(rune('A' + i))
		w := l.addWriter(name)
		w.hand.clear = true
		w.args = append([]string{"--data", t.path("writer-" + name)}, reach...)
		if err := os.MkdirAll(t.path("writer-"+name), 0o700); err != nil {
			return nil, err
		}
		w.doubt = []command{{Command: "sign-subcontract", ID: "sign-" + name, OccurredOn: "2008-01-01",
			Fields: map[string]any{"agency": "A-" + name, "name": "Casa " + name, "state": "TX"}}}
	}
	first := l.writers[0]
	first.doubt = append(opening(), first.doubt...)
	return l, first.record(len(first.doubt))
}

// keepWriting gives commands until ctx ends, and again what was not acknowledged.
func (w *writer) keepWriting(ctx context.Context) {
	for ctx.Err() == nil && w.l.t.going() == nil {
		o, err := w.write(ctx, commandsPerRun, 0)
		switch {
		case err != nil:
			w.l.t.fail("a writer: %v", err)
			return
		case o.code == codeMissing: // nobody answered, or others were always first
			w.again++
		case o.code != 0 && w.l.t.ctx.Err() == nil:
			w.l.t.fail("a writer ended: %s", o)
			return
		}
	}
}

func (l *ledger) again() (n int) {
	for _, w := range l.writers {
		n += w.again
	}
	return n
}

// disturb takes the leader away for a while, brings it back, and waits until every
// writer has got an answer again.
func (c *cluster) disturb(l *ledger, round int, progress []chan struct{}) error {
	t := c.t
	n, err := c.leader()
	if err != nil {
		return err
	}
	before := l.model.acknowledged()
	var back func() error
	switch round % 3 {
	case 0:
		t.count("killed", 1)
		n.kill()
		back = func() error { return c.start(n) }
	case 1:
		t.count("paused", 1)
		err = n.signal(syscall.SIGSTOP)
		back = func() error { return n.signal(syscall.SIGCONT) }
	default:
		t.count("cut off", 1)
		c.network.isolate(n.name, t.rng.IntN(2) == 0)
		back = func() error { c.network.heal(); return nil }
	}
	more := awayMore
	if t.Short {
		more = awayShort
	}
	pause(t.ctx, awayAtLeast+within(t.rng, more))
	err = errors.Join(err, back())
	t.count(nodesName, 1)
	t.count("acknowledged while the leader was away", l.model.acknowledged()-before)
	if err != nil {
		return err
	}
	for _, p := range progress {
		select {
		case <-p: // perhaps of before
		default:
		}
	}
	late := time.After(2 * patience)
	for i, p := range progress {
		select {
		case <-p:
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-late:
			t.fail("after fault %d of the leader, writer %d gets no answer", round, i)
			return nil
		}
	}
	return nil
}

// checkCluster reads all records and holds them against the model.
func (l *ledger) checkCluster(c *cluster) error {
	log, err := jetstream.Open(l.t.ctx, c.config)
	if err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	defer log.Close()
	v, err := l.model.check(l.t.ctx, log)
	if err != nil {
		return fmt.Errorf("read the records: %w", err)
	}
	l.t.count("checks", 1)
	l.t.report(v, "afterwards")
	return nil
}
