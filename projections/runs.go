package projections

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"caseledger/events"
)

// runSize is the number of records whose subjects a rebuild collects in memory
// before it writes them, sorted, as one run.
const runSize = 1 << 17

// A part is what one run knows of a subject: a piece of its chain.
type part struct {
	subject  events.Subject
	version  uint64      // of its first record
	previous events.Hash // of its first record
	first    uint64      // position of its first record
	entry                // its end; positions are relative to first
}

// runs collects the positions of every subject in bounded memory: sorted runs go
// to a file without a name, and are merged at the end. A run is sorted and written
// beside the next one.
type runs struct {
	file    *os.File
	out     *bufio.Writer
	size    int64
	bounds  []int64 // end of each run in file
	limit   int     // records in a run
	run     *run
	writing beside
	written *run // its memory is free once writing is done
}

// A run is what some consecutive records say about their subjects.
type run struct {
	of    []int32 // of each record, the index of its part
	index map[events.Subject]int32
	parts []part
}

func newRuns(directory string, limit int) (*runs, error) {
	f, err := os.CreateTemp(directory, ".runs-*")
	if err != nil {
		return nil, err
	}
	// Nameless at once: a killed rebuild leaves nothing behind.
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r := &runs{file: f, out: bufio.NewWriterSize(f, 1<<20), limit: limit}
	r.run, r.written = &run{index: map[events.Subject]int32{}}, &run{index: map[events.Subject]int32{}}
	return r, nil
}

func (r *runs) close() error {
	return errors.Join(r.writing.wait(), r.file.Close())
}

// add appends a record to its subject, whose chain it must continue. Records come
// in order, without a gap.
func (r *runs) add(d *decoded) error {
	if err := r.run.add(d); err != nil {
		return err
	}
	if len(r.run.of) == r.limit {
		return r.flush()
	}
	return nil
}

func (r *run) add(d *decoded) error {
	i, known := r.index[d.subject]
	if !known {
		i = int32(len(r.parts))
		subject := events.Subject(strings.Clone(string(d.subject)))
		r.index[subject] = i
		r.parts = append(r.parts, part{subject: subject, version: d.version, previous: d.previous, first: d.message.Sequence})
	} else if err := r.parts[i].follow(d.message.Sequence, d.subject, d.version, d.previous); err != nil {
		return err
	}
	e := &r.parts[i].entry
	e.version, e.hash, e.last = d.version, d.hash, d.message.Sequence
	r.of = append(r.of, i)
	return nil
}

// flush writes the run, once the one before is written.
func (r *runs) flush() error {
	if err := r.writing.wait(); err != nil {
		return err
	}
	full := r.run
	r.run, r.written = r.written, full
	return r.writing.begin(func() error {
		defer full.clear()
		return r.write(full)
	})
}

func (r *run) clear() {
	clear(r.index)
	clear(r.parts)
	r.parts, r.of = r.parts[:0], r.of[:0]
}

func (r *runs) write(run *run) error {
	offsets, ends := run.grouped()
	order := make([]int32, len(run.parts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return strings.Compare(string(run.parts[a].subject), string(run.parts[b].subject))
	})
	var positions, buf []byte
	for _, i := range order {
		p, start := &run.parts[i], int32(0)
		if i > 0 {
			start = ends[i-1]
		}
		positions = positions[:0]
		for k := start + 1; k < ends[i]; k++ {
			positions = binary.AppendUvarint(positions, uint64(offsets[k]-offsets[k-1]))
		}
		p.positions = positions
		buf = p.append(buf[:0])
		var length [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(length[:], uint64(len(buf)))
		for _, b := range [][]byte{length[:n], buf} {
			if _, err := r.out.Write(b); err != nil {
				return err
			}
		}
		r.size += int64(n + len(buf))
	}
	r.bounds = append(r.bounds, r.size)
	return r.out.Flush()
}

// grouped returns the records of the run, as their offsets in it, part by part,
// and where each part ends among them.
func (r *run) grouped() (offsets, ends []int32) {
	ends = make([]int32, len(r.parts))
	for _, i := range r.of {
		ends[i]++
	}
	sum := int32(0)
	for i, n := range ends {
		ends[i] = sum // where it begins, until all are placed
		sum += n
	}
	offsets = make([]int32, len(r.of))
	for k, i := range r.of {
		offsets[ends[i]] = int32(k)
		ends[i]++
	}
	return offsets, ends
}

func (p *part) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.subject)))
	b = append(b, p.subject...)
	b = binary.AppendUvarint(b, p.version)
	b = append(b, p.previous[:]...)
	b = binary.AppendUvarint(b, p.first)
	return p.entry.append(b)
}

