package projections

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"

	"caseledger/events"
)

// Every value that an answer rests on ends with a checksum over its key and itself:
// bbolt notices no flipped bit in its pages, and a number in a row that changed
// would be served as if it were true.

const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
}

// withSum returns a copy of a value with its checksum.
func withSum(key, value []byte) []byte {
	stored := append(make([]byte, 0, len(value)+sumSize), value...)
	return binary.BigEndian.AppendUint32(stored, checksum(key, value))
}

var errSum = errors.New("a value does not fit its checksum")

// checked returns a stored value without its checksum, nil when there is none
// stored.
func checked(key, stored []byte) ([]byte, error) {
	if stored == nil {
		return nil, nil
	}
	n := len(stored) - sumSize
	if n < 0 || binary.BigEndian.Uint32(stored[n:]) != checksum(key, stored[:n]) {
		return nil, &brokenError{errSum, printable(key)}
	}
	return stored[:n:n], nil
}

// seek positions a cursor of a bucket of checked values at the first key from on. It
// demands that what stands there and before it is sound and in order: a broken page
// leads a search astray, and what is there would be taken for absent.
func seek(c *bolt.Cursor, from []byte) (key, value []byte, err error) {
	var before, stored []byte
	if key, _ = c.Seek(from); key != nil {
		before, stored = c.Prev()
	} else {
		before, stored = c.Last()
	}
	if before != nil && bytes.Compare(before, from) >= 0 || key != nil && bytes.Compare(key, from) < 0 {
		return nil, nil, &brokenError{"keys are out of order", printable(from)}
	}
	if before != nil {
		if _, err := checked(before, stored); err != nil {
			return nil, nil, err
		}
	}
	key, value = c.Seek(from)
	if key != nil {
		value, err = checked(key, value)
	}
	return key, value, err
}

// next moves a cursor on.
func next(c *bolt.Cursor) (key, value []byte, err error) {
	if key, value = c.Next(); key != nil {
		value, err = checked(key, value)
	}
	return key, value, err
}

// putSum puts a value with its checksum.
func putSum(b *bolt.Bucket, key, value []byte) error { return b.Put(key, withSum(key, value)) }

// getSum gets a value that was put with its checksum, nil when there is none.
func getSum(b *bolt.Bucket, key []byte) ([]byte, error) {
	if stored := b.Get(key); stored != nil {
		return checked(key, stored)
	}
	_, _, err := seek(b.Cursor(), key)
	return nil, err
}

// A tally counts the rows of views by kind of subject, so that a reading of all of them
// knows whether it has them all.
type tally map[string]int

func tallyKey(view string, kind events.Kind) string { return "rows " + view + " " + string(kind) }

func readTally(meta *bolt.Bucket, key string) (int, error) {
	value, err := checked([]byte(key), meta.Get([]byte(key)))
	if err != nil || value == nil {
		return 0, err
	}
	n, _ := binary.Uvarint(value)
	return int(n), nil
}

// add writes the numbers of rows that a tally changes.
func (t tally) add(meta *bolt.Bucket) error {
	for key, more := range t {
		n, err := readTally(meta, key)
		if err != nil {
			return err
		}
		if n += more; n == 0 {
			err = meta.Delete([]byte(key))
		} else {
			err = putSum(meta, []byte(key), binary.AppendUvarint(nil, uint64(n)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
