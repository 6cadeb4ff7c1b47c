package projections

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"caseledger/events"
)

// Views is an open views file. It is safe for concurrent use; one goroutine at a
// time follows the log.
type Views struct {
	path  string
	views []View
	opt   Options

	following sync.Mutex // held while new records are applied
	verified  bool       // the log was found to hold our last record; under following

	mu    sync.RWMutex // guards what follows; held for reading while db is used
	db    *bolt.DB     // nil when closed or in doubt
	doubt *DoubtError

	filter *commandFilter // of db
	whole  *whole         // of db
}

// mapRoom is address space, not memory: bbolt must wait for all readers to map a
// file that outgrows it.
const mapRoom = 64 << 20

// Options say how a views file is opened. The zero Options are good.
type Options struct {
	// Timeout bounds the wait for another process that holds the file; 0 means
	// one second.
	Timeout time.Duration
	// ReadOnly opens a file that others may read at the same time.
	ReadOnly bool
	// Unsynced does not sync what is written: for samples that can be made again.
	Unsynced bool
}

// Open opens the views file at path, or makes an empty one. A file that cannot
// be trusted (malformed, cut short, of other views or versions) is no error: it is
// opened in doubt, see [Views.Doubt], and [Views.CatchUp] builds it again. A file
// that another process holds yields a [*LockedError].
func Open(path string, views []View, opt Options) (*Views, error) {
	if opt.Timeout == 0 {
		opt.Timeout = time.Second
	}
	v := &Views{path: path, views: views, opt: opt}
	if err := v.open(); err != nil {
		return nil, err
	}
	return v, nil
}

func (v *Views) open() error {
	info, statErr := os.Stat(v.path)
	room := mapRoom // the file may grow so far without waiting for readers
	if statErr == nil {
		room += 2 * int(info.Size())
	}
	fresh := errors.Is(statErr, fs.ErrNotExist)
	if fresh && v.opt.ReadOnly {
		return fmt.Errorf("open views %s: %w", v.path, statErr)
	}
	var db *bolt.DB
	err := guard(func() (err error) {
		db, err = bolt.Open(v.path, 0o600, &bolt.Options{
			Timeout: v.opt.Timeout, ReadOnly: v.opt.ReadOnly, FreelistType: bolt.FreelistMapType, InitialMmapSize: room,
			NoSync: v.opt.Unsynced,
		})
		return err
	})
	var pathError *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return &LockedError{v.path}
	case errors.As(err, &pathError):
		return fmt.Errorf("open views: %w", err)
	case err != nil:
		v.doubt = &DoubtError{v.path, err.Error()}
		return nil
	}
	if fresh {
		if err := guard(func() error { return db.Update(v.create) }); err != nil {
			return errors.Join(fmt.Errorf("create views %s: %w", v.path, err), db.Close())
		}
	}
	if err := guard(func() error { return db.View(v.trust) }); err != nil {
		v.doubt = &DoubtError{v.path, err.Error()}
		return db.Close()
	}
	v.db, v.filter, v.whole = db, new(commandFilter), newWhole()
	return nil
}

func (v *Views) create(tx *bolt.Tx) error {
	for _, name := range fixedBuckets {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	for _, view := range v.views {
		if _, err := tx.CreateBucket(viewBucket(view.Name())); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	return errors.Join(
		meta.Put(keyFormat, []byte(format)),
		meta.Put(keyViews, []byte(describe(v.views))),
		putSum(meta, keyCheckpoint, Position{}.checkpoint()),
	)
}

// trust reports a reason against the file that shows without reading all of it.
func (v *Views) trust(tx *bolt.Tx) error {
	info, err := os.Stat(v.path)
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("the file has %d bytes of %d", info.Size(), tx.Size())
	}
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return errors.New("it is not a views file")
	}
	if f := string(meta.Get(keyFormat)); f != format {
		return fmt.Errorf("its format is %q, not %q", f, format)
	}
	if d := string(meta.Get(keyViews)); d != describe(v.views) {
		return fmt.Errorf("its views are %q, not %q", d, describe(v.views))
	}
	_, err = newSnapshot(tx)
	return err
}

