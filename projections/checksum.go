package projections

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"
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

// putSum puts a value with its checksum.
func putSum(b *bolt.Bucket, key, value []byte) error { return b.Put(key, withSum(key, value)) }

// getSum gets a value that was put with its checksum, nil when there is none.
func getSum(b *bolt.Bucket, key []byte) ([]byte, error) { return checked(key, b.Get(key)) }
