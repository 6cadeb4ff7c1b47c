package projections

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
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

func hashAt(run []byte, i int) uint64 { return binary.BigEndian.Uint64(run[i*commandElement:]) }

// runOf returns the number of the run that a record's command is in.
func runOf(sequence uint64) uint64 { return (sequence - 1) / commandRun }

// Command is [Snapshot.Command] of the present. For a command that is new, as most
// are, it does not look into the file and costs half a microsecond, however many
// records there are.
func (v *Views) Command(id string) (sequence uint64, err error) {
	hash := hashCommand(id)
	runs, known, err := v.mayHold(hash)
	if err == nil && !known {
		if err = v.learnCommands(); err == nil {
			runs, known, err = v.mayHold(hash)
		}
	}
	if err != nil || known && len(runs) == 0 {
		return 0, err
	}
	err = v.Read(func(s *Snapshot) error {
		if !known {
			runs = nil
		}
		sequence, err = s.command(id, hash, runs)
		return err
	})
	return sequence, err
}

func (v *Views) mayHold(hash uint64) (runs []uint64, known bool, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if err := v.usable(); err != nil {
		return nil, false, err
	}
	runs, known = v.filter.find(hash)
	return runs, known, nil
}

// learnCommands makes the filter know the file, unless that is being written to.
func (v *Views) learnCommands() error {
	if !v.following.TryLock() {
		return nil
	}
	defer v.following.Unlock()
	return v.view(func(tx *bolt.Tx) error {
		runs, tail := tx.Bucket(bucketCommands), tx.Bucket(bucketCommandsTail)
		if runs == nil || tail == nil {
			return v.distrust(fmt.Sprintf("bucket %s or %s is missing", bucketCommands, bucketCommandsTail))
		}
		return v.filter.learn(runs, tail)
	})
}

// findCommands calls f with the positions whose command ids have the hash, until
// it returns false. The order is that of the positions. It looks into the given runs
// only, of which one may be the tail, or into all when they are nil.
func findCommands(all, tail *bolt.Bucket, hash uint64, runs []uint64, f func(sequence uint64) bool) {
	for _, number := range runs {
		run := all.Get(key64(number))
		if run == nil {
			findInTail(tail, hash, f)
			return
		}
		if !findInRun(number, run, hash, f) {
			return
		}
	}
	if runs != nil {
		return
	}
	c := all.Cursor()
	for k, run := c.First(); k != nil; k, run = c.Next() {
		if !findInRun(binary.BigEndian.Uint64(k), run, hash, f) {
			return
		}
	}
	findInTail(tail, hash, f)
}

// findInRun is findCommands of one run, and returns whether to go on.
func findInRun(number uint64, run []byte, hash uint64, f func(sequence uint64) bool) bool {
	n := len(run) / commandElement
	i := sort.Search(n, func(i int) bool { return hashAt(run, i) >= hash })
	for ; i < n && hashAt(run, i) == hash; i++ {
		if !f(number*commandRun + uint64(binary.BigEndian.Uint16(run[i*commandElement+commandPrefix:])) + 1) {
			return false
		}
	}
	return true
}

func findInTail(tail *bolt.Bucket, hash uint64, f func(sequence uint64) bool) {
	prefix := key64(hash)
	c := tail.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if !f(binary.BigEndian.Uint64(k[commandPrefix:])) {
			return
		}
	}
}