// describe names the views and their versions, in the given order.
func describe(views []View) string {
	var b strings.Builder
	for i, v := range views {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s=%d", v.Name(), v.Version())
	}
	return b.String()
}

// Definitions names the views and their versions: what a number that is read
// from them means.
func (v *Views) Definitions() string { return describe(v.views) }

// Close closes the file. A second Close does nothing.
func (v *Views) Close() error {
	v.following.Lock()
	defer v.following.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.db == nil {
		return nil
	}
	err := v.db.Close()
	v.db = nil
	return err
}

// Doubt says why the file cannot be trusted, nil when it can.
func (v *Views) Doubt() *DoubtError {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.doubt
}

// Read calls f with a consistent snapshot. f must not take long, since the file
// cannot be replaced meanwhile, and must not call methods of v.
func (v *Views) Read(f func(*Snapshot) error) error {
	return v.view(func(tx *bolt.Tx) error {
		s, err := newSnapshot(tx)
		if err != nil {
			return v.distrust(err.Error())
		}
		s.whole = v.whole
		return f(s)
	})
}

func (v *Views) view(f func(*bolt.Tx) error) error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if err := v.usable(); err != nil {
		return err
	}
	err := guard(func() error { return v.db.View(f) })
	return v.blame(err)
}

func (v *Views) usable() error {
	switch {
	case v.doubt != nil:
		return v.doubt
	case v.db == nil:
		return fmt.Errorf("read views %s: the file is closed", v.path)
	}
	return nil
}

func (v *Views) distrust(reason string) error { return &DoubtError{v.path, reason} }

// blame turns a panic of a broken page into a [*DoubtError].
func (v *Views) blame(err error) error {
	var broken *brokenError
	if errors.As(err, &broken) {
		return v.distrust(broken.Error())
	}
	return err
}

// A brokenError is a panic or a memory fault while the file was used. bbolt has
// no checksums on its data pages: a broken page shows as either.
type brokenError struct {
	cause any
	where string
}

func (e *brokenError) Error() string {
	return fmt.Sprintf("a page or a view is broken: %v, at %s", e.cause, e.where)
}

func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &brokenError{p, panicked()}
		}
	}()
	return f()
}

// panicked returns the line that the panic being recovered comes from.
func panicked() string {
	var stack [32]uintptr
	frames := runtime.CallersFrames(stack[:runtime.Callers(3, stack[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "an unknown line"
		}
	}
}

// Position returns the position that the views have reached.
func (v *Views) Position() (Position, error) {
	var p Position
	err := v.Read(func(s *Snapshot) error { p = s.Position(); return nil })
	return p, err
}

// Source returns the views' own copy of the records, as a source of other views.
// It leaves the subjects of messages empty: the records say them.
func (v *Views) Source() Source { return localSource{v} }

type localSource struct{ *Views }

func (l localSource) Head(context.Context) (uint64, error) {
	p, err := l.Position()
	return p.Sequence, err
}

func (l localSource) Read(ctx context.Context, from, to uint64, f func([]events.Message) error) error {
	return l.each(ctx, from, to, func() []byte { return nil }, func(batch []events.Message, _ []byte) error { return f(batch) })
}

// Lend is Read for who needs a batch only until done is called: then its memory is
// used again.
func (l localSource) Lend(ctx context.Context, from, to uint64, f func(batch []events.Message, done func()) error) error {
	var free sync.Pool
	take := func() []byte {
		if b, ok := free.Get().(*[]byte); ok {
			return (*b)[:0]
		}
		return nil
	}
	return l.each(ctx, from, to, take, func(batch []events.Message, data []byte) error {
		return f(batch, func() { free.Put(&data) })
	})
}

// each calls f with the records of one segment after the other and the memory that
// they lie in, which is taken from take.
func (l localSource) each(ctx context.Context, from, to uint64, take func() []byte, f func(batch []events.Message, data []byte) error) error {
	for from <= to {
		if err := ctx.Err(); err != nil {
			return err
		}
		number, _ := segmentOf(from)
		end := min(to, (number+1)*segmentSize)
		batch, data, err := l.batch(from, end, take())
		if err != nil {
			return err
		}
		if err := f(batch, data); err != nil {
			return err
		}
		from = end + 1
	}
	return nil
}

// batch copies records out of the file into data, so that no transaction stays open
// while they are used.
func (l localSource) batch(from, to uint64, data []byte) ([]events.Message, []byte, error) {
	ends := make([]int, 0, segmentSize)
	err := l.Views.Read(func(s *Snapshot) error {
		for sequence := from; sequence <= to; sequence++ {
			raw, err := s.Raw(sequence)
			if err != nil {
				return err
			}
			data = append(data, raw...)
			ends = append(ends, len(data))
		}
		return nil
	})
	if err != nil {
		return nil, data, err
	}
	batch, begin := make([]events.Message, len(ends)), 0
	for i, end := range ends {
		batch[i] = events.Message{Sequence: from + uint64(i), Data: data[begin:end:end]}
		begin = end
	}
	return batch, data, nil
}

// Digest returns a SHA-256 over all buckets, keys and values in order. Equal
// views have equal digests; the files may differ. Cost: about a second for each
// gigabyte.
func (v *Views) Digest() (events.Hash, error) {
	h := sha256.New()
	var length [8]byte
	add := func(b []byte) {
		binary.BigEndian.PutUint64(length[:], uint64(len(b)))
		h.Write(length[:])
		h.Write(b)
	}
	err := v.view(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			add(name)
			if err := b.ForEach(func(k, v []byte) error { add(k); add(v); return nil }); err != nil {
				return err
			}
			add(nil) // no key is empty: the bucket ends here
			return nil
		})
	})
	if err != nil {
		return events.Hash{}, err // a fault may have left h half-way through a block
	}
	return events.Hash(h.Sum(nil)), nil
}

