package projections

import (
	"encoding/binary"
	"math/bits"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// A commandFilter tells which runs of a views file may hold a command, without
// looking into them: a large file has many runs, and a command that is new is in
// none. It learns a run when it first sees it, which takes a millisecond; runs
// never change.
type commandFilter struct {
	mu     sync.RWMutex
	runs   uint64         // how many it knows, from the first
	tables []*filterTable // one for each 64 runs: 8 MB for four million commands
}

// A filterTable holds in each word a bit for each of 64 runs: set when the run has
// a command whose hash falls there. Each hash falls on two words, so that a run
// that has it not is taken for one that may in one case of 250.
type filterTable [1 << 20]uint64

func (t *filterTable) words(hash uint64) (a, b *uint64) {
	return &t[hash>>44], &t[hash>>24&(1<<20-1)]
}

// find calls f with the positions in the runs whose command ids have the hash,
// until it returns false.
func (c *commandFilter) find(runs *bolt.Bucket, hash uint64, f func(sequence uint64) bool) {
	last, _ := runs.Cursor().Last()
	if last == nil {
		return
	}
	c.learn(runs, binary.BigEndian.Uint64(last)+1)
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, t := range c.tables {
		a, b := t.words(hash)
		for may := *a & *b; may != 0; may &= may - 1 {
			number := uint64(i)*64 + uint64(bits.TrailingZeros64(may))
			if !findInRun(number, runs.Get(key64(number)), hash, f) {
				return
			}
		}
	}
}

// learn takes in the runs up to a number of them.
func (c *commandFilter) learn(runs *bolt.Bucket, n uint64) {
	c.mu.RLock()
	known := c.runs >= n
	c.mu.RUnlock()
	if known {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; c.runs < n; c.runs++ {
		if c.runs%64 == 0 {
			c.tables = append(c.tables, new(filterTable))
		}
		run := runs.Get(key64(c.runs))
		for i := range len(run) / commandElement {
			a, b := c.tables[c.runs/64].words(hashAt(run, i))
			*a |= 1 << (c.runs % 64)
			*b |= 1 << (c.runs % 64)
		}
	}
}
