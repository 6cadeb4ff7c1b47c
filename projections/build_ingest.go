package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"caseledger/events"
)

// batchesAhead is how many batches are worked on ahead of the one that is next in
// order: enough to work on while a run is sorted. They hold a quarter of a megabyte
// each.
const batchesAhead = 32

// A batch is the records of one segment on their way from the source to the file.
type batch struct {
	number  uint64 // of the segment
	records []decoded
	page    child      // where the segment is, if it is complete
	decoded chan error // receives once the records are, and the segment is written
	lent    []func()   // give back the memory of the messages
}

// A lender is a [Source] that can use the memory of its messages again.
type lender interface {
	// Lend is Read, but what a batch holds is good only until done is called, by
	// any goroutine, once.
	Lend(ctx context.Context, from, to uint64, f func(batch []events.Message, done func()) error) error
}

// lend is Lend of any source.
func lend(ctx context.Context, src Source, from, to uint64, f func(batch []events.Message, done func()) error) error {
	if l, ok := src.(lender); ok {
		return l.Lend(ctx, from, to, f)
	}
	return src.Read(ctx, from, to, func(batch []events.Message) error { return f(batch, func() {}) })
}

// ingest reads on this goroutine, decodes and writes segments on all cores, and puts
// together in order on another goroutine what is known of subjects and commands.
func (b *builder) ingest(ctx context.Context, src Source) error {
	if b.until == 0 {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work, ordered := make(chan *batch, batchesAhead), make(chan *batch, batchesAhead)
	var decoders sync.WaitGroup
	defer decoders.Wait()
	defer close(work)
	for range runtime.GOMAXPROCS(0) {
		decoders.Go(func() { b.decode(work) })
	}
	collected := make(chan error, 1)
	go func() {
		err := guard(func() error { return b.collect(ordered) })
		cancel(err)
		for range ordered { // the reader may still be sending
		}
		collected <- err
	}()
	next := b.batch(0)
	send := func() {
		work <- next // first: the collector waits for every batch that it is given
		ordered <- next
		next = b.batch(next.number + 1)
	}
	err := lend(ctx, src, 1, b.until, func(messages []events.Message, done func()) error {
		for {
			n := min(len(messages), segmentSize-len(next.records))
			next.add(messages[:n])
			if messages = messages[n:]; len(messages) == 0 {
				break
			}
			send()
		}
		next.lent = append(next.lent, done) // batches are given back in order
		if len(next.records) == segmentSize {
			send()
		}
		return ctx.Err()
	})
	if err == nil && len(next.records) > 0 {
		send()
	}
	close(ordered)
	if wrong := <-collected; wrong != nil {
		return wrong // the cause; what the reader says follows from it
	}
	if err == nil && b.position.Sequence != b.until {
		err = fmt.Errorf("the source ended at #%d before #%d", b.position.Sequence, b.until)
	}
	return err
}

// batch returns an empty batch, which the collector has done with before.
func (b *builder) batch(number uint64) *batch {
	select {
	case next := <-b.free:
		next.number = number
		return next
	default:
		return &batch{number: number, decoded: make(chan error, 1), records: make([]decoded, 0, segmentSize)}
	}
}

func (b *batch) add(messages []events.Message) {
	n := len(b.records)
	b.records = b.records[:n+len(messages)]
	for i, m := range messages {
		b.records[n+i].message = m
	}
}

// clear empties a batch that was written, of which nothing is needed any more.
func (b *batch) clear() {
	for _, done := range b.lent {
		done()
	}
	clear(b.lent)
	b.records, b.lent = b.records[:0], b.lent[:0]
}

// decode decodes batches and writes their segments; of one that holds a fault the rest
// is left undone.
func (b *builder) decode(work <-chan *batch) {
	var r events.Record
	var p packer
	for batch := range work {
		batch.decoded <- guard(func() error { return b.decodeBatch(batch, &r, &p) })
	}
}

func (b *builder) decodeBatch(batch *batch, r *events.Record, p *packer) (err error) {
	key := key64(batch.number)
	p.reset(loneRoom(key))
	for i := range batch.records {
		d := &batch.records[i]
		if err := d.decode(r); err != nil {
			return err
		}
		d.ignored = slices.Contains(b.ignored, r.Type)
		p.add(d.message.Data)
	}
	if p.full() {
		p.buf = slices.Grow(p.buf, b.file.size)
		batch.page, err = b.file.appendLone(key, p.buf)
	}
	return err
}

// A collector is what is put together in the order of records.
type collector struct {
	*builder
	records  tree
	times    *bucketWriter
	run      []commandKey // the one that is not complete
	tail     [][]byte     // records of the segment that is not complete
	sorting  beside       // the run of commands before
	sorted   []commandKey // its memory, once that is done
	commands *bucketWriter
}

// collect takes the batches in order.
func (b *builder) collect(batches <-chan *batch) (err error) {
	c := &collector{builder: b, records: tree{file: b.file}, times: newBucket(b.file), commands: newBucket(b.file)}
	defer func() {
		if sorted := c.sorting.wait(); err == nil {
			err = sorted
		}
	}()
	for batch := range batches {
		if err := <-batch.decoded; err != nil {
			return err
		}
		if err := c.add(batch); err != nil {
			return err
		}
		b.progress(Progress{Ingest, b.position.Sequence, b.until})
		batch.clear()
		select {
		case b.free <- batch:
		default:
		}
	}
	return c.finish()
}

func (c *collector) add(batch *batch) error {
	for i := range batch.records {
		d := &batch.records[i]
		if err := d.inOrder(c.position.Sequence); err != nil {
			return err
		}
		if err := c.runs.add(d); err != nil {
			return err
		}
		if d.ignored {
			c.skipped.add(d.message.Sequence)
		}
		c.position = Position{d.message.Sequence, d.hash, max(c.position.Latest, d.time)}
		c.run = append(c.run, commandKey{d.command, d.message.Sequence})
	}
	if len(batch.records) < segmentSize {
		for i := range batch.records {
			c.tail = append(c.tail, bytes.Clone(batch.records[i].message.Data))
		}
		return nil
	}
	err := errors.Join(c.records.add(0, batch.page), c.times.putSum(batch.page.key, key64(uint64(c.position.Latest))))
	if len(c.run) == commandRun {
		err = errors.Join(err, c.endRun())
	}
	return err
}

// endRun sorts and writes a run of commands beside the next one.
func (c *collector) endRun() error {
	if err := c.sorting.wait(); err != nil {
		return err
	}
	run, number := c.run, runOf(c.position.Sequence)
	c.run, c.sorted = c.sorted[:0], run
	return c.sorting.begin(func() error { return c.commands.put(0, key64(number), packCommands(run)) })
}

// finish writes what does not fill a segment or a run.
func (c *collector) finish() error {
	if err := c.sorting.wait(); err != nil {
		return err
	}
	tail, ids := newBucket(c.file), newBucket(c.file)
	first := c.position.Sequence - uint64(len(c.tail)) + 1
	for i, raw := range c.tail {
		if err := tail.putSum(key64(first+uint64(i)), raw); err != nil {
			return err
		}
	}
	keys := make([][]byte, len(c.run))
	for i, k := range c.run {
		keys[i] = k.bytes()
	}
	slices.SortFunc(keys, bytes.Compare)
	for _, k := range keys {
		if err := ids.put(0, k); err != nil {
			return err
		}
	}
	return errors.Join(
		c.complete(bucketRecords, &c.records), c.complete(bucketTail, tail), c.complete(bucketTimes, c.times),
		c.complete(bucketCommands, c.commands), c.complete(bucketCommandsTail, ids),
	)
}

// A beside does one thing at a time beside its caller.
type beside struct {
	group sync.WaitGroup
	err   error // of the last; once it is done
}

// begin waits for the thing before, and begins another unless that failed.
func (b *beside) begin(f func() error) error {
	if err := b.wait(); err != nil {
		return err
	}
	b.group.Go(func() { b.err = guard(f) })
	return nil
}

func (b *beside) wait() error {
	b.group.Wait()
	return b.err
}