// Check reads the whole file and reports the first fault: in the order of its
// keys, in a subject's chain, in a subject's head, or a record without a subject.
// Cost: about three seconds for each million records.
//
// It does not use bbolt's own check, which walks the file on a goroutine of its
// own: on a broken page that would end the process.
func (v *Views) Check() error {
	err := v.view(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			var last []byte
			return b.ForEach(func(k, _ []byte) error {
				if last != nil && bytes.Compare(last, k) >= 0 {
					return v.distrust(fmt.Sprintf("keys of bucket %s are out of order", name))
				}
				last = k
				return nil
			})
		})
	})
	if err != nil {
		return err
	}
	return v.Read(func(s *Snapshot) error {
		records := uint64(0)
		c := s.subjects.Cursor()
		for k, value := c.First(); k != nil; k, value = c.Next() {
			n, err := s.checkSubject(events.Subject(k), value)
			if err != nil {
				return v.distrust(err.Error())
			}
			records += n
		}
		if records != s.position.Sequence {
			return v.distrust(fmt.Sprintf("subjects have %d records of %d", records, s.position.Sequence))
		}
		return nil
	})
}

// checkSubject returns the number of a subject's records.
func (s *Snapshot) checkSubject(subject events.Subject, value []byte) (uint64, error) {
	value, err := checked([]byte(subject), value)
	if err != nil {
		return 0, err
	}
	e, err := parseEntry(value)
	if err != nil {
		return 0, err
	}
	records, err := s.appendRecords(nil, &e, subject)
	if err != nil {
		return 0, err
	}
	var last entry
	for _, r := range records {
		if r.Subject != subject {
			return 0, &ChainError{r.Sequence, r.Subject, fmt.Sprintf("it stands in the history of %s", subject)}
		}
		if err := last.follow(r.Sequence, r.Subject, r.Version, r.Previous); err != nil {
			return 0, err
		}
		last = entry{version: r.Version, hash: r.Hash(), last: r.Sequence}
	}
	if last.version != e.version || last.hash != e.hash || last.last != e.last {
		return 0, &ChainError{last.last, subject, fmt.Sprintf("it is not the head that the views know: version %d at #%d", e.version, e.last)}
	}
	return uint64(len(records)), nil
}

func fingerprint(views []View) string {
	sum := sha256.Sum256([]byte(format + "\n" + describe(views)))
	return hex.EncodeToString(sum[:6])
}