var errRun = errors.New("a run of subjects is malformed")

// A runReader reads the parts of one run in order.
type runReader struct {
	in   *bufio.Reader
	buf  []byte
	name []byte // of the part's subject, empty at the end; like the part it is good until the next one
	head part
}

func (r *runReader) next() error {
	n, err := binary.ReadUvarint(r.in)
	if errors.Is(err, io.EOF) {
		r.name = nil
		return nil
	}
	if err != nil {
		return err
	}
	r.buf = slices.Grow(r.buf[:0], int(n))[:n]
	if _, err := io.ReadFull(r.in, r.buf); err != nil {
		return err
	}
	return r.parse(r.buf)
}

func (r *runReader) parse(b []byte) error {
	p := &r.head
	n, k := binary.Uvarint(b)
	if k <= 0 || uint64(len(b)-k) < n {
		return errRun
	}
	r.name, b = b[k:k+int(n)], b[k+int(n):]
	if p.version, k = binary.Uvarint(b); k <= 0 || len(b) < k+len(p.previous) {
		return errRun
	}
	b = b[k+copy(p.previous[:], b[k:]):]
	if p.first, k = binary.Uvarint(b); k <= 0 {
		return errRun
	}
	var err error
	p.entry, err = parseEntry(b[k:])
	return err
}

// merge calls f with the entry of every subject, in order of subjects, which is
// good during the call. It checks the chains where one run ends and the next begins.
func (r *runs) merge(f func(subject []byte, e *entry) error) error {
	if len(r.run.of) > 0 {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if err := r.writing.wait(); err != nil {
		return err
	}
	readers := make([]*runReader, len(r.bounds))
	start := int64(0)
	for i, end := range r.bounds {
		readers[i] = &runReader{in: bufio.NewReaderSize(io.NewSectionReader(r.file, start, end-start), 1<<16)}
		start = end
		if err := readers[i].next(); err != nil {
			return err
		}
	}
	var subject []byte
	var e entry
	for {
		if subject = append(subject[:0], least(readers)...); len(subject) == 0 {
			return nil
		}
		e = entry{positions: e.positions[:0]}
		if err := e.join(readers, subject); err != nil {
			return err
		}
		if err := f(subject, &e); err != nil {
			return err
		}
	}
}

// least returns the first subject of all readers, nothing when all have ended.
func least(readers []*runReader) (subject []byte) {
	for _, r := range readers {
		if len(r.name) > 0 && (subject == nil || bytes.Compare(r.name, subject) < 0) {
			subject = r.name
		}
	}
	return subject
}

// join takes the parts of a subject out of the runs, which are in stream order.
func (e *entry) join(readers []*runReader, subject []byte) error {
	for _, r := range readers {
		if !bytes.Equal(r.name, subject) {
			continue
		}
		p := &r.head
		if err := e.follow(p.first, events.Subject(subject), p.version, p.previous); err != nil {
			return err
		}
		e.positions = binary.AppendUvarint(e.positions, p.first-e.last)
		e.positions = append(e.positions, p.positions...)
		e.version, e.hash, e.last = p.entry.version, p.hash, p.last
		if err := r.next(); err != nil {
			return fmt.Errorf("merge subjects: %w", err)
		}
	}
	return nil
}
