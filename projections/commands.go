package projections

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"sort"

	bolt "go.etcd.io/bbolt"
)

// commandRun is the number of consecutive records whose command ids make one
// sorted run. It fits the two bytes of an offset within the run.
const commandRun = 1 << 16

// Each element of a run is the first eight bytes of the id's SHA-256 and the
// record's offset within the run. A hit is confirmed by the record itself.
const (
	commandPrefix  = 8
	commandElement = commandPrefix + 2
)

func hashCommand(id string) uint64 {
	var small [64]byte
	sum := sha256.Sum256(append(small[:0], id...))
	return binary.BigEndian.Uint64(sum[:])
}

// A commandKey is the hash prefix of a command id and the position of its record.
type commandKey struct{ hash, sequence uint64 }

// packCommands makes a run out of its elements. Those of one hash come in order of
// their positions.
func packCommands(keys []commandKey) []byte {
	keys = byHash(keys)
	run := make([]byte, 0, len(keys)*commandElement)
	for _, k := range keys {
		run = binary.BigEndian.AppendUint64(run, k.hash)
		run = binary.BigEndian.AppendUint16(run, uint16((k.sequence-1)%commandRun))
	}
	return run
}

// byHash returns keys in order of their hash, and else in the order that they
// came in. The first two bytes of a hash put a key almost where it belongs.
func byHash(keys []commandKey) []commandKey {
	const places = 1 << 16
	begin := make([]int32, places+1)
	for _, k := range keys {
		begin[k.hash>>48+1]++
	}
	for i := range places {
		begin[i+1] += begin[i]
	}
	sorted := make([]commandKey, len(keys))
	for _, k := range keys {
		at := &begin[k.hash>>48]
		sorted[*at] = k
		*at++
	}
	for i, k := range sorted {
		for ; i > 0 && sorted[i-1].hash > k.hash; i-- {
			sorted[i] = sorted[i-1]
		}
		sorted[i] = k
	}
	return sorted
}

func (k commandKey) bytes() []byte {
	return binary.BigEndian.AppendUint64(key64(k.hash), k.sequence)
}

// findCommands calls f with the positions whose command ids have the hash, until
// it returns false. The order is that of the positions.
func findCommands(runs, tail *bolt.Bucket, hash uint64, f func(sequence uint64) bool) {
	c := runs.Cursor()
	for k, run := c.First(); k != nil; k, run = c.Next() {
		base := binary.BigEndian.Uint64(k) * commandRun
		n := len(run) / commandElement
		at := func(i int) []byte { return run[i*commandElement:] }
		i := sort.Search(n, func(i int) bool { return binary.BigEndian.Uint64(at(i)) >= hash })
		for ; i < n && binary.BigEndian.Uint64(at(i)) == hash; i++ {
			if !f(base + uint64(binary.BigEndian.Uint16(at(i)[commandPrefix:])) + 1) {
				return
			}
		}
	}
	prefix := key64(hash)
	c = tail.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if !f(binary.BigEndian.Uint64(k[commandPrefix:])) {
			return
		}
	}
}
