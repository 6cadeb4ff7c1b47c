package projections

import (
	"encoding/binary"
	"math/bits"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// A commandFilter tells which runs of a views file may hold a command, without
// looking into the file: a large one has many runs, and a command that is new is
// in none. It learns what the file holds when it is first asked, which takes a
// millisecond for a run; the run that is not complete, the tail, it follows.
type commandFilter struct {
	mu     sync.RWMutex
	known  bool           // the file was read
	tables []*filterTable // one for each 64 runs: 16 MB for four million commands
}

// A filterTable holds in each word a bit for each of 64 runs: set when the run has
// a command whose hash falls there. Each hash falls on four words, so that a run
// that has it not is taken for one that may in one case of 5,000.
type filterTable [1 << 21]uint64

// words returns the words that a hash falls on, from its first bits on in steps of its
// last.
func (t *filterTable) words(hash uint64) (words [4]*uint64) {
	at, step := hash>>43, hash|1
	for i := range words {
		words[i] = &t[at%(1<<21)]
		at += step
	}
	return words
}

// find returns the numbers of the runs, the tail among them, that may hold a command,
// and whether the filter knows the file.
func (c *commandFilter) find(hash uint64) (runs []uint64, known bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, t := range c.tables {
		w := t.words(hash)
		for may := *w[0] & *w[1] & *w[2] & *w[3]; may != 0; may &= may - 1 {
			runs = append(runs, uint64(i)*64+uint64(bits.TrailingZeros64(may)))
		}
	}
	return runs, c.known
}

// follow notes commands that are about to be written to the file. A filter that was
// never asked reads them there.
func (c *commandFilter) follow(keys []commandKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range keys {
		if !c.known {
			return
		}
		c.add(runOf(k.sequence), k.hash)
	}
}

func (c *commandFilter) add(run, hash uint64) {
	for uint64(len(c.tables)) <= run/64 {
		c.tables = append(c.tables, new(filterTable))
	}
	for _, word := range c.tables[run/64].words(hash) {
		*word |= 1 << (run % 64)
	}
}

// learn takes in what a file holds. It is not written to meanwhile.
func (c *commandFilter) learn(runs, tail *bolt.Bucket) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		return nil
	}
	err := runs.ForEach(func(number, run []byte) error {
		for i := range len(run) / commandElement {
			c.add(binary.BigEndian.Uint64(number), hashAt(run, i))
		}
		return nil
	})
	if err == nil {
		err = tail.ForEach(func(key, _ []byte) error {
			c.add(runOf(binary.BigEndian.Uint64(key[commandPrefix:])), binary.BigEndian.Uint64(key))
			return nil
		})
	}
	c.known = err == nil
	return err
}
