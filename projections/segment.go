package projections

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"caseledger/events"
)

// segmentSize is the number of consecutive records in one segment.
const segmentSize = 256

// Sizes in the head of a segment.
const (
	endSize       = 4 + sumSize
	segmentHeader = endSize * segmentSize
)

var errSegment = &brokenError{"a segment of records is malformed", "records"}

// A segment is the value that holds 256 consecutive records: the end of each record and
// the record's checksum, four bytes each, big-endian; the records' bytes.
type segment []byte

func segmentOf(sequence uint64) (number uint64, index int) {
	return (sequence - 1) / segmentSize, int((sequence - 1) % segmentSize)
}

// end returns where the index-th record ends, and its checksum.
func (s segment) end(index int) (end, sum uint32) {
	at := s[endSize*index:]
	return binary.BigEndian.Uint32(at), binary.BigEndian.Uint32(at[4:])
}

// find returns the bytes of the index-th record and the checksum that they must
// have.
func (s segment) find(index int) (raw []byte, sum uint32, err error) {
	if len(s) < segmentHeader {
		return nil, 0, errSegment
	}
	start := uint32(0)
	if index > 0 {
		start, _ = s.end(index - 1)
	}
	end, sum := s.end(index)
	body := s[segmentHeader:]
	if start > end || int(end) > len(body) {
		return nil, 0, errSegment
	}
	return body[start:end:end], sum, nil
}

// A packer collects the records of one segment.
type packer struct {
	buf   []byte
	head  int // where the segment begins in buf
	count int
}

// reset begins a segment after room for what else stands in its memory.
func (p *packer) reset(room int) {
	p.buf = slices.Grow(p.buf[:0], room+segmentHeader+segmentSize*640)[:room+segmentHeader]
	p.head, p.count = room, 0
}

func (p *packer) add(raw []byte) {
	p.buf = append(p.buf, raw...)
	at := p.buf[p.head+endSize*p.count:]
	binary.BigEndian.PutUint32(at, uint32(len(p.buf)-p.head-segmentHeader))
	binary.BigEndian.PutUint32(at[4:], checksum(nil, raw))
	p.count++
}

func (p *packer) full() bool { return p.count == segmentSize }

// segment returns the segment, which is complete.
func (p *packer) segment() segment { return p.buf[p.head:] }

// positions is a set of records.
type positions []uint64

func (b *positions) add(n uint64) {
	for uint64(len(*b)) <= n/64 {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

func (b positions) has(n uint64) bool { return n/64 < uint64(len(b)) && b[n/64]>>(n%64)&1 == 1 }

func key64(n uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 8), n) }

// An entry is what the views know of a subject: its head and its records.
type entry struct {
	version   uint64 // of the last record
	hash      events.Hash
	last      uint64 // position of the last record
	positions []byte // the first position, then the differences
}

var errEntry = &brokenError{"an entry of a subject is malformed", "subjects"}

func parseEntry(b []byte) (entry, error) {
	var e entry
	version, n := binary.Uvarint(b)
	if n <= 0 || len(b) < n+len(e.hash) {
		return e, errEntry
	}
	e.version = version
	b = b[n+copy(e.hash[:], b[n:]):]
	if e.last, n = binary.Uvarint(b); n <= 0 {
		return e, errEntry
	}
	e.positions = b[n:]
	return e, nil
}

func (e *entry) append(b []byte) []byte {
	b = binary.AppendUvarint(b, e.version)
	b = append(b, e.hash[:]...)
	b = binary.AppendUvarint(b, e.last)
	return append(b, e.positions...)
}

// each calls f with the positions in order until it returns false.
func (e *entry) each(f func(sequence uint64) bool) error {
	sequence, b := uint64(0), e.positions
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 {
			return errors.New("the positions of a subject are malformed")
		}
		sequence, b = sequence+d, b[n:]
		if !f(sequence) {
			return nil
		}
	}
	return nil
}

// follow checks that a record continues the chain of e.
func (e *entry) follow(sequence uint64, subject events.Subject, version uint64, previous events.Hash) error {
	if version != e.version+1 {
		return &ChainError{sequence, subject, fmt.Sprintf("it has version %d, but version %d comes before it", version, e.version)}
	}
	if previous != e.hash {
		return &ChainError{sequence, subject, fmt.Sprintf("its previous hash %s is not %s, the hash of the record before it", previous.Short(), e.hash.Short())}
	}
	return nil
}
